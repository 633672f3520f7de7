"""The approval page: the form as it will print, checks, history, and the decision."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from xianshen.approvals import selectors, services, signing
from xianshen.approvals.enums import ChainState, StepKind, Verdict
from xianshen.approvals.forms import ICONS, OpinionForm
from xianshen.approvals.models import ApprovalChain, ApprovalStep
from xianshen.approvals.permissions import holding_for, may_decide, may_remind, may_withdraw, who_decides
from xianshen.approvals.selectors import steps_of
from xianshen.approvals.subjects import AsksMore, handler_of
from xianshen.common.components import TraceItem
from xianshen.common.decisions import Decision, Denied
from xianshen.common.errors import Refusal
from xianshen.ledger.selectors import entries_about
from xianshen.regulation.selectors import policy_version

if TYPE_CHECKING:
    from xianshen.organisation.models import Person


def _chain(request: HttpRequest, chain_id: int) -> ApprovalChain:
    """Fetch and authorise together: strangers get 404."""
    person: Person = request.user  # type: ignore[assignment]
    try:
        chain = selectors.chain_of(person.institution_id, chain_id)
    except ApprovalChain.DoesNotExist as error:
        raise Http404 from error
    if not _may_view(request, chain):
        raise Http404
    return chain


def _may_view(request: HttpRequest, chain: ApprovalChain) -> bool:
    grants = request.grants  # type: ignore[attr-defined]
    if chain.applicant_id == request.user.pk or handler_of(chain.subject_type).may_view(chain, grants):
        return True
    seats = {(holding.position.kind, holding.unit.pk) for holding in grants.holdings}
    return any(
        (step.position_kind, step.unit_id) in seats
        or (step.escalation_position_kind, step.escalation_unit_id) in seats
        or any(opinion.person_id == request.user.pk for opinion in step.opinions.all())
        for step in chain.steps.all()
    )


@login_required
@require_GET
def step_page(request: HttpRequest, step_id: int) -> HttpResponse:
    """Lead from a step, as its deadline names it, to the page of its chain."""
    person: Person = request.user  # type: ignore[assignment]
    found = ApprovalStep.objects.filter(pk=step_id, institution_id=person.institution_id)
    chain_id = found.values_list("chain_id", flat=True).first()
    if chain_id is None:
        raise Http404
    _chain(request, chain_id)
    return redirect("approvals:chain", chain_id)


def trace_of(chain: ApprovalChain, institution: str) -> list[TraceItem]:
    """Return the subject's ledger entries as a timeline, newest first."""
    items = []
    for entry in entries_about(institution, chain.subject_type, chain.subject_id):
        who = " ".join(part for part in (entry.actor_unit, entry.actor_position or entry.actor_name) if part)
        payload = entry.data
        items.append(
            TraceItem(
                entry.sentence,
                entry.at,
                meta=who,
                quote=str(payload.get("text", "")),
                tone="seal" if payload.get("seal") else "",
                rule=entry.rule,
            )
        )
    return items


@dataclass(frozen=True, slots=True)
class Waiting:
    """Whom the current step waits for, in words, and how that came about."""

    who: str
    vacant: bool
    escalated: bool


def _context(
    request: HttpRequest, chain: ApprovalChain, form: OpinionForm | None = None, further: Form | None = None
) -> dict[str, Any]:
    person: Person = request.user  # type: ignore[assignment]
    on = timezone.localdate()
    step = selectors.current_step(chain)
    policy = policy_version(chain.policy_version_id)
    decision: Decision = Denied(_("已经办结。"))
    waiting = holding = None
    soon_from = None
    if step is not None:
        found = selectors.deciders(step, chain, on)
        decision = may_decide(step, chain, person.pk, found)
        holding = holding_for(found, person.pk) if decision else None
        waiting = Waiting(who_decides(found), found.vacant, found.escalated)
        soon_from = selectors.soon_from(step, policy)
        if decision and form is None:
            form = opinion_form(step, chain)
        if decision and further is None:
            further = further_form(step, chain)
    rounds = selectors.rounds_of(person.institution_id, chain.subject_type, chain.subject_id)
    earlier = next((r for r in rounds if r.round == chain.round - 1), None)
    handler = handler_of(chain.subject_type)
    page = handler.page(chain, step, on)
    return {
        "chain": chain,
        "step": step,
        "steps": steps_of(chain),
        "decision": decision,
        "waiting": waiting,
        "holding": holding,
        "form": form if decision else None,
        "further": further if decision else None,
        "choices": [(v, ICONS[v]) for v in selectors.verdicts_for(step, policy, chain.spec)] if step else [],
        "changes": selectors.content_changes(earlier, chain) if earlier else [],
        "newer": next((r for r in rounds if r.round > chain.round), None),
        "may_withdraw": chain.state == ChainState.OPEN
        and bool(
            may_withdraw(
                chain,
                person.pk,
                until=policy.signing.withdraw_until,
                opinions=any(s.opinions.all() for s in chain.steps.all()),
            )
        ),
        "may_remind": step is not None and not decision and may_remind(request.grants, chain, person.pk),  # type: ignore[attr-defined]
        "phrases": selectors.phrases_of(person.pk) or page.get("offered_phrases") or [_("同意。"), _("同意开设。")],
        "trace": trace_of(chain, person.institution.code),
        "subject_url": handler.url(chain.subject_id),
        "soon_from": soon_from,
        "report_step": step is not None and step.kind == StepKind.REPORT,
        "asks_otp": signing.asks_for_code(person),
        "today": on,
        "mine": step.form_box if step and decision else "",
        **page,
    }


