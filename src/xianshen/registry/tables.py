"""The account board: its columns, and a page of accounts as cells.

A cell knows its words, for exports, and its markup, for the page. Markup that many rows share (a
platform, a state, an answer) is made once per page.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.components import Option, Tab
from xianshen.common.composed import picked
from xianshen.common.language import local
from xianshen.common.templatetags import components
from xianshen.common.zhdates import zh_date
from xianshen.organisation.selectors import Grants, positions, units
from xianshen.registry.enums import AccountState
from xianshen.registry.models import MediaAccount
from xianshen.registry.running import may_run, server_lapsed, state_face
from xianshen.registry.selectors import SORTS, BoardFilter, SponsorFile, count_by_state, sponsor_files
from xianshen.registry.words import seat
from xianshen.regulation.enums import Capability
from xianshen.regulation.schema import NotInPolicy, Policy

DEFAULT_SORT = "tier"
VIEWS = ("", "stopped", "applied", "no_owner")
Text = str | Promise


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """A column of the board.

    Args:
        code: its code in the address.
        title: its heading.
        sort: key by which its heading sorts, or "".
        phone: how the cell behaves on a phone: hide, right, full, or "" for an ordinary cell.
        label: words before the cell on a phone.
        nowrap: whether it stays on one line.
    """

    code: str
    title: Text
    sort: str = ""
    phone: str = "hide"
    label: Text = ""
    nowrap: bool = False


COLUMNS: tuple[BoardColumn, ...] = (
    BoardColumn("platform", gettext_lazy("平台")),
    BoardColumn("tier", gettext_lazy("层级"), "tier"),
    BoardColumn("unit", gettext_lazy("主办单位"), "unit"),
    BoardColumn("responsible", gettext_lazy("第一责任人")),
    BoardColumn("owner", gettext_lazy("负责人")),
    BoardColumn("state", gettext_lazy("状态"), "state", "right", nowrap=True),
    BoardColumn("answer", gettext_lazy("今天可以运行吗"), "", "", gettext_lazy("今天"), nowrap=True),
    BoardColumn("clock", gettext_lazy("主办材料时限"), "", "full", gettext_lazy("主办材料")),
    BoardColumn("opened", gettext_lazy("开通时间"), "opened", nowrap=True),
)
# The owner is one click away on the account's page; the column is there for who asks for it.
FIRST_SHOWN = tuple(column for column in COLUMNS if column.code != "owner")
BY_CODE = {column.code: column for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class Board:
    """What the address asks for.

    Args:
        wanted: filters and view.
        sort: key of the sort.
        columns: columns shown, besides the account itself.
        chosen: keys of accounts picked by hand; empty for all.
    """

    wanted: BoardFilter
    sort: str
    columns: tuple[BoardColumn, ...]
    chosen: tuple[int, ...] = ()

    @property
    def filtered(self) -> bool:
        """Whether anything but the view narrows the board."""
        wanted = self.wanted
        return bool(wanted.q or wanted.platform or wanted.tier or wanted.unit or wanted.state)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def board_from(query: Mapping[str, str], *, columns: Sequence[str] = (), chosen: Sequence[str] = ()) -> Board:
    """Read the board's state from an address; what makes no sense counts as not given.

    Args:
        query: parameters with one value.
        columns: values of ``col``.
        chosen: values of ``ids``.
    """
    state, view, sort = query.get("state", ""), query.get("view", ""), query.get("sort", "")
    wanted = BoardFilter(
        q=query.get("q", "").replace("\x00", "").strip()[:100],
        platform=query.get("platform", "").replace("\x00", "")[:40],
        tier=_number(query.get("tier", "")),
        unit=_number(query.get("unit", "")),
        state=state if state in AccountState.values else "",
        view=view if view in VIEWS else "",
    )
    picked = tuple(column for column in COLUMNS if column.code in columns)
    keys = tuple(dict.fromkeys(key for text in chosen if (key := _number(text)) is not None))
    return Board(wanted, sort if sort in SORTS else DEFAULT_SORT, picked or FIRST_SHOWN, keys)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the board.

    Args:
        column: its column.
        value: its words or date, for exports.
        html: what the page shows.
        quiet: whether nothing in it asks for attention.
    """

    column: BoardColumn
    value: str | date | None
    html: SafeString | str
    quiet: bool = False

    @property
    def phone(self) -> str:
        """How the cell behaves on a phone; a quiet one says nothing there."""
        return "hide" if self.quiet else self.column.phone


