"""Group robots: added, changed and removed by the Office; addresses go in and never come out again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied
from xianshen.common.language import institution_language, listed, stored
from xianshen.ledger.events import Subject
from xianshen.ledger.services import Unchanged, act, record
from xianshen.notices import events
from xianshen.notices.channels.robots import parse_address
from xianshen.notices.enums import Channel, NoticeKind, RobotService
from xianshen.notices.models import NAME_LIMIT, Delivery, Robot
from xianshen.notices.permissions import may_manage_notices
from xianshen.notices.queue import hand_over
from xianshen.notices.secrets import seal
from xianshen.notices.timing import give_up_after
from xianshen.organisation.selectors import Grants, units
from xianshen.workflow.tables import locked

HINT = 4


@dataclass(frozen=True, slots=True)
class RobotValues:
    """What the Office decides about a robot.

    Args:
        name: what the Office calls it.
        unit_id: only notices for this unit's people and those below, or None for everybody's.
        kinds: which notices it passes on.
        enabled: whether it does so at all.
        quiet_from: when its quiet hours begin, or None.
        quiet_until: when they end, or None.
    """

    name: str
    unit_id: int | None
    kinds: Collection[str]
    enabled: bool = True
    quiet_from: time | None = None
    quiet_until: time | None = None


def _require(grants: Grants) -> None:
    if not (permission := may_manage_notices(grants)):
        raise PermissionDenied.from_denied(permission)


def _checked(values: RobotValues, institution_id: int, but: int | None = None) -> tuple[str, list[NoticeKind]]:
    errors: dict[str, str] = {}
    name = " ".join(values.name.split())
    if not name or len(name) > NAME_LIMIT:
        errors["name"] = _("写一个名称，最多 %(limit)s 个字。") % {"limit": NAME_LIMIT}
    elif Robot.objects.filter(institution_id=institution_id, name=name).exclude(pk=but or 0).exists():
        errors["name"] = _("已经有叫「%(name)s」的机器人。换一个名称。") % {"name": name}
    kinds = [kind for kind in NoticeKind if kind.value in values.kinds]
    if not kinds:
        errors["kinds"] = _("还没有选发哪些通知。至少选一类。")
    if values.unit_id is not None and not units(institution_id).filter(pk=values.unit_id).exists():
        errors["unit"] = _("没有这个单位。从本校单位里选。")
    if (values.quiet_from is None) != (values.quiet_until is None):
        errors["quiet_until"] = _("免打扰要写从几点到几点。两格都填，或者都空着。")
    if errors:
        raise ValidationError(errors)
    return name, kinds


def _subject(robot: Robot) -> Subject:
    return Subject("notices.robot", str(robot.pk), robot.name)


def _words(kinds: Collection[NoticeKind]) -> str:
    with institution_language():
        return listed(kind.label for kind in kinds)


@act
def add_robot(
    *,
    actor: Actor,
    grants: Grants,
    service: RobotService,
    address: str,
    secret: str = "",
    values: RobotValues,
    now: datetime,
) -> Robot:
    """Add a group robot; its address is encrypted at once and shown to nobody again.

    Args:
        actor: who adds it.
        grants: theirs.
        service: whose robot.
        address: its webhook address, as the group's settings show it.
        secret: signing secret of a DingTalk robot, or "".
        values: the rest.
        now: time of the act.

    Raises:
        PermissionDenied: not whoever looks after notices.
        ValidationError: by field.
    """
    _require(grants)
    robot_address = parse_address(service, address, secret)
    name, kinds = _checked(values, actor.institution_id)
    robot = Robot.objects.create(
        institution_id=actor.institution_id,
        name=name,
        service=service,
        unit_id=values.unit_id,
        kinds=[kind.value for kind in kinds],
        secret=seal(robot_address.text),
        hint=robot_address.token[-HINT:],
        enabled=values.enabled,
        quiet_from=values.quiet_from,
        quiet_until=values.quiet_until,
        created_at=now,
    )
    payload = {
        "name": name,
        "service": stored(service.label),
        "unit": robot.unit.name if robot.unit else "",
        "kinds": _words(kinds),
    }
    record(events.ROBOT_ADDED, actor=actor, subject=_subject(robot), payload=payload, at=now)
    return robot


@act
def change_robot(
    *,
    actor: Actor,
    grants: Grants,
    robot_id: int,
    values: RobotValues,
    address: str = "",
    secret: str = "",
    now: datetime,
) -> Robot:
    """Change a robot; without a new address the old one stays. The ledger keeps which fields, never the address.

    Raises:
        PermissionDenied: not whoever looks after notices.
        ValidationError: by field.
        Robot.DoesNotExist: no such robot in the institution.
    """
    _require(grants)
    robot = locked(Robot, robot_id, institution_id=actor.institution_id)
    name, kinds = _checked(values, actor.institution_id, but=robot.pk)
    wanted = {
        "name": name,
        "unit_id": values.unit_id,
        "kinds": [kind.value for kind in kinds],
        "enabled": values.enabled,
        "quiet_from": values.quiet_from,
        "quiet_until": values.quiet_until,
    }
    changed = [field for field, value in wanted.items() if getattr(robot, field) != value]
    if address.strip():
        new = parse_address(RobotService(robot.service), address, secret)
        robot.secret, robot.hint = seal(new.text), new.token[-HINT:]
        changed.append("address")
    elif secret.strip():
        raise ValidationError({"address": _("换加签密钥时把地址也重填一遍。")})
    if not changed:
        raise Unchanged(robot)
    for field, value in wanted.items():
        setattr(robot, field, value)
    robot.save()
    with institution_language():
        labels = {
            "name": _("名称"),
            "unit_id": _("单位"),
            "kinds": _("发哪些通知"),
            "enabled": _("启用"),
            "quiet_from": _("免打扰"),
            "quiet_until": _("免打扰"),
            "address": _("地址"),
        }
        said = listed(dict.fromkeys(labels[field] for field in changed))
    payload = {"name": name, "fields": said}
    record(events.ROBOT_CHANGED, actor=actor, subject=_subject(robot), payload=payload, at=now)
    return robot


@act
def remove_robot(*, actor: Actor, grants: Grants, robot_id: int, now: datetime) -> None:
    """Remove a robot with its log; what was to go there goes nowhere else.

    Raises:
        PermissionDenied: not whoever looks after notices.
        Robot.DoesNotExist: no such robot in the institution.
    """
    _require(grants)
    robot = locked(Robot, robot_id, institution_id=actor.institution_id)
    subject = _subject(robot)
    robot.delete()
    record(events.ROBOT_REMOVED, actor=actor, subject=subject, payload={"name": robot.name}, at=now)


@act
def send_robot_test(*, actor: Actor, grants: Grants, robot_id: int, now: datetime) -> Delivery:
    """Have a robot say that it works; the worker sends it at once.

    Raises:
        PermissionDenied: not whoever looks after notices.
        Robot.DoesNotExist: no such robot in the institution.
    """
    _require(grants)
    robot = locked(Robot, robot_id, institution_id=actor.institution_id)
    delivery, created = Delivery.objects.get_or_create(
        robot=robot,
        key=f"test:{now:%Y%m%d%H%M}",
        defaults={
            "institution_id": robot.institution_id,
            "channel": Channel.ROBOT,
            "kind": "test",
            "breaks_through": True,
            "created_at": now,
            "due_at": now,
            "give_up_at": now + give_up_after(),
        },
    )
    if not created:
        raise Unchanged(delivery)
    hand_over(delivery.pk)
    payload = {"channel": stored(RobotService(robot.service).label), "to": robot.name}
    record(events.TEST_SENT, actor=actor, subject=_subject(robot), payload=payload, at=now)
    return delivery
