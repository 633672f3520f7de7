"""What the organisation's services share."""

from datetime import date
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied
from xianshen.common.tabular import clean_text
from xianshen.ledger.events import Subject
from xianshen.organisation.models import Institution, Person, Position, Unit
from xianshen.organisation.permissions import may_manage

M = TypeVar("M", bound=models.Model)

__all__ = [
    "clean_text",
    "institution_subject",
    "person_subject",
    "position_subject",
    "require_manager",
    "save_checked",
    "unit_subject",
]


def require_manager(actor: Actor, institution_id: int, on: date) -> None:
    """Raise ``PermissionDenied`` unless the actor may keep the institution's data."""
    decision = may_manage(actor, institution_id, on)
    if not decision:
        raise PermissionDenied.from_denied(decision)


def save_checked(instance: M) -> M:
    """Validate and save; a collision that slipped past the validation is a ``ValidationError`` too."""
    instance.full_clean()
    try:
        with transaction.atomic():
            instance.save()
    except IntegrityError as error:
        raise ValidationError(_("刚有人登记了同样编号的记录。刷新后看看是不是同一条。")) from error
    return instance


def institution_subject(institution: Institution) -> Subject:
    return Subject("organisation.institution", str(institution.pk), institution.name)


def unit_subject(unit: Unit) -> Subject:
    return Subject("organisation.unit", str(unit.pk), unit.name)


def position_subject(position: Position) -> Subject:
    return Subject("organisation.position", str(position.pk), f"{position.unit.name}{position.title}")


def person_subject(person: Person) -> Subject:
    return Subject("organisation.person", str(person.pk), person.name)
