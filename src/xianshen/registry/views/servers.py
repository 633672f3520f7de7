"""Filings of servers: list, file, mend, read, look names up again, revoke."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xianshen.approvals.selectors import current_step, rounds_of, steps_of
from xianshen.common.components import Fact, Tab
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.forms import TextField, take_errors
from xianshen.common.zhdates import zh_date
from xianshen.documents.selectors import documents_of
from xianshen.ledger.selectors import entries_about
from xianshen.registry import rules, services
from xianshen.registry.enums import ServerFilingState
from xianshen.registry.forms import ReasonForm
from xianshen.registry.models import MediaAccount, ServerFiling
from xianshen.registry.permissions import may_confirm_server, may_file_servers, may_view_account, may_view_server_filing
from xianshen.registry.selectors import account_of
from xianshen.registry.servers import (
    EDITABLE,
    SERVER_FILING_TYPE,
    approved_filing_of,
    open_filing_of,
    running_out,
    server_filing_of,
    server_filings_visible_to,
)
from xianshen.registry.services.servers import ServerFacts
from xianshen.registry.tasks import look_up_servers
from xianshen.registry.views.applications import decider_now, last_words, offers_withdrawal
from xianshen.registry.views.shared import Asker, page_of, words_in
from xianshen.regulation.enums import Capability, SubjectKind
from xianshen.regulation.schema import Policy

Text = str | Promise
FACTS = tuple(ServerFacts.__dataclass_fields__)
PARTS: tuple[tuple[Text, tuple[str, ...]], ...] = (
    (gettext_lazy("服务和服务器"), ("service", "addresses", "location")),
    (gettext_lazy("数据"), ("data_kept", "personal_information")),
    (gettext_lazy("技术负责人"), ("technician_name", "technician_mobile", "technician_email")),
)
SOON_DAYS = 30


class ServerFilingForm(forms.Form):
    """What is filed about servers; lengths and words come from the policy's form."""

    service = TextField()
    addresses = TextField(lines=True, widget=forms.Textarea(attrs={"rows": 4}))
    location = TextField()
    data_kept = TextField(lines=True, widget=forms.Textarea(attrs={"rows": 3}))
    personal_information = forms.ChoiceField(widget=forms.RadioSelect, label=gettext_lazy("个人信息"))
    technician_name = TextField()
    technician_mobile = TextField(widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}))
    technician_email = TextField(widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "email"}))

    def __init__(self, *args: Any, policy: Policy, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "use_required_attribute": False})
        spec = policy.form_for(SubjectKind.SERVER_FILING)
        asked = {field.code: field for field in spec.fields}
        for code in list(self.fields):
            if code not in asked:
                del self.fields[code]
                continue
            control, field = self.fields[code], asked[code]
            control.label = field.label.replace("\n", "")
            control.help_text = field.hint or ""
            control.required = field.required
            control.error_messages["required"] = _("没有写%(label)s。") % {"label": control.label}
        kinds = self.fields.get("personal_information")
        if not isinstance(kinds, forms.ChoiceField):
            return
        found = policy.data_services.personal_information if policy.data_services else ()
        kinds.choices = [(choice.code, choice.label) for choice in found]
        kinds.error_messages["invalid_choice"] = _("没有这一类个人信息。从列表里选一类。")

    @property
    def parts(self) -> list[tuple[Text, list[BoundField]]]:
        """The form's fields by part, as far as the policy asks for them."""
        parts = [(title, [self[code] for code in codes if code in self.fields]) for title, codes in PARTS]
        return [(title, fields) for title, fields in parts if fields]

    @property
    def facts(self) -> ServerFacts:
        """What was typed; the service judges it."""
        return ServerFacts(**{code: str(self.cleaned_data.get(code) or "") for code in FACTS})


def _filing(asker: Asker, filing_id: int) -> ServerFiling:
    """Return the filing for those who may read it; others do not find it."""
    try:
        filing = server_filing_of(asker.institution_id, filing_id)
    except ServerFiling.DoesNotExist as error:
        raise Http404 from error
    if not may_view_server_filing(filing, asker.grants):
        raise Http404
    return filing


VIEWS = ("", "open", "ending", "ended")


