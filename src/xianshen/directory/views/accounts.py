"""The list, verification, and the public page of one account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from xianshen.common.codes import normalise_code
from xianshen.common.components import Fact, Option
from xianshen.common.language import local
from xianshen.common.zhdates import zh_datetime
from xianshen.directory.cards import answer_words, facts_of, standing_words
from xianshen.directory.certificate import render_certificate
from xianshen.directory.enums import MatchedBy, Verdict
from xianshen.directory.listing import (
    Counts,
    ListFilter,
    PublicAccount,
    count_accounts,
    filtered,
    listed_accounts,
    policy_or_none,
    tier_name,
)
from xianshen.directory.verifying import INPUT_LIMIT, Desk, Verification
from xianshen.directory.views._shared import considerate, institution_of
from xianshen.registry.enums import AccountState
from xianshen.regulation.schema import Policy

PER_PAGE = 24


@dataclass(frozen=True, slots=True)
class Pill:
    """A filter of the list that is one click away."""

    label: str
    url: str
    count: int
    on: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A listed account as an answer: one sentence, what follows from its state, and the facts."""

    account: PublicAccount
    answer: str
    standing: str
    facts: tuple[Fact, ...]
    seal: str
    checked: str

    @property
    def tone(self) -> str:
        return "ok" if self.account.answer.allowed else self.account.face.tone

    @property
    def icon(self) -> str:
        return Verdict.GENUINE.face.icon if self.account.answer.allowed else self.account.face.icon


def card_of(account: PublicAccount, institution: str, now: datetime) -> Card:
    """Return an account as the answer card shows it."""
    return Card(
        account=account,
        answer=answer_words(account, institution),
        standing=standing_words(account),
        facts=facts_of(account, now),
        seal=_("%(name)s新媒体") % {"name": institution} if account.answer.allowed else "",
        checked=zh_datetime(now, year=True),
    )


def _pills(request: HttpRequest, wanted: ListFilter, counts: Counts, policy: Policy | None) -> list[Pill]:
    def address(tier: int | None) -> str:
        query = request.GET.copy()
        for name in ("tier", "page"):
            query.pop(name, None)
        if tier:
            query["tier"] = str(tier)
        return f"?{query.urlencode()}"

    pills = [Pill(_("全部"), address(None), counts.total, wanted.tier is None)]
    for number in sorted(counts.by_tier):
        label = _("%(tier)s平台") % {"tier": local(tier_name(number, policy))}
        pills.append(Pill(label, address(number), counts.by_tier[number], wanted.tier == number))
    return pills


def _platform_options(counts: Counts, policy: Policy | None) -> list[Option]:
    known = {spec.code: spec.name for spec in policy.platforms} if policy else {}
    order = list(known)
    codes = sorted(counts.by_platform, key=lambda code: (order.index(code) if code in known else len(order), code))
    return [Option(code, local(known.get(code, code)), counts.by_platform[code]) for code in codes]


@require_safe
@considerate
def account_list(request: HttpRequest) -> HttpResponse:
    """List the accounts on record, with filters in the address."""
    institution = institution_of(request)
    on = timezone.localdate()
    policy = policy_or_none(institution.pk, on)
    wanted = ListFilter.cleaned(
        q=request.GET.get("q", ""),
        platform=request.GET.get("platform", ""),
        tier=request.GET.get("tier", ""),
        state=request.GET.get("state", ""),
    )
    page = Paginator(filtered(institution.pk, wanted, policy), PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "wanted": wanted,
        "page": page,
        "accounts": listed_accounts(list(page.object_list), wanted, policy, on),
        "more": min(PER_PAGE, page.paginator.count - page.end_index()),
    }
    if request.htmx and not request.htmx.history_restore_request:  # type: ignore[attr-defined]
        return render(request, "directory/_rows.html", {**context, "appended": True})
    counts = count_accounts(institution.pk)
    context |= {
        "counts": counts,
        "pills": _pills(request, wanted, counts, policy),
        "platforms": _platform_options(counts, policy),
        "states": [
            Option(state.value, state.label, counts.by_state[state.value])
            for state in AccountState
            if state.value in counts.by_state
        ],
        "filtered": wanted != ListFilter(),
        "downloads": request.GET.urlencode(),
    }
    return render(request, "directory/list.html", context)


@require_safe
@considerate
def verify(request: HttpRequest) -> HttpResponse:
    """Answer whether what somebody typed is an account of the institution."""
    institution = institution_of(request)
    now = timezone.now()
    typed = request.GET.get("q", "")[: INPUT_LIMIT + 1]
    context: dict[str, Any] = {"typed": typed, "found": None, "too_long": len(typed) > INPUT_LIMIT}
    if typed.strip() and not context["too_long"]:
        found = Desk(institution, timezone.localdate(now)).by_text(typed)
        if found.value:
            context |= _result(found, institution.name, now)
    return render(request, "directory/verify.html", context)


def _result(found: Verification, institution: str, now: datetime) -> dict[str, Any]:
    return {
        "found": found,
        "face": found.verdict.face,
        "cards": [card_of(one, institution, now) for one in found.accounts],
        "by": MatchedBy(found.by).label,
        "checked": zh_datetime(now, year=True),
        "report_url": f"{reverse('directory:report')}?{_prefill(found)}",
    }


def _prefill(found: Verification) -> str:
    field = "link" if found.by in {MatchedBy.URL, MatchedBy.HANDLE} else "name"
    return urlencode({field: found.value[:120]})


def _shown(request: HttpRequest, code: str) -> tuple[PublicAccount, str]:
    """Fetch an account of the institution by its code, however written, or raise 404."""
    institution = institution_of(request)
    desk = Desk(institution, timezone.localdate())
    account = desk.with_code(code)
    if account is None:
        raise Http404
    return desk.face_of(account), institution.name


@require_safe
def account(request: HttpRequest, code: str) -> HttpResponse:
    """Show the public page of one account."""
    shown, institution = _shown(request, code)
    if shown.code != code:
        return redirect("directory:account", code=normalise_code(code))
    now = timezone.now()
    return render(request, "directory/account.html", {"card": card_of(shown, institution, now)})


@require_safe
@considerate
def certificate(request: HttpRequest, code: str) -> HttpResponse:
    """Give the printable voucher of one account: what held at the time, and the code to check again."""
    shown, institution = _shown(request, code)
    now = timezone.localtime().replace(second=0, microsecond=0)
    card = card_of(shown, institution, now)
    content = render_certificate(
        institution=institution,
        title=shown.name,
        answer=card.answer,
        standing=card.standing or _("现在%(state)s。") % {"state": shown.state_words},
        facts=[(str(fact.label), str(fact.value)) for fact in card.facts],
        code=shown.code,
        url=shown.verify_url,
        good=shown.answer.allowed,
        at=now,
    )
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{shown.code}.pdf"'
    patch_cache_control(response, public=True, max_age=60)
    answer = get_conditional_response(request, response=response)
    assert isinstance(answer, HttpResponse)
    return answer