@dataclass(frozen=True, slots=True)
class BoardRow:
    """An account of the page with its cells.

    Args:
        account: the account.
        cells: cells in the order of the columns.
        place: platform, tier and unit in one line, for phones.
    """

    account: MediaAccount
    cells: list[Cell]
    place: SafeString


Cite = Callable[[str, date | None], Any]


@picked
def _unit_names(institution_id: int, wanted: frozenset[int]) -> QuerySet[Any, Any]:
    return units(institution_id, closed=True).filter(pk__in=sorted(wanted)).values_list("pk", "name")


@picked
def _seat_titles(institution_id: int, kinds: frozenset[str], where: frozenset[int]) -> QuerySet[Any, Any]:
    found = positions(institution_id).filter(kind__in=sorted(kinds), unit_id__in=sorted(where))
    return found.order_by("-pk").values_list("kind", "unit_id", "title")


@picked
def _open_units(institution_id: int, kinds: frozenset[str]) -> QuerySet[Any, Any]:
    return units(institution_id).filter(kind__in=sorted(kinds)).order_by("key").values_list("pk", "name")


@dataclass
class BoardTable:
    """Turns accounts into rows; asks the database three questions for a page, however long it is.

    Args:
        institution_id: whose accounts.
        policy: the policy in force today.
        on: today.
        now: the moment, for clocks.
        cite: turns a rule into a citation (the page's); None leaves articles out.
    """

    institution_id: int
    policy: Policy
    on: date
    now: datetime
    cite: Cite | None = None
    _units: dict[int, str] = field(default_factory=dict)
    _seats: dict[tuple[str, int], str] = field(default_factory=dict)
    _files: dict[int, SponsorFile] = field(default_factory=dict)
    _made: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    _cells: dict[tuple[Any, ...], str] = field(default_factory=dict)

    def rows(self, accounts: Iterable[MediaAccount], columns: Sequence[BoardColumn]) -> list[BoardRow]:
        """Return the accounts as rows."""
        accounts = list(accounts)
        makers = self._makers(accounts, columns)
        return [
            BoardRow(account, [Cell(column, *make(account)) for column, make in makers], self._place(account))
            for account in accounts
        ]

    def body(
        self, accounts: Iterable[MediaAccount], columns: Sequence[BoardColumn], *, picks: bool = False
    ) -> list[str]:
        """Return the accounts as table rows, for the page.

        Five hundred cells are too many for template tags; here what many cells share is made once.

        Args:
            accounts: the accounts of the page.
            columns: columns shown, besides the account itself.
            picks: whether rows can be picked by hand.
        """
        accounts = list(accounts)
        pick = escape(_("选中")) if picks else ""
        makers = self._makers(accounts, columns)
        return [self._line(account, makers, pick) for account in accounts]

    def _line(self, account: MediaAccount, makers: Sequence[tuple[BoardColumn, Callable[..., Any]]], pick: str) -> str:
        name, handle = escape(account.name), escape(account.handle)
        box = (
            '<td class="xs-pick"><input class="form-check-input" type="checkbox" name="ids" data-pick'
            f' value="{account.pk}" aria-label="{pick} {name}"></td>'
            if pick
            else ""
        )
        cells = "".join([self._td(column, *make(account)) for column, make in makers])
        return mark_safe(
            f'<tr data-row>{box}<td><a class="xs-name" href="/accounts/{account.pk}/" data-row-link>{name}</a>'
            f'<span class="xs-2nd">{handle}</span></td>{cells}'
            f'<td class="xs-only-phone xs-sub xs-small">{self._place(account)}</td></tr>'
        )

    def _td(self, column: BoardColumn, value: str | date | None, html: SafeString | str, quiet: bool = False) -> str:
        key = (column.code, html, isinstance(html, SafeString), quiet)
        made = self._cells.get(key)
        if made is None:
            phone = Cell(column, value, html, quiet).phone
            marks = format_html(' data-c="{}"', phone) if phone else ""
            marks += format_html(' data-l="{}"', column.label) if column.label else ""
            marks += ' class="xs-nowrap"' if column.nowrap else ""
            made = self._cells[key] = f"<td{marks}>{conditional_escape(html)}</td>"
        return made

    def _makers(
        self, accounts: Sequence[MediaAccount], columns: Sequence[BoardColumn]
    ) -> list[tuple[BoardColumn, Callable[..., Any]]]:
        """Fetch what the accounts' cells need; return what makes them."""
        codes = {column.code for column in columns}
        self._load_units(accounts)
        if "responsible" in codes:
            self._load_seats(accounts)
        if "clock" in codes:
            required = [part.code for part in self.policy.sponsor_file.parts]
            self._files = sponsor_files({one.home_unit_id for one in accounts}, required, self.on)
        return [(column, getattr(self, f"_{column.code}")) for column in columns]

    def _load_units(self, accounts: Sequence[MediaAccount]) -> None:
        """Fetch the names of units not known yet: a page has many accounts of few units."""
        wanted = {
            pk for one in accounts for pk in (one.unit_id, one.home_unit_id, one.first_responsible_unit_id)
        } - self._units.keys()
        if wanted:
            self._units |= dict(_unit_names(self.institution_id, frozenset(wanted)))

    def _load_seats(self, accounts: Sequence[MediaAccount]) -> None:
        kinds = frozenset(one.first_responsible_position for one in accounts)
        where = frozenset(one.first_responsible_unit_id for one in accounts)
        self._seats = {(kind, unit): title for kind, unit, title in _seat_titles(self.institution_id, kinds, where)}

    def _once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _platform(self, account: MediaAccount) -> tuple[str, SafeString]:
        def make() -> tuple[str, SafeString]:
            try:
                platform = self.policy.platform(account.platform)
            except NotInPolicy:
                return account.platform, components.plat(account.platform)
            return local(platform.name), components.plat(platform.name, icon=platform.icon)

        found: tuple[str, SafeString] = self._once(("platform", account.platform), make)
        return found

    def _tier_name(self, number: int) -> str:
        try:
            return local(self.policy.tier(number).name)
        except NotInPolicy:
            return str(number)

    def _tier(self, account: MediaAccount) -> tuple[str, SafeString]:
        def make() -> tuple[str, SafeString]:
            name = self._tier_name(account.tier)
            return name, components.tier(account.tier, label=name)

        found: tuple[str, SafeString] = self._once(("tier", account.tier), make)
        return found

    def _unit(self, account: MediaAccount) -> tuple[str, SafeString | str]:
        found: tuple[str, SafeString | str] = self._once(
            ("unit", account.unit_id, account.home_unit_id), lambda: self._unit_words(account)
        )
        return found

    def _unit_words(self, account: MediaAccount) -> tuple[str, SafeString | str]:
        name = self._units[account.unit_id]
        if account.home_unit_id == account.unit_id:
            return name, escape(name)
        home = self._units[account.home_unit_id]
        html = format_html('{}<span class="xs-2nd">{}</span>', name, home)
        return _("%(unit)s（%(home)s）") % {"unit": name, "home": home}, html

    def _responsible(self, account: MediaAccount) -> tuple[str, str]:
        kind, unit_id = account.first_responsible_position, account.first_responsible_unit_id

        def make() -> tuple[str, str]:
            title = self._seats.get((kind, unit_id)) or position_title(self.policy, kind)
            words = seat(self._units[unit_id], title)
            return words, escape(words)

        found: tuple[str, str] = self._once(("responsible", kind, unit_id), make)
        return found

    def _owner(self, account: MediaAccount) -> tuple[str, SafeString | str]:
        if account.owner_id:
            return account.owner_name, account.owner_name
        html = self._once(("no owner",), lambda: components.state(_NoOwner(_("没有登记")), bare=True))
        return account.owner_name, html if not account.owner_name else account.owner_name

    def _state(self, account: MediaAccount) -> tuple[str, SafeString]:
        def make() -> tuple[str, SafeString]:
            face = state_face(account)
            return str(face.label), components.state(face, bare=True)

        found: tuple[str, SafeString] = self._once(("state", account.state, account.suspension_reason), make)
        return found

    def _answer(self, account: MediaAccount) -> tuple[str, SafeString]:
        opened = account.opened_on is None or account.opened_on <= self.on
        key = ("answer", account.state, account.suspension_reason, opened, server_lapsed(account, self.on))

        def make() -> tuple[str, SafeString]:
            answer = may_run(account, self.on)
            chip = self._chip(answer.rule)
            html = format_html("{}{}{}", components.state(answer.face, bare=True), " " if chip else "", chip)
            label = str(answer.face.label)
            return (f"{label}：{answer.reason}" if answer.reason else label), html

        found: tuple[str, SafeString] = self._once(key, make)
        return found

    def _chip(self, rule: str) -> SafeString:
        citation = self.cite(rule, None) if rule and self.cite else None
        return components.article_html(citation.label, citation.url) if citation else SafeString("")

    def _clock(self, account: MediaAccount) -> tuple[str | date | None, SafeString | str, bool]:
        if account.state == AccountState.CLOSED:
            return None, "—", True
        found: tuple[str | date | None, SafeString | str, bool] = self._once(
            ("clock", account.home_unit_id), lambda: self._file_clock(self._files[account.home_unit_id])
        )
        return found

    def _file_clock(self, file: SponsorFile) -> tuple[str | date | None, SafeString | str, bool]:
        if file.missing:
            words = _("缺 %(n)d 份") % {"n": len(file.missing)}
            return words, components.state(_Missing(words), bare=True), False
        until = file.valid_until
        if until is None:
            return None, "—", True
        first = min(file.documents.values(), key=lambda document: document.valid_until)
        part = next(part for part in self.policy.sponsor_file.parts if part.code == first.kind)
        warn = self.policy.clock(part.validity).reminders
        soon = date.fromordinal(until.toordinal() - max(warn, default=0))
        if self.on < soon:
            words = _("至%(date)s") % {"date": zh_date(until, today=self.on)}
            return until, format_html('<span class="xs-muted">{}</span>', words), True
        html = components.clock(
            {"now": self.now},  # type: ignore[arg-type]
            due=until,
            start=first.valid_from,
            soon_from=soon,
            note=local(part.label),
        )
        return until, html, False

    def _opened(self, account: MediaAccount) -> tuple[date | None, str]:
        day = account.opened_on
        if day is None:
            return None, "—"
        words: str = self._once(("opened", day), lambda: zh_date(day, today=self.on))
        return day, words

    def _place(self, account: MediaAccount) -> SafeString:
        def make() -> SafeString:
            tier, unit = self._tier_name(account.tier), self._units[account.unit_id]
            return format_html("{} · {} · {}", self._platform(account)[1], tier, unit)

        found: SafeString = self._once(("place", account.platform, account.tier, account.unit_id), make)
        return found


