"""Custody of accounts: what is kept where, who holds the keys, handovers confirmed by both, half-yearly checks."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.clocks.services import Start, meet_clock, start_clocks
from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.language import stored
from xianshen.ledger.events import EventType, Subject
from xianshen.ledger.services import JSON, act, record, within_act
from xianshen.notices.services import notify
from xianshen.organisation.selectors import Grants, people
from xianshen.registry import contacts, events, rules
from xianshen.registry.custody import CUSTODY_CHECK_TYPE, KEPT, check_subject, conditions, newest_round, shortcomings_of
from xianshen.registry.enums import AccountState, CustodyRole, EntityKind, HandoverState, TwoFactor
from xianshen.registry.models import Custody, CustodyCheck, CustodyHolder, CustodyRound, Handover, MediaAccount
from xianshen.registry.permissions import may_give, may_keep_custody, may_manage_accounts, may_receive
from xianshen.registry.selectors import account_subject
from xianshen.regulation.schema import CustodySpec, Policy
from xianshen.regulation.selectors import policy_on, policy_version
from xianshen.workflow.tables import locked

ROUND_TYPE = "registry.custody_round"
BATCH = 500


@dataclass(frozen=True, slots=True)
class CustodyFacts:
    """How an account is kept, as typed; the password itself is never asked for.

    Args:
        entity_kind: in whose name it is registered, one of ``EntityKind``.
        entity: the name that the platform has verified.
        bound_phone: mobile number bound to the account.
        bound_phone_owner: who uses that number.
        password_place: where the password lies, e.g. 办公室保险柜.
        two_factor: one of ``TwoFactor``.
    """

    entity_kind: str
    entity: str
    bound_phone: str
    bound_phone_owner: str
    password_place: str
    two_factor: str


def _record(event: EventType, account: MediaAccount, actor: Actor, payload: Mapping[str, JSON], now: datetime) -> None:
    policy = policy_on(account.institution_id, timezone.localdate(now))
    record(
        event,
        actor=actor,
        subject=account_subject(account),
        payload=payload,
        at=now,
        rule=rules.CUSTODY,
        article=policy.rule(rules.CUSTODY).article,
        policy_version=policy.label,
    )


def _kept(account_id: int, grants: Grants) -> MediaAccount:
    """Return the account, locked, for whoever records how it is kept."""
    account = locked(MediaAccount, account_id, institution_id=grants.institution_id)
    if not (permission := may_keep_custody(account, grants)):
        raise PermissionDenied.from_denied(permission)
    if account.state == AccountState.CLOSED:
        raise TransitionNotAllowed(_("「%(name)s」已停办，不再登记保管情况。") % {"name": account.name}, rules.CUSTODY)
    return account


def _checked(facts: CustodyFacts) -> dict[str, str]:
    values = {name: value.strip() for name, value in asdict(facts).items()}
    errors: dict[str, str] = {}
    for name, value in values.items():
        limit = Custody._meta.get_field(name).max_length or 0
        if len(value) > limit:
            errors[name] = _("写了 %(n)d 字，最多 %(limit)d 字。写要点。") % {"n": len(value), "limit": limit}
    if values["entity_kind"] and values["entity_kind"] not in EntityKind.values:
        errors["entity_kind"] = _("没有这一类实名主体。从列出的里面选。")
    if values["two_factor"] and values["two_factor"] not in TwoFactor.values:
        errors["two_factor"] = _("没有这个选项。从列出的里面选。")
    if values["bound_phone"] and not contacts.valid_mobile(values["bound_phone"]):
        errors["bound_phone"] = _("手机号不对。写能打通的 11 位手机号。")
    if errors:
        raise ValidationError(errors)
    return values


@act
def keep_custody(*, actor: Actor, grants: Grants, account_id: int, facts: CustodyFacts, now: datetime) -> Custody:
    """Record how an account is kept, and that it was looked at today.

    Raises:
        MediaAccount.DoesNotExist, PermissionDenied, TransitionNotAllowed: closed; ValidationError: by field.
    """
    account = _kept(account_id, grants)
    values = _checked(facts)
    custody, _created = Custody.objects.get_or_create(
        account=account, institution_id=account.institution_id, defaults={"updated_at": now}
    )
    changed = sorted(name for name, value in values.items() if getattr(custody, name) != value)
    for name, value in values.items():
        setattr(custody, name, value)
    custody.checked_on = timezone.localdate(now)
    custody.updated_at = now
    custody.save()
    names = [stored(str(Custody._meta.get_field(name).verbose_name)) for name in changed]
    _record(events.CUSTODY_KEPT, account, actor, {"changed": names}, now)
    return custody


@dataclass(frozen=True, slots=True)
class NewHolder:
    """Somebody who gets the keys.

    Args:
        role: one of ``CustodyRole``.
        person_id: on the institution's list, or None for somebody outside.
        name: the name, for somebody outside.
        mobile: mobile number.
        since: first day.
    """

    role: str
    person_id: int | None
    name: str
    mobile: str
    since: date


@act
def add_custody_holder(
    *, actor: Actor, grants: Grants, account_id: int, holder: NewHolder, now: datetime
) -> CustodyHolder:
    """Record that somebody holds the keys of an account.

    Raises:
        MediaAccount.DoesNotExist, PermissionDenied, TransitionNotAllowed, ValidationError.
    """
    account = _kept(account_id, grants)
    errors: dict[str, str] = {}
    if holder.role not in CustodyRole.values:
        errors["role"] = _("没有这个角色。从列出的里面选。")
    person = people(account.institution_id).filter(pk=holder.person_id, is_active=True).first()
    if holder.person_id is not None and person is None:
        errors["person"] = _("名单里没有这个人，或已停用。重新选。")
    name = person.name if person else holder.name.strip()
    if not name:
        errors["name"] = _("没有写姓名。从名单里选，或写校外人员的姓名。")
    elif len(name) > 80:
        errors["name"] = _("姓名最多 80 字。")
    mobile = holder.mobile.strip() or (person.mobile if person else "")
    if not contacts.valid_mobile(mobile):
        errors["mobile"] = _("手机号不对。写能打通的 11 位手机号。")
    if holder.since > timezone.localdate(now):
        errors["since"] = _("开始日期在今天以后。到那一天再登记。")
    if errors:
        raise ValidationError(errors)
    if person and CustodyHolder.objects.filter(account=account, role=holder.role, person=person, until=None).exists():
        raise ValidationError({"person": _("%(name)s已经登记在这个角色下。") % {"name": name}})
    added = CustodyHolder.objects.create(
        institution_id=account.institution_id,
        account=account,
        role=holder.role,
        person=person,
        name=name,
        mobile=mobile,
        since=holder.since,
    )
    role = stored(CustodyRole(holder.role).label)
    _record(events.CUSTODY_HOLDER_ADDED, account, actor, {"role": role, "name": name}, now)
    return added


@act
def end_custody_holder(*, actor: Actor, grants: Grants, holder_id: int, text: str, now: datetime) -> CustodyHolder:
    """Record that somebody no longer holds the keys, without anybody taking over from them.

    Raises:
        CustodyHolder.DoesNotExist, PermissionDenied.
        TransitionNotAllowed: ended already, or being handed over.
        ValidationError: no reason.
    """
    holder = locked(CustodyHolder, holder_id, institution_id=grants.institution_id)
    account = _kept(holder.account_id, grants)
    text = _reason(text)
    if holder.until is not None:
        raise TransitionNotAllowed(_("%(name)s已经不再保管。") % {"name": holder.name}, rules.CUSTODY)
    if holder.handovers.filter(state=HandoverState.PROPOSED).exists():
        raise TransitionNotAllowed(
            _("%(name)s正在交接。等双方确认，或先取消交接。") % {"name": holder.name}, rules.CUSTODY
        )
    _end(holder, timezone.localdate(now))
    payload = {"role": stored(CustodyRole(holder.role).label), "name": holder.name, "text": text}
    _record(events.CUSTODY_HOLDER_ENDED, account, actor, payload, now)
    return holder


@within_act
def _end(holder: CustodyHolder, on: date) -> None:
    holder.until = max(on, holder.since)
    holder.save(update_fields=["until"])


def _reason(text: str) -> str:
    text = text.strip()
    if not text:
        raise ValidationError({"text": _("没有写理由。一句话写明情况。")})
    if len(text) > 500:
        raise ValidationError({"text": _("理由最多 500 字。写要点。")})
    return text


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
    account = _kept(holder.account_id, grants)
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
    _record(events.HANDOVER_PROPOSED, account, actor, payload, now)
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
        _record(events.HANDOVER_RECEIVED, handover.account, actor, _names(handover), now)
    else:
        own = handover.holder.person_id == grants.person_id
        handover.given_at = now
        handover.given_for = "" if own else f"{actor.unit}{actor.position} {actor.name}"[:80]
        payload = {**_names(handover), "instead": handover.given_for}
        _record(events.HANDOVER_GIVEN, handover.account, actor, payload, now)
    if handover.given_at and handover.received_at:
        _pass_keys(handover, now)
    handover.save()
    return handover


@within_act
def _pass_keys(handover: Handover, now: datetime) -> None:
    on = timezone.localdate(now)
    holder = handover.holder
    _end(holder, on)
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
    handover.state = HandoverState.DONE
    handover.ended_at = now


@act
def end_handover(*, actor: Actor, grants: Grants, handover_id: int, text: str, now: datetime) -> Handover:
    """Decline a handover (its receiver) or cancel it (whoever keeps the account); the keys stay where they are.

    Raises:
        Handover.DoesNotExist, PermissionDenied, TransitionNotAllowed, ValidationError: no reason.
    """
    handover = _open_handover(handover_id, grants)
    declined = handover.receiver_id == grants.person_id
    if not declined and not (permission := may_keep_custody(handover.account, grants)):
        raise PermissionDenied.from_denied(permission)
    text = _reason(text)
    handover.state = HandoverState.DECLINED if declined else HandoverState.CANCELLED
    handover.ended_at = now
    handover.reason = text
    handover.save()
    event = events.HANDOVER_DECLINED if declined else events.HANDOVER_CANCELLED
    _record(event, handover.account, actor, {**_names(handover), "text": text}, now)
    whom = {handover.proposed_by_id, handover.receiver_id, handover.holder.person_id or 0} - {grants.person_id, 0}
    words = gettext_lazy("「%(account)s」的交接没有办成：%(text)s")
    _tell(handover, sorted(whom), stored(words, account=handover.account.name, text=text), "ended", now)
    return handover


def _spec(policy: Policy) -> CustodySpec:
    if policy.custody is None:
        raise TransitionNotAllowed(
            _("现行办法没有写账号怎样保管，检查开不了。由办公室在规则里补上。"), rules.OFFICE_SUPERVISES
        )
    return policy.custody


@act
def open_custody_round(*, actor: Actor, grants: Grants | None, now: datetime) -> CustodyRound:
    """Open a check of how all accounts are kept; each account's clock starts.

    Args:
        actor: the Office, or the system on the policy's days.
        grants: of the person; None for the system.
        now: time of the act.

    Raises:
        PermissionDenied: not the Office.
        TransitionNotAllowed: the last check is still running.
    """
    if grants is not None and not (permission := may_manage_accounts(grants)):
        raise PermissionDenied.from_denied(permission)
    on = timezone.localdate(now)
    policy = policy_on(actor.institution_id, on)
    spec = _spec(policy)
    newest = newest_round(actor.institution_id)
    if newest is not None and newest.due_on >= on:
        raise TransitionNotAllowed(
            _("%(day)s开始的检查还没有到期。到期后再开下一次。") % {"day": newest.opened_on.isoformat()}, rules.CUSTODY
        )
    opened = CustodyRound.objects.create(
        institution_id=actor.institution_id,
        policy_version_id=policy.version_id,
        opened_on=on,
        due_on=policy.due(spec.check, on),
    )
    accounts = list(MediaAccount.objects.filter(institution_id=actor.institution_id, state__in=KEPT))
    checks = CustodyCheck.objects.bulk_create(
        [CustodyCheck(institution_id=actor.institution_id, round=opened, account=account) for account in accounts],
        batch_size=BATCH,
    )
    start_clocks(
        actor=actor,
        policy=policy,
        clock=spec.check,
        starts=[
            Start(check_subject(check), check.account.unit_id, (account_subject(check.account),)) for check in checks
        ],
        started_on=on,
        now=now,
    )
    record(
        events.CUSTODY_ROUND_OPENED,
        actor=actor,
        subject=Subject(ROUND_TYPE, str(opened.pk), stored(gettext_lazy("账号保管检查"))),
        payload={"accounts": len(accounts), "due": opened.due_on.isoformat()},
        at=now,
        rule=rules.CUSTODY,
        article=policy.rule(rules.CUSTODY).article,
        policy_version=policy.label,
    )
    return opened


@act
def answer_custody_check(*, actor: Actor, grants: Grants, check_id: int, now: datetime) -> CustodyCheck:
    """Answer a check: the person has looked at what is recorded and it is so; what is short is noted.

    Raises:
        CustodyCheck.DoesNotExist, PermissionDenied.
        TransitionNotAllowed: answered already, or nothing is recorded of the account yet.
    """
    check = locked(CustodyCheck, check_id, institution_id=grants.institution_id)
    account = _kept(check.account_id, grants)
    if check.answered_at is not None:
        raise TransitionNotAllowed(_("这次检查已经答过了。"), rules.CUSTODY)
    if not Custody.objects.filter(account=account).exists():
        raise TransitionNotAllowed(
            _("还没有登记「%(name)s」的保管情况。先登记，再确认。") % {"name": account.name}, rules.CUSTODY
        )
    on = timezone.localdate(now)
    policy = policy_version(check.round.policy_version_id)
    check.answered_at = now
    check.answered_by_id = grants.person_id
    check.save(update_fields=["answered_at", "answered_by"])
    Custody.objects.filter(account=account).update(checked_on=on)
    spec = _spec(policy)
    found = shortcomings_of([account.pk], conditions(spec, account.institution_id, on)).get(account.pk, [])
    check.shortcomings = [one.value for one in found]
    check.save(update_fields=["shortcomings"])
    meet_clock(
        actor=actor,
        institution_id=account.institution_id,
        subject_type=CUSTODY_CHECK_TYPE,
        subject_id=str(check.pk),
        clock=spec.check,
        on=on,
        now=now,
    )
    words: list[JSON] = [stored(one.label) for one in found]
    _record(events.CUSTODY_CHECKED, account, actor, {"shortcomings": words}, now)
    return check


@act(records=False, why="telling that a keeper left changes no record; the end of the position is recorded")
def tell_of_leavers(*, institution_id: int, holders: "list[CustodyHolder]", now: datetime) -> int:
    """Tell whoever keeps the accounts that a holder of keys has left, once per holder.

    Args:
        institution_id: whose.
        holders: from ``custody.left``.
        now: the time.

    Returns:
        how many holders there were.
    """
    for holder in holders:
        account = holder.account
        whom = {account.owner_id} if account.owner_id else set()
        notify(
            institution_id=institution_id,
            people=[person for person in whom if person != holder.person_id],
            text=stored(
                gettext_lazy("%(who)s不再任职，还登记为「%(account)s」的%(role)s。办理交接，并改掉口令。"),
                who=holder.name,
                account=account.name,
                role=stored(CustodyRole(holder.role).label),
            ),
            url=f"/accounts/{account.pk}/custody/",
            rule=rules.CUSTODY,
            key=f"leaver:{holder.pk}",
            at=now,
        )
    return len(holders)
