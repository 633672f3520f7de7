"""Applications: the list, the applicant's page, the form as it will be printed, and a new one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from xianshen.approvals.enums import ChainState, StepKind
from xianshen.approvals.selectors import (
    ContentChange,
    chains_in,
    content_changes,
    current_step,
    deciders,
    rounds_of,
    soon_from,
    steps_of,
)
from xianshen.common.components import Option, Step, Tab, TraceItem
from xianshen.common.errors import PermissionDenied
from xianshen.common.language import listed, local
from xianshen.common.states import Face
from xianshen.common.templatetags.components import mask_mobile
from xianshen.documents.rendering.layout import FormData
from xianshen.documents.selectors import attachments_of, documents_of
from xianshen.ledger.selectors import entries_about
from xianshen.organisation.selectors import units
from xianshen.registry import services
from xianshen.registry.checks import one_line
from xianshen.registry.enums import EDITABLE_STATES, ApplicationState
from xianshen.registry.models import OpeningApplication
from xianshen.registry.paper import content_of, form_values, opinion_texts, shown
from xianshen.registry.permissions import may_apply, may_edit
from xianshen.registry.selectors import APPLICATION_TYPE, applications_visible_to, drafts_of
from xianshen.registry.views.shared import (
    Asker,
    number_in,
    page_of,
    platform_or_none,
    sole_unit,
    words_in,
)
from xianshen.registry.words import seat
from xianshen.regulation.enums import Capability, FieldType, SubjectKind, WithdrawUntil
from xianshen.regulation.schema import Policy
from xianshen.regulation.selectors import policy_version

if TYPE_CHECKING:
    from xianshen.approvals.models import ApprovalChain, ApprovalStep, Opinion
    from xianshen.organisation.models import Unit

WRITING = (ApplicationState.DRAFT, ApplicationState.RETURNED, ApplicationState.WITHDRAWN)
OPEN = (ApplicationState.SUBMITTED,)
CLOSED = (ApplicationState.APPROVED, ApplicationState.REJECTED, ApplicationState.REVOKED)
SORTS: dict[str, tuple[str, ...]] = {
    "saved": ("saved_at", "pk"),
    "-saved": ("-saved_at", "-pk"),
    "name": ("name", "pk"),
    "-name": ("-name", "-pk"),
    "submitted": ("submitted_at", "pk"),
    "-submitted": ("-submitted_at", "-pk"),
    "unit": ("unit__name", "-saved_at", "-pk"),
    "-unit": ("-unit__name", "-saved_at", "-pk"),
}
DEFAULT_SORT = "-saved"


@dataclass(frozen=True, slots=True)
class Row:
    """An application in the list."""

    application: OpeningApplication
    platform: str
    icon: str
    face: Face
    steps: list[Step]
    step: "ApprovalStep | None"
    soon_from: date | None


def waiting_face(application: OpeningApplication, step: "ApprovalStep | None") -> Face:
    """Return the state badge; while it is decided on it names the step that waits."""
    if application.state == ApplicationState.SUBMITTED and step is not None:
        return Face(_("等%(step)s") % {"step": local(step.name)}, "wait", "hourglass")
    return application.face


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody wrote in a step."""

    who: str
    step: str
    verdict: str
    text: str
    at: datetime
    round: int

    def as_item(self, *, rounds: int) -> TraceItem:
        """Return the opinion as a line of a timeline; with several rounds it says in which."""
        meta = _("%(who)s，第 %(n)d 次提交") % {"who": self.who, "n": self.round} if rounds > 1 else self.who
        said = _("%(step)s：%(verdict)s") % {"step": self.step, "verdict": self.verdict}
        return TraceItem(said, self.at, meta=meta, quote=self.text, tone="seal")


def _words(chain: "ApprovalChain", step: "ApprovalStep", opinion: "Opinion") -> Words:
    who = f"{seat(opinion.unit_name, opinion.position_title)} {opinion.person_name}"
    if opinion.on_behalf_of:
        who = _("%(who)s（代 %(principal)s）") % {"who": who, "principal": opinion.on_behalf_of}
    return Words(who, local(step.name), opinion.get_verdict_display(), opinion.text, opinion.signed_at, chain.round)


