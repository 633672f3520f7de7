"""The Office's board of deadlines: what the address asks for, its filters, and its file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.clocks.enums import ClockState, StepKind
from xianshen.clocks.models import Deadline
from xianshen.clocks.schedule import ClockStep, open_steps
from xianshen.common.components import Option, Tab
from xianshen.common.language import local
from xianshen.common.states import Face
from xianshen.common.tabular import Column, write_csv, write_xlsx
from xianshen.regulation.enums import Consequence
from xianshen.regulation.numerals import article_label
from xianshen.regulation.schema import NotInPolicy
from xianshen.regulation.selectors import policy_version

Text = str | Promise
CHUNK = 1000
MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
DEFAULT_SORT = "due"
SORTS = {
    "due": ("due_on", "pk"),
    "-due": ("-due_on", "-pk"),
    "started": ("started_on", "pk"),
    "-started": ("-started_on", "-pk"),
    "what": ("subject_label", "pk"),
    "-what": ("-subject_label", "-pk"),
    "unit": ("unit__name", "due_on", "pk"),
    "-unit": ("-unit__name", "due_on", "pk"),
}
#: Spans of days that the filter offers; a view of the list, no deadline of anybody's.
SPANS = (1, 3, 7, 14, 30)
CONSEQUENCE_WORDS: Mapping[Consequence, Text] = {
    Consequence.OVERDUE: gettext_lazy("记为逾期"),
    Consequence.EXPIRE: gettext_lazy("到期失效"),
    Consequence.SUSPEND_NOT_REVIEWED: gettext_lazy("未年审，暂停运行"),
    Consequence.SUSPEND_REVIEW_FAILED: gettext_lazy("年审不合格，暂停运行"),
    Consequence.SUSPEND_LEGACY_UNFILED: gettext_lazy("存量未备案，暂停运行"),
    Consequence.SUSPEND_SERVER_LAPSED: gettext_lazy("服务器审批过期，暂停运行"),
}


def open_late(on: date) -> Q:
    """Return the condition of what is past its day and still not done."""
    return Q(state=ClockState.RAN_OUT) | Q(state=ClockState.RUNNING, due_on__lt=on)


def _views(on: date) -> dict[str, Q]:
    running = Q(state=ClockState.RUNNING)
    return {
        "": running | Q(state=ClockState.RAN_OUT),
        "failing": Q(failures__gt=0),
        "late": open_late(on),
        "week": running & Q(due_on__gte=on, due_on__lte=on + timedelta(days=7)),
        "guessed": running & Q(provisional=True),
        "ended": Q(state__in=(ClockState.MET, ClockState.CANCELLED)),
    }


VIEW_LABELS: Mapping[str, Text] = {
    "": gettext_lazy("没有办完的"),
    "failing": gettext_lazy("后果没有做成"),
    "late": gettext_lazy("已逾期"),
    "week": gettext_lazy("七天之内"),
    "guessed": gettext_lazy("放假安排未公布"),
    "ended": gettext_lazy("已办和停表"),
}


@dataclass(frozen=True, slots=True)
class ClockBoard:
    """What the address asks for.

    Args:
        view: saved view.
        q: part of the record's name.
        clock: id of the clock.
        unit: primary key of the unit.
        state: state of the deadline.
        days: due within so many days.
        sort: key of the sort.
    """

    view: str = ""
    q: str = ""
    clock: str = ""
    unit: int | None = None
    state: str = ""
    days: int | None = None
    sort: str = DEFAULT_SORT

    @property
    def filtered(self) -> bool:
        """Whether anything but the view narrows the board."""
        return bool(self.q or self.clock or self.unit or self.state or self.days is not None)

    def apply(self, found: QuerySet[Deadline], on: date) -> QuerySet[Deadline]:
        """Return the deadlines of the view in its order, failing ones on top."""
        found = found.filter(_views(on)[self.view])
        if self.q:
            found = found.filter(subject_label__icontains=self.q)
        if self.clock:
            found = found.filter(clock=self.clock)
        if self.unit:
            found = found.filter(unit_id=self.unit)
        if self.state:
            found = found.filter(state=self.state)
        if self.days is not None:
            found = found.filter(due_on__lte=on + timedelta(days=self.days))
        failing_first = Case(When(failures__gt=0, then=Value(0)), default=Value(1))
        return found.order_by(failing_first, *SORTS[self.sort])


def _number(text: str, digits: int = 18) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def board_from(query: Mapping[str, str]) -> ClockBoard:
    """Read the board's state from an address; what makes no sense counts as not given."""
    view, state, sort = query.get("view", ""), query.get("state", ""), query.get("sort", "")
    days = _number(query.get("days", ""), 4)
    return ClockBoard(
        view=view if view in VIEW_LABELS else "",
        q=query.get("q", "").replace("\x00", "").strip()[:100],
        clock=query.get("clock", "").replace("\x00", "")[:60],
        unit=_number(query.get("unit", "")),
        state=state if state in ClockState.values else "",
        days=days,
        sort=sort if sort in SORTS else DEFAULT_SORT,
    )


