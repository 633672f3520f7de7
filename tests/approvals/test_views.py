"""The approval page over HTTP: who sees it, what a refusal keeps, what strangers are told."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.factories.organisation import PASSWORD
from tests.support.college import College
from xianshen.approvals.models import ApprovalChain, Opinion
from xianshen.approvals.selectors import current_step
from xianshen.notices.models import Notice
from xianshen.registry.models import MediaAccount

ClientOf = Callable[[Any], Client]


def posted(chain: ApprovalChain, **changes: Any) -> dict[str, Any]:
    step = current_step(chain)
    return {
        "step": step.pk if step else 0,
        "digest": chain.digest,
        "verdict": "agree",
        "text": "同意开设。",
        "secret": PASSWORD,
        **changes,
    }


@pytest.fixture
def college_now(college: College) -> College:
    """A college whose clock is the real one, because views read it."""
    from django.utils import timezone

    college.now = timezone.now()
    return college


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("operator", 200),
        ("head", 200),
        ("director", 200),
        ("media", 200),
        ("leader", 200),
        ("library_head", 404),
        ("library_operator", 404),
        ("scitech", 404),
    ],
)
def test_who_sees_the_page(college_now: College, client_of: ClientOf, role: str, status: int) -> None:
    chain = college_now.submitted()
    assert client_of(college_now.people[role]).get(f"/approvals/{chain.pk}/").status_code == status


def test_sign_in_is_asked_of_the_public(college_now: College, client: Client) -> None:
    chain = college_now.submitted()
    answer = client.get(f"/approvals/{chain.pk}/")
    assert answer.status_code == 302
    assert "login" in answer.headers["Location"]


def test_head_signs_and_office_signs(college_now: College, client_of: ClientOf) -> None:
    college_now.complete_file()
    chain = college_now.submitted()
    for role in ("head", "director"):
        client = client_of(college_now.people[role])
        answer = client.post(f"/approvals/{chain.pk}/decide/", posted(chain))
        assert answer.status_code == 302, answer.content.decode()[:2000]
        assert client.get(answer.headers["Location"]).status_code == 200
        chain = college_now.chain(chain_application(chain))
    assert MediaAccount.objects.count() == 1


def chain_application(chain: ApprovalChain) -> Any:
    from xianshen.registry.models import OpeningApplication

    return OpeningApplication.objects.get(pk=chain.subject_id)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"secret": ""}, "签署密码"),
        ({"secret": "wrong-password"}, "密码不对"),
        ({"verdict": "return", "text": ""}, "没有写意见"),
        ({"verdict": "revoke"}, "不能这样办理"),
        ({"verdict": ""}, "还没有选决定"),
        ({"verdict": "return", "text": "<script>alert(1)</script>" * 200}, "最多"),
    ],
)
def test_bad_input_is_said_and_what_was_written_stays(
    college_now: College, client_of: ClientOf, changes: dict[str, str], said: str
) -> None:
    chain = college_now.submitted()
    answer = client_of(college_now.people["head"]).post(f"/approvals/{chain.pk}/decide/", posted(chain, **changes))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert "<script>alert" not in page
    if "text" not in changes:
        assert "同意开设。</textarea>" in page
    assert PASSWORD not in page
    assert not Opinion.objects.exists()


@pytest.mark.parametrize("role", ["library_head", "scitech"])
@pytest.mark.parametrize("secret", [PASSWORD, ""])
def test_stranger_who_posts_learns_nothing(college_now: College, client_of: ClientOf, role: str, secret: str) -> None:
    chain = college_now.submitted()
    answer = client_of(college_now.people[role]).post(f"/approvals/{chain.pk}/decide/", posted(chain, secret=secret))
    assert answer.status_code == 404
    assert chain.title not in answer.content.decode()
    assert not Opinion.objects.exists()


@pytest.mark.parametrize("step", ["", "abc", "999999999999999999999999", "-1", "１"])
def test_forged_step_is_not_found(college_now: College, client_of: ClientOf, step: str) -> None:
    chain = college_now.submitted()
    answer = client_of(college_now.people["head"]).post(f"/approvals/{chain.pk}/decide/", posted(chain, step=step))
    assert answer.status_code == 404


def test_step_decided_meanwhile_is_told_and_the_text_comes_back(college_now: College, client_of: ClientOf) -> None:
    chain = college_now.submitted()
    form = posted(chain, text="我写了很久的意见。")
    college_now.decide(chain, "head", text="同意。")
    answer = client_of(college_now.people["head"]).post(f"/approvals/{chain.pk}/decide/", form)
    assert answer.status_code == 409
    assert "已经由法律系系主任办理" in answer.content.decode()
    assert "我写了很久的意见。" in answer.content.decode()


def test_markup_in_names_is_shown_as_text(college_now: College, client_of: ClientOf) -> None:
    chain = college_now.submitted(
        name="<img src=x onerror=alert(1)>😀", content_scope="<script>alert(2)</script>内容说明"
    )
    page = client_of(college_now.people["head"]).get(f"/approvals/{chain.pk}/").content.decode()
    assert "<img src=x" not in page
    assert "<script>alert(2)" not in page
    assert "&lt;img src=x" in page


def test_applicant_withdraws_and_reminds(college_now: College, client_of: ClientOf) -> None:
    chain = college_now.submitted()
    client = client_of(college_now.people["operator"])
    assert client.post(f"/approvals/{chain.pk}/remind/").status_code == 302
    assert Notice.objects.filter(text__startswith="催办").count() == 1
    assert client.post(f"/approvals/{chain.pk}/withdraw/").status_code == 302
    chain.refresh_from_db()
    assert chain.state == "withdrawn"


def test_phrases_are_kept_without_doubles(college_now: College, client_of: ClientOf) -> None:
    client = client_of(college_now.people["head"])
    for text in ("同意。", "同意。", " ", "<b>好</b>"):
        answer = client.post("/approvals/phrases/", {"text": text})
    assert answer.content.decode().count("<button") == 2
    assert "<b>好" not in answer.content.decode()


def test_page_asks_the_same_number_of_queries_whatever_the_history(
    college_now: College, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    from xianshen.approvals.enums import Verdict

    application = college_now.draft()
    chain = college_now.submit(application)
    client = client_of(college_now.people["head"])
    client.get(f"/approvals/{chain.pk}/")
    with django_assert_max_num_queries(45):
        client.get(f"/approvals/{chain.pk}/")
    for _round in range(5):
        college_now.decide(chain, "head", Verdict.RETURN, "再改。")
        application.refresh_from_db()
        chain = college_now.submit(application)
    with django_assert_max_num_queries(45):
        client.get(f"/approvals/{chain.pk}/")
