"""The account board: who sees which accounts, filters, sorts, exports, reminders."""

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from tests.factories.organisation import InstitutionFactory
from tests.factories.registry import College, stranger
from xianshen.ledger.models import LedgerEntry
from xianshen.notices.models import Notice
from xianshen.registry.enums import AccountState, SuspensionReason
from xianshen.registry.models import MediaAccount

Clients = Callable[[Any], Client]
BOARD, EXPORT, REMIND = "/accounts/", "/accounts/export/", "/accounts/remind/"


def body(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def names_on(response: Any) -> list[str]:
    """Return the accounts on a page of the board, in order."""
    return re.findall(r"data-row-link>([^<]*)</a>", response.content.decode())


def names_in(response: Any) -> list[str]:
    """Return the accounts of an exported CSV, in order."""
    text = response.content.decode("utf-8-sig")
    return [row["账号"] for row in csv.DictReader(io.StringIO(text))]


@pytest.fixture
def board(school: College) -> College:
    """Return the college with six accounts of three tiers."""
    school.account("上海海关学院", unit="office", owner="officer", handle="shcc_official")
    school.account("法律系", handle="flx_shcc")
    school.account("外语角", unit="languages", owner="languages_operator", platform="weibo", handle="外语角微博")
    school.account(
        "图书馆服务",
        unit="library",
        owner="library_operator",
        handle="shcc_lib",
        state=AccountState.SUSPENDED,
        reason=SuspensionReason.NOT_REVIEWED,
    )
    school.account(
        "掌上图书馆",
        unit="library",
        owner="library_operator",
        platform="app",
        handle="cn.shcc.lib",
        data_service=True,
        state=AccountState.APPLIED,
    )
    school.account("法律一班", unit="class", owner=None, handle="fl2401_shcc")
    return school


ALL = ["上海海关学院", "图书馆服务", "外语角", "掌上图书馆", "法律系", "法律一班"]


def test_board_needs_sign_in(client: Client, school: College) -> None:
    for path in (BOARD, EXPORT, REMIND):
        assert client.get(path).status_code == 302


@pytest.mark.parametrize(
    ("who", "sees"),
    (
        ("officer", set(ALL)),
        ("director", set(ALL)),
        ("leader", set(ALL)),
        ("law_operator", {"法律系", "法律一班"}),
        ("law_head", {"法律系", "法律一班"}),
        ("law_secretary", {"法律系", "法律一班"}),
        ("class_operator", {"法律一班"}),
        ("languages_operator", {"外语角"}),
        ("library_operator", {"图书馆服务", "掌上图书馆"}),
        ("society_operator", set()),
        ("science_head", {"掌上图书馆"}),
    ),
)
def test_board_shows_what_follows_from_the_position(
    client_of: Clients, board: College, who: str, sees: set[str]
) -> None:
    assert set(names_on(client_of(board[who]).get(BOARD))) == sees


def test_board_shows_nothing_to_another_institution(client_of: Clients, board: College) -> None:
    other = client_of(stranger(board.now))
    for path in (BOARD, EXPORT):
        response = other.get(path, {"format": "csv"})
        assert response.status_code == 409
        assert "没有施行的管理办法" in body(response)
        assert not any(name in response.content.decode() for name in ALL)


def test_board_counts_within_the_institution(client_of: Clients, board: College) -> None:
    elsewhere = MediaAccount.objects.get(name="外语角")
    elsewhere.institution = InstitutionFactory()
    elsewhere.save()
    client = client_of(board["officer"])
    assert "全校 5 个账号" in body(client.get(BOARD))
    assert "外语角" not in names_on(client.get(BOARD))
    assert "外语角" not in names_in(client.get(EXPORT, {"format": "csv", "ids": elsewhere.pk}))
    assert client.get(f"/accounts/{elsewhere.pk}/").status_code == 404
    client.post(REMIND, {"ids": [elsewhere.pk], "text": "提醒"})
    assert not LedgerEntry.objects.filter(event="registry.account_reminded").exists()


def test_board_answers_and_cites(client_of: Clients, board: College) -> None:
    page = body(client_of(board["officer"]).get(BOARD))
    assert "全校 6 个账号，4 个今天可以运行。" in page
    row = page[page.index(">图书馆服务<") : page.index(">外语角<")]
    assert "暂停：未年审" in row
    assert "不可以" in row
    assert "第八条" in row
    assert "图书馆馆长" in row
    assert "缺 3 份" in row


@pytest.mark.parametrize(
    ("query", "expected"),
    (
        ({}, ALL),
        ({"view": "stopped"}, ["图书馆服务", "掌上图书馆"]),
        ({"view": "applied"}, ["掌上图书馆"]),
        ({"view": "no_owner"}, ["法律一班"]),
        ({"platform": "weibo"}, ["外语角"]),
        ({"tier": "3"}, ["法律一班"]),
        ({"tier": "1"}, ["上海海关学院"]),
        ({"state": "suspended"}, ["图书馆服务"]),
        ({"q": "图书馆"}, ["图书馆服务", "掌上图书馆"]),
        ({"q": "FLX_SHCC"}, ["法律系"]),
        ({"q": "２４０１"}, ["法律一班"]),
        ({"q": "没有这个"}, []),
        ({"sort": "-name"}, sorted(ALL, reverse=True)),
        ({"sort": "-tier", "platform": "wechat_subscription"}, ["法律一班", "图书馆服务", "法律系", "上海海关学院"]),
    ),
)
@pytest.mark.parametrize("how", ("page", "csv"))
def test_board_and_its_export_show_the_same_view(
    client_of: Clients, board: College, query: dict[str, str], expected: list[str], how: str
) -> None:
    client = client_of(board["officer"])
    if how == "page":
        assert names_on(client.get(BOARD, query)) == expected
    else:
        assert names_in(client.get(EXPORT, {**query, "format": "csv"})) == expected


def test_board_narrows_to_a_unit_with_what_belongs_to_it(client_of: Clients, board: College) -> None:
    client = client_of(board["officer"])
    assert names_on(client.get(BOARD, {"unit": board.units["law"].pk})) == ["法律系", "法律一班"]
    page = body(client.get(BOARD, {"unit": board.units["law"].pk}))
    assert "清除筛选" in page


@pytest.mark.parametrize(
    "query",
    (
        {"view": "x", "sort": "x", "state": "x", "page": "x", "tier": "x", "unit": "x", "col": "x"},
        {"tier": "9" * 30, "unit": "-1", "page": "999999"},
        {"q": "\x00%_\\'\"<script>", "platform": "\x00"},
        {"ids": "x", "col": ["state", "state", "nonsense"]},
    ),
)
def test_board_survives_any_address(client_of: Clients, board: College, query: dict[str, Any]) -> None:
    client = client_of(board["officer"])
    for path in (BOARD, EXPORT, REMIND):
        response = client.get(path, query)
        assert response.status_code == 200
        assert b'<script>"' not in response.content


def test_board_shows_fifty_to_a_page(client_of: Clients, school: College) -> None:
    for number in range(53):
        school.account(f"第{number:02}号", handle=f"account_{number:04}")
    client = client_of(school["officer"])
    first = client.get(BOARD)
    assert len(names_on(first)) == 50
    assert "第 1–50 个，共 53 个" in body(first)
    assert len(names_on(client.get(BOARD, {"page": "2"}))) == 3
    assert len(names_in(client.get(EXPORT, {"format": "csv", "page": "2"}))) == 53


def test_board_shows_chosen_columns_only(client_of: Clients, board: College) -> None:
    client = client_of(board["officer"])
    page = client.get(BOARD, {"col": ["state", "platform"]}).content.decode()
    head = page[page.index("<thead>") : page.index("</thead>")]
    assert "状态" in head
    assert "第一责任人" not in head
    text = client.get(EXPORT, {"col": ["state", "platform"], "format": "csv"}).content.decode("utf-8-sig")
    assert text.splitlines()[0] == "账号,账号名称或链接地址,核验码,平台,状态"


def test_board_asks_a_fixed_number_of_questions(
    client_of: Clients, school: College, queries_constant: Callable[..., int]
) -> None:
    client = client_of(school["officer"])
    units = ["law", "languages", "library", "class", "society", "office"]

    def grow() -> None:
        for number in range(29):
            school.account(
                f"第{number}号",
                unit=units[number % 6],
                owner="officer" if number % 3 else None,
                handle=f"grow_{number:03}",
            )

    school.account()
    queries_constant(lambda: client.get(BOARD), grow, at_most=17)


def test_board_without_accounts_says_what_to_do(client_of: Clients, school: College) -> None:
    page = body(client_of(school["law_operator"]).get(BOARD))
    assert "还没有登记账号" in page
    assert "申请开设" in page
    assert "xs-bulk" not in page


def test_names_cannot_act_on_the_board(client_of: Clients, school: College) -> None:
    school.account('<img src=x onerror="alert(1)">', handle="<script>alert(2)</script>")
    page = client_of(school["officer"]).get(BOARD).content.decode()
    assert "<img src=x" not in page
    assert "<script>alert" not in page


# ── exports ──────────────────────────────────────────


def test_export_as_workbook_holds_texts_never_formulas(client_of: Clients, school: College) -> None:
    school.account('=HYPERLINK("http://evil.example","点我")', handle="+86139")
    school.account("@SUM(A1)", unit="library", owner="library_operator", handle="-1+1")
    client = client_of(school["officer"])
    response = client.get(EXPORT, {"format": "xlsx"})
    assert response["Content-Type"].startswith("application/vnd.openxmlformats")
    assert "filename*=UTF-8''" in response["Content-Disposition"]
    assert response["Cache-Control"] == "private, no-store"
    sheet = load_workbook(io.BytesIO(response.content)).active
    assert [cell.value for cell in sheet[1]][:5] == ["账号", "账号名称或链接地址", "核验码", "平台", "层级"]
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    text = client.get(EXPORT, {"format": "csv"}).content.decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text)):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


