"""The workbench: what I must do now, by when, and why; what I submitted; what I have done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from xianshen.approvals import selectors as approvals
from xianshen.common.composed import listed
from xianshen.common.language import local
from xianshen.common.states import Tone
from xianshen.ledger.selectors import recent_entries
from xianshen.registry import selectors as registry
from xianshen.registry.enums import AccountState
from xianshen.regulation.enums import Capability
from xianshen.web import inbox

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from xianshen.approvals.models import ApprovalChain
    from xianshen.organisation.selectors import Grants

RULER_DAYS = 42
NAME_WIDTH = 3
COMINGS = frozenset({"organisation.signed_in", "organisation.signed_out"})
RECENT_READ, RECENT_SHOWN = 40, 6
OWN_SHOWN = 5
PAGE = 50


@dataclass(frozen=True, slots=True)
class TodoGroup:
    """Tasks under one heading."""

    code: inbox.Group
    label: str | Promise
    items: Sequence[inbox.TodoItem]


@dataclass(frozen=True, slots=True)
class RulerDay:
    """A day of the time ruler.

    Args:
        day: the date.
        count: how many clocks of the person run out on it.
        tone: late, soon, ok, or "" for a day without clocks.
        week: a week begins here.
        named: its date is written below; not where today's would run into it.
        off: a Saturday or Sunday.
        today: it is today.
    """

    day: date
    count: int
    tone: str
    week: bool
    named: bool
    off: bool
    today: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the bar of accounts."""

    label: str | Promise
    value: int
    tone: Tone
    url: str


@dataclass(frozen=True, slots=True)
class Own:
    """A submission of the person's own, with the step it has reached."""

    chain: "ApprovalChain"
    steps: list[object]
    waits_for: str


LABELS = {
    inbox.Group.NOW: _("已逾期和今天"),
    inbox.Group.WEEK: _("七天之内"),
    inbox.Group.LATER: _("以后"),
}


def ruler(items: Sequence[inbox.TodoItem], now: datetime) -> list[RulerDay]:
    """Return the days ahead with the clocks that run out on them; what is late stands on yesterday."""
    today = timezone.localdate(now)
    first = today - timedelta(days=1)
    counts: dict[date, int] = {}
    soon: set[date] = set()
    for item in items:
        if item.due is None:
            continue
        day = max(first, timezone.localdate(item.due - timedelta(microseconds=1)))
        counts[day] = counts.get(day, 0) + 1
        if item.soon_from is not None and item.soon_from <= now:
            soon.add(day)
    days = []
    for offset in range(RULER_DAYS):
        day = first + timedelta(days=offset)
        count = counts.get(day, 0)
        tone = "" if not count else "late" if day == first else "soon" if day == today or day in soon else "ok"
        week = day.weekday() == 0
        named = day == today or (week and not -1 <= (today - day).days <= NAME_WIDTH)
        days.append(RulerDay(day, count, tone, week, named, day.weekday() >= 5, day == today))
    return days


def running_parts(grants: "Grants") -> list[Part]:
    """Return how many accounts may run today and why the others may not (one query)."""
    counts = registry.count_by_state(registry.accounts_visible_to(grants))
    board = reverse("registry:accounts")
    faces: tuple[tuple[AccountState, Tone], ...] = (
        (AccountState.ACTIVE, "ok"),
        (AccountState.APPLIED, "soon"),
        (AccountState.SUSPENDED, "late"),
        (AccountState.CLOSING, "idle"),
    )
    return [
        Part(state.label, counts.get(state.value, 0), tone, f"{board}?state={state.value}") for state, tone in faces
    ]


def recent(institution: str) -> Sequence[object]:
    """Return the newest entries of the ledger, comings and goings left out."""
    entries = recent_entries(institution, limit=RECENT_READ)
    return [entry for entry in entries if entry.event not in COMINGS][:RECENT_SHOWN]


def _own(chain: "ApprovalChain") -> Own:
    step = approvals.current_step(chain)
    waits = f"{step.unit.name} · {local(step.name)}" if step else ""
    return Own(chain, list(approvals.steps_of(chain, opinions=False)), waits)


@listed
def _latest_own(institution_id: int, person_id: int) -> "QuerySet[ApprovalChain]":
    return approvals.submitted_by(institution_id, person_id)[: OWN_SHOWN + 1]


@login_required
@require_safe
def workbench(request: HttpRequest) -> HttpResponse:
    """Show the person's tasks, grouped by urgency."""
    work = inbox.work_of(request)
    now, grants, items = work.now, work.grants, work.todos
    groups = [
        TodoGroup(code, label, chosen)
        for code, label in LABELS.items()
        if (chosen := [item for item in items if item.group(now) == code])
    ]
    own = _latest_own(grants.institution_id, grants.person_id)
    sees_all = grants.has(Capability.ACCOUNTS_VIEW_ALL)
    parts = running_parts(grants) if sees_all or grants.units(Capability.ACCOUNTS_VIEW_UNIT) else []
    context = {
        "now": now,
        "total": len(items),
        "today": sum(len(group.items) for group in groups if group.code == inbox.Group.NOW),
        "late": sum(item.late(now) for item in items),
        "groups": groups,
        "ruler": ruler(work.ahead, now) if any(item.due for item in work.ahead) else [],
        "clocks": sum(item.due is not None for item in work.ahead),
        "manages_clocks": grants.has(Capability.CLOCKS_MANAGE),
        "own": [_own(chain) for chain in own[:OWN_SHOWN]],
        "own_more": len(own) > OWN_SHOWN,
        "parts": parts,
        "running": parts[0].value if parts else 0,
        "accounts": sum(part.value for part in parts),
        "recent": recent(request.user.institution.code) if grants.has(Capability.LEDGER_VIEW) else [],  # type: ignore[union-attr]
    }
    return render(request, "web/workbench.html", context)


@login_required
@require_safe
def submitted(request: HttpRequest) -> HttpResponse:
    """List everything the person submitted (我提交的)."""
    grants: Grants = request.grants  # type: ignore[attr-defined]
    chains = approvals.submitted_by(grants.institution_id, grants.person_id)
    page = Paginator(chains, PAGE).get_page(request.GET.get("page"))
    return render(request, "web/submitted.html", {"page": page, "own": [_own(chain) for chain in page]})


@login_required
@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """List every opinion the person signed (已办)."""
    grants: Grants = request.grants  # type: ignore[attr-defined]
    opinions = approvals.opinions_by(grants.institution_id, grants.person_id)
    page = Paginator(opinions, PAGE).get_page(request.GET.get("page"))
    return render(request, "web/done.html", {"page": page})
