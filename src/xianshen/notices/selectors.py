"""Questions about notices: a person's own, and for the Office what was sent and by which words."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from xianshen.common.composed import counted
from xianshen.notices.composing import Words, own_words
from xianshen.notices.enums import Channel, DeliveryState, NoticeKind
from xianshen.notices.models import Delivery, KeptMessage, Notice, Preference, Robot, Wording
from xianshen.organisation.selectors import units


def notices_of(person_id: int) -> QuerySet[Notice]:
    """Return the person's notices, newest first."""
    return Notice.objects.filter(person_id=person_id)


@counted
def unread_count(person_id: int) -> QuerySet[Notice]:
    """Count what the person has not read."""
    return Notice.objects.filter(person_id=person_id, read_at__isnull=True)


def preference_of(person_id: int) -> Preference:
    """Return how a person wants notices; what holds for everybody when they have said nothing."""
    return Preference.objects.filter(person_id=person_id).first() or Preference(person_id=person_id)


DELIVERY_SORTS = {
    "at": ("created_at", "pk"),
    "-at": ("-created_at", "-pk"),
    "attempts": ("attempts", "-pk"),
    "-attempts": ("-attempts", "-pk"),
}


def deliveries_in(
    institution_id: int, *, state: str = "", channel: str = "", kind: str = "", query: str = "", sort: str = ""
) -> QuerySet[Delivery]:
    """Return the institution's deliveries, newest first, with what a list shows of them.

    Args:
        institution_id: whose.
        state: only in this state.
        channel: only by this channel.
        kind: only of this kind.
        query: part of a receiver's name or number, or of a robot's name.
        sort: key of :data:`DELIVERY_SORTS`.
    """
    found = Delivery.objects.filter(institution_id=institution_id).select_related("notice", "person", "robot")
    if state in DeliveryState.values:
        found = found.filter(state=state)
    if channel in Channel.values:
        found = found.filter(channel=channel)
    if kind in NoticeKind.values:
        found = found.filter(kind=kind)
    query = query.strip().replace("\x00", "")
    if query:
        found = found.filter(
            Q(person__name__icontains=query) | Q(person__key__startswith=query) | Q(robot__name__icontains=query)
        )
    return found.order_by(*DELIVERY_SORTS.get(sort, DELIVERY_SORTS["-at"]))


def count_deliveries(institution_id: int) -> Mapping[str, int]:
    """Return how many deliveries are in each state."""
    rows = Delivery.objects.filter(institution_id=institution_id).order_by().values_list("state")
    return dict(rows.annotate(count=Count("pk")))


def delivery_of(institution_id: int, delivery_id: int) -> Delivery:
    """Return a delivery of the institution.

    Raises:
        Delivery.DoesNotExist: not in the institution.
    """
    return Delivery.objects.select_related("notice", "person", "robot", "institution").get(
        pk=delivery_id, institution_id=institution_id
    )


def robots_in(institution_id: int) -> QuerySet[Robot]:
    """Return the institution's robots by name, with unit and what failed lately."""
    failed = Count("deliveries", filter=Q(deliveries__state=DeliveryState.FAILED))
    return Robot.objects.filter(institution_id=institution_id).select_related("unit").annotate(failed=failed)


def unit_choices(institution_id: int) -> list[tuple[int, str]]:
    """Return the institution's open units for a choice."""
    return list(units(institution_id).values_list("pk", "name"))


def kept_in(institution_id: int, *, channel: str = "", query: str = "") -> QuerySet[KeptMessage]:
    """Return the messages that were kept instead of sent, newest first."""
    found = KeptMessage.objects.filter(institution_id=institution_id)
    if channel in Channel.values:
        found = found.filter(channel=channel)
    query = query.strip().replace("\x00", "")
    if query:
        found = found.filter(Q(receiver__icontains=query) | Q(subject__icontains=query) | Q(text__icontains=query))
    return found.order_by("-at", "-pk")


@dataclass(frozen=True, slots=True)
class WordingRow:
    """One line of the list of wordings.

    Args:
        kind: what it is about.
        words: the words that hold.
        own: the Office's row, or None when the product's words hold.
    """

    kind: NoticeKind
    words: Words
    own: Wording | None


def wordings_in(institution_id: int, channel: Channel, language: str) -> list[WordingRow]:
    """Return the words of every kind in a channel and language; one query."""
    rows = Wording.objects.filter(institution_id=institution_id, channel=channel.value, language=language)
    own = {row.kind: row for row in rows.select_related("changed_by")}
    found = []
    for kind in NoticeKind:
        row = own.get(kind.value)
        words = Words(row.subject, row.body) if row else own_words(kind, channel, language)
        found.append(WordingRow(kind, words, row))
    return found
