"""``{% load withdrawal %}{% withdrawal document %}``: the way to withdraw an issued document, for those who may."""

from typing import Any

from django import template

from xianshen.documents.enums import DocumentState
from xianshen.documents.models import IssuedDocument
from xianshen.documents.permissions import may_withdraw
from xianshen.documents.services import REASON_LIMIT

register = template.Library()


@register.inclusion_tag("documents/withdrawal.html", takes_context=True)
def withdrawal(context: template.Context, document: IssuedDocument) -> dict[str, Any]:
    """Show a button and the dialog that asks for the reason; nothing to whoever may not, or when it is withdrawn.

    Args:
        document: the document, of the reader's institution.
    """
    request = context["request"]
    stands = document.state != DocumentState.WITHDRAWN
    return {
        "offered": stands and bool(may_withdraw(document, request.grants)),
        "document": document,
        "limit": REASON_LIMIT,
        "request": request,
        "back": request.get_full_path(),
        "csrf_token": context.get("csrf_token", ""),
    }