def test_export_writes_the_words_of_the_page(client_of: Clients, board: College) -> None:
    text = client_of(board["officer"]).get(EXPORT, {"format": "csv"}).content.decode("utf-8-sig")
    rows = {row["账号"]: row for row in csv.DictReader(io.StringIO(text))}
    library = rows["图书馆服务"]
    assert library["平台"] == "微信订阅号"
    assert library["层级"] == "二级"
    assert library["状态"] == "暂停：未年审"
    assert library["今天可以运行吗"] == "不可以：已暂停：未年审"
    assert library["开通时间"] == "2024-03-01"
    assert rows["法律一班"]["主办单位"] == "2024级法律一班（法律系）"
    assert not any("139" in row.get("负责人", "") for row in rows.values())


def test_export_takes_the_picked_ones_only(client_of: Clients, board: College) -> None:
    picked = MediaAccount.objects.filter(name__in=["外语角", "法律系"]).values_list("pk", flat=True)
    response = client_of(board["officer"]).get(EXPORT, {"ids": list(picked), "format": "csv"})
    assert names_in(response) == ["外语角", "法律系"]


def test_export_never_leaves_what_the_person_sees(client_of: Clients, board: College) -> None:
    foreign = MediaAccount.objects.get(name="外语角")
    client = client_of(board["law_operator"])
    assert names_in(client.get(EXPORT, {"format": "csv"})) == ["法律系", "法律一班"]
    assert names_in(client.get(EXPORT, {"format": "csv", "ids": foreign.pk})) == []


