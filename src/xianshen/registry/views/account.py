"""One account: may it run today, who answers for it, what is on record, and what the Office does to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xianshen.clocks.selectors import running_about
from xianshen.common import composed
from xianshen.common.components import Check, Fact
from xianshen.common.decisions import Decision
from xianshen.common.errors import PermissionDenied
from xianshen.common.forms import take_errors
from xianshen.common.language import listed, local
from xianshen.common.templatetags.components import mask_mobile
from xianshen.common.zhdates import zh_date
from xianshen.documents.selectors import documents_about, documents_of
from xianshen.ledger.selectors import count_about, entries_about
from xianshen.organisation.selectors import holders, unit_of_kind
from xianshen.registry import rules, services
from xianshen.registry.changed import LABELS, MOBILES
from xianshen.registry.enums import AccountState, FilingState, InNameOf, SuspensionReason
from xianshen.registry.filed import FILING_TYPE, closure_without_proof, filings_shown, former_values, open_filing_of
from xianshen.registry.filing_checks import form_of
from xianshen.registry.forms import ReasonForm, ReminderForm, SuspensionForm
from xianshen.registry.models import Filing, MediaAccount, OpeningApplication, SponsorDocument
from xianshen.registry.paper import words_for
from xianshen.registry.permissions import (
    may_file_for,
    may_file_servers,
    may_manage_accounts,
    may_see_contacts,
    may_see_custody,
    may_view_account,
    may_view_application,
    may_view_filing,
    may_view_sponsor_file,
)
from xianshen.registry.running import may_run, server_lapsed, state_face
from xianshen.registry.selectors import ACCOUNT_TYPE, APPLICATION_TYPE, account_of, sponsor_file
from xianshen.registry.tables import position_title
from xianshen.registry.views.shared import Asker, platform_or_none, public_url
from xianshen.regulation.enums import Capability, SubjectKind
from xianshen.regulation.schema import Policy

Text = str | Promise
TRACE_SHOWN = 12
CONTACTS = {"owner_mobile": gettext_lazy("负责人手机"), "second_contact_mobile": gettext_lazy("第二联系人手机")}


def _account(asker: Asker, account_id: int) -> MediaAccount:
    """Return the account for those who may see it; other institutions' accounts are not found."""
    try:
        account = account_of(asker.institution_id, account_id)
    except MediaAccount.DoesNotExist as error:
        raise Http404 from error
    if not (decision := may_view_account(account, asker.grants)):
        raise PermissionDenied.from_denied(decision)
    return account


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain of responsibility.

    Args:
        role: what they answer as.
        who: the position or the person.
        note: where, or since when.
        first: whether this is the first responsible person.
    """

    role: Text
    who: str
    note: str = ""
    first: bool = False


def responsibility(account: MediaAccount, policy: Policy, on: date) -> list[Link]:
    """Return who answers for the account, from the Office down to its contacts."""
    office = unit_of_kind(account.institution_id, policy.office_kind)
    kind = account.first_responsible_position
    held = holders(account.institution_id, position_kind=kind, unit_id=account.first_responsible_unit_id, on=on)
    title = held[0].position.title if held else position_title(policy, kind)
    people = listed(dict.fromkeys(holding.person.name for holding in held))
    responsible = account.first_responsible_unit.name
    links = [
        Link(
            _("归口管理"),
            office.name if office else local(policy.unit_kind(policy.office_kind).title),
            _("规划、监督、考评"),
        ),
        Link(
            _("第一责任人"),
            f"{title} {people}" if people else title,
            responsible if people else _("%(unit)s，职位空缺") % {"unit": responsible},
            first=True,
        ),
        Link(_("负责人"), account.owner_name or _("没有登记"), account.unit.name),
    ]
    if account.second_contact_name:
        links.append(Link(_("第二联系人"), account.second_contact_name, account.unit.name))
    return links


@dataclass(frozen=True, slots=True)
class FileClock:
    """How long a document of the sponsoring unit's file still holds."""

    label: str
    rule: str
    document: SponsorDocument | None
    soon_from: date | None


def file_clocks(account: MediaAccount, policy: Policy, on: date) -> list[FileClock]:
    """Return the parts of the unit's file with what is on file for them."""
    parts = policy.sponsor_file.parts
    file = sponsor_file(account.home_unit_id, [part.code for part in parts], on)
    found = []
    for part in parts:
        document = file.documents.get(part.code)
        warn = max(policy.clock(part.validity).reminders, default=0)
        soon = date.fromordinal(document.valid_until.toordinal() - warn) if document else None
        found.append(FileClock(local(part.label), part.rule, document, soon))
    return found


