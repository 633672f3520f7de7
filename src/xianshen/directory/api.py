"""The public API of the directory (``/api/v1/``): read only, no sign-in, no personal data.

Descriptions are Chinese like the interface; the page for people (接口说明) is made from the same schema.
"""

import time
from collections.abc import Callable, Iterable
from functools import wraps
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

from allauth.account.adapter import get_adapter
from django.core.paginator import Paginator
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import Field, NinjaAPI, Path, Query, Schema
from ninja.errors import ValidationError
from ninja.responses import Response

from xianshen.common.codes import normalise_code
from xianshen.common.errors import Refusal
from xianshen.directory import throttle
from xianshen.directory.listing import QUERY_LIMIT, ListFilter, csv_of, filtered, policy_or_none, public_account
from xianshen.directory.schemas import AccountOut, ErrorOut, InstitutionOut, PageOut, VerificationOut
from xianshen.directory.verifying import INPUT_LIMIT, Desk, Verification
from xianshen.documents.stationery import public_address
from xianshen.organisation.selectors import institution_by_code
from xianshen.registry.selectors import public_accounts

if TYPE_CHECKING:
    from xianshen.organisation.models import Institution

PAGE_SIZE = 50
LARGEST_PAGE = 100
FRESH = 60
RETRY = 5
FAILURES = {422: ErrorOut, 429: ErrorOut, 503: ErrorOut}


class ApiError(Exception):
    """A request that cannot be answered.

    Args:
        status: HTTP status.
        detail: what is wrong and what to do.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


api = NinjaAPI(
    title=gettext_noop("新媒体名录接口"),
    version="1.0.0",
    description=gettext_noop(
        "查询和核验学校登记在册的新媒体账号。只读，不用登录，任何网站都可以调用。"
        "不含负责人姓名、手机、邮箱等个人信息。状态同时给出代码和文字。"
    ),
    docs_url=None,
    urls_namespace="api-v1",
)


def _failure(status: int, detail: str, *, rule: str = "", problems: Iterable[str] = (), wait: int = 0) -> HttpResponse:
    response = Response({"detail": detail, "rule": rule, "problems": list(problems)}, status=status)
    if wait:
        response["Retry-After"] = str(wait)
    return response


@api.exception_handler(ApiError)
def _on_api_error(request: HttpRequest, error: ApiError) -> HttpResponse:
    return _failure(error.status, error.detail)


@api.exception_handler(ValidationError)
def _on_wrong_parameters(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return _failure(422, _("参数写法不对。改好再请求。"), problems=[_problem(one) for one in error.errors])


@api.exception_handler(Refusal)
def _on_refusal(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return _failure(503, str(refusal.reason), rule=refusal.rule, wait=FRESH)


@api.exception_handler(OperationalError)
def _on_busy(request: HttpRequest, error: OperationalError) -> HttpResponse:
    return _failure(503, _("服务器正忙。过几秒再请求。"), wait=RETRY)


def _problem(error: dict[str, Any]) -> str:
    """Return what is wrong with one parameter, in words."""
    name = str(error["loc"][-1]) if error.get("loc") else ""
    limits = error.get("ctx") or {}
    words = {
        "missing": _("没有写"),
        "int_parsing": _("要写整数"),
        "greater_than_equal": _("不能小于 %(limit)s") % {"limit": limits.get("ge")},
        "less_than_equal": _("不能大于 %(limit)s") % {"limit": limits.get("le")},
        "string_too_long": _("最多 %(limit)s 个字") % {"limit": limits.get("max_length")},
        "literal_error": _("只能是这些值之一：%(values)s") % {"values": limits.get("expected", "")},
    }
    return f"{name}{_('：')}{words.get(str(error.get('type')), _('写法不对'))}"


def _doubled(request: HttpRequest) -> HttpResponse | None:
    """Refuse a parameter that is given twice: which of the two is meant, nobody can know."""
    problems = [
        f"{name}{_('：')}" + _("写了 %(times)s 次，只能写一次") % {"times": len(values)}
        for name, values in request.GET.lists()
        if len(values) > 1
    ]
    return _failure(422, _("参数写法不对。改好再请求。"), problems=problems) if problems else None


def open_to_all(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Make a view part of the open API: throttled, readable from any site, with an entity tag.

    Failures are answered in JSON whatever happens.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = request.method
        if asked == "OPTIONS":
            response: HttpResponseBase = HttpResponse(status=204)
            response["Access-Control-Max-Age"] = "86400"
        elif wait := throttle.API.wait(str(get_adapter().get_client_ip(request)), time.monotonic()):
            response = _failure(429, _("请求太频繁。%(wait)s 秒后再试。") % {"wait": wait}, wait=wait)
        else:
            request.method = "GET" if asked == "HEAD" else asked
            try:
                response = _doubled(request) or view(request, *args, **kwargs)
            except Http404:
                response = _failure(404, _("没有这个地址。接口列在 openapi.json 里。"))
            request.method = asked
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
        response["Access-Control-Allow-Headers"] = "If-None-Match"
        response["Access-Control-Expose-Headers"] = "ETag, Retry-After"
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        return _conditional(request, response)

    wrapper.csrf_exempt = True  # type: ignore[attr-defined]
    return wrapper


def _conditional(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Give an answer its entity tag and answer 304 when the client has it already."""
    if response.status_code != 200 or not isinstance(response, HttpResponse):
        response.headers.setdefault("Cache-Control", "no-store")
        return response
    if not response.has_header("Cache-Control"):
        patch_cache_control(response, public=True, max_age=FRESH)
    etag = f'"{sha256(response.content).hexdigest()[:32]}"'
    response["ETag"] = etag
    answer = get_conditional_response(request, etag=etag, response=response)
    assert answer is not None
    for name, value in response.items():
        if name.startswith("Access-Control"):
            answer.headers.setdefault(name, value)
    return answer