def test_export_of_everything_is_the_offices(client_of: Clients, board: College) -> None:
    response = client_of(board["leader"]).get(EXPORT, {"format": "csv"})
    assert response.status_code == 403
    assert "全校账号表由办公室导出" in body(response)
    assert "导出" not in body(client_of(board["leader"]).get(BOARD)).split("</main>")[0].split("<main")[1]


def test_export_asks_a_fixed_number_of_questions(
    client_of: Clients, school: College, queries_constant: Callable[..., int]
) -> None:
    client = client_of(school["officer"])
    school.account()

    def grow() -> None:
        for number in range(29):
            school.account(f"第{number}号", handle=f"grow_{number:03}")

    queries_constant(lambda: client.get(EXPORT, {"format": "csv"}), grow, at_most=12)


# ── reminders ────────────────────────────────────────


def test_reminder_names_whom_it_reaches_first(client_of: Clients, board: College) -> None:
    picked = list(MediaAccount.objects.filter(name__in=["法律系", "法律一班"]).values_list("pk", flat=True))
    page = body(client_of(board["officer"]).get(REMIND, {"ids": picked}))
    assert "提醒 1 个账号的负责人" in page
    assert "法律系 · 赵宣" in page
    assert "1 个账号没有登记负责人，提醒送不到" in page


