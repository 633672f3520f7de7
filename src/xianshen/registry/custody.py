"""Reading how accounts are kept, and what is short (selectors)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy

from xianshen.common.language import stored
from xianshen.ledger.events import Subject
from xianshen.organisation.selectors import Grants, holders_in, terms
from xianshen.registry.enums import (
    AccountState,
    CustodyRole,
    EntityKind,
    HandoverState,
    Shortcoming,
    TwoFactor,
)
from xianshen.registry.models import Custody, CustodyCheck, CustodyHolder, CustodyRound, Handover, MediaAccount
from xianshen.registry.selectors import accounts_visible_to
from xianshen.regulation.enums import Capability
from xianshen.regulation.schema import CustodySpec

if TYPE_CHECKING:
    from xianshen.clocks.models import Deadline

CUSTODY_CHECK_TYPE = "registry.custody_check"
#: After an outage a check still opens this long after its day; later it waits for the next day.
PATIENCE = timedelta(days=60)
KEPT = (AccountState.ACTIVE, AccountState.SUSPENDED, AccountState.APPLIED, AccountState.CLOSING)


def check_subject(check: CustodyCheck) -> Subject:
    """Return one account's part in a check as the ledger names it; its account loaded."""
    label = stored(gettext_lazy("「%(name)s」的账号保管检查"), name=check.account.name)
    return Subject(CUSTODY_CHECK_TYPE, str(check.pk), label)


def custody_of(account: MediaAccount) -> Custody | None:
    """Return what is recorded of how the account is kept, or None."""
    return Custody.objects.filter(account=account).first()


def holders_of(account: MediaAccount, *, past: bool = False) -> QuerySet[CustodyHolder]:
    """Return who holds the account's keys; with ``past`` also who did."""
    found = CustodyHolder.objects.filter(account=account).select_related("person")
    return found if past else found.filter(until__isnull=True)


def handovers_of(account: MediaAccount) -> QuerySet[Handover]:
    """Return the account's handovers, newest first."""
    return Handover.objects.filter(account=account).select_related("holder__person", "receiver", "proposed_by")


def handover_of(institution_id: int, handover_id: int) -> Handover:
    """Return a handover.

    Raises:
        Handover.DoesNotExist: not in the institution.
    """
    found = Handover.objects.select_related("holder__person", "receiver", "account__unit")
    return found.get(pk=handover_id, institution_id=institution_id)


def unanswered_check_of(account: MediaAccount) -> CustodyCheck | None:
    """Return the newest check that the account has not answered, or None."""
    checks = CustodyCheck.objects.filter(account=account, answered_at__isnull=True)
    return checks.select_related("round", "account").order_by("-round__opened_on").first()


def left(institution_id: int, on: date) -> QuerySet[CustodyHolder]:
    """Return holders of keys who hold no position any more in the account's unit or in the unit it answers to.

    Holders who are not on the institution's list (a firm's technician) are never among them.
    """
    own = Q(position__unit_id=OuterRef("account__unit_id")) | Q(position__unit_id=OuterRef("account__home_unit_id"))
    current = terms(institution_id, on=on).order_by().filter(own, person_id=OuterRef("person_id"))
    return (
        CustodyHolder.objects.filter(institution_id=institution_id, until__isnull=True, person__isnull=False)
        .filter(Q(person__is_active=False) | ~Exists(current))
        .exclude(account__state=AccountState.CLOSED)
        .select_related("account__unit", "person")
    )


