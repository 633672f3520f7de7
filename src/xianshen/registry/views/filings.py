"""Filings: the list, a new one, its page, the form as it will be printed, and what the Office noticed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xianshen.approvals.enums import StepKind
from xianshen.approvals.selectors import chains_in, content_changes, current_step, rounds_of, soon_from, steps_of
from xianshen.clocks.selectors import deadlines_of
from xianshen.common.components import Option, Step, Tab
from xianshen.common.errors import PermissionDenied
from xianshen.common.forms import take_errors
from xianshen.common.language import stored
from xianshen.common.states import Face
from xianshen.common.templatetags.components import mask_mobile
from xianshen.documents.rendering.layout import FormData
from xianshen.documents.selectors import attachments_of, documents_of
from xianshen.ledger.privacy import mask_text
from xianshen.ledger.selectors import entries_about
from xianshen.registry import services
from xianshen.registry.changed import MOBILES, Changed, changed
from xianshen.registry.enums import EDITABLE_FILINGS, AccountState, FilingKind, FilingOrigin, FilingState
from xianshen.registry.filed import (
    FILING_TYPE,
    LEGACY_LIST_TYPE,
    closure_without_proof,
    filing_deadlines,
    filing_of,
    filings_visible_to,
    open_filing_of,
)
from xianshen.registry.filing_checks import form_of
from xianshen.registry.filing_forms import BeginForm, ObservationForm
from xianshen.registry.filing_paper import CHANGED, filing_content, filing_values
from xianshen.registry.forms import ReasonForm
from xianshen.registry.models import Filing, MediaAccount
from xianshen.registry.paper import opinion_texts
from xianshen.registry.permissions import (
    may_edit_filing,
    may_file_for,
    may_manage_accounts,
    may_take_up,
    may_view_account,
    may_view_filing,
)
from xianshen.registry.running import state_face
from xianshen.registry.selectors import account_of, accounts_in
from xianshen.registry.views.applications import decider_now, last_words, offers_withdrawal, words_of
from xianshen.registry.views.shared import Asker, number_in, page_of, platform_or_none, words_in
from xianshen.regulation.enums import Capability, FieldType
from xianshen.regulation.schema import Policy
from xianshen.regulation.selectors import policy_version

if TYPE_CHECKING:
    from xianshen.approvals.models import ApprovalChain, ApprovalStep
    from xianshen.clocks.models import Deadline

WRITING = EDITABLE_FILINGS
CLOSED = frozenset({FilingState.APPROVED, FilingState.REJECTED, FilingState.REVOKED, FilingState.DROPPED})
SORTS: dict[str, tuple[str, ...]] = {
    "saved": ("saved_at", "pk"),
    "-saved": ("-saved_at", "-pk"),
    "name": ("account__name", "pk"),
    "-name": ("-account__name", "-pk"),
    "unit": ("unit__name", "-saved_at", "-pk"),
    "-unit": ("-unit__name", "-saved_at", "-pk"),
}
DEFAULT_SORT = "-saved"
VIEWS = ("mine", "open", "closed", "late", "everything")


def filing_title(filing: Filing) -> str:
    """Return what the filing is about, in words."""
    name = filing.before.get("name") or filing.account.name
    kind = FilingKind(filing.kind)
    if kind == FilingKind.LEGACY:
        return _("%(name)s · 存量备案") % {"name": name}
    return _("%(name)s · %(kind)s备案") % {"name": name, "kind": kind.label}


def filing_deadline(filing: Filing) -> "Deadline | None":
    """Return the clock of the filing that counts now: its own, or that of its unit's list."""
    subject = (FILING_TYPE, str(filing.pk))
    if filing.kind == FilingKind.LEGACY:
        subject = (LEGACY_LIST_TYPE, str(filing.unit_id))
    found = deadlines_of(filing.institution_id, *subject).filter(state__in=["running", "ran_out"])
    return found.order_by("-pk").first()


