"""The campaign's report (年审汇总表): numbers by unit, who is missing, what is to be put right; as PDF and XLSX."""

import io
import json
import threading
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typst
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from xianshen.assessment.enums import Step
from xianshen.assessment.exports import columns, rows
from xianshen.assessment.models import AnnualReview, ReviewCampaign
from xianshen.assessment.selectors import (
    DEFAULT_SORT,
    SORTS,
    STEP,
    VIEWS,
    HomeProgress,
    Progress,
    board_reviews,
    home_progress,
    progress_of,
)
from xianshen.common.zhdates import zh_date, zh_datetime
from xianshen.documents.rendering import fonts
from xianshen.documents.rendering.text import chunks, clean
from xianshen.regulation.schema import Policy
from xianshen.regulation.selectors import cite

if TYPE_CHECKING:
    from xianshen.organisation.models import Institution

TEMPLATE = Path(__file__).resolve().parent / "typst" / "summary.typ"
#: Accounts listed by name in the PDF; the workbook has them all.
MOST_NAMED = 300
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit's row of the report."""

    unit_id: int
    name: str
    total: int
    passed: int
    rectify: int
    failed: int
    waiting: int
    missing: int
    posts: int
    followers: int


@dataclass(frozen=True, slots=True)
class Named:
    """An account that the report names, and why."""

    review_id: int
    account: str
    unit: str
    what: str


@dataclass(slots=True)
class Summary:
    """The report of a campaign at a moment."""

    institution: str
    year: int
    due: str
    at: datetime
    article: str
    tiers: str
    progress: Progress
    units: list[UnitLine] = field(default_factory=list)
    homes: list[HomeProgress] = field(default_factory=list)
    against: list[Named] = field(default_factory=list)
    missing: list[Named] = field(default_factory=list)
    missing_total: int = 0

    @property
    def total(self) -> UnitLine:
        """The sums of all units."""

        def add(name: str) -> int:
            return sum(getattr(unit, name) for unit in self.units)

        names = ("total", "passed", "rectify", "failed", "waiting", "missing", "posts", "followers")
        return UnitLine(0, _("合计"), *(add(name) for name in names))

    @property
    def answer(self) -> str:
        """The report in one sentence."""
        total = self.total
        return _(
            "%(tiers)s平台 %(total)d 个：合格 %(passed)d 个，整改 %(rectify)d 个，"
            "不合格 %(failed)d 个，没有交 %(missing)d 个。"
        ) % {
            "tiers": self.tiers,
            "total": total.total,
            "passed": total.passed,
            "rectify": total.rectify,
            "failed": total.failed,
            "missing": total.missing,
        }


def summary_of(institution: "Institution", campaign: ReviewCampaign, policy: Policy, now: datetime) -> Summary:
    """Return the report as it stands now (a fixed number of queries)."""
    reviews = board_reviews(institution.pk, campaign)
    live = reviews.filter(VIEWS["all"])
    citation = cite(institution.pk, "annual_review.due", campaign.due_on)
    summary = Summary(
        institution.name,
        campaign.year,
        zh_date(campaign.due_on, year=True),
        now,
        citation.label if citation else "",
        tier_words(policy),
        progress_of(reviews),
    )
    counted: dict[int, dict[str, Any]] = {}
    for unit_id, name, key, step, count, posts, followers in (
        live.order_by()
        .values_list("unit_id", "unit__name", "unit__key", STEP)
        .annotate(n=Count("pk"), posts=Sum("posts_total"), followers=Sum("followers_total"))
    ):
        line = counted.setdefault(unit_id, {"name": name, "key": key, "steps": {}, "posts": 0, "followers": 0})
        line["steps"][Step(step)] = count
        if step not in {Step.UNTOUCHED, Step.WRITING}:
            line["posts"] += posts or 0
            line["followers"] += followers or 0
    for unit_id, line in sorted(counted.items(), key=lambda item: item[1]["key"]):
        steps = line["steps"]

        def at(*wanted: Step, steps: dict[Step, int] = steps) -> int:
            return sum(steps.get(step, 0) for step in wanted)

        summary.units.append(
            UnitLine(
                unit_id,
                line["name"],
                sum(steps.values()),
                at(Step.PASSED),
                at(Step.RECTIFY),
                at(Step.FAILED),
                at(Step.UNIT, Step.OFFICE),
                at(Step.UNTOUCHED, Step.WRITING, Step.RETURNED),
                line["posts"],
                line["followers"],
            )
        )
    order = SORTS[DEFAULT_SORT]
    against = live.filter(VIEWS["against"]).order_by(*order)
    summary.against = [Named(one.pk, one.account.name, one.unit.name, _why(one)) for one in against[:MOST_NAMED]]
    missing = live.filter(VIEWS["missing"]).order_by(*order)
    summary.missing_total = missing.count()
    summary.missing = [
        Named(one.pk, one.account.name, one.unit.name, str(one.face.label)) for one in missing[:MOST_NAMED]
    ]
    summary.homes = home_progress(institution.pk, campaign)
    return summary


def tier_words(policy: Policy) -> str:
    """Return the tiers that the Office reviews, in words."""
    spec = policy.annual_review
    return "、".join(tier.name for tier in policy.tiers if spec is None or tier.number in spec.tiers)


