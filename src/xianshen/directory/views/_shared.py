"""What the pages of this room share."""

import time
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.crypto import salted_hmac

from xianshen.directory import throttle

if TYPE_CHECKING:
    from xianshen.organisation.models import Institution


def institution_of(request: HttpRequest) -> "Institution":
    """Return the institution whose directory is shown, or raise 404 when there is none."""
    institution: Any = getattr(request, "institution", None)
    if not institution:
        raise Http404
    return institution


def address_of(request: HttpRequest) -> str:
    """Return the address from which a request comes."""
    return str(get_adapter().get_client_ip(request))


def considerate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Refuse a page that searches or prints to an address that asks too often (429)."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        wait = throttle.PAGES.wait(address_of(request), time.monotonic())
        if not wait:
            return view(request, *args, **kwargs)
        response = render(request, "directory/slow.html", {"wait": wait}, status=429)
        response["Retry-After"] = str(wait)
        return response

    return wrapper


def source_of(request: HttpRequest) -> str:
    """Return a keyed digest of the address for today: it tells repeats apart and cannot be turned back."""
    value = f"{request.today:%Y-%m-%d}:{address_of(request)}"  # type: ignore[attr-defined]
    return salted_hmac("xianshen.directory.report", value, algorithm="sha256").hexdigest()
