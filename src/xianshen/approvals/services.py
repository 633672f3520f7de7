"""Approval chains: start, decide, report, withdraw, remind."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.approvals import events, rules
from xianshen.approvals.enums import ChainState, StepKind, StepState, Verdict
from xianshen.approvals.models import ApprovalChain, ApprovalStep, Opinion, Phrase
from xianshen.approvals.permissions import holding_for, may_decide, may_remind, may_withdraw
from xianshen.approvals.selectors import (
    OPEN_STEPS,
    STEP_TYPE,
    Deciders,
    content_digest,
    current_step,
    deciders,
    deciders_of,
    steps_in,
    subject_of,
    verdicts_for,
)
from xianshen.approvals.signing import Signature
from xianshen.approvals.subjects import AsksMore, FollowsSteps, handler_of
from xianshen.approvals.transitions import CHAIN
from xianshen.clocks.services import cancel_clocks, meet_clock, start_clock
from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.language import stored
from xianshen.ledger.events import EventType, Subject
from xianshen.ledger.services import JSON, act, record
from xianshen.notices.enums import NoticeKind
from xianshen.notices.services import notify, require_pause
from xianshen.organisation.selectors import Grants, Holding, actor_for, unit_for_relation
from xianshen.regulation.selectors import policy_version
from xianshen.workflow.tables import apply_transition, locked

if TYPE_CHECKING:
    from xianshen.organisation.models import Person, Unit
    from xianshen.regulation.schema import ChainSpec, Policy

TEXT_LIMIT = Opinion._meta.get_field("text").max_length or 0


def _unit_for(relation: str, unit: "Unit") -> "Unit":
    """Resolve a step's unit: ``sponsor``, ``home`` or ``kind:<unit kind>``.

    Raises:
        ValidationError: the institution has no such unit yet.
    """
    found = unit_for_relation(relation, unit)
    if found is None:
        raise ValidationError(
            _("「%(unit)s」还没有登记归口单位，审批送不出去。联系办公室补登单位后再提交，填好的内容都在。")
            % {"unit": unit.name}
        )
    return found


def _due_on(policy: "Policy", clock_id: str | None, start: date) -> date | None:
    return policy.due(clock_id, start) if clock_id else None


def _build_steps(chain: ApprovalChain, spec: "ChainSpec", policy: "Policy", unit: "Unit") -> list[ApprovalStep]:
    steps = []
    for number, step in enumerate(spec.steps, start=1):
        escalation = step.escalate_to
        steps.append(
            ApprovalStep(
                institution_id=chain.institution_id,
                chain=chain,
                order=number,
                code=step.code,
                name=step.name,
                form_box=step.form_box or "",
                position_kind=step.position,
                unit=_unit_for(step.of, unit),
                escalation_position_kind=escalation.position if escalation else "",
                escalation_unit=unit_for_relation(escalation.of, unit) if escalation else None,
                due_clock=step.due or "",
            )
        )
    if spec.report:
        steps.append(
            ApprovalStep(
                institution_id=chain.institution_id,
                chain=chain,
                order=len(steps) + 1,
                kind=StepKind.REPORT,
                code="report",
                name=spec.report.name,
                position_kind=spec.report.position,
                unit=_unit_for(spec.report.of, unit),
                due_clock=spec.report.due or "",
            )
        )
    return steps


def _begin(step: ApprovalStep, policy: "Policy", now: datetime) -> None:
    step.state = StepState.CURRENT
    step.started_at = now
    step.due_on = _due_on(policy, step.due_clock, timezone.localdate(now))


def _start_clock(step: ApprovalStep, chain: ApprovalChain, policy: "Policy", actor: Actor, now: datetime) -> None:
    """Let the clock of a step that has begun run; ``due_on`` of the step is its copy."""
    if step.due_clock:
        start_clock(
            actor=actor,
            policy=policy,
            clock=step.due_clock,
            subject=Subject(STEP_TYPE, str(step.pk), f"{chain.title}：{step.name}"),
            started_on=timezone.localdate(now),
            unit_id=step.unit_id,
            now=now,
            about=(subject_of(chain),),
        )


def _meet_clock(step: ApprovalStep, actor: Actor, now: datetime) -> None:
    if step.due_clock:
        meet_clock(
            actor=actor,
            institution_id=step.institution_id,
            subject_type=STEP_TYPE,
            subject_id=str(step.pk),
            clock=step.due_clock,
            on=timezone.localdate(now),
            now=now,
        )


def _tell_deciders(
    step: ApprovalStep, chain: ApprovalChain, now: datetime, *, key: str = "todo", found: Deciders | None = None
) -> None:
    """Tell who may decide the step that it waits; ``found`` says who, when that is known already."""
    found = found or deciders(step, chain, timezone.localdate(now))
    notify(
        institution_id=chain.institution_id,
        people=[holding.person.pk for holding in found.holdings],
        text=stored(gettext_lazy("%(title)s：等你办理「%(step)s」。"), title=chain.title, step=step.name),
        url=f"/approvals/{chain.pk}/",
        rule=rules.SIGNING,
        key=f"{key}:{chain.pk}:{step.pk}:{now:%Y%m%d%H%M%S}",
        at=now,
        kind=NoticeKind.APPROVAL_TODO,
        values={"title": chain.title, "step": step.name},
    )


def _tell_applicant(chain: ApprovalChain, text: str, now: datetime) -> None:
    notify(
        institution_id=chain.institution_id,
        people=[chain.applicant_id],
        text=text,
        url=handler_of(chain.subject_type).url(chain.subject_id),
        key=f"outcome:{chain.pk}:{chain.state}:{now:%Y%m%d%H%M%S}",
        at=now,
        kind=NoticeKind.APPROVAL_OUTCOME,
        values={"title": chain.title},
    )


@act
def start_chain(
    *,
    actor: Actor,
    applicant_id: int,
    subject: Subject,
    spec: "ChainSpec",
    policy: "Policy",
    unit: "Unit",
    content: Mapping[str, str],
    now: datetime,
) -> ApprovalChain:
    """Send a subject into approval: the next round of it, first step current.

    The caller has checked that the applicant may submit the subject and holds its row locked.

    Args:
        actor: who submits.
        applicant_id: person who may not decide.
        subject: what is to be approved.
        spec: the chain that the policy gives for it.
        policy: the policy in force on the day of submission.
        unit: the sponsoring unit, from which the steps' units are resolved.
        content: label → value as printed; its digest is what opinions bind to.
        now: time of the act.

    Raises:
        ValidationError: a unit that the chain needs is not registered.
    """
    earlier = ApprovalChain.objects.filter(subject_type=subject.type, subject_id=subject.id).count()
    chain = ApprovalChain.objects.create(
        institution_id=actor.institution_id,
        policy_version_id=policy.version_id,
        spec=spec.id,
        article=policy.rule(spec.rule).article,
        subject_type=subject.type,
        subject_id=subject.id,
        title=subject.label,
        unit=unit,
        applicant_id=applicant_id,
        round=earlier + 1,
        content=dict(content),
        digest=content_digest(content),
        submitted_at=now,
    )
    steps = _build_steps(chain, spec, policy, unit)
    _begin(steps[0], policy, now)
    ApprovalStep.objects.bulk_create(steps)
    _start_clock(steps[0], chain, policy, actor, now)
    _tell_deciders(steps[0], chain, now)
    record(
        events.CHAIN_STARTED,
        actor=actor,
        subject=subject,
        payload={"chain": chain.pk, "round": chain.round, "digest": chain.digest},
        at=now,
        rule=spec.rule,
        article=chain.article,
        policy_version=policy.label,
        about=handler_of(subject.type).about(subject.id),
    )
    return chain


def _check_opinion(step: ApprovalStep, chain: ApprovalChain, verdict: Verdict, text: str) -> None:
    policy = _policy_of(chain)
    if verdict not in verdicts_for(step, policy, chain.spec):
        raise ValidationError(
            {"verdict": _("「%(step)s」不能这样办理。从页面上的几个选项里选一个。") % {"step": step.name}}
        )
    reasons = {required.value for required in policy.signing.reasons_required}
    if verdict.value in reasons and not text:
        raise ValidationError(
            {"text": _("没有写意见。%(verdict)s要写明理由，申请人才知道怎么改。") % {"verdict": verdict.label}}
        )
    if len(text) > TEXT_LIMIT:
        raise ValidationError(
            {
                "text": _("意见有 %(n)d 字，意见栏最多 %(limit)d 字。写要点，材料作附件。")
                % {"n": len(text), "limit": TEXT_LIMIT}
            }
        )


def _check_current(chain: ApprovalChain, step: ApprovalStep) -> None:
    if step.state in OPEN_STEPS and chain.state in {ChainState.OPEN, ChainState.APPROVED}:
        return
    opinion = Opinion.objects.filter(step=step).last()
    if opinion:
        raise TransitionNotAllowed(
            _("这一步已经由%(unit)s%(position)s办理（%(verdict)s）。你写的意见没有提交，刷新页面看最新情况。")
            % {"unit": opinion.unit_name, "position": opinion.position_title, "verdict": opinion.get_verdict_display()},
            rules.SIGNING,
        )
    raise TransitionNotAllowed(
        _("「%(title)s」现在是「%(state)s」，这一步不能办理。刷新页面看最新情况。")
        % {"title": chain.title, "state": chain.get_state_display()},
        rules.SIGNING,
    )


def _sign_opinion(
    step: ApprovalStep,
    chain: ApprovalChain,
    holding: Holding,
    signature: Signature,
    verdict: Verdict,
    text: str,
    now: datetime,
) -> Opinion:
    return Opinion.objects.create(
        institution_id=chain.institution_id,
        step=step,
        verdict=verdict,
        text=text,
        person_id=holding.person.pk,
        person_name=holding.person.name,
        position_title=holding.position.title,
        unit_name=holding.unit.name,
        on_behalf_of=holding.on_behalf_of,
        seal_text=holding.unit.seal_text or holding.unit.name,
        digest=chain.digest,
        signed_at=now,
        signed_with=signature.method,
    )


@act
def decide(
    *,
    institution_id: int,
    chain_id: int,
    step_id: int,
    person: "Person",
    verdict: Verdict,
    text: str,
    digest: str,
    signature: Signature,
    now: datetime,
    further: Mapping[str, Any] | None = None,
) -> ApprovalChain:
    """Sign an opinion in a step and carry out what follows from it.

    Args:
        institution_id: institution of the person.
        chain_id: the chain.
        step_id: the step as the page showed it; a step decided meanwhile is refused.
        person: who signs.
        verdict: what the opinion says.
        text: its words; some verdicts require them.
        digest: digest of the content that the page showed; the opinion binds to it.
        signature: proof of the signer's identity from :func:`signing.sign`.
        now: time of the act.
        further: what the subject's room asks for besides (:class:`subjects.AsksMore`).

    Raises:
        ApprovalChain.DoesNotExist, ApprovalStep.DoesNotExist: not in this institution or chain.
        PermissionDenied: not the person's to decide, or not signed.
        TransitionNotAllowed: decided by somebody else, or the content changed.
        ValidationError: a verdict that does not fit, or words missing.
    """
    on = timezone.localdate(now)
    text = text.strip()
    if not signature.covers(person.pk, now):
        raise PermissionDenied(_("签署已过时。再写一次密码签署，写好的意见还在。"), rules.SIGNING)
    chain = locked(ApprovalChain, chain_id, institution_id=institution_id)
    steps = steps_in(chain.pk)
    step = next((s for s in steps if s.pk == step_id), None)
    if step is None:
        raise ApprovalStep.DoesNotExist(step_id)
    _check_current(chain, step)
    following = next((s for s in steps if s.order == step.order + 1), None)
    told = following if verdict == Verdict.AGREE else None
    found = deciders_of([step, told] if told else [step], chain, on)
    permission = may_decide(step, chain, person.pk, found[step.pk])
    if not permission:
        raise PermissionDenied.from_denied(permission)
    holding = holding_for(found[step.pk], person.pk)
    assert holding is not None
    _check_opinion(step, chain, verdict, text)
    if digest != chain.digest:
        raise TransitionNotAllowed(_("申请内容在你打开页面后又变了。刷新页面，看过新内容再签署。"), rules.SIGNING)
    handler = handler_of(chain.subject_type)
    last = following is None or following.kind == StepKind.REPORT
    if verdict == Verdict.AGREE:
        if isinstance(handler, AsksMore):
            handler.take_further(chain, step, further or {}, last=last, on=on)
        handler.before_agreement(chain, step, last=last, on=on)
    opinion = _sign_opinion(step, chain, holding, signature, verdict, text, now)
    actor = actor_for(person, on, holding=holding)
    if step.kind == StepKind.REPORT:
        _carry_report(chain, step, opinion, actor, now)
    else:
        _carry_decision(chain, step, following, opinion, actor, now)
        if told is not None and told.kind == StepKind.DECIDE and isinstance(handler, FollowsSteps):
            decides_after = any(s.kind == StepKind.DECIDE and s.order > told.order for s in steps)
            handler.on_step(chain, told, last=not decides_after, actor=actor, now=now)
        if told is not None:
            _tell_deciders(told, chain, now, found=found[told.pk])
    return chain


def _payload(chain: ApprovalChain, step: ApprovalStep, opinion: Opinion) -> dict[str, str | int]:
    return {
        "chain": chain.pk,
        "step": step.name,
        "text": opinion.text,
        "digest": opinion.digest,
        "seal": opinion.seal_text,
    }


def _save_step(step: ApprovalStep) -> None:
    step.save(update_fields=["state", "started_at", "due_on", "decided_at"])


def _carry_decision(
    chain: ApprovalChain,
    step: ApprovalStep,
    following: ApprovalStep | None,
    opinion: Opinion,
    actor: Actor,
    now: datetime,
) -> None:
    """Close the step, and begin the one that follows an agreement: the next decision, or the report."""
    policy = _policy_of(chain)
    step.state, step.decided_at = StepState.DONE, now
    _save_step(step)
    _meet_clock(step, actor, now)
    if opinion.verdict == Verdict.AGREE and following is not None and following.kind == StepKind.DECIDE:
        _begin(following, policy, now)
        _save_step(following)
        _start_clock(following, chain, policy, actor, now)
        _record(events.STEP_AGREED, chain, step, opinion, actor, now, policy)
        return
    _finish(
        chain,
        {Verdict.AGREE: "approve", Verdict.DISAGREE: "reject", Verdict.RETURN: "return"}[Verdict(opinion.verdict)],
        payload=_payload(chain, step, opinion),
        actor=actor,
        now=now,
        text=opinion.text,
    )
    if following is not None and chain.state == ChainState.APPROVED:
        _begin(following, policy, now)
        _save_step(following)
        _start_clock(following, chain, policy, actor, now)


def _carry_report(chain: ApprovalChain, step: ApprovalStep, opinion: Opinion, actor: Actor, now: datetime) -> None:
    policy = _policy_of(chain)
    verdict = Verdict(opinion.verdict)
    if verdict == Verdict.REVOKE:
        step.state, step.decided_at = StepState.DONE, now
        _save_step(step)
        _meet_clock(step, actor, now)
        _finish(chain, "revoke", payload=_payload(chain, step, opinion), actor=actor, now=now, text=opinion.text)
        return
    event, state = {
        Verdict.ACKNOWLEDGE: (events.REPORT_ACKNOWLEDGED, StepState.DONE),
        Verdict.QUERY: (events.REPORT_QUERIED, StepState.QUERIED),
        Verdict.ANSWER: (events.REPORT_ANSWERED, StepState.CURRENT),
    }[verdict]
    step.state = state
    step.decided_at = now if state == StepState.DONE else None
    _save_step(step)
    if state == StepState.DONE:
        _meet_clock(step, actor, now)
    if state in OPEN_STEPS:
        _tell_deciders(step, chain, now, key=verdict.value)
    _record(event, chain, step, opinion, actor, now, policy)


def _policy_of(chain: ApprovalChain) -> "Policy":
    return policy_version(chain.policy_version_id)


def _record(
    event: EventType,
    chain: ApprovalChain,
    step: ApprovalStep,
    opinion: Opinion,
    actor: Actor,
    now: datetime,
    policy: "Policy",
) -> None:
    record(
        event,
        actor=actor,
        subject=subject_of(chain),
        payload=_payload(chain, step, opinion),
        at=now,
        rule=rules.SIGNING if step.kind == StepKind.DECIDE else rules.REPORT_TO_OFFICE,
        article=chain.article,
        policy_version=policy.label,
        about=handler_of(chain.subject_type).about(chain.subject_id),
    )


OUTCOME_TEXT = {
    ChainState.APPROVED: gettext_lazy("%(title)s：已批准。"),
    ChainState.REJECTED: gettext_lazy("%(title)s：不同意。理由：%(text)s"),
    ChainState.RETURNED: gettext_lazy("%(title)s：退回修改。理由：%(text)s"),
    ChainState.REVOKED: gettext_lazy("%(title)s：办公室撤销了批准。理由：%(text)s"),
}


def _finish(
    chain: ApprovalChain, transition: str, *, payload: Mapping[str, str | int], actor: Actor, now: datetime, text: str
) -> None:
    """Close the chain, let the subject's room carry out the outcome, tell the applicant."""
    handler = handler_of(chain.subject_type)
    policy = _policy_of(chain)
    ApprovalStep.objects.filter(chain=chain, state__in=[StepState.WAITING, *OPEN_STEPS]).exclude(
        kind=StepKind.REPORT if transition == "approve" else ""
    ).update(state=StepState.SKIPPED)
    apply_transition(
        CHAIN,
        chain,
        transition,
        who=actor,
        actor=actor,
        at=now,
        subject=subject_of(chain),
        payload=payload,
        changes={"closed_at": now},
        article=chain.article,
        policy_version=policy.label,
        about=handler.about(chain.subject_id),
    )
    handler.on_outcome(chain, actor=actor, now=now, text=text)
    if chain.state in OUTCOME_TEXT:
        _tell_applicant(chain, stored(OUTCOME_TEXT[ChainState(chain.state)], title=chain.title, text=text), now)


