"""Media accounts: entering the register, suspension, resumption, closing, reminders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.actors import Actor
from xianshen.common.codes import new_code
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.language import stored
from xianshen.ledger.services import act, no_act, record, within_act
from xianshen.notices.enums import NoticeKind
from xianshen.notices.services import notify, require_pause
from xianshen.organisation.selectors import Grants, home_unit, unit_for_relation
from xianshen.registry import events, names, rules
from xianshen.registry.enums import AccountState, InNameOf, SuspensionReason
from xianshen.registry.models import MediaAccount, OpeningApplication
from xianshen.registry.permissions import may_manage_accounts, may_see_contacts
from xianshen.registry.running import server_lapsed
from xianshen.registry.selectors import account_subject
from xianshen.registry.services.releasing import release_account
from xianshen.registry.transitions import ACCOUNT
from xianshen.regulation.selectors import policy_on, policy_version
from xianshen.workflow.tables import apply_transition, locked

if TYPE_CHECKING:
    from xianshen.organisation.models import Person, Unit
    from xianshen.regulation.schema import Policy


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What is known of an account when it enters the register."""

    unit: "Unit"
    name: str
    platform: str
    handle: str
    owner: "Person | None"
    owner_name: str
    owner_mobile: str = ""
    owner_email: str = ""
    second_contact_name: str = ""
    second_contact_mobile: str = ""
    content_scope: str = ""
    positioning: str = ""
    audience: Sequence[str] = ()
    in_name_of: str = InNameOf.UNIT
    data_service: bool = False
    server_filing_reference: str = ""
    opened_on: date | None = None


@no_act(why="builds a record that its callers save")
def build_account(
    facts: AccountFacts, policy: "Policy", *, state: AccountState, reason: str, now: datetime
) -> MediaAccount:
    """Return an unsaved account, its tier and first responsible person given by the policy.

    Raises:
        ValidationError: the policy gives such a unit no tier on the platform, or its home unit is not registered.
    """
    found = policy.classification_for(unit_kind=facts.unit.kind, platform=facts.platform)
    if found is None:
        raise ValidationError({"platform": _("办法没有给这类单位在这个平台上的层级。核对单位类别和平台。")})
    responsible_unit = unit_for_relation(found.first_responsible.of, facts.unit)
    if responsible_unit is None:
        raise ValidationError(
            {"unit": _("「%(unit)s」还没有登记归口单位。先登记归口单位。") % {"unit": facts.unit.name}}
        )
    return MediaAccount(
        institution_id=facts.unit.institution_id,
        policy_version_id=policy.version_id,
        code=new_code(),
        name=facts.name,
        name_fold=names.fold(facts.name)[:120],
        name_sound=names.sound(facts.name),
        platform=facts.platform,
        handle=facts.handle,
        handle_fold=names.fold(facts.handle)[:300],
        tier=found.tier,
        unit=facts.unit,
        home_unit=home_unit(facts.unit) or facts.unit,
        first_responsible_position=found.first_responsible.position,
        first_responsible_unit=responsible_unit,
        owner=facts.owner,
        owner_name=facts.owner_name,
        owner_mobile=facts.owner_mobile,
        owner_email=facts.owner_email,
        second_contact_name=facts.second_contact_name,
        second_contact_mobile=facts.second_contact_mobile,
        content_scope=facts.content_scope,
        positioning=facts.positioning,
        audience=list(facts.audience),
        in_name_of=facts.in_name_of,
        data_service=facts.data_service,
        server_filing_reference=facts.server_filing_reference,
        state=state,
        suspension_reason=reason,
        state_since=timezone.localdate(now),
        opened_on=facts.opened_on,
        registered_at=now,
    )


def _entry_payload(account: MediaAccount) -> dict[str, str | int]:
    return {
        "name": account.name,
        "platform": account.platform,
        "tier": account.tier,
        "unit": account.unit.name,
        "code": account.code,
        "state": account.state,
    }


@within_act
def open_account(
    *, application: OpeningApplication, policy: "Policy", actor: Actor, article: int, now: datetime
) -> MediaAccount:
    """Enter the account of an approved application (called within the act of the last decision)."""
    state = AccountState.APPLIED if application.data_service else AccountState.ACTIVE
    facts = AccountFacts(
        unit=application.unit,
        name=application.name,
        platform=application.platform,
        handle=application.handle,
        owner=application.owner,
        owner_name=application.owner_name or (application.owner.name if application.owner else ""),
        owner_mobile=application.owner_mobile,
        owner_email=application.owner_email,
        second_contact_name=application.second_contact_name,
        second_contact_mobile=application.second_contact_mobile,
        content_scope=application.content_scope,
        positioning=application.positioning,
        audience=application.audience,
        in_name_of=application.in_name_of,
        data_service=bool(application.data_service),
        opened_on=timezone.localdate(now),
    )
    account = build_account(facts, policy, state=state, reason="", now=now)
    account.save()
    record(
        events.ACCOUNT_OPENED,
        actor=actor,
        subject=account_subject(account),
        payload=_entry_payload(account),
        at=now,
        rule=rules.PRIOR_APPROVAL,
        article=article,
        policy_version=policy.label,
    )
    return account


