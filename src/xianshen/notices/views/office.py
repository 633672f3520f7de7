"""What the Office sees and changes: what was sent, robots, wordings, and the outbox of an installation on trial."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xianshen.common.components import Tab
from xianshen.notices import services
from xianshen.notices.channels.mail import compose
from xianshen.notices.composing import Wordings, Words, digest_of, email_of, robot_words, sample_of
from xianshen.notices.enums import FINAL, Channel, DeliveryState, NoticeKind, RobotService
from xianshen.notices.forms import RobotForm, WordingForm
from xianshen.notices.html import paragraphs
from xianshen.notices.models import Delivery, KeptMessage
from xianshen.notices.selectors import (
    count_deliveries,
    deliveries_in,
    delivery_of,
    kept_in,
    robots_in,
    unit_choices,
    wordings_in,
)
from xianshen.notices.services.robots import RobotValues
from xianshen.notices.views.shared import PER_PAGE, attempt, institution_of, manages, sending, who
from xianshen.notices.wording import clean_words, placeholders

# ── what was sent ────────────────────────────────────


@manages
@require_safe
def delivery_list(request: HttpRequest) -> HttpResponse:
    """List what was sent, what waits, and what did not arrive."""
    institution_id = institution_of(request)
    counts = count_deliveries(institution_id)
    asked = {name: request.GET.get(name, "") for name in ("state", "channel", "kind", "sort")}
    query = request.GET.get("q", "").strip()[:100]
    found = deliveries_in(institution_id, query=query, **asked)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    tabs = [Tab(_("全部"), "?", sum(counts.values()), not asked["state"])]
    tabs += [
        Tab(state.label, f"?state={state.value}", counts.get(state.value, 0), asked["state"] == state.value)
        for state in DeliveryState
        if counts.get(state.value) or state in {DeliveryState.WAITING, DeliveryState.SENT, DeliveryState.FAILED}
    ]
    context = {
        "page": page,
        "tabs": tabs,
        "failed": counts.get(DeliveryState.FAILED.value, 0),
        "waiting": counts.get(DeliveryState.WAITING.value, 0),
        "any": bool(counts),
        "filtered": bool(query or any(asked[name] for name in ("state", "channel", "kind"))),
        "channels": Channel.choices,
        "kinds": NoticeKind.choices,
        **sending(),
    }
    return render(request, "notices/deliveries.html", context)


def _delivery(request: HttpRequest, pk: int) -> Delivery:
    try:
        return delivery_of(institution_of(request), pk)
    except Delivery.DoesNotExist:
        raise Http404 from None


@manages
@require_safe
def delivery_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one delivery: what it says, what became of it, and why."""
    delivery = _delivery(request, pk)
    context = {"delivery": delivery, "ended": delivery.state in FINAL, **_shown(delivery), **sending()}
    template = "notices/_fate.html" if request.headers.get("HX-Request") else "notices/delivery.html"
    return render(request, template, context)


def _shown(delivery: Delivery) -> dict[str, Any]:
    """Return the message of a delivery as it would look today."""
    wordings = Wordings.of({delivery.institution_id})
    if delivery.channel == Channel.ROBOT:
        return {"subject": "", "body": paragraphs(robot_words(delivery, wordings)[0])}
    message = digest_of([delivery], wordings) if delivery.digest else email_of(delivery, wordings)
    return {"subject": message.subject, "body": paragraphs(message.text)}


