"""The list of a year's posts as a file: its columns, and reading one with a finding for every wrong cell."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.tabular import CellKind, Column, Findings, Row, read_table, write_template, write_xlsx

#: Posts taken from one list: fifty a day. Bound of the platform, not of the regulation.
MOST_POSTS = 20_000
#: Largest file; a list of that many posts makes about 3 MB.
MOST_BYTES = 20 * 1024 * 1024
#: Largest number that a column can hold and a person can mean.
LARGEST = 10**12
SHEET = gettext_lazy("推送清单")

COLUMNS: tuple[Column, ...] = (
    Column(
        "published_on",
        gettext_lazy("推送日期"),
        CellKind.DATE,
        required=True,
        examples=("2026-03-08", "2026-06-19"),
        aliases=("日期", "发布日期", "发布时间", "推送时间"),
    ),
    Column(
        "title",
        gettext_lazy("标题"),
        required=True,
        max_length=300,
        help=gettext_lazy("图文标题；微博、短视频没有标题的，写前几句。"),
        examples=("新学期教学安排", "端午节放假通知"),
        aliases=("图文标题", "内容标题"),
    ),
    Column(
        "url",
        gettext_lazy("链接"),
        max_length=500,
        help=gettext_lazy("可以不填。"),
        examples=("https://mp.weixin.qq.com/s/abc", ""),
        aliases=("链接地址", "网址", "内容url"),
    ),
    Column(
        "clicks",
        gettext_lazy("点击量"),
        CellKind.INTEGER,
        help=gettext_lazy("只写数字，没有就空着。"),
        examples=("1284", "960"),
        aliases=("阅读量", "阅读数", "点击数", "总阅读人数"),
    ),
    Column(
        "reposts",
        gettext_lazy("转发量"),
        CellKind.INTEGER,
        help=gettext_lazy("只写数字，没有就空着。"),
        examples=("37", "12"),
        aliases=("转发数", "分享数", "总分享人数"),
    ),
)


@dataclass(slots=True)
class PushPlan:
    """What a file of posts holds. With findings nothing is stored.

    Args:
        rows: the posts in the order of the file.
        findings: what is wrong, cell by cell.
        digest: SHA-256 of the file.
        name: name of the file.
    """

    rows: list[Row]
    findings: Findings
    digest: str
    name: str

    @property
    def ok(self) -> bool:
        return not self.findings

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def first_on(self) -> date | None:
        return min((row.values["published_on"] for row in self.rows), default=None)

    @property
    def last_on(self) -> date | None:
        return max((row.values["published_on"] for row in self.rows), default=None)


def read_push_list(content: bytes, filename: str, *, year: int, on: date) -> PushPlan:
    """Read a list of posts; never raises for what the file holds.

    Args:
        content: the file, XLSX or CSV (UTF-8, GBK, UTF-16).
        filename: its name.
        year: the year of the review; posts of other years do not belong into the list.
        on: today; posts of later days have not been published.
    """
    table = read_table(content, filename, COLUMNS, sheet=str(SHEET))
    findings = table.findings
    if len(table.rows) > MOST_POSTS:
        findings.add(
            0,
            "",
            filename,
            _("有 %(n)s 条，一份清单最多 %(most)s 条") % {"n": f"{len(table.rows):,}", "most": f"{MOST_POSTS:,}"},
            _("只留这个账号这一年的推送；确有这么多，找办公室商量分账号报送"),
        )
        return PushPlan([], findings, hashlib.sha256(content).hexdigest(), filename)
    _check_dates(table.rows, year, on, findings)
    _check_numbers(table.rows, findings)
    _check_twice(table.rows, findings)
    return PushPlan(table.rows, findings, hashlib.sha256(content).hexdigest(), filename)


def _check_dates(rows: Sequence[Row], year: int, on: date, findings: Findings) -> None:
    for row in rows:
        day = row.values.get("published_on")
        if day is None:
            continue
        if day.year != year:
            findings.add(
                row.number,
                COLUMNS[0],
                day.isoformat(),
                _("不在 %(year)s 年内") % {"year": year},
                _("清单只列 %(year)s 年的推送，删去这一行或改正日期") % {"year": year},
            )
        elif day > on:
            findings.add(row.number, COLUMNS[0], day.isoformat(), _("这一天还没有到"), _("改正日期，或删去这一行"))


def _check_numbers(rows: Sequence[Row], findings: Findings) -> None:
    for row in rows:
        for column in COLUMNS[3:]:
            value = row.values.get(column.name)
            if value is not None and not 0 <= value <= LARGEST:
                findings.add(row.number, column, value, _("数字不对"), _("写 0 或更大的数，核对位数"))


def _check_twice(rows: Sequence[Row], findings: Findings) -> None:
    seen: dict[tuple[object, ...], int] = {}
    for row in rows:
        if row.bad:
            continue
        key = (row.values["published_on"], row.values["title"], row.values.get("url") or "")
        if (before := seen.setdefault(key, row.number)) != row.number:
            findings.add(
                row.number,
                COLUMNS[1],
                row.values["title"],
                _("和第 %(row)d 行是同一条") % {"row": before},
                _("删去重复的一行；同一天确实发了两次的，写上各自的链接"),
            )


@dataclass(frozen=True, slots=True)
class Post:
    """A post that the platform has a record of."""

    published_on: date
    title: str
    url: str = ""
    clicks: int | None = None
    reposts: int | None = None


class PostProvider(Protocol):
    """A room that keeps records of what accounts publish."""

    code: str

    def posts(self, institution_id: int, account_id: int, year: int) -> "Sequence[Post] | None":
        """Return what the account published in the year, or None when nothing is known of the account."""


_providers: dict[str, PostProvider] = {}


def register(provider: PostProvider) -> None:
    """Register who keeps records of posts; the same code again replaces it."""
    _providers[provider.code] = provider


def recorded_posts(institution_id: int, account_id: int, year: int) -> "list[Post] | None":
    """Return the posts of the year by the platform's own records, oldest first, or None when it keeps none."""
    for provider in _providers.values():
        posts = provider.posts(institution_id, account_id, year)
        if posts is not None:
            return sorted(posts, key=lambda post: (post.published_on, post.title))
    return None


def as_file(posts: Sequence[Post]) -> bytes:
    """Return posts as the workbook that somebody would have handed in."""
    rows = [{column.name: getattr(post, column.name) for column in COLUMNS} for post in posts]
    return write_xlsx(COLUMNS, rows, sheet=str(SHEET))


def template() -> bytes:
    """Return the workbook to fill in."""
    return write_template(COLUMNS, sheet=str(SHEET))
