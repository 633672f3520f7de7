"""The tree of units, and each unit with its positions."""

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from xianshen.common.components import Tab
from xianshen.common.language import listed, local
from xianshen.common.tabular import Column
from xianshen.ledger.selectors import entries_about
from xianshen.organisation import services
from xianshen.organisation.selectors import (
    Branch,
    Seat,
    ancestors,
    branches,
    delegations,
    kind_titles,
    position_kind_titles,
    positions,
    seats,
    terms,
    units,
    vacancies,
)
from xianshen.web.organisation_forms import AppointForm, CloseUnitForm, EndForm, PositionForm, UnitForm
from xianshen.web.views.organisation.base import (
    PER_PAGE,
    code_of,
    export,
    form_page,
    institution_of,
    manager,
    manages,
    posted,
)

if TYPE_CHECKING:
    from xianshen.organisation.models import Position, Unit

VIEWS = ("", "vacant", "closed")


@dataclass
class Line:
    """A unit in the table, with its positions."""

    branch: Branch
    kind: str
    seats: list[Seat] = field(default_factory=list)

    @property
    def unit(self) -> "Unit":
        return self.branch.unit

    @property
    def indent(self) -> str:
        return "　" * self.branch.depth


@manages
@require_safe
def unit_list(request: HttpRequest) -> HttpResponse:
    """Show the tree with whoever holds the positions today; or only vacant positions, or closed units."""
    institution_id, today = institution_of(request), timezone.localdate()
    kinds = kind_titles(institution_id)
    chosen = request.GET.get("view", "") if request.GET.get("view", "") in VIEWS else ""
    vacant = vacancies(institution_id, today)
    tree = branches(institution_id)
    closed = units(institution_id, closed=True).exclude(closed_on=None).order_by("key")
    closed_count = closed.count()
    if chosen == "vacant":
        empty = {seat.position.unit_id for seat in vacant}
        shown = [Branch(branch.unit, 0, branch.below) for branch in tree if branch.unit.pk in empty]
    elif chosen == "closed":
        shown = [Branch(unit, 0, 0) for unit in closed]
    else:
        shown = tree
    query, kind = request.GET.get("q", "").strip()[:100], request.GET.get("kind", "")
    if query:
        shown = [
            Branch(branch.unit, 0, branch.below)
            for branch in shown
            if query.lower() in branch.unit.name.lower() or branch.unit.key.startswith(query)
        ]
    if kind in kinds:
        shown = [Branch(branch.unit, 0, branch.below) for branch in shown if branch.unit.kind == kind]
    if request.GET.get("format"):
        answer = export(request, "units", *_table(shown, kinds, seats(institution_id, today)))
        if answer is not None:
            return answer
    page = Paginator(shown, PER_PAGE).get_page(request.GET.get("page"))
    lines = {branch.unit.pk: Line(branch, local(kinds.get(branch.unit.kind, branch.unit.kind))) for branch in page}
    for seat in seats(institution_id, today, unit_ids=list(lines)):
        lines[seat.position.unit_id].seats.append(seat)
    tabs = [
        Tab(_("全部单位"), "?", count=len(tree), current=chosen == ""),
        Tab(_("职务空缺"), "?view=vacant", count=len(vacant), current=chosen == "vacant"),
        Tab(_("已撤销"), "?view=closed", count=closed_count, current=chosen == "closed"),
    ]
    context = {
        "page": page,
        "lines": lines.values(),
        "tabs": tabs,
        "kinds": [(code, local(title)) for code, title in kinds.items()],
        "total": len(tree),
        "vacant": len(vacant),
        "filtered": bool(query or kind),
    }
    return render(request, "web/organisation/units.html", context)


def _table(
    shown: list[Branch], kinds: dict[str, str], staffed: list[Seat]
) -> tuple[list[Column], list[dict[str, Any]]]:
    by_unit: dict[int, list[Seat]] = {}
    for seat in staffed:
        by_unit.setdefault(seat.position.unit_id, []).append(seat)
    keys = {branch.unit.pk: branch.unit.key for branch in shown}
    columns = [
        Column("key", _("单位编号")),
        Column("name", _("单位名称")),
        Column("kind", _("单位类别")),
        Column("parent", _("上级单位编号")),
        Column("seats", _("职务与任职人")),
    ]
    rows = [
        {
            "key": branch.unit.key,
            "name": branch.unit.name,
            "kind": kinds.get(branch.unit.kind, branch.unit.kind),
            "parent": keys.get(branch.unit.parent_id or 0, ""),
            "seats": "；".join(_seat_words(seat) for seat in by_unit.get(branch.unit.pk, ())),
        }
        for branch in shown
    ]
    return columns, rows


