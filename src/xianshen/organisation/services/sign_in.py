"""Proving who one is: sign-in, signing, and the lockout after failures.

Failures are counted in the database, in short transactions of their own, so that all processes share the
count and a refusal elsewhere cannot undo it. An attempt is counted before the secret is checked and given
back when it was right: however many come at once, no more than the limit are ever checked.
"""

from datetime import datetime, timedelta
from typing import Literal

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import formats, timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor
from xianshen.common.composed import counted
from xianshen.common.language import stored
from xianshen.ledger.events import Subject
from xianshen.ledger.services import JSON, act, no_act, record
from xianshen.organisation import events
from xianshen.organisation.enums import AttemptPurpose
from xianshen.organisation.models import ImportDraft, Institution, Lockout, Person, normalise_username
from xianshen.organisation.selectors import actor_for
from xianshen.organisation.services._shared import institution_subject, person_subject

#: Wrong attempts before the lock, by purpose. An address serves many people behind one router.
LIMITS = {AttemptPurpose.SIGN_IN: 5, AttemptPurpose.ADDRESS: 60, AttemptPurpose.SIGNING: 5}
#: Attempts are counted together within this time, and a lock lasts as long.
WINDOW = timedelta(minutes=10)
#: An upload holds personal data; whoever means to import it does so within a day.
UPLOADS_WAIT = timedelta(days=1)


class LockedOut(ValidationError):
    """Too many wrong attempts; nothing was checked.

    Attributes:
        until: when the next attempt is possible.
    """

    def __init__(self, until: datetime, *, field: str = "") -> None:
        at = formats.time_format(timezone.localtime(until), "H:i")
        text = _("连续多次没有通过验证，为保护账户暂时锁定。%(time)s 后再试，忘了密码联系办公室。") % {"time": at}
        super().__init__({field: [text]} if field else text, code="locked_out")
        self.until = until


@no_act(why="counts an attempt in an act of its own, which must stand when this refuses")
def begin_attempt(
    *, purpose: AttemptPurpose, subject: str, institution: Institution, person: Person | None, now: datetime
) -> None:
    """Count an attempt before its secret is checked.

    Args:
        purpose: what is being tried.
        subject: user name, address, or the person's primary key.
        institution: where a lock is recorded.
        person: whom it concerns, if known.
        now: time of the attempt.

    Raises:
        LockedOut: the limit has been reached; do not check the secret.
    """
    until = _count_attempt(purpose=purpose, subject=subject, institution=institution, person=person, now=now)
    if until is not None:
        raise LockedOut(until)


@act(records=False, why="an attempt is a count that expires; the lock to which it leads is recorded by lock_out")
def _count_attempt(
    *, purpose: AttemptPurpose, subject: str, institution: Institution, person: Person | None, now: datetime
) -> datetime | None:
    key = _digest(purpose, subject)
    counting = Lockout.objects.filter(
        subject=key, failures__lt=LIMITS[purpose], locked_until__isnull=True, window_started_at__gt=now - WINDOW
    )
    if counting.update(failures=F("failures") + 1):
        return None
    row = _row(key, now)
    if row.locked_until is not None and row.locked_until > now:
        return row.locked_until
    if row.locked_until is not None or row.window_started_at + WINDOW <= now:
        row.failures, row.window_started_at, row.locked_until = 0, now, None
    if row.failures < LIMITS[purpose]:
        row.failures += 1
        row.save(update_fields=["failures", "window_started_at", "locked_until"])
        return None
    row.locked_until = now + WINDOW
    row.save(update_fields=["locked_until"])
    lock_out(purpose=purpose, institution=institution, person=person, until=row.locked_until, now=now)
    return row.locked_until


@act(records=False, why="gives back the count of an attempt that was right")
def attempt_succeeded(*, purpose: AttemptPurpose, subject: str) -> None:
    """Give back an attempt whose secret was right; earlier failures stay counted."""
    Lockout.objects.filter(subject=_digest(purpose, subject), failures__gt=0).update(failures=F("failures") - 1)


@act(records=False, why="clears counts after the Office has set another password, which is recorded")
def forget_failures(*, person: Person) -> None:
    """Forget the failures of a person, so that a new password can be used at once."""
    subjects = [
        _digest(AttemptPurpose.SIGN_IN, person.username),
        _digest(AttemptPurpose.SIGNING, str(person.pk)),
    ]
    Lockout.objects.filter(subject__in=subjects).delete()


@act(records=False, why="removes counts that no longer count and files that were never imported")
def forget_expired(*, now: datetime) -> None:
    """Delete counts of attempts whose time is over, and uploads that nobody confirmed in :data:`UPLOADS_WAIT`."""
    over = now - WINDOW
    Lockout.objects.filter(Q(locked_until=None) | Q(locked_until__lte=now), window_started_at__lte=over).delete()
    ImportDraft.objects.filter(created_at__lte=now - UPLOADS_WAIT).delete()


