"""Reading accounts, applications and sponsoring-unit files; always within one institution."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy

from xianshen.common.composed import listed
from xianshen.common.language import stored
from xianshen.ledger.events import Subject
from xianshen.organisation.selectors import Grants
from xianshen.registry import names
from xianshen.registry.enums import AccountState, ApplicationState, ServerFilingState, SuspensionReason
from xianshen.registry.filed import (
    FILING_TYPE,
    closures_without_proof,
    filing_deadlines,
    filing_drafts_of,
    filings_owed,
    filings_visible_to,
    former_names_matching,
    former_values,
    formerly_called,
    late_filings,
    legacy_deadlines,
    legacy_disowned,
    legacy_to_confirm,
    value_on,
)
from xianshen.registry.models import MediaAccount, OpeningApplication, ServerFiling, SponsorDocument
from xianshen.registry.running import Answer, may_run, state_face
from xianshen.registry.similarity import SimilarName, SimilarScope, similar_names, similar_scopes
from xianshen.regulation.enums import Capability

__all__ = [
    "FILING_TYPE",
    "Answer",
    "SimilarName",
    "SimilarScope",
    "closures_without_proof",
    "filing_deadlines",
    "filing_drafts_of",
    "filings_owed",
    "filings_visible_to",
    "former_names_matching",
    "former_values",
    "late_filings",
    "legacy_deadlines",
    "legacy_disowned",
    "legacy_to_confirm",
    "may_run",
    "similar_names",
    "similar_scopes",
    "state_face",
    "value_on",
]

APPLICATION_TYPE = "registry.opening_application"
ACCOUNT_TYPE = "registry.media_account"
SPONSOR_FILE_TYPE = "registry.sponsor_file"


def application_subject(application: OpeningApplication) -> Subject:
    """Return the application as the ledger names it."""
    name = application.name.strip() or application.number
    return Subject(APPLICATION_TYPE, str(application.pk), stored(gettext_lazy("「%(name)s」开设申请"), name=name))


def account_subject(account: MediaAccount) -> Subject:
    """Return the account as the ledger names it."""
    return Subject(ACCOUNT_TYPE, str(account.pk), stored(gettext_lazy("「%(name)s」"), name=account.name))


def sponsor_subject(unit_id: int, unit_name: str) -> Subject:
    """Return a unit's file as the ledger names it."""
    return Subject(SPONSOR_FILE_TYPE, str(unit_id), stored(gettext_lazy("%(unit)s的主办材料"), unit=unit_name))


RUNNING = Q(state=AccountState.ACTIVE)


def accounts_in(institution_id: int) -> QuerySet[MediaAccount]:
    """Return all accounts of the institution in board order."""
    return (
        MediaAccount.objects.filter(institution_id=institution_id)
        .select_related("unit", "home_unit", "owner", "first_responsible_unit")
        .order_by("tier", "name", "pk")
    )


def accounts_visible_to(grants: Grants) -> QuerySet[MediaAccount]:
    """Return the accounts whose inner page the person may see."""
    accounts = accounts_in(grants.institution_id)
    if grants.has(Capability.ACCOUNTS_VIEW_ALL):
        return accounts
    units = grants.units(Capability.ACCOUNTS_VIEW_UNIT)
    seen = Q(unit_id__in=units) | Q(home_unit_id__in=units) | Q(owner_id=grants.person_id)
    if grants.has(Capability.DATA_SERVICES_REVIEW):
        seen |= Q(data_service=True)
    return accounts.filter(seen)


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """Filters of the account board, as they stand in the URL. Empty means all."""

    q: str = ""
    platform: str = ""
    tier: int | None = None
    unit: int | None = None
    state: str = ""
    view: str = ""


SORTS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "pk"),
    "-name": ("-name", "-pk"),
    "tier": ("tier", "name", "pk"),
    "-tier": ("-tier", "name", "pk"),
    "unit": ("unit__name", "name", "pk"),
    "-unit": ("-unit__name", "name", "pk"),
    "state": ("state", "name", "pk"),
    "-state": ("-state", "name", "pk"),
    "opened": ("opened_on", "pk"),
    "-opened": ("-opened_on", "-pk"),
}


def search(accounts: QuerySet[MediaAccount], q: str) -> QuerySet[MediaAccount]:
    """Narrow to accounts whose name, handle, unit or verification code contains the words, former names included."""
    q = q.strip()
    if not q:
        return accounts
    folded = names.fold(q)
    wanted = Q(name__icontains=q) | Q(handle__icontains=q) | Q(unit__name__icontains=q) | Q(code=q.upper())
    if folded:
        wanted |= Q(name_fold__contains=folded) | Q(handle_fold__contains=folded) | formerly_called(folded)
    return accounts.filter(wanted)


