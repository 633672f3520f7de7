"""Checks of how all accounts are kept, and keepers who left."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.clocks.services import Start, meet_clock, start_clocks
from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.language import stored
from xianshen.ledger.events import Subject
from xianshen.ledger.services import JSON, act, record
from xianshen.notices.enums import NoticeKind
from xianshen.notices.services import notify
from xianshen.organisation.selectors import Grants
from xianshen.registry import events, rules
from xianshen.registry.custody import CUSTODY_CHECK_TYPE, KEPT, check_subject, conditions, newest_round, shortcomings_of
from xianshen.registry.enums import CustodyRole
from xianshen.registry.models import Custody, CustodyCheck, CustodyHolder, CustodyRound, MediaAccount
from xianshen.registry.permissions import may_manage_accounts
from xianshen.registry.selectors import account_subject
from xianshen.registry.services.custody import kept_account, record_custody
from xianshen.regulation.schema import CustodySpec, Policy
from xianshen.regulation.selectors import policy_on, policy_version
from xianshen.workflow.tables import locked

ROUND_TYPE = "registry.custody_round"
BATCH = 500


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
    account = kept_account(check.account_id, grants)
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
    record_custody(events.CUSTODY_CHECKED, account, actor, {"shortcomings": words}, now)
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
            kind=NoticeKind.CUSTODY_TASK,
        )
    return len(holders)
