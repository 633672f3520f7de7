"""The library of rules (制度库): text, articles, versions, comparison, map, acknowledgement, interpretations."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xianshen.common.components import Tab
from xianshen.common.errors import PermissionDenied
from xianshen.common.states import Face
from xianshen.organisation.selectors import actor_in, institution_for_host
from xianshen.regulation import articlemap, selectors, services
from xianshen.regulation.diffs import ChangeKind, compare_versions
from xianshen.regulation.forms import InterpretationForm
from xianshen.regulation.models import PolicyVersion
from xianshen.regulation.permissions import may_interpret, may_see_readers
from xianshen.regulation.schema import NotInPolicy, Policy

PER_PAGE = 50
READ = Face(_lazy("已阅知"), "ok", "circle-check")
IN_FORCE = Face(_lazy("现行"), "ok", "circle-check")


def _institution_id(request: HttpRequest) -> int:
    """Return the person's institution, or for the public the one served under this host name."""
    if request.user.is_authenticated:
        return request.user.institution_id
    institution = institution_for_host(request.get_host().split(":")[0])
    if institution is None:
        raise Http404
    return institution.pk


def _day(request: HttpRequest) -> date:
    """Return the day that the address asks for, else today."""
    wanted = request.GET.get("on", "")
    if not wanted:
        return timezone.localdate()
    try:
        return date.fromisoformat(wanted)
    except ValueError:
        raise Http404 from None


def _frame(request: HttpRequest) -> dict[str, Any]:
    """Return what the pages share: the frame for members or for the public."""
    return {"frame": "base.html" if request.user.is_authenticated else "base_public.html"}


def _stored(institution_id: int, version_id: int) -> PolicyVersion:
    try:
        return selectors.version_of(institution_id, version_id)
    except PolicyVersion.DoesNotExist:
        raise Http404 from None


@require_safe
def current(request: HttpRequest) -> HttpResponse:
    """Show the text in force today, or on the day that the address asks for."""
    institution_id, on = _institution_id(request), _day(request)
    try:
        policy = selectors.policy_on(institution_id, on)
    except selectors.NoPolicyInForce:
        context = {"versions": list(reversed(selectors.versions_of(institution_id))), "on": on, **_frame(request)}
        return render(request, "regulation/none.html", context)
    return _text(request, institution_id, policy, on)


@require_safe
def version(request: HttpRequest, version_id: int) -> HttpResponse:
    """Show the text of one version."""
    institution_id = _institution_id(request)
    stored = _stored(institution_id, version_id)
    return _text(
        request, institution_id, selectors.policy_version(stored.pk), max(stored.effective_from, _day(request))
    )


def _text(request: HttpRequest, institution_id: int, policy: Policy, on: date) -> HttpResponse:
    today = timezone.localdate()
    in_force = selectors.version_on(institution_id, today)
    versions = selectors.versions_of(institution_id)
    counts = (
        selectors.interpretations_of(institution_id).order_by("article").values_list("article").annotate(Count("pk"))
    )
    earlier = [item for item in versions if item.effective_from < policy.effective_from]
    grants = getattr(request, "grants", None)
    context = {
        "policy": policy,
        "on": on,
        "today": today,
        "versions": list(reversed(versions)),
        "in_force": in_force,
        "is_current": in_force is not None and in_force.version_id == policy.version_id,
        "is_coming": policy.effective_from > today,
        "previous": earlier[-1] if earlier else None,
        "interpreted": dict(counts),
        "read_face": READ,
        "in_force_face": IN_FORCE,
        "may_see_readers": bool(grants and may_see_readers(grants)),
        "read": (
            selectors.acknowledged_at(policy.version_id, request.user.pk) if request.user.is_authenticated else None
        ),
        **_frame(request),
    }
    return render(request, "regulation/current.html", context)


