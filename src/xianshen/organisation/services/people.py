"""People, their passwords, and their appointments to positions."""

from datetime import date, datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.language import stored
from xianshen.ledger.services import Unchanged, act, record
from xianshen.organisation import events
from xianshen.organisation.models import Appointment, Person, Position
from xianshen.organisation.permissions import may_change_own
from xianshen.organisation.services._shared import (
    clean_text,
    person_subject,
    position_subject,
    require_manager,
    save_checked,
    unit_subject,
)
from xianshen.organisation.services.passwords import new_one_time_password
from xianshen.organisation.services.sign_in import forget_failures
from xianshen.workflow.tables import locked


@act
def create_person(
    *,
    actor: Actor,
    institution_id: int,
    key: str,
    name: str,
    username: str = "",
    mobile: str = "",
    email: str = "",
    password: str = "",
    must_change_password: bool = True,
    now: datetime,
) -> Person:
    """Register a person.

    Args:
        actor: who registers them.
        institution_id: their institution.
        key: staff or student number.
        name: their name.
        username: sign-in name; without it the key.
        mobile: mobile number, or "".
        email: e-mail address, or "".
        password: first password; without it they cannot sign in until the Office sets a one-time password.
        must_change_password: whether the first password is to be changed at the first sign-in.
        now: time of the act.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
        ValidationError: key or user name taken, a field cannot be stored, or the password is too weak.
    """
    require_manager(actor, institution_id, timezone.localdate(now))
    person = Person(
        institution_id=institution_id,
        key=clean_text(key),
        name=clean_text(name),
        username=clean_text(username) or clean_text(key),
        mobile=clean_text(mobile),
        email=clean_text(email),
    )
    if password:
        validate_password(password, person)
        person.set_password(password)
        person.must_change_password = must_change_password
        person.password_changed_at = now
    else:
        person.set_unusable_password()
    save_checked(person)
    record(events.PERSON_CREATED, actor=actor, subject=person_subject(person), payload={"key": person.key}, at=now)
    return person


@act
def change_person(
    *, actor: Actor, person_id: int, name: str, username: str, mobile: str, email: str, now: datetime
) -> Person:
    """Change what is known of a person; the number stays. The ledger keeps which fields, never the values.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
        ValidationError: user name taken, or a field cannot be stored.
        Person.DoesNotExist: no such person in the actor's institution.
    """
    require_manager(actor, actor.institution_id, timezone.localdate(now))
    person = locked(Person, person_id, institution_id=actor.institution_id)
    wanted = {
        "name": clean_text(name),
        "username": clean_text(username).lower(),
        "mobile": clean_text(mobile),
        "email": clean_text(email),
    }
    changed = [field for field, value in wanted.items() if getattr(person, field) != value]
    if not changed:
        raise Unchanged(person)
    for field, value in wanted.items():
        setattr(person, field, value)
    save_checked(person)
    labels = [stored(Person._meta.get_field(field).verbose_name) for field in changed]  # type: ignore[union-attr]
    record(events.PERSON_CHANGED, actor=actor, subject=person_subject(person), payload={"fields": labels}, at=now)
    return person


@act
def set_password(*, actor: Actor, person_id: int, password: str, now: datetime) -> Person:
    """Set a person's own new password; whoever calls has checked the old one.

    Raises:
        PermissionDenied: it is somebody else's.
        ValidationError: the password is too weak, or the same as before.
        Person.DoesNotExist: no such person in the actor's institution.
    """
    person = locked(Person, person_id, institution_id=actor.institution_id)
    decision = may_change_own(actor, person)
    if not decision:
        raise PermissionDenied.from_denied(decision)
    if person.must_change_password and person.check_password(password):
        raise ValidationError(_("新密码和一次性密码相同。另设一个只有你知道的密码。"))
    validate_password(password, person)
    person.set_password(password)
    person.must_change_password = False
    person.password_changed_at = now
    person.save(update_fields=["password", "must_change_password", "password_changed_at"])
    record(events.PASSWORD_CHANGED, actor=actor, subject=person_subject(person), payload={}, at=now)
    return person


@act
def set_one_time_password(*, actor: Actor, person_id: int, now: datetime) -> str:
    """Set a password that must be changed at the next sign-in, end the person's sessions, and return it.

    The password is shown once and kept nowhere in the clear. Other sign-ins of the person end because the
    session is bound to the password's hash.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
        TransitionNotAllowed: the person may not sign in at all.
        Person.DoesNotExist: no such person in the actor's institution.
    """
    require_manager(actor, actor.institution_id, timezone.localdate(now))
    person = locked(Person, person_id, institution_id=actor.institution_id)
    if not person.is_active:
        raise TransitionNotAllowed(_("「%(name)s」已停用登录。先恢复登录，再设密码。") % {"name": person.name})
    password = new_one_time_password()
    person.set_password(password)
    person.must_change_password = True
    person.password_changed_at = now
    person.save(update_fields=["password", "must_change_password", "password_changed_at"])
    forget_failures(person=person)
    record(events.ONE_TIME_PASSWORD_SET, actor=actor, subject=person_subject(person), payload={}, at=now)
    return password


