"""How accounts are kept: one account's page, and the Office's list of what is short."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xianshen.common.components import Check, Fact, Tab
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.forms import take_errors
from xianshen.common.language import listed
from xianshen.common.tabular import Column, write_csv, write_xlsx
from xianshen.common.templatetags.components import mask_mobile
from xianshen.common.zhdates import zh_date
from xianshen.ledger.selectors import entries_about
from xianshen.organisation.selectors import holders_in
from xianshen.registry import custody as kept
from xianshen.registry import rules, services
from xianshen.registry.custody_forms import FACTS, CustodyForm, HandoverForm, HolderForm
from xianshen.registry.enums import HandoverState, Shortcoming
from xianshen.registry.exports import MEDIA_TYPES
from xianshen.registry.forms import ReasonForm
from xianshen.registry.models import CustodyCheck, CustodyHolder, Handover, MediaAccount
from xianshen.registry.permissions import (
    may_give,
    may_keep_custody,
    may_manage_accounts,
    may_receive,
    may_see_custody,
)
from xianshen.registry.selectors import ACCOUNT_TYPE, account_of
from xianshen.registry.services.custody import NewHolder
from xianshen.registry.views.shared import Asker, number_in, page_of, words_in
from xianshen.regulation.enums import Capability

if TYPE_CHECKING:
    from xianshen.ledger.models import LedgerEntry

TRACE_SHOWN = 15


def _account(asker: Asker, account_id: int) -> MediaAccount:
    """Return the account for those who may read how it is kept; others do not find it."""
    try:
        account = account_of(asker.institution_id, account_id)
    except MediaAccount.DoesNotExist as error:
        raise Http404 from error
    waits = kept.handovers_waiting_for(asker.grants).filter(account=account).exists()
    if not may_see_custody(account, asker.grants) and not waits:
        raise Http404
    return account


def _people(asker: Asker, account: MediaAccount) -> list[tuple[str, str]]:
    """Return who may take the keys: people in a position of the account's unit or of the unit it answers to."""
    held = holders_in(asker.institution_id, {account.unit_id, account.home_unit_id}, asker.on)
    found: dict[int, str] = {}
    for holding in held:
        found.setdefault(holding.person.pk, f"{holding.person.name}（{holding.unit.name}{holding.position.title}）")
    return [(str(pk), label) for pk, label in found.items()]


def _facts(asker: Asker, account: MediaAccount) -> list[Fact]:
    found = kept.custody_of(account)
    if found is None:
        return []
    phone = mask_mobile(found.bound_phone) if found.bound_phone else ""
    if phone and found.bound_phone_owner:
        phone = _("%(phone)s（%(who)s）") % {"phone": phone, "who": found.bound_phone_owner}
    entity = listed(part for part in (found.get_entity_kind_display(), found.entity) if part)
    return [
        Fact(_("实名主体"), entity, rules.CUSTODY),
        Fact(_("绑定手机"), phone),
        Fact(_("口令存放"), found.password_place),
        Fact(_("两步验证"), found.get_two_factor_display()),
        Fact(_("上次核对"), zh_date(found.checked_on, year=True) if found.checked_on else ""),
    ]


def _shortcomings(asker: Asker, account: MediaAccount) -> list[Check]:
    spec = asker.policy.custody
    if spec is None:
        return []
    wanted = kept.conditions(spec, asker.institution_id, asker.on)
    found = kept.shortcomings_of([account.pk], wanted).get(account.pk, [])
    if not found:
        return [Check(_("保管没有缺的"), "ok")]
    return [Check(str(one.label), "late" if one == Shortcoming.LEAVER else "soon") for one in found]


def _trace(asker: Asker, account: MediaAccount) -> list["LedgerEntry"]:
    """Return what was done about the account's custody, newest first."""
    entries = entries_about(asker.person.institution.code, ACCOUNT_TYPE, str(account.pk), limit=100)
    return [entry for entry in entries if entry.rule == rules.CUSTODY][:TRACE_SHOWN]


