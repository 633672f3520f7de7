"""From notices to messages, and out: nothing twice, nothing lost.

Notices become deliveries once (:func:`fan_out`, one transaction a batch). Deliveries that are due are claimed by
a filtered update, sent outside any transaction, and settled by their claim. Whatever dies in between leaves a
claim that is given back later; only a message that the other side had taken in the very moment of the crash can
then go out a second time, under the same Message-ID.
"""

import logging
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied
from xianshen.ledger.events import Subject
from xianshen.ledger.services import Unchanged, act, no_act, record
from xianshen.notices import events
from xianshen.notices.channels.base import Message, NotDelivered, Transport
from xianshen.notices.channels.ways import TransportMaker, ways_out
from xianshen.notices.composing import Wordings, digest_of, email_of, ident_of, robot_words
from xianshen.notices.enums import FINAL, Channel, DeliveryState, Trouble
from xianshen.notices.models import Delivery, KeptMessage, Notice, Robot
from xianshen.notices.permissions import may_manage_notices
from xianshen.notices.queue import hand_over
from xianshen.notices.receiving import NO_WISHES, Urgency, Wishes, leavers, obstacle, wishes_of
from xianshen.notices.secrets import Unreadable, unseal
from xianshen.notices.timing import Hours, give_up_after, pause_after
from xianshen.organisation.selectors import Grants, descendants, holders_in

logger = logging.getLogger(__name__)

FAN_OUT_BATCH = 500
CLAIM_BATCH = 50
#: A claim older than this belongs to a worker that died: a batch that gets no answer at all ends long before.
CLAIM_KEPT = timedelta(minutes=15)
#: Messages that one robot gets a minute; the services refuse more than twenty.
ROBOT_PER_RUN = 15
#: How long the log of what was sent is kept.
LOG_KEPT = timedelta(days=180)
KEPT_MESSAGES = 2000


# ── from notices to deliveries ───────────────────────


@no_act(why="each batch is an act of its own")
def fan_out(*, now: datetime) -> int:
    """Turn new notices into deliveries, by the receivers' wishes; return how many notices were looked after."""
    done = 0
    while count := _fan_out_batch(now):
        done += count
    return done


@act(records=False, why="a copy of a notice for another channel; the act that it tells of is in the ledger")
def _fan_out_batch(now: datetime) -> int:
    notices = list(
        Notice.objects.filter(fanned_at__isnull=True)
        .select_related("person")
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("pk")[:FAN_OUT_BATCH]
    )
    if not notices:
        return 0
    on = timezone.localdate(now)
    by_institution: dict[int, list[Notice]] = defaultdict(list)
    for notice in notices:
        by_institution[notice.institution_id].append(notice)
    wished = wishes_of({notice.person_id for notice in notices})
    urgency = Urgency(on)
    deliveries: list[Delivery] = []
    for institution_id, own in by_institution.items():
        left = leavers(institution_id, {notice.person_id for notice in own}, on)
        for notice in own:
            if obstacle(notice.person, left) is None:
                deliveries += _mails(notice, wished.get(notice.person_id, NO_WISHES), urgency, now)
        deliveries += _robot_messages(institution_id, own, urgency, now)
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    Notice.objects.filter(pk__in=[notice.pk for notice in notices], fanned_at__isnull=True).update(fanned_at=now)
    return len(notices)


def _mails(notice: Notice, wishes: Wishes, urgency: Urgency, now: datetime) -> list[Delivery]:
    if not wishes.wants(notice.kind):
        return []
    through = urgency.breaks_through(notice.institution_id, notice.kind, Channel.EMAIL, urgent=notice.urgent)
    due = wishes.due(now, breaks_through=through)
    return [
        Delivery(
            institution_id=notice.institution_id,
            notice=notice,
            person_id=notice.person_id,
            channel=Channel.EMAIL,
            kind=notice.kind,
            key=notice.key,
            breaks_through=through,
            digest=wishes.digest_at is not None and not through,
            created_at=now,
            due_at=due,
            give_up_at=due + give_up_after(),
        )
    ]