def test_reminder_reaches_every_owner_in_one_act(client_of: Clients, board: College) -> None:
    picked = list(MediaAccount.objects.exclude(name="法律一班").values_list("pk", flat=True))
    before = LedgerEntry.objects.count()
    response = client_of(board["officer"]).post(REMIND, {"ids": picked, "text": "12月30日前交年审表。"})
    assert response["Location"] == BOARD
    assert Notice.objects.filter(text__contains="12月30日前交年审表").count() == 5
    entries = LedgerEntry.objects.filter(event="registry.account_reminded")
    assert entries.count() == 5
    assert LedgerEntry.objects.count() == before + 5
    assert {entry.actor_position for entry in entries} == {"新媒体管理岗"}


def test_same_reminder_waits_a_day(client_of: Clients, board: College) -> None:
    client, pk = client_of(board["officer"]), MediaAccount.objects.get(name="法律系").pk
    reminder = {"text": "交年审表，电话 13800005678。"}
    assert client.post(f"/accounts/{pk}/remind/", reminder).status_code == 302
    before = LedgerEntry.objects.count(), Notice.objects.count()
    again = client.post(f"/accounts/{pk}/remind/", reminder)
    assert again.status_code == 409
    assert "已经提醒过" in body(again)
    assert client.post(REMIND, {"ids": [pk], **reminder}).status_code == 409
    assert (LedgerEntry.objects.count(), Notice.objects.count()) == before
    others = list(MediaAccount.objects.exclude(name="法律一班").values_list("pk", flat=True))
    client.post(REMIND, {"ids": others, **reminder})
    assert LedgerEntry.objects.filter(event="registry.account_reminded").count() == 5
    assert client.post(f"/accounts/{pk}/remind/", {"text": "补办手续。"}).status_code == 302


def test_reminder_of_a_whole_view_keeps_the_view(client_of: Clients, board: College) -> None:
    response = client_of(board["officer"]).post(REMIND, {"view": "stopped", "text": "补办手续。"})
    assert response["Location"] == f"{BOARD}?view=stopped"
    assert Notice.objects.filter(text__contains="补办手续").count() == 2


@pytest.mark.parametrize("text", ("", "   ", "长" * 1001))
def test_reminder_needs_words(client_of: Clients, board: College, text: str) -> None:
    response = client_of(board["officer"]).post(REMIND, {"view": "", "text": text})
    assert response.status_code == 422
    assert not Notice.objects.filter(text__contains="办公室提醒").exists()


@pytest.mark.parametrize("who", ("director", "leader", "law_head", "law_operator"))
def test_reminder_is_the_media_officers(client_of: Clients, board: College, who: str) -> None:
    pk = MediaAccount.objects.get(name="法律系").pk
    assert client_of(board[who]).post(REMIND, {"ids": [pk], "text": "交年审表。"}).status_code == 403
    assert not LedgerEntry.objects.filter(event="registry.account_reminded").exists()