@dataclass(frozen=True, slots=True)
class Contact:
    """A mobile number, masked until somebody who may asks for it."""

    code: str
    label: Text
    number: str
    shown: bool


def _contacts(request: HttpRequest, account: MediaAccount, asker: Asker, shown: str) -> list[Fact]:
    """Return the mobile numbers, each with its button for those who may see it in full."""
    may_see = bool(may_see_contacts(account, asker.grants))
    found = []
    for code, label in CONTACTS.items():
        if number := getattr(account, code):
            contact = Contact(code, label, number if code == shown else mask_mobile(number), code == shown)
            html = render_to_string(
                "registry/parts/masked.html", {"account": account, "contact": contact, "may_see": may_see}, request
            )
            found.append(Fact(label, SafeString(html.strip())))
    return found


def _facts(account: MediaAccount, policy: Policy, contacts: list[Fact]) -> list[Fact]:
    platform = platform_or_none(policy, account.platform)
    tier = next((local(tier.name) for tier in policy.tiers if tier.number == account.tier), str(account.tier))
    form = policy.form_for(SubjectKind.OPENING_APPLICATION)
    audience = next((spec for spec in form.fields if spec.code == "audience"), None)
    served = words_for(audience, account.audience, policy) if audience else listed(account.audience)
    return [
        Fact(_("新媒体名称"), account.name),
        Fact(_("所属部门"), account.unit.name),
        Fact(_("新媒体类型"), local(platform.name) if platform else account.platform),
        Fact(_("层级"), tier, rules.TIER),
        Fact(local(platform.handle.label) if platform else _("账号名称"), account.handle),
        Fact(_("以谁的名义"), InNameOf(account.in_name_of).label),
        Fact(_("发布内容"), account.content_scope),
        Fact(_("服务对象"), served),
        Fact(_("定位"), account.positioning),
        Fact(_("开通时间"), zh_date(account.opened_on, year=True) if account.opened_on else ""),
        Fact(_("管理员"), account.administrators),
        *contacts,
        Fact(_("邮箱"), account.owner_email),
        Fact(_("核验码"), account.code, url=public_url(account)),
    ]


@dataclass(frozen=True, slots=True)
class Act:
    """Something that may be done to an account.

    Args:
        code: its code in the address.
        verb: words of the button.
        icon: its icon.
        title: heading of the dialog.
        said: what follows from it.
        done: what is said afterwards.
        form: class of the form.
        sources: states in which it is offered.
        permission: who may.
        carry_out: calls the service.
        rule: rule cited.
    """

    code: str
    verb: Text
    icon: str
    title: Text
    said: Text
    done: Text
    form: type[forms.Form]
    sources: frozenset[AccountState]
    permission: Callable[[Any], Decision]
    carry_out: Callable[..., MediaAccount]
    capability: str
    rule: str


S = AccountState
LIVING = frozenset({S.APPLIED, S.ACTIVE, S.SUSPENDED, S.CLOSING})


def _suspend(*, data: dict[str, Any], **kwargs: Any) -> MediaAccount:
    return services.suspend_account(reason=SuspensionReason(data["reason"]), text=data["text"], **kwargs)


def _with_text(service: Callable[..., MediaAccount]) -> Callable[..., MediaAccount]:
    def call(*, data: dict[str, Any], **kwargs: Any) -> MediaAccount:
        return service(text=data["text"], **kwargs)

    return call