@dataclass(frozen=True, slots=True)
class Registration:
    """An account that already runs, to be entered without an application (import, demonstration)."""

    facts: AccountFacts
    state: AccountState = AccountState.ACTIVE
    suspension_reason: str = ""


@act
def register_accounts(
    *, actor: Actor, grants: Grants | None, registrations: Sequence[Registration], now: datetime
) -> list[MediaAccount]:
    """Enter existing accounts into the register, all or none.

    Args:
        actor: the Office, or the system for a command.
        grants: of the person, None for a command run on the server.
        registrations: what to enter.
        now: time of the act.

    Raises:
        PermissionDenied: not the Office.
        ValidationError: the policy has no tier for one of them.
    """
    if grants is not None and not (permission := may_manage_accounts(grants)):
        raise PermissionDenied.from_denied(permission)
    policy = policy_on(actor.institution_id, timezone.localdate(now))
    accounts = []
    for registration in registrations:
        account = build_account(
            registration.facts, policy, state=registration.state, reason=registration.suspension_reason, now=now
        )
        account.save()
        record(
            events.ACCOUNT_REGISTERED,
            actor=actor,
            subject=account_subject(account),
            payload=_entry_payload(account),
            at=now,
            rule=rules.AUTHORISED_ONLY,
            article=policy.rule(rules.AUTHORISED_ONLY).article,
            policy_version=policy.label,
        )
        accounts.append(account)
    return accounts


def _change(
    transition: str,
    *,
    institution_id: int,
    account_id: int,
    actor: Actor,
    grants: Grants | None,
    payload: Mapping[str, str],
    changes: Mapping[str, object],
    now: datetime,
) -> MediaAccount:
    account = locked(MediaAccount, account_id, institution_id=institution_id)
    policy = policy_version(account.policy_version_id)
    apply_transition(
        ACCOUNT,
        account,
        transition,
        who=grants,
        actor=actor,
        at=now,
        subject=account_subject(account),
        payload=payload,
        changes={"state_since": timezone.localdate(now), **changes},
        article=policy.rule(ACCOUNT[transition].rule).article,
        policy_version=policy.label,
    )
    return account


def _reason_text(text: str) -> str:
    text = text.strip()
    if not text:
        raise ValidationError({"text": _("没有写理由。写明依据和情况，负责人才知道怎么办。")})
    if len(text) > 1000:
        raise ValidationError({"text": _("理由最多 1000 字。写要点，材料作附件。")})
    return text


@act
def suspend_account(
    *,
    account_id: int,
    institution_id: int,
    actor: Actor,
    grants: Grants | None,
    reason: SuspensionReason,
    text: str,
    now: datetime,
) -> MediaAccount:
    """Stop an account from running; its owner is told.

    Args:
        account_id: the account.
        institution_id: its institution.
        actor: who suspends.
        grants: of the person; None for the system's own clocks.
        reason: kind of reason.
        text: the reason in words.
        now: time of the act.

    Raises:
        PermissionDenied, TransitionNotAllowed, ValidationError.
    """
    text = _reason_text(text)
    account = _change(
        "suspend",
        institution_id=institution_id,
        account_id=account_id,
        actor=actor,
        grants=grants,
        payload={"reason": reason.value, "text": text},
        changes={"suspension_reason": reason.value},
        now=now,
    )
    _tell_owner(
        account,
        stored(
            gettext_lazy("「%(name)s」暂停运行（%(reason)s）：%(text)s"),
            name=account.name,
            reason=reason.label,
            text=text,
        ),
        now,
        kind=NoticeKind.STOP_ORDER if reason == SuspensionReason.STOP_ORDER else NoticeKind.ACCOUNT_SUSPENDED,
        reason=stored(reason.label),
        said=text,
    )
    return account


@act
def resume_account(
    *, account_id: int, institution_id: int, actor: Actor, grants: Grants | None, text: str, now: datetime
) -> MediaAccount:
    """Let a suspended account run again.

    Raises:
        PermissionDenied, TransitionNotAllowed, ValidationError; an account whose data service has no
        approved server stays stopped.
    """
    text = _reason_text(text)
    account = locked(MediaAccount, account_id, institution_id=institution_id)
    if server_lapsed(account, timezone.localdate(now)):
        raise TransitionNotAllowed(
            _("「%(name)s」涉及校内数据服务，服务器还没有批，不能恢复。先经科技处审批。") % {"name": account.name},
            rules.CAMPUS_SERVER,
        )
    account = _change(
        "resume",
        institution_id=institution_id,
        account_id=account_id,
        actor=actor,
        grants=grants,
        payload={"text": text},
        changes={"suspension_reason": ""},
        now=now,
    )
    _tell_owner(account, stored(gettext_lazy("「%(name)s」恢复运行：%(text)s"), name=account.name, text=text), now)
    return account


