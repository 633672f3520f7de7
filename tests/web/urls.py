"""Addresses for tests of the frame: the product's own, and views that fail in every way."""

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied as DjangoDenied
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_protect

from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.urls import handler400, handler403, handler404, handler500
from xianshen.urls import urlpatterns as product

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

FAILURES = {
    "denied": lambda: PermissionDenied("你不是这一步的审批人。", "approval.signing"),
    "changed": lambda: TransitionNotAllowed("别人刚刚签署了这一步。"),
    "invalid": lambda: ValidationError(["名称太长。", "手机号少一位。"]),
    "busy": lambda: OperationalError("database is locked"),
    "missing": lambda: Http404(),
    "forbidden": lambda: DjangoDenied("只有办公室能看。"),
    "broken": lambda: ZeroDivisionError("division by zero"),
}


def fail(request: HttpRequest, how: str) -> HttpResponse:
    raise FAILURES[how]()


@login_required
@csrf_protect
def form(request: HttpRequest) -> HttpResponse:
    """Take a form and say what arrived."""
    if request.method != "POST":
        return HttpResponse("empty form")
    files = ",".join(f"{name}={file.name}" for name, file in request.FILES.items())
    values = "|".join(f"{name}={value}" for name, found in request.POST.lists() for value in found)
    return HttpResponse(f"{request.user.get_username()}: {values} files: {files}")


class Tags(forms.Form):
    name = forms.CharField(label="名称", help_text="写全称。")


urlpatterns = [*product, path("test/fail/<str:how>/", fail), path("test/form/", form)]
