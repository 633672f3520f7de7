"""Signing: the person proves again who they are, just before an opinion is recorded."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from xianshen.organisation.services import check_signing_secret, signing_method

if TYPE_CHECKING:
    from xianshen.organisation.models import Person

LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Signature:
    """Proof that a person signed in again for signing.

    Args:
        person_id: who proved it.
        method: ``password`` or ``otp``.
        at: when; usable for :data:`LIFETIME`, within one request in practice.
    """

    person_id: int
    method: str
    at: datetime

    def covers(self, person_id: int, now: datetime) -> bool:
        return self.person_id == person_id and timedelta(0) <= now - self.at <= LIFETIME


def sign(*, person: "Person", secret: str, now: datetime) -> Signature:
    """Check the password, or the one-time code of a person who has enrolled one.

    Args:
        person: who signs.
        secret: what was typed.
        now: time of the request.

    Raises:
        ValidationError: wrong or missing secret, or too many attempts (field ``secret``).
    """
    if not secret:
        raise ValidationError({"secret": _("还没有写签署密码。写上登录密码再签署；启用了动态口令的，写六位口令。")})
    method = check_signing_secret(person, secret, now=now)
    return Signature(person.pk, method, now)


def asks_for_code(person: "Person") -> bool:
    """Say whether the person signs with a one-time code instead of the password."""
    return signing_method(person) == "otp"
