"""Open data: the whole list as files, and the guide to the API."""

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe
from ninja import Schema

from xianshen.directory.api import api, page_path
from xianshen.directory.listing import (
    ListFilter,
    columns,
    count_accounts,
    csv_of,
    filtered,
    policy_or_none,
    public_account,
)
from xianshen.directory.schemas import (
    AccountOut,
    ArticleOut,
    CautionOut,
    ErrorOut,
    InstitutionOut,
    MayRunOut,
    PageOut,
    PlatformOut,
    ResemblingOut,
    StateOut,
    TierOut,
    VerdictOut,
    VerificationOut,
)
from xianshen.directory.views._shared import considerate, institution_of
from xianshen.documents.stationery import public_address

CHUNK = 500
#: What the guide explains, in the order of reading.
ANSWERS: dict[type[Schema], str] = {
    AccountOut: gettext_noop("一个账号"),
    PageOut: gettext_noop("名录的一页"),
    VerificationOut: gettext_noop("核验的结果"),
    VerdictOut: gettext_noop("结论"),
    CautionOut: gettext_noop("提醒"),
    ResemblingOut: gettext_noop("相近的账号"),
    StateOut: gettext_noop("状态"),
    MayRunOut: gettext_noop("现在能否运行"),
    ArticleOut: gettext_noop("依据的条文"),
    PlatformOut: gettext_noop("平台类型"),
    TierOut: gettext_noop("层级"),
    InstitutionOut: gettext_noop("名录所属单位"),
    ErrorOut: gettext_noop("没有答成"),
}


def _wanted(request: HttpRequest) -> ListFilter:
    names = ("q", "platform", "tier", "state")
    return ListFilter.cleaned(**{name: request.GET.get(name, "") for name in names})


def _attached(response: Any, name: str) -> Any:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
@considerate
def accounts_csv(request: HttpRequest) -> HttpResponse:
    """Give the list, as filtered, as CSV."""
    institution = institution_of(request)
    on = timezone.localdate()
    content = csv_of(institution.pk, _wanted(request), on)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    return _attached(response, f"accounts-{institution.code}-{on:%Y%m%d}.csv")


@require_safe
@considerate
def accounts_json(request: HttpRequest) -> StreamingHttpResponse:
    """Give the list, as filtered, as one JSON document."""
    institution = institution_of(request)
    now = timezone.localtime().replace(microsecond=0)
    policy = policy_or_none(institution.pk, now.date())
    accounts = filtered(institution.pk, _wanted(request), policy)
    head = {"institution": {"code": institution.code, "name": institution.name}, "made_at": now.isoformat()}

    def parts() -> Iterator[str]:
        yield json.dumps(head, ensure_ascii=False)[:-1] + ', "items": ['
        for number, account in enumerate(accounts.iterator(chunk_size=CHUNK)):
            item = AccountOut.of(public_account(account, policy, now.date()), page_path(account.code))
            yield (",\n" if number else "\n") + item.model_dump_json()
        yield "\n]}\n"

    response = StreamingHttpResponse(parts(), content_type="application/json; charset=utf-8")
    return _attached(response, f"accounts-{institution.code}-{now:%Y%m%d}.json")


@require_safe
def open_data(request: HttpRequest) -> HttpResponse:
    """Say what data there are and under which conditions, with the files."""
    institution = institution_of(request)
    return render(
        request,
        "directory/open_data.html",
        {"counts": count_accounts(institution.pk), "columns": columns(), "origin": public_address()},
    )


@require_safe
def api_guide(request: HttpRequest) -> HttpResponse:
    """Explain the API to people, from the schema that programs read."""
    institution_of(request)
    schema = api.get_openapi_schema()
    operations = [
        {"path": path, "example": _example(path, operation), **operation}
        for path, methods in schema["paths"].items()
        for operation in methods.values()
    ]
    return render(
        request,
        "directory/api_guide.html",
        {
            "schema": schema,
            "operations": operations,
            "answers": [_answer(shape, schema["components"]["schemas"][shape.__name__]) for shape in ANSWERS],
            "openapi_url": f"{public_address()}{reverse('api-v1:openapi-json')}",
            "failures": _failures(),
        },
    )


def _example(path: str, operation: dict[str, Any]) -> str:
    """Return an address that can be tried."""
    wanted = {
        "listAccounts": "?q=法律&tier=2",
        "verifyAccount": "?handle=hgglx_shcc",
        "downloadAccounts": "?state=active",
    }
    address = path.replace("{code}", "7KQ4-2MX9")
    return f"{public_address()}{address}{wanted.get(operation['operationId'], '')}"


def _answer(shape: type[Schema], described: dict[str, Any]) -> dict[str, Any]:
    fields = [
        {"name": field, "type": _type_words(about), "description": about.get("description", "")}
        for field, about in described.get("properties", {}).items()
    ]
    return {"name": shape.__name__, "about": ANSWERS[shape], "fields": fields}


def _type_words(about: dict[str, Any]) -> str:
    """Return the type of a field in words."""
    if "$ref" in about:
        return str(about["$ref"].rsplit("/", 1)[-1])
    if "anyOf" in about:
        parts = [_type_words(one) for one in about["anyOf"] if one.get("type") != "null"]
        return _("%(type)s，可为空") % {"type": _("、").join(parts)}
    if about.get("type") == "array":
        return _("%(type)s 的列表") % {"type": _type_words(about.get("items", {}))}
    words = {
        "string": _("文字"),
        "integer": _("整数"),
        "boolean": _("是否"),
        "date": _("日期"),
        "date-time": _("时间"),
    }
    return words.get(str(about.get("format")), words.get(str(about.get("type")), str(about.get("type", ""))))


def _failures() -> list[tuple[int, str]]:
    return [
        (400, _("参数给得不对：核验时 url、handle、name 用且只用一个。")),
        (404, _("没有这个账号、单位或地址。")),
        (422, _("参数写法不对，problems 里逐项说明。")),
        (429, _("请求太频繁，等 Retry-After 秒后再试。")),
        (503, _("服务器正忙，等 Retry-After 秒后再试。")),
    ]