@act
def withdraw(*, institution_id: int, chain_id: int, person: "Person", reason: str, now: datetime) -> ApprovalChain:
    """Take a submission back while nobody has closed it.

    Raises:
        PermissionDenied: not the applicant.
        TransitionNotAllowed: decided meanwhile.
    """
    chain = locked(ApprovalChain, chain_id, institution_id=institution_id)
    permission = may_withdraw(
        chain,
        person.pk,
        until=_policy_of(chain).signing.withdraw_until,
        opinions=Opinion.objects.filter(step__chain=chain).exists(),
    )
    if not permission:
        raise PermissionDenied.from_denied(permission)
    actor = actor_for(person, timezone.localdate(now))
    if (waiting := current_step(chain)) is not None:
        cancel_clocks(
            actor=actor,
            institution_id=institution_id,
            subject_type=STEP_TYPE,
            subject_id=str(waiting.pk),
            why=stored(gettext_lazy("申请人撤回")),
            now=now,
        )
    _finish(chain, "withdraw", payload={"chain": chain.pk, "reason": reason.strip()}, actor=actor, now=now, text=reason)
    return chain


@act
def remind(*, institution_id: int, chain_id: int, grants: Grants | None, actor: Actor, now: datetime) -> list[int]:
    """Remind whoever the chain waits for; returns the people told (once a day each, whoever reminds).

    Args:
        grants: of the person; None for the system's own clocks.

    Raises:
        PermissionDenied: neither the applicant nor the Office.
        TransitionNotAllowed: the chain waits for nobody, or the same person reminded of the step within the day.
    """
    chain = locked(ApprovalChain, chain_id, institution_id=institution_id)
    if grants is not None and not (permission := may_remind(grants, chain, grants.person_id)):
        raise PermissionDenied.from_denied(permission)
    step = current_step(chain)
    if step is None:
        raise TransitionNotAllowed(_("「%(title)s」没有在等人办理，不用催。") % {"title": chain.title}, rules.SIGNING)
    if grants is not None:
        same: dict[str, JSON] = {"chain": chain.pk, "step": step.name}
        require_pause(events.REMINDED, actor=actor, subject=subject_of(chain), payload=same, now=now)
    people = [holding.person.pk for holding in deciders(step, chain, timezone.localdate(now)).holdings]
    notify(
        institution_id=chain.institution_id,
        people=people,
        text=stored(gettext_lazy("催办——%(title)s：等你办理「%(step)s」。"), title=chain.title, step=step.name),
        url=f"/approvals/{chain.pk}/",
        rule=rules.SIGNING,
        key=f"remind:{step.pk}:{timezone.localdate(now)}",
        at=now,
        kind=NoticeKind.APPROVAL_REMINDER,
        values={"title": chain.title, "step": step.name},
    )
    record(
        events.REMINDED,
        actor=actor,
        subject=subject_of(chain),
        payload={"chain": chain.pk, "step": step.name, "people": len(people)},
        at=now,
        rule=rules.SIGNING,
        article=chain.article,
        about=handler_of(chain.subject_type).about(chain.subject_id),
    )
    return people


@act(records=False, why="a phrase is the writer's own convenience; no record of anybody depends on it")
def save_phrase(*, person: "Person", text: str) -> None:
    """Keep an opinion text for later use; the oldest beyond twelve goes."""
    text = " ".join(text.split())[:200]
    if not text:
        return
    Phrase.objects.get_or_create(person=person, text=text, defaults={"institution_id": person.institution_id})
    extra = Phrase.objects.filter(person=person).order_by("-pk").values_list("pk", flat=True)[12:]
    Phrase.objects.filter(pk__in=list(extra)).delete()