def filing_face(filing: Filing, step: "ApprovalStep | None") -> Face:
    """Return the state badge; while it is decided on it names the step that waits."""
    if filing.state == FilingState.SUBMITTED and step is not None:
        return Face(_("等%(step)s") % {"step": step.name}, "wait", "hourglass")
    return filing.face


@dataclass(frozen=True, slots=True)
class Row:
    """A filing in the list."""

    filing: Filing
    title: str
    what: str
    platform: str
    icon: str
    face: Face
    steps: list[Step]
    step: "ApprovalStep | None"
    soon_from: date | None
    deadline: "Deadline | None"


def _mine(asker: Asker) -> Q:
    units = asker.grants.units(Capability.OPENING_APPLY)
    owed = Q(state=FilingState.EXPECTED, unit_id__in=units, origin=FilingOrigin.OBSERVED)
    proof = Q(state=FilingState.APPROVED, kind=FilingKind.CLOSURE, account__state=AccountState.CLOSING)
    own = Q(applicant_id=asker.person.pk)
    return owed | (own & (Q(state__in=WRITING) | proof))


def _view_of(asker: Asker, view: str) -> Q:
    return {
        "mine": _mine(asker),
        "open": Q(state__in=[FilingState.SUBMITTED]),
        "closed": Q(state__in=CLOSED),
        "late": Q(late_days__gt=0),
        "everything": ~Q(origin=FilingOrigin.LEGACY, state=FilingState.EXPECTED),
    }[view]


def _tabs(asker: Asker, visible: QuerySet[Filing], view: str) -> list[Tab]:
    counts = visible.order_by().aggregate(**{code: Count("pk", filter=_view_of(asker, code)) for code in VIEWS})
    wide = asker.grants.has(Capability.ACCOUNTS_VIEW_ALL)
    labels = {
        "mine": _("要我办"),
        "open": _("审批中"),
        "closed": _("已办结"),
        "late": _("逾期的"),
        "everything": _("全校备案") if wide else _("我能看到的全部"),
    }
    return [Tab(label, f"?view={code}", counts[code], view == code) for code, label in labels.items()]


def _narrowed(asker: Asker, visible: QuerySet[Filing], view: str) -> QuerySet[Filing]:
    found = visible.filter(_view_of(asker, view))
    query = asker.request.GET
    if words := words_in(query.get("q")):
        found = found.filter(
            Q(account__name__icontains=words) | Q(number__icontains=words) | Q(unit__name__icontains=words)
        )
    if (kind := query.get("kind", "")) in FilingKind.values:
        found = found.filter(kind=kind)
    if (state := query.get("state", "")) in FilingState.values:
        found = found.filter(state=state)
    if unit := number_in(query.get("unit")):
        found = found.filter(unit_id=unit)
    return found


def _rows(asker: Asker, filings: Sequence[Filing]) -> list[Row]:
    """Return the rows of a page, their chains and clocks fetched at once."""
    keys = [str(one.pk) for one in filings]
    newest: dict[str, ApprovalChain] = {}
    for chain in chains_in(asker.institution_id).filter(subject_type=FILING_TYPE, subject_id__in=keys):
        if chain.subject_id not in newest or newest[chain.subject_id].round < chain.round:
            newest[chain.subject_id] = chain
    clocks = filing_deadlines(asker.institution_id, [one.pk for one in filings])
    rows = []
    for filing in filings:
        platform = platform_or_none(asker.policy, filing.account.platform)
        found = newest.get(str(filing.pk)) if filing.state not in {FilingState.DRAFT, FilingState.EXPECTED} else None
        step = current_step(found) if found is not None else None
        rows.append(
            Row(
                filing,
                filing_title(filing),
                "、".join(str(one.label) for one in changed(filing)[:4]),
                platform.name if platform else filing.account.platform,
                platform.icon if platform else "",
                filing_face(filing, step),
                steps_of(found, opinions=False) if found is not None else [],
                step,
                soon_from(step, policy_version(found.policy_version_id)) if step is not None and found else None,
                clocks.get(filing.pk) if step is None else None,
            )
        )
    return rows