def filter_board(accounts: QuerySet[MediaAccount], wanted: BoardFilter, sort: str = "tier") -> QuerySet[MediaAccount]:
    """Apply the board's filters and sort; unknown sorts fall back to tier."""
    accounts = search(accounts, wanted.q)
    if wanted.platform:
        accounts = accounts.filter(platform=wanted.platform)
    if wanted.tier:
        accounts = accounts.filter(tier=wanted.tier)
    if wanted.unit:
        accounts = accounts.filter(Q(unit_id=wanted.unit) | Q(home_unit_id=wanted.unit))
    if wanted.state:
        accounts = accounts.filter(state=wanted.state)
    if wanted.view == "stopped":
        accounts = accounts.exclude(RUNNING)
    elif wanted.view == "applied":
        accounts = accounts.filter(state=AccountState.APPLIED)
    elif wanted.view == "no_owner":
        accounts = accounts.filter(owner__isnull=True).exclude(state=AccountState.CLOSED)
    return accounts.order_by(*SORTS.get(sort, SORTS["tier"]))


def count_by_state(accounts: QuerySet[MediaAccount]) -> dict[str, int]:
    """Return how many accounts are in each state (one query)."""
    rows = accounts.order_by().values_list("state").annotate(n=Count("*"))
    return dict(rows)


@listed
def _account(institution_id: int, account_id: int) -> QuerySet[MediaAccount]:
    return accounts_in(institution_id).select_related("institution", "policy_version").filter(pk=account_id)


def account_of(institution_id: int, account_id: int) -> MediaAccount:
    """Return one account with what its page shows.

    Raises:
        MediaAccount.DoesNotExist: not in the institution.
    """
    found = _account(institution_id, account_id)
    if not found:
        raise MediaAccount.DoesNotExist
    return found[0]


def public_accounts(institution_id: int) -> QuerySet[MediaAccount]:
    """Return what the public directory lists: every account on record, stopped ones too."""
    return (
        MediaAccount.objects.filter(institution_id=institution_id).select_related("unit").order_by("tier", "name", "pk")
    )


def account_by_code(code: str) -> MediaAccount | None:
    """Return the account with a verification code in its standard spelling, of any institution, or None."""
    return MediaAccount.objects.select_related("unit", "institution").filter(code=code).first() if code else None


def applications_visible_to(grants: Grants) -> QuerySet[OpeningApplication]:
    """Return submitted applications the person may see, and their own drafts, newest first."""
    found = OpeningApplication.objects.filter(institution_id=grants.institution_id).select_related("unit", "applicant")
    own = Q(applicant_id=grants.person_id)
    if grants.has(Capability.ACCOUNTS_VIEW_ALL):
        seen = own | ~Q(state=ApplicationState.DRAFT)
    else:
        seen = own | (Q(unit_id__in=grants.units(Capability.ACCOUNTS_VIEW_UNIT)) & ~Q(state=ApplicationState.DRAFT))
    return found.filter(seen).order_by("-saved_at", "-pk")


def application_of(institution_id: int, application_id: int) -> OpeningApplication:
    """Return one application.

    Raises:
        OpeningApplication.DoesNotExist: not in the institution.
    """
    return OpeningApplication.objects.select_related(
        "unit", "applicant", "owner", "account", "institution", "policy_version"
    ).get(pk=application_id, institution_id=institution_id)


def drafts_of(institution_id: int, person_id: int) -> QuerySet[OpeningApplication]:
    """Return what the person began and has yet to submit, newest first."""
    return (
        OpeningApplication.objects.filter(institution_id=institution_id, applicant_id=person_id)
        .filter(state__in=[ApplicationState.DRAFT, ApplicationState.RETURNED])
        .select_related("unit")
        .order_by("-saved_at", "-pk")
    )


def valid_sponsor_documents(unit_id: int, on: date) -> QuerySet[SponsorDocument]:
    """Return the documents of the unit's file that are valid on the day."""
    return SponsorDocument.objects.filter(
        unit_id=unit_id, retired_at__isnull=True, valid_from__lte=on, valid_until__gte=on
    ).order_by("kind", "-valid_until")


_valid = listed(valid_sponsor_documents)


@dataclass(frozen=True, slots=True)
class SponsorFile:
    """What a unit's file holds and lacks on a day.

    Args:
        unit_id: the unit.
        documents: valid document per kind.
        missing: kinds required by policy without a valid document.
    """

    unit_id: int
    documents: dict[str, SponsorDocument]
    missing: list[str]

    @property
    def complete(self) -> bool:
        return not self.missing

    @property
    def valid_until(self) -> date | None:
        return min((d.valid_until for d in self.documents.values()), default=None)


