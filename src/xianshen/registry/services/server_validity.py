"""What a filing of servers comes to: an approval for a period, its end, a newer one in its place, revocation."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.clocks.services import cancel_clocks, meet_clock, start_clock
from xianshen.common.actors import Actor
from xianshen.common.language import stored
from xianshen.ledger.services import act, record, within_act
from xianshen.organisation.selectors import Grants
from xianshen.registry import events, rules
from xianshen.registry.enums import AccountState, ServerFilingState, SuspensionReason
from xianshen.registry.models import MediaAccount, ServerFiling
from xianshen.registry.selectors import account_subject
from xianshen.registry.servers import approved_filing_of, server_filing_subject, servers_in
from xianshen.registry.services.accounts import suspend_account
from xianshen.registry.transitions import ACCOUNT, SERVER_FILING
from xianshen.regulation.schema import Policy
from xianshen.regulation.selectors import policy_version
from xianshen.workflow.tables import apply_transition, locked


@within_act
def carry_out(
    filing: ServerFiling, transition: str, *, actor: Actor, article: int, now: datetime, text: str = ""
) -> None:
    """Apply what the chain came to: approve, reject, return or withdraw; an approval attaches the servers.

    Args:
        filing: locked.
        transition: name in the lifecycle.
        actor: who decided last.
        article: cited.
        now: time of the act.
        text: words of the decision.
    """
    policy = policy_version(filing.policy_version_id)
    payload: dict[str, object] = {"number": filing.number}
    changes: dict[str, object] = {}
    if transition == "approve":
        on = timezone.localdate(now)
        _replace_earlier(filing, actor=actor, article=article, now=now)
        changes = {"valid_from": on, "valid_until": policy.due(servers_in(policy).validity, on)}
        payload["valid_until"] = changes["valid_until"].isoformat()  # type: ignore[attr-defined]
    apply_transition(
        SERVER_FILING,
        filing,
        transition,
        who=None,
        actor=actor,
        at=now,
        subject=server_filing_subject(filing),
        payload=payload,
        changes=changes,
        article=article,
        policy_version=policy.label,
        about=(account_subject(filing.account),),
    )
    if transition == "approve":
        _attach(filing, policy, actor=actor, article=article, now=now)


@within_act
def _replace_earlier(filing: ServerFiling, *, actor: Actor, article: int, now: datetime) -> None:
    earlier = approved_filing_of(filing.account)
    if earlier is None:
        return
    policy = policy_version(earlier.policy_version_id)
    apply_transition(
        SERVER_FILING,
        locked(ServerFiling, earlier.pk, institution_id=filing.institution_id),
        "replace",
        who=None,
        actor=actor,
        at=now,
        subject=server_filing_subject(earlier),
        payload={"number": earlier.number},
        article=article,
        policy_version=policy.label,
    )
    meet_clock(
        actor=actor,
        institution_id=filing.institution_id,
        subject_type=server_filing_subject(earlier).type,
        subject_id=str(earlier.pk),
        clock=servers_in(policy).validity,
        on=timezone.localdate(now),
        now=now,
    )


@within_act
def _attach(filing: ServerFiling, policy: Policy, *, actor: Actor, article: int, now: datetime) -> None:
    """Let the account run on the approved servers, and start the clock of the approval."""
    account = locked(MediaAccount, filing.account_id, institution_id=filing.institution_id)
    changes: dict[str, object] = {
        "data_service": True,
        "server_filing_reference": filing.number,
        "server_valid_until": filing.valid_until,
    }
    lapsed = account.state == AccountState.SUSPENDED and account.suspension_reason == SuspensionReason.SERVER_LAPSED
    if account.state == AccountState.APPLIED or lapsed:
        apply_transition(
            ACCOUNT,
            account,
            "resume" if lapsed else "activate",
            who=None,
            actor=actor,
            at=now,
            subject=account_subject(account),
            payload={"text": filing.number} if lapsed else {"reference": filing.number},
            changes={**changes, "suspension_reason": "", "state_since": timezone.localdate(now)},
            article=article,
            policy_version=policy.label,
        )
    else:
        for name, value in changes.items():
            setattr(account, name, value)
        account.save(update_fields=list(changes))
        record(
            events.SERVER_ATTACHED,
            actor=actor,
            subject=account_subject(account),
            payload={"reference": filing.number, "valid_until": str(filing.valid_until)},
            at=now,
            rule=rules.CAMPUS_SERVER,
            article=article,
            policy_version=policy.label,
        )
    start_clock(
        actor=actor,
        policy=policy,
        clock=servers_in(policy).validity,
        subject=server_filing_subject(filing),
        started_on=timezone.localdate(now),
        unit_id=filing.unit_id,
        now=now,
        about=(account_subject(account),),
    )


@within_act
def _detach(filing: ServerFiling, *, actor: Actor, text: str, now: datetime) -> None:
    """Take the servers from the account, which may no longer run."""
    account = locked(MediaAccount, filing.account_id, institution_id=filing.institution_id)
    account.server_filing_reference = ""
    account.server_valid_until = None
    account.save(update_fields=["server_filing_reference", "server_valid_until"])
    if account.state in {AccountState.ACTIVE, AccountState.APPLIED}:
        suspend_account(
            account_id=account.pk,
            institution_id=filing.institution_id,
            actor=actor,
            grants=None,
            reason=SuspensionReason.SERVER_LAPSED,
            text=text,
            now=now,
        )


@act
def revoke_server_filing(*, actor: Actor, grants: Grants, filing_id: int, text: str, now: datetime) -> ServerFiling:
    """Take an approval back; the account is suspended.

    Args:
        text: why.

    Raises:
        ServerFiling.DoesNotExist: not in the institution.
        PermissionDenied: not the division that approves servers.
        TransitionNotAllowed: not approved.
        ValidationError: no reason.
    """
    text = text.strip()
    if not text:
        raise ValidationError({"text": _("没有写理由。写明服务器出了什么情况，主办单位才知道怎么办。")})
    filing = locked(ServerFiling, filing_id, institution_id=actor.institution_id)
    policy = policy_version(filing.policy_version_id)
    subject = server_filing_subject(filing)
    apply_transition(
        SERVER_FILING,
        filing,
        "revoke",
        who=grants,
        actor=actor,
        at=now,
        subject=subject,
        payload={"number": filing.number, "text": text[:1000]},
        article=policy.rule(rules.CAMPUS_SERVER).article,
        policy_version=policy.label,
        about=(account_subject(filing.account),),
    )
    cancel_clocks(
        actor=actor,
        institution_id=filing.institution_id,
        subject_type=subject.type,
        subject_id=subject.id,
        why=text[:200],
        now=now,
    )
    _detach(
        filing,
        actor=actor,
        text=stored(gettext_lazy("科技处撤销了服务器批准 %(number)s：%(text)s"), number=filing.number, text=text[:800]),
        now=now,
    )
    return filing


@within_act
def expire_server_filing(*, filing_id: int, institution_id: int, actor: Actor, now: datetime) -> None:
    """End an approval whose period is over; the account is suspended (consequence of its clock)."""
    filing = locked(ServerFiling, filing_id, institution_id=institution_id)
    if filing.state != ServerFilingState.APPROVED:
        return
    policy = policy_version(filing.policy_version_id)
    apply_transition(
        SERVER_FILING,
        filing,
        "expire",
        who=None,
        actor=actor,
        at=now,
        subject=server_filing_subject(filing),
        payload={"number": filing.number},
        article=policy.rule(rules.CAMPUS_SERVER).article,
        policy_version=policy.label,
        about=(account_subject(filing.account),),
    )
    _detach(
        filing,
        actor=actor,
        text=stored(gettext_lazy("服务器批准 %(number)s 到期，没有重新报批。"), number=filing.number),
        now=now,
    )