def view_tabs(found: QuerySet[Deadline], on: date, current: str) -> tuple[list[Tab], dict[str, int]]:
    """Return the saved views with their counts (one query); views without rows are left out, the first never."""
    views = _views(on)
    counts = found.aggregate(**{f"v_{code}": Count("pk", filter=condition) for code, condition in views.items()})
    numbers = {code: counts[f"v_{code}"] for code in views}
    icons = {"failing": "alert-circle", "late": "alert-triangle"}
    tabs = [
        Tab(VIEW_LABELS[code], f"?view={code}" if code else "?", numbers[code], code == current, icons.get(code, ""))
        for code in views
        if numbers[code] or code in {"", current}
    ]
    return tabs, numbers


def clock_options(found: QuerySet[Deadline]) -> list[Option]:
    """Return the clocks that the institution's deadlines have, in words (one query)."""
    seen = found.values_list("clock", "policy_version_id").order_by("clock", "policy_version_id").distinct()
    latest = dict(seen)
    return [Option(code, clock_words(code, version)) for code, version in latest.items()]


def clock_words(code: str, version_id: int) -> str:
    """Return what a clock says, short enough for a list."""
    try:
        return local(policy_version(version_id).clock(code).text).rstrip("。")[:40]
    except NotInPolicy:
        return code


def unit_options(found: QuerySet[Deadline]) -> list[Option]:
    """Return the units that have deadlines (one query)."""
    units = found.exclude(unit=None).values_list("unit_id", "unit__name").order_by("unit__name").distinct()
    return [Option(str(pk), name) for pk, name in units]


@dataclass(frozen=True, slots=True)
class ClockRow:
    """A deadline as the board shows it.

    Args:
        deadline: the deadline.
        words: what its clock says.
        face: its state; late and failing ones have their own.
        next_words: what it does next by itself, in words.
        next_on: when.
    """

    deadline: Deadline
    words: str
    face: Face
    next_words: Text
    next_on: date | None

    @property
    def stopped(self) -> bool:
        return self.deadline.state in {ClockState.MET, ClockState.CANCELLED}


def step_words(deadline: Deadline, step: ClockStep) -> str:
    """Say what a clock does in a step: remind, tell whom, or which consequence."""
    if step.to is not None:
        kind = policy_version(deadline.policy_version_id).position_kind(step.to.position)
        return _("上报%(position)s") % {"position": local(kind.title)}
    if step.kind == StepKind.CONSEQUENCE:
        return str(CONSEQUENCE_WORDS.get(Consequence(deadline.consequence), _("到期后果")))
    return _("提醒经办人")


def face_of(deadline: Deadline, on: date) -> Face:
    """Return how a deadline looks: failing and late before its state's own face."""
    if deadline.failures:
        return Face(_("后果没有做成"), "late", "alert-circle")
    if deadline.state == ClockState.MET and deadline.late:
        return Face(_("逾期办结"), "idle", "circle-check")
    if deadline.state == ClockState.RUNNING and deadline.due_on < on:
        return Face(_("已到期"), "late", "alert-circle")
    return deadline.face


def row_of(deadline: Deadline, on: date) -> ClockRow:
    """Return a deadline as the board shows it."""
    spec = deadline.spec
    step = next(
        iter(open_steps(spec, state=deadline.state, due_on=deadline.due_on, done_through=deadline.done_through)), None
    )
    return ClockRow(
        deadline,
        local(spec.text).rstrip("。"),
        face_of(deadline, on),
        step_words(deadline, step) if step else "",
        max(step.on, on) if step else None,
    )


COLUMNS = (
    Column("what", gettext_lazy("事项")),
    Column("clock", gettext_lazy("时限")),
    Column("article", gettext_lazy("依据")),
    Column("unit", gettext_lazy("单位")),
    Column("started", gettext_lazy("起算")),
    Column("due", gettext_lazy("截止")),
    Column("original", gettext_lazy("原截止")),
    Column("state", gettext_lazy("状态")),
    Column("met", gettext_lazy("办结")),
    Column("next", gettext_lazy("下一步")),
    Column("next_on", gettext_lazy("下一步日期")),
    Column("failure", gettext_lazy("没有做成的原因")),
)


def _file_rows(found: QuerySet[Deadline], on: date) -> Iterator[dict[str, Any]]:
    for deadline in found.iterator(chunk_size=CHUNK):
        row = row_of(deadline, on)
        article = policy_version(deadline.policy_version_id).rule(deadline.rule).article
        yield {
            "what": deadline.subject_label,
            "clock": row.words,
            "article": article_label(article),
            "unit": deadline.unit.name if deadline.unit else "",
            "started": deadline.started_on,
            "due": deadline.due_on,
            "original": deadline.original_due_on,
            "state": row.face.label,
            "met": deadline.met_on,
            "next": row.next_words,
            "next_on": row.next_on,
            "failure": deadline.last_failure,
        }


def board_file(found: QuerySet[Deadline], on: date, *, ending: str) -> bytes:
    """Return the board as XLSX or CSV; texts cannot act as formulas in a spreadsheet.

    Args:
        found: the deadlines of the view, in its order.
        on: today.
        ending: xlsx or csv.
    """
    rows = _file_rows(found, on)
    return write_csv(COLUMNS, rows) if ending == "csv" else write_xlsx(COLUMNS, rows, sheet=_("时限总表"))