@act
def deactivate_person(*, actor: Actor, person_id: int, reason: str, now: datetime) -> Person:
    """Stop a person from signing in; from then on they hold no position and their delegations rest.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
        ValidationError: no reason, or the actor would shut themselves out.
        TransitionNotAllowed: already stopped.
        Person.DoesNotExist: no such person in the actor's institution.
    """
    person = _person_to_switch(actor, person_id, now)
    text = _reason(reason)
    if not person.is_active:
        raise TransitionNotAllowed(_("「%(name)s」已经停用登录。") % {"name": person.name})
    if person.pk == actor.person_id:
        raise ValidationError(_("不能停用自己的登录。由另一位管理的人办理。"))
    person.is_active = False
    person.save(update_fields=["is_active"])
    record(events.PERSON_DEACTIVATED, actor=actor, subject=person_subject(person), payload={"reason": text}, at=now)
    return person


@act
def reactivate_person(*, actor: Actor, person_id: int, reason: str, now: datetime) -> Person:
    """Let a person sign in again.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
        ValidationError: no reason.
        TransitionNotAllowed: the person may sign in already.
        Person.DoesNotExist: no such person in the actor's institution.
    """
    person = _person_to_switch(actor, person_id, now)
    text = _reason(reason)
    if person.is_active:
        raise TransitionNotAllowed(_("「%(name)s」现在就能登录。") % {"name": person.name})
    person.is_active = True
    person.save(update_fields=["is_active"])
    record(events.PERSON_REACTIVATED, actor=actor, subject=person_subject(person), payload={"reason": text}, at=now)
    return person


@act
def appoint(
    *,
    actor: Actor,
    position_id: int,
    person_id: int,
    starts_on: date,
    ends_on: date | None = None,
    now: datetime,
) -> Appointment:
    """Appoint a person to a position for a period whose first and last day are included.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
        ValidationError: the period is reversed, overlaps one of the same person in the same position, or
            the person is of another institution.
        TransitionNotAllowed: the unit is closed in that period, or the person may not sign in.
        Position.DoesNotExist: no such position in the actor's institution.
    """
    require_manager(actor, actor.institution_id, timezone.localdate(now))
    position = locked(Position, position_id, institution_id=actor.institution_id)
    person = Person.objects.filter(institution_id=actor.institution_id, pk=person_id).first()
    if person is None:
        raise ValidationError({"person": _("没有这个人。从本校人员中选。")})
    if not person.is_active:
        raise TransitionNotAllowed(_("「%(name)s」已停用登录。先恢复登录，再任命。") % {"name": person.name})
    if position.unit.closed_on is not None and (ends_on is None or ends_on >= position.unit.closed_on):
        raise TransitionNotAllowed(_("「%(unit)s」已经撤销，任期不能越过撤销日期。") % {"unit": position.unit.name})
    if ends_on is not None and ends_on < starts_on:
        raise ValidationError({"ends_on": _("结束日期早于开始日期。改成同一天或更晚。")})
    if Appointment.objects.overlapping(starts_on, ends_on).filter(position=position, person=person).exists():
        raise ValidationError(
            {"starts_on": _("「%(name)s」在这段时间已任此职。改日期，或先结束原来的任职。") % {"name": person.name}}
        )
    appointment = Appointment(
        institution_id=actor.institution_id, position=position, person=person, starts_on=starts_on, ends_on=ends_on
    )
    save_checked(appointment)
    payload = {
        "position": position.title,
        "unit": position.unit.name,
        "person": person.name,
        "starts_on": starts_on.isoformat(),
        "ends_on": ends_on.isoformat() if ends_on else "",
    }
    about = [person_subject(person), unit_subject(position.unit)]
    record(events.APPOINTED, actor=actor, subject=position_subject(position), payload=payload, at=now, about=about)
    return appointment


@act
def end_appointment(*, actor: Actor, appointment_id: int, ends_on: date, now: datetime) -> Appointment:
    """Set the last day of an appointment.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
        ValidationError: the last day is before the first.
        TransitionNotAllowed: the appointment had ended before that day already.
        Appointment.DoesNotExist: no such appointment in the actor's institution.
    """
    require_manager(actor, actor.institution_id, timezone.localdate(now))
    appointment: Appointment = locked(Appointment, appointment_id, institution_id=actor.institution_id)
    if ends_on < appointment.starts_on:
        raise ValidationError({"ends_on": _("结束日期早于开始日期。改成同一天或更晚。")})
    if appointment.ends_on is not None and appointment.ends_on < ends_on:
        raise TransitionNotAllowed(_("这段任职早已结束。要延长任期的，另行任命。"))
    if appointment.ends_on == ends_on:
        raise Unchanged(appointment)
    appointment.ends_on = ends_on
    appointment.save(update_fields=["ends_on"])
    position, person = appointment.position, appointment.person
    payload = {
        "position": position.title,
        "unit": position.unit.name,
        "person": person.name,
        "ends_on": ends_on.isoformat(),
    }
    about = [person_subject(person), unit_subject(position.unit)]
    record(
        events.APPOINTMENT_ENDED, actor=actor, subject=position_subject(position), payload=payload, at=now, about=about
    )
    return appointment


def _person_to_switch(actor: Actor, person_id: int, now: datetime) -> Person:
    require_manager(actor, actor.institution_id, timezone.localdate(now))
    return locked(Person, person_id, institution_id=actor.institution_id)


def _reason(reason: str) -> str:
    text = clean_text(reason)
    if not text:
        raise ValidationError({"reason": pgettext("validation", "还没有写事由。写明为什么，以后查得到。")})
    return text