def opinion_form(step: ApprovalStep, chain: ApprovalChain, data: Any = None) -> OpinionForm:
    """Return the form for the step, bound when ``data`` is given."""
    verdicts = selectors.verdicts_for(step, policy_version(chain.policy_version_id), chain.spec)
    return OpinionForm(
        data,
        verdicts=verdicts,
        initial={"step": step.pk, "digest": chain.digest, "verdict": verdicts[0].value},
    )


def further_form(step: ApprovalStep, chain: ApprovalChain, data: Any = None) -> Form | None:
    """Return the further fields that the subject's room asks for in the step, bound when ``data`` is given."""
    handler = handler_of(chain.subject_type)
    return handler.further_form(chain, step, data) if isinstance(handler, AsksMore) else None


@login_required
@require_GET
def chain_page(request: HttpRequest, chain_id: int) -> HttpResponse:
    """Show a chain to its deciders, its applicant and whoever may read the subject."""
    return render(request, "approvals/chain.html", _context(request, _chain(request, chain_id)))


def _integer(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 19 else 0


@login_required
@require_POST
def decide_step(request: HttpRequest, chain_id: int) -> HttpResponse:
    """Sign an opinion. Refusals come back with everything that was written, save the secret.

    Who may decide is the service's question; who may not even read the chain is told nothing (404).
    """
    person: Person = request.user  # type: ignore[assignment]
    now = timezone.now()
    try:
        step = selectors.step_of(person.institution_id, chain_id, _integer(request.POST.get("step")))
    except ApprovalStep.DoesNotExist as error:
        raise Http404 from error
    form = opinion_form(step, step.chain, request.POST)
    further = further_form(step, step.chain, request.POST)
    agrees = request.POST.get("verdict") == Verdict.AGREE
    if form.is_valid() and (further is None or not agrees or further.is_valid()):
        try:
            signature = signing.sign(person=person, secret=form.cleaned_data["secret"], now=now)
            services.decide(
                institution_id=person.institution_id,
                chain_id=chain_id,
                step_id=step.pk,
                person=person,
                verdict=Verdict(form.cleaned_data["verdict"]),
                text=form.cleaned_data["text"],
                digest=form.cleaned_data["digest"],
                signature=signature,
                now=now,
                further=further.cleaned_data if further is not None and agrees else None,
            )
        except ValidationError as error:
            _add_errors(form, error, further)
        except Refusal as refusal:
            return _refused(request, chain_id, form, refusal)
        else:
            messages.success(request, _("已签署：%(title)s") % {"title": step.chain.title})
            return redirect("approvals:chain", chain_id=chain_id)
    context = _context(request, _chain(request, chain_id), form, further)
    return render(request, "approvals/chain.html", context, status=422)


def _add_errors(form: OpinionForm, error: ValidationError, further: Form | None = None) -> None:
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for field, errors in error.error_dict.items():
        if further is not None and field in further.fields:
            further.add_error(field, errors)
            continue
        form.add_error(field if field in form.fields else None, errors)


def _refused(request: HttpRequest, chain_id: int, form: OpinionForm, refusal: Refusal) -> HttpResponse:
    chain = _chain(request, chain_id)
    context = _context(request, chain)
    kept = form.cleaned_data.get("text", "")
    if context["form"] is not None:
        context["form"].initial["text"] = kept
    context |= {"refusal": refusal, "kept_text": kept if context["form"] is None else ""}
    return render(request, "approvals/chain.html", context, status=refusal.status)


@login_required
@require_POST
def withdraw_chain(request: HttpRequest, chain_id: int) -> HttpResponse:
    """Take a submission back."""
    person: Person = request.user  # type: ignore[assignment]
    chain = _chain(request, chain_id)
    services.withdraw(
        institution_id=person.institution_id,
        chain_id=chain.pk,
        person=person,
        reason=request.POST.get("reason", "")[:500],
        now=timezone.now(),
    )
    messages.success(request, _("已撤回：%(title)s。可以修改后重新提交。") % {"title": chain.title})
    return redirect(handler_of(chain.subject_type).url(chain.subject_id))


@login_required
@require_POST
def remind_deciders(request: HttpRequest, chain_id: int) -> HttpResponse:
    """Remind whoever the chain waits for."""
    person: Person = request.user  # type: ignore[assignment]
    chain = _chain(request, chain_id)
    people = services.remind(
        institution_id=person.institution_id,
        chain_id=chain.pk,
        grants=request.grants,  # type: ignore[attr-defined]
        actor=request.actor,  # type: ignore[attr-defined]
        now=timezone.now(),
    )
    if people:
        messages.success(request, _("已提醒 %(n)d 人办理。") % {"n": len(people)})
    else:
        messages.warning(request, _("这一步的职位空缺，没有人可以提醒。办公室登记任职后再办。"))
    return redirect("approvals:chain", chain_id=chain.pk)


@login_required
@require_POST
def keep_phrase(request: HttpRequest) -> HttpResponse:
    """Keep an opinion text as a quick phrase; answers with the list of phrases (HTMX)."""
    person: Person = request.user  # type: ignore[assignment]
    services.save_phrase(person=person, text=request.POST.get("text", ""))
    return render(request, "approvals/_phrases.html", {"phrases": selectors.phrases_of(person.pk)})