@manages
@require_POST
def delivery_resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one delivery again."""
    delivery = _delivery(request, pk)
    if services.resend(delivery_id=delivery.pk, **who(request)):
        messages.success(request, _("已重新排队，马上再寄。"))
    else:
        messages.info(request, _("这一条没有停在没寄到，不用重寄。"))
    return redirect("notices:delivery", delivery.pk)


@manages
@require_POST
def resend_all(request: HttpRequest) -> HttpResponse:
    """Send again everything that did not arrive."""
    count = services.resend(**who(request))
    said = ngettext("%(count)s 条重新排队，一分钟内再寄。", "%(count)s 条重新排队，一分钟内再寄。", count)
    messages.success(request, said % {"count": count})
    return redirect("notices:deliveries")


# ── robots ───────────────────────────────────────────


@manages
@require_safe
def channel_list(request: HttpRequest) -> HttpResponse:
    """Show the ways out: e-mail as the server is set up, and group robots."""
    robots = robots_in(institution_of(request))
    return render(request, "notices/channels.html", {"robots": robots, **sending()})


def _values(form: RobotForm, *, enabled: bool) -> RobotValues:
    given = form.cleaned_data
    return RobotValues(
        name=given["name"],
        unit_id=given["unit"],
        kinds=given["kinds"],
        enabled=enabled,
        quiet_from=given["quiet_from"],
        quiet_until=given["quiet_until"],
    )


@never_cache
@sensitive_post_parameters("address", "secret")
@manages
@require_http_methods(["GET", "HEAD", "POST"])
def robot_new(request: HttpRequest) -> HttpResponse:
    """Add a group robot."""
    units = unit_choices(institution_of(request))
    form = RobotForm(request.POST if request.method == "POST" else None, units=units)
    if request.method == "POST" and form.is_valid():
        robot = attempt(
            form,
            lambda: services.add_robot(
                service=RobotService(form.cleaned_data["service"]),
                address=form.cleaned_data["address"],
                secret=form.cleaned_data["secret"],
                values=_values(form, enabled=True),
                **who(request),
            ),
        )
        if robot is not None:
            messages.success(request, _("已添加「%(name)s」。发一条测试，看群里收不收得到。") % {"name": robot.name})
            return redirect("notices:channels")
    context = {"form": form, "title": _("添加群机器人"), "verb": _("添加机器人"), "icon": "plus"}
    return render(request, "notices/robot.html", context, status=422 if form.errors else 200)


@never_cache
@sensitive_post_parameters("address", "secret")
@manages
@require_http_methods(["GET", "HEAD", "POST"])
def robot_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a group robot."""
    robot = get_object_or_404(robots_in(institution_of(request)), pk=pk)
    initial = {
        "name": robot.name,
        "unit": robot.unit_id,
        "kinds": robot.kinds,
        "quiet_from": robot.quiet_from,
        "quiet_until": robot.quiet_until,
        "enabled": robot.enabled,
    }
    units = unit_choices(robot.institution_id)
    form = RobotForm(request.POST if request.method == "POST" else None, units=units, existing=True, initial=initial)
    if request.method == "POST" and form.is_valid():
        changed = attempt(
            form,
            lambda: services.change_robot(
                robot_id=robot.pk,
                values=_values(form, enabled=form.cleaned_data["enabled"]),
                address=form.cleaned_data["address"],
                secret=form.cleaned_data["secret"],
                **who(request),
            ),
        )
        if changed is not None:
            messages.success(request, _("已存下「%(name)s」的改动。") % {"name": changed.name})
            return redirect("notices:channels")
    context = {
        "form": form,
        "robot": robot,
        "title": _("改「%(name)s」") % {"name": robot.name},
        "verb": _("存下改动"),
        "icon": "check",
    }
    return render(request, "notices/robot.html", context, status=422 if form.errors else 200)


@manages
@require_POST
def robot_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a group robot."""
    robot = get_object_or_404(robots_in(institution_of(request)), pk=pk)
    services.remove_robot(robot_id=robot.pk, **who(request))
    messages.success(request, _("已移除「%(name)s」。群里的机器人还在，要到群设置里删。") % {"name": robot.name})
    return redirect("notices:channels")


@manages
@require_POST
def robot_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a robot say that it works, and show what becomes of it."""
    robot = get_object_or_404(robots_in(institution_of(request)), pk=pk)
    delivery = services.send_robot_test(robot_id=robot.pk, **who(request))
    return redirect("notices:delivery", delivery.pk)


# ── wordings ─────────────────────────────────────────


def _language(request: HttpRequest) -> str:
    asked = request.GET.get("language", "")
    return asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


