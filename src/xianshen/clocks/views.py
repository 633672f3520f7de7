"""The Office's board of deadlines, one deadline, and calendar feeds."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from xianshen.clocks import selectors, services
from xianshen.clocks.enums import ClockState
from xianshen.clocks.feed import calendar_of
from xianshen.clocks.forms import ExtensionForm
from xianshen.clocks.models import Deadline
from xianshen.clocks.permissions import may_manage
from xianshen.clocks.schedule import all_steps, open_steps
from xianshen.clocks.services.feeds import secret_digest
from xianshen.clocks.tables import (
    DEFAULT_SORT,
    MEDIA_TYPES,
    SPANS,
    board_file,
    board_from,
    clock_options,
    face_of,
    row_of,
    step_words,
    unit_options,
    view_tabs,
)
from xianshen.common.components import Option, TraceItem
from xianshen.common.errors import PermissionDenied
from xianshen.ledger.selectors import entries_about
from xianshen.organisation.selectors import actor_in, grants_of, people
from xianshen.regulation.enums import Capability

if TYPE_CHECKING:
    from xianshen.organisation.models import Person
    from xianshen.organisation.selectors import Grants

PER_PAGE = 50
#: People named on the page of a deadline.
SHOWN = 10
FEED_AHEAD = timedelta(days=400)


def _grants(request: HttpRequest) -> "Grants":
    return cast("Grants", request.grants)  # type: ignore[attr-defined]


def _manager(request: HttpRequest) -> "Grants":
    grants = _grants(request)
    if not (decision := may_manage(grants)):
        raise PermissionDenied.from_denied(decision)
    return grants


@login_required
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Show every deadline of the institution to the Office."""
    grants = _manager(request)
    now = timezone.now()
    on = timezone.localdate(now)
    wanted = board_from(request.GET)
    every = selectors.board(grants.institution_id)
    tabs, counts = view_tabs(every.order_by(), on, wanted.view)
    page = Paginator(wanted.apply(every, on), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "board": wanted,
        "tabs": tabs,
        "counts": counts,
        "page": page,
        "rows": [row_of(deadline, on) for deadline in page.object_list],
        "clocks": clock_options(every.order_by()),
        "units": unit_options(every.order_by()),
        "states": [Option(one.value, one.label) for one in ClockState],
        "spans": [Option(str(days), _("%(days)d 天之内") % {"days": days}) for days in SPANS],
        "default_sort": DEFAULT_SORT,
        "now": now,
    }
    return render(request, "clocks/board.html", context)