def _seat_words(seat: Seat) -> str:
    names = listed(holding.person.name for holding in seat.holdings if holding.delegation is None)
    return f"{seat.position.title}：{names or _('空缺')}"


def _unit(request: HttpRequest, pk: int) -> "Unit":
    return get_object_or_404(units(institution_of(request), closed=True).select_related("parent"), pk=pk)


@manages
@require_safe
def unit_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a unit: facts, positions with holders, units below, what was done to it."""
    unit = _unit(request, pk)
    today = timezone.localdate()
    kinds = kind_titles(unit.institution_id)
    context = {
        "unit": unit,
        "kind": local(kinds.get(unit.kind, unit.kind)),
        "above": list(reversed(ancestors(unit))),
        "seats": seats(unit.institution_id, today, unit_ids=[unit.pk]),
        "children": units(unit.institution_id, closed=True).filter(parent=unit).order_by("key"),
        "trail": entries_about(
            code_of(request),
            "organisation.unit",
            str(unit.pk),
            limit=20,
        ),
    }
    return render(request, "web/organisation/unit.html", context)


@manages
@require_http_methods(["GET", "HEAD", "POST"])
def unit_new(request: HttpRequest) -> HttpResponse:
    """Set up a unit."""
    institution_id = institution_of(request)
    options: dict[str, Any] = {"institution_id": institution_id, "kinds": kind_titles(institution_id)}
    form = UnitForm(posted(request), initial={"parent": request.GET.get("under", "")}, **options)

    def create() -> "Unit":
        data = form.cleaned_data
        return services.create_unit(
            actor=manager(request),
            institution_id=institution_id,
            key=data["key"],
            name=data["name"],
            kind=data["kind"],
            parent_id=data["parent"].pk if data["parent"] else None,
            seal_text=data["seal_text"],
            now=timezone.now(),
        )

    return form_page(
        request,
        form,
        service=create,
        said=lambda unit: _("已设立「%(name)s」。") % {"name": unit.name},
        leads=lambda unit: redirect("organisation:unit", unit.pk),
        context=lambda: {"title": _("设立单位"), "verb": _("设立单位"), "icon": "plus"},
    )


@manages
@require_http_methods(["GET", "HEAD", "POST"])
def unit_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a unit, change the text of its seal, or put it under another parent."""
    unit = _unit(request, pk)
    initial = {"name": unit.name, "seal_text": unit.seal_text, "parent": unit.parent_id}
    form = UnitForm(
        posted(request),
        initial=initial,
        institution_id=unit.institution_id,
        kinds=kind_titles(unit.institution_id),
        existing=True,
    )

    def change() -> "Unit":
        data = form.cleaned_data
        return services.change_unit(
            actor=manager(request),
            unit_id=unit.pk,
            name=data["name"],
            seal_text=data["seal_text"],
            parent_id=data["parent"].pk if data["parent"] else None,
            now=timezone.now(),
        )

    return form_page(
        request,
        form,
        service=change,
        said=lambda changed: _("已改好「%(name)s」。") % {"name": changed.name},
        leads=lambda changed: redirect("organisation:unit", changed.pk),
        context=lambda: {
            "unit": unit,
            "title": _("改「%(name)s」的资料") % {"name": unit.name},
            "sub": _("以前签署和留痕里的名称不变。"),
            "verb": _("存下改动"),
            "icon": "check",
        },
    )


