"""Everybody's delegations: whom I let act for me, for whom I act."""

from datetime import date
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xianshen.common.actors import Actor
from xianshen.common.components import Tab
from xianshen.common.language import local
from xianshen.common.states import Face
from xianshen.organisation import services
from xianshen.organisation.enums import MANAGE
from xianshen.organisation.selectors import actor_in, delegations, live_delegations
from xianshen.web.organisation_forms import DelegationForm
from xianshen.web.views.organisation.base import PER_PAGE, form_page, institution_of, posted

if TYPE_CHECKING:
    from xianshen.organisation.models import Delegation


@login_required
@require_safe
def delegation_list(request: HttpRequest) -> HttpResponse:
    """List the person's own delegations; those who keep the organisation's data see everybody's."""
    person, today = request.user, timezone.localdate()
    institution_id = institution_of(request)
    may_see_all = request.grants.has(MANAGE)  # type: ignore[attr-defined]
    everybody = may_see_all and request.GET.get("view") == "all"
    found = delegations(institution_id, person_id=None if everybody else person.pk)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    listed = list(page)
    live = set(live_delegations(today).filter(pk__in=[one.pk for one in listed]).values_list("pk", flat=True))
    tabs = []
    if may_see_all:
        mine = delegations(institution_id, person_id=person.pk).count()
        tabs = [
            Tab(_("和我有关的"), "?", count=mine, current=not everybody),
            Tab(_("全校"), "?view=all", count=delegations(institution_id).count(), current=everybody),
        ]
    rows = [
        {
            "delegation": one,
            "face": _face(one, today, live),
            "revocable": one.revoked_at is None
            and one.ends_on >= today
            and (one.principal_id == person.pk or may_see_all),
            "mine": one.principal_id == person.pk,
        }
        for one in listed
    ]
    context = {
        "page": page,
        "rows": rows,
        "tabs": tabs,
        "own": _own(request),
        "acting": [holding for holding in request.grants.holdings if holding.delegation],  # type: ignore[attr-defined]
    }
    return render(request, "web/organisation/delegations.html", context)


def _face(one: "Delegation", today: date, live: set[int]) -> Face:
    if one.revoked_at is not None:
        return Face(_("已撤回"), "idle", "arrow-back-up")
    if one.ends_on < today:
        return Face(_("已到期"), "idle", "archive")
    if one.starts_on > today:
        return Face(_("还没开始"), "wait", "hourglass")
    if one.pk in live:
        return Face(_("代办中"), "ok", "circle-check")
    return Face(_("暂不生效：委托人不在任，或有一方已停用"), "soon", "alert-triangle")


def _own(request: HttpRequest) -> list[tuple[int, str]]:
    """Return the positions that the person holds themselves."""
    return [
        (holding.position.pk, f"{holding.unit.name} {local(holding.position.title)}")
        for holding in request.grants.holdings  # type: ignore[attr-defined]
        if holding.delegation is None
    ]


def _actor(request: HttpRequest, position_id: int) -> Actor:
    """Return the person in the position concerned, else in one that keeps the data, else in their first."""
    holdings = request.grants.holdings  # type: ignore[attr-defined]
    own = [h for h in holdings if h.position.pk == position_id and h.delegation is None]
    managing = request.grants.having(MANAGE)  # type: ignore[attr-defined]
    chosen = [*own, *managing, *holdings]
    return actor_in(request.user, chosen[0] if chosen else None)  # type: ignore[arg-type]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delegation_new(request: HttpRequest) -> HttpResponse:
    """Let somebody decide in one's own position for a while."""
    today = timezone.localdate()
    own = _own(request)
    form = DelegationForm(
        posted(request),
        initial={"starts_on": today, "position": request.GET.get("position", "")},
        institution_id=institution_of(request),
        positions=own,
    )

    def give() -> "Delegation":
        data = form.cleaned_data
        position_id = int(data["position"])
        return services.delegate(
            actor=_actor(request, position_id),
            position_id=position_id,
            delegate_id=data["delegate"].pk,
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
            reason=data["reason"],
            now=timezone.now(),
        )

    return form_page(
        request,
        form,
        service=give,
        said=lambda _given: _("已委托「%(name)s」代办。") % {"name": form.cleaned_data["delegate"].name},
        leads=lambda _given: redirect("organisation:delegations"),
        context=lambda: {"own": own},
        template="web/organisation/delegation_new.html",
    )


@login_required
@require_POST
def delegation_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a delegation back at once; a stranger's is not found."""
    person_id = None if request.grants.has(MANAGE) else request.user.pk  # type: ignore[attr-defined]
    delegation = get_object_or_404(delegations(institution_of(request), person_id=person_id), pk=pk)
    services.revoke_delegation(
        actor=_actor(request, delegation.position_id), delegation_id=delegation.pk, now=timezone.now()
    )
    messages.success(request, _("委托已撤回，马上失效。"))
    return redirect("organisation:delegations")