@act
def begin_closing_account(
    *, account_id: int, institution_id: int, actor: Actor, grants: Grants | None, text: str, now: datetime
) -> MediaAccount:
    """Mark an account as being closed down."""
    return _change(
        "begin_closing",
        institution_id=institution_id,
        account_id=account_id,
        actor=actor,
        grants=grants,
        payload={"text": _reason_text(text)},
        changes={"suspension_reason": ""},
        now=now,
    )


@act
def close_account(
    *, account_id: int, institution_id: int, actor: Actor, grants: Grants | None, text: str, now: datetime
) -> MediaAccount:
    """Close an account for good; nobody holds its keys any more, and its clocks stop."""
    account = _change(
        "close",
        institution_id=institution_id,
        account_id=account_id,
        actor=actor,
        grants=grants,
        payload={"text": _reason_text(text)},
        changes={"closed_on": timezone.localdate(now)},
        now=now,
    )
    release_account(account=account, actor=actor, now=now)
    return account


def _tell_owner(
    account: MediaAccount,
    text: str,
    now: datetime,
    *,
    kind: NoticeKind = NoticeKind.ACCOUNT_STATE,
    **values: str,
) -> None:
    if account.owner_id:
        notify(
            institution_id=account.institution_id,
            people=[account.owner_id],
            text=text,
            url=f"/accounts/{account.pk}/",
            rule=rules.MAY_RUN,
            key=f"account:{account.pk}:{now:%Y%m%d%H%M%S%f}",
            at=now,
            kind=kind,
            values={"account": account.name, **values},
        )


@act
def remind_owner(
    *, account_id: int, institution_id: int, actor: Actor, grants: Grants, text: str, now: datetime
) -> MediaAccount:
    """Send the account's owner a reminder from the Office.

    Raises:
        PermissionDenied: not the Office.
        TransitionNotAllowed: the same person sent the same reminder within the day.
        ValidationError: no text, or the account has no owner on record.
    """
    if not (permission := may_manage_accounts(grants)):
        raise PermissionDenied.from_denied(permission)
    account = locked(MediaAccount, account_id, institution_id=institution_id)
    text = _reason_text(text)
    if not account.owner_id:
        raise ValidationError(
            {"text": _("「%(name)s」没有登记负责人，提醒送不到。先登记负责人。") % {"name": account.name}}
        )
    same = {"text": text}
    require_pause(events.ACCOUNT_REMINDED, actor=actor, subject=account_subject(account), payload=same, now=now)
    _tell_owner(
        account,
        stored(gettext_lazy("办公室提醒「%(name)s」：%(text)s"), name=account.name, text=text),
        now,
        kind=NoticeKind.ACCOUNT_REMINDER,
        said=text,
    )
    record(
        events.ACCOUNT_REMINDED,
        actor=actor,
        subject=account_subject(account),
        payload={"text": text, "people": 1},
        at=now,
    )
    return account


@act
def remind_owners(
    *, account_ids: Sequence[int], institution_id: int, actor: Actor, grants: Grants, text: str, now: datetime
) -> list[MediaAccount]:
    """Send the same reminder to the owners of several accounts in one act.

    Accounts without an owner are left out, and those whose owners got the same reminder from the same person within
    the day.

    Returns:
        the accounts whose owners were reminded.

    Raises:
        PermissionDenied: not the Office.
        TransitionNotAllowed: the owners of all of them got it within the day.
        ValidationError: no text, or none of the accounts has an owner on record.
    """
    if not (permission := may_manage_accounts(grants)):
        raise PermissionDenied.from_denied(permission)
    text = _reason_text(text)
    owned = MediaAccount.objects.filter(institution_id=institution_id, pk__in=account_ids, owner__isnull=False)
    keys = list(owned.order_by("pk").values_list("pk", flat=True))
    if not keys:
        raise ValidationError({"text": _("这些账号都没有登记负责人，提醒送不到。先登记负责人。")})
    told: list[MediaAccount] = []
    refused: TransitionNotAllowed | None = None
    for pk in keys:
        try:
            told.append(
                remind_owner(
                    account_id=pk, institution_id=institution_id, actor=actor, grants=grants, text=text, now=now
                )
            )
        except TransitionNotAllowed as refusal:
            refused = refusal
    if refused is not None and not told:
        raise refused
    return told


@act
def record_contact_shown(
    *, account_id: int, institution_id: int, actor: Actor, grants: Grants, what: str, now: datetime
) -> MediaAccount:
    """Show a masked contact in full: allowed to few, and recorded.

    Returns:
        the account, whose contact the view may now show.

    Raises:
        PermissionDenied: not the Office, the unit's own people, or the owner.
    """
    account = MediaAccount.objects.get(pk=account_id, institution_id=institution_id)
    if not (permission := may_see_contacts(account, grants)):
        raise PermissionDenied.from_denied(permission)
    record(events.CONTACT_SHOWN, actor=actor, subject=account_subject(account), payload={"what": what}, at=now)
    return account
