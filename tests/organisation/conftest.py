"""A small school: an office that keeps the data, a department with a head, and another school beside it."""

from dataclasses import dataclass
from datetime import datetime

import pytest
from django.utils import timezone

from tests.factories.organisation import (
    AppointmentFactory,
    InstitutionFactory,
    PersonFactory,
    PositionFactory,
    PositionKindFactory,
    UnitFactory,
    UnitKindFactory,
)
from xianshen.common.actors import Actor
from xianshen.organisation.models import Institution, Person, Position, Unit
from xianshen.organisation.selectors import actor_for


@dataclass
class School:
    """The people and places of one institution."""

    institution: Institution
    office: Unit
    department: Unit
    head_position: Position
    manager: Person
    head: Person
    plain: Person

    def actor(self, person: Person, now: datetime) -> Actor:
        return actor_for(person, timezone.localdate(now))


def make_school(code: str) -> School:
    institution = InstitutionFactory(code=code, name=f"{code}学院")
    for kind, title, home in (
        ("office", "办公室", []),
        ("department", "部门", []),
        ("academic", "系部", []),
        ("league", "团委", []),
        ("class", "班级", ["academic"]),
        ("society", "社团", ["league"]),
    ):
        UnitKindFactory(institution=institution, code=kind, title=title, home=home)
    PositionKindFactory(
        institution=institution,
        code="officer",
        title="管理岗",
        capabilities=["organisation.manage", "accounts.view_all"],
    )
    PositionKindFactory(
        institution=institution,
        code="head",
        title="主任",
        capabilities=["accounts.view_unit"],
        unit_kinds=["department", "academic"],
    )
    office = UnitFactory(institution=institution, key="100", name="办公室", kind="office")
    department = UnitFactory(institution=institution, key="200", name="法律系", kind="academic")
    officer_position = PositionFactory(unit=office, key="100-1", kind="officer", title="新媒体管理岗")
    head_position = PositionFactory(unit=department, key="200-1", kind="head", title="系主任")
    manager, head, plain = (
        PersonFactory(institution=institution, key=key, username=f"{code}-{role}", name=name, password=True)
        for key, role, name in (
            ("0001", "manager", "王管理"),
            ("0002", "head", "李主任"),
            ("0003", "plain", "赵同事"),
        )
    )
    AppointmentFactory(position=officer_position, person=manager)
    AppointmentFactory(position=head_position, person=head)
    return School(institution, office, department, head_position, manager, head, plain)


@pytest.fixture
def school(db: None) -> School:
    """Return the school in which the test happens."""
    return make_school("shcc")


@pytest.fixture
def other_school(db: None) -> School:
    """Return another school on the same installation."""
    return make_school("beishan")
