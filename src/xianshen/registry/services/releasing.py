"""What an account leaves behind when it is closed: nobody holds its keys, nothing of it runs on."""

from datetime import datetime

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from xianshen.clocks.services import cancel_clocks
from xianshen.common.actors import Actor
from xianshen.common.language import stored
from xianshen.ledger.services import within_act
from xianshen.registry import rules
from xianshen.registry.custody import CUSTODY_CHECK_TYPE
from xianshen.registry.enums import HandoverState, ServerFilingState
from xianshen.registry.models import CustodyCheck, CustodyHolder, Handover, MediaAccount, ServerFiling
from xianshen.registry.selectors import account_subject
from xianshen.registry.servers import SERVER_FILING_TYPE, server_filing_subject
from xianshen.registry.transitions import HANDOVER, SERVER_FILING
from xianshen.regulation.selectors import policy_on
from xianshen.workflow.tables import apply_transition, locked


@within_act
def release_account(*, account: MediaAccount, actor: Actor, now: datetime) -> None:
    """End custody, handovers, the approval of servers and checks of an account that is being closed.

    Args:
        account: locked, just closed.
        actor: who closes it.
        now: time of the act.
    """
    on = timezone.localdate(now)
    policy = policy_on(account.institution_id, on)
    why = stored(gettext_lazy("账号已停办。"))
    for handover in Handover.objects.filter(account=account, state=HandoverState.PROPOSED):
        apply_transition(
            HANDOVER,
            locked(Handover, handover.pk, institution_id=account.institution_id),
            "cancel",
            who=None,
            actor=actor,
            at=now,
            subject=account_subject(account),
            payload={"giver": handover.holder.name, "receiver": handover.receiver.name, "text": why},
            changes={"ended_at": now, "reason": why},
            article=policy.rule(rules.CUSTODY).article,
            policy_version=policy.label,
        )
    CustodyHolder.objects.filter(account=account, until__isnull=True).update(until=Greatest(F("since"), on))
    for filing in ServerFiling.objects.filter(account=account, state=ServerFilingState.APPROVED):
        apply_transition(
            SERVER_FILING,
            locked(ServerFiling, filing.pk, institution_id=account.institution_id),
            "expire",
            who=None,
            actor=actor,
            at=now,
            subject=server_filing_subject(filing),
            payload={"number": filing.number},
            article=policy.rule(rules.CAMPUS_SERVER).article,
            policy_version=policy.label,
        )
        _stop_clocks(account, SERVER_FILING_TYPE, filing.pk, actor, why, now)
    for check in CustodyCheck.objects.filter(account=account, answered_at__isnull=True):
        _stop_clocks(account, CUSTODY_CHECK_TYPE, check.pk, actor, why, now)


@within_act
def _stop_clocks(account: MediaAccount, subject_type: str, pk: int, actor: Actor, why: str, now: datetime) -> None:
    cancel_clocks(
        actor=actor,
        institution_id=account.institution_id,
        subject_type=subject_type,
        subject_id=str(pk),
        why=why,
        now=now,
    )
