"""Applications: who sees which, the list, the applicant's page, and beginning a new one."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.factories.registry import College, stranger
from xianshen.approvals.enums import Verdict
from xianshen.approvals.selectors import current_step, rounds_of
from xianshen.approvals.services import decide
from xianshen.approvals.signing import Signature
from xianshen.ledger.models import LedgerEntry
from xianshen.registry import services
from xianshen.registry.enums import AccountState, ApplicationState
from xianshen.registry.models import OpeningApplication
from xianshen.registry.selectors import APPLICATION_TYPE

Clients = Callable[[Any], Client]
LIST = "/applications/"


def decided(school: College, application: OpeningApplication, who: str, verdict: Verdict, text: str = "") -> None:
    """Let somebody decide the step that waits."""
    chain = rounds_of(school.institution.pk, APPLICATION_TYPE, str(application.pk))[0]
    step = current_step(chain)
    assert step is not None
    decide(
        institution_id=school.institution.pk,
        chain_id=chain.pk,
        step_id=step.pk,
        person=school[who],
        verdict=verdict,
        text=text,
        digest=chain.digest,
        signature=Signature(school[who].pk, "password", school.now),
        now=school.now,
    )
    application.refresh_from_db()


def body(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


# ── the list ─────────────────────────────────────────


def test_list_needs_sign_in(client: Client, school: College) -> None:
    response = client.get(LIST)
    assert response.status_code == 302
    assert "/me/login/" in response["Location"]


def test_list_begins_with_what_is_to_be_written(client_of: Clients, school: College) -> None:
    school.draft(name="法律系校友会")
    school.submitted(name="法律系实务课堂")
    page = body(client_of(school["law_operator"]).get(LIST))
    assert "法律系校友会" in page
    assert "法律系实务课堂" not in page
    assert "法律系实务课堂" in body(client_of(school["law_operator"]).get(LIST, {"view": "open"}))


def test_list_names_the_step_that_waits(client_of: Clients, school: College) -> None:
    school.submitted()
    page = body(client_of(school["law_operator"]).get(LIST, {"view": "open"}))
    assert "等所在部门意见" in page


@pytest.mark.parametrize(
    ("who", "sees"),
    (
        ("law_operator", True),
        ("law_head", True),
        ("officer", True),
        ("director", True),
        ("leader", True),
        ("languages_operator", False),
        ("languages_head", False),
        ("science_head", False),
    ),
)
def test_list_shows_submissions_of_the_own_unit_or_all(
    client_of: Clients, school: College, who: str, sees: bool
) -> None:
    application = school.submitted()
    response = client_of(school[who]).get(LIST, {"view": "everything"})
    assert (application.number in body(response)) is sees


def test_list_keeps_drafts_to_their_writer(client_of: Clients, school: College) -> None:
    draft = school.draft(name="还没想好")
    assert draft.number in body(client_of(school["law_operator"]).get(LIST, {"view": "everything"}))
    for who in ("law_head", "officer"):
        assert draft.number not in body(client_of(school[who]).get(LIST, {"view": "everything"}))


def test_list_filters_sorts_and_keeps_its_state_in_the_address(client_of: Clients, school: College) -> None:
    school.submitted(name="甲号课堂", handle="flx_jiahao")
    school.submitted(name="乙号微博", platform="weibo", handle="乙号微博站")
    client = client_of(school["officer"])
    page = body(client.get(LIST, {"view": "everything", "platform": "weibo"}))
    assert "乙号微博" in page
    assert "甲号课堂" not in page
    assert "甲号课堂" in body(client.get(LIST, {"view": "everything", "q": "甲号"}))
    assert "没有符合条件的申请" in body(client.get(LIST, {"view": "everything", "q": "没有这个"}))
    ordered = body(client.get(LIST, {"view": "everything", "sort": "name"}))
    assert ordered.index("乙号微博") < ordered.index("甲号课堂")
    assert "?q=&amp;" not in ordered
    assert "?view=everything&amp;sort=-name" in ordered


@pytest.mark.parametrize(
    "query",
    (
        {"view": "nonsense", "sort": "nonsense", "page": "nonsense"},
        {"unit": "9" * 40, "state": "nonsense"},
        {"q": "\x00<script>", "page": "-7"},
        {"unit": "１２", "platform": "'; DROP TABLE"},
    ),
)
def test_list_survives_any_address(client_of: Clients, school: College, query: dict[str, str]) -> None:
    school.submitted()
    response = client_of(school["officer"]).get(LIST, query)
    assert response.status_code == 200
    assert b"<script>&" not in response.content


def test_list_asks_a_fixed_number_of_questions(
    client_of: Clients, school: College, queries_constant: Callable[..., int]
) -> None:
    client = client_of(school["officer"])
    count = iter(range(100))

    def grow(how_many: int) -> None:
        for _ in range(how_many):
            number = next(count)
            school.submitted(name=f"第{number}号课堂", handle=f"course_{number:04}")

    grow(1)
    queries_constant(lambda: client.get(LIST, {"view": "everything"}), lambda: grow(29), at_most=16)


def test_empty_list_says_what_to_do(client_of: Clients, school: College) -> None:
    page = body(client_of(school["law_operator"]).get(LIST))
    assert "没有要写完的申请" in page
    assert "申请开设" in page
    assert "申请开设</button>" not in body(client_of(school["leader"]).get(LIST))


# ── a new one ────────────────────────────────────────


def test_new_application_begins_at_once_for_the_only_unit(client_of: Clients, school: College) -> None:
    response = client_of(school["languages_operator"]).post("/applications/new/")
    draft = OpeningApplication.objects.get()
    assert response["Location"] == f"/applications/{draft.pk}/edit/"
    assert draft.unit == school.units["languages"]
    assert LedgerEntry.objects.filter(event="registry.draft_started", actor_unit="外语系").count() == 1


def test_new_application_takes_up_an_untouched_draft_again(client_of: Clients, school: College) -> None:
    client = client_of(school["languages_operator"])
    client.post("/applications/new/")
    client.post("/applications/new/")
    assert OpeningApplication.objects.count() == 1


def test_new_application_asks_for_the_unit_when_there_are_several(client_of: Clients, school: College) -> None:
    client = client_of(school["law_operator"])
    page = body(client.get("/applications/new/"))
    assert "2024级法律一班" in page
    refused = client.post("/applications/new/")
    assert refused.status_code == 422
    assert "还没有选单位" in body(refused)
    client.post("/applications/new/", {"unit": school.units["class"].pk})
    assert OpeningApplication.objects.get().unit == school.units["class"]


def test_reading_the_page_of_a_new_application_writes_nothing(client_of: Clients, school: College) -> None:
    client_of(school["languages_operator"]).get("/applications/new/")
    assert not OpeningApplication.objects.exists()


@pytest.mark.parametrize("who", ("leader", "law_head"))
def test_new_application_is_refused_without_a_position_that_applies(
    client_of: Clients, school: College, who: str
) -> None:
    response = client_of(school[who]).post("/applications/new/", {"unit": school.units["law"].pk})
    assert response.status_code == 403
    assert "没有可以申请开设的职务" in body(response)
    assert not OpeningApplication.objects.exists()


def test_new_application_for_another_unit_is_refused(client_of: Clients, school: College) -> None:
    client = client_of(school["law_operator"])
    assert client.post("/applications/new/", {"unit": school.units["library"].pk}).status_code == 403
    assert client.post("/applications/new/", {"unit": "999999"}).status_code == 404
    assert not OpeningApplication.objects.exists()


# ── the applicant's page ─────────────────────────────


def test_page_of_a_draft_is_its_form(client_of: Clients, school: College) -> None:
    draft = school.draft()
    response = client_of(school["law_operator"]).get(f"/applications/{draft.pk}/")
    assert response["Location"] == f"/applications/{draft.pk}/edit/"


@pytest.mark.parametrize(
    ("who", "status"),
    (
        ("law_operator", 200),
        ("law_head", 200),
        ("law_secretary", 200),
        ("officer", 200),
        ("leader", 200),
        ("languages_operator", 404),
        ("library_head", 404),
        ("league_secretary", 404),
    ),
)
def test_page_is_for_the_unit_and_the_office(client_of: Clients, school: College, who: str, status: int) -> None:
    application = school.submitted()
    assert client_of(school[who]).get(f"/applications/{application.pk}/").status_code == status
    assert client_of(school[who]).get(f"/applications/{application.pk}/paper/").status_code == status


def test_page_of_another_institution_is_not_found(client_of: Clients, school: College) -> None:
    application = school.submitted()
    client = client_of(stranger(school.now))
    for path in ("", "paper/", "edit/"):
        assert client.get(f"/applications/{application.pk}/{path}").status_code == 404


def test_page_shows_where_it_stands_and_who_is_asked(client_of: Clients, school: College) -> None:
    application = school.submitted()
    page = body(client_of(school["law_operator"]).get(f"/applications/{application.pk}/"))
    assert "等所在部门意见" in page
    assert "等法律系系主任办理" in page
    assert "还剩 5 天" in page
    assert "撤回修改" in page
    assert "去签署" not in page


def test_page_leads_the_decider_to_the_approval(client_of: Clients, school: College) -> None:
    application = school.submitted()
    chain = rounds_of(school.institution.pk, APPLICATION_TYPE, str(application.pk))[0]
    page = body(client_of(school["law_head"]).get(f"/applications/{application.pk}/"))
    assert f'href="/approvals/{chain.pk}/"' in page
    assert "撤回修改" not in page


@pytest.mark.rule("approval.reasons_required")
def test_page_puts_the_reasons_of_a_return_on_top(client_of: Clients, school: College) -> None:
    application = school.submitted()
    decided(school, application, "law_head", Verdict.RETURN, "写明每周发几次。")
    page = body(client_of(school["law_operator"]).get(f"/applications/{application.pk}/"))
    assert "待补正" in page
    assert page.index("写明每周发几次。") < page.index("申请内容")
    assert f'href="/applications/{application.pk}/edit/"' in page
    form = body(client_of(school["law_operator"]).get(f"/applications/{application.pk}/edit/"))
    assert "写明每周发几次。" in form


def test_page_says_what_changed_between_rounds(client_of: Clients, school: College) -> None:
    application = school.submitted()
    decided(school, application, "law_head", Verdict.RETURN, "写清楚。")
    saved = services.save_draft(
        grants=school.grants("law_operator"),
        application_id=application.pk,
        revision=application.revision,
        values={"content_scope": "模拟法庭实录每周一篇，案例解读每周两篇。"},
        now=school.now,
    )
    services.submit_application(
        actor=school.actor("law_operator"),
        grants=school.grants("law_operator"),
        application_id=saved.pk,
        revision=saved.revision,
        now=school.now,
    )
    page = body(client_of(school["law_operator"]).get(f"/applications/{application.pk}/"))
    assert "第 2 次提交改了什么" in page
    assert "<del>模拟法庭实录、案例解读、实习基地招募信息。</del>" in page
    assert "<ins>模拟法庭实录每周一篇，案例解读每周两篇。</ins>" in page


def test_page_of_an_approved_application_gives_account_and_documents(client_of: Clients, school: College) -> None:
    school.sponsor_file("law")
    application = school.submitted()
    decided(school, application, "law_head", Verdict.AGREE)
    decided(school, application, "director", Verdict.AGREE, "同意开设。")
    assert application.state == ApplicationState.APPROVED
    assert application.account.state == AccountState.ACTIVE
    page = body(client_of(school["law_operator"]).get(f"/applications/{application.pk}/"))
    assert application.account.code in page
    assert f'href="/accounts/{application.account.pk}/"' in page
    assert re.search(r'href="/documents/[0-9A-Z-]{9}\.pdf"', page)
    assert "同意开设。" in page


def test_page_shows_mobile_numbers_to_who_needs_them_only(client_of: Clients, school: College) -> None:
    application = school.submitted()
    for who, shown in (("law_operator", True), ("law_head", True), ("officer", True), ("leader", False)):
        for path in ("", "paper/"):
            page = body(client_of(school[who]).get(f"/applications/{application.pk}/{path}"))
            assert ("13800138000" in page) is shown, (who, path)
            assert ("138****8000" in page) is not shown, (who, path)


def test_withdrawal_leads_back_to_the_form(client_of: Clients, school: College) -> None:
    application = school.submitted()
    chain = rounds_of(school.institution.pk, APPLICATION_TYPE, str(application.pk))[0]
    client = client_of(school["law_operator"])
    response = client.post(f"/approvals/{chain.pk}/withdraw/", {"reason": "名称要改"})
    assert response["Location"] == f"/applications/{application.pk}/"
    page = body(client.get(f"/applications/{application.pk}/"))
    assert "已撤回" in page
    assert client.get(f"/applications/{application.pk}/edit/").status_code == 200


def test_script_in_every_text_is_shown_as_text(client_of: Clients, school: College) -> None:
    nasty = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
    application = school.submitted(
        content_scope=nasty + "，发布内容写在这里。",
        positioning=nasty + "，定位写在这里。",
        difference=nasty,
        second_contact_name=nasty,
    )
    for path in ("", "paper/"):
        page = client_of(school["law_operator"]).get(f"/applications/{application.pk}/{path}").content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_paper_is_the_annex_of_the_policy(client_of: Clients, school: College) -> None:
    application = school.submitted()
    page = body(client_of(school["law_operator"]).get(f"/applications/{application.pk}/paper/"))
    assert "上海海关学院校园新媒体开设申请表" in page
    assert "模拟法庭实录、案例解读、实习基地招募信息。" in page
