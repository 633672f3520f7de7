"""What follows from the decision on a filing: the account's particulars, its closure, its running again."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.approvals.enums import ChainState
from xianshen.clocks.selectors import deadlines_of
from xianshen.clocks.services import start_clock
from xianshen.common.actors import Actor
from xianshen.common.errors import TransitionNotAllowed
from xianshen.common.language import institution_language, listed, stored
from xianshen.documents.selectors import attachments_of
from xianshen.ledger.services import record, within_act
from xianshen.registry import events, names, rules
from xianshen.registry.changed import LABELS, present
from xianshen.registry.enums import AccountState, FilingKind, FilingOrigin, SuspensionReason
from xianshen.registry.filed import (
    FILING_TYPE,
    FOLDED_FIELDS,
    KEPT_FIELDS,
    LEGACY_LIST_TYPE,
    filing_subject,
    legacy_list_subject,
)
from xianshen.registry.filing_checks import CHANGE_CLOCK, LEGACY_CLOCK
from xianshen.registry.models import AccountValue, Filing, MediaAccount
from xianshen.registry.selectors import account_subject
from xianshen.registry.services.accounts import resume_account, suspend_account
from xianshen.registry.services.releasing import release_account
from xianshen.registry.transitions import ACCOUNT, FILING
from xianshen.regulation.selectors import policy_version
from xianshen.workflow.tables import apply_transition, locked

if TYPE_CHECKING:
    from xianshen.regulation.schema import Policy

OUTCOMES = {
    ChainState.APPROVED: "approve",
    ChainState.REJECTED: "reject",
    ChainState.RETURNED: "return",
    ChainState.WITHDRAWN: "withdraw",
    ChainState.REVOKED: "revoke",
}


@within_act
def carry_out(
    *, filing: Filing, outcome: ChainState, policy: "Policy", actor: Actor, article: int, text: str, now: datetime
) -> MediaAccount:
    """Change the filing's state and do what follows from it (called within the act of the decision).

    Args:
        filing: locked.
        outcome: the chain's new state.
        policy: by which was decided.
        actor: who decided.
        article: article of the chain.
        text: words of the last opinion.
        now: time of the act.

    Returns:
        The account as it is now.
    """
    account = locked(MediaAccount, filing.account_id, institution_id=filing.institution_id)
    filing.account = account
    payload: dict[str, object] = {"number": filing.number}
    changes: dict[str, object] = {}
    if outcome == ChainState.APPROVED:
        payload["kind"] = filing.kind
        changes = {
            "decided_on": timezone.localdate(now),
            "before": {**filing.before, "state": account.state, "suspension_reason": account.suspension_reason},
        }
    apply_transition(
        FILING,
        filing,
        OUTCOMES[outcome],
        who=actor,
        actor=actor,
        at=now,
        subject=filing_subject(filing),
        payload=payload,
        changes=changes,
        article=article,
        policy_version=policy.label,
        about=(account_subject(account),),
    )
    if outcome == ChainState.APPROVED:
        _approved(filing, account, policy, actor, now)
    elif outcome == ChainState.REVOKED:
        _revoked(filing, account, policy, actor, text, now)
    elif outcome == ChainState.WITHDRAWN:
        _run_again(filing, account, policy, actor, now)
    return account


def _approved(filing: Filing, account: MediaAccount, policy: "Policy", actor: Actor, now: datetime) -> None:
    if filing.changes:
        _change(filing, account, policy, actor, now)
    if filing.kind == FilingKind.CLOSURE:
        _begin_closing(filing, account, actor, now)
        return
    unfiled = account.suspension_reason == SuspensionReason.LEGACY_UNFILED
    if filing.kind == FilingKind.LEGACY and unfiled:
        resume_account(
            account_id=account.pk,
            institution_id=account.institution_id,
            actor=actor,
            grants=None,
            text=stored(gettext_lazy("存量备案已办结（%(number)s）。"), number=filing.number),
            now=now,
        )


def _change(filing: Filing, account: MediaAccount, policy: "Policy", actor: Actor, now: datetime) -> None:
    """Write the new values to the account; what stood there is kept with its period."""
    pairs = {}
    for code, after in filing.changes.items():
        before = present(account, code)
        if before == after:
            continue
        pairs[code] = (before, after)
        if filing.kind == FilingKind.CHANGE and code in KEPT_FIELDS and filing.changed_on:
            _keep(filing, account, code, str(before or ""), filing.changed_on)
    _write(account, {code: after for code, (_before, after) in pairs.items()})
    _record_change(filing, account, pairs, policy, actor, now)


def _keep(filing: Filing, account: MediaAccount, code: str, value: str, until: date) -> None:
    earlier = AccountValue.objects.filter(account=account, field=code).order_by("-valid_until", "-pk").first()
    AccountValue.objects.create(
        institution_id=account.institution_id,
        account=account,
        field=code,
        value=value,
        value_fold=names.fold(value)[:300] if code in FOLDED_FIELDS else "",
        valid_from=earlier.valid_until if earlier else account.opened_on,
        valid_until=until,
        filing=filing,
    )


def _write(account: MediaAccount, values: dict[str, object]) -> None:
    fields = set(values)
    for code, value in values.items():
        kept = date.fromisoformat(str(value)) if code == "opened_on" and value else value
        setattr(account, code, kept)
    if "name" in values:
        account.name_fold = names.fold(account.name)[:120]
        account.name_sound = names.sound(account.name)
        fields |= {"name_fold", "name_sound"}
    if "handle" in values:
        account.handle_fold = names.fold(account.handle)[:300]
        fields.add("handle_fold")
    if fields:
        account.save(update_fields=sorted(fields))


def _record_change(
    filing: Filing,
    account: MediaAccount,
    pairs: dict[str, tuple[object, object]],
    policy: "Policy",
    actor: Actor,
    now: datetime,
    *,
    undone: bool = False,
) -> None:
    if not pairs:
        return
    with institution_language():
        what = listed(LABELS[code] for code in LABELS if code in pairs)
    payload: dict[str, object] = {
        "number": filing.number,
        "what": what,
        "changes": {code: [before, after] for code, (before, after) in pairs.items() if code in LABELS},
    }
    if not undone:
        payload["changed_on"] = filing.changed_on.isoformat() if filing.changed_on else ""
    record(
        events.ACCOUNT_CHANGE_UNDONE if undone else events.ACCOUNT_CHANGED,
        actor=actor,
        subject=account_subject(account),
        payload=payload,  # type: ignore[arg-type] # reason: values of JSON columns
        at=now,
        rule=rules.FILING,
        article=policy.rule(rules.FILING).article,
        policy_version=policy.label,
        about=(filing_subject(filing),),
    )


def _move(
    account: MediaAccount, transition: str, actor: Actor, text: str, changes: dict[str, object], now: datetime
) -> None:
    policy = policy_version(account.policy_version_id)
    apply_transition(
        ACCOUNT,
        account,
        transition,
        who=None,
        actor=actor,
        at=now,
        subject=account_subject(account),
        payload={"text": text},
        changes={"state_since": timezone.localdate(now), **changes},
        article=policy.rule(ACCOUNT[transition].rule).article,
        policy_version=policy.label,
    )


def _begin_closing(filing: Filing, account: MediaAccount, actor: Actor, now: datetime) -> None:
    if account.state != AccountState.CLOSING:
        _move(account, "begin_closing", actor, filing.reason.strip(), {"suspension_reason": ""}, now)
    proofs = attachments_of(filing.institution_id, FILING_TYPE, str(filing.pk)).filter(kind="cancellation_proof")
    if proofs.exists():
        close_with_proof(filing=filing, actor=actor, now=now)


@within_act
def close_with_proof(*, filing: Filing, actor: Actor, now: datetime) -> None:
    """Close the account of an approved closure, the platform's proof being in."""
    account = locked(MediaAccount, filing.account_id, institution_id=filing.institution_id)
    text = stored(gettext_lazy("停办已备案（%(number)s），平台注销证明已交。"), number=filing.number)
    _move(account, "close", actor, text, {"closed_on": filing.changed_on or timezone.localdate(now)}, now)
    release_account(account=account, actor=actor, now=now)
    filing.account = account