def words_of(rounds: Sequence["ApprovalChain"]) -> list[Words]:
    """Return all opinions of all rounds, newest first."""
    found = [
        _words(chain, step, opinion)
        for chain in rounds
        for step in chain.steps.all()
        for opinion in step.opinions.all()
    ]
    return sorted(found, key=lambda words: words.at, reverse=True)


def last_words(rounds: Sequence["ApprovalChain"]) -> Words | None:
    """Return the opinion with which the latest round ended, or None while there is none."""
    found = words_of(rounds[:1])
    return found[0] if found else None


def _tabs(asker: Asker, visible: QuerySet[OpeningApplication], view: str) -> list[Tab]:
    mine = Q(applicant_id=asker.person.pk)
    counts = visible.order_by().aggregate(
        writing=Count("pk", filter=mine & Q(state__in=WRITING)),
        open=Count("pk", filter=mine & Q(state__in=OPEN)),
        closed=Count("pk", filter=mine & Q(state__in=CLOSED)),
        everything=Count("pk"),
    )
    wide = asker.grants.has(Capability.ACCOUNTS_VIEW_ALL)
    labels = {
        "writing": _("我的草稿和补正"),
        "open": _("我的审批中"),
        "closed": _("我的已办结"),
        "everything": _("全校申请") if wide else _("我能看到的全部"),
    }
    return [Tab(label, f"?view={code}", counts[code], view == code) for code, label in labels.items()]


def _narrowed(asker: Asker, visible: QuerySet[OpeningApplication], view: str) -> QuerySet[OpeningApplication]:
    if view != "everything":
        states = {"writing": WRITING, "open": OPEN, "closed": CLOSED}[view]
        visible = visible.filter(applicant_id=asker.person.pk, state__in=states)
    query = asker.request.GET
    if words := words_in(query.get("q")):
        visible = visible.filter(Q(name__icontains=words) | Q(number__icontains=words) | Q(unit__name__icontains=words))
    if platform := words_in(query.get("platform"), limit=40):
        visible = visible.filter(platform=platform)
    if (state := query.get("state", "")) in ApplicationState.values:
        visible = visible.filter(state=state)
    if unit := number_in(query.get("unit")):
        visible = visible.filter(unit_id=unit)
    return visible


def _rows(asker: Asker, applications: Sequence[OpeningApplication]) -> list[Row]:
    """Return the rows of a page, their chains fetched at once."""
    chains = chains_in(asker.institution_id).filter(
        subject_type=APPLICATION_TYPE, subject_id__in=[str(one.pk) for one in applications]
    )
    newest: dict[str, ApprovalChain] = {}
    for chain in chains:
        if chain.subject_id not in newest or newest[chain.subject_id].round < chain.round:
            newest[chain.subject_id] = chain
    rows = []
    for application in applications:
        platform = platform_or_none(asker.policy, application.platform)
        found = newest.get(str(application.pk)) if application.state != ApplicationState.DRAFT else None
        step = current_step(found) if found is not None else None
        rows.append(
            Row(
                application,
                local(platform.name) if platform else application.platform,
                platform.icon if platform else "",
                waiting_face(application, step),
                steps_of(found, opinions=False) if found is not None else [],
                step,
                soon_from(step, policy_version(found.policy_version_id)) if step is not None and found else None,
            )
        )
    return rows


@login_required
@require_GET
def application_list(request: HttpRequest) -> HttpResponse:
    """List what the person submitted, and what they may see besides."""
    asker = Asker(request)
    visible = applications_visible_to(asker.grants)
    applies = bool(may_apply(asker.grants))
    default = "writing" if applies and not asker.grants.has(Capability.ACCOUNTS_VIEW_ALL) else "everything"
    view = request.GET.get("view", "")
    if view not in {"writing", "open", "closed", "everything"}:
        view = default
    sort = request.GET.get("sort", "")
    found = _narrowed(asker, visible, view).order_by(*SORTS.get(sort, SORTS[DEFAULT_SORT]))
    page = page_of(found, request)
    filtered = any(request.GET.get(name) for name in ("q", "platform", "state", "unit"))
    context = {
        "tabs": _tabs(asker, visible, view),
        "view": view,
        "page": page,
        "rows": _rows(asker, list(page.object_list)),
        "filtered": filtered,
        "platforms": [Option(one.code, local(one.name)) for one in asker.policy.platforms],
        "states": [Option(one.value, one.label) for one in ApplicationState],
        "units": [Option(str(one.pk), one.name) for one in _units(asker)] if view == "everything" else [],
        "applies": applies,
        "sole_unit": sole_unit(asker),
        "default_sort": DEFAULT_SORT,
        "now": asker.now,
    }
    return render(request, "registry/applications.html", context)