ACTS: tuple[Act, ...] = (
    Act(
        "remind",
        gettext_lazy("提醒负责人"),
        "bell-ringing",
        gettext_lazy("提醒负责人"),
        gettext_lazy("负责人会在通知里看到，也记入这个账号的留痕。"),
        gettext_lazy("已提醒「%(name)s」的负责人。"),
        ReminderForm,
        LIVING,
        may_manage_accounts,
        _with_text(services.remind_owner),
        Capability.ACCOUNTS_MANAGE,
        "",
    ),
    Act(
        "suspend",
        gettext_lazy("暂停运行"),
        "player-pause",
        gettext_lazy("暂停这个账号"),
        gettext_lazy("从现在起不得继续运行，公开名录会显示已暂停，负责人会收到通知。"),
        gettext_lazy("「%(name)s」已暂停运行。"),
        SuspensionForm,
        frozenset({S.APPLIED, S.ACTIVE, S.CLOSING}),
        may_manage_accounts,
        _suspend,
        Capability.ACCOUNTS_MANAGE,
        rules.MAY_RUN,
    ),
    Act(
        "resume",
        gettext_lazy("恢复运行"),
        "player-play",
        gettext_lazy("恢复这个账号"),
        gettext_lazy("账号可以继续运行，公开名录随之更新，负责人会收到通知。"),
        gettext_lazy("「%(name)s」已恢复运行。"),
        ReasonForm,
        frozenset({S.SUSPENDED}),
        may_manage_accounts,
        _with_text(services.resume_account),
        Capability.ACCOUNTS_MANAGE,
        rules.MAY_RUN,
    ),
    Act(
        "begin-closing",
        gettext_lazy("开始停办"),
        "archive",
        gettext_lazy("开始停办"),
        gettext_lazy("停办手续办完前不再发布内容。"),
        gettext_lazy("「%(name)s」开始停办。"),
        ReasonForm,
        frozenset({S.ACTIVE, S.SUSPENDED, S.APPLIED}),
        may_manage_accounts,
        _with_text(services.begin_closing_account),
        Capability.ACCOUNTS_MANAGE,
        rules.MAY_RUN,
    ),
    Act(
        "close",
        gettext_lazy("确认停办"),
        "circle-x",
        gettext_lazy("确认停办"),
        gettext_lazy("停办后不能恢复；要重新运行，另行申请开设。"),
        gettext_lazy("「%(name)s」已停办。"),
        ReasonForm,
        frozenset({S.CLOSING}),
        may_manage_accounts,
        _with_text(services.close_account),
        Capability.ACCOUNTS_MANAGE,
        rules.MAY_RUN,
    ),
)
BY_CODE = {act.code: act for act in ACTS}


def _possible(account: MediaAccount, asker: Asker) -> list[Act]:
    return [act for act in ACTS if AccountState(account.state) in act.sources and act.permission(asker.grants)]


@dataclass(frozen=True, slots=True)
class Way:
    """Something that is done about an account on a page of its own.

    Args:
        url: address of the page.
        icon: icon of the link.
        verb: its words.
        primary: whether the account waits for it.
    """

    url: str
    icon: str
    verb: Text
    primary: bool = False


def filing_ways(account: MediaAccount, asker: Asker) -> list[Way]:
    """Return the filing that is open, or where a new one begins."""
    if form_of(asker.policy) is None:
        return []
    closing = account.state == AccountState.CLOSING
    open_one = open_filing_of(account.pk) or (closure_without_proof(account.pk) if closing else None)
    files = bool(may_file_for(account, asker.grants))
    if open_one is not None:
        if not may_view_filing(open_one, asker.grants):
            return []
        waits = files and (open_one.state == FilingState.EXPECTED or open_one.state == FilingState.APPROVED)
        return [Way(reverse("registry:filing", args=[open_one.pk]), "file-pencil", _("看没办完的备案"), waits)]
    if account.state in {AccountState.CLOSING, AccountState.CLOSED}:
        return []
    if files:
        return [Way(f"{reverse('registry:filing_new')}?account={account.pk}", "file-pencil", _("办理备案"))]
    if may_manage_accounts(asker.grants):
        return [Way(reverse("registry:filing_observe", args=[account.pk]), "file-pencil", _("要求备案"))]
    return []


@dataclass(frozen=True, slots=True)
class Former:
    """A former value of one of the account's particulars.

    Args:
        label: which particular.
        value: what it was; a mobile number is masked.
        since: from which day on, None where the day of opening is not known.
        until: day on which it changed.
        filing: the filing by which it changed.
    """

    label: Text
    value: str
    since: date | None
    until: date
    filing: Filing


def history(account: MediaAccount) -> list[Former]:
    """Return the former values of the account's particulars, newest first."""
    return [
        Former(
            LABELS[one.field],
            mask_mobile(one.value) if one.field in MOBILES else one.value,
            one.valid_from,
            one.valid_until,
            one.filing,
        )
        for one in former_values(account)
    ]