def _revoked(filing: Filing, account: MediaAccount, policy: "Policy", actor: Actor, text: str, now: datetime) -> None:
    """Put back what the filing changed, as far as nothing later has changed it again."""
    if account.state == AccountState.CLOSED:
        raise TransitionNotAllowed(_("账号已停办完毕，不能撤销。要重新运行，另行申请开设。"), rules.FILING)
    pairs = {
        code: (after, filing.before.get(code))
        for code, after in filing.changes.items()
        if code in filing.before and present(account, code) == after
    }
    if pairs:
        _write(account, {code: before for code, (_after, before) in pairs.items()})
        AccountValue.objects.filter(filing=filing, field__in=list(pairs)).delete()
        _record_change(filing, account, pairs, policy, actor, now, undone=True)
    if filing.kind == FilingKind.CLOSURE and account.state == AccountState.CLOSING:
        _move(account, "keep", actor, text, {}, now)
    reason = filing.before.get("suspension_reason")
    if filing.kind == FilingKind.LEGACY:
        reason = SuspensionReason.LEGACY_UNFILED
    if reason and account.state in {AccountState.ACTIVE, AccountState.APPLIED}:
        suspend_account(
            account_id=account.pk,
            institution_id=account.institution_id,
            actor=actor,
            grants=None,
            reason=SuspensionReason(reason),
            text=text,
            now=now,
        )