@act
def lock_out(
    *, purpose: AttemptPurpose, institution: Institution, person: Person | None, until: datetime, now: datetime
) -> None:
    """Record that further attempts are refused until a time. The typed user name is never recorded."""
    actor = Actor.public(institution_id=institution.pk, institution=institution.code)
    subject: Subject = institution_subject(institution)
    if person is not None:
        actor = Actor.public(institution_id=person.institution_id, institution=person.institution.code)
        subject = person_subject(person)
    payload: dict[str, JSON] = {
        "purpose": stored(purpose.label),
        "failures": LIMITS[purpose],
        "until": timezone.localtime(until).isoformat(timespec="minutes"),
    }
    record(events.LOCKED_OUT, actor=actor, subject=subject, payload=payload, at=now)


@act
def record_sign_in(*, person: Person, now: datetime) -> None:
    """Record that a person signed in."""
    actor = actor_for(person, timezone.localdate(now))
    record(events.SIGNED_IN, actor=actor, subject=person_subject(person), payload={}, at=now)


@act
def record_sign_out(*, person: Person, now: datetime) -> None:
    """Record that a person signed out."""
    actor = actor_for(person, timezone.localdate(now))
    record(events.SIGNED_OUT, actor=actor, subject=person_subject(person), payload={}, at=now)


@act
def record_second_factor(*, person: Person, factor: str, added: bool, now: datetime) -> None:
    """Record that a person enrolled or removed a second factor."""
    event = events.SECOND_FACTOR_ADDED if added else events.SECOND_FACTOR_REMOVED
    actor = actor_for(person, timezone.localdate(now))
    record(event, actor=actor, subject=person_subject(person), payload={"factor": factor}, at=now)


@no_act(why="asks what is enrolled")
def signing_method(person: Person) -> Literal["password", "otp"]:
    """Return what a person proves themselves with when signing: a one-time code where enrolled, else the password."""
    return "otp" if _codes_enrolled(person.pk) else "password"


@counted
def _codes_enrolled(person_id: int) -> QuerySet[Authenticator]:
    enrolled: QuerySet[Authenticator] = Authenticator.objects.filter(user_id=person_id, type=Authenticator.Type.TOTP)
    return enrolled


@no_act(why="checks a secret; the counting is begin_attempt's")
def check_signing_secret(person: Person, secret: str, *, now: datetime) -> Literal["password", "otp"]:
    """Check what a person typed to sign: the one-time code where they enrolled one, else the password.

    Call it before the act that it signs, never inside: hashing takes time that no transaction should hold.

    Args:
        person: who signs.
        secret: what they typed.
        now: time of the request.

    Returns:
        ``password`` or ``otp``.

    Raises:
        ValidationError: it is wrong (field ``secret``).
        LockedOut: too many wrong attempts (a ``ValidationError`` of field ``secret``).
    """
    method = signing_method(person)
    subject = str(person.pk)
    try:
        begin_attempt(
            purpose=AttemptPurpose.SIGNING, subject=subject, institution=person.institution, person=person, now=now
        )
    except LockedOut as locked:
        raise LockedOut(locked.until, field="secret") from locked
    right = _code_is_right(person, secret) if method == "otp" else person.check_password(secret)
    if not right:
        if method == "otp":
            raise ValidationError(
                {"secret": _("动态口令不对，或已用过。看验证器上现在的六位数再填。")}, code="wrong_secret"
            )
        raise ValidationError({"secret": _("登录密码不对，没有签署。重新输入你的登录密码。")}, code="wrong_secret")
    attempt_succeeded(purpose=AttemptPurpose.SIGNING, subject=subject)
    return method


@no_act(why="checks a secret; the counting is begin_attempt's")
def verify_signature_secret(person: Person, *, password: str = "", otp: str = "", now: datetime) -> bool:
    """Say whether a person proved who they are, as :func:`check_signing_secret` does, without raising.

    A password does not do for a person who enrolled a one-time code.
    """
    secret = otp if signing_method(person) == "otp" else password
    try:
        check_signing_secret(person, secret, now=now)
    except ValidationError:
        return False
    return True


@no_act(why="looks up by sign-in name")
def person_signing_in(username: str) -> Person | None:
    """Return the person whom a typed user name means, or None."""
    return Person.objects.select_related("institution").filter(username=normalise_username(username)).first()


def _code_is_right(person: Person, code: str) -> bool:
    found = Authenticator.objects.filter(user_id=person.pk, type=Authenticator.Type.TOTP).first()
    code = code.strip()
    return bool(found and code.isascii() and code.isdigit() and found.wrap().validate_code(code))


def _digest(purpose: AttemptPurpose, subject: str) -> str:
    if purpose == AttemptPurpose.SIGN_IN:
        subject = normalise_username(subject)
    return salted_hmac("xianshen.organisation.lockout", f"{purpose}:{subject}", algorithm="sha256").hexdigest()


def _row(key: str, now: datetime) -> Lockout:
    found = Lockout.objects.select_for_update().filter(subject=key).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return Lockout.objects.create(subject=key, window_started_at=now)
    except IntegrityError:
        return Lockout.objects.select_for_update().get(subject=key)