def ways(account: MediaAccount, asker: Asker) -> list[Way]:
    """Return what the person may file about the account."""
    found = filing_ways(account, asker)
    if account.state in {AccountState.CLOSING, AccountState.CLOSED}:
        return found
    if may_see_custody(account, asker.grants):
        found.append(Way(reverse("registry:custody", args=[account.pk]), "key", _("账号保管")))
    if account.data_service and may_file_servers(account, asker.grants):
        waits = server_lapsed(account, asker.on)
        found.append(Way(reverse("registry:server_file", args=[account.pk]), "server", _("报批服务器"), waits))
    return found


@composed.listed
def _application(account_id: int) -> QuerySet[OpeningApplication]:
    return OpeningApplication.objects.filter(account_id=account_id).select_related("unit").order_by("pk")[:1]


_deadlines = composed.listed(running_about)


def _page(request: HttpRequest, asker: Asker, account: MediaAccount, *, shown: str = "") -> HttpResponse:
    policy = asker.policy
    answer = may_run(account, asker.on)
    code = asker.person.institution.code
    application = next(iter(_application(account.pk)), None)
    documents = (
        documents_of(asker.institution_id, APPLICATION_TYPE, str(application.pk))
        if application is not None and may_view_application(application, asker.grants)
        else []
    )
    key = str(account.pk)
    possible = _possible(account, asker)
    contacts = _contacts(request, account, asker, shown)
    context = {
        "account": account,
        "application": application,
        "face": state_face(account),
        "platform": platform_or_none(policy, account.platform),
        "tier": next((tier for tier in policy.tiers if tier.number == account.tier), None),
        "answer": answer,
        "stopped": account.suspension_reason == SuspensionReason.STOP_ORDER,
        "checks": [Check(check.title, check.tone, check.detail, check.rule) for check in answer.checks],
        "links": responsibility(account, policy, asker.on),
        "facts": _facts(account, policy, contacts),
        "contacts": bool(contacts),
        "may_see_contacts": may_see_contacts(account, asker.grants),
        "documents": documents,
        "clocks": file_clocks(account, policy, asker.on),
        "sees_file": bool(may_view_sponsor_file(account.home_unit_id, asker.grants)),
        "trace": entries_about(code, ACCOUNT_TYPE, key, limit=TRACE_SHOWN),
        "trace_count": count_about(code, ACCOUNT_TYPE, key),
        "sees_ledger": asker.grants.has(Capability.LEDGER_VIEW),
        "subject_type": ACCOUNT_TYPE,
        "ways": ways(account, asker),
        "history": history(account),
        "filed": documents_about(asker.institution_id, FILING_TYPE, filings_shown(account, asker.grants)),
        "deadlines": _deadlines(asker.institution_id, ACCOUNT_TYPE, key),
        "acts": [(act, act.form()) for act in possible],
        "public_url": public_url(account),
        "policy": policy,
        "now": asker.now,
    }
    return render(request, "registry/account.html", context)


@login_required
@require_GET
def account_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show an account to those who may see more of it than the public."""
    asker = Asker(request)
    return _page(request, asker, _account(asker, account_id))


@login_required
@require_POST
def show_contact(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show a mobile number in full; the look is recorded."""
    asker = Asker(request)
    account = _account(asker, account_id)
    what = request.POST.get("what", "")
    if what not in CONTACTS or not getattr(account, what):
        raise Http404
    services.record_contact_shown(
        account_id=account.pk,
        institution_id=asker.institution_id,
        actor=asker.actor(),
        grants=asker.grants,
        what=what,
        now=asker.now,
    )
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "registry/parts/contact.html", {"number": getattr(account, what)})
    return _page(request, asker, account, shown=what)


@login_required
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, account_id: int, act: str) -> HttpResponse:
    """Do something to an account, with a reason; without script the dialog is a page."""
    asker = Asker(request)
    account = _account(asker, account_id)
    wanted = BY_CODE.get(act)
    if wanted is None:
        raise Http404
    if not (decision := wanted.permission(asker.grants)):
        raise PermissionDenied.from_denied(decision)
    form = wanted.form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            wanted.carry_out(
                data=form.cleaned_data,
                account_id=account.pk,
                institution_id=asker.institution_id,
                actor=asker.actor(wanted.capability),
                grants=asker.grants,
                now=asker.now,
            )
        except ValidationError as error:
            take_errors(form, error)
        else:
            messages.success(request, wanted.done % {"name": account.name})
            return redirect("registry:account", account_id=account.pk)
    context = {"account": account, "act": wanted, "form": form, "face": state_face(account)}
    return render(request, "registry/change.html", context, status=422 if form.errors else 200)