@login_required
@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """Give exactly the view as XLSX or CSV."""
    grants = _manager(request)
    on = timezone.localdate(timezone.now())
    ending = request.GET.get("format", "xlsx")
    if ending not in MEDIA_TYPES:
        ending = "xlsx"
    found = board_from(request.GET).apply(selectors.board(grants.institution_id), on)
    response = HttpResponse(board_file(found, on, ending=ending), content_type=MEDIA_TYPES[ending])
    name = quote(_("时限总表 %(date)s") % {"date": on.isoformat()} + f".{ending}")
    response.headers["Content-Disposition"] = f"attachment; filename=\"clocks-{on}.{ending}\"; filename*=UTF-8''{name}"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step of a clock on the page of its deadline.

    Args:
        on: the day.
        words: what happens.
        state: done, now (the next one) or next, or "" when the clock has stopped before it.
    """

    on: date
    words: str
    state: str


def _planned(deadline: Deadline) -> list[PlannedStep]:
    waiting = set(
        open_steps(deadline.spec, state=deadline.state, due_on=deadline.due_on, done_through=deadline.done_through)
    )
    planned: list[PlannedStep] = []
    coming = False
    for step in all_steps(deadline.spec, deadline.due_on):
        if step.on <= deadline.started_on:
            continue
        behind = deadline.ran_out_at is not None if step.kind == "consequence" else step.on <= deadline.done_through
        state = "next" if coming else "now"
        if step not in waiting:
            state = "done" if behind else ""
        else:
            coming = True
        planned.append(PlannedStep(step.on, step_words(deadline, step), state))
    return planned


def _deadline(request: HttpRequest, deadline_id: int) -> Deadline:
    """Fetch and authorise together: a deadline of others is not found."""
    grants = _grants(request)
    try:
        deadline = selectors.deadline_of(grants.institution_id, deadline_id)
    except Deadline.DoesNotExist as error:
        raise Http404 from error
    on = timezone.localdate(timezone.now())
    own = frozenset[int]().union(*grants.below.values()) if grants.below else frozenset()
    if (
        may_manage(grants)
        or deadline.unit_id in own
        or grants.person_id in selectors.concerned_people([deadline], on).get(deadline.pk, ())
    ):
        return deadline
    raise Http404


@login_required
@require_http_methods(["GET", "POST"])
def deadline_page(request: HttpRequest, deadline_id: int) -> HttpResponse:
    """Show a deadline, what it does when, and let the Office extend it."""
    deadline = _deadline(request, deadline_id)
    grants = _grants(request)
    now = timezone.now()
    manages = bool(may_manage(grants))
    form = ExtensionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        person = cast("Person", request.user)
        held = grants.having(Capability.CLOCKS_MANAGE)
        try:
            services.extend_clock(
                actor=actor_in(person, held[0] if held else None),
                grants=grants,
                deadline_id=deadline.pk,
                institution_id=deadline.institution_id,
                due_on=form.cleaned_data["due_on"],
                why=form.cleaned_data["why"],
                now=now,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("时限已延长，经办人会收到通知。"))
            return redirect("clocks:deadline", deadline.pk)
    entries = entries_about(_institution_code(request), deadline.subject_type, deadline.subject_id)
    context = {
        "deadline": deadline,
        "face": face_of(deadline, timezone.localdate(now)),
        "spec": deadline.spec,
        "planned": _planned(deadline),
        "concerned": list(
            people(deadline.institution_id)
            .filter(pk__in=selectors.concerned_people([deadline], timezone.localdate(now)).get(deadline.pk, ()))
            .order_by("key")[:SHOWN]
        ),
        "manages": manages,
        "extendable": manages and deadline.state == ClockState.RUNNING,
        "form": form,
        "trace": [
            TraceItem(
                entry.sentence,
                entry.at,
                meta=" ".join(part for part in (entry.actor_unit, entry.actor_position or entry.actor_name) if part),
                rule=entry.rule,
            )
            for entry in entries[:20]
        ],
        "now": now,
    }
    return render(request, "clocks/deadline.html", context, status=422 if form.errors else 200)


def _institution_code(request: HttpRequest) -> str:
    """Return the code of the person's institution, the ledger's key."""
    return cast("Person", request.user).institution.code


@login_required
@require_http_methods(["GET", "POST"])
def my_calendar(request: HttpRequest) -> HttpResponse:
    """Show whether the person has a calendar feed; make its address anew, or close it."""
    person = cast("Person", request.user)
    grants = _grants(request)
    now = timezone.now()
    secret = ""
    if request.method == "POST":
        actor = actor_in(person, grants.holdings[0] if grants.holdings else None)
        if request.POST.get("act") == "close":
            services.close_address(person=person, actor=actor, now=now)
            messages.success(request, _("订阅地址已停用。"))
            return redirect("clocks:my_calendar")
        if grants.holdings:
            secret = services.renew_address(person=person, actor=actor, now=now)
    address = request.build_absolute_uri(reverse("clocks:feed", args=[secret])) if secret else ""
    context = {
        "feed": selectors.address_of(person.pk),
        "address": address,
        "webcal": address.replace("https://", "webcal://").replace("http://", "webcal://"),
        "holds": bool(grants.holdings),
    }
    response = render(request, "clocks/my_calendar.html", context)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """Give a person's deadlines to a calendar program that knows the secret address.

    Whoever may not sign in any more, or holds no position today, has no address: 404, as for one that never was.
    """
    now = timezone.now()
    on = timezone.localdate(now)
    found = selectors.feed_with(secret_digest(secret))
    if found is None:
        raise Http404
    grants = grants_of(found.person, on)
    if not grants.holdings:
        raise Http404
    deadlines = selectors.deadlines_concerning(grants, on, until=on + FEED_AHEAD)
    base = request.build_absolute_uri("/").rstrip("/")
    content = calendar_of(deadlines, host=request.get_host().partition(":")[0], base=base, now=now)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="xianshen.ics"'
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
