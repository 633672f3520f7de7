"""An account as the public sees it: every page, file and answer of this room is made from this.

Only what :class:`PublicAccount` names leaves the register. Texts that applicants wrote freely stay
inside; names and handles pass through the mask for mobile numbers and e-mail addresses.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from xianshen.common.language import local
from xianshen.common.states import Face
from xianshen.common.tabular import Column, write_csv
from xianshen.directory.texts import one_line
from xianshen.documents.stationery import public_address, verification_url
from xianshen.ledger.privacy import mask_text
from xianshen.registry.enums import AccountState
from xianshen.registry.selectors import Answer, former_names_matching, may_run, public_accounts, search, state_face
from xianshen.regulation.enums import SubjectKind
from xianshen.regulation.schema import NotInPolicy, PlatformSpec, Policy
from xianshen.regulation.selectors import Citation, NoPolicyInForce, cite, policy_on, policy_version

if TYPE_CHECKING:
    from xianshen.registry.models import MediaAccount

QUERY_LIMIT = 100


@dataclass(frozen=True, slots=True)
class PublicAccount:
    """What everybody may know of an account.

    Args:
        code: verification code, its public identifier.
        name: name on the platform.
        platform: code of the platform type.
        platform_name: its words.
        platform_icon: its icon.
        family: group of platform types, e.g. 微信.
        handle: account name or address on the platform.
        unit: sponsoring unit.
        tier: number of the tier.
        tier_name: its words.
        state: code of the state.
        reason: code of the reason of a suspension, or "".
        face: the state in words, tone and icon.
        audience: whom it serves, in words.
        opened_on: since when it is on record as open.
        closed_on: when it was closed.
        answer: whether it may run on the day asked.
        citation: article behind a no, if any.
        formerly: the former name or handle by which a search found it, or "".
    """

    code: str
    name: str
    platform: str
    platform_name: str
    platform_icon: str
    family: str
    handle: str
    unit: str
    tier: int
    tier_name: str
    state: str
    reason: str
    face: Face
    audience: tuple[str, ...]
    opened_on: date | None
    closed_on: date | None
    answer: Answer
    citation: Citation | None = None
    formerly: str = ""

    @property
    def state_words(self) -> str:
        return str(self.face.label)

    @property
    def handle_is_address(self) -> bool:
        return self.handle.lower().startswith(("http://", "https://"))

    @property
    def verify_url(self) -> str:
        """The full address that the QR code leads to."""
        return verification_url(self.code)

    @property
    def origin(self) -> str:
        return public_address()


def policy_or_none(institution_id: int, on: date) -> Policy | None:
    """Return the policy in force, or None: the directory stays readable between two versions."""
    try:
        return policy_on(institution_id, on)
    except NoPolicyInForce:
        return None


def platform_spec(account: "MediaAccount", policy: Policy | None) -> PlatformSpec | None:
    """Return the platform type, by today's policy or by that under which the account was registered."""
    for known in (policy, None):
        try:
            return (known or policy_version(account.policy_version_id)).platform(account.platform)
        except NotInPolicy:
            continue
    return None


def platform_words(code: str, policy: Policy | None) -> str:
    """Return the words of a platform type's code, or the code where policy does not know it."""
    try:
        return local(policy.platform(code).name) if policy and code else code
    except NotInPolicy:
        return code


def tier_name(tier: int, policy: Policy | None) -> str:
    try:
        return policy.tier(tier).name if policy else str(tier)
    except NotInPolicy:
        return str(tier)


def _audience(account: "MediaAccount", policy: Policy | None) -> tuple[str, ...]:
    """Return the choices of the form in words; anything that is no choice of the form stays inside."""
    if policy is None:
        return ()
    try:
        fields = policy.form_for(SubjectKind.OPENING_APPLICATION).fields
    except NotInPolicy:
        return ()
    words = {choice.code: choice.label for field in fields if field.code == "audience" for choice in field.choices}
    return tuple(words[code] for code in account.audience if code in words)


def public_account(account: "MediaAccount", policy: Policy | None, on: date, formerly: str = "") -> PublicAccount:
    """Return the public side of an account (no query).

    Args:
        account: with ``unit`` loaded.
        policy: in force on the day, if any.
        on: the day for which it is said whether the account may run.
        formerly: the former name by which it was found.
    """
    answer = may_run(account, on)
    platform = platform_spec(account, policy)
    return PublicAccount(
        code=account.code,
        name=mask_text(account.name),
        platform=account.platform,
        platform_name=platform.name if platform else account.platform,
        platform_icon=platform.icon if platform else "world",
        family=platform.family if platform else account.platform,
        handle=mask_text(account.handle),
        unit=account.unit.name,
        tier=account.tier,
        tier_name=tier_name(account.tier, policy),
        state=account.state,
        reason=account.suspension_reason,
        face=state_face(account),
        audience=_audience(account, policy),
        opened_on=account.opened_on,
        closed_on=account.closed_on,
        answer=answer,
        citation=None if answer.allowed else cite(account.institution_id, answer.rule, on),
        formerly=mask_text(formerly),
    )


