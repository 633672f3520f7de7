from django.utils.translation import gettext as _

from xianshen.approvals import rules
from xianshen.approvals.models import ApprovalChain, ApprovalStep
from xianshen.approvals.selectors import Deciders
from xianshen.common.decisions import Allowed, Decision, Denied
from xianshen.common.language import listed, local
from xianshen.organisation.selectors import Grants, Holding
from xianshen.regulation.enums import Capability, WithdrawUntil


def who_decides(found: Deciders) -> str:
    """Say in words who may decide, for refusals and for the page."""
    if not found.holdings:
        return _("职位空缺，办公室补任后可以办理")
    return listed(dict.fromkeys(f"{h.unit.name}{local(h.position.title)}" for h in found.holdings))


def holding_for(found: Deciders, person_id: int) -> Holding | None:
    """Return in which position the person decides; an own position goes before a delegated one."""
    mine = [holding for holding in found.holdings if holding.person.pk == person_id]
    return min(mine, key=lambda holding: holding.delegation is not None, default=None)


def may_decide(step: ApprovalStep, chain: ApprovalChain, person_id: int, found: Deciders) -> Decision:
    """Say whether the person may decide the step.

    Args:
        step: the step.
        chain: its chain.
        person_id: who asks.
        found: who decides the step today, from :func:`selectors.deciders`.
    """
    if chain.applicant_id == person_id:
        return Denied(
            _("这是你自己提交的，不能由你审批。等%(who)s办理。") % {"who": local(step.name)}, rules.NO_SELF_DECISION
        )
    if holding_for(found, person_id):
        return Allowed()
    return Denied(_("这一步由%(who)s办理。要代办，先由本人委托。") % {"who": who_decides(found)}, rules.SIGNING)


def may_withdraw(chain: ApprovalChain, person_id: int, *, until: WithdrawUntil, opinions: bool) -> Decision:
    """Say whether the person may take the submission back.

    Args:
        chain: an open chain.
        person_id: who asks.
        until: how long the policy lets an applicant withdraw.
        opinions: whether somebody has given an opinion already.
    """
    if chain.applicant_id != person_id:
        return Denied(_("只有申请人可以撤回。"), rules.WITHDRAWAL)
    if until == WithdrawUntil.FIRST_OPINION and opinions:
        return Denied(_("已经有人签署意见，不能再撤回。要改，请办理人退回。"), rules.WITHDRAWAL)
    return Allowed()


def may_remind(grants: Grants, chain: ApprovalChain, person_id: int) -> Decision:
    """Say whether the person may remind the deciders: the applicant, or the Office."""
    if chain.applicant_id == person_id or grants.has(Capability.NOTICES_REMIND):
        return Allowed()
    return Denied(_("只有申请人和办公室可以催办。"), rules.SIGNING)