def _robot_messages(institution_id: int, notices: Sequence[Notice], urgency: Urgency, now: datetime) -> list[Delivery]:
    """Return one message per robot and key: a group hears once what several of its people are told."""
    robots = list(Robot.objects.filter(institution_id=institution_id, enabled=True))
    found: list[Delivery] = []
    for robot in robots:
        wanted = [notice for notice in notices if notice.kind in robot.kinds]
        if wanted and robot.unit_id is not None:
            members = _members(robot, timezone.localdate(now))
            wanted = [notice for notice in wanted if notice.person_id in members]
        quiet = Hours(robot.quiet_from, robot.quiet_until)
        for notice in {one.key: one for one in reversed(wanted)}.values():
            through = urgency.breaks_through(institution_id, notice.kind, Channel.ROBOT, urgent=notice.urgent)
            due = now if through else quiet.over(now)
            found.append(
                Delivery(
                    institution_id=institution_id,
                    notice=notice,
                    robot=robot,
                    channel=Channel.ROBOT,
                    kind=notice.kind,
                    key=notice.key,
                    breaks_through=through,
                    created_at=now,
                    due_at=due,
                    give_up_at=due + give_up_after(),
                )
            )
    return found


def _members(robot: Robot, on: date) -> set[int]:
    units = descendants(robot.institution_id, robot.unit_id or 0)
    return {holding.person.pk for holding in holders_in(robot.institution_id, units, on)}


# ── out ──────────────────────────────────────────────


@dataclass(slots=True)
class Run:
    """One run over what is due.

    Args:
        now: time of the run.
        ways: ways out by channel.
        pace: messages that each robot got in this run.
        blocked: channels or robots that do not take anything just now.
    """

    now: datetime
    ways: Mapping[Channel, TransportMaker]
    pace: dict[int, int]
    blocked: dict[str, NotDelivered]
    settled: int = 0


@no_act(why="claiming and settling are acts of their own; sending happens outside any transaction")
def deliver_due(*, now: datetime, only: int | None = None, ways: Mapping[Channel, TransportMaker] | None = None) -> int:
    """Send what is due; return how many deliveries came to an end.

    Args:
        now: what is due by now.
        only: only this delivery (a test), whatever else waits.
        ways: ways out by channel; those of the settings if left out.
    """
    run = Run(now, ways_out() if ways is None else ways, defaultdict(int), {})
    while True:
        claimed = _claim(now, only)
        if not claimed:
            return run.settled
        _carry_out(run, claimed)
        if only is not None:
            return run.settled


@act(records=False, why="a worker takes what it is about to send; nobody's record changes")
def _claim(now: datetime, only: int | None) -> list[Delivery]:
    """Claim deliveries that are due; of a person whose digest is due, all that belongs into it."""
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING, due_at__lte=now)
    if only is not None:
        waiting = waiting.filter(pk=only)
    picked = list(waiting.order_by("due_at", "pk").values_list("pk", "person_id", "digest")[:CLAIM_BATCH])
    keys = {pk for pk, _person, _digest in picked}
    people = {person for _pk, person, digest in picked if digest}
    if people and only is None:
        keys.update(waiting.filter(digest=True, person_id__in=people).values_list("pk", flat=True))
    if not keys:
        return []
    claim = uuid.uuid4().hex
    Delivery.objects.filter(pk__in=keys, state=DeliveryState.WAITING).update(
        state=DeliveryState.SENDING, claim=claim, claimed_at=now, attempts=F("attempts") + 1
    )
    return list(
        Delivery.objects.filter(claim=claim, state=DeliveryState.SENDING)
        .select_related("notice", "person", "robot", "institution")
        .order_by("due_at", "pk")
    )


def _carry_out(run: Run, claimed: Sequence[Delivery]) -> None:
    on = timezone.localdate(run.now)
    people = [delivery.person for delivery in claimed if delivery.person is not None]
    wished = wishes_of({person.pk for person in people})
    left: set[int] = set()
    for institution_id in {person.institution_id for person in people}:
        left |= leavers(institution_id, {one.pk for one in people if one.institution_id == institution_id}, on)
    wordings = Wordings.of({delivery.institution_id for delivery in claimed})
    mails = [delivery for delivery in claimed if delivery.channel == Channel.EMAIL]
    fit = []
    for delivery in mails:
        wishes = wished.get(delivery.person_id or 0, NO_WISHES)
        if not _stopped(run, delivery, wishes, left):
            fit.append(delivery)
    _send_all(run, Channel.EMAIL, _letters(fit), wordings)
    robots = [one for one in claimed if one.channel == Channel.ROBOT and not _robot_stopped(run, one)]
    _send_all(run, Channel.ROBOT, [[one] for one in robots], wordings)


