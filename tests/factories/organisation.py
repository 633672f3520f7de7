"""Factories of the organisation. Vocabulary here is of the tests' own making, not a policy pack's."""

from datetime import date

import factory
from factory.django import DjangoModelFactory

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

PASSWORD = "shunfeng-2026-chuan"


class InstitutionFactory(DjangoModelFactory):
    class Meta:
        model = Institution

    code = factory.Sequence(lambda n: f"inst{n}")
    name = factory.Sequence(lambda n: f"第{n}学院")
    short_name = factory.Sequence(lambda n: f"{n}院")


class UnitKindFactory(DjangoModelFactory):
    class Meta:
        model = UnitKind
        django_get_or_create = ("institution", "code")

    institution = factory.SubFactory(InstitutionFactory)
    code = "department"
    title = factory.LazyAttribute(lambda kind: kind.code)


class PositionKindFactory(DjangoModelFactory):
    class Meta:
        model = PositionKind
        django_get_or_create = ("institution", "code")

    institution = factory.SubFactory(InstitutionFactory)
    code = "head"
    title = factory.LazyAttribute(lambda kind: kind.code)
    capabilities = factory.LazyFunction(list)


class UnitFactory(DjangoModelFactory):
    class Meta:
        model = Unit

    institution = factory.SubFactory(InstitutionFactory)
    key = factory.Sequence(lambda n: f"U{n:04}")
    name = factory.Sequence(lambda n: f"第{n}部门")
    kind = "department"


class PersonFactory(DjangoModelFactory):
    """A person whose password is ``PASSWORD`` when ``password=True``; without a usable one otherwise."""

    class Meta:
        model = Person
        skip_postgeneration_save = True

    institution = factory.SubFactory(InstitutionFactory)
    key = factory.Sequence(lambda n: f"{n:06}")
    username = factory.Sequence(lambda n: f"person{n}")
    name = factory.Sequence(lambda n: f"人员{n}")

    @factory.post_generation
    def password(self, create: bool, extracted: object, **kwargs: object) -> None:
        if extracted:
            self.set_password(PASSWORD if extracted is True else extracted)
        else:
            self.set_unusable_password()
        if create:
            self.save(update_fields=["password"])


class PositionFactory(DjangoModelFactory):
    class Meta:
        model = Position

    unit = factory.SubFactory(UnitFactory)
    institution = factory.SelfAttribute("unit.institution")
    key = factory.Sequence(lambda n: f"P{n:04}")
    kind = "head"
    title = factory.Sequence(lambda n: f"主任{n}")


class AppointmentFactory(DjangoModelFactory):
    class Meta:
        model = Appointment

    position = factory.SubFactory(PositionFactory)
    institution = factory.SelfAttribute("position.institution")
    person = factory.SubFactory(PersonFactory, institution=factory.SelfAttribute("..position.institution"))
    starts_on = date(2020, 1, 1)


class DelegationFactory(DjangoModelFactory):
    """A delegation by a principal who holds the position since 2020."""

    class Meta:
        model = Delegation

    position = factory.SubFactory(PositionFactory)
    institution = factory.SelfAttribute("position.institution")
    principal = factory.LazyAttribute(lambda delegation: AppointmentFactory(position=delegation.position).person)
    delegate = factory.SubFactory(PersonFactory, institution=factory.SelfAttribute("..position.institution"))
    starts_on = date(2026, 11, 1)
    ends_on = date(2026, 11, 30)
    reason = "出差"