def institution_asked(request: HttpRequest, code: str) -> "Institution":
    """Return the institution that a request names, else the one served under the host name.

    Raises:
        ApiError: there is none.
    """
    institution: Institution | None = institution_by_code(code) if code else request.institution  # type: ignore[attr-defined]
    if not institution:
        raise ApiError(404, _("没有这个单位。核对 institution 参数。"))
    return institution


class AccountQuery(Schema):
    """Filters of the list."""

    q: str = Field(
        "",
        max_length=QUERY_LIMIT,
        description=gettext_noop("名称、账号 ID、主办单位里的字，或核验码"),
        examples=["法律"],
    )
    platform: str = Field(
        "", max_length=60, description=gettext_noop("平台类型代码，或平台名"), examples=["wechat_subscription"]
    )
    tier: int | None = Field(None, ge=1, le=99, description=gettext_noop("层级序号"), examples=[2])
    state: Literal["", "applied", "active", "suspended", "closing", "closed"] = Field(
        "", description=gettext_noop("状态代码"), examples=["active"]
    )
    institution: str = Field(
        "", max_length=32, description=gettext_noop("单位代码；一处部署有几个单位时用"), examples=["shcc"]
    )

    @property
    def filters(self) -> ListFilter:
        return ListFilter.cleaned(q=self.q, platform=self.platform, tier=self.tier, state=self.state)


class PageQuery(AccountQuery):
    """Filters of the list and the page wanted."""

    page: int = Field(1, ge=1, le=100_000, description=gettext_noop("第几页，从 1 开始"))
    page_size: int = Field(PAGE_SIZE, ge=1, le=LARGEST_PAGE, description=gettext_noop("每页个数"))


class VerifyQuery(Schema):
    """What to verify: exactly one of url, handle and name."""

    url: str = Field(
        "",
        max_length=INPUT_LIMIT,
        description=gettext_noop("账号主页的链接"),
        examples=["https://weibo.com/n/上海海关学院"],
    )
    handle: str = Field("", max_length=INPUT_LIMIT, description=gettext_noop("账号 ID"), examples=["hgglx_shcc"])
    name: str = Field("", max_length=INPUT_LIMIT, description=gettext_noop("账号名称"), examples=["海关管理系"])
    institution: str = Field(
        "", max_length=32, description=gettext_noop("单位代码；一处部署有几个单位时用"), examples=["shcc"]
    )


def page_path(code: str) -> str:
    """Return the path of an account's public page."""
    return reverse("directory:account", args=[code])


@api.get(
    "/accounts",
    operation_id="listAccounts",
    url_name="accounts",
    summary=gettext_noop("查名录"),
    description=gettext_noop("按名称、平台、层级、状态查在册账号，停办和暂停的也列出。"),
    response={200: PageOut, 404: ErrorOut, **FAILURES},
)
def list_accounts(request: HttpRequest, query: Query[PageQuery]) -> PageOut:
    """Return a page of the list (two queries)."""
    institution = institution_asked(request, query.institution)
    on = timezone.localdate()
    policy = policy_or_none(institution.pk, on)
    paginator = Paginator(filtered(institution.pk, query.filters, policy), query.page_size)
    asked = query.page <= paginator.num_pages
    found = paginator.page(query.page).object_list if asked else []

    def address(number: int) -> str | None:
        if not 1 <= number <= paginator.num_pages:
            return None
        pairs = {key: value for key, value in query.dict(exclude_defaults=True).items() if key != "page"}
        return f"{public_address()}{request.path}?{urlencode({**pairs, 'page': number})}"

    accounts = [public_account(one, policy, on) for one in found]
    return PageOut(
        institution=InstitutionOut(code=institution.code, name=institution.name),
        count=paginator.count,
        page=query.page,
        pages=paginator.num_pages,
        page_size=query.page_size,
        next=address(query.page + 1),
        previous=address(query.page - 1),
        items=[AccountOut.of(one, page_path(one.code)) for one in accounts],
    )