def _letters(fit: Sequence[Delivery]) -> list[list[Delivery]]:
    """Return what goes into one letter each: single notices, and each person's digest."""
    groups: dict[tuple[str, int], list[Delivery]] = {}
    for delivery in fit:
        key = ("digest", delivery.person_id or 0) if delivery.digest else ("single", delivery.pk)
        groups.setdefault(key, []).append(delivery)
    return list(groups.values())


def _stopped(run: Run, delivery: Delivery, wishes: Wishes, left: set[int]) -> bool:
    """Settle a mail that is not to go out now: its receiver has left, does not want it any more, or it is quiet."""
    assert delivery.person is not None
    trouble = obstacle(delivery.person, left)
    test = delivery.notice_id is None
    if trouble is None and not test and not wishes.wants(delivery.kind):
        trouble = Trouble.NOT_WANTED
    if trouble is not None:
        _settle(run, [delivery], DeliveryState.DROPPED, trouble)
        return True
    if not test and not delivery.breaks_through and not delivery.digest:
        return _postponed(run, delivery, wishes.quiet)
    return False


def _robot_stopped(run: Run, delivery: Delivery) -> bool:
    robot = delivery.robot
    assert robot is not None
    if not robot.enabled and delivery.notice_id is not None:
        _settle(run, [delivery], DeliveryState.DROPPED, Trouble.ROBOT_OFF)
        return True
    if delivery.notice_id is not None and not delivery.breaks_through:
        return _postponed(run, delivery, Hours(robot.quiet_from, robot.quiet_until))
    return False


def _postponed(run: Run, delivery: Delivery, quiet: Hours) -> bool:
    until = quiet.over(run.now)
    if until <= run.now:
        return False
    _give_back([delivery], until)
    return True


def _message(group: list[Delivery], wordings: Wordings) -> Message:
    """Return the message of some deliveries.

    Raises:
        NotDelivered: it cannot be made.
    """
    first = group[0]
    try:
        if first.robot is not None:
            text, language = robot_words(first, wordings)
            return Message(unseal(first.robot.secret), "", text, ident_of(group), language)
        return digest_of(group, wordings) if first.digest else email_of(first, wordings)
    except Unreadable as error:
        raise NotDelivered(Trouble.ROBOT_ADDRESS, permanent=True) from error
    except Exception as error:
        logger.exception("delivery %s cannot be composed", first.pk)
        raise NotDelivered(Trouble.WORDS, type(error).__name__) from error


def _place(group: Sequence[Delivery]) -> str:
    return f"robot:{group[0].robot_id}" if group[0].robot_id else "email"


def _send_all(run: Run, channel: Channel, groups: Sequence[list[Delivery]], wordings: Wordings) -> None:
    """Send messages over one connection; once the channel takes nothing, the others of its batch wait as well."""
    way = run.ways.get(channel)
    if way is None:
        for group in groups:
            try:
                _keep(run, group, _message(group, wordings))
            except NotDelivered as refused:
                _failed(run, group, refused)
        return
    late: dict[str, list[Delivery]] = defaultdict(list)
    with way() as transport:
        for group in groups:
            if _place(group) in run.blocked:
                late[_place(group)] += group
            else:
                _send_one(run, transport, group, wordings)
    for place, deliveries in late.items():
        _failed(run, deliveries, run.blocked[place])


def _send_one(run: Run, transport: Transport, group: list[Delivery], wordings: Wordings) -> None:
    """Send one message and settle it; a robot that has had enough for a minute waits, which is no attempt."""
    robot = group[0].robot_id
    if robot is not None:
        if run.pace[robot] >= ROBOT_PER_RUN:
            _give_back(group, run.now + timedelta(minutes=1))
            return
        run.pace[robot] += 1
    try:
        transport.send(_message(group, wordings))
    except NotDelivered as refused:
        if refused.everybody:
            run.blocked[_place(group)] = refused
        _failed(run, group, refused)
    except Exception as error:
        # Without its words: they may show the address of a robot to whoever reads the log.
        logger.error("delivery %s failed: %s", group[0].pk, type(error).__name__)
        _failed(run, group, NotDelivered(Trouble.CRASHED, type(error).__name__))
    else:
        _settle(run, group, DeliveryState.SENT)


def _mine(group: Sequence[Delivery]) -> QuerySet[Delivery]:
    """Return the claimed rows, as long as nobody else has taken them over."""
    return Delivery.objects.filter(
        pk__in=[delivery.pk for delivery in group], claim=group[0].claim, state=DeliveryState.SENDING
    )


