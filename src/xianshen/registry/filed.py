"""Reading filings and what accounts were called before (selectors; other rooms import them from there)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy

from xianshen.clocks.selectors import board
from xianshen.common.composed import listed
from xianshen.common.language import stored
from xianshen.ledger.events import Subject
from xianshen.organisation.selectors import Grants
from xianshen.registry import names
from xianshen.registry.enums import EDITABLE_FILINGS, OPEN_FILINGS, AccountState, FilingKind, FilingOrigin, FilingState
from xianshen.registry.models import AccountValue, Filing, MediaAccount
from xianshen.regulation.enums import Capability

if TYPE_CHECKING:
    from xianshen.clocks.models import Deadline

FILING_TYPE = "filing"
LEGACY_LIST_TYPE = "registry.legacy_list"
# Columns whose former values are kept, in the order in which they are shown.
KEPT_FIELDS = (
    "name",
    "handle",
    "owner_name",
    "administrators",
    "owner_mobile",
    "owner_email",
    "second_contact_name",
    "second_contact_mobile",
    "content_scope",
    "positioning",
)
FOLDED_FIELDS = frozenset({"name", "handle"})


def filing_subject(filing: Filing) -> Subject:
    """Return the filing as the ledger names it."""
    titles = {
        FilingKind.CHANGE: gettext_lazy("「%(name)s」信息变更备案"),
        FilingKind.CLOSURE: gettext_lazy("「%(name)s」停办备案"),
        FilingKind.LEGACY: gettext_lazy("「%(name)s」存量备案"),
    }
    name = filing.before.get("name") or filing.account.name
    return Subject(FILING_TYPE, str(filing.pk), stored(titles[FilingKind(filing.kind)], name=name))


def legacy_list_subject(unit_id: int, unit_name: str) -> Subject:
    """Return a unit's list of accounts of before the rules as the ledger names it."""
    return Subject(LEGACY_LIST_TYPE, str(unit_id), stored(gettext_lazy("%(unit)s的存量账号备案"), unit=unit_name))


def value_on(account: MediaAccount, field: str, day: date) -> str | None:
    """Return what one of an account's particulars was on a day.

    Args:
        account: the account.
        field: column, e.g. ``name`` or ``owner_name``.
        day: the day asked for.

    Returns:
        The value; None for a day before the account was opened.

    Raises:
        ValueError: no former values of the field are kept.
    """
    if field not in KEPT_FIELDS:
        raise ValueError(f"former values of {field} are not kept")
    if account.opened_on and day < account.opened_on:
        return None
    former = (
        AccountValue.objects.filter(account=account, field=field, valid_until__gt=day)
        .order_by("valid_until", "pk")
        .values_list("value", flat=True)
        .first()
    )
    return str(getattr(account, field)) if former is None else former


def former_values(account: MediaAccount, fields: Collection[str] = KEPT_FIELDS) -> list[AccountValue]:
    """Return the former values of some of an account's particulars, newest first (one query)."""
    return _former(account.pk, frozenset(fields))


@listed
def _former(account_id: int, fields: frozenset[str]) -> QuerySet[AccountValue]:
    found = AccountValue.objects.filter(account_id=account_id, field__in=sorted(fields)).select_related("filing")
    return found.order_by("-valid_until", "-pk")


def last_change_on(account_id: int, fields: Collection[str]) -> date | None:
    """Return the day of the last filed change of any of the fields, or None."""
    return (
        AccountValue.objects.filter(account_id=account_id, field__in=fields)
        .order_by("-valid_until")
        .values_list("valid_until", flat=True)
        .first()
    )


def formerly_called(folded: str) -> Q:
    """Return a filter for accounts that once had a name or handle with the folded words in it."""
    found = AccountValue.objects.filter(field__in=sorted(FOLDED_FIELDS), value_fold__contains=folded)
    return Q(pk__in=found.values("account_id"))


def former_names_matching(account_ids: Iterable[int], words: str) -> dict[int, str]:
    """Return, by account, the latest former name or handle in which the words stand (one query, none without words)."""
    folded = names.fold(words)
    ids = list(account_ids)
    if not folded or not ids:
        return {}
    rows = (
        AccountValue.objects.filter(account_id__in=ids, field__in=sorted(FOLDED_FIELDS), value_fold__contains=folded)
        .order_by("valid_until", "pk")
        .values_list("account_id", "value")
    )
    return dict(rows)