@login_required
@require_GET
def filing_list(request: HttpRequest) -> HttpResponse:
    """List what the person files, what waits for them, and what they may see besides."""
    asker = Asker(request)
    visible = filings_visible_to(asker.grants)
    files = asker.grants.has(Capability.OPENING_APPLY)
    view = request.GET.get("view", "")
    if view not in VIEWS:
        view = "mine" if files else "open"
    sort = request.GET.get("sort", "")
    found = _narrowed(asker, visible, view).order_by(*SORTS.get(sort, SORTS[DEFAULT_SORT]))
    page = page_of(found, request)
    context = {
        "tabs": _tabs(asker, visible, view),
        "view": view,
        "page": page,
        "rows": _rows(asker, list(page.object_list)),
        "filtered": any(request.GET.get(name) for name in ("q", "kind", "state", "unit")),
        "kinds": [Option(one.value, one.label) for one in FilingKind],
        "states": [Option(one.value, one.label) for one in FilingState if one != FilingState.EXPECTED],
        "files": files and form_of(asker.policy) is not None,
        "default_sort": DEFAULT_SORT,
        "now": asker.now,
    }
    return render(request, "registry/filing/list.html", context)


def _account(asker: Asker, account_id: int | None) -> MediaAccount:
    """Return the account for those who may see it; other institutions' accounts are not found."""
    try:
        account = account_of(asker.institution_id, account_id or 0)
    except MediaAccount.DoesNotExist as error:
        raise Http404 from error
    if not (decision := may_view_account(account, asker.grants)):
        raise PermissionDenied.from_denied(decision)
    return account


def _fileable(asker: Asker) -> QuerySet[MediaAccount]:
    mine = Q(unit_id__in=asker.grants.units(Capability.OPENING_APPLY)) | Q(owner_id=asker.person.pk)
    return accounts_in(asker.institution_id).filter(mine).exclude(state=AccountState.CLOSED)


