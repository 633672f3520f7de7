"""Reading impostor reports; always within one institution, except by the number that only the reporter knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, QuerySet

from xianshen.common.composed import listed
from xianshen.directory.addresses import find_address, parse_address
from xianshen.directory.enums import OPEN_REPORTS, ReportState
from xianshen.directory.models import ImpostorReport
from xianshen.directory.texts import handle_of
from xianshen.ledger.events import Subject
from xianshen.organisation.selectors import holders, unit_of_kind
from xianshen.registry import names
from xianshen.regulation.enums import Capability
from xianshen.regulation.selectors import NoPolicyInForce, policy_on

REPORT_TYPE = "directory.impostor_report"
#: How often one address may report within the time, and all together. They bound abuse, no rule of policy.
WINDOW = timedelta(hours=1)
FROM_ONE_SOURCE = 5
FROM_ALL = 200


def report_subject(report: ImpostorReport) -> Subject:
    """Return the report as the ledger names it."""
    return Subject(REPORT_TYPE, str(report.pk), report.number)


def name_key(name: str) -> str:
    """Return a name for comparison with reported ones, as the eye takes it in."""
    return names.fold(name)[:240]


def link_key(link: str) -> str:
    """Return a handle or address for comparison with reported ones."""
    if not link:
        return ""
    address = parse_address(find_address(link)) if find_address(link) else None
    return (address.key if address else handle_of(link))[:400]


def reports_in(institution_id: int) -> QuerySet[ImpostorReport]:
    """Return the institution's reports, newest first."""
    return ImpostorReport.objects.filter(institution_id=institution_id).select_related("handled_by")


def filter_reports(reports: QuerySet[ImpostorReport], *, q: str = "", state: str = "") -> QuerySet[ImpostorReport]:
    """Narrow reports to a state, and to those whose number, name or link holds the words."""
    if state in ReportState.values:
        reports = reports.filter(state=state)
    if q:
        reports = reports.filter(Q(name__icontains=q) | Q(link__icontains=q) | Q(number__istartswith=q))
    return reports


def count_by_state(institution_id: int) -> dict[str, int]:
    """Return how many reports are in each state (one query)."""
    rows = ImpostorReport.objects.filter(institution_id=institution_id).order_by().values_list("state")
    return dict(rows.annotate(n=Count("pk")))


def count_to_handle(institution_id: int) -> int:
    """Return how many reports wait for an answer (one query)."""
    return ImpostorReport.objects.filter(institution_id=institution_id, state__in=OPEN_REPORTS).count()


@listed
def reports_to_handle(institution_id: int, limit: int) -> QuerySet[ImpostorReport]:
    """Return the reports that wait for an answer as a list, oldest first, at most ``limit``."""
    waiting = ImpostorReport.objects.filter(institution_id=institution_id, state__in=OPEN_REPORTS)
    return waiting.order_by("received_at", "pk")[:limit]


def report_of(institution_id: int, report_id: int) -> ImpostorReport:
    """Return one report.

    Raises:
        ImpostorReport.DoesNotExist: not in the institution.
    """
    return reports_in(institution_id).get(pk=report_id)


def report_by_number(number: str) -> ImpostorReport | None:
    """Return the report with a number in its standard spelling, of any institution, or None."""
    return ImpostorReport.objects.select_related("institution").filter(number=number).first()


def reports_like(institution_id: int, *, name: str, link: str, states: Sequence[str]) -> list[ImpostorReport]:
    """Return reports in some states about the same name or link, newest first (one query, at most 20)."""
    wanted = Q(pk__in=[])
    if name_key(name):
        wanted |= Q(name_fold=name_key(name))
    if link_key(link):
        wanted |= Q(link_key=link_key(link))
    return list(ImpostorReport.objects.filter(wanted, institution_id=institution_id, state__in=states)[:20])


@dataclass(frozen=True, slots=True)
class Frequency:
    """How many reports came within the window, from one source and altogether."""

    from_source: int
    from_all: int

    @property
    def too_many(self) -> bool:
        return self.from_source >= FROM_ONE_SOURCE or self.from_all >= FROM_ALL


def recent_frequency(institution_id: int, source: str, now: datetime) -> Frequency:
    """Count the reports of the last hour (one query)."""
    counted = ImpostorReport.objects.filter(institution_id=institution_id, received_at__gt=now - WINDOW).aggregate(
        all=Count("pk"), source=Count("pk", filter=Q(source=source) & ~Q(source=""))
    )
    return Frequency(counted["source"], counted["all"])


def people_handling_reports(institution_id: int, on: date) -> list[int]:
    """Return the keys of the people who hold a position that handles reports today."""
    try:
        policy = policy_on(institution_id, on)
    except NoPolicyInForce:
        return []
    people: dict[int, None] = {}
    for kind in policy.organisation.position_kinds:
        if Capability.IMPOSTORS_HANDLE not in kind.capabilities:
            continue
        for unit_kind in kind.unit_kinds:
            unit = unit_of_kind(institution_id, unit_kind)
            if unit is not None:
                found = holders(institution_id, position_kind=kind.code, unit_id=unit.pk, on=on)
                people |= dict.fromkeys(holding.person.pk for holding in found)
    return list(people)
