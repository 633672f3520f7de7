"""Secret addresses of calendar feeds: made anew, or closed, by the person they belong to."""

import hashlib
import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from xianshen.clocks import events
from xianshen.clocks.models import FeedAddress
from xianshen.common.actors import Actor
from xianshen.ledger.events import EventType, Subject
from xianshen.ledger.services import Unchanged, act, no_act, record

if TYPE_CHECKING:
    from xianshen.organisation.models import Person

PERSON_TYPE = "organisation.person"


@no_act(why="reckons a digest")
def secret_digest(secret: str) -> str:
    """Return what is kept of a secret: 192 random bits need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


@act
def renew_address(*, person: "Person", actor: Actor, now: datetime) -> str:
    """Give the person a new secret address; an earlier one is gone at once.

    Returns:
        the secret, which cannot be shown again.
    """
    secret = secrets.token_urlsafe(24)
    FeedAddress.objects.update_or_create(
        person_id=person.pk,
        defaults={
            "institution_id": person.institution_id,
            "digest": secret_digest(secret),
            "created_at": now,
        },
    )
    _record(events.ADDRESS_RENEWED, person, actor, now)
    return secret


@act
def close_address(*, person: "Person", actor: Actor, now: datetime) -> bool:
    """Take the person's address away; says whether there was one."""
    deleted, _by_model = FeedAddress.objects.filter(person_id=person.pk).delete()
    if not deleted:
        raise Unchanged(False)
    _record(events.ADDRESS_CLOSED, person, actor, now)
    return True


def _record(event: EventType, person: "Person", actor: Actor, now: datetime) -> None:
    subject = Subject(PERSON_TYPE, str(person.pk), person.name)
    record(event, actor=actor, subject=subject, payload={}, at=now)