def _run_again(filing: Filing, account: MediaAccount, policy: "Policy", actor: Actor, now: datetime) -> None:
    """Let the clock run again from its first day: what was taken back counts as not filed."""
    if filing.origin == FilingOrigin.LEGACY:
        run_legacy_clock(
            institution_id=filing.institution_id,
            unit_id=filing.unit_id,
            unit_name=filing.unit.name,
            policy=policy,
            actor=actor,
            started_on=None,
            now=now,
        )
    if filing.kind == FilingKind.LEGACY or filing.changed_on is None:
        return
    start_clock(
        actor=actor,
        policy=policy,
        clock=CHANGE_CLOCK,
        subject=filing_subject(filing),
        started_on=filing.changed_on,
        unit_id=filing.unit_id,
        about=(account_subject(account),),
        now=now,
    )


@within_act
def run_legacy_clock(
    *,
    institution_id: int,
    unit_id: int,
    unit_name: str,
    policy: "Policy",
    actor: Actor,
    started_on: date | None,
    now: datetime,
) -> None:
    """Let the clock of a unit's list run, if it is not running.

    Args:
        started_on: its first day; None takes that of the unit's last such clock, or the day of promulgation.
    """
    of_unit = deadlines_of(institution_id, LEGACY_LIST_TYPE, str(unit_id)).filter(clock=LEGACY_CLOCK)
    if of_unit.filter(state="running").exists():
        return
    last = of_unit.order_by("-pk").first()
    start_clock(
        actor=actor,
        policy=policy,
        clock=LEGACY_CLOCK,
        subject=legacy_list_subject(unit_id, unit_name),
        started_on=started_on or (last.started_on if last else policy.promulgated_on),
        unit_id=unit_id,
        now=now,
    )


@within_act
def suspend_unfiled(*, institution_id: int, unit_id: int, actor: Actor, policy: "Policy", now: datetime) -> int:
    """Stop the accounts of a unit's list that nobody has filed; returns how many (a clock's consequence)."""
    from xianshen.registry.filed import legacy_unsubmitted

    text = stored(gettext_lazy("办法公布前已运营，没有按期备案：%(clock)s"), clock=policy.clock(LEGACY_CLOCK).text)
    stopped = 0
    for filing in legacy_unsubmitted(institution_id, unit_id).order_by("pk"):
        if filing.account.state not in {AccountState.APPLIED, AccountState.ACTIVE}:
            continue
        suspend_account(
            account_id=filing.account_id,
            institution_id=institution_id,
            actor=actor,
            grants=None,
            reason=SuspensionReason.LEGACY_UNFILED,
            text=text,
            now=now,
        )
        stopped += 1
    return stopped
