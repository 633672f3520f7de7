"""Letting somebody else decide in one's position for a while."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.ledger.services import act, record
from xianshen.organisation import events
from xianshen.organisation.models import Delegation, Person, Position
from xianshen.organisation.permissions import may_delegate, may_revoke
from xianshen.organisation.services._shared import clean_text, person_subject, position_subject, save_checked
from xianshen.workflow.tables import locked


@act
def delegate(
    *,
    actor: Actor,
    position_id: int,
    delegate_id: int,
    starts_on: date,
    ends_on: date,
    reason: str,
    now: datetime,
) -> Delegation:
    """Let another person decide in the actor's own position; first and last day are included.

    Every act under the delegation names the principal. It lives only while the principal holds the position.

    Raises:
        PermissionDenied: the actor does not hold the position today.
        ValidationError: to oneself, to somebody of another institution or who may not sign in, a reversed or
            past period, no reason, or one that overlaps the same delegation.
        Position.DoesNotExist: no such position in the actor's institution.
    """
    today = timezone.localdate(now)
    position = locked(Position, position_id, institution_id=actor.institution_id)
    decision = may_delegate(actor, position, today)
    if not decision:
        raise PermissionDenied.from_denied(decision)
    principal_id = actor.person_id or 0
    if delegate_id == principal_id:
        raise ValidationError({"delegate": _("不能委托给自己。选另一个人。")})
    other = Person.objects.filter(institution_id=actor.institution_id, pk=delegate_id).first()
    if other is None:
        raise ValidationError({"delegate": _("没有这个人。从本校人员中选。")})
    if not other.is_active:
        raise ValidationError({"delegate": _("「%(name)s」已停用登录，办不了事。选另一个人。") % {"name": other.name}})
    if ends_on < starts_on:
        raise ValidationError({"ends_on": _("结束日期早于开始日期。改成同一天或更晚。")})
    if starts_on < today:
        raise ValidationError({"starts_on": _("委托不能补到过去。起始日期从今天起。")})
    text = clean_text(reason)
    if not text:
        raise ValidationError({"reason": _("还没有写事由。写明为什么委托，例如出差、休假。")})
    same = Delegation.objects.overlapping(starts_on, ends_on).filter(
        position=position, principal_id=principal_id, delegate=other, revoked_at__isnull=True
    )
    if same.exists():
        raise ValidationError(
            {
                "starts_on": _("这段时间已委托「%(name)s」代办此职务。改日期，或先撤回原来的委托。")
                % {"name": other.name}
            }
        )
    delegation = Delegation(
        institution_id=actor.institution_id,
        position=position,
        principal_id=principal_id,
        delegate=other,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=text,
    )
    save_checked(delegation)
    payload = {
        "position": position.title,
        "unit": position.unit.name,
        "delegate": other.name,
        "starts_on": starts_on.isoformat(),
        "ends_on": ends_on.isoformat(),
        "reason": text,
    }
    about = [person_subject(delegation.principal), person_subject(other)]
    record(events.DELEGATED, actor=actor, subject=position_subject(position), payload=payload, at=now, about=about)
    return delegation


@act
def revoke_delegation(*, actor: Actor, delegation_id: int, now: datetime) -> Delegation:
    """Take a delegation back, at once.

    Raises:
        PermissionDenied: the actor neither gave it nor keeps the organisation's data.
        TransitionNotAllowed: it was revoked already, or is over.
        Delegation.DoesNotExist: no such delegation in the actor's institution.
    """
    today = timezone.localdate(now)
    delegation: Delegation = locked(Delegation, delegation_id, institution_id=actor.institution_id)
    decision = may_revoke(actor, delegation, today)
    if not decision:
        raise PermissionDenied.from_denied(decision)
    if delegation.revoked_at is not None:
        raise TransitionNotAllowed(_("这项委托已经撤回。"))
    if delegation.ends_on < today:
        raise TransitionNotAllowed(_("这项委托已经到期，不用撤回。"))
    delegation.revoked_at = now
    delegation.save(update_fields=["revoked_at"])
    position, other = delegation.position, delegation.delegate
    payload = {"position": position.title, "unit": position.unit.name, "delegate": other.name}
    about = [person_subject(delegation.principal), person_subject(other)]
    record(
        events.DELEGATION_REVOKED, actor=actor, subject=position_subject(position), payload=payload, at=now, about=about
    )
    return delegation
