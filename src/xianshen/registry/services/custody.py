"""Custody of accounts: what is kept where, and who holds the keys."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field
from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.language import stored
from xianshen.ledger.events import EventType
from xianshen.ledger.services import JSON, act, no_act, record, within_act
from xianshen.organisation.selectors import Grants, people
from xianshen.registry import contacts, events, rules
from xianshen.registry.enums import AccountState, CustodyRole, EntityKind, HandoverState, TwoFactor
from xianshen.registry.models import Custody, CustodyHolder, MediaAccount
from xianshen.registry.permissions import may_keep_custody
from xianshen.registry.selectors import account_subject
from xianshen.regulation.selectors import policy_on
from xianshen.workflow.tables import locked


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


@within_act
def record_custody(
    event: EventType, account: MediaAccount, actor: Actor, payload: Mapping[str, JSON], now: datetime
) -> None:
    """Record something about an account's custody, under the article that the policy gives for it."""
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


@within_act
def kept_account(account_id: int, grants: Grants) -> MediaAccount:
    """Return the account, locked, for whoever records how it is kept.

    Raises:
        PermissionDenied, TransitionNotAllowed: closed.
    """
    account = locked(MediaAccount, account_id, institution_id=grants.institution_id)
    if not (permission := may_keep_custody(account, grants)):
        raise PermissionDenied.from_denied(permission)
    if account.state == AccountState.CLOSED:
        raise TransitionNotAllowed(_("「%(name)s」已停办，不再登记保管情况。") % {"name": account.name}, rules.CUSTODY)
    return account


def _column(name: str) -> "Field[Any, Any]":
    column = Custody._meta.get_field(name)
    assert isinstance(column, Field)
    return column


def _checked(facts: CustodyFacts) -> dict[str, str]:
    values = {name: value.strip() for name, value in asdict(facts).items()}
    errors: dict[str, str] = {}
    for name, value in values.items():
        limit = _column(name).max_length or 0
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
    account = kept_account(account_id, grants)
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
    names = [stored(str(_column(name).verbose_name)) for name in changed]
    record_custody(events.CUSTODY_KEPT, account, actor, {"changed": names}, now)
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
    account = kept_account(account_id, grants)
    errors: dict[str, str] = {}
    if holder.role not in CustodyRole.values:
        errors["role"] = _("没有这个角色。从列出的里面选。")
    person = people(account.institution_id).filter(pk=holder.person_id or 0, is_active=True).first()
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
    record_custody(events.CUSTODY_HOLDER_ADDED, account, actor, {"role": role, "name": name}, now)
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
    account = kept_account(holder.account_id, grants)
    text = reason_text(text)
    if holder.until is not None:
        raise TransitionNotAllowed(_("%(name)s已经不再保管。") % {"name": holder.name}, rules.CUSTODY)
    if holder.handovers.filter(state=HandoverState.PROPOSED).exists():
        raise TransitionNotAllowed(
            _("%(name)s正在交接。等双方确认，或先取消交接。") % {"name": holder.name}, rules.CUSTODY
        )
    end_holding(holder, timezone.localdate(now))
    payload = {"role": stored(CustodyRole(holder.role).label), "name": holder.name, "text": text}
    record_custody(events.CUSTODY_HOLDER_ENDED, account, actor, payload, now)
    return holder


@within_act
def end_holding(holder: CustodyHolder, on: date) -> None:
    """Note the last day on which somebody held the keys."""
    holder.until = max(on, holder.since)
    holder.save(update_fields=["until"])


@no_act(why="judges words, writes nothing")
def reason_text(text: str) -> str:
    """Return a reason as it is kept.

    Raises:
        ValidationError: none, or too long.
    """
    text = text.strip()
    if not text:
        raise ValidationError({"text": _("没有写理由。一句话写明情况。")})
    if len(text) > 500:
        raise ValidationError({"text": _("理由最多 500 字。写要点。")})
    return text