def sponsor_file(unit_id: int, required: list[str], on: date) -> SponsorFile:
    """Return the state of a unit's file (one query)."""
    documents: dict[str, SponsorDocument] = {}
    for document in _valid(unit_id, on):
        documents.setdefault(document.kind, document)
    return SponsorFile(unit_id, documents, [kind for kind in required if kind not in documents])


@listed
def _valid_of(unit_ids: frozenset[int], on: date) -> QuerySet[SponsorDocument]:
    return SponsorDocument.objects.filter(
        unit_id__in=sorted(unit_ids), retired_at__isnull=True, valid_from__lte=on, valid_until__gte=on
    ).order_by("kind", "-valid_until")


def sponsor_files(unit_ids: Iterable[int], required: list[str], on: date) -> dict[int, SponsorFile]:
    """Return the state of several units' files by unit (one query)."""
    found: dict[int, SponsorFile] = {pk: SponsorFile(pk, {}, list(required)) for pk in unit_ids}
    for document in _valid_of(frozenset(found), on):
        found[document.unit_id].documents.setdefault(document.kind, document)
    return {
        pk: SponsorFile(pk, file.documents, [kind for kind in required if kind not in file.documents])
        for pk, file in found.items()
    }


def sponsor_documents_of(institution_id: int, unit_id: int) -> QuerySet[SponsorDocument]:
    """Return everything that was ever filed for a unit, newest first."""
    return (
        SponsorDocument.objects.filter(institution_id=institution_id, unit_id=unit_id)
        .select_related("attachment", "filed_by")
        .order_by("-filed_at", "-pk")
    )


def account_counts_by_home(institution_id: int) -> dict[int, int]:
    """Return how many accounts, closed ones apart, each unit answers for (one query)."""
    rows = (
        MediaAccount.objects.filter(institution_id=institution_id)
        .exclude(state=AccountState.CLOSED)
        .order_by()
        .values_list("home_unit_id")
        .annotate(n=Count("pk"))
    )
    return dict(rows)


def has_account_on(
    institution_id: int, unit_id: int, platform: str, *, except_id: int | None = None
) -> list[MediaAccount]:
    """Return the unit's own accounts of that platform which have not been closed."""
    return list(
        MediaAccount.objects.filter(institution_id=institution_id, unit_id=unit_id, platform=platform)
        .exclude(state=AccountState.CLOSED)
        .exclude(pk=except_id or 0)[:5]
    )


def handle_taken(institution_id: int, platform: str, handle_fold: str) -> MediaAccount | None:
    """Return the account on record under a handle that is not closed (one query)."""
    return next(iter(_under_handle(institution_id, platform, handle_fold)), None)


@listed
def _under_handle(institution_id: int, platform: str, handle_fold: str) -> QuerySet[MediaAccount]:
    taken = MediaAccount.objects.filter(institution_id=institution_id, platform=platform, handle_fold=handle_fold)
    return taken.exclude(state=AccountState.CLOSED).select_related("unit").order_by("pk")[:1]


def lacking_servers(grants: Grants) -> QuerySet[MediaAccount]:
    """Return accounts whose servers the person is to file, longest waiting first.

    They are stopped for want of an approved server, and none is under decision.
    """
    units = grants.units(Capability.OPENING_APPLY)
    lapsed = Q(state=AccountState.SUSPENDED, suspension_reason=SuspensionReason.SERVER_LAPSED)
    open_filing = ServerFiling.objects.filter(account=OuterRef("pk"), state__in=[ServerFilingState.SUBMITTED])
    return (
        MediaAccount.objects.filter(Q(state=AccountState.APPLIED) | lapsed, institution_id=grants.institution_id)
        .filter(Q(unit_id__in=units) | Q(owner_id=grants.person_id))
        .exclude(Exists(open_filing))
        .select_related("unit")
        .order_by("state_since", "pk")
    )


def documents_running_out(unit_ids: Collection[int], on: date, until: date) -> QuerySet[SponsorDocument]:
    """Return the units' documents whose validity ends between two days and which nothing later replaces."""
    later = SponsorDocument.objects.filter(
        unit_id=OuterRef("unit_id"), kind=OuterRef("kind"), retired_at__isnull=True, valid_until__gt=until
    )
    return (
        SponsorDocument.objects.filter(
            unit_id__in=unit_ids, retired_at__isnull=True, valid_until__gte=on, valid_until__lte=until
        )
        .exclude(Exists(later))
        .select_related("unit")
        .order_by("valid_until", "pk")
    )
