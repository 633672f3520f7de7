"""Acts on units, positions and people: who may, what is refused, and that a refusal changes nothing."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.forms.models import model_to_dict

from tests.factories.organisation import PASSWORD, AppointmentFactory, PersonFactory, PositionFactory, UnitFactory
from tests.organisation.conftest import School
from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.ledger.models import LedgerEntry
from xianshen.organisation import services
from xianshen.organisation.models import (
    Appointment,
    Delegation,
    Institution,
    Person,
    Position,
    PositionKind,
    Unit,
    UnitKind,
)
from xianshen.organisation.selectors import grants_of, holdings_of

pytestmark = pytest.mark.django_db

MODELS = (Institution, UnitKind, PositionKind, Unit, Position, Person, Appointment, Delegation)
Act = Callable[[School, Actor, datetime], Any]


def everything() -> list[Any]:
    """Return every stored value of the organisation but the time of sign-in, and the number of ledger entries."""
    rows = [
        [model_to_dict(row, exclude=["last_login"]) | {"pk": row.pk} for row in model._default_manager.order_by("pk")]
        for model in MODELS
    ]
    return [*rows, LedgerEntry.objects.count()]


def events() -> list[str]:
    return list(LedgerEntry.objects.order_by("sequence").values_list("event", flat=True))


MANAGER_ACTS: dict[str, Act] = {
    "create_unit": lambda s, a, now: services.create_unit(
        actor=a, institution_id=s.institution.pk, key="300", name="外语系", kind="academic", now=now
    ),
    "rename_unit": lambda s, a, now: services.rename_unit(actor=a, unit_id=s.department.pk, name="法学院", now=now),
    "move_unit": lambda s, a, now: services.move_unit(actor=a, unit_id=s.department.pk, parent_id=s.office.pk, now=now),
    "close_unit": lambda s, a, now: services.close_unit(
        actor=a,
        unit_id=UnitFactory(institution=s.institution).pk
        if not Unit.objects.filter(institution=s.institution, name="空单位").exists()
        else Unit.objects.get(institution=s.institution, name="空单位").pk,
        on=date(2026, 9, 14),
        now=now,
    ),
    "create_position": lambda s, a, now: services.create_position(
        actor=a, unit_id=s.department.pk, key="200-2", kind="head", now=now
    ),
    "create_person": lambda s, a, now: services.create_person(
        actor=a, institution_id=s.institution.pk, key="0100", name="新人", now=now
    ),
    "change_person": lambda s, a, now: services.change_person(
        actor=a, person_id=s.plain.pk, name="赵同志", username="zhao", mobile="13800000000", email="", now=now
    ),
    "set_one_time_password": lambda s, a, now: services.set_one_time_password(actor=a, person_id=s.plain.pk, now=now),
    "deactivate_person": lambda s, a, now: services.deactivate_person(
        actor=a, person_id=s.plain.pk, reason="调离", now=now
    ),
    "appoint": lambda s, a, now: services.appoint(
        actor=a, position_id=s.head_position.pk, person_id=s.plain.pk, starts_on=date(2026, 9, 14), now=now
    ),
    "end_appointment": lambda s, a, now: services.end_appointment(
        actor=a,
        appointment_id=Appointment.objects.get(position=s.head_position).pk,
        ends_on=date(2026, 9, 30),
        now=now,
    ),
    "import_organisation": lambda s, a, now: services.import_organisation(
        actor=a,
        institution=s.institution,
        kind="units",
        content="单位编号,单位名称,单位类别\n300,外语系,系部\n".encode(),
        filename="units.csv",
        now=now,
    ),
}


@pytest.fixture
def ready(school: School) -> School:
    UnitFactory(institution=school.institution, name="空单位")
    return school


@pytest.mark.parametrize("name", MANAGER_ACTS)
def test_manager_may_and_it_is_recorded_once(ready: School, now: datetime, name: str) -> None:
    before = everything()
    MANAGER_ACTS[name](ready, ready.actor(ready.manager, now), now)
    assert everything() != before
    (entry,) = LedgerEntry.objects.all()
    assert (entry.actor_name, entry.actor_position, entry.actor_unit) == ("王管理", "新媒体管理岗", "办公室")
    assert entry.institution == "shcc"
    assert entry.sentence


@pytest.mark.parametrize("name", MANAGER_ACTS)
@pytest.mark.parametrize("who", ("head", "plain"))
def test_others_may_not_and_nothing_changes(ready: School, now: datetime, name: str, who: str) -> None:
    before = everything()
    with pytest.raises(PermissionDenied) as refused:
        MANAGER_ACTS[name](ready, ready.actor(getattr(ready, who), now), now)
    assert "联系办公室" in str(refused.value.reason)
    assert everything() == before


@pytest.mark.parametrize("name", MANAGER_ACTS)
def test_the_public_may_not(ready: School, now: datetime, name: str) -> None:
    before = everything()
    public = Actor.public(institution_id=ready.institution.pk, institution="shcc")
    with pytest.raises(PermissionDenied):
        MANAGER_ACTS[name](ready, public, now)
    assert everything() == before


@pytest.mark.parametrize("name", MANAGER_ACTS)
def test_manager_of_another_institution_finds_nothing(
    ready: School, other_school: School, now: datetime, name: str
) -> None:
    before = everything()
    stranger = other_school.actor(other_school.manager, now)
    with pytest.raises((PermissionDenied, ObjectDoesNotExist)):
        MANAGER_ACTS[name](ready, stranger, now)
    assert everything() == before


@pytest.mark.parametrize("name", MANAGER_ACTS)
def test_manager_whose_term_is_over_may_not(ready: School, now: datetime, name: str) -> None:
    actor = ready.actor(ready.manager, now)
    Appointment.objects.filter(person=ready.manager).update(ends_on=date(2026, 9, 13))
    before = everything()
    with pytest.raises(PermissionDenied):
        MANAGER_ACTS[name](ready, actor, now)
    assert everything() == before


def refused(call: Callable[[], Any], error: type[Exception] = ValidationError) -> str:
    """Return the words of a refusal; nothing may have changed."""
    before = everything()
    with pytest.raises(error) as caught:
        call()
    assert everything() == before
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    (
        ({"key": "200"}, "单位编号"),
        ({"key": ""}, "key"),
        ({"kind": "castle"}, "没有这个单位类别"),
        ({"parent_id": 10**9}, "没有这个上级单位"),
        ({"name": ""}, "name"),
        ({"name": "长" * 10_000}, "name"),
    ),
)
def test_unit_that_cannot_be(school: School, now: datetime, changes: dict[str, Any], words: str) -> None:
    values = {"institution_id": school.institution.pk, "key": "300", "name": "外语系", "kind": "academic"} | changes
    actor = school.actor(school.manager, now)
    assert words in refused(lambda: services.create_unit(actor=actor, **values, now=now))


def test_unit_under_a_unit_of_another_institution_cannot_be(
    school: School, other_school: School, now: datetime
) -> None:
    actor = school.actor(school.manager, now)
    values = {"institution_id": school.institution.pk, "key": "300", "name": "外语系", "kind": "academic"}
    refused(lambda: services.create_unit(actor=actor, **values, parent_id=other_school.office.pk, now=now))


def test_unit_name_keeps_html_and_emoji_as_text_and_loses_control_characters(school: School, now: datetime) -> None:
    unit = services.create_unit(
        actor=school.actor(school.manager, now),
        institution_id=school.institution.pk,
        key="300",
        name=" <script>alert(1)</script>\x00🎓\n系 ",
        kind="academic",
        now=now,
    )
    assert Unit.objects.get(pk=unit.pk).name == "<script>alert(1)</script>🎓 系"


def test_unit_cannot_move_below_itself(school: School, now: datetime) -> None:
    below = UnitFactory(institution=school.institution, parent=school.department)
    actor = school.actor(school.manager, now)
    for target in (school.department, below):
        words = refused(
            lambda target=target: services.move_unit(
                actor=actor, unit_id=school.department.pk, parent_id=target.pk, now=now
            )
        )
        assert "不能做它的上级" in words


def test_unit_with_holders_or_units_below_cannot_be_closed(school: School, now: datetime) -> None:
    actor, on = school.actor(school.manager, now), now.date()

    def close() -> None:
        services.close_unit(actor=actor, unit_id=school.department.pk, on=on, now=now)

    assert "还有人在任" in refused(close, TransitionNotAllowed)
    Appointment.objects.filter(position=school.head_position).update(ends_on=on - timedelta(days=1))
    child = UnitFactory(institution=school.institution, parent=school.department)
    assert "下级单位" in refused(close, TransitionNotAllowed)
    child.delete()
    close()
    assert "已经撤销" in refused(close, TransitionNotAllowed)


def test_renaming_to_the_same_name_leaves_no_trace(school: School, now: datetime) -> None:
    before = everything()
    services.rename_unit(actor=school.actor(school.manager, now), unit_id=school.department.pk, name="法律系", now=now)
    assert everything() == before


def test_position_of_a_kind_that_such_units_have_not(school: School, now: datetime) -> None:
    actor = school.actor(school.manager, now)
    words = refused(
        lambda: services.create_position(actor=actor, unit_id=school.office.pk, key="x", kind="head", now=now)
    )
    assert "不设" in words


@pytest.mark.parametrize(
    ("first", "last"),
    (
        (date(2026, 9, 1), date(2026, 9, 30)),
        (date(2026, 9, 30), None),
        (date(2026, 8, 1), date(2026, 9, 1)),
        (date(2026, 8, 1), None),
    ),
)
def test_overlapping_term_of_one_person_is_refused(
    school: School, now: datetime, first: date, last: date | None
) -> None:
    AppointmentFactory(
        position=school.head_position, person=school.plain, starts_on=date(2026, 9, 1), ends_on=date(2026, 9, 30)
    )
    actor = school.actor(school.manager, now)
    words = refused(
        lambda: services.appoint(
            actor=actor,
            position_id=school.head_position.pk,
            person_id=school.plain.pk,
            starts_on=first,
            ends_on=last,
            now=now,
        )
    )
    assert "已任此职" in words


@pytest.mark.parametrize(("first", "last"), ((date(2026, 10, 1), None), (date(2026, 8, 1), date(2026, 8, 31))))
def test_adjacent_terms_of_one_person_are_fine(school: School, now: datetime, first: date, last: date | None) -> None:
    AppointmentFactory(
        position=school.head_position, person=school.plain, starts_on=date(2026, 9, 1), ends_on=date(2026, 9, 30)
    )
    services.appoint(
        actor=school.actor(school.manager, now),
        position_id=school.head_position.pk,
        person_id=school.plain.pk,
        starts_on=first,
        ends_on=last,
        now=now,
    )
    assert Appointment.objects.filter(person=school.plain).count() == 2


def test_person_of_another_institution_cannot_be_appointed(school: School, other_school: School, now: datetime) -> None:
    actor = school.actor(school.manager, now)
    words = refused(
        lambda: services.appoint(
            actor=actor,
            position_id=school.head_position.pk,
            person_id=other_school.plain.pk,
            starts_on=now.date(),
            now=now,
        )
    )
    assert "没有这个人" in words


def test_term_cannot_end_before_it_began_nor_be_lengthened(school: School, now: datetime) -> None:
    actor = school.actor(school.manager, now)
    term = AppointmentFactory(
        position=school.head_position, person=school.plain, starts_on=date(2026, 9, 1), ends_on=date(2026, 9, 30)
    )

    def end(on: date) -> Callable[[], Any]:
        return lambda: services.end_appointment(actor=actor, appointment_id=term.pk, ends_on=on, now=now)

    assert "早于开始" in refused(end(date(2026, 8, 31)))
    assert "早已结束" in refused(end(date(2026, 10, 1)), TransitionNotAllowed)
    end(date(2026, 9, 1))()
    term.refresh_from_db()
    assert term.ends_on == date(2026, 9, 1)


def test_person_is_registered_with_number_as_user_name_and_cannot_sign_in_yet(school: School, now: datetime) -> None:
    person = services.create_person(
        actor=school.actor(school.manager, now), institution_id=school.institution.pk, key="00042", name="新人", now=now
    )
    assert (person.key, person.username, person.has_usable_password()) == ("00042", "00042", False)


def test_contact_details_never_enter_the_ledger(school: School, now: datetime) -> None:
    services.change_person(
        actor=school.actor(school.manager, now),
        person_id=school.plain.pk,
        name="赵同事",
        username="shcc-plain",
        mobile="13912345678",
        email="zhao@example.edu.cn",
        now=now,
    )
    entry = LedgerEntry.objects.get()
    assert "13912345678" not in entry.payload
    assert "example.edu.cn" not in entry.payload
    assert "手机" in entry.sentence


def test_user_name_taken_in_another_institution_is_refused(school: School, other_school: School, now: datetime) -> None:
    actor = school.actor(school.manager, now)
    words = refused(
        lambda: services.create_person(
            actor=actor, institution_id=school.institution.pk, key="9", name="新人", username="BEISHAN-head", now=now
        )
    )
    assert "用户名已有人使用" in words


@pytest.mark.parametrize("password", ("short", "1234567890123", "password123", "shcc-plain1"))
def test_weak_passwords_are_refused(school: School, now: datetime, password: str) -> None:
    actor = school.actor(school.plain, now)
    refused(lambda: services.set_password(actor=actor, person_id=school.plain.pk, password=password, now=now))
    school.plain.refresh_from_db()
    assert school.plain.check_password(PASSWORD)


def test_nobody_sets_somebody_elses_password(school: School, now: datetime) -> None:
    actor = school.actor(school.manager, now)
    refused(
        lambda: services.set_password(actor=actor, person_id=school.plain.pk, password="chuanghu-zhuozi-9", now=now),
        PermissionDenied,
    )


def test_one_time_password_must_be_changed_to_another_one(school: School, now: datetime) -> None:
    given = services.set_one_time_password(actor=school.actor(school.manager, now), person_id=school.plain.pk, now=now)
    person = Person.objects.get(pk=school.plain.pk)
    assert person.check_password(given)
    assert person.must_change_password
    assert given not in LedgerEntry.objects.get().payload
    own = school.actor(school.plain, now)
    refused(lambda: services.set_password(actor=own, person_id=person.pk, password=given, now=now))
    services.set_password(actor=own, person_id=person.pk, password="chuanghu-zhuozi-9", now=now)
    person.refresh_from_db()
    assert not person.must_change_password
    assert person.password_changed_at == now


def test_deactivated_person_holds_nothing_until_reactivated(school: School, now: datetime) -> None:
    actor = school.actor(school.manager, now)
    services.deactivate_person(actor=actor, person_id=school.head.pk, reason="借调", now=now)
    assert holdings_of(Person.objects.get(pk=school.head.pk), now.date()) == []
    words = refused(
        lambda: services.deactivate_person(actor=actor, person_id=school.head.pk, reason="再来", now=now),
        TransitionNotAllowed,
    )
    assert "已经停用" in words
    services.reactivate_person(actor=actor, person_id=school.head.pk, reason="回来", now=now)
    assert holdings_of(Person.objects.get(pk=school.head.pk), now.date())


def test_manager_cannot_shut_themselves_out(school: School, now: datetime) -> None:
    actor = school.actor(school.manager, now)
    words = refused(lambda: services.deactivate_person(actor=actor, person_id=school.manager.pk, reason="误", now=now))
    assert "自己" in words


def test_institution_is_ensured_once(db: None, now: datetime) -> None:
    values: dict[str, Any] = {"code": "demo", "name": "示范学院", "aliases": ["示范"], "now": now}
    first = services.ensure_institution(**values)
    again = services.ensure_institution(**values)
    assert first.pk == again.pk
    assert events() == ["organisation.institution_created"]
    services.ensure_institution(**values | {"name": "示范大学"})
    assert Institution.objects.get().name == "示范大学"
    assert events()[-1] == "organisation.institution_changed"


def test_institution_code_and_host_are_checked(school: School, now: datetime) -> None:
    refused(lambda: services.ensure_institution(code="No Good", name="x", now=now))
    services.ensure_institution(code="one", name="一", host="a.example.cn", now=now)
    refused(lambda: services.ensure_institution(code="two", name="二", host="A.example.cn", now=now))


def test_vocabulary_follows_the_policy(school: School, now: datetime) -> None:
    actor = Actor.system(institution_id=school.institution.pk, institution="shcc")
    units = [services.UnitKindSpec("office", "校办公室"), services.UnitKindSpec("studio", "工作室", ["office"])]
    kinds = [services.PositionKindSpec("head", "负责人", ["studio"], ["accounts.view_all"])]

    def sync() -> bool:
        return services.sync_vocabulary(
            institution=school.institution, unit_kinds=units, position_kinds=kinds, actor=actor, now=now
        )

    assert sync() is True
    assert UnitKind.objects.get(institution=school.institution, code="office").title == "校办公室"
    left = set(UnitKind.objects.filter(institution=school.institution).values_list("code", flat=True))
    assert left == {"office", "studio", "academic"}, "a kind still used stays, others go"
    assert grants_of(school.head, now.date()).has("accounts.view_all")
    assert not grants_of(school.manager, now.date()).capabilities, "a kind that policy dropped allows nothing"
    before = everything()
    assert sync() is False
    assert everything() == before


def test_vocabulary_of_another_institution_cannot_be_written(
    school: School, other_school: School, now: datetime
) -> None:
    actor = Actor.system(institution_id=other_school.institution.pk, institution="beishan")
    refused(
        lambda: services.sync_vocabulary(
            institution=school.institution, unit_kinds=[], position_kinds=[], actor=actor, now=now
        ),
        PermissionDenied,
    )


class TestDelegation:
    """Who may delegate what to whom, from when to when."""

    @staticmethod
    def values(school: School, **changes: Any) -> dict[str, Any]:
        return {
            "position_id": school.head_position.pk,
            "delegate_id": school.plain.pk,
            "starts_on": date(2026, 9, 14),
            "ends_on": date(2026, 9, 20),
            "reason": "出差",
        } | changes

    def test_holder_delegates_and_the_delegate_acts_in_their_name(self, school: School, now: datetime) -> None:
        services.delegate(actor=school.actor(school.head, now), **self.values(school), now=now)
        grants = grants_of(school.plain, now.date())
        assert grants.units("accounts.view_unit") == {school.department.pk}
        actor = school.actor(school.plain, now)
        assert actor.on_behalf_of == "李主任（系主任）"
        entry = LedgerEntry.objects.get()
        assert entry.event == "organisation.delegated"
        assert "出差" in entry.sentence

    @pytest.mark.parametrize("who", ("manager", "plain"))
    def test_only_the_holder_delegates(self, school: School, now: datetime, who: str) -> None:
        actor = school.actor(getattr(school, who), now)
        refused(
            lambda: services.delegate(actor=actor, **self.values(school, delegate_id=school.head.pk), now=now),
            PermissionDenied,
        )

    def test_delegate_cannot_delegate_further(self, school: School, now: datetime) -> None:
        services.delegate(actor=school.actor(school.head, now), **self.values(school), now=now)
        actor = school.actor(school.plain, now)
        refused(
            lambda: services.delegate(actor=actor, **self.values(school, delegate_id=school.manager.pk), now=now),
            PermissionDenied,
        )

    def test_former_holder_cannot_delegate(self, school: School, now: datetime) -> None:
        actor = school.actor(school.head, now)
        Appointment.objects.filter(person=school.head).update(ends_on=date(2026, 9, 13))
        refused(lambda: services.delegate(actor=actor, **self.values(school), now=now), PermissionDenied)

    @pytest.mark.parametrize(
        ("changes", "words"),
        (
            ({"starts_on": date(2026, 9, 13)}, "不能补到过去"),
            ({"ends_on": date(2026, 9, 13)}, "早于开始"),
            ({"reason": "  "}, "事由"),
            ({"delegate_id": 10**9}, "没有这个人"),
        ),
    )
    def test_delegation_that_cannot_be(
        self, school: School, now: datetime, changes: dict[str, Any], words: str
    ) -> None:
        actor = school.actor(school.head, now)
        assert words in refused(lambda: services.delegate(actor=actor, **self.values(school, **changes), now=now))

    def test_to_oneself_to_a_stranger_and_to_somebody_shut_out(
        self, school: School, other_school: School, now: datetime
    ) -> None:
        actor = school.actor(school.head, now)
        gone = PersonFactory(institution=school.institution, is_active=False)
        for pk, words in ((school.head.pk, "自己"), (other_school.plain.pk, "没有这个人"), (gone.pk, "停用")):
            values = self.values(school, delegate_id=pk)
            assert words in refused(lambda values=values: services.delegate(actor=actor, **values, now=now))

    def test_same_delegation_twice_is_refused(self, school: School, now: datetime) -> None:
        actor = school.actor(school.head, now)
        services.delegate(actor=actor, **self.values(school), now=now)
        values = self.values(school, starts_on=date(2026, 9, 20), ends_on=date(2026, 9, 25))
        assert "已委托" in refused(lambda: services.delegate(actor=actor, **values, now=now))

    def test_position_of_another_institution_is_not_found(
        self, school: School, other_school: School, now: datetime
    ) -> None:
        actor = school.actor(school.head, now)
        values = self.values(school, position_id=other_school.head_position.pk)
        refused(lambda: services.delegate(actor=actor, **values, now=now), ObjectDoesNotExist)

    @pytest.mark.parametrize("who", ("head", "manager"))
    def test_principal_or_manager_revokes_at_once(self, school: School, now: datetime, who: str) -> None:
        given = services.delegate(actor=school.actor(school.head, now), **self.values(school), now=now)
        services.revoke_delegation(actor=school.actor(getattr(school, who), now), delegation_id=given.pk, now=now)
        assert holdings_of(school.plain, now.date()) == []

    def test_delegate_does_not_revoke_and_nobody_twice(self, school: School, now: datetime) -> None:
        given = services.delegate(actor=school.actor(school.head, now), **self.values(school), now=now)

        def revoke(person: Person, at: datetime = now) -> Callable[[], Any]:
            actor = school.actor(person, at)
            return lambda: services.revoke_delegation(actor=actor, delegation_id=given.pk, now=at)

        refused(revoke(school.plain), PermissionDenied)
        refused(revoke(school.head, now + timedelta(days=30)), TransitionNotAllowed)
        revoke(school.head)()
        refused(revoke(school.head), TransitionNotAllowed)

    def test_delegation_of_another_institution_is_not_found(
        self, school: School, other_school: School, now: datetime
    ) -> None:
        given = services.delegate(actor=school.actor(school.head, now), **self.values(school), now=now)
        stranger = other_school.actor(other_school.manager, now)
        refused(lambda: services.revoke_delegation(actor=stranger, delegation_id=given.pk, now=now), ObjectDoesNotExist)


def test_position_factory_gives_consistent_institutions(db: None) -> None:
    position = PositionFactory()
    appointment = AppointmentFactory(position=position)
    assert appointment.institution == position.institution == position.unit.institution
    assert appointment.person.institution == position.institution