@manages
@require_safe
def wording_list(request: HttpRequest) -> HttpResponse:
    """List the words of every kind, in a channel and language."""
    asked = request.GET.get("channel", "")
    channel = Channel(asked) if asked in Channel.values else Channel.EMAIL
    language = _language(request)
    tabs = [
        Tab(label, f"?channel={one}&language={code}", None, channel == one and language == code)
        for one in Channel
        for code, label in _tongues(one)
    ]
    rows = wordings_in(institution_of(request), channel, language)
    context = {"rows": rows, "tabs": tabs, "channel": channel, "language": language}
    return render(request, "notices/wordings.html", context)


def _tongues(channel: Channel) -> list[tuple[str, str]]:
    """Return the languages of a channel: a group has no reader whose language one could follow."""
    if channel == Channel.ROBOT:
        return [(settings.LANGUAGE_CODE, str(channel.label))]
    return [(code, f"{channel.label} · {name}") for code, name in settings.LANGUAGES]


@manages
@require_http_methods(["GET", "HEAD", "POST"])
def wording_edit(request: HttpRequest, kind: str, channel: str, language: str) -> HttpResponse:
    """Change the words of a kind, look at them filled with examples, or go back to the product's."""
    if kind not in NoticeKind.values or channel not in Channel.values or language not in dict(settings.LANGUAGES):
        raise Http404
    about, way = NoticeKind(kind), Channel(channel)
    row = next(one for one in wordings_in(institution_of(request), way, language) if one.kind == about)
    mail = way == Channel.EMAIL
    form = WordingForm(mail=mail, initial={"subject": row.words.subject, "body": row.words.body})
    where: dict[str, Any] = {"kind": about, "channel": way, "language": language}
    words, wanted = row.words, request.POST.get("act", "")
    if request.method == "POST" and wanted == "reset":
        services.reset_wording(**where, **who(request))
        messages.success(request, _("「%(kind)s」恢复了原来的用语。") % {"kind": about.label})
        return redirect("notices:wordings")
    if request.method == "POST":
        form = WordingForm(request.POST, mail=mail)
        if form.is_valid():
            given = (form.cleaned_data.get("subject", ""), form.cleaned_data["body"])
            checked = attempt(form, lambda: clean_words(about, way, *given))
            if checked is not None:
                words = Words(*checked)
                if wanted == "save":
                    services.save_wording(**where, subject=words.subject, body=words.body, **who(request))
                    messages.success(request, _("已存下「%(kind)s」的用语。") % {"kind": about.label})
                    return redirect("notices:wordings")
    sample = sample_of(
        institution=request.user.institution,  # type: ignore[union-attr]
        person=request.user,  # type: ignore[arg-type]
        words=words,
        on=timezone.localdate(),
        **where,
    )
    context = {
        "form": form,
        "row": row,
        "kind": about,
        "channel": way,
        "language_name": dict(settings.LANGUAGES)[language],
        "known": [(f"{{{name}}}", label) for name, label in placeholders(about, way).items()],
        "subject": sample.subject,
        "body": paragraphs(sample.text),
        "tried": wanted == "preview" and not form.errors,
    }
    return render(request, "notices/wording.html", context, status=422 if form.errors else 200)


# ── outbox ───────────────────────────────────────────


@manages
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """List the messages that were kept instead of sent, newest first."""
    query = request.GET.get("q", "").strip()[:100]
    channel = request.GET.get("channel", "")
    found = kept_in(institution_of(request), channel=channel, query=query)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "channels": Channel.choices, "filtered": bool(query or channel), **sending()}
    return render(request, "notices/outbox.html", context)


@manages
@require_safe
def kept_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one kept message as its receiver would see it, and as it would travel."""
    message: KeptMessage = get_object_or_404(kept_in(institution_of(request)), pk=pk)
    context = {"message": message, "body": paragraphs(message.text), "source": _source(message), **sending()}
    return render(request, "notices/kept.html", context)


def _source(message: KeptMessage) -> str:
    """Return the e-mail as the mail server would get it; for a robot the text."""
    if message.channel != Channel.EMAIL:
        return message.text
    from xianshen.notices.channels.base import Message

    letter = compose(Message(message.receiver, message.subject, message.text, f"kept.{message.pk}"))
    return letter.message().as_string()