def filings_in(institution_id: int) -> QuerySet[Filing]:
    """Return all filings of the institution, newest first."""
    return (
        Filing.objects.filter(institution_id=institution_id)
        .select_related("account", "unit", "applicant")
        .order_by("-saved_at", "-pk")
    )


def filings_visible_to(grants: Grants) -> QuerySet[Filing]:
    """Return the filings that the person may see: their own, their units', or all."""
    found = filings_in(grants.institution_id)
    own = Q(applicant_id=grants.person_id)
    private = Q(state=FilingState.DRAFT)
    units = grants.units(Capability.ACCOUNTS_VIEW_UNIT)
    mine = Q(unit_id__in=units) | Q(account__owner_id=grants.person_id)
    files = Q(unit_id__in=grants.units(Capability.OPENING_APPLY))
    if grants.has(Capability.ACCOUNTS_VIEW_ALL):
        return found.filter(own | ~private | files)
    return found.filter(own | (mine & ~private) | files)


def filing_of(institution_id: int, filing_id: int) -> Filing:
    """Return one filing with what its pages show.

    Raises:
        Filing.DoesNotExist: not in the institution.
    """
    return Filing.objects.select_related(
        "account__unit",
        "account__home_unit",
        "account__owner",
        "account__first_responsible_unit",
        "account__institution",
        "unit",
        "applicant",
        "institution",
        "policy_version",
    ).get(pk=filing_id, institution_id=institution_id)


def filings_shown(account: MediaAccount, grants: Grants) -> list[str]:
    """Return the keys of the account's carried out filings for those who may see them (one query)."""
    found = filings_visible_to(grants).filter(account=account, state__in=[FilingState.APPROVED, FilingState.REVOKED])
    return [str(pk) for pk in found.order_by("-pk").values_list("pk", flat=True)[:50]]


def open_filing_of(account_id: int) -> Filing | None:
    """Return the account's open filing, or None; there is at most one."""
    return next(iter(_open_filings(account_id)), None)


@listed
def _open_filings(account_id: int) -> QuerySet[Filing]:
    found = Filing.objects.filter(account_id=account_id, state__in=OPEN_FILINGS).select_related("unit")
    return found.order_by("pk")[:1]


def closure_without_proof(account_id: int) -> Filing | None:
    """Return the approved closure of an account that is still being closed, or None."""
    return (
        Filing.objects.filter(
            account_id=account_id,
            kind=FilingKind.CLOSURE,
            state=FilingState.APPROVED,
            account__state=AccountState.CLOSING,
        )
        .order_by("-pk")
        .first()
    )


def filing_drafts_of(institution_id: int, person_id: int) -> QuerySet[Filing]:
    """Return the filings that the person began and has yet to submit, newest first."""
    return filings_in(institution_id).filter(applicant_id=person_id, state__in=EDITABLE_FILINGS)


def filings_owed(grants: Grants) -> QuerySet[Filing]:
    """Return changes that the Office noticed and that one of the person's units has yet to file, oldest first."""
    return (
        filings_in(grants.institution_id)
        .filter(
            state=FilingState.EXPECTED,
            origin=FilingOrigin.OBSERVED,
            unit_id__in=grants.units(Capability.OPENING_APPLY),
        )
        .order_by("changed_on", "pk")
    )


def closures_without_proof(grants: Grants) -> QuerySet[Filing]:
    """Return approved closures of the person that wait for the platform's proof, oldest first."""
    return (
        filings_in(grants.institution_id)
        .filter(
            applicant_id=grants.person_id,
            kind=FilingKind.CLOSURE,
            state=FilingState.APPROVED,
            account__state=AccountState.CLOSING,
        )
        .order_by("changed_on", "pk")
    )


def late_filings(account: MediaAccount, year: int) -> QuerySet[Filing]:
    """Return the account's filings of a year that were submitted after their last day, for the assessment."""
    return Filing.objects.filter(account=account, due_on__year=year, late_days__gt=0).order_by("due_on", "pk")