@login_required
@require_GET
def server_list(request: HttpRequest) -> HttpResponse:
    """List filings of servers: the division and the Office see all, others their units'."""
    asker = Asker(request)
    filings = server_filings_visible_to(asker.grants)
    narrowed = {
        "": filings,
        "open": filings.filter(state__in=[ServerFilingState.SUBMITTED, ServerFilingState.RETURNED]),
        "ending": running_out(filings, asker.on, SOON_DAYS),
        "ended": filings.filter(state__in=[ServerFilingState.EXPIRED, ServerFilingState.REVOKED]),
    }
    labels = {"": _("全部"), "open": _("在办"), "ending": _("快到期"), "ended": _("已失效")}
    view = request.GET.get("view", "")
    view = view if view in VIEWS else ""
    words = words_in(request.GET.get("q"))
    found = narrowed[view]
    if words:
        found = found.filter(account__name__icontains=words) | found.filter(addresses__value__icontains=words)
        found = found.distinct()
    context = {
        "tabs": [
            Tab(labels[code], f"?view={code}" if code else "?", narrowed[code].count(), code == view) for code in VIEWS
        ],
        "page": page_of(found, request),
        "filtered": bool(words or view),
        "approves": bool(may_confirm_server(asker.grants)),
        "now": asker.now,
    }
    return render(request, "registry/servers.html", context)


def _render_form(
    request: HttpRequest,
    account: MediaAccount,
    form: ServerFilingForm,
    *,
    filing: ServerFiling | None,
    status: int = 200,
) -> HttpResponse:
    asker = Asker(request)
    spec = asker.policy.data_services
    rounds = rounds_of(asker.institution_id, SERVER_FILING_TYPE, str(filing.pk)) if filing else []
    context = {
        "account": account,
        "form": form,
        "filing": filing,
        "returned": last_words(rounds) if filing and filing.state == ServerFilingState.RETURNED else None,
        "networks": spec.networks if spec else (),
        "validity": asker.policy.clock(spec.validity).text if spec else "",
    }
    return render(request, "registry/server_form.html", context, status=status)


def _account_to_file(asker: Asker, account_id: int) -> MediaAccount:
    try:
        account = account_of(asker.institution_id, account_id)
    except MediaAccount.DoesNotExist as error:
        raise Http404 from error
    if not may_view_account(account, asker.grants):
        raise Http404
    if not (decision := may_file_servers(account, asker.grants)):
        raise PermissionDenied.from_denied(decision)
    return account


@login_required
@require_http_methods(["GET", "POST"])
def file_servers(request: HttpRequest, account_id: int) -> HttpResponse:
    """File the servers of an account; a renewal starts from what is approved now."""
    asker = Asker(request)
    account = _account_to_file(asker, account_id)
    if request.method == "GET":
        if (waiting := open_filing_of(account)) is not None:
            messages.info(request, _("已有一份服务器报批在办。"))
            return redirect("registry:server_filing", filing_id=waiting.pk)
        earlier = approved_filing_of(account)
        initial = _typed(earlier) if earlier else {}
        return _render_form(request, account, ServerFilingForm(policy=asker.policy, initial=initial), filing=None)
    form = ServerFilingForm(request.POST, policy=asker.policy)
    if form.is_valid():
        try:
            filing = services.file_servers(
                actor=asker.actor(Capability.OPENING_APPLY, account.unit_id),
                grants=asker.grants,
                account_id=account.pk,
                facts=form.facts,
                now=asker.now,
            )
        except ValidationError as error:
            take_errors(form, error)
        except TransitionNotAllowed as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            look_up_servers.enqueue(filing.pk)
            messages.success(request, _("已报批「%(name)s」的服务器。") % {"name": account.name})
            return redirect("registry:server_filing", filing_id=filing.pk)
    return _render_form(request, account, form, filing=None, status=422)


def _typed(filing: ServerFiling) -> dict[str, str]:
    """Return a filing as it was typed."""
    values = {code: getattr(filing, code) for code in FACTS if code != "addresses"}
    return {**values, "addresses": "\n".join(address.value for address in filing.addresses.all())}


