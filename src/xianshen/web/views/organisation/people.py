"""People: finding, registering, changing, shutting out, and giving a one-time password."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xianshen.common.components import Tab
from xianshen.common.tabular import Column, write_xlsx
from xianshen.ledger.selectors import entries_about
from xianshen.organisation import services
from xianshen.organisation.selectors import delegations, holding_on, holdings_of, people, terms, without_password
from xianshen.web.organisation_forms import PersonForm, ReasonForm
from xianshen.web.views.organisation.base import (
    PER_PAGE,
    XLSX,
    code_of,
    download,
    export,
    form_page,
    institution_of,
    manager,
    manages,
    posted,
)

if TYPE_CHECKING:
    from xianshen.organisation.models import Person

SORTS = {"key": "key", "-key": "-key", "name": "name", "-name": "-name", "seen": "last_login", "-seen": "-last_login"}


@manages
@require_safe
def person_list(request: HttpRequest) -> HttpResponse:
    """List people by name or number; all, those with a position, without a password, or shut out."""
    institution_id, today = institution_of(request), timezone.localdate()
    everybody = people(institution_id)
    groups = {
        "": everybody.filter(is_active=True),
        "seated": holding_on(everybody.filter(is_active=True), today),
        "without": without_password(everybody.filter(is_active=True)),
        "out": everybody.filter(is_active=False),
    }
    chosen = request.GET.get("view", "") if request.GET.get("view", "") in groups else ""
    query = request.GET.get("q", "").strip()[:100]
    found = groups[chosen] & people(institution_id, query=query) if query else groups[chosen]
    found = found.order_by(SORTS.get(request.GET.get("sort", ""), "key"), "pk")
    columns = [
        Column("key", _("工号或学号")),
        Column("name", _("姓名")),
        Column("username", _("用户名")),
        Column("mobile", _("手机")),
        Column("email", _("邮箱")),
    ]
    if request.GET.get("format"):
        answer = export(request, "people", columns, list(found.values(*(column.name for column in columns))))
        if answer is not None:
            return answer
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    listed = list(page)
    held: dict[int, list[Any]] = {}
    for term in terms(institution_id, person_ids=[person.pk for person in listed], on=today):
        held.setdefault(term.person_id, []).append(term)
    tabs = [
        Tab(_("可登录"), "?", count=groups[""].count(), current=chosen == ""),
        Tab(_("有职务"), "?view=seated", count=groups["seated"].count(), current=chosen == "seated"),
        Tab(_("还没有密码"), "?view=without", count=groups["without"].count(), current=chosen == "without"),
        Tab(_("已停用"), "?view=out", count=groups["out"].count(), current=chosen == "out"),
    ]
    context = {
        "page": page,
        "rows": [(person, held.get(person.pk, ())) for person in listed],
        "tabs": tabs,
        "query": query,
        "total": everybody.count(),
        "picks": chosen == "without",
        "most": services.MOST_AT_ONCE,
    }
    return render(request, "web/organisation/people.html", context)


@never_cache
@manages
@require_POST
@sensitive_variables("given", "rows")
def people_passwords(request: HttpRequest) -> HttpResponse:
    """Give one-time passwords to the chosen people who have none, or to all of them; the sheet is shown once."""
    institution_id = institution_of(request)
    if "all" in request.POST:
        found = without_password(people(institution_id, query=request.POST.get("q", "")).filter(is_active=True))
        chosen = list(found.order_by("key", "pk").values_list("pk", flat=True)[: services.MOST_AT_ONCE])
    else:
        chosen = [int(text) for text in request.POST.getlist("person") if text.isascii() and text.isdecimal()]
    if not chosen:
        messages.error(request, _("还没有选人。先勾选，再给密码。"))
        return redirect(f"{reverse('organisation:people')}?view=without")
    given = services.give_one_time_passwords(actor=manager(request), person_ids=chosen, now=timezone.now())
    if request.POST.get("format") == "xlsx":
        columns = [
            Column("key", _("工号或学号")),
            Column("name", _("姓名")),
            Column("username", _("用户名")),
            Column("password", _("一次性密码")),
        ]
        rows = [
            {"key": one.person.key, "name": one.person.name, "username": one.person.username, "password": one.password}
            for one in given
        ]
        return download(write_xlsx(columns, rows, sheet=_("一次性密码")), "one-time-passwords.xlsx", XLSX)
    context = {
        "given": given,
        "left_out": len(chosen) - len(given),
        "address": request.build_absolute_uri(reverse("account_login")),
    }
    return render(request, "web/organisation/passwords.html", context)


def _person(request: HttpRequest, pk: int) -> "Person":
    return get_object_or_404(people(institution_of(request)), pk=pk)


def _context(request: HttpRequest, person: "Person") -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "person": person,
        "holdings": holdings_of(person, today),
        "terms": terms(person.institution_id, person_ids=[person.pk]),
        "delegations": delegations(person.institution_id, person_id=person.pk)[:10],
        "today": today,
        "reason_form": ReasonForm(),
        "trail": entries_about(
            code_of(request),
            "organisation.person",
            str(person.pk),
            limit=20,
        ),
    }


@manages
@require_safe
def person_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a person: facts, positions now and before, delegations, what was done."""
    return render(request, "web/organisation/person.html", _context(request, _person(request, pk)))


