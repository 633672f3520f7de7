"""Handovers of an account's keys, confirmed by both sides."""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.language import stored
from xianshen.ledger.services import JSON, act, within_act
from xianshen.notices.enums import NoticeKind
from xianshen.notices.services import notify
from xianshen.organisation.selectors import Grants, people
from xianshen.registry import contacts, events, rules
from xianshen.registry.enums import CustodyRole, HandoverState
from xianshen.registry.models import CustodyHolder, Handover
from xianshen.registry.permissions import may_give, may_receive
from xianshen.registry.selectors import account_subject
from xianshen.registry.services.custody import end_holding, kept_account, reason_text, record_custody
from xianshen.registry.transitions import HANDOVER
from xianshen.regulation.selectors import policy_on
from xianshen.workflow.tables import apply_transition, locked


@act
def propose_handover(
    *,
    actor: Actor,
    grants: Grants,
    holder_id: int,
    receiver_id: int,
    receiver_mobile: str,
    items: str,
    now: datetime,
) -> Handover:
    """Begin to pass the keys from a holder to somebody else; both are asked to confirm.

    Args:
        holder_id: who gives.
        receiver_id: person who takes over.
        receiver_mobile: their number; "" takes the one on the list.
        items: what is handed over, in words.

    Raises:
        CustodyHolder.DoesNotExist, PermissionDenied, TransitionNotAllowed, ValidationError.
    """
    holder = locked(CustodyHolder, holder_id, institution_id=grants.institution_id)
    account = kept_account(holder.account_id, grants)
    if holder.until is not None:
        raise TransitionNotAllowed(_("%(name)s已经不再保管，没有可交接的。") % {"name": holder.name}, rules.CUSTODY)
    if holder.handovers.filter(state=HandoverState.PROPOSED).exists():
        raise TransitionNotAllowed(
            _("%(name)s已有一次交接在等确认。办完，或先取消它。") % {"name": holder.name}, rules.CUSTODY
        )
    receiver = people(account.institution_id).filter(pk=receiver_id, is_active=True).first()
    errors: dict[str, str] = {}
    if receiver is None:
        errors["receiver"] = _("名单里没有这个人，或已停用。重新选。")
    elif receiver.pk == holder.person_id:
        errors["receiver"] = _("接收人就是现在的保管人。换一个人。")
    mobile = receiver_mobile.strip() or (receiver.mobile if receiver else "")
    if not contacts.valid_mobile(mobile):
        errors["mobile"] = _("手机号不对。写能打通的 11 位手机号。")
    items = items.strip()
    if not items:
        errors["items"] = _("没有写交接事项。写清交出哪些权限、手机和文件。")
    elif len(items) > 1000:
        errors["items"] = _("交接事项最多 1000 字。写要点。")
    if errors:
        raise ValidationError(errors)
    assert receiver is not None
    handover = Handover.objects.create(
        institution_id=account.institution_id,
        account=account,
        holder=holder,
        receiver=receiver,
        receiver_mobile=mobile,
        items=items,
        proposed_by_id=grants.person_id,
        proposed_at=now,
    )
    payload = {
        "role": stored(CustodyRole(holder.role).label),
        "giver": holder.name,
        "receiver": receiver.name,
    }
    record_custody(events.HANDOVER_PROPOSED, account, actor, payload, now)
    _tell(
        handover,
        [receiver.pk, *([holder.person_id] if holder.person_id else [])],
        stored(
            gettext_lazy("「%(account)s」的交接等你确认：%(giver)s交给%(receiver)s。"),
            account=account.name,
            giver=holder.name,
            receiver=receiver.name,
        ),
        "proposed",
        now,
    )
    return handover


@within_act
def _tell(handover: Handover, whom: list[int], text: str, what: str, now: datetime) -> None:
    notify(
        institution_id=handover.institution_id,
        people=whom,
        text=text,
        url=f"/accounts/{handover.account_id}/custody/",
        rule=rules.CUSTODY,
        key=f"handover:{handover.pk}:{what}",
        at=now,
        kind=NoticeKind.CUSTODY_TASK,
    )


