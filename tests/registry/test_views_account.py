"""The account page: who sees it, today's answer, contacts, and what the Office does to the account."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.factories.registry import College, stranger
from tests.registry.test_views_applications import decided
from xianshen.approvals.enums import Verdict
from xianshen.ledger.models import LedgerEntry
from xianshen.notices.models import Notice
from xianshen.registry.enums import AccountState, SuspensionReason
from xianshen.registry.models import MediaAccount

Clients = Callable[[Any], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}


def body(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def path(account: MediaAccount, act: str = "") -> str:
    return f"/accounts/{account.pk}/{act}/" if act else f"/accounts/{account.pk}/"


@pytest.fixture
def account(school: College) -> MediaAccount:
    return school.account(second_contact_name="李强", second_contact_mobile="13600136000")


@pytest.mark.parametrize(
    ("who", "status"),
    (
        ("officer", 200),
        ("director", 200),
        ("leader", 200),
        ("law_operator", 200),
        ("law_head", 200),
        ("languages_operator", 403),
        ("class_operator", 403),
        ("science_head", 403),
    ),
)
def test_page_is_for_the_office_and_the_unit(
    client_of: Clients, school: College, account: MediaAccount, who: str, status: int
) -> None:
    response = client_of(school[who]).get(path(account))
    assert response.status_code == status
    if status == 403:
        assert "这个账号不归你的单位管" in body(response)
        assert "flx@example.edu.cn" not in body(response)


def test_page_is_for_the_owner_wherever_they_work(client_of: Clients, school: College) -> None:
    account = school.account(owner="languages_operator")
    assert client_of(school["languages_operator"]).get(path(account)).status_code == 200


def test_page_of_another_institution_is_not_found(client_of: Clients, school: College, account: MediaAccount) -> None:
    client = client_of(stranger(school.now))
    assert client.get(path(account)).status_code == 404
    for act in ("contact", "suspend", "remind"):
        assert client.post(path(account, act), {"text": "x", "what": "owner_mobile"}).status_code == 404
    account.refresh_from_db()
    assert account.state == AccountState.ACTIVE


@pytest.mark.rule("account.may_run")
def test_page_answers_first(client_of: Clients, school: College, account: MediaAccount) -> None:
    page = body(client_of(school["officer"]).get(path(account)))
    assert page.index("今天可以运行吗") < page.index("谁负责") < page.index("登记事项")
    assert "可以</strong>" in page
    assert "没有停止运行的决定" in page
    assert "系主任 王敏" in page


def test_page_of_a_stopped_account_says_why_since_when_and_what_next(client_of: Clients, school: College) -> None:
    account = school.account(state=AccountState.SUSPENDED, reason=SuspensionReason.STOP_ORDER)
    page = body(client_of(school["law_operator"]).get(path(account)))
    assert "xs-pass--stop" in page
    assert "不可以</strong>" in page
    assert "第十五条" in page
    assert "负责人补办手续后，由办公室恢复运行。" in page


def test_page_shows_an_empty_seat(client_of: Clients, school: College, account: MediaAccount) -> None:
    school["law_head"].appointments.update(ends_on="2026-09-30")
    assert "法律系，职位空缺" in body(client_of(school["officer"]).get(path(account)))


def test_page_shows_the_file_of_the_unit_and_its_clocks(
    client_of: Clients, school: College, account: MediaAccount
) -> None:
    school.sponsor_document("law", until=school.on + timedelta(days=12))
    page = body(client_of(school["officer"]).get(path(account)))
    assert "更新责任体系" in page
    assert "还剩 12 天" in page
    assert "补上工作队伍" in page


def test_page_traces_the_account_and_its_application(client_of: Clients, school: College) -> None:
    school.sponsor_file("law")
    application = school.submitted()
    decided(school, application, "law_head", Verdict.AGREE)
    decided(school, application, "director", Verdict.AGREE, "同意开设。")
    page = body(client_of(school["officer"]).get(path(application.account)))
    assert "账号登记在册" in page
    assert f'href="/applications/{application.pk}/"' in page
    assert re.search(r'href="/documents/[0-9A-Z-]{9}\.pdf"', page)


def test_page_asks_a_fixed_number_of_questions(
    client_of: Clients, school: College, account: MediaAccount, queries_constant: Callable[..., int]
) -> None:
    client = client_of(school["officer"])
    client.post(path(account, "remind"), {"text": "第一次"})

    def grow() -> None:
        for number in range(29):
            client.post(path(account, "remind"), {"text": f"第{number}次"})
            school.account(f"第{number}号", handle=f"grow_{number:03}")

    queries_constant(lambda: client.get(path(account)), grow, at_most=30)


# ── contacts ─────────────────────────────────────────


def test_mobile_numbers_are_masked(client_of: Clients, school: College, account: MediaAccount) -> None:
    for who in ("officer", "law_head", "leader"):
        page = body(client_of(school[who]).get(path(account)))
        assert "139****2047" in page
        assert "13900002047" not in page


def test_showing_a_number_is_recorded(client_of: Clients, school: College, account: MediaAccount) -> None:
    response = client_of(school["officer"]).post(path(account, "contact"), {"what": "owner_mobile"}, **HTMX)
    assert body(response).startswith("13900002047")
    entry = LedgerEntry.objects.get(event="registry.contact_shown")
    assert entry.data == {"what": "owner_mobile"}
    assert entry.actor_name == "孙岗"


def test_showing_a_number_works_without_script(client_of: Clients, school: College, account: MediaAccount) -> None:
    page = body(client_of(school["law_head"]).post(path(account, "contact"), {"what": "second_contact_mobile"}))
    assert "13600136000" in page
    assert "139****2047" in page


def test_numbers_are_not_for_everybody_who_sees_the_page(
    client_of: Clients, school: College, account: MediaAccount
) -> None:
    leader = client_of(school["leader"])
    assert "联系方式只给办公室和本单位负责人看" in body(leader.get(path(account)))
    assert leader.post(path(account, "contact"), {"what": "owner_mobile"}, **HTMX).status_code == 403
    assert not LedgerEntry.objects.filter(event="registry.contact_shown").exists()


@pytest.mark.parametrize("what", ("", "owner_email", "code", "__class__"))
def test_only_numbers_can_be_asked_for(client_of: Clients, school: College, account: MediaAccount, what: str) -> None:
    assert client_of(school["officer"]).post(path(account, "contact"), {"what": what}).status_code == 404
    assert client_of(school["officer"]).get(path(account, "contact")).status_code == 405


# ── acts ─────────────────────────────────────────────


def test_office_suspends_and_resumes_with_reasons(client_of: Clients, school: College, account: MediaAccount) -> None:
    client = client_of(school["officer"])
    response = client.post(path(account, "suspend"), {"reason": "not_reviewed", "text": "年审表没有交。"})
    assert response["Location"] == path(account)
    account.refresh_from_db()
    assert (account.state, account.suspension_reason) == (AccountState.SUSPENDED, "not_reviewed")
    page = body(client.get(path(account)))
    assert "「法律系」已暂停运行。" in page
    assert "暂停：未年审" in page
    assert Notice.objects.filter(person=school["law_operator"], text__contains="年审表没有交").exists()
    client.post(path(account, "resume"), {"text": "年审表已补交。"})
    account.refresh_from_db()
    assert account.state == AccountState.ACTIVE


def test_office_closes_in_two_steps(client_of: Clients, school: College, account: MediaAccount) -> None:
    client = client_of(school["officer"])
    assert client.post(path(account, "close"), {"text": "不办了。"}).status_code == 409
    client.post(path(account, "begin-closing"), {"text": "并入系官方账号。"})
    client.post(path(account, "close"), {"text": "停办手续办完。"})
    account.refresh_from_db()
    assert account.state == AccountState.CLOSED
    assert account.closed_on is not None


@pytest.mark.parametrize(
    ("act", "data", "said"),
    (
        ("suspend", {"reason": "not_reviewed", "text": ""}, "没有写理由"),
        ("suspend", {"reason": "", "text": "有理由"}, "还没有选"),
        ("suspend", {"reason": "approval_revoked", "text": "有理由"}, "没有这一种情况"),
        ("suspend", {"reason": "not_reviewed", "text": "长" * 1001}, "最多 1000 字"),
        ("suspend", {"reason": "not_reviewed", "text": " \n "}, "没有写理由"),
        ("begin-closing", {"text": ""}, "没有写理由"),
        ("remind", {"text": ""}, "没有写提醒什么"),
    ),
)
def test_acts_need_reasons_and_keep_what_was_written(
    client_of: Clients, school: College, account: MediaAccount, act: str, data: dict[str, str], said: str
) -> None:
    entries = LedgerEntry.objects.count()
    response = client_of(school["officer"]).post(path(account, act), data)
    assert response.status_code == 422
    assert said in body(response)
    assert data["text"].strip() in response.content.decode()
    account.refresh_from_db()
    assert account.state == AccountState.ACTIVE
    assert LedgerEntry.objects.count() == entries


@pytest.mark.parametrize("who", ("director", "leader", "law_head", "law_operator"))
def test_acts_are_the_media_officers(client_of: Clients, school: College, account: MediaAccount, who: str) -> None:
    client = client_of(school[who])
    assert "暂停运行" not in body(client.get(path(account)))
    for act in ("suspend", "begin-closing", "remind"):
        data = {"reason": "not_reviewed", "text": "理由", "reference": "文号"}
        assert client.post(path(account, act), data).status_code == 403
        assert client.get(path(account, act)).status_code == 403
    account.refresh_from_db()
    assert account.state == AccountState.ACTIVE


def test_page_offers_only_what_the_state_allows(client_of: Clients, school: College, account: MediaAccount) -> None:
    client = client_of(school["officer"])
    page = body(client.get(path(account)))
    assert 'command="show-modal" commandfor="act-suspend"' in page
    assert 'command="show-modal" commandfor="act-resume"' not in page
    assert 'command="show-modal" commandfor="act-close"' not in page
    client.post(path(account, "suspend"), {"reason": "stop_order", "text": "造成不良影响。"})
    page = body(client.get(path(account)))
    assert 'command="show-modal" commandfor="act-resume"' in page
    assert 'command="show-modal" commandfor="act-suspend"' not in page


def test_unknown_act_is_not_found(client_of: Clients, school: College, account: MediaAccount) -> None:
    assert client_of(school["officer"]).get(path(account, "explode")).status_code == 404


@pytest.mark.rule("data_service.campus_server")
def test_account_that_waits_for_its_server_says_so_and_leads_there(client_of: Clients, school: College) -> None:
    account = school.account(
        "掌上图书馆",
        unit="library",
        owner="library_operator",
        platform="app",
        handle="cn.shcc.lib",
        data_service=True,
        state=AccountState.APPLIED,
    )
    page = body(client_of(school["library_operator"]).get(path(account)))
    assert "服务器还没有批" in page
    assert f'href="/accounts/{account.pk}/servers/"' in page
    assert f"/accounts/{account.pk}/servers/" not in body(client_of(school["science_head"]).get(path(account)))


def test_reasons_with_markup_stay_text(client_of: Clients, school: College, account: MediaAccount) -> None:
    client = client_of(school["officer"])
    client.post(path(account, "suspend"), {"reason": "stop_order", "text": "<script>alert(1)</script>"})
    page = client.get(path(account)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