@act(records=False, why="what became of a message stands in the delivery log")
def _settle(run: Run, group: Sequence[Delivery], state: DeliveryState, trouble: str = "", detail: str = "") -> None:
    run.settled += _mine(group).update(
        state=state, trouble=trouble, detail=detail, settled_at=run.now, claim="", claimed_at=None
    )


@act(records=False, why="what became of a message stands in the delivery log")
def _give_back(group: Sequence[Delivery], due_at: datetime) -> None:
    """Let messages wait longer; that was no attempt."""
    _mine(group).update(
        state=DeliveryState.WAITING, due_at=due_at, claim="", claimed_at=None, attempts=F("attempts") - 1
    )


def _failed(run: Run, group: Sequence[Delivery], refused: NotDelivered) -> None:
    """Try again after a pause, or give up: at once when trying again is of no use, else when the time is over."""
    trouble, detail = refused.trouble.value, refused.detail
    over = [one for one in group if refused.permanent or run.now >= one.give_up_at]
    if over:
        _settle(run, over, DeliveryState.FAILED, trouble, detail)
    if rest := [one for one in group if one not in over]:
        _retry(run, rest, trouble, detail)


@act(records=False, why="what became of a message stands in the delivery log")
def _retry(run: Run, group: Sequence[Delivery], trouble: str, detail: str) -> None:
    pause = pause_after(max(one.attempts for one in group))
    _mine(group).update(
        state=DeliveryState.WAITING,
        due_at=run.now + pause,
        trouble=trouble,
        detail=detail,
        claim="",
        claimed_at=None,
    )


@act(records=False, why="the outbox of an installation that sends nothing outside")
def _keep(run: Run, group: list[Delivery], message: Message) -> None:
    first = group[0]
    receiver = first.robot.name if first.robot is not None else message.to
    KeptMessage.objects.update_or_create(
        delivery=first,
        defaults={
            "institution_id": first.institution_id,
            "channel": first.channel,
            "receiver": receiver,
            "subject": message.subject,
            "text": message.text,
            "at": run.now,
        },
    )
    _settle(run, group, DeliveryState.KEPT)


@act(records=False, why="what became of a message stands in the delivery log")
def recover_claims(*, now: datetime) -> int:
    """Give back what a worker claimed and, having died, never settled; return how many."""
    lost = Delivery.objects.filter(state=DeliveryState.SENDING, claimed_at__lt=now - CLAIM_KEPT)
    free = {"claim": "", "claimed_at": None, "trouble": Trouble.CRASHED.value}
    given_up = lost.filter(give_up_at__lte=now).update(state=DeliveryState.FAILED, settled_at=now, **free)
    return given_up + lost.update(state=DeliveryState.WAITING, due_at=now, **free)


@act
def resend(*, actor: Actor, grants: Grants, delivery_id: int | None = None, now: datetime) -> int:
    """Send again what did not arrive: one delivery, or all of the institution's; return how many.

    Raises:
        PermissionDenied: not whoever looks after notices.
    """
    if not (permission := may_manage_notices(grants)):
        raise PermissionDenied.from_denied(permission)
    failed = Delivery.objects.filter(institution_id=actor.institution_id, state=DeliveryState.FAILED)
    if delivery_id is not None:
        failed = failed.filter(pk=delivery_id)
    count = failed.update(
        state=DeliveryState.WAITING,
        due_at=now,
        give_up_at=now + give_up_after(),
        attempts=0,
        settled_at=None,
        trouble="",
        detail="",
    )
    if not count:
        raise Unchanged(0)
    subject = Subject("notices.delivery", str(delivery_id or 0), str(count))
    record(events.RESENT, actor=actor, subject=subject, payload={"count": count}, at=now)
    if delivery_id is not None:
        hand_over(delivery_id)
    return count


@act(records=False, why="the log of what was sent is no record of what was done; that is in the ledger")
def tidy(*, now: datetime) -> int:
    """Forget deliveries that came to an end long ago, and all but the newest kept messages; return how many."""
    old = Delivery.objects.filter(state__in=FINAL, settled_at__lt=now - LOG_KEPT)
    gone, _by_model = old.delete()
    newest = list(KeptMessage.objects.order_by("-pk").values_list("pk", flat=True)[KEPT_MESSAGES : KEPT_MESSAGES + 1])
    if newest:
        dropped, _by_model = KeptMessage.objects.filter(pk__lte=newest[0]).delete()
        gone += dropped
    return gone
