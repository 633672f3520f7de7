"""Reading filings of servers, and what may be done about them (selectors)."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.errors import TransitionNotAllowed
from xianshen.common.language import stored
from xianshen.ledger.events import Subject
from xianshen.organisation.selectors import Grants
from xianshen.registry import rules
from xianshen.registry.enums import AddressKind, ServerFilingState
from xianshen.registry.models import ServerAddress, ServerFiling
from xianshen.regulation.enums import Capability
from xianshen.regulation.schema import DataServiceSpec, Policy

if TYPE_CHECKING:
    from xianshen.registry.models import MediaAccount

SERVER_FILING_TYPE = "registry.server_filing"
OPEN = (ServerFilingState.SUBMITTED, ServerFilingState.RETURNED)
EDITABLE = (ServerFilingState.RETURNED, ServerFilingState.WITHDRAWN)


def server_filing_subject(filing: ServerFiling) -> Subject:
    """Return the filing as the ledger names it; its account loaded."""
    label = stored(gettext_lazy("「%(name)s」的服务器报批"), name=filing.account.name)
    return Subject(SERVER_FILING_TYPE, str(filing.pk), label)


def server_filings_in(institution_id: int) -> QuerySet[ServerFiling]:
    """Return all filings of the institution, newest first, with what a list shows."""
    return (
        ServerFiling.objects.filter(institution_id=institution_id)
        .select_related("account", "unit", "applicant")
        .prefetch_related("addresses")
    )


def server_filings_visible_to(grants: Grants) -> QuerySet[ServerFiling]:
    """Return the filings that the person may see: the approving division and the Office all, others their units'."""
    filings = server_filings_in(grants.institution_id)
    if grants.has(Capability.DATA_SERVICES_REVIEW) or grants.has(Capability.ACCOUNTS_VIEW_ALL):
        return filings
    units = grants.units(Capability.ACCOUNTS_VIEW_UNIT)
    return filings.filter(Q(unit_id__in=units) | Q(account__home_unit_id__in=units) | Q(applicant_id=grants.person_id))


def server_filing_of(institution_id: int, filing_id: int) -> ServerFiling:
    """Return one filing with its addresses and what they were found to lead to.

    Raises:
        ServerFiling.DoesNotExist: not in the institution.
    """
    return server_filings_in(institution_id).prefetch_related("addresses__checks").get(pk=filing_id)


def filings_of_account(account: "MediaAccount") -> QuerySet[ServerFiling]:
    """Return an account's filings, newest first."""
    return server_filings_in(account.institution_id).filter(account=account)


def open_filing_of(account: "MediaAccount") -> ServerFiling | None:
    """Return the filing that is being decided on or waits to be mended, if any."""
    return filings_of_account(account).filter(state__in=OPEN).first()


def approved_filing_of(account: "MediaAccount") -> ServerFiling | None:
    """Return the approved filing, in force or about to be found expired, if any."""
    return filings_of_account(account).filter(state=ServerFilingState.APPROVED).first()


def running_out(filings: QuerySet[ServerFiling], on: date, days: int) -> QuerySet[ServerFiling]:
    """Narrow to approvals that end within the days."""
    return filings.filter(state=ServerFilingState.APPROVED, valid_until__lte=on + timedelta(days=days))


LOOKED_UP = (ServerFilingState.SUBMITTED, ServerFilingState.APPROVED)


def names_looked_up() -> QuerySet[ServerAddress]:
    """Return the names of filings under decision or in force, of all institutions."""
    return ServerAddress.objects.filter(kind=AddressKind.NAME, filing__state__in=LOOKED_UP).select_related(
        "institution"
    )


def names_to_look_up(institution_id: int, now: datetime, days: int, limit: int) -> list[ServerAddress]:
    """Return an institution's names whose last look is too old, those never looked at first.

    Args:
        institution_id: the institution.
        now: the moment.
        days: after how many days it looks again.
        limit: at most how many.
    """
    old = Q(checked_at__isnull=True) | Q(checked_at__lte=now - timedelta(days=days))
    names = names_looked_up().filter(old, institution_id=institution_id)
    return list(names.order_by(F("checked_at").asc(nulls_first=True), "pk")[:limit])


def servers_in(policy: Policy) -> DataServiceSpec:
    """Return what the policy says of servers.

    Raises:
        TransitionNotAllowed: the policy says nothing of them.
    """
    if policy.data_services is None:
        raise TransitionNotAllowed(
            _("现行办法没有写校园网的范围，服务器还不能在平台上报批。由办公室补上后再报。"), rules.CAMPUS_SERVER
        )
    return policy.data_services
