"""Who is to get what, when: preferences, quiet hours, leavers, and what the policy calls urgent."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from xianshen.notices.enums import Channel, NoticeKind, Trouble
from xianshen.notices.models import Preference
from xianshen.notices.timing import Hours, next_digest
from xianshen.organisation.selectors import terms
from xianshen.regulation.selectors import NoPolicyInForce, policy_on

if TYPE_CHECKING:
    from xianshen.organisation.models import Person

DIGEST_AT = time(17, 0)
"""Hour of the digest for whoever has not chosen one."""


NEVER = Hours()


@dataclass(frozen=True, slots=True)
class Wishes:
    """How one person wants notices.

    Args:
        email_on: whether by e-mail at all.
        off_kinds: kinds not wanted by e-mail.
        digest_at: hour of the daily digest, or None for single messages.
        quiet: hours in which nothing comes.
    """

    email_on: bool = True
    off_kinds: frozenset[str] = frozenset()
    digest_at: time | None = None
    quiet: Hours = NEVER

    def wants(self, kind: str) -> bool:
        return self.email_on and NoticeKind.known(kind).value not in self.off_kinds

    def due(self, now: datetime, *, breaks_through: bool) -> datetime:
        """Return when a message goes out that is ready now."""
        if breaks_through:
            return now
        return next_digest(now, self.digest_at) if self.digest_at is not None else self.quiet.over(now)


NO_WISHES = Wishes()


def wishes_of(person_ids: Collection[int]) -> dict[int, Wishes]:
    """Return the wishes of those people who have stated any; one query."""
    return {row.person_id: wishes(row) for row in Preference.objects.filter(person_id__in=person_ids)}


def wishes(row: Preference) -> Wishes:
    """Return what a stored preference means."""
    return Wishes(
        row.email_on,
        frozenset(row.email_off_kinds),
        (row.digest_at or DIGEST_AT) if row.digest else None,
        Hours(row.quiet_from, row.quiet_until),
    )


def leavers(institution_id: int, person_ids: Collection[int], on: date) -> set[int]:
    """Return those who once held a position and hold none now nor in future; one query.

    Whoever never held one (an account's owner among the students, say) has not left.
    """
    ever: set[int] = set()
    still: set[int] = set()
    rows = terms(institution_id, person_ids=person_ids).values_list("person_id", "ends_on").order_by()
    for person_id, ends_on in rows:
        ever.add(person_id)
        if ends_on is None or ends_on >= on:
            still.add(person_id)
    return ever - still


@dataclass(slots=True)
class Urgency:
    """What breaks through quiet hours and digests, as the policy in force says; asked once per institution."""

    on: date
    known: dict[int, dict[str, frozenset[str]]] = field(default_factory=dict)

    def breaks_through(self, institution_id: int, kind: str, channel: Channel, *, urgent: bool) -> bool:
        """Say whether a notice breaks through in a channel.

        Args:
            institution_id: whose policy.
            kind: of the notice.
            channel: in which it would go out.
            urgent: the act itself said that it is urgent: then the channels of the policy's urgent kinds hold.
        """
        kinds = self._kinds(institution_id)
        allowed: Iterable[str] = kinds.get(kind, frozenset())
        if urgent and kind not in kinds:
            allowed = frozenset[str]().union(*kinds.values())
        return channel.value in allowed

    def urgent_kinds(self, institution_id: int) -> list[str]:
        """Return the kinds that break through in some channel."""
        return list(self._kinds(institution_id))

    def _kinds(self, institution_id: int) -> dict[str, frozenset[str]]:
        if institution_id not in self.known:
            try:
                spec = policy_on(institution_id, self.on).notices
            except NoPolicyInForce:
                spec = None
            found = {} if spec is None else {one.kind: frozenset(map(str, one.channels)) for one in spec.urgent}
            self.known[institution_id] = found
        return self.known[institution_id]


def obstacle(person: "Person", left: Collection[int]) -> Trouble | None:
    """Return why a person gets no mail at all, or None."""
    if not person.is_active:
        return Trouble.INACTIVE
    if person.pk in left:
        return Trouble.LEFT
    return None if person.email else Trouble.NO_ADDRESS
