"""Is this account the institution's? The one place that answers (selectors).

Pages, the API and ``/verify/CODE`` all ask here. Only a spelling that is exactly the registered one
counts: look-alike characters, other scripts, invisible characters and other hosts never do. What
resembles a listed account or the institution's own name is answered with a warning instead.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _
from rapidfuzz.distance import OSA

from xianshen.common.codes import normalise_code
from xianshen.common.zhdates import zh_date
from xianshen.directory import rules
from xianshen.directory.addresses import Address, find_address, parse_address
from xianshen.directory.enums import Likeness, MatchedBy, ReportState, Verdict, WarningCode
from xianshen.directory.listing import PublicAccount, policy_or_none, public_account
from xianshen.directory.selectors import reports_like
from xianshen.directory.texts import handle_of, one_line, plain
from xianshen.registry import names
from xianshen.registry.selectors import public_accounts, similar_names
from xianshen.regulation.selectors import Citation, cite

if TYPE_CHECKING:
    from xianshen.organisation.models import Institution
    from xianshen.registry.models import MediaAccount
    from xianshen.regulation.schema import Policy

INPUT_LIMIT = 500
MOST_SIMILAR = 6
CANDIDATES = 50
#: Longer than any name or handle on record can be: nothing resembles it.
LONGEST_NAME = 120
#: Handles of fewer characters are alike by chance.
SHORTEST_HANDLE = 5
#: Digits that are drawn like letters, for handles.
_DIGITS = str.maketrans("01", "ol")


@dataclass(frozen=True, slots=True)
class Caution:
    """A reason for care.

    Args:
        code: why.
        text: what is the matter and what to do, in words.
        citation: article behind it, if any.
    """

    code: WarningCode
    text: str
    citation: Citation | None = None


@dataclass(frozen=True, slots=True)
class Resembling:
    """A listed account that resembles what was looked for."""

    account: PublicAccount
    how: Likeness


@dataclass(frozen=True, slots=True)
class Verification:
    """What verification found.

    Args:
        by: by what it was looked for.
        value: what was looked for, cleaned.
        verdict: the answer.
        accounts: listed accounts with exactly this name, handle, address or code; those that may run first.
        resembling: listed accounts that it resembles.
        cautions: reasons for care.
    """

    by: MatchedBy
    value: str
    verdict: Verdict
    accounts: tuple[PublicAccount, ...] = ()
    resembling: tuple[Resembling, ...] = ()
    cautions: tuple[Caution, ...] = field(default=())

    @property
    def listed(self) -> bool:
        return bool(self.accounts)

    @property
    def confusing(self) -> bool:
        """Whether one of the resembling accounts could be mistaken for it."""
        return any(one.how not in {Likeness.CONTAINS} for one in self.resembling)


class Desk:
    """Answers for one institution on one day.

    Args:
        institution: whose accounts.
        on: the day.
    """

    def __init__(self, institution: "Institution", on: date) -> None:
        self.institution = institution
        self.on = on
        self.policy: Policy | None = policy_or_none(institution.pk, on)

    # ── what was looked for ──────────────────────────

    def by_name(self, name: str) -> Verification:
        """Look for a name exactly as it stands on the platform."""
        name = one_line(name, INPUT_LIMIT)
        found = self._with_name(name)
        return self._answer(MatchedBy.NAME, name, found, name=name)

    def by_handle(self, handle: str) -> Verification:
        """Look for a handle; ASCII letter case and a leading at sign make no difference."""
        handle = one_line(handle, INPUT_LIMIT)
        found = self._with_handle(handle)
        return self._answer(MatchedBy.HANDLE, handle, found, handle=handle)

    def by_url(self, url: str) -> Verification:
        """Look for an address."""
        url = one_line(url, INPUT_LIMIT)
        address = parse_address(url)
        found = self._with_address(address) if address and not names.invisible_characters(url) else []
        return self._answer(MatchedBy.URL, url, found, address=address)

    def by_text(self, text: str) -> Verification:
        """Look for whatever somebody typed or pasted: code, address, handle or name."""
        text = one_line(text, INPUT_LIMIT)
        if address := find_address(text):
            return self.by_url(address)
        if account := self.with_code(text):
            return self._answer(MatchedBy.CODE, text, [account])
        named = self._with_name(text)
        found = named + [one for one in self._with_handle(text) if one not in named]
        return self._answer(MatchedBy.TEXT, text, found, name=text, handle=text)

    def with_code(self, typed: str) -> "MediaAccount | None":
        """Return the account with a verification code, however it was typed, or None."""
        code = normalise_code(typed)
        return public_accounts(self.institution.pk).filter(code=code).first() if code else None

    # ── exact matches ────────────────────────────────

    def _with_name(self, name: str) -> "list[MediaAccount]":
        wanted = plain(name)
        if not wanted or names.invisible_characters(name):
            return []
        candidates = public_accounts(self.institution.pk).filter(name_fold=names.fold(name)[:120])[:CANDIDATES]
        return [one for one in candidates if plain(one.name) == wanted]

    def _with_handle(self, handle: str) -> "list[MediaAccount]":
        wanted = handle_of(handle)
        if not wanted or names.invisible_characters(handle):
            return []
        fold = names.fold(wanted)[:300]
        candidates = public_accounts(self.institution.pk).filter(handle_fold=fold)[:CANDIDATES]
        return [one for one in candidates if handle_of(one.handle) == wanted]

    def _with_address(self, address: Address) -> "list[MediaAccount]":
        named = self._with_handle(address.nickname) if address.nickname else []
        candidates = self._addresses_like(address)
        found = [one for one in candidates if (known := parse_address(one.handle)) and known.key == address.key]
        return found + [one for one in named if one not in found and self._lives_at(one, address)]

    def _lives_at(self, account: "MediaAccount", address: Address) -> bool:
        """Say whether the address is one of the account's platform, by the form that policy gives for it."""
        spec = (
            next((one for one in self.policy.platforms if one.code == account.platform), None) if self.policy else None
        )
        return spec is not None and bool(re.fullmatch(spec.url.pattern, f"https://{address.host}{address.path}"))

    def _addresses_like(self, address: Address) -> "list[MediaAccount]":
        """Return accounts registered under an address with this path or host, cheaply for the database."""
        tail = names.fold(address.path)
        wanted = Q(handle_fold__endswith=tail) if len(tail) >= SHORTEST_HANDLE else Q(pk__in=[])
        wanted |= Q(handle_fold__contains=names.fold(f"{address.host}{address.path}"))
        accounts = public_accounts(self.institution.pk).filter(wanted, handle_fold__startswith="http")
        return list(accounts[:CANDIDATES])

    # ── what it resembles ────────────────────────────

    def _resembling_names(self, name: str) -> "list[tuple[MediaAccount, Likeness]]":
        if len(name) > LONGEST_NAME:
            return []
        return [(one.account, Likeness(one.how)) for one in similar_names(self.institution.pk, name)]

    def _resembling_handles(self, handle: str) -> "list[tuple[MediaAccount, Likeness]]":
        folded = names.fold(handle_of(handle))
        if not SHORTEST_HANDLE <= len(folded) <= LONGEST_NAME:
            return []
        half = len(folded) // 2
        alike = Q(handle_fold__startswith=folded[:half]) | Q(handle_fold__endswith=folded[half:])
        looks = folded.translate(_DIGITS)
        return [
            (one, Likeness.HANDLE)
            for one in public_accounts(self.institution.pk).filter(alike)[: CANDIDATES * 4]
            if one.handle_fold.translate(_DIGITS) == looks or OSA.distance(folded, one.handle_fold, score_cutoff=1) <= 1
        ]

    def _resembling_addresses(self, address: Address) -> "list[tuple[MediaAccount, Likeness]]":
        near = [(one, Likeness.ADDRESS) for one in self._addresses_like(address)]
        return near + (self._resembling_handles(address.nickname) if address.nickname else [])

    # ── reasons for care ─────────────────────────────

    def _cite(self, rule: str) -> Citation | None:
        return cite(self.institution.pk, rule, self.on)

    def _own_names(self) -> list[str]:
        """Return what the institution is called, longest first; Latin abbreviations are left to handles."""
        said = [self.institution.name, self.institution.short_name, *self.institution.aliases]
        return sorted({one for one in said if one and not one.isascii()}, key=len, reverse=True)

    def _invisible_cautions(self, value: str) -> list[Caution]:
        invisible = list(dict.fromkeys(names.invisible_characters(value)))
        if not invisible:
            return []
        return [
            Caution(
                WarningCode.INVISIBLE,
                _("它里面有看不见的字符（%(chars)s）。正式登记的名称里没有这种字符，不要当成学校的账号。")
                % {"chars": _("、").join(invisible[:5])},
                self._cite(rules.NAME_LOOKALIKE),
            )
        ]

    def _name_cautions(self, name: str) -> list[Caution]:
        """Say whether a name that is not listed writes or imitates what the institution is called."""
        own = self._own_names()
        if claimed := next((one for one in own if one in name), ""):
            return [
                Caution(
                    WarningCode.CLAIMS,
                    _("它用了「%(name)s」的名义，但没有登记。没有登记的，不是学校授权的账号。") % {"name": claimed},
                    self._cite(rules.AUTHORISED_ONLY),
                )
            ]
        if imitated := next((one for one in own if names.imitates(name, one)), ""):
            return [
                Caution(
                    WarningCode.IMITATES,
                    _("它看上去或读起来像「%(name)s」，写法却不同。不要当成学校的账号。") % {"name": imitated},
                    self._cite(rules.NAME_LOOKALIKE),
                )
            ]
        return []

    def _report_cautions(self, name: str, link: str, found: "Sequence[MediaAccount]") -> list[Caution]:
        states = (ReportState.CONFIRMED, ReportState.CHECKING)
        reports = reports_like(self.institution.pk, name=name, link=link, states=states)
        confirmed = [one for one in reports if one.state == ReportState.CONFIRMED]
        rule = self._cite(rules.IMPOSTOR_REPORT)
        if confirmed and found:
            return [
                Caution(
                    WarningCode.SAME_NAME_IMPOSTOR,
                    _("核实过有人用同样的名称冒充。核对平台和账号 ID，都对得上才是学校的账号。"),
                    rule,
                )
            ]
        if confirmed:
            day = zh_date(confirmed[0].closed_at, year=True) if confirmed[0].closed_at else ""
            return [
                Caution(
                    WarningCode.CONFIRMED,
                    _("%(date)s核实：它冒用学校或校内组织的名义，不是学校的账号。") % {"date": day},
                    rule,
                )
            ]
        if reports and not found:
            return [
                Caution(WarningCode.CHECKING, _("有人举报它冒用名义，正在核实。核实之前不要相信它发的内容。"), rule)
            ]
        return []

    def _answer(
        self,
        by: MatchedBy,
        value: str,
        found: "Sequence[MediaAccount]",
        *,
        name: str = "",
        handle: str = "",
        address: Address | None = None,
    ) -> Verification:
        accounts = sorted((self.face_of(one) for one in found), key=lambda one: not one.answer.allowed)
        near: list[tuple[MediaAccount, Likeness]] = []
        cautions = self._invisible_cautions(value)
        if not found:
            near += self._resembling_names(name) if name else []
            near += self._resembling_handles(handle) if handle else []
            near += self._resembling_addresses(address) if address else []
            cautions += self._name_cautions(name) if name else []
            cautions += self._address_cautions(value, address) if by == MatchedBy.URL else []
        if by != MatchedBy.CODE:
            link = value if by in {MatchedBy.URL, MatchedBy.HANDLE, MatchedBy.TEXT} else ""
            cautions += self._report_cautions(name, link, found)
        if found and by in {MatchedBy.NAME, MatchedBy.TEXT} and any(plain(one.name) == plain(value) for one in found):
            cautions.append(Caution(WarningCode.NAME_ONLY, _("名称可以被人照抄。再核对平台和账号 ID，都一样才是它。")))
        resembling = self._faces_of(near)
        if any(one.how != Likeness.CONTAINS for one in resembling):
            cautions.append(
                Caution(
                    WarningCode.LOOKS_LISTED,
                    _("它和名录里的账号很像，但不是同一个。要找的可能是下面列出的账号。"),
                    self._cite(rules.NAME_LOOKALIKE),
                )
            )
        cautions.sort(key=lambda one: one.code != WarningCode.CONFIRMED)
        return Verification(by, value, _verdict(accounts, cautions), tuple(accounts), resembling, tuple(cautions))

    def _address_cautions(self, url: str, address: Address | None) -> list[Caution]:
        """Say where an address really leads when it names another site before an at sign."""
        authority = url.split("://", 1)[-1].split("/", 1)[0]
        if address is None or "@" not in authority:
            return []
        return [
            Caution(
                WarningCode.ACCOUNT_NOT_SITE,
                _("这个链接实际指向 %(host)s，@ 前面的字样不起作用。") % {"host": address.host},
                self._cite(rules.NAME_LOOKALIKE),
            )
        ]

    def face_of(self, account: "MediaAccount") -> PublicAccount:
        """Return the public side of an account."""
        return public_account(account, self.policy, self.on)

    def _faces_of(self, near: "Iterable[tuple[MediaAccount, Likeness]]") -> tuple[Resembling, ...]:
        order = list(Likeness)
        best: dict[int, tuple[MediaAccount, Likeness]] = {}
        for account, how in near:
            known = best.get(account.pk)
            if known is None or order.index(how) < order.index(known[1]):
                best[account.pk] = (account, how)
        ranked = sorted(best.values(), key=lambda pair: (order.index(pair[1]), pair[0].tier, pair[0].name, pair[0].pk))
        return tuple(Resembling(self.face_of(account), how) for account, how in ranked[:MOST_SIMILAR])


def _verdict(accounts: Sequence[PublicAccount], cautions: Sequence[Caution]) -> Verdict:
    if any(one.answer.allowed for one in accounts):
        return Verdict.GENUINE
    if accounts:
        return Verdict.STOPPED
    codes = {one.code for one in cautions}
    if WarningCode.CONFIRMED in codes:
        return Verdict.IMPOSTOR
    return Verdict.LOOKALIKE if codes else Verdict.NOT_LISTED