@api.get(
    "/accounts.csv",
    operation_id="downloadAccounts",
    url_name="accounts_csv",
    summary=gettext_noop("下载名录（CSV）"),
    description=gettext_noop("条件同「查名录」，一次给出全部。UTF-8，带 BOM，表格软件可以直接打开。"),
    response={404: ErrorOut, **FAILURES},
    openapi_extra={"responses": {200: {"description": "OK", "content": {"text/csv": {"schema": {"type": "string"}}}}}},
)
def download_accounts(request: HttpRequest, query: Query[AccountQuery]) -> HttpResponse:
    """Return the whole filtered list as CSV (one query)."""
    institution = institution_asked(request, query.institution)
    on = timezone.localdate()
    response = HttpResponse(csv_of(institution.pk, query.filters, on), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="accounts-{institution.code}-{on:%Y%m%d}.csv"'
    return response


@api.get(
    "/accounts/verify",
    operation_id="verifyAccount",
    url_name="accounts_verify",
    summary=gettext_noop("核验账号"),
    description=gettext_noop(
        "url、handle、name 三个参数用且只用一个。"
        "写法和登记的完全一致才算在名录里；形近、音近、带看不见的字符的都不算，会给出提醒。"
    ),
    response={200: VerificationOut, 400: ErrorOut, 404: ErrorOut, **FAILURES},
)
def verify_account(request: HttpRequest, response: HttpResponse, query: Query[VerifyQuery]) -> VerificationOut:
    """Say whether an address, handle or name belongs to a listed account."""
    given = {key: value.strip() for key, value in query.dict(include={"url", "handle", "name"}).items()}
    given = {key: value for key, value in given.items() if value}
    if len(given) != 1:
        raise ApiError(400, _("url、handle、name 三个参数用且只用一个，并写上内容。"))
    institution = institution_asked(request, query.institution)
    now = timezone.now()
    desk = Desk(institution, timezone.localdate(now))
    by, value = next(iter(given.items()))
    looks: dict[str, Callable[[str], Verification]] = {
        "url": desk.by_url,
        "handle": desk.by_handle,
        "name": desk.by_name,
    }
    found = looks[by](value)
    shown = [*found.accounts, *(one.account for one in found.resembling)]
    response["Cache-Control"] = "no-store"
    return VerificationOut.of(
        found,
        institution=InstitutionOut(code=institution.code, name=institution.name),
        paths={one.code: page_path(one.code) for one in shown},
        origin=public_address(),
        at=timezone.localtime(now).replace(microsecond=0),
    )


@api.get(
    "/accounts/{code}",
    operation_id="getAccount",
    url_name="account",
    summary=gettext_noop("查一个账号"),
    description=gettext_noop("按核验码查在册账号。"),
    response={200: AccountOut, 404: ErrorOut, **FAILURES},
)
def get_account(
    request: HttpRequest,
    code: Path[str],
    institution: str = Query("", max_length=32, description=gettext_noop("单位代码；一处部署有几个单位时用")),
) -> AccountOut:
    """Return one listed account (one query)."""
    owner = institution_asked(request, institution)
    standard = normalise_code(code)
    account = public_accounts(owner.pk).filter(code=standard).first() if standard else None
    if account is None:
        raise ApiError(404, _("名录里没有这个核验码。核验码是 8 位数字和字母。"))
    on = timezone.localdate()
    return AccountOut.of(public_account(account, policy_or_none(owner.pk, on), on), page_path(account.code))


def nothing_here(request: HttpRequest, **_parts: str) -> HttpResponse:
    """Answer every other address below the API."""
    raise Http404


def patterns() -> list[URLPattern]:
    """Return the API's addresses, each made part of the open API."""
    found: list[URLPattern] = []
    for pattern in api.urls[0]:
        assert isinstance(pattern, URLPattern)
        pattern.callback = open_to_all(pattern.callback)
        found.append(pattern)
    return found