def _units(asker: Asker) -> list["Unit"]:
    found = units(asker.institution_id)
    if not asker.grants.has(Capability.ACCOUNTS_VIEW_ALL):
        found = found.filter(pk__in=asker.grants.units(Capability.ACCOUNTS_VIEW_UNIT))
    return list(found.order_by("key"))


@login_required
@require_http_methods(["GET", "POST"])
def new_application(request: HttpRequest) -> HttpResponse:
    """Begin an application: choose the unit when there are several, then on to the form.

    A draft for the unit that nobody has touched yet is taken up again instead of beginning another one.
    """
    asker = Asker(request)
    if not (decision := may_apply(asker.grants)):
        raise PermissionDenied.from_denied(decision)
    choices = list(
        units(asker.institution_id).filter(pk__in=asker.grants.units(Capability.OPENING_APPLY)).order_by("key")
    )
    wanted = number_in(request.POST.get("unit")) if request.method == "POST" else None
    if request.method == "POST" and wanted is None and len(choices) == 1:
        wanted = choices[0].pk
    if wanted is not None:
        return _begin(asker, wanted)
    context = {
        "choices": choices,
        "chosen": _own_unit(asker, choices),
        "missing": request.method == "POST",
        "drafts": drafts_of(asker.institution_id, asker.person.pk)[:5],
    }
    return render(request, "registry/new.html", context, status=422 if request.method == "POST" else 200)


def _own_unit(asker: Asker, choices: Sequence["Unit"]) -> int | None:
    own = [holding.unit.pk for holding in asker.grants.having(Capability.OPENING_APPLY)]
    return own[0] if own else choices[0].pk if choices else None


def _begin(asker: Asker, unit_id: int) -> HttpResponse:
    untouched = (
        drafts_of(asker.institution_id, asker.person.pk)
        .filter(unit_id=unit_id, revision=1, state=ApplicationState.DRAFT)
        .first()
    )
    if untouched is None:
        try:
            untouched = services.start_draft(
                actor=asker.actor(Capability.OPENING_APPLY, unit_id),
                grants=asker.grants,
                unit_id=unit_id,
                now=asker.now,
            )
        except ObjectDoesNotExist as error:
            raise Http404 from error
    return redirect("registry:application_edit", application_id=untouched.pk)


