"""One-time passwords for many people at once, as after an import: made, handed over once, kept only as hashes."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.hashers import PBKDF2PasswordHasher, get_hasher
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor
from xianshen.common.errors import TransitionNotAllowed
from xianshen.ledger.services import act, no_act, record
from xianshen.organisation import events
from xianshen.organisation.models import Person
from xianshen.organisation.selectors import people, without_password
from xianshen.organisation.services._shared import person_subject, require_manager
from xianshen.organisation.services.sign_in import forget_failures

#: Letters and digits that nobody mistakes for another when a password is read aloud or copied by hand.
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
ONE_TIME_GROUPS, ONE_TIME_GROUP = 3, 4
#: How many people get passwords in one act; a bound of a request's time.
MOST_AT_ONCE = 200
#: Rounds of hashing for a password of twelve random signs (59 bits): it cannot be guessed, only read. Somebody's own
#: password gets the full number; Django renews a weaker hash by itself at the first sign-in.
ROUNDS = 60_000


@dataclass(frozen=True, slots=True)
class OneTimePassword:
    """A password as it is handed over; the only place where it stands in the clear.

    Args:
        person: whose.
        password: what they sign in with once.
    """

    person: Person
    password: str = field(repr=False)


@no_act(why="makes a random text; keeps nothing")
def new_one_time_password() -> str:
    """Return a password that is easily read and copied: three groups of four signs."""
    groups = ("".join(secrets.choice(READABLE) for _n in range(ONE_TIME_GROUP)) for _g in range(ONE_TIME_GROUPS))
    return "-".join(groups)


@no_act(why="hashes before the act, so that no lock is held meanwhile; _give records")
def give_one_time_passwords(*, actor: Actor, person_ids: Collection[int], now: datetime) -> list[OneTimePassword]:
    """Give a one-time password to each of the people who have none; they change it at their first sign-in.

    Whoever has a password keeps it, whoever may not sign in gets none: both are left out.

    Args:
        actor: who gives them.
        person_ids: primary keys; those of other institutions are left out.
        now: time of the act.

    Returns:
        The passwords by number of the person. They are shown once and kept nowhere in the clear.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
        TransitionNotAllowed: more than :data:`MOST_AT_ONCE`, or nobody is left who needs one.
    """
    require_manager(actor, actor.institution_id, timezone.localdate(now))
    wanted = list(_needy(actor, person_ids).order_by("key", "pk").values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    if len(wanted) > MOST_AT_ONCE:
        raise TransitionNotAllowed(_("一次最多给 %(limit)s 个人，分几次办。") % {"limit": MOST_AT_ONCE})
    made = {pk: new_one_time_password() for pk in wanted}
    return _give(actor=actor, made=made, hashed={pk: _hashed(text) for pk, text in made.items()}, now=now)


@act
def _give(*, actor: Actor, made: dict[int, str], hashed: dict[int, str], now: datetime) -> list[OneTimePassword]:
    require_manager(actor, actor.institution_id, timezone.localdate(now))
    given = list(_needy(actor, made).select_for_update(of=("self",)).order_by("key", "pk"))
    if not given:
        raise TransitionNotAllowed(_("选中的人都有密码了，或已停用登录，没有要给的。忘了密码的，在本人那一页单独给。"))
    for person in given:
        person.password = hashed[person.pk]
        person.must_change_password = True
        person.password_changed_at = now
    Person.objects.bulk_update(given, ["password", "must_change_password", "password_changed_at"], batch_size=100)
    for person in given:
        forget_failures(person=person)
        record(events.ONE_TIME_PASSWORD_SET, actor=actor, subject=person_subject(person), payload={}, at=now)
    return [OneTimePassword(person, made[person.pk]) for person in given]


def _needy(actor: Actor, person_ids: Collection[int]) -> QuerySet[Person]:
    return without_password(people(actor.institution_id).filter(is_active=True, pk__in=person_ids))


def _hashed(password: str) -> str:
    hasher = get_hasher()
    if isinstance(hasher, PBKDF2PasswordHasher):
        return str(hasher.encode(password, hasher.salt(), min(ROUNDS, hasher.iterations)))
    return str(hasher.encode(password, hasher.salt()))
