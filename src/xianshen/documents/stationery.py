"""What stands in the footer of a document: its code and where to verify it."""

import os
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from xianshen.documents.rendering.layout import Imprint

if TYPE_CHECKING:
    from xianshen.documents.models import IssuedDocument


def public_address() -> str:
    """Return the address of the installation: ``XIANSHEN_PUBLIC_URL``, else the port on this machine."""
    return settings.PUBLIC_URL or f"http://127.0.0.1:{os.environ.get('PORT') or 8000}"


def verification_path(code: str) -> str:
    """Return the path of the page that verifies a code."""
    return reverse("documents:verify_code", args=[code])


def verification_url(code: str) -> str:
    """Return the public address at which a code is verified, as printed into QR codes."""
    return f"{public_address()}{verification_path(code)}"


def imprint_of(document: "IssuedDocument") -> Imprint:
    """Return the footer of a document."""
    return Imprint(
        code=document.code,
        url=document.data["url"],
        issued_on=timezone.localdate(document.issued_at),
        issuer=document.data["issuer"],
    )