def _administrators() -> Coalesce:
    counted = (
        CustodyHolder.objects.filter(account_id=OuterRef("pk"), until__isnull=True, role=CustodyRole.ADMINISTRATOR)
        .order_by()
        .values("account_id")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def conditions(spec: CustodySpec, institution_id: int, on: date) -> dict[Shortcoming, Q]:
    """Return the condition of each shortcoming on accounts annotated by :func:`with_custody`.

    Args:
        spec: what the policy asks for.
        institution_id: whose accounts.
        on: the day.
    """
    recorded = Q(custody__isnull=False)
    leaving = Exists(left(institution_id, on).filter(account_id=OuterRef("pk")))
    overdue = CustodyCheck.objects.filter(account_id=OuterRef("pk"), answered_at__isnull=True, round__due_on__lt=on)
    found = {
        Shortcoming.UNRECORDED: Q(custody__isnull=True),
        Shortcoming.NOT_OWN: recorded & Q(custody__entity_kind__in=["", EntityKind.INDIVIDUAL, EntityKind.NONE]),
        Shortcoming.FEW_ADMINISTRATORS: recorded & Q(administrator_count__lt=spec.administrators_at_least),
        Shortcoming.NO_PHONE: recorded & Q(custody__bound_phone=""),
        Shortcoming.NO_PLACE: recorded & Q(custody__password_place=""),
        Shortcoming.LEAVER: Q(leaving),
        Shortcoming.UNANSWERED: Q(Exists(overdue)),
    }
    if spec.two_factor:
        found[Shortcoming.NO_TWO_FACTOR] = recorded & Q(custody__two_factor__in=["", TwoFactor.OFF])
    return found


def with_custody(accounts: QuerySet[MediaAccount]) -> QuerySet[MediaAccount]:
    """Return accounts that somebody keeps, with what is recorded of it."""
    return (
        accounts.filter(state__in=KEPT)
        .select_related("custody", "unit", "home_unit")
        .annotate(administrator_count=_administrators())
    )


def custody_board(grants: Grants) -> QuerySet[MediaAccount]:
    """Return the accounts whose custody the person may read."""
    return with_custody(accounts_visible_to(grants))


def _flagged(accounts: QuerySet[MediaAccount], wanted: Mapping[Shortcoming, Q]) -> QuerySet[MediaAccount]:
    """Annotate each shortcoming as true or false."""
    flags = {
        _name(code): Case(When(q, then=Value(value=True)), default=Value(value=False)) for code, q in wanted.items()
    }
    return accounts.annotate(**flags)


def _name(code: Shortcoming) -> str:
    return f"short_{code.value}"


def count_shortcomings(
    accounts: QuerySet[MediaAccount], wanted: Mapping[Shortcoming, Q]
) -> tuple[int, dict[Shortcoming, int]]:
    """Return how many accounts there are, and how many have each shortcoming (one query)."""
    counts = (
        _flagged(accounts.order_by(), wanted)
        .values("pk", *map(_name, wanted))
        .aggregate(
            every=Count("pk"), **{f"n_{_name(code)}": Count("pk", filter=Q(**{_name(code): True})) for code in wanted}
        )
    )
    return counts["every"], {code: counts[f"n_{_name(code)}"] for code in wanted}


def any_of(wanted: Mapping[Shortcoming, Q]) -> Q:
    """Return the condition of having any shortcoming."""
    found = Q()
    for condition in wanted.values():
        found |= condition
    return found


def shortcomings_of(account_ids: Collection[int], wanted: Mapping[Shortcoming, Q]) -> dict[int, list[Shortcoming]]:
    """Return what is short of each account (one query)."""
    rows = with_custody(MediaAccount.objects.filter(pk__in=account_ids)).order_by()
    found = _flagged(rows, wanted).values("pk", *map(_name, wanted))
    return {row["pk"]: [code for code in wanted if row[_name(code)]] for row in found}


def handovers_waiting_for(grants: Grants) -> QuerySet[Handover]:
    """Return open handovers that wait for the person: to receive, or to give (in person or for the unit)."""
    units = grants.units(Capability.SPONSOR_FILES_MANAGE)
    give = Q(given_at__isnull=True) & (Q(holder__person_id=grants.person_id) | Q(account__home_unit_id__in=units))
    receive = Q(received_at__isnull=True, receiver_id=grants.person_id)
    return (
        Handover.objects.filter(institution_id=grants.institution_id, state=HandoverState.PROPOSED)
        .filter(give | receive)
        .select_related("account", "holder", "receiver")
        .order_by("proposed_at")
    )


def left_concerning(grants: Grants, on: date) -> QuerySet[CustodyHolder]:
    """Return holders who left whose accounts are the person's to put in order, without an open handover."""
    units = grants.units(Capability.OPENING_APPLY) | grants.units(Capability.SPONSOR_FILES_MANAGE)
    mine = Q(account__unit_id__in=units) | Q(account__home_unit_id__in=units) | Q(account__owner_id=grants.person_id)
    waiting = Handover.objects.filter(holder_id=OuterRef("pk"), state=HandoverState.PROPOSED)
    return left(grants.institution_id, on).filter(mine).exclude(Exists(waiting)).order_by("account__name", "pk")


def newest_round(institution_id: int) -> CustodyRound | None:
    """Return the institution's last check, or None."""
    return CustodyRound.objects.filter(institution_id=institution_id).first()


def round_due(spec: CustodySpec, institution_id: int, on: date) -> bool:
    """Say whether a check is to open: the policy's last day for it has passed and none opened since."""
    days = [date(year, int(text[:2]), int(text[3:])) for year in (on.year - 1, on.year) for text in spec.check_opens]
    last = max((day for day in days if day <= on), default=None)
    if last is None or on - last > PATIENCE:
        return False
    newest = newest_round(institution_id)
    return newest is None or newest.opened_on < last


class CustodyCheckDeadlines:
    """Implements :class:`xianshen.clocks.subjects.DeadlineSubject`: an account's answer to a check."""

    subject_type = CUSTODY_CHECK_TYPE

    def url(self, deadline: "Deadline") -> str:
        account = next((one.id for one in deadline.about), "")
        return reverse("registry:custody", args=[account]) if account else reverse("registry:custody_board")

    def concerned(self, deadlines: "Sequence[Deadline]", on: date) -> Mapping[int, Collection[int]]:
        """Return the owners of the accounts; where none is on the list, whoever may apply for the unit."""
        keys = {int(deadline.subject_id): deadline.pk for deadline in deadlines}
        checks = CustodyCheck.objects.filter(pk__in=keys).select_related("account")
        found: dict[int, set[int]] = {}
        ownerless: dict[int, list[int]] = {}
        institution_id = 0
        for check in checks:
            institution_id = check.institution_id
            if check.account.owner_id:
                found[keys[check.pk]] = {check.account.owner_id}
            else:
                ownerless.setdefault(check.account.unit_id, []).append(keys[check.pk])
        if ownerless:
            for holding in holders_in(institution_id, set(ownerless), on):
                if Capability.OPENING_APPLY in holding.capabilities:
                    for key in ownerless[holding.unit.pk]:
                        found.setdefault(key, set()).add(holding.person.pk)
        return found