@dataclass(frozen=True, slots=True)
class ListFilter:
    """Filters of the public list, as they stand in the URL. Empty means all.

    Args:
        q: part of a name, handle or unit.
        platform: code of a platform type, or the name of a family of them.
        tier: number of a tier.
        state: code of a state.
    """

    q: str = ""
    platform: str = ""
    tier: int | None = None
    state: str = ""

    @classmethod
    def cleaned(
        cls, *, q: str = "", platform: str = "", tier: str | int | None = None, state: str = ""
    ) -> "ListFilter":
        """Return filters from what an address says; unknown values filter nothing."""
        number = int(tier) if isinstance(tier, int) or (isinstance(tier, str) and tier.isdecimal()) else None
        return cls(
            q=one_line(q, QUERY_LIMIT),
            platform=one_line(platform, 60),
            tier=number if number and 0 < number < 100 else None,
            state=state if state in AccountState.values else "",
        )


def filtered(institution_id: int, wanted: ListFilter, policy: Policy | None) -> "QuerySet[MediaAccount]":
    """Return the accounts of the public list that the filters leave, by tier and name."""
    accounts = search(public_accounts(institution_id), wanted.q)
    if wanted.platform:
        family = [spec.code for spec in policy.platforms if spec.family == wanted.platform] if policy else []
        accounts = accounts.filter(platform__in=family or [wanted.platform])
    if wanted.tier:
        accounts = accounts.filter(tier=wanted.tier)
    if wanted.state:
        accounts = accounts.filter(state=wanted.state)
    return accounts


def listed_accounts(
    accounts: "Sequence[MediaAccount]", wanted: ListFilter, policy: Policy | None, on: date
) -> list[PublicAccount]:
    """Return a page of the list; an account found by a former name says so (one query where words were given)."""
    former = former_names_matching([one.pk for one in accounts], wanted.q) if wanted.q else {}
    return [public_account(one, policy, on, former.get(one.pk, "")) for one in accounts]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many accounts the public list holds.

    Args:
        by_tier: per tier.
        by_state: per state.
        by_platform: per platform type.
    """

    by_tier: dict[int, int]
    by_state: dict[str, int]
    by_platform: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_state.values())

    @property
    def running(self) -> int:
        return self.by_state.get(AccountState.ACTIVE, 0)

    @property
    def stopped(self) -> int:
        return self.total - self.running


def count_accounts(institution_id: int) -> Counts:
    """Count the public list by tier, state and platform type (one query)."""
    tiers: dict[int, int] = {}
    states: dict[str, int] = {}
    platforms: dict[str, int] = {}
    rows = public_accounts(institution_id).order_by().values_list("tier", "state", "platform").annotate(n=Count("pk"))
    for tier, state, platform, number in rows:
        tiers[tier] = tiers.get(tier, 0) + number
        states[state] = states.get(state, 0) + number
        platforms[platform] = platforms.get(platform, 0) + number
    return Counts(tiers, states, platforms)


def columns() -> list[Column]:
    """Return the columns of the downloadable table."""
    return [
        Column("code", _("核验码")),
        Column("name", _("新媒体名称")),
        Column("platform", _("新媒体类型")),
        Column("handle", _("账号名称或链接地址")),
        Column("unit", _("主办单位")),
        Column("tier", _("层级")),
        Column("state", _("状态代码")),
        Column("state_words", _("状态")),
        Column("may_run", _("现在能否运行")),
        Column("reason", _("不能运行的原因")),
        Column("since", _("从哪天起不能运行")),
        Column("article", _("依据条文")),
        Column("opened_on", _("开通时间")),
        Column("closed_on", _("停办时间")),
        Column("verify_url", _("核验地址")),
    ]


def table_rows(accounts: Iterable[PublicAccount]) -> Iterable[dict[str, object]]:
    """Yield the rows of the downloadable table."""
    for one in accounts:
        yield {
            "code": one.code,
            "name": one.name,
            "platform": one.platform_name,
            "handle": one.handle,
            "unit": one.unit,
            "tier": one.tier_name,
            "state": one.state,
            "state_words": one.state_words,
            "may_run": _("可以") if one.answer.allowed else _("不可以"),
            "reason": one.answer.reason,
            "since": one.answer.since.isoformat() if one.answer.since else "",
            "article": one.citation.label if one.citation else "",
            "opened_on": one.opened_on.isoformat() if one.opened_on else "",
            "closed_on": one.closed_on.isoformat() if one.closed_on else "",
            "verify_url": one.verify_url,
        }


def csv_of(institution_id: int, wanted: ListFilter, on: date) -> bytes:
    """Return the filtered list as CSV (one query)."""
    policy = policy_or_none(institution_id, on)
    accounts = filtered(institution_id, wanted, policy)
    return write_csv(columns(), table_rows(public_account(account, policy, on) for account in accounts))
