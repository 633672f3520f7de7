"""The workbench: what I must do now, by when, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from xianshen.web import inbox


@dataclass(frozen=True, slots=True)
class TodoGroup:
    """Tasks under one heading."""

    code: inbox.Group
    label: str | Promise
    items: Sequence[inbox.TodoItem]


LABELS = {
    inbox.Group.NOW: _("已逾期和今天"),
    inbox.Group.WEEK: _("七天之内"),
    inbox.Group.LATER: _("以后"),
}


@login_required
@require_safe
def workbench(request: HttpRequest) -> HttpResponse:
    """Show the person's tasks, grouped by urgency."""
    now = timezone.now()
    items = inbox.todos_of(request.user, request.grants, now)  # type: ignore[attr-defined,arg-type]
    groups = [
        TodoGroup(code, label, chosen)
        for code, label in LABELS.items()
        if (chosen := [item for item in items if item.group(now) == code])
    ]
    context = {
        "now": now,
        "total": len(items),
        "today": sum(len(group.items) for group in groups if group.code == inbox.Group.NOW),
        "late": sum(item.late(now) for item in items),
        "groups": groups,
    }
    return render(request, "web/workbench.html", context)