@require_safe
def article(request: HttpRequest, number: int) -> HttpResponse:
    """Show an article as it read on a day: for the drawer, or as a page of its own."""
    institution_id, on = _institution_id(request), _day(request)
    try:
        policy = selectors.policy_on(institution_id, on)
        found = policy.article(number)
    except (selectors.NoPolicyInForce, NotInPolicy):
        raise Http404 from None
    numbers = list(policy.articles)
    place = numbers.index(number)
    context = {
        "policy": policy,
        "article": found,
        "chapter": policy.chapter_of(number),
        "rules": policy.rules_of(number),
        "on": on,
        "is_today": on == timezone.localdate(),
        "interpretations": list(selectors.interpretations_of(institution_id, number)),
        "before": policy.article(numbers[place - 1]) if place else None,
        "after": policy.article(numbers[place + 1]) if place + 1 < len(numbers) else None,
        **_frame(request),
    }
    drawer = bool(getattr(request, "htmx", False)) and not request.htmx.boosted  # type: ignore[attr-defined]
    response = render(request, "regulation/_article.html" if drawer else "regulation/article.html", context)
    response.headers["Vary"] = ", ".join(filter(None, (response.headers.get("Vary"), "HX-Request")))
    return response


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Compare two versions, article by article; without a choice the one in force with the one before it."""
    institution_id = _institution_id(request)
    versions = selectors.versions_of(institution_id)
    before, after = _pair(request, institution_id, versions)
    context: dict[str, Any] = {
        "versions": list(reversed(versions)),
        "before": before,
        "after": after,
        **_frame(request),
    }
    if before and after:
        changes = compare_versions(
            selectors.policy_version(before.version_id), selectors.policy_version(after.version_id)
        )
        context["changes"] = changes
        context["changed"] = [change for change in changes if change.kind != ChangeKind.UNCHANGED]
        context["unchanged"] = len(changes) - len(context["changed"])
    return render(request, "regulation/compare.html", context)


def _pair(
    request: HttpRequest, institution_id: int, versions: tuple[selectors.VersionDates, ...]
) -> tuple[selectors.VersionDates | None, selectors.VersionDates | None]:
    """Return the two versions to compare, the earlier first."""
    known = {str(item.version_id): item for item in versions}
    chosen = []
    for name in ("before", "after"):
        wanted = request.GET.get(name)
        if wanted is not None and wanted not in known:
            raise Http404
        chosen.append(known[wanted] if wanted is not None else None)
    before, after = chosen
    if after is None:
        after = selectors.version_on(institution_id, timezone.localdate()) or (versions[-1] if versions else None)
    if before is None and after is not None:
        earlier = [item for item in versions if item.effective_from < after.effective_from]
        before = earlier[-1] if earlier else None
    if before and after and before.effective_from > after.effective_from:
        before, after = after, before
    return before, after


@require_safe
def article_map(request: HttpRequest) -> HttpResponse:
    """Show what follows from each article, who carries it out, where, and what proves it."""
    institution_id = _institution_id(request)
    on = _day(request)
    policy = selectors.policy_on(institution_id, on)
    rows = articlemap.build(policy)
    every = [rule for row in rows for rule in row.rules]
    context = {
        "policy": policy,
        "on": on,
        "rows": rows,
        "rules": len(every),
        "software": sum(rule.by_software for rule in every),
        **_frame(request),
    }
    return render(request, "regulation/map.html", context)


@login_required
@require_POST
def acknowledge(request: HttpRequest, version_id: int) -> HttpResponse:
    """Note that the person has read the version."""
    stored = _stored(_institution_id(request), version_id)
    now = timezone.now()
    services.acknowledge(actor=_actor(request), version_id=stored.pk, now=now)
    messages.success(
        request, _("已记下：你读过《%(title)s》%(label)s 版。") % {"title": stored.title, "label": stored.label}
    )
    return redirect("regulation:version", version_id=stored.pk)


@login_required
@require_safe
def readers(request: HttpRequest, version_id: int) -> HttpResponse:
    """List who has not read a version, or who has; for whoever keeps the policy."""
    decision = may_see_readers(request.grants)  # type: ignore[attr-defined]
    if not decision:
        raise PermissionDenied.from_denied(decision)
    institution_id = _institution_id(request)
    stored = _stored(institution_id, version_id)
    done = request.GET.get("done") == "1"
    query = request.GET.get("q", "")[:100]
    missing = selectors.unacknowledged(institution_id, stored.pk, query=query)
    read = selectors.acknowledged_by(institution_id, stored.pk)
    if query:
        read = read.filter(person__name__icontains=query.replace("\x00", ""))
    address = request.path
    context = {
        "version": stored,
        "done": done,
        "query": query,
        "page": Paginator(read if done else missing, PER_PAGE).get_page(request.GET.get("page")),
        "tabs": [
            Tab(_("没有读的"), address, missing.count(), current=not done),
            Tab(_("读过的"), f"{address}?done=1", read.count(), current=done),
        ],
        **_frame(request),
    }
    return render(request, "regulation/readers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def interpret(request: HttpRequest, number: int) -> HttpResponse:
    """Show the Office's interpretations of an article; the Office publishes further ones here."""
    institution_id = _institution_id(request)
    today = timezone.localdate()
    try:
        policy = selectors.policy_on(institution_id, today)
        found = policy.article(number)
    except (selectors.NoPolicyInForce, NotInPolicy):
        raise Http404 from None
    decision = may_interpret(request.grants) if request.user.is_authenticated else None  # type: ignore[attr-defined]
    form = InterpretationForm(request.POST or None)
    if request.method == "POST":
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if form.is_valid() and _publish(request, number, form):
            messages.success(request, _("已发布%(label)s的解释。") % {"label": found.label})
            return redirect("regulation:interpret", number=number)
    context = {
        "policy": policy,
        "article": found,
        "on": today,
        "interpretations": list(selectors.interpretations_of(institution_id, number)),
        "form": form if decision else None,
        **_frame(request),
    }
    return render(request, "regulation/interpret.html", context, status=422 if form.errors else 200)


def _publish(request: HttpRequest, number: int, form: InterpretationForm) -> bool:
    try:
        services.publish_interpretation(
            actor=_actor(request), article=number, text=form.cleaned_data["text"], now=timezone.now()
        )
    except ValidationError as error:
        form.add_error("text", error.messages)
        return False
    return True


def _actor(request: HttpRequest) -> Any:
    holdings = request.grants.holdings  # type: ignore[attr-defined]
    return actor_in(request.user, holdings[0] if holdings else None)  # type: ignore[arg-type]
