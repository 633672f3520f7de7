"""Pages for refusals and failures: what is wrong, why (which article), what next."""

import sys
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.core.exceptions import DisallowedHost, RequestDataTooBig, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import REASON_BAD_ORIGIN, REASON_BAD_REFERER
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from xianshen.common.errors import Refusal
from xianshen.web import kept
from xianshen.web.context import Shell

API_PREFIX = "/api/"
DATABASE_AWAY = (OperationalError, InterfaceError)


def _back(request: HttpRequest) -> str:
    """Return the page of this site that led here, or the home page; also for a host name that is not served."""
    try:
        came_from = urlsplit(request.headers.get("Referer") or "")
        own = came_from.netloc == request.get_host()
    except (ValueError, DisallowedHost):
        return "/"
    if not own or came_from.path == request.path:
        return "/"
    return urlunsplit(("", "", came_from.path, came_from.query, ""))


def page(
    request: HttpRequest,
    *,
    status: int,
    title: str,
    reason: str,
    what_next: str = "",
    rule: str = "",
    form: kept.KeptForm | None = None,
    resend: str = "",
    problems: list[str] | None = None,
    plain: bool = False,
) -> HttpResponse:
    """Render an error page.

    Args:
        request: the request.
        status: HTTP status.
        title: what happened, in a few words.
        reason: why.
        what_next: what to do now.
        rule: id of the rule cited.
        form: what was posted, to be shown again.
        resend: verb of the button that sends it again; without it the content is only shown.
        problems: single findings.
        plain: ask the database for nothing.
    """
    if request.path.startswith(API_PREFIX):
        return JsonResponse({"detail": reason, "rule": rule, "problems": problems or []}, status=status)
    if getattr(request, "htmx", False):
        return toast(request, text=f"{title}。{reason}" if plain else reason, status=status, rule=rule)
    context: dict[str, Any] = {
        "status": status,
        "heading": title,
        "reason": reason,
        "what_next": what_next,
        "rule": rule,
        "form": form,
        "resend": resend,
        "problems": problems or [],
        "back": _back(request),
    }
    if plain:
        context |= {"shell": Shell(request, plain=True), "institution": None, "cite": None, "user": None}
        context["base"] = "base_public.html"
    else:
        signed_in = getattr(request, "user", None) is not None and request.user.is_authenticated
        context["base"] = "base.html" if signed_in else "base_public.html"
    return render(request, "web/error.html", context, status=status)


def toast(
    request: HttpRequest, *, text: str, status: int, rule: str = "", url: str = "", link: str = "", blank: bool = False
) -> HttpResponse:
    """Return a fragment that HTMX appends to the toasts, leaving the page as it is."""
    html = render_to_string(
        "web/_toast.html",
        {"text": text, "rule": rule, "tone": "error", "url": url, "link": link, "blank": blank},
        request=request,
    )
    response = HttpResponse(html, status=status)
    response["HX-Retarget"] = "#toasts"
    response["HX-Reswap"] = "beforeend"
    return response


def _form(request: HttpRequest) -> kept.KeptForm | None:
    return kept.posted(request) if request.method == "POST" else None


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer a refusal of a service: 403 or 409."""
    if refusal.status == 409:
        title, what_next = _("情况已经变了"), _("回到那一页看看现在到哪一步。你写的内容在下面，没有丢。")
    else:
        title, what_next = _("这一步你不能办"), ""
    return page(
        request,
        status=refusal.status,
        title=title,
        reason=str(refusal.reason),
        what_next=what_next if request.method == "POST" else "",
        rule=refusal.rule,
        form=_form(request),
    )


def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer input that no form caught: 400."""
    problems = [str(message) for message in error.messages]
    return page(
        request,
        status=400,
        title=_("填写的内容有误"),
        reason="；".join(problems) if getattr(request, "htmx", False) else _("改好下面几处再提交。"),
        problems=problems,
        form=_form(request),
    )


def busy(request: HttpRequest) -> HttpResponse:
    """Answer when the database is locked, full or away: 503; what was typed stays and can be sent again."""
    response = page(
        request,
        status=503,
        title=_("现在存不进去"),
        reason=_("数据库正忙，或者磁盘已满。这一次什么都没有改动。"),
        what_next=_("你填的内容还在这一页，过一会儿再交一次。") if request.method == "POST" else _("过一会儿再打开。"),
        form=_form(request),
        resend=_("再交一次"),
        plain=True,
    )
    response["Retry-After"] = "10"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid token: 403. Shown again with a fresh token if it came from this site."""
    foreign = reason.startswith((REASON_BAD_ORIGIN.split("%")[0], REASON_BAD_REFERER.split("%")[0]))
    own = not foreign and kept.same_origin(request)
    return page(
        request,
        status=403,
        title=_("这一页放得太久了") if own else _("没有接受这次提交"),
        reason=_("页面的安全标记已经失效，多半是期间重新登录过。")
        if own
        else _("它不是从本站的页面发出的，为了安全没有处理。"),
        what_next=_("你填的内容还在，核对后再交一次。") if own else _("从本站的页面重新打开再办。"),
        form=_form(request) if own else None,
        resend=_("再交一次") if own else "",
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Handler of status 400, and of bodies that are too big (413)."""
    if isinstance(exception, RequestDataTooBig):
        return page(
            request,
            status=413,
            title=_("内容太大"),
            reason=_("一次提交的文字超过了上限。"),
            what_next=_("用后退键回到那一页，把长文字放进附件再交。"),
            plain=True,
        )
    return page(
        request,
        status=400,
        title=_("这个请求看不懂"),
        reason=_("地址或内容不完整。"),
        what_next=_("回到上一页再试。"),
        plain=True,
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Handler of status 403."""
    said = str(exception) if exception and str(exception) else _("你的职务不包括这一页。")
    return page(request, status=403, title=_("这一页你不能看"), reason=said, form=_form(request))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Handler of status 404."""
    return page(
        request,
        status=404,
        title=_("没有这一页"),
        reason=_("地址写错了，或者它不属于你的单位。"),
        what_next=_("从待办或搜索进去。"),
    )


def failed(request: HttpRequest) -> HttpResponse:
    """Handler of status 500: needs neither database nor session.

    A database that fails before the view is called (reading the session, say) arrives here as well.
    """
    if isinstance(sys.exc_info()[1], DATABASE_AWAY):
        return busy(request)
    return page(
        request,
        status=500,
        title=_("系统出错了"),
        reason=_("这一步没有办成，什么都没有改动。错误已经记下。"),
        what_next=_("再试一次；还不行就告诉管理员发生的时间。"),
        form=_form(request),
        resend=_("再交一次"),
        plain=True,
    )