@login_required
@require_http_methods(["GET", "POST"])
def new_filing(request: HttpRequest) -> HttpResponse:
    """Begin a filing: which account, what, and since when; then on to the form."""
    asker = Asker(request)
    wanted = number_in(request.POST.get("account") or request.GET.get("account"))
    if wanted is None:
        if request.method == "POST":
            raise Http404
        page = page_of(_fileable(asker).order_by("name", "pk"), request)
        return render(request, "registry/filing/choose.html", {"page": page, "accounts": list(page.object_list)})
    account = _account(asker, wanted)
    if not (decision := may_file_for(account, asker.grants)):
        raise PermissionDenied.from_denied(decision)
    first = {"kind": request.GET.get("kind") or FilingKind.CHANGE.value}
    form = BeginForm(request.POST if request.method == "POST" else None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            filing = services.start_filing(
                actor=asker.actor(Capability.OPENING_APPLY, account.unit_id),
                grants=asker.grants,
                account_id=account.pk,
                kind=FilingKind(form.cleaned_data["kind"]),
                changed_on=form.cleaned_data["changed_on"],
                now=asker.now,
            )
        except services.FilingUnderWay as open_one:
            messages.info(request, str(open_one.reason))
            return redirect("registry:filing", filing_id=open_one.filing_id)
        except ValidationError as error:
            take_errors(form, error)
        else:
            return redirect("registry:filing_edit", filing_id=filing.pk)
    context = {
        "account": account,
        "form": form,
        "face": state_face(account),
        "open": open_filing_of(account.pk),
        "closure": closure_without_proof(account.pk),
        "chosen": form["kind"].value(),
        "today": asker.on,
    }
    return render(request, "registry/filing/new.html", context, status=422 if form.errors else 200)


def visible_filing(asker: Asker, filing_id: int) -> Filing:
    """Return a filing that the person may see; anything else is not found."""
    try:
        filing = filing_of(asker.institution_id, filing_id)
    except Filing.DoesNotExist as error:
        raise Http404 from error
    if not may_view_filing(filing, asker.grants):
        raise Http404
    return filing


def _policy_for(asker: Asker, filing: Filing) -> Policy:
    if filing.policy_version_id is not None:
        return policy_version(filing.policy_version_id)
    return asker.policy


def _sees_numbers(asker: Asker, filing: Filing, decider: Mapping[str, Any]) -> bool:
    return (
        filing.applicant_id == asker.person.pk
        or bool(decider.get("mine"))
        or asker.grants.has(Capability.ACCOUNTS_MANAGE)
    )


def _shown(changes: Sequence[Changed], *, numbers: bool) -> list[Changed]:
    if numbers:
        return list(changes)
    return [
        replace(one, before=mask_mobile(one.before), after=mask_mobile(one.after)) if one.code in MOBILES else one
        for one in changes
    ]


def _content(content: Mapping[str, str], *, numbers: bool, twice: bool) -> list[tuple[str, str]]:
    """Return what was submitted for reading; what stands beside it as old and new is not said twice."""
    said = {label for label in content if label.startswith(stored(CHANGED))} if twice else set()
    shown = ((label, "；".join(value.splitlines())) for label, value in content.items() if value and label not in said)
    return [(label, value if numbers else mask_text(value)) for label, value in shown]


@login_required
@require_GET
def filing_page(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Show where a filing stands; one's own draft opens in its form."""
    asker = Asker(request)
    filing = visible_filing(asker, filing_id)
    if filing.state == FilingState.DRAFT and may_edit_filing(filing, asker.grants):
        return redirect("registry:filing_edit", filing_id=filing.pk)
    policy = _policy_for(asker, filing)
    subject = (FILING_TYPE, str(filing.pk))
    rounds = rounds_of(asker.institution_id, *subject)
    chain = rounds[0] if rounds else None
    step = current_step(chain) if chain else None
    decider = decider_now(asker, chain, step) if chain else {}
    numbers = _sees_numbers(asker, filing, decider)
    content = chain.content if chain else (filing_content(filing, policy) if form_of(policy) else {})
    open_ = filing.state in EDITABLE_FILINGS or filing.state == FilingState.EXPECTED
    proof_due = (
        filing.kind == FilingKind.CLOSURE
        and filing.state == FilingState.APPROVED
        and filing.account.state == AccountState.CLOSING
    )
    may_manage = bool(may_manage_accounts(asker.grants))
    context = {
        "filing": filing,
        "account": filing.account,
        "title": filing_title(filing),
        "face": filing_face(filing, step),
        "tier": next((tier for tier in policy.tiers if tier.number == filing.account.tier), None),
        "platform": platform_or_none(policy, filing.account.platform),
        "chain": chain,
        "step": step,
        "steps": steps_of(chain) if chain else [],
        "soon_from": soon_from(step, policy_version(chain.policy_version_id)) if chain and step else None,
        "changes": _shown(changed(filing), numbers=numbers),
        "content": _content(content, numbers=numbers, twice=filing.kind != FilingKind.CLOSURE),
        "rounds": [(later.round, content_changes(earlier, later)) for later, earlier in pairwise(rounds)],
        "words": [words.as_item(rounds=len(rounds)) for words in words_of(rounds)],
        "last": last_words(rounds),
        "documents": documents_of(asker.institution_id, *subject),
        "attachments": attachments_of(asker.institution_id, *subject),
        "trace": entries_about(asker.person.institution.code, *subject, limit=30),
        "may_edit": filing.state in EDITABLE_FILINGS and bool(may_edit_filing(filing, asker.grants)),
        "may_take_up": open_ and filing.applicant_id != asker.person.pk and bool(may_take_up(filing, asker.grants)),
        "may_drop": filing.origin != FilingOrigin.LEGACY
        and (
            (may_manage and filing.state in {FilingState.EXPECTED, FilingState.RETURNED, FilingState.WITHDRAWN})
            or (
                filing.origin == FilingOrigin.UNIT
                and filing.state in {FilingState.RETURNED, FilingState.WITHDRAWN}
                and bool(may_edit_filing(filing, asker.grants))
            )
        ),
        "may_prove": proof_due and (may_manage or bool(may_file_for(filing.account, asker.grants))),
        "proof_due": proof_due,
        "may_withdraw": offers_withdrawal(asker, chain),
        "may_remind": step is not None and filing.applicant_id == asker.person.pk,
        "reporting": step is not None and step.kind == StepKind.REPORT,
        "deadline": filing_deadline(filing) if open_ else None,
        "now": asker.now,
        **decider,
    }
    return render(request, "registry/filing/page.html", context)


@login_required
@require_GET
def filing_paper(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Show the form as it will be printed, with the opinions there are."""
    asker = Asker(request)
    filing = visible_filing(asker, filing_id)
    policy = _policy_for(asker, filing)
    form = form_of(policy)
    if form is None:
        raise Http404
    rounds = rounds_of(asker.institution_id, FILING_TYPE, str(filing.pk))
    chain = rounds[0] if rounds else None
    opinions = opinion_texts(chain) if chain and filing.state not in EDITABLE_FILINGS else {}
    values = filing_values(filing, policy, form)
    decider = decider_now(asker, chain, current_step(chain)) if chain else {}
    if not _sees_numbers(asker, filing, decider):
        masked = {f.code: mask_mobile(values[f.code]) for f in form.fields if f.type == FieldType.MOBILE}
        values = {code: mask_text(value) for code, value in values.items()} | masked
    context = {
        "filing": filing,
        "title": filing_title(filing),
        "annex": form,
        "data": FormData(values=values, opinions=opinions),
    }
    return render(request, "registry/filing/paper.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def observe(request: HttpRequest, account_id: int) -> HttpResponse:
    """Note a change that the Office noticed and nobody has filed."""
    asker = Asker(request)
    account = _account(asker, account_id)
    if not (decision := may_manage_accounts(asker.grants)):
        raise PermissionDenied.from_denied(decision)
    form = ObservationForm(request.POST if request.method == "POST" else None, initial={"changed_on": asker.on})
    if request.method == "POST" and form.is_valid():
        try:
            filing = services.observe_change(
                actor=asker.actor(Capability.ACCOUNTS_MANAGE),
                grants=asker.grants,
                account_id=account.pk,
                changed_on=form.cleaned_data["changed_on"],
                text=form.cleaned_data["text"],
                now=asker.now,
            )
        except services.FilingUnderWay as open_one:
            messages.info(request, str(open_one.reason))
            return redirect("registry:filing", filing_id=open_one.filing_id)
        except ValidationError as error:
            take_errors(form, error)
        else:
            messages.success(request, _("已要求%(unit)s备案，时限开始计。") % {"unit": account.unit.name})
            return redirect("registry:filing", filing_id=filing.pk)
    context = {"account": account, "form": form, "face": state_face(account)}
    return render(request, "registry/filing/observe.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def drop(request: HttpRequest, filing_id: int) -> HttpResponse:
    """End a filing that nobody goes on with."""
    asker = Asker(request)
    filing = visible_filing(asker, filing_id)
    form = ReasonForm(request.POST)
    try:
        services.drop_filing(
            actor=asker.actor(),
            grants=asker.grants,
            filing_id=filing.pk,
            text=form.cleaned_data["text"] if form.is_valid() else "",
            now=asker.now,
        )
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, _("备案 %(number)s 不再办理。") % {"number": filing.number})
    return redirect("registry:filing", filing_id=filing.pk)


@login_required
@require_POST
def prove(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Hand in the platform's proof; the account is closed."""
    asker = Asker(request)
    filing = visible_filing(asker, filing_id)
    upload = request.FILES.get("proof")
    if upload is None:
        messages.error(request, _("还没有选文件。选平台出具的注销证明，截图也可以。"))
        return redirect("registry:filing", filing_id=filing.pk)
    try:
        services.prove_closure(
            actor=asker.actor(), grants=asker.grants, filing_id=filing.pk, upload=upload, now=asker.now
        )
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, _("「%(name)s」已停办。") % {"name": filing.account.name})
    return redirect("registry:filing", filing_id=filing.pk)