def _why(review: AnnualReview) -> str:
    if review.rectify_by:
        return _("整改，%(date)s前：%(what)s") % {
            "date": zh_date(review.rectify_by, year=True),
            "what": review.to_rectify,
        }
    return str(review.get_result_display())


@cache
def _compiler() -> typst.Compiler:
    bundled = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(fonts.FOLDER)])
    return typst.Compiler(str(TEMPLATE), font_paths=bundled, ignore_system_fonts=True)


def _number(value: int) -> str:
    return f"{value:,}" if value else "—"


def _cells(unit: UnitLine) -> list[str]:
    names = ("total", "passed", "rectify", "failed", "waiting", "missing", "posts", "followers")
    return [_number(getattr(unit, name)) for name in names]


def render_summary(summary: Summary) -> bytes:
    """Return the report as PDF; the same bytes for the same report."""
    inputs = {
        "title": _("%(year)s 年度校园新媒体年审汇总表") % {"year": summary.year},
        "institution": clean(summary.institution),
        "answer": chunks(clean(summary.answer)),
        "basis": _("%(article)s，%(due)s截止；%(at)s汇总。")
        % {"article": summary.article, "due": summary.due, "at": zh_datetime(summary.at, year=True)},
        "head": [
            _("单位"),
            _("平台"),
            _("合格"),
            _("整改"),
            _("不合格"),
            _("等意见"),
            _("没有交"),
            _("推送条数"),
            _("粉丝数"),
        ],
        "units": [[chunks(clean(unit.name)), *_cells(unit)] for unit in summary.units],
        "total": [chunks(summary.total.name), *_cells(summary.total)],
        "exempt": _("另有 %(n)d 个平台本年免审。") % {"n": summary.progress.exempt} if summary.progress.exempt else "",
        "homes-title": _("三级平台（由系部、校团委年审，向办公室报备）"),
        "homes-head": [_("归口单位"), _("平台"), _("审完"), _("已报备")],
        "homes": [
            [chunks(clean(home.name)), _number(home.total), _number(home.done), _number(home.reported)]
            for home in summary.homes
        ],
        "against-title": _("整改和不合格"),
        "missing-title": _("没有交年审表的"),
        "named-head": [_("平台"), _("单位"), _("情况")],
        "against": [_named(one) for one in summary.against],
        "missing": [_named(one) for one in summary.missing],
        "more": _("共 %(n)d 个，其余见明细表。") % {"n": summary.missing_total}
        if summary.missing_total > len(summary.missing)
        else "",
        "page": _("第 {page} 页，共 {pages} 页"),
        "fonts": [fonts.SERIF, fonts.RARE_HAN, fonts.EMOJI],
    }
    data = json.dumps(inputs, ensure_ascii=False, separators=(",", ":"))
    with _lock:
        pdf = _compiler().compile(format="pdf", sys_inputs={"data": data}, timestamp=0)
    if not isinstance(pdf, bytes):
        raise TypeError("Typst returned no document")
    return pdf


def _named(one: Named) -> list[list[str]]:
    return [chunks(clean(one.account)), chunks(clean(one.unit)), chunks(clean(one.what))]


def summary_workbook(summary: Summary, institution_id: int, campaign: ReviewCampaign, policy: Policy) -> bytes:
    """Return the report as a workbook: the numbers by unit, and every review."""
    from openpyxl import Workbook  # slow to load
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    from xianshen.common.tabular import Column

    workbook = Workbook(write_only=True)

    def sheet(title: str, head: list[Column], lines: Any) -> None:
        made = workbook.create_sheet(title)
        made.freeze_panes = "A2"
        cells = []
        for column in head:
            cell = WriteOnlyCell(made, str(column.title))
            cell.font = Font(bold=True)
            cells.append(cell)
        made.append(cells)
        for line in lines:
            row = []
            for column in head:
                value = line.get(column.name)
                cell = WriteOnlyCell(made, "" if value is None else value)
                if isinstance(value, str):
                    cell.value, cell.data_type, cell.number_format = clean(value)[:32_767], "s", "@"
                row.append(cell)
            made.append(row)

    names = [
        Column("name", _("单位")),
        Column("total", _("平台")),
        Column("passed", _("合格")),
        Column("rectify", _("整改")),
        Column("failed", _("不合格")),
        Column("waiting", _("等意见")),
        Column("missing", _("没有交")),
        Column("posts", _("推送条数")),
        Column("followers", _("粉丝数")),
    ]
    lines = [*summary.units, summary.total]
    sheet(_("汇总"), names, ({one.name: getattr(line, one.name) for one in names} for line in lines))
    reviews = board_reviews(institution_id, campaign).order_by(*SORTS[DEFAULT_SORT])
    sheet(_("明细"), columns(), rows(reviews.iterator(chunk_size=1000), policy))
    homes = [Column("name", _("归口单位")), Column("total", _("平台")), Column("done", _("审完"))]
    homes.append(Column("reported", _("已报备")))
    sheet(_("三级平台"), homes, ({one.name: getattr(home, one.name) for one in homes} for home in summary.homes))
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()