@manages
@require_http_methods(["GET", "HEAD", "POST"])
def person_new(request: HttpRequest) -> HttpResponse:
    """Register a person."""
    form = PersonForm(posted(request))
    return form_page(
        request,
        form,
        service=lambda: services.create_person(
            actor=manager(request), institution_id=institution_of(request), now=timezone.now(), **form.cleaned_data
        ),
        said=lambda person: _("已登记「%(name)s」。还要给一次性密码才能登录。") % {"name": person.name},
        leads=lambda person: redirect("organisation:person", person.pk),
        context=lambda: {
            "people": True,
            "title": _("登记人员"),
            "sub": _("一次登记很多人，用导入。"),
            "verb": _("登记"),
            "icon": "user-plus",
        },
    )


@manages
@require_http_methods(["GET", "HEAD", "POST"])
def person_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a person's name, user name or contact details."""
    person = _person(request, pk)
    initial = {field: getattr(person, field) for field in ("name", "username", "mobile", "email")}
    form = PersonForm(posted(request), initial=initial, existing=True)
    return form_page(
        request,
        form,
        service=lambda: services.change_person(
            actor=manager(request), person_id=person.pk, now=timezone.now(), **form.cleaned_data
        ),
        said=lambda changed: _("已改好「%(name)s」的资料。") % {"name": changed.name},
        leads=lambda changed: redirect("organisation:person", changed.pk),
        context=lambda: {
            "people": True,
            "title": _("改「%(name)s」的资料") % {"name": person.name},
            "verb": _("存下改动"),
            "icon": "check",
        },
    )


@never_cache
@manages
@require_POST
@sensitive_variables("password")
def person_password(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a one-time password and show it, once."""
    person = _person(request, pk)
    password = services.set_one_time_password(actor=manager(request), person_id=person.pk, now=timezone.now())
    person.refresh_from_db()
    context = _context(request, person) | {"one_time_password": password}
    return render(request, "web/organisation/person.html", context)


@manages
@require_POST
def person_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a person from signing in, or let them again; with the reason."""
    person = _person(request, pk)
    service = services.deactivate_person if person.is_active else services.reactivate_person
    form = ReasonForm(request.POST)
    said = {True: _("「%(name)s」可以登录了。"), False: _("「%(name)s」已停用登录。")}
    return form_page(
        request,
        form,
        service=lambda: service(
            actor=manager(request), person_id=person.pk, reason=form.cleaned_data["reason"], now=timezone.now()
        ),
        said=lambda changed: said[changed.is_active] % {"name": changed.name},
        leads=lambda changed: redirect("organisation:person", changed.pk),
        context=lambda: _context(request, person),
        template="web/organisation/person.html",
        name="reason_form",
    )