@manages
@require_http_methods(["GET", "HEAD", "POST"])
def unit_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a unit from a day on."""
    unit = _unit(request, pk)
    form = CloseUnitForm(posted(request), initial={"on": timezone.localdate()})
    return form_page(
        request,
        form,
        service=lambda: services.close_unit(
            actor=manager(request), unit_id=unit.pk, on=form.cleaned_data["on"], now=timezone.now()
        ),
        said=lambda _closed: _("「%(name)s」已撤销。") % {"name": unit.name},
        leads=lambda _closed: redirect("organisation:unit", unit.pk),
        context=lambda: {
            "unit": unit,
            "title": _("撤销「%(name)s」") % {"name": unit.name},
            "sub": _("先结束单位里的任职，再把下级单位撤销或划走。撤销不能收回。"),
            "verb": _("撤销单位"),
            "icon": "archive",
        },
    )


@manages
@require_http_methods(["GET", "HEAD", "POST"])
def position_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Set up a position in a unit."""
    unit = _unit(request, pk)
    form = PositionForm(posted(request), kinds=position_kind_titles(unit.institution_id))
    return form_page(
        request,
        form,
        service=lambda: services.create_position(
            actor=manager(request), unit_id=unit.pk, now=timezone.now(), **form.cleaned_data
        ),
        said=lambda position: _("已设立职务「%(title)s」，现在空缺。") % {"title": position.title},
        leads=lambda position: redirect("organisation:position", position.pk),
        context=lambda: {
            "unit": unit,
            "title": _("在%(name)s设立职务") % {"name": unit.name},
            "verb": _("设立职务"),
            "icon": "plus",
        },
    )


def _position(request: HttpRequest, pk: int) -> "Position":
    return get_object_or_404(positions(institution_of(request)), pk=pk)


@manages
@require_http_methods(["GET", "HEAD", "POST"])
def position_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a position with everybody who held, holds and will hold it; appoint somebody."""
    position = _position(request, pk)
    today = timezone.localdate()
    form = AppointForm(
        posted(request),
        initial={"starts_on": today, "person": request.GET.get("person", "")},
        institution_id=position.institution_id,
    )
    return form_page(
        request,
        form,
        service=lambda: services.appoint(
            actor=manager(request),
            position_id=position.pk,
            person_id=form.cleaned_data["person"].pk,
            starts_on=form.cleaned_data["starts_on"],
            ends_on=form.cleaned_data["ends_on"],
            now=timezone.now(),
        ),
        said=lambda _appointment: _("已任命「%(name)s」。") % {"name": form.cleaned_data["person"].name},
        leads=lambda _appointment: redirect("organisation:position", position.pk),
        context=lambda: _position_context(request, position, today),
        template="web/organisation/position.html",
    )


def _position_context(request: HttpRequest, position: "Position", today: date) -> dict[str, Any]:
    held = list(terms(position.institution_id, position_id=position.pk))
    return {
        "position": position,
        "unit": position.unit,
        "kind": local(position_kind_titles(position.institution_id).get(position.kind, position.kind)),
        "current": [t for t in held if t.starts_on <= today and (t.ends_on is None or t.ends_on >= today)],
        "coming": [t for t in held if t.starts_on > today],
        "past": [t for t in held if t.ends_on is not None and t.ends_on < today],
        "delegations": delegations(position.institution_id).filter(position=position)[:10],
        "today": today,
        "trail": entries_about(code_of(request), "organisation.position", str(position.pk), limit=20),
    }


@manages
@require_http_methods(["GET", "HEAD", "POST"])
def appointment_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the last day of an appointment."""
    appointment = get_object_or_404(terms(institution_of(request)), pk=pk)
    form = EndForm(posted(request), initial={"ends_on": timezone.localdate()})
    position = appointment.position
    names = {"person": appointment.person.name, "unit": position.unit.name, "title": position.title}
    return form_page(
        request,
        form,
        service=lambda: services.end_appointment(
            actor=manager(request),
            appointment_id=appointment.pk,
            ends_on=form.cleaned_data["ends_on"],
            now=timezone.now(),
        ),
        said=lambda _ended: _("「%(name)s」的任期已定。") % {"name": names["person"]},
        leads=lambda _ended: redirect("organisation:position", position.pk),
        context=lambda: {
            "unit": position.unit,
            "title": _("结束%(person)s的%(unit)s%(title)s任职") % names,
            "sub": _("轮到这个职务办的事，之后由接任的人办；没人接任时按空缺处理。"),
            "verb": _("结束任职"),
            "icon": "user-check",
        },
    )