@dataclass(frozen=True, slots=True)
class _Missing:
    label: str
    tone: str = "soon"
    icon: str = "alert-triangle"


@dataclass(frozen=True, slots=True)
class _NoOwner:
    label: str
    tone: str = "soon"
    icon: str = "user-question"


def position_title(policy: Policy, kind: str) -> str:
    """Return what a kind of position is called; its code where the policy no longer has it."""
    try:
        return policy.position_kind(kind).title
    except NotInPolicy:
        return kind


@dataclass(frozen=True, slots=True)
class BoardCounts:
    """How many accounts there are, of those the person may see."""

    total: int
    running: int
    applied: int
    no_owner: int

    @property
    def stopped(self) -> int:
        """Accounts that may not run today."""
        return self.total - self.running

    def of(self, view: str) -> int:
        return {"": self.total, "stopped": self.stopped, "applied": self.applied, "no_owner": self.no_owner}[view]


def counts_of(accounts: QuerySet[MediaAccount]) -> BoardCounts:
    """Count the accounts of the saved views (two queries)."""
    states = count_by_state(accounts)
    no_owner = accounts.filter(owner__isnull=True).exclude(state=AccountState.CLOSED).order_by().count()
    return BoardCounts(
        sum(states.values()), states.get(AccountState.ACTIVE, 0), states.get(AccountState.APPLIED, 0), no_owner
    )


def view_tabs(counts: BoardCounts, current: str) -> list[Tab]:
    """Return the saved views with their counts."""
    labels: dict[str, str] = {
        "": _("全部"),
        "stopped": _("今天不可运行"),
        "applied": _("等服务器审批"),
        "no_owner": _("没有登记负责人"),
    }
    return [
        Tab(label, f"?view={view}" if view else "?", counts.of(view), view == current) for view, label in labels.items()
    ]


def unit_options(institution_id: int, grants: Grants, policy: Policy) -> list[Option]:
    """Return the units by which the board can be narrowed: those that answer for accounts."""
    kinds = frozenset(kind.code for kind in policy.organisation.unit_kinds if not kind.home)
    found = _open_units(institution_id, kinds)
    if not grants.has(Capability.ACCOUNTS_VIEW_ALL):
        mine = grants.units(Capability.ACCOUNTS_VIEW_UNIT)
        found = [(pk, name) for pk, name in found if pk in mine]
    return [Option(str(pk), name) for pk, name in found]