@login_required
@require_http_methods(["GET", "POST"])
def edit_servers(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Mend a filing that was returned or withdrawn, and send it again."""
    asker = Asker(request)
    filing = _filing(asker, filing_id)
    account = _account_to_file(asker, filing.account_id)
    if filing.state not in EDITABLE:
        messages.info(request, _("报批已经提交，要改先撤回。"))
        return redirect("registry:server_filing", filing_id=filing.pk)
    if request.method == "GET":
        form = ServerFilingForm(policy=asker.policy, initial=_typed(filing))
        return _render_form(request, account, form, filing=filing)
    form = ServerFilingForm(request.POST, policy=asker.policy)
    if form.is_valid():
        try:
            services.refile_servers(
                actor=asker.actor(Capability.OPENING_APPLY, account.unit_id),
                grants=asker.grants,
                filing_id=filing.pk,
                facts=form.facts,
                now=asker.now,
            )
        except ValidationError as error:
            take_errors(form, error)
        except TransitionNotAllowed as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            look_up_servers.enqueue(filing.pk)
            messages.success(request, _("已重新报批「%(name)s」的服务器。") % {"name": account.name})
            return redirect("registry:server_filing", filing_id=filing.pk)
    return _render_form(request, account, form, filing=filing, status=422)


def _facts(filing: ServerFiling, policy: Policy) -> list[Fact]:
    spec = policy.data_services
    kind = spec.personal_information_label(filing.personal_information) if spec else filing.personal_information
    facts = [
        Fact(_("账号"), filing.account.name),
        Fact(_("所属部门"), filing.unit.name),
        Fact(_("数据服务"), filing.service),
        Fact(_("放在哪里"), filing.location),
        Fact(_("存哪些数据"), filing.data_kept),
        Fact(_("个人信息"), kind, rules.CAMPUS_SERVER),
        Fact(_("技术负责人"), filing.technician_name),
        Fact(_("手机"), filing.technician_mobile),
        Fact(_("邮箱"), filing.technician_email),
    ]
    if filing.valid_from and filing.valid_until:
        period = f"{zh_date(filing.valid_from, year=True)}–{zh_date(filing.valid_until, year=True)}"
        facts.insert(0, Fact(_("批准有效期"), period, rules.CAMPUS_SERVER))
    return facts


@login_required
@require_GET
def server_page(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Show a filing: what was filed, where its addresses lead, how far the approval is."""
    asker = Asker(request)
    return _render_page(request, asker, _filing(asker, filing_id), ReasonForm())


def _render_page(
    request: HttpRequest, asker: Asker, filing: ServerFiling, form: ReasonForm, status: int = 200
) -> HttpResponse:
    rounds = rounds_of(asker.institution_id, SERVER_FILING_TYPE, str(filing.pk))
    chain = rounds[0] if rounds else None
    step = current_step(chain) if chain else None
    files = may_file_servers(filing.account, asker.grants)
    code = asker.person.institution.code
    context = {
        "filing": filing,
        "chain": chain,
        "step": step,
        "steps": steps_of(chain) if chain else [],
        "last": last_words(rounds),
        "facts": _facts(filing, asker.policy),
        "documents": documents_of(asker.institution_id, SERVER_FILING_TYPE, str(filing.pk)),
        "may_edit": bool(files) and filing.state in EDITABLE,
        "may_renew": bool(files) and filing.state in {ServerFilingState.APPROVED, ServerFilingState.EXPIRED},
        "may_recheck": bool(files) or bool(may_confirm_server(asker.grants)),
        "may_revoke": bool(may_confirm_server(asker.grants)) and filing.state == ServerFilingState.APPROVED,
        "may_withdraw": offers_withdrawal(asker, chain),
        "form": form,
        "trace": entries_about(code, SERVER_FILING_TYPE, str(filing.pk), limit=20),
        "soon_from": _soon_from(filing, asker.policy),
        "now": asker.now,
        **(decider_now(asker, chain, step) if chain else {}),
    }
    return render(request, "registry/server.html", context, status=status)


def _soon_from(filing: ServerFiling, policy: Policy) -> Any:
    if filing.valid_until is None or policy.data_services is None:
        return None
    warn = max(policy.clock(policy.data_services.validity).reminders, default=0)
    return type(filing.valid_until).fromordinal(filing.valid_until.toordinal() - warn)


@login_required
@require_POST
def recheck(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Have the names looked up again, by the worker."""
    asker = Asker(request)
    filing = _filing(asker, filing_id)
    if not may_confirm_server(asker.grants) and not (decision := may_file_servers(filing.account, asker.grants)):
        raise PermissionDenied.from_denied(decision)
    look_up_servers.enqueue(filing.pk)
    messages.success(request, _("正在查域名，过一会儿刷新页面看结果。"))
    return redirect("registry:server_filing", filing_id=filing.pk)


@login_required
@require_POST
def revoke(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Take an approval back, with a reason."""
    asker = Asker(request)
    filing = _filing(asker, filing_id)
    if not (decision := may_confirm_server(asker.grants)):
        raise PermissionDenied.from_denied(decision)
    form = ReasonForm(request.POST)
    if form.is_valid():
        services.revoke_server_filing(
            actor=asker.actor(Capability.DATA_SERVICES_REVIEW),
            grants=asker.grants,
            filing_id=filing.pk,
            text=form.cleaned_data["text"],
            now=asker.now,
        )
        messages.success(request, _("已撤销 %(number)s 的批准。") % {"number": filing.number})
        return redirect("registry:server_filing", filing_id=filing.pk)
    return _render_page(request, asker, filing, form, status=422)