def _page(
    request: HttpRequest,
    asker: Asker,
    account: MediaAccount,
    *,
    form: CustodyForm | None = None,
    holder_form: HolderForm | None = None,
    handover_form: HandoverForm | None = None,
    reason_form: ReasonForm | None = None,
    handing: int = 0,
    status: int = 200,
) -> HttpResponse:
    choices = _people(asker, account)
    record = kept.custody_of(account)
    keeps = may_keep_custody(account, asker.grants)
    left = set(kept.left(asker.institution_id, asker.on).filter(account=account).values_list("pk", flat=True))
    handovers = list(kept.handovers_of(account)[:20])
    waiting = [one for one in handovers if one.state == HandoverState.PROPOSED]
    check = kept.unanswered_check_of(account)
    context = {
        "account": account,
        "record": record,
        "facts": _facts(asker, account),
        "checks": _shortcomings(asker, account),
        "keeps": bool(keeps),
        "keeps_not": None if keeps else keeps,
        "form": form or CustodyForm(initial={name: getattr(record, name) for name in FACTS} if record else {}),
        "holders": [
            (holder, holder.pk in left, any(one.holder_id == holder.pk for one in waiting))
            for holder in kept.holders_of(account)
        ],
        "past": list(kept.holders_of(account, past=True).filter(until__isnull=False).order_by("-until")[:20]),
        "holder_form": holder_form or HolderForm(choices=choices, initial={"since": asker.on}),
        "handover_form": handover_form or HandoverForm(choices=choices),
        "reason_form": reason_form or ReasonForm(),
        "handing": handing,
        "handovers": [
            (
                one,
                one.given_at is None and bool(may_give(one, asker.grants)),
                one.received_at is None and bool(may_receive(one, asker.grants)),
                bool(keeps) or one.receiver_id == asker.person.pk,
                f"handover-{one.pk}",
            )
            for one in waiting
        ],
        "ended": [one for one in handovers if one.state != HandoverState.PROPOSED],
        "check": check,
        "errors": [one for one in (form, holder_form, handover_form, reason_form) if one is not None and one.errors],
        "trace": _trace(asker, account),
        "today": asker.on,
    }
    return render(request, "registry/custody.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def custody_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show how an account is kept; whoever keeps it records it here."""
    asker = Asker(request)
    account = _account(asker, account_id)
    if request.method == "GET":
        return _page(request, asker, account)
    form = CustodyForm(request.POST)

    def keep() -> None:
        services.keep_custody(
            actor=asker.actor("", account.unit_id),
            grants=asker.grants,
            account_id=account.pk,
            facts=form.facts,
            now=asker.now,
        )

    if _done(request, form, keep, _("已登记「%(name)s」的保管情况。") % {"name": account.name}):
        return redirect("registry:custody", account_id=account.pk)
    return _page(request, asker, account, form=form, status=422)


def _done(request: HttpRequest, form: forms.Form, carry_out: Callable[[], object], said: str) -> bool:
    """Carry out what a form asks for; what is refused stands in the form."""
    if not form.is_valid():
        return False
    try:
        carry_out()
    except ValidationError as error:
        take_errors(form, error)
        return False
    except TransitionNotAllowed as refusal:
        form.add_error(None, str(refusal.reason))
        return False
    messages.success(request, said)
    return True


@login_required
@require_POST
def add_holder(request: HttpRequest, account_id: int) -> HttpResponse:
    """Record that somebody holds the keys."""
    asker = Asker(request)
    account = _account(asker, account_id)
    form = HolderForm(request.POST, choices=_people(asker, account))

    def add() -> None:
        data = form.cleaned_data
        services.add_custody_holder(
            actor=asker.actor("", account.unit_id),
            grants=asker.grants,
            account_id=account.pk,
            holder=NewHolder(data["role"], number_in(data["person"]), data["name"], data["mobile"], data["since"]),
            now=asker.now,
        )

    if _done(request, form, add, _("已登记。")):
        return redirect("registry:custody", account_id=account.pk)
    return _page(request, asker, account, holder_form=form, status=422)


def _holder(asker: Asker, holder_id: int) -> tuple[CustodyHolder, MediaAccount]:
    holder = CustodyHolder.objects.filter(pk=holder_id, institution_id=asker.institution_id).first()
    if holder is None:
        raise Http404
    return holder, _account(asker, holder.account_id)


@login_required
@require_POST
def end_holder(request: HttpRequest, holder_id: int) -> HttpResponse:
    """Record that somebody no longer holds the keys."""
    asker = Asker(request)
    holder, account = _holder(asker, holder_id)
    form = ReasonForm(request.POST)

    def end() -> None:
        services.end_custody_holder(
            actor=asker.actor("", account.unit_id),
            grants=asker.grants,
            holder_id=holder.pk,
            text=form.cleaned_data["text"],
            now=asker.now,
        )

    if _done(request, form, end, _("%(name)s不再保管这个账号。") % {"name": holder.name}):
        return redirect("registry:custody", account_id=account.pk)
    return _page(request, asker, account, reason_form=form, status=422)


@login_required
@require_POST
def propose_handover(request: HttpRequest, holder_id: int) -> HttpResponse:
    """Begin a handover; giver and receiver confirm it."""
    asker = Asker(request)
    holder, account = _holder(asker, holder_id)
    form = HandoverForm(request.POST, choices=_people(asker, account))

    def propose() -> None:
        data = form.cleaned_data
        services.propose_handover(
            actor=asker.actor("", account.unit_id),
            grants=asker.grants,
            holder_id=holder.pk,
            receiver_id=number_in(data["receiver"]) or 0,
            receiver_mobile=data["mobile"],
            items=data["items"],
            now=asker.now,
        )

    if _done(request, form, propose, _("已发起交接，等双方确认。")):
        return redirect("registry:custody", account_id=account.pk)
    return _page(request, asker, account, handover_form=form, handing=holder.pk, status=422)


def _handover(asker: Asker, handover_id: int) -> Handover:
    try:
        handover = kept.handover_of(asker.institution_id, handover_id)
    except Handover.DoesNotExist as error:
        raise Http404 from error
    party = asker.person.pk in {handover.receiver_id, handover.holder.person_id}
    if not party and not may_see_custody(handover.account, asker.grants):
        raise Http404
    return handover


def _back(asker: Asker, handover: Handover) -> HttpResponse:
    """Lead back to the account's page, or to the workbench for those who may not read it any more."""
    if may_see_custody(handover.account, asker.grants):
        return redirect("registry:custody", account_id=handover.account_id)
    return redirect("web:workbench")


@login_required
@require_POST
def confirm_handover(request: HttpRequest, handover_id: int) -> HttpResponse:
    """Confirm one side of a handover."""
    asker = Asker(request)
    handover = _handover(asker, handover_id)
    receives = request.POST.get("side") == "receiver"
    confirmed = services.confirm_handover(
        actor=asker.actor("", handover.account.unit_id),
        grants=asker.grants,
        handover_id=handover.pk,
        as_receiver=receives,
        now=asker.now,
    )
    if confirmed.state == HandoverState.DONE:
        messages.success(request, _("双方都已确认，交接办完了。改掉口令再用。"))
    else:
        messages.success(request, _("已确认，等另一边确认。"))
    return _back(asker, handover)


@login_required
@require_POST
def end_handover(request: HttpRequest, handover_id: int) -> HttpResponse:
    """Decline or cancel a handover, with a reason."""
    asker = Asker(request)
    handover = _handover(asker, handover_id)
    form = ReasonForm(request.POST)

    def end() -> None:
        services.end_handover(
            actor=asker.actor("", handover.account.unit_id),
            grants=asker.grants,
            handover_id=handover.pk,
            text=form.cleaned_data["text"],
            now=asker.now,
        )

    if _done(request, form, end, _("这次交接没有办，账号仍由原来的人保管。")):
        return _back(asker, handover)
    return _page(request, asker, _account(asker, handover.account_id), reason_form=form, status=422)


@login_required
@require_POST
def answer_check(request: HttpRequest, check_id: int) -> HttpResponse:
    """Confirm what is recorded, as an answer to the running check."""
    asker = Asker(request)
    check = CustodyCheck.objects.filter(pk=check_id, institution_id=asker.institution_id).first()
    if check is None:
        raise Http404
    account = _account(asker, check.account_id)
    services.answer_custody_check(
        actor=asker.actor("", account.unit_id), grants=asker.grants, check_id=check.pk, now=asker.now
    )
    messages.success(request, _("已确认「%(name)s」的保管情况。") % {"name": account.name})
    return redirect("registry:custody", account_id=account.pk)


ANY = "any"


@login_required
@require_GET
def custody_board(request: HttpRequest) -> HttpResponse:
    """List what is short: the Office sees every account, others their units'."""
    asker = Asker(request)
    accounts = kept.custody_board(asker.grants)
    spec = asker.policy.custody
    wanted = kept.conditions(spec, asker.institution_id, asker.on) if spec else {}
    total, counts = kept.count_shortcomings(accounts, wanted)
    view = request.GET.get("view", ANY)
    view = view if view in {ANY, "all", *(code.value for code in wanted)} else ANY
    found = accounts
    if view == ANY:
        found = found.filter(kept.any_of(wanted)) if wanted else found.none()
    elif view != "all":
        found = found.filter(wanted[Shortcoming(view)])
    words = words_in(request.GET.get("q"))
    if words:
        found = found.filter(name__icontains=words) | found.filter(unit__name__icontains=words)
    if (ending := request.GET.get("export")) in MEDIA_TYPES:
        return _export(found, wanted, str(ending))
    page = page_of(found, request)
    short = kept.shortcomings_of([account.pk for account in page], wanted) if wanted else {}
    newest = kept.newest_round(asker.institution_id)
    answered = CustodyCheck.objects.filter(round=newest, answered_at__isnull=False).count() if newest is not None else 0
    context = {
        "tabs": [
            Tab(_("有缺的"), "?", None, view == ANY),
            Tab(_("全部"), "?view=all", total, view == "all"),
            *(
                Tab(str(code.label), f"?view={code.value}", counts[code], view == code.value)
                for code in wanted
                if counts[code] or view == code.value
            ),
        ],
        "page": page,
        "rows": [(account, short.get(account.pk, [])) for account in page],
        "view": view,
        "filtered": bool(words) or view != ANY,
        "newest": newest,
        "answered": answered,
        "asked": newest.checks.count() if newest is not None else 0,
        "may_open": bool(may_manage_accounts(asker.grants)) and (newest is None or newest.due_on < asker.on),
        "rule_text": asker.policy.rule(rules.CUSTODY).text if asker.policy.has_rule(rules.CUSTODY) else "",
        "today": asker.on,
    }
    return render(request, "registry/custody_board.html", context)


def _export(accounts: Any, wanted: Any, ending: str) -> HttpResponse:
    columns = [
        Column("name", _("账号")),
        Column("handle", _("账号名称或链接地址")),
        Column("unit", _("主办单位")),
        Column("checked", _("上次核对")),
        Column("short", _("缺什么")),
    ]
    listing = list(accounts)
    short: dict[int, list[Shortcoming]] = {}
    for start in range(0, len(listing), 500):
        short |= kept.shortcomings_of([account.pk for account in listing[start : start + 500]], wanted)
    rows = (
        {
            "name": account.name,
            "handle": account.handle,
            "unit": account.unit.name,
            "checked": account.custody.checked_on if hasattr(account, "custody") else None,
            "short": listed(one.label for one in short.get(account.pk, [])),
        }
        for account in listing
    )
    content = write_csv(columns, rows) if ending == "csv" else write_xlsx(columns, rows, sheet=_("账号保管"))
    return HttpResponse(
        content,
        content_type=MEDIA_TYPES[ending],
        headers={"Content-Disposition": f'attachment; filename="custody.{ending}"'},
    )


@login_required
@require_POST
def open_round(request: HttpRequest) -> HttpResponse:
    """Open a check of all accounts now."""
    asker = Asker(request)
    if not (decision := may_manage_accounts(asker.grants)):
        raise PermissionDenied.from_denied(decision)
    services.open_custody_round(actor=asker.actor(Capability.ACCOUNTS_MANAGE), grants=asker.grants, now=asker.now)
    messages.success(request, _("检查已开始，负责人会在待办里看到。"))
    return redirect("registry:custody_board")
