"""The application form: autosave, live checks, submission, files, and everything that can be typed into it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.registry import PDF, College, stranger, upload
from xianshen.approvals.models import ApprovalChain
from xianshen.common.forms import plain_text
from xianshen.documents.models import Attachment
from xianshen.ledger.models import LedgerEntry
from xianshen.registry import services
from xianshen.registry.enums import ApplicationState, InNameOf
from xianshen.registry.models import OpeningApplication

Clients = Callable[[Any], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}


def path(application: OpeningApplication, act: str) -> str:
    return f"/applications/{application.pk}/{act}/"


def body(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def typed(school: College, application: OpeningApplication, **values: Any) -> dict[str, Any]:
    """Return a complete form as the page posts it."""
    return {
        "revision": application.revision,
        "name": "法律系实务课堂",
        "in_name_of": "unit",
        "platform": "wechat_subscription",
        "handle": "flx_shiwu",
        "content_scope": "模拟法庭实录、案例解读、实习基地招募信息。",
        "positioning": "给学法律的学生看的实务账号，只做案例和实习。",
        "audience": ["unit_students", "alumni"],
        "audience-shown": "1",
        "difference": "",
        "owner_name": str(school["law_operator"].pk),
        "owner_mobile": "13800138000",
        "owner_email": "flx@example.edu.cn",
        "second_contact_name": "李强",
        "second_contact_mobile": "13900139000",
        "data_service": "false",
        **values,
    }


@pytest.fixture
def draft(school: College) -> OpeningApplication:
    return school.draft()


@pytest.fixture
def client(client_of: Clients, school: College) -> Client:  # type: ignore[override]
    return client_of(school["law_operator"])


# ── the form ─────────────────────────────────────────


def test_form_has_the_fields_of_the_policy_in_its_order(client: Client, draft: OpeningApplication) -> None:
    page = body(client.get(path(draft, "edit")))
    codes = [
        "name",
        "platform",
        "handle",
        "content_scope",
        "positioning",
        "audience",
        "unit",
        "owner_name",
        "data_service",
    ]
    places = [page.index(f'id="id_{code}"') for code in codes]
    assert places == sorted(places)
    for label in ("新媒体名称", "新媒体类型", "账号名称或链接地址", "发布内容范围", "服务对象", "所属部门", "负责人"):
        assert f">{label}<" in page
    for number, title in (("一", "账号"), ("二", "定位"), ("三", "责任"), ("四", "材料与数据")):
        assert re.search(rf'<span class="xs-no">{number}</span><h2 id="part-\d">{title}</h2>', page)
    assert 'class="xs-no">五<' not in page


def test_form_offers_the_applicant_as_owner(client: Client, school: College, draft: OpeningApplication) -> None:
    page = body(client.get(path(draft, "edit")))
    assert re.search(
        rf'<option value="{school["law_operator"].pk}" selected>赵宣（法律系系办公室宣传岗），我</option>', page
    )
    assert 'value="13912345678"' in page
    draft.refresh_from_db()
    assert draft.owner is None


def test_owner_is_chosen_among_people_of_the_unit_and_above(
    client_of: Clients, school: College, client: Client
) -> None:
    draft = school.draft("class_operator", unit="class")
    page = body(client_of(school["class_operator"]).get(path(draft, "edit")))
    assert "韩同学" in page
    assert "王敏（法律系系主任）" in page
    assert "沈青" not in page


def test_form_says_who_will_decide_and_when(client: Client, draft: OpeningApplication) -> None:
    page = body(client.get(path(draft, "edit")))
    assert "提交给系主任" in page
    assert "系主任 王敏" in page
    assert "办公室主任 陈办" in page
    assert "所在部门 5 天内签署意见。" in page


@pytest.mark.parametrize(
    ("who", "unit", "receiver"),
    (
        ("class_operator", "class", "党总支书记"),
        ("society_operator", "society", "校团委书记"),
        ("library_operator", "library", "馆长"),
    ),
)
def test_button_names_the_receiver(client_of: Clients, school: College, who: str, unit: str, receiver: str) -> None:
    draft = school.draft(who, unit=unit)
    assert f"提交给{receiver}" in body(client_of(school[who]).get(path(draft, "edit")))


def test_button_waits_until_nothing_is_missing(client: Client, school: College, draft: OpeningApplication) -> None:
    page = body(client.get(path(draft, "edit")))
    assert re.search(r'id="submit-button" data-submit aria-disabled="true" aria-describedby="why-not"', page)
    assert '<a href="#id_name">填新媒体名称</a>' in page
    client.post(path(draft, "save"), typed(school, draft))
    page = body(client.get(path(draft, "edit")))
    assert 'id="submit-button" data-submit>' in page
    assert "都填好了，可以提交。" in page


@pytest.mark.parametrize(
    ("who", "status"),
    (("law_head", 404), ("officer", 404), ("languages_operator", 404), ("leader", 404)),
)
def test_a_draft_is_its_writers_only(client_of: Clients, school: College, who: str, status: int) -> None:
    draft = school.draft(name="草稿")
    other = client_of(school[who])
    assert other.get(path(draft, "edit")).status_code == status
    for act in ("save", "submit", "discard", "attachments"):
        assert other.post(path(draft, act), {"revision": draft.revision, "name": "改掉"}).status_code == status
    draft.refresh_from_db()
    assert draft.name == "草稿"


def test_a_submission_can_be_read_but_not_written_by_the_head(client_of: Clients, school: College) -> None:
    application = school.submitted()
    other = client_of(school["law_head"])
    response = other.post(path(application, "save"), typed(school, application, name="改掉"))
    assert response.status_code == 403
    assert "只有申请人可以改这份申请" in body(response)
    application.refresh_from_db()
    assert application.name == "法律系实务课堂"


def test_another_institutions_application_is_not_found(client_of: Clients, school: College) -> None:
    draft = school.draft()
    other = client_of(stranger(school.now))
    for act in ("edit", "submit"):
        assert other.get(path(draft, act)).status_code == 404
    for act in ("save", "submit", "discard", "attachments"):
        assert other.post(path(draft, act), {"revision": 1}).status_code == 404
    assert OpeningApplication.objects.filter(pk=draft.pk, revision=1).exists()


def test_a_person_who_lost_the_position_cannot_go_on(client_of: Clients, school: College) -> None:
    draft = school.draft()
    school["law_operator"].appointments.update(ends_on="2026-10-01")
    response = client_of(school["law_operator"]).get(path(draft, "edit"))
    assert response.status_code == 403
    assert "你不在这个单位任新媒体管理职务" in body(response)


# ── autosave ─────────────────────────────────────────


def test_autosave_keeps_what_was_typed(client: Client, school: College, draft: OpeningApplication) -> None:
    response = client.post(path(draft, "save"), typed(school, draft), **HTMX)
    assert response.status_code == 200
    draft.refresh_from_db()
    assert draft.revision == 2
    assert draft.name == "法律系实务课堂"
    assert draft.audience == ["unit_students", "alumni"]
    assert draft.data_service is False
    assert (draft.owner, draft.owner_name) == (school["law_operator"], "赵宣")
    assert 'name="revision" value="2" id="revision" hx-swap-oob="true"' in body(response)


def test_autosave_answers_with_parts_and_never_with_the_field_being_written(
    client: Client, school: College, draft: OpeningApplication
) -> None:
    response = client.post(path(draft, "save"), typed(school, draft, handle="法律系shiwu"), **HTMX)
    page = body(response)
    assert '<div id="f-live-handle" hx-swap-oob="innerHTML">' in page
    assert "账号名称格式不对" in page
    assert "<main" not in page
    assert 'id="id_handle"' not in page
    assert "<textarea" not in page


def test_autosave_sends_only_what_is_new(client: Client, school: College, draft: OpeningApplication) -> None:
    first = body(client.post(path(draft, "save"), typed(school, draft), **HTMX))
    seen = re.findall(r'name="seen" value="([^"]+)"', first)
    assert len(seen) > 15
    draft.refresh_from_db()
    second = body(client.post(path(draft, "save"), {**typed(school, draft), "seen": seen}, **HTMX))
    assert "hx-swap-oob" in second
    assert 'id="f-' not in second.replace('id="f-conflict"', "")
    draft.refresh_from_db()
    third = body(client.post(path(draft, "save"), {**typed(school, draft, handle="短"), "seen": seen}, **HTMX))
    assert 'id="f-live-handle"' in third
    assert 'id="f-checks"' in third
    assert 'id="f-live-name"' not in third
    assert 'id="f-route"' not in third


def test_autosave_leaves_fields_that_were_not_posted(client: Client, school: College) -> None:
    draft = school.draft(**school.complete_values())
    client.post(path(draft, "save"), {"revision": draft.revision, "name": "只改名称"}, **HTMX)
    draft.refresh_from_db()
    assert draft.name == "只改名称"
    assert draft.audience == ["unit_students"]
    assert draft.content_scope.startswith("模拟法庭")
    assert draft.data_service is False


def test_autosave_can_untick_everything(client: Client, school: College) -> None:
    draft = school.draft(**school.complete_values())
    client.post(path(draft, "save"), {"revision": draft.revision, "audience-shown": "1"}, **HTMX)
    draft.refresh_from_db()
    assert draft.audience == []


@pytest.mark.parametrize(
    ("code", "limit"),
    (("name", 60), ("handle", 300), ("content_scope", 1000), ("positioning", 500), ("difference", 500)),
)
def test_autosave_refuses_text_that_is_too_long_field_by_field(
    client: Client, school: College, draft: OpeningApplication, code: str, limit: int
) -> None:
    response = client.post(path(draft, "save"), typed(school, draft, **{code: "长" * 10_000}), **HTMX)
    assert response.status_code == 422
    page = body(response)
    assert f'<div id="f-live-{code}" hx-swap-oob="innerHTML">' in page
    assert f"写了 10000 字，最多 {limit} 字" in page
    draft.refresh_from_db()
    assert getattr(draft, code) == ""
    kept = "handle" if code != "handle" else "name"
    assert getattr(draft, kept) == typed(school, draft)[kept]


def test_autosave_without_script_goes_back_to_the_form(
    client: Client, school: College, draft: OpeningApplication
) -> None:
    response = client.post(path(draft, "save"), typed(school, draft))
    assert response["Location"] == path(draft, "edit")
    refused = client.post(path(draft, "save"), {**typed(school, draft), "revision": 2, "name": "长" * 61})
    assert refused.status_code == 422
    assert "长" * 61 in refused.content.decode()


def test_a_suggestion_is_taken_over(client: Client, school: College, draft: OpeningApplication) -> None:
    page = body(client.post(path(draft, "save"), typed(school, draft, handle="法律系"), **HTMX))
    found = re.search(r'name="use" value="(handle=[a-z_]+)"', page)
    assert found
    draft.refresh_from_db()
    answer = client.post(path(draft, "save"), {**typed(school, draft, handle="法律系"), "use": found[1]}, **HTMX)
    draft.refresh_from_db()
    assert f"handle={draft.handle}" == found[1]
    assert re.search(rf'<input[^>]*value="{draft.handle}"[^>]*hx-swap-oob="true"', body(answer))


def test_another_owner_brings_their_contacts(client: Client, school: College, draft: OpeningApplication) -> None:
    client.post(path(draft, "save"), typed(school, draft, owner_mobile="", owner_email=""), **HTMX)
    draft.refresh_from_db()
    assert draft.owner_mobile == "13912345678"
    head = school["law_head"]
    head.mobile = "13700137000"
    head.save(update_fields=["mobile"])
    answer = client.post(
        path(draft, "save"),
        typed(school, draft, owner_name=str(head.pk), owner_mobile="13912345678", owner_email="mine@example.edu.cn"),
        **HTMX,
    )
    draft.refresh_from_db()
    assert draft.owner == head
    assert draft.owner_mobile == "13700137000"
    assert draft.owner_email == "mine@example.edu.cn"
    assert 'id="id_owner_mobile"' in body(answer)
    assert 'id="id_owner_email"' not in body(answer)


def test_owner_must_be_one_of_those_offered(client: Client, school: College, draft: OpeningApplication) -> None:
    for wrong in (school["languages_head"].pk, stranger(school.now).pk, "x", "-1"):
        draft.refresh_from_db()
        response = client.post(path(draft, "save"), typed(school, draft, owner_name=str(wrong)), **HTMX)
        assert response.status_code == 422
        assert "没有这一项。从列出的里面选。" in body(response)
    draft.refresh_from_db()
    assert draft.owner is None


# ── live checks ──────────────────────────────────────


@pytest.mark.rule("name.lookalike")
@pytest.mark.parametrize("name", ("上海海\u200b关学院新闻", "上海海关学\u2060院", "上海海関学院发布"))
def test_disguised_names_of_the_institution_are_found_while_typing(
    client: Client, school: College, draft: OpeningApplication, name: str
) -> None:
    page = body(client.post(path(draft, "save"), typed(school, draft, name=name), **HTMX))
    live = page[page.index('id="f-live-name"') :]
    assert "名称不合规定" in live[: live.index("</div>")]
    assert "改新媒体名称" in page


@pytest.mark.rule("name.personal_prefix")
def test_a_personal_account_may_not_begin_with_the_institutions_name(
    client: Client, school: College, draft: OpeningApplication
) -> None:
    values = typed(school, draft, name="上海海关学院小赵", in_name_of="individual")
    page = body(client.post(path(draft, "save"), values, **HTMX))
    assert "名称用校名开头。个人账号不得冠校名。" in page
    assert "第十条" in page
    draft.refresh_from_db()
    assert draft.in_name_of == InNameOf.INDIVIDUAL


@pytest.mark.rule("positioning.no_duplicates")
def test_similar_positioning_is_shown_with_shared_passages_marked(client: Client, school: College) -> None:
    school.account("法援在线", content_scope="模拟法庭实录、案例解读和<b>咨询</b>。", handle="flx_fayuan")
    draft = school.draft()
    page = body(client.post(path(draft, "save"), typed(school, draft), **HTMX))
    near = page[page.index('id="f-near"') :]
    assert "法援在线" in near
    assert "<mark>模拟法庭实录、案例解读</mark>" in near
    assert "<b>咨询</b>" not in near
    assert "写明和它们有什么不同" in near


def test_accounts_of_other_units_are_linked_publicly_at_most(client: Client, school: College) -> None:
    account = school.account(
        "外语说法", unit="languages", owner="languages_operator", content_scope="模拟法庭实录、案例解读、双语法条。"
    )
    draft = school.draft()
    page = body(client.post(path(draft, "save"), typed(school, draft), **HTMX))
    assert "外语说法" in page
    assert f'href="/accounts/{account.pk}/"' not in page


def test_own_positions_do_not_decide_on_own_applications(client_of: Clients, school: College) -> None:
    from tests.factories.organisation import AppointmentFactory

    position = school["law_head"].appointments.get().position
    school["law_head"].appointments.update(ends_on="2026-09-30")
    AppointmentFactory(position=position, person=school["law_operator"])
    draft = school.draft()
    page = body(client_of(school["law_operator"]).get(path(draft, "edit")))
    assert "提交给分管校领导" in page
    assert "任职的就是你" in page


# ── submission ───────────────────────────────────────


@pytest.mark.rule("opening.prior_approval")
def test_submission_goes_to_the_head(client: Client, school: College, draft: OpeningApplication) -> None:
    response = client.post(path(draft, "submit"), typed(school, draft))
    assert response["Location"] == f"/applications/{draft.pk}/"
    draft.refresh_from_db()
    assert draft.state == ApplicationState.SUBMITTED
    assert ApprovalChain.objects.get().steps.get(state="current").position_kind == "unit_head"
    assert "已提交「法律系实务课堂」的开设申请" in body(client.get(f"/applications/{draft.pk}/"))


def test_refused_submission_shows_everything_typed_and_a_summary(
    client: Client, school: College, draft: OpeningApplication
) -> None:
    values = typed(school, draft, name="", owner_email="不是邮箱", positioning="短", second_contact_name="")
    response = client.post(path(draft, "submit"), values)
    assert response.status_code == 422
    page = body(response)
    summary = page[page.index('class="xs-errsum"') :]
    summary = summary[: summary.index("</ul>")]
    assert 'tabindex="-1" data-focus' in summary
    for target in ("id_name", "id_owner_email", "id_positioning", "id_second_contact_name"):
        assert f'href="#{target}"' in summary
        assert f'id="{target}"' in page
    assert 'value="不是邮箱"' in page
    assert "> 短</textarea>" in page
    draft.refresh_from_db()
    assert draft.state == ApplicationState.DRAFT
    assert draft.owner_email == "不是邮箱"
    assert not ApprovalChain.objects.exists()


def test_refused_submission_keeps_even_what_cannot_be_stored(
    client: Client, school: College, draft: OpeningApplication
) -> None:
    response = client.post(path(draft, "submit"), typed(school, draft, content_scope="长" * 10_000, name=""))
    assert response.status_code == 422
    page = body(response)
    assert "长" * 10_000 in page
    assert "写了 10000 字，最多 1000 字" in page
    assert "新媒体名称：还没有填。" in page
    draft.refresh_from_db()
    assert draft.content_scope == ""
    assert draft.handle == "flx_shiwu"


@pytest.mark.parametrize("code", ("name", "content_scope", "positioning", "difference", "second_contact_name"))
@pytest.mark.parametrize(
    "text",
    ("海关🚢小站，发布内容写得长一些👩‍🚀", '<script>alert("x")</script>的课堂内容', "{{ 7*7 }}{% x %}，内容写长"),
)
def test_odd_text_is_kept_as_it_is(
    client: Client, school: College, draft: OpeningApplication, code: str, text: str
) -> None:
    client.post(path(draft, "save"), typed(school, draft, **{code: text}), **HTMX)
    draft.refresh_from_db()
    assert getattr(draft, code) == text
    page = client.get(path(draft, "edit")).content.decode()
    assert "<script>alert" not in page
    assert "49" not in re.sub(r'value="[^"]*"', "", page).split("{{ 7*7 }}")[0][-5:]


def test_control_characters_and_line_ends_are_made_plain(
    client: Client, school: College, draft: OpeningApplication
) -> None:
    values = typed(school, draft, name="法律\x00系\n课堂", content_scope="第一行\r\n第二行\x07写在这里")
    assert client.post(path(draft, "save"), values, **HTMX).status_code == 200
    draft.refresh_from_db()
    assert draft.name == "法律系 课堂"
    assert draft.content_scope == "第一行\n第二行写在这里"


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_plain_text_can_be_stored_and_stays_so(text: str) -> None:
    once = plain_text(text, lines=True)
    assert "\x00" not in once
    assert once.encode().decode() == once
    assert plain_text(once, lines=True) == once
    assert "\n" not in plain_text(text, lines=False)


def test_forged_choices_are_refused(client: Client, school: College, draft: OpeningApplication) -> None:
    forged = {"platform": "myspace", "data_service": "maybe", "in_name_of": "nobody", "audience": ["martians"]}
    response = client.post(path(draft, "submit"), typed(school, draft, **forged))
    assert response.status_code == 422
    draft.refresh_from_db()
    assert (draft.platform, draft.data_service, draft.audience) == ("", None, [])
    assert draft.in_name_of == InNameOf.UNIT


def test_columns_cannot_be_written_past_the_form(client: Client, school: College, draft: OpeningApplication) -> None:
    sneaky = {"state": "approved", "tier": "1", "unit": str(school.units["office"].pk), "applicant": "1", "number": "X"}
    client.post(path(draft, "save"), typed(school, draft, **sneaky, unit_id="1", owner_id="1", extra="{}"), **HTMX)
    draft.refresh_from_db()
    assert draft.state == ApplicationState.DRAFT
    assert draft.unit == school.units["law"]
    assert draft.number.startswith("K-")
    assert draft.extra == {}


def test_double_submit_is_told_kindly_and_happens_once(
    client: Client, school: College, draft: OpeningApplication
) -> None:
    values = typed(school, draft)
    client.post(path(draft, "submit"), values)
    again = client.post(path(draft, "submit"), values)
    assert again["Location"] == f"/applications/{draft.pk}/"
    assert "已经提交过了" in body(client.get(again["Location"]))
    assert ApprovalChain.objects.count() == 1
    assert LedgerEntry.objects.filter(event="registry.application_submitted").count() == 1


def test_submit_address_opened_by_hand_leads_to_the_form(client: Client, draft: OpeningApplication) -> None:
    assert client.get(path(draft, "submit"))["Location"] == path(draft, "edit")


# ── two windows ──────────────────────────────────────


def test_another_windows_save_is_not_overwritten(client: Client, school: College, draft: OpeningApplication) -> None:
    client.post(path(draft, "save"), typed(school, draft, name="窗口一"), **HTMX)
    late = client.post(path(draft, "save"), typed(school, draft, name="窗口二"), **HTMX)
    assert late.status_code == 409
    assert late["HX-Retarget"] == "#f-conflict"
    assert "这份申请在另一个窗口里改过" in body(late)
    draft.refresh_from_db()
    assert draft.name == "窗口一"


def test_the_other_windows_version_can_be_overwritten_on_purpose(
    client: Client, school: College, draft: OpeningApplication
) -> None:
    client.post(path(draft, "save"), typed(school, draft, name="窗口一"), **HTMX)
    late = client.post(path(draft, "save"), typed(school, draft, name="窗口二"), **HTMX)
    offered = re.search(r'name="overwrite" value="(\d+)"', body(late))
    assert offered
    values = typed(school, draft, name="窗口二", overwrite=offered[1])
    assert client.post(path(draft, "save"), values, **HTMX).status_code == 200
    draft.refresh_from_db()
    assert draft.name == "窗口二"


def test_submission_from_an_old_window_shows_both(client: Client, school: College, draft: OpeningApplication) -> None:
    client.post(path(draft, "save"), typed(school, draft, name="窗口一"), **HTMX)
    response = client.post(path(draft, "submit"), typed(school, draft, name="窗口二"))
    assert response.status_code == 409
    page = body(response)
    assert "这份申请在另一个窗口里改过" in page
    assert 'value="窗口二"' in page
    draft.refresh_from_db()
    assert (draft.name, draft.state) == ("窗口一", ApplicationState.DRAFT)


def test_autosave_after_submission_elsewhere_is_refused(client: Client, school: College) -> None:
    application = school.submitted()
    response = client.post(path(application, "save"), typed(school, application, name="晚了"), **HTMX)
    assert response.status_code == 409
    assert "申请已经提交，不能再改" in body(response)
    application.refresh_from_db()
    assert application.name == "法律系实务课堂"


def test_expired_sign_in_keeps_the_form_and_sends_it_again(
    client: Client, school: College, draft: OpeningApplication
) -> None:
    client.get(path(draft, "edit"))
    client.session.delete()
    response = client.post(path(draft, "submit"), typed(school, draft, difference="一个字也不能丢"))
    assert response["Location"].startswith(reverse("account_login"))
    draft.refresh_from_db()
    assert draft.state == ApplicationState.DRAFT
    client.force_login(school["law_operator"], backend=django_settings.AUTHENTICATION_BACKENDS[0])
    kept = client.get(reverse("web:continue"))
    assert "一个字也不能丢" in body(kept)
    form = kept.context["form"]
    again: dict[str, list[str]] = {}
    for name, value in form.fields:
        again.setdefault(name, []).append(value)
    assert client.post(form.path, again)["Location"] == f"/applications/{draft.pk}/"
    draft.refresh_from_db()
    assert draft.state == ApplicationState.SUBMITTED
    assert draft.difference == "一个字也不能丢"


def test_autosave_with_an_expired_sign_in_says_so_and_changes_nothing(
    client: Client, school: College, draft: OpeningApplication
) -> None:
    client.get(path(draft, "edit"))
    client.session.delete()
    response = client.post(path(draft, "save"), typed(school, draft), **HTMX)
    assert response.status_code == 401
    assert "登录已过期" in body(response)
    draft.refresh_from_db()
    assert draft.revision == 1


# ── files and drafts ─────────────────────────────────


def test_material_is_stored_and_listed(client: Client, school: College, draft: OpeningApplication) -> None:
    response = client.post(path(draft, "attachments"), {"upload": upload("说明.pdf")}, **HTMX)
    assert response.status_code == 200
    assert "说明.pdf" in body(response)
    found = Attachment.objects.get()
    assert (found.subject_type, found.subject_id) == ("registry.opening_application", str(draft.pk))
    assert client.get(f"/documents/attachments/{found.pk}/").getvalue() == PDF


def test_file_with_a_false_extension_is_refused(client: Client, draft: OpeningApplication) -> None:
    fake = upload("照片.png", b"MZ\x90\x00not a picture")
    response = client.post(path(draft, "attachments"), {"upload": fake}, **HTMX)
    assert response.status_code == 422
    assert "不收这种文件" in body(response)
    assert "内容却是" in body(client.post(path(draft, "attachments"), {"upload": upload("照片.png")}, **HTMX))
    assert not Attachment.objects.exists()


def test_no_file_chosen_says_so(client: Client, draft: OpeningApplication) -> None:
    assert "还没有选文件" in body(client.post(path(draft, "attachments"), {}, **HTMX))


@pytest.mark.parametrize(
    ("who", "status"), (("law_operator", 200), ("law_head", 200), ("officer", 200), ("languages_operator", 404))
)
def test_material_is_read_by_who_may_read_the_application(
    client_of: Clients, school: College, who: str, status: int
) -> None:
    draft = school.draft(**school.complete_values())
    client_of(school["law_operator"]).post(path(draft, "attachments"), {"upload": upload()})
    services.submit_application(
        actor=school.actor("law_operator"),
        grants=school.grants("law_operator"),
        application_id=draft.pk,
        revision=draft.revision,
        now=school.now,
    )
    response = client_of(school[who]).get(f"/documents/attachments/{Attachment.objects.get().pk}/")
    assert response.status_code in ({status} if status == 200 else {403, 404})


def test_material_of_a_draft_is_its_writers_only(client_of: Clients, school: College, client: Client) -> None:
    draft = school.draft()
    client.post(path(draft, "attachments"), {"upload": upload()})
    found = Attachment.objects.get()
    assert client_of(school["law_head"]).get(f"/documents/attachments/{found.pk}/").status_code in {403, 404}


def test_material_can_be_taken_off_again(client: Client, draft: OpeningApplication) -> None:
    client.post(path(draft, "attachments"), {"upload": upload("说明.pdf")})
    found = Attachment.objects.get()
    address = f"/applications/{draft.pk}/attachments/{found.pk}/remove/"
    assert "说明.pdf" not in body(client.post(address, **HTMX))
    found.refresh_from_db()
    assert found.removed_at is not None
    assert client.post(address, **HTMX).status_code == 404


def test_files_of_another_application_cannot_be_taken_off(client: Client, school: College) -> None:
    mine, other = school.draft(name="我的"), school.draft("languages_operator", unit="languages", name="别人的")
    attachment = services.attach_material(
        actor=school.actor("languages_operator"),
        grants=school.grants("languages_operator"),
        application_id=other.pk,
        upload=upload(),
        now=school.now,
    )
    address = f"/applications/{mine.pk}/attachments/{attachment.pk}/remove/"
    assert client.post(address).status_code == 404
    attachment.refresh_from_db()
    assert attachment.removed_at is None


def test_draft_is_discarded_and_recorded(client: Client, draft: OpeningApplication) -> None:
    response = client.post(path(draft, "discard"))
    assert response["Location"] == "/applications/"
    assert not OpeningApplication.objects.exists()
    assert LedgerEntry.objects.filter(event="registry.draft_discarded").count() == 1


def test_submission_cannot_be_discarded(client: Client, school: College) -> None:
    application = school.submitted()
    assert client.post(path(application, "discard")).status_code in {403, 409}
    assert OpeningApplication.objects.filter(pk=application.pk).exists()


def test_autosave_asks_a_bounded_number_of_questions(
    client: Client, school: College, queries_constant: Callable[..., int]
) -> None:
    draft = school.draft()

    def save() -> None:
        draft.refresh_from_db()
        assert client.post(path(draft, "save"), typed(school, draft), **HTMX).status_code == 200

    def grow() -> None:
        for number in range(29):
            school.account(f"第{number}号账号", content_scope="模拟法庭实录、案例解读。", handle=f"grown_{number:04}")

    school.account("第一个", content_scope="模拟法庭实录、案例解读。", handle="grown_first")
    queries_constant(save, grow, at_most=75)
