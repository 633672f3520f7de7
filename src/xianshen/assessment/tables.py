"""The campaign board: what the address asks for, its rows by unit and by account, and the figures on top."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext as _

from xianshen.assessment.enums import Step
from xianshen.assessment.models import AnnualReview, ReviewCampaign
from xianshen.assessment.selectors import DEFAULT_SORT, REMINDED, SORTS, STEP, STEPS, VIEWS, BoardFilter, Progress
from xianshen.common.components import Option, Part, Tab
from xianshen.common.states import Face
from xianshen.regulation.schema import Policy

GROUPS = ("unit", "account")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


@dataclass(frozen=True, slots=True)
class Board:
    """What the address asks for.

    Args:
        wanted: view and filters.
        sort: key of the sort of accounts.
        group: rows by ``unit`` or by ``account``.
    """

    wanted: BoardFilter
    sort: str
    group: str

    @property
    def filtered(self) -> bool:
        """Whether anything but the view narrows the board."""
        wanted = self.wanted
        return bool(wanted.q or wanted.step or wanted.unit or wanted.tier or wanted.reminded)


def board_from(query: Mapping[str, str]) -> Board:
    """Read the board's state from an address; what makes no sense counts as not given."""
    view, step, reminded = query.get("view", ""), query.get("step", ""), query.get("reminded", "")
    view = view if view in VIEWS else "missing"
    group = query.get("by", "")
    wanted = BoardFilter(
        q=query.get("q", "").replace("\x00", "").strip()[:100],
        view=view,
        step=step if step in STEPS else "",
        unit=_number(query.get("unit", "")),
        tier=_number(query.get("tier", "")),
        reminded=reminded if reminded in REMINDED else "",
    )
    sort = query.get("sort", "")
    if group not in GROUPS:
        group = "unit" if view == "missing" and not sort else "account"
    return Board(wanted, sort if sort in SORTS else DEFAULT_SORT, group)


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit of the board with its reviews by step.

    Args:
        unit_id, name: the unit.
        steps: (step, how many), in the order of the board.
        missing: how many are not handed in.
        reminders: the most reminders that one of them has had.
        reminded_at: when the last one was sent.
    """

    unit_id: int
    name: str
    steps: Sequence[tuple[Step, int]]
    missing: int
    reminders: int
    reminded_at: datetime | None

    @property
    def total(self) -> int:
        return sum(count for _step, count in self.steps)

    @property
    def squares(self) -> list[Step]:
        """One square per account, at most twelve."""
        return [step for step, count in self.steps for _ in range(count)][:12]

    @property
    def words(self) -> str:
        """What stands at which step, the missing ones first."""
        order = (Step.UNTOUCHED, Step.WRITING, Step.RETURNED, Step.UNIT, Step.OFFICE, Step.RECTIFY, Step.FAILED)
        counts = dict(self.steps)
        return "，".join(f"{step.label} {counts[step]}" for step in order if counts.get(step))


def unit_rows(reviews: QuerySet[AnnualReview], wanted: QuerySet[AnnualReview]) -> list[UnitRow]:
    """Return the units of the wanted reviews, with all their reviews by step (one query).

    Args:
        reviews: all reviews of the board, exempt ones apart.
        wanted: those that the view and the filters leave.
    """
    units = wanted.order_by().values("unit_id")
    rows = (
        reviews.filter(unit_id__in=units)
        .order_by()
        .values_list("unit_id", "unit__name", "unit__key", STEP)
        .annotate(n=Count("pk"), reminders=Max("reminders"), at=Max("reminded_at"))
    )
    found: dict[int, dict[str, object]] = {}
    counts: dict[int, dict[Step, int]] = {}
    for unit_id, name, key, step, n, reminders, at in rows:
        known = found.setdefault(unit_id, {"name": name, "key": key, "reminders": 0, "at": None})
        step = Step(step)
        counts.setdefault(unit_id, {})[step] = n
        if step in {Step.UNTOUCHED, Step.WRITING, Step.RETURNED}:
            known["reminders"] = max(int(str(known["reminders"])), reminders or 0)
            known["at"] = max((one for one in (known["at"], at) if isinstance(one, datetime)), default=None)
    made = []
    for unit_id, known in found.items():
        steps = [(step, counts[unit_id][step]) for step in Step if counts[unit_id].get(step)]
        missing = sum(n for step, n in steps if step in {Step.UNTOUCHED, Step.WRITING, Step.RETURNED})
        at = known["at"]
        made.append(
            UnitRow(
                unit_id,
                str(known["name"]),
                steps,
                missing,
                int(str(known["reminders"])),
                at if isinstance(at, datetime) else None,
            )
        )
    return sorted(made, key=lambda row: (-row.missing, str(found[row.unit_id]["key"])))


def parts_of(progress: Progress, base: str) -> list[Part]:
    """Return the bar on top: numbers that add up to all, each a link to its list."""
    tones = {
        Step.PASSED: "ok",
        Step.OFFICE: "wait",
        Step.UNIT: "unit",
        Step.RETURNED: "soon",
        Step.RECTIFY: "soon",
        Step.FAILED: "late",
        Step.WRITING: "idle",
        Step.UNTOUCHED: "rest",
    }
    shown = [Step.PASSED, Step.OFFICE, Step.UNIT, Step.RETURNED, Step.WRITING, Step.UNTOUCHED]
    shown[4:4] = [step for step in (Step.RECTIFY, Step.FAILED) if progress.at(step)]
    return [
        Part(step.label, progress.at(step), tones[step], f"{base}&view=all&by=account&step={step.value}")  # type: ignore[arg-type]
        for step in shown
    ]


def tabs_of(counts: Mapping[str, int], current: str, year: int) -> list[Tab]:
    """Return the saved views with their counts; empty ones that say nothing are left out."""
    labels = {
        "missing": _("没有交"),
        "office": _("等办公室"),
        "unit": _("等部门"),
        "returned": _("退回补正"),
        "against": _("整改和不合格"),
        "late": _("逾期"),
        "passed": _("已合格"),
        "exempt": _("免审"),
        "all": _("全部"),
    }
    always = {"missing", "office", "passed", "all"}
    return [
        Tab(label, f"?year={year}&view={view}", counts[view], view == current)
        for view, label in labels.items()
        if view in always or counts[view] or view == current
    ]


def step_options() -> list[Option]:
    return [Option(step.value, step.label) for step in Step]


def reminded_options() -> list[Option]:
    return [
        Option("never", _("没有提醒过")),
        Option("some", _("提醒过")),
        Option("often", _("提醒过 3 次以上")),
    ]


@dataclass(frozen=True, slots=True)
class RulerDay:
    """A day of the ruler: reminders before the deadline, and the deadline."""

    day: date
    label: str = ""
    count: int = 0
    tone: str = ""
    week: bool = False
    off: bool = False
    today: bool = False
    named: bool = False


def ruler(campaign: ReviewCampaign, policy: Policy, clock: str, missing: int, on: date) -> list[RulerDay]:
    """Return six weeks around today with the policy's reminders and the deadline; nothing long before or after."""
    first = on - timedelta(days=3)
    last = max(first + timedelta(days=41), min(campaign.due_on + timedelta(days=2), first + timedelta(days=60)))
    if not first <= campaign.due_on <= last:
        return []
    marks = {
        campaign.due_on - timedelta(days=days): _("%(n)d 天前") % {"n": days}
        for days in policy.clock(clock).reminders
        if days > 1
    }
    marks[campaign.due_on] = _("截止")
    days = []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        due = day == campaign.due_on
        marked = day in marks and day >= on
        days.append(
            RulerDay(
                day,
                marks.get(day, "") if marked else "",
                missing if due else 0,
                ("big" if due else "soon") if marked else "",
                week=day.weekday() == 0,
                off=not policy.calendar.is_workday(day),
                today=day == on,
                named=day == on or (day.weekday() == 0 and abs((day - on).days) > 2),
            )
        )
    return days


def missing_face(review: AnnualReview, on: date) -> Face:
    """Return the badge of a review in lists: late ones say so."""
    if review.missed_at is not None and review.state in {"draft", "returned", "rectify"}:
        return Face(_("逾期没有交"), "late", "alert-circle")
    return review.face