@dataclass(frozen=True, slots=True)
class LegacyCount:
    """How far a unit is with its accounts of before the rules."""

    unit_id: int
    unit_name: str
    total: int
    to_confirm: int
    disowned: int
    under_way: int
    filed: int
    unfiled: int


def legacy_filings(institution_id: int) -> QuerySet[Filing]:
    """Return the filings that came with the list of accounts of before the rules, by unit and name."""
    return (
        Filing.objects.filter(institution_id=institution_id, origin=FilingOrigin.LEGACY)
        .select_related("account", "unit", "applicant", "account__owner", "account__institution")
        .order_by("unit__name", "account__name", "pk")
    )


def legacy_visible_to(grants: Grants) -> QuerySet[Filing]:
    """Return the part of the list that the person may see."""
    found = legacy_filings(grants.institution_id)
    if grants.has(Capability.ACCOUNTS_VIEW_ALL):
        return found
    units = grants.units(Capability.OPENING_APPLY) | grants.units(Capability.ACCOUNTS_VIEW_UNIT)
    return found.filter(unit_id__in=units)


NOT_SUBMITTED = frozenset({FilingState.EXPECTED, FilingState.DRAFT, FilingState.WITHDRAWN, FilingState.DISOWNED})


def legacy_unsubmitted(institution_id: int, unit_id: int) -> QuerySet[Filing]:
    """Return the unit's legacy filings that nobody has submitted."""
    return legacy_filings(institution_id).filter(unit_id=unit_id, state__in=NOT_SUBMITTED)


def legacy_counts(filings: QuerySet[Filing]) -> Sequence[LegacyCount]:
    """Return how far each unit is (one query)."""
    rows = (
        filings.order_by("unit__name", "unit_id")
        .values_list("unit_id", "unit__name")
        .annotate(
            total=Count("pk"),
            to_confirm=Count("pk", filter=Q(state=FilingState.EXPECTED)),
            disowned=Count("pk", filter=Q(state=FilingState.DISOWNED)),
            under_way=Count("pk", filter=Q(state__in=[*EDITABLE_FILINGS, FilingState.SUBMITTED])),
            filed=Count("pk", filter=Q(state=FilingState.APPROVED)),
            unfiled=Count("pk", filter=Q(account__suspension_reason="legacy_unfiled")),
        )
    )
    return [LegacyCount(*row) for row in rows]


def legacy_to_confirm(grants: Grants) -> dict[int, LegacyCount]:
    """Return, by unit, how far those of the person's units are that have accounts to confirm (one query)."""
    units = grants.units(Capability.OPENING_APPLY)
    if not units:
        return {}
    counts = legacy_counts(legacy_filings(grants.institution_id).filter(unit_id__in=units))
    return {one.unit_id: one for one in counts if one.to_confirm}


def legacy_disowned(institution_id: int) -> int:
    """Return how many listed accounts their units disown (one query)."""
    return Filing.objects.filter(institution_id=institution_id, state=FilingState.DISOWNED).count()


def _newest(deadlines: Iterable["Deadline"]) -> dict[int, "Deadline"]:
    return {int(one.subject_id): one for one in sorted(deadlines, key=lambda one: one.pk)}


def filing_deadlines(institution_id: int, filing_ids: Collection[int]) -> dict[int, "Deadline"]:
    """Return the open clocks of filings by filing (one query, none without filings)."""
    if not filing_ids:
        return {}
    found = board(institution_id).filter(subject_type=FILING_TYPE, subject_id__in=[str(pk) for pk in filing_ids])
    return _newest(found.filter(state__in=["running", "ran_out"]))


def legacy_deadlines(institution_id: int, unit_ids: Collection[int]) -> dict[int, "Deadline"]:
    """Return the open clocks of units' lists by unit (one query, none without units)."""
    if not unit_ids:
        return {}
    found = board(institution_id).filter(subject_type=LEGACY_LIST_TYPE, subject_id__in=[str(pk) for pk in unit_ids])
    return _newest(found.filter(state__in=["running", "ran_out"]))