def visible_application(asker: Asker, application_id: int) -> OpeningApplication:
    """Return an application that the person may see; anything else is not found."""
    found = (
        applications_visible_to(asker.grants)
        .select_related("owner", "account", "policy_version")
        .filter(pk=application_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def _policy_for(asker: Asker, application: OpeningApplication) -> Policy:
    """Return the policy by which the application is judged: kept with it, or that of today."""
    if application.policy_version_id is not None:
        return policy_version(application.policy_version_id)
    return asker.policy


def decider_now(asker: Asker, chain: "ApprovalChain", step: "ApprovalStep | None") -> dict[str, Any]:
    """Return whom the current step waits for, and whether it is the reader."""
    if step is None:
        return {}
    held = deciders(step, chain, asker.on).holdings
    return {
        "waiting": listed(dict.fromkeys(seat(one.unit.name, one.position.title) for one in held)),
        "mine": any(one.person.pk == asker.person.pk for one in held),
    }


@login_required
@require_GET
def application_page(request: HttpRequest, application_id: int) -> HttpResponse:
    """Show where an application stands; a draft opens in its form."""
    asker = Asker(request)
    application = visible_application(asker, application_id)
    if application.state == ApplicationState.DRAFT:
        return redirect("registry:application_edit", application_id=application.pk)
    policy = _policy_for(asker, application)
    subject = (APPLICATION_TYPE, str(application.pk))
    rounds = rounds_of(asker.institution_id, *subject)
    chain = rounds[0] if rounds else None
    step = current_step(chain) if chain else None
    platform = platform_or_none(policy, application.platform)
    editable = application.state in EDITABLE_STATES
    decider = decider_now(asker, chain, step) if chain else {}
    hidden = frozenset() if _sees_numbers(asker, application, decider) else mobile_labels(policy)
    context = {
        "application": application,
        "face": waiting_face(application, step),
        "tier": policy.tier(application.tier) if application.tier else None,
        "platform": platform,
        "chain": chain,
        "step": step,
        "steps": steps_of(chain) if chain else [],
        "soon_from": soon_from(step, policy_version(chain.policy_version_id)) if chain and step else None,
        "content": _shown(chain.content if chain else content_of(application, policy, _form_code(policy)), hidden),
        "changes": [
            (earlier.round, later.round, _masked_changes(content_changes(earlier, later), hidden))
            for later, earlier in pairwise(rounds)
        ],
        "words": [words.as_item(rounds=len(rounds)) for words in words_of(rounds)],
        "last": last_words(rounds),
        "documents": documents_of(asker.institution_id, *subject),
        "attachments": attachments_of(asker.institution_id, *subject),
        "trace": entries_about(asker.person.institution.code, *subject, limit=30),
        "may_edit": editable and bool(may_edit(application, asker.grants)),
        "may_withdraw": offers_withdrawal(asker, chain),
        "may_remind": step is not None and application.applicant_id == asker.person.pk,
        "reporting": step is not None and step.kind == StepKind.REPORT,
        "now": asker.now,
        **decider,
    }
    return render(request, "registry/application.html", context)


def offers_withdrawal(asker: Asker, chain: "ApprovalChain | None") -> bool:
    """Say whether to offer the withdrawal; the service judges it again."""
    if chain is None or chain.state != ChainState.OPEN or chain.applicant_id != asker.person.pk:
        return False
    signed = any(step.opinions.all() for step in chain.steps.all())
    until = policy_version(chain.policy_version_id).signing.withdraw_until
    return not (signed and until == WithdrawUntil.FIRST_OPINION)


def _sees_numbers(asker: Asker, application: OpeningApplication, decider: Mapping[str, Any]) -> bool:
    """Say whether mobile numbers are shown in full: to the applicant, to who decides now, and to the Office."""
    return (
        application.applicant_id == asker.person.pk
        or bool(decider.get("mine"))
        or asker.grants.has(Capability.ACCOUNTS_MANAGE)
    )


def mobile_labels(policy: Policy) -> frozenset[str]:
    """Return the labels of the form's fields for mobile numbers."""
    fields = policy.form_for(SubjectKind.OPENING_APPLICATION).fields
    return frozenset(one_line(field.label) for field in fields if field.type == FieldType.MOBILE)


def _shown(content: Mapping[str, str], hidden: Collection[str]) -> list[tuple[str, str]]:
    return [(shown(label), mask_mobile(value) if label in hidden else shown(value)) for label, value in content.items()]


def _masked_changes(changes: Sequence[ContentChange], hidden: Collection[str]) -> list[ContentChange]:
    return [
        replace(one, label=shown(one.label), before=mask_mobile(one.before), after=mask_mobile(one.after))
        if one.label in hidden
        else replace(one, label=shown(one.label), before=shown(one.before), after=shown(one.after))
        for one in changes
    ]


def _form_code(policy: Policy) -> str:
    return policy.form_for(SubjectKind.OPENING_APPLICATION).code


@login_required
@require_GET
def paper_page(request: HttpRequest, application_id: int) -> HttpResponse:
    """Show the form as it will be printed, with the opinions there are."""
    asker = Asker(request)
    application = visible_application(asker, application_id)
    policy = _policy_for(asker, application)
    form = policy.form_for(SubjectKind.OPENING_APPLICATION)
    rounds = rounds_of(asker.institution_id, APPLICATION_TYPE, str(application.pk))
    opinions = opinion_texts(rounds[0]) if rounds and application.state not in EDITABLE_STATES else {}
    values = form_values(application, policy, form.code)
    chain = rounds[0] if rounds else None
    decider = decider_now(asker, chain, current_step(chain)) if chain else {}
    if not _sees_numbers(asker, application, decider):
        values |= {
            field.code: mask_mobile(values[field.code]) for field in form.fields if field.type == FieldType.MOBILE
        }
    data = FormData(values=values, opinions=opinions)
    context = {"application": application, "annex": form, "data": data}
    return render(request, "registry/paper.html", context)
