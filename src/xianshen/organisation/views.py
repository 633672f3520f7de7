"""Pages around sign-in that allauth has not."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def forgotten(request: HttpRequest) -> HttpResponse:
    """Say who sets a new password: there is no reset by mail, and nobody signs up by themselves."""
    return render(request, "account/password_reset.html")