def _open_handover(handover_id: int, grants: Grants) -> Handover:
    handover = locked(Handover, handover_id, institution_id=grants.institution_id)
    if handover.state != HandoverState.PROPOSED:
        raise TransitionNotAllowed(
            _("这次交接现在是「%(state)s」。刷新页面看最新情况。") % {"state": HandoverState(handover.state).label},
            rules.CUSTODY,
        )
    return handover


def _names(handover: Handover) -> dict[str, JSON]:
    return {"giver": handover.holder.name, "receiver": handover.receiver.name}


@act
def confirm_handover(*, actor: Actor, grants: Grants, handover_id: int, as_receiver: bool, now: datetime) -> Handover:
    """Confirm one side of a handover; with the second confirmation the keys have passed.

    Args:
        as_receiver: whether the person took the keys; otherwise they were given.

    Raises:
        Handover.DoesNotExist, PermissionDenied, TransitionNotAllowed: ended, or confirmed already.
    """
    handover = _open_handover(handover_id, grants)
    permission = may_receive(handover, grants) if as_receiver else may_give(handover, grants)
    if not permission:
        raise PermissionDenied.from_denied(permission)
    if (handover.received_at if as_receiver else handover.given_at) is not None:
        raise TransitionNotAllowed(_("这一边已经确认过了，等另一边。"), rules.CUSTODY)
    if as_receiver:
        handover.received_at = now
        record_custody(events.HANDOVER_RECEIVED, handover.account, actor, _names(handover), now)
    else:
        own = handover.holder.person_id == grants.person_id
        handover.given_at = now
        handover.given_for = "" if own else f"{actor.unit}{actor.position} {actor.name}"[:80]
        payload = {**_names(handover), "instead": handover.given_for}
        record_custody(events.HANDOVER_GIVEN, handover.account, actor, payload, now)
    handover.save(update_fields=["given_at", "given_for", "received_at"])
    if handover.given_at and handover.received_at:
        _pass_keys(handover, grants, actor, now)
    return handover


@within_act
def _pass_keys(handover: Handover, grants: Grants, actor: Actor, now: datetime) -> None:
    on = timezone.localdate(now)
    holder = handover.holder
    end_holding(holder, on)
    if not CustodyHolder.objects.filter(
        account_id=handover.account_id, role=holder.role, person_id=handover.receiver_id, until=None
    ).exists():
        CustodyHolder.objects.create(
            institution_id=handover.institution_id,
            account_id=handover.account_id,
            role=holder.role,
            person_id=handover.receiver_id,
            name=handover.receiver.name,
            mobile=handover.receiver_mobile,
            since=on,
        )
    _move(handover, "complete", {}, grants, actor, now)


@within_act
def _move(
    handover: Handover,
    transition: str,
    words: Mapping[str, str],
    grants: Grants,
    actor: Actor,
    now: datetime,
) -> None:
    policy = policy_on(handover.institution_id, timezone.localdate(now))
    apply_transition(
        HANDOVER,
        handover,
        transition,
        who=grants,
        actor=actor,
        at=now,
        subject=account_subject(handover.account),
        payload={**_names(handover), **words},
        changes={"ended_at": now, "reason": words.get("text", "")},
        article=policy.rule(rules.CUSTODY).article,
        policy_version=policy.label,
    )


@act
def end_handover(*, actor: Actor, grants: Grants, handover_id: int, text: str, now: datetime) -> Handover:
    """Decline a handover (its receiver) or cancel it (whoever keeps the account); the keys stay where they are.

    Raises:
        Handover.DoesNotExist, PermissionDenied, TransitionNotAllowed, ValidationError: no reason.
    """
    handover = _open_handover(handover_id, grants)
    text = reason_text(text)
    declines = handover.receiver_id == grants.person_id
    _move(handover, "decline" if declines else "cancel", {"text": text}, grants, actor, now)
    whom = {handover.proposed_by_id, handover.receiver_id, handover.holder.person_id or 0} - {grants.person_id, 0}
    words = gettext_lazy("「%(account)s」的交接没有办成：%(text)s")
    _tell(handover, sorted(whom), stored(words, account=handover.account.name, text=text), "ended", now)
    return handover
