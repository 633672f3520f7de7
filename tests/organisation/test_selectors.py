"""Who holds which position on a day, and what follows from it."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories.organisation import (
    AppointmentFactory,
    DelegationFactory,
    InstitutionFactory,
    PersonFactory,
    PositionFactory,
    UnitFactory,
)
from tests.organisation.conftest import School
from xianshen.organisation.models import Appointment, Delegation, Person, Unit
from xianshen.organisation.selectors import (
    actor_for,
    ancestors,
    descendants,
    grants_of,
    holders,
    holdings_of,
    home_unit,
    institution_by_code,
    institution_for_host,
    people,
    unit_of_kind,
)

pytestmark = pytest.mark.django_db

DAY = date(2026, 9, 14)
ONE = timedelta(days=1)


def test_appointment_counts_on_first_and_last_day_and_not_beside(school: School) -> None:
    person = PersonFactory(institution=school.institution)
    AppointmentFactory(position=school.head_position, person=person, starts_on=DAY, ends_on=DAY + 3 * ONE)
    held = [bool(holdings_of(person, DAY + n * ONE)) for n in (-1, 0, 3, 4)]
    assert held == [False, True, True, False]


def test_appointment_of_a_single_day_counts_that_day(school: School) -> None:
    person = PersonFactory(institution=school.institution)
    AppointmentFactory(position=school.head_position, person=person, starts_on=DAY, ends_on=DAY)
    assert [bool(holdings_of(person, DAY + n * ONE)) for n in (-1, 0, 1)] == [False, True, False]


def test_february_ends_with_its_last_day_in_leap_and_common_years(school: School) -> None:
    person = PersonFactory(institution=school.institution)
    AppointmentFactory(
        position=school.head_position, person=person, starts_on=date(2028, 2, 1), ends_on=date(2028, 2, 29)
    )
    assert holdings_of(person, date(2028, 2, 29))
    assert not holdings_of(person, date(2028, 3, 1))


def test_transfer_moves_the_position_from_one_day_to_the_next(school: School) -> None:
    old, new = school.head, PersonFactory(institution=school.institution)
    Appointment.objects.filter(person=old).update(ends_on=DAY)
    AppointmentFactory(position=school.head_position, person=new, starts_on=DAY + ONE)

    def names(on: date) -> list[str]:
        found = holders(school.institution.pk, position_kind="head", unit_id=school.department.pk, on=on)
        return [holding.person.name for holding in found]

    assert names(DAY) == [old.name]
    assert names(DAY + ONE) == [new.name]


def test_delegation_counts_on_first_and_last_day_and_names_the_principal(school: School) -> None:
    DelegationFactory(
        position=school.head_position,
        principal=school.head,
        delegate=school.plain,
        starts_on=DAY,
        ends_on=DAY + ONE,
    )
    assert [bool(holdings_of(school.plain, DAY + n * ONE)) for n in (-1, 0, 1, 2)] == [False, True, True, False]
    (holding,) = holdings_of(school.plain, DAY)
    assert holding.on_behalf_of == "李主任（系主任）"
    actor = actor_for(school.plain, DAY, holding=holding)
    assert (actor.name, actor.position, actor.unit, actor.on_behalf_of) == (
        "赵同事",
        "系主任",
        "法律系",
        "李主任（系主任）",
    )


def test_delegation_ends_with_the_principals_own_appointment(school: School) -> None:
    DelegationFactory(
        position=school.head_position,
        principal=school.head,
        delegate=school.plain,
        starts_on=DAY - 5 * ONE,
        ends_on=DAY + 5 * ONE,
    )
    Appointment.objects.filter(person=school.head).update(ends_on=DAY)
    assert holdings_of(school.plain, DAY)
    assert not holdings_of(school.plain, DAY + ONE)


@pytest.mark.parametrize("who", ("principal", "delegate"))
def test_delegation_rests_while_principal_or_delegate_may_not_sign_in(school: School, who: str) -> None:
    delegation = DelegationFactory(
        position=school.head_position, principal=school.head, delegate=school.plain, starts_on=DAY, ends_on=DAY
    )
    person = getattr(delegation, who)
    person.is_active = False
    person.save()
    assert not holdings_of(Person.objects.get(pk=school.plain.pk), DAY)


def test_revoked_delegation_gives_nothing(school: School) -> None:
    DelegationFactory(
        position=school.head_position,
        principal=school.head,
        delegate=school.plain,
        starts_on=DAY,
        ends_on=DAY,
        revoked_at=timezone.now(),
    )
    assert not holdings_of(school.plain, DAY)


def test_a_delegate_does_not_hand_the_position_on(school: School) -> None:
    third = PersonFactory(institution=school.institution)
    DelegationFactory(
        position=school.head_position, principal=school.head, delegate=school.plain, starts_on=DAY, ends_on=DAY
    )
    DelegationFactory(position=school.head_position, principal=school.plain, delegate=third, starts_on=DAY, ends_on=DAY)
    assert not holdings_of(third, DAY)


def test_holders_names_holder_first_and_delegate_after(school: School) -> None:
    DelegationFactory(
        position=school.head_position, principal=school.head, delegate=school.plain, starts_on=DAY, ends_on=DAY
    )
    found = holders(school.institution.pk, position_kind="head", unit_id=school.department.pk, on=DAY)
    assert [(h.person.name, h.delegation is not None) for h in found] == [("李主任", False), ("赵同事", True)]


def test_own_appointment_hides_a_delegation_of_the_same_position(school: School) -> None:
    AppointmentFactory(position=school.head_position, person=school.plain)
    DelegationFactory(
        position=school.head_position, principal=school.head, delegate=school.plain, starts_on=DAY, ends_on=DAY
    )
    (holding,) = holdings_of(school.plain, DAY)
    assert holding.delegation is None


def test_holders_of_a_vacant_position_is_empty(school: School) -> None:
    Appointment.objects.filter(position=school.head_position).update(ends_on=DAY - ONE)
    assert holders(school.institution.pk, position_kind="head", unit_id=school.department.pk, on=DAY) == []


def test_holders_of_another_institutions_unit_is_empty(school: School, other_school: School) -> None:
    unit_id = other_school.department.pk
    assert holders(school.institution.pk, position_kind="head", unit_id=unit_id, on=DAY) == []


def test_person_who_may_not_sign_in_holds_nothing(school: School) -> None:
    school.head.is_active = False
    school.head.save()
    assert holdings_of(school.head, DAY) == []
    assert holders(school.institution.pk, position_kind="head", unit_id=school.department.pk, on=DAY) == []


def test_closed_unit_gives_no_positions_from_that_day(school: School) -> None:
    Unit.objects.filter(pk=school.department.pk).update(closed_on=DAY)
    assert holdings_of(school.head, DAY - ONE)
    assert not holdings_of(school.head, DAY)


def test_grants_reach_down_the_tree_only(school: School) -> None:
    below = UnitFactory(institution=school.institution, parent=school.department, kind="class")
    deep = UnitFactory(institution=school.institution, parent=below, kind="class")
    UnitFactory(institution=school.institution, kind="class")
    grants = grants_of(school.head, DAY)
    assert grants.units("accounts.view_unit") == {school.department.pk, below.pk, deep.pk}
    assert grants.units("accounts.view_all") == set()
    assert grants.has("accounts.view_unit")
    assert not grants.has("organisation.manage")


def test_grants_of_a_person_without_position_are_empty(school: School) -> None:
    grants = grants_of(school.plain, DAY)
    assert grants.holdings == ()
    assert grants.capabilities == frozenset()


@pytest.mark.parametrize("count", (1, 30))
def test_grants_take_at_most_three_queries(school: School, count: int) -> None:
    for _n in range(count):
        unit = UnitFactory(institution=school.institution, parent=school.department)
        AppointmentFactory(position=PositionFactory(unit=unit), person=school.plain)
        DelegationFactory(position=PositionFactory(unit=unit), delegate=school.plain, starts_on=DAY, ends_on=DAY)
    person = Person.objects.select_related("institution").get(pk=school.plain.pk)
    with CaptureQueriesContext(connection) as queries:
        grants = grants_of(person, DAY)
        grants.units("accounts.view_unit")
        assert len(grants.holdings) == 2 * count
        assert all(holding.on_behalf_of for holding in grants.holdings if holding.delegation)
        actor_for(person, DAY, holding=grants.holdings[0])
    assert len(queries) <= 3, [query["sql"] for query in queries]


def test_path_follows_a_moved_unit_and_everything_below(school: School) -> None:
    top = UnitFactory(institution=school.institution)
    middle = UnitFactory(institution=school.institution, parent=school.department)
    leaf = UnitFactory(institution=school.institution, parent=middle)
    middle.parent = top
    middle.save()
    assert descendants(school.institution.pk, top.pk) == {top.pk, middle.pk, leaf.pk}
    assert descendants(school.institution.pk, school.department.pk) == {school.department.pk}
    leaf.refresh_from_db()
    assert [unit.pk for unit in ancestors(leaf)] == [middle.pk, top.pk]


def test_descendants_of_another_institutions_unit_is_empty(school: School, other_school: School) -> None:
    assert descendants(school.institution.pk, other_school.department.pk) == set()


def test_home_unit_is_the_nearest_of_its_kinds_above(school: School) -> None:
    year = UnitFactory(institution=school.institution, parent=school.department, kind="department")
    group = UnitFactory(institution=school.institution, parent=year, kind="class")
    UnitFactory(institution=school.institution, kind="academic")
    assert home_unit(group) == school.department


def test_home_unit_falls_back_to_the_only_unit_of_the_kind(school: School) -> None:
    league = UnitFactory(institution=school.institution, kind="league")
    society = UnitFactory(institution=school.institution, kind="society")
    assert home_unit(society) == league
    UnitFactory(institution=school.institution, kind="league")
    assert home_unit(society) is None


def test_home_unit_of_a_kind_without_home_is_none(school: School) -> None:
    assert home_unit(school.department) is None


def test_home_unit_passes_over_a_closed_unit(school: School) -> None:
    group = UnitFactory(institution=school.institution, parent=school.department, kind="class")
    Unit.objects.filter(pk=school.department.pk).update(closed_on=DAY)
    sole = UnitFactory(institution=school.institution, kind="academic")
    assert home_unit(Unit.objects.get(pk=group.pk)) == sole


def test_unit_of_kind_needs_exactly_one_open_unit(school: School, other_school: School) -> None:
    assert unit_of_kind(school.institution.pk, "office") == school.office
    assert unit_of_kind(school.institution.pk, "league") is None
    UnitFactory(institution=school.institution, kind="office")
    assert unit_of_kind(school.institution.pk, "office") is None


def test_institution_is_found_by_host_else_the_first(db: None) -> None:
    first = InstitutionFactory()
    second = InstitutionFactory(host="media.example.edu.cn")
    assert institution_for_host("media.example.edu.cn") == second
    assert institution_for_host("MEDIA.example.edu.cn") == second
    assert institution_for_host("127.0.0.1") == first
    assert institution_by_code("") is None
    assert institution_by_code(second.code) == second


def test_people_are_found_by_name_number_and_user_name_within_the_institution(
    school: School, other_school: School
) -> None:
    found = people(school.institution.pk, query="王管")
    assert [person.pk for person in found] == [school.manager.pk]
    assert [person.pk for person in people(school.institution.pk, query="0002")] == [school.head.pk]
    assert [person.pk for person in people(school.institution.pk, query="SHCC-pl")] == [school.plain.pk]
    assert list(people(school.institution.pk, query="beishan")) == []
    assert list(people(school.institution.pk, query="\x00%'\"")) == []


@pytest.mark.parametrize(
    "make",
    (
        lambda s: AppointmentFactory(position=s.head_position, person=s.plain, starts_on=DAY, ends_on=DAY - ONE),
        lambda s: DelegationFactory(
            position=s.head_position, principal=s.head, delegate=s.plain, starts_on=DAY, ends_on=DAY - ONE
        ),
        lambda s: DelegationFactory(
            position=s.head_position, principal=s.head, delegate=s.head, starts_on=DAY, ends_on=DAY
        ),
    ),
)
def test_database_refuses_reversed_periods_and_self_delegation(school: School, make: object) -> None:
    before = (Appointment.objects.count(), Delegation.objects.count())
    with pytest.raises(IntegrityError), transaction.atomic():
        make(school)  # type: ignore[operator]
    assert (Appointment.objects.count(), Delegation.objects.count()) == before


def test_user_name_is_compared_without_case_and_width(school: School) -> None:
    assert Person.objects.get_by_natural_key("\uff33HCC-Manager ") == school.manager
    with pytest.raises(IntegrityError), transaction.atomic():
        PersonFactory(institution=school.institution, username="SHCC-MANAGER")
