"""Reading: the text for everybody, articles of a day, comparison, acknowledgement, interpretations."""

import json
from datetime import date, datetime
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from tests.factories.organisation import AppointmentFactory, PersonFactory, PositionFactory, UnitFactory
from tests.factories.regulation import OTHER, SHCC, later_version, load, pack_at
from tests.support.queries import count_queries
from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.ledger.models import LedgerEntry
from xianshen.organisation.selectors import actor_for
from xianshen.regulation import selectors, services
from xianshen.regulation.loader import Pack
from xianshen.regulation.models import Acknowledgement, Interpretation, PolicyVersion

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def version() -> PolicyVersion:
    return load()


@pytest.fixture
def versions() -> tuple[PolicyVersion, PolicyVersion]:
    """Return the version in force today and the one before it."""
    pack = pack_at(SHCC)
    texts = {4: "任何个人和单位未经授权不得以学校名义开办新媒体。", 21: "附则。"}
    later = later_version(pack.policies[0], label="2026-11", effective_from=date(2026, 11, 1), texts=texts)
    load(Pack(pack.institution, (*pack.policies, later)), now=NOW)
    return PolicyVersion.objects.get(label="2026-11"), PolicyVersion.objects.get(label="2026")


def holder(version: PolicyVersion, kind: str, unit_kind: str = "office", **person: Any) -> Any:
    unit = UnitFactory(institution=version.institution, kind=unit_kind)
    position = PositionFactory(unit=unit, kind=kind, title="新媒体管理岗")
    member = PersonFactory(institution=version.institution, **person)
    return AppointmentFactory(position=position, person=member).person


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text, self.ids = "", []

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]


def read(response: Any, status: int = 200) -> _Text:
    assert response.status_code == status
    parser = _Text()
    parser.feed(response.content.decode())
    return parser


# ── the text ─────────────────────────────────────────


def test_public_reads_the_text_without_signing_in(version: PolicyVersion, client: Client) -> None:
    page = read(client.get("/regulation/"))
    for article in selectors.policy_version(version.pk).articles.values():
        assert article.label + article.text in page.text
        assert f"article-{article.number}" in page.ids
    assert "2026年9月1日公布" in page.text
    assert "即时通信工具公众信息服务发展管理暂行规定" in page.text
    assert "我已读过" not in page.text


def test_member_reads_the_text_in_the_members_frame(version: PolicyVersion, client_of: Any) -> None:
    page = read(client_of(PersonFactory(institution=version.institution)).get("/regulation/"))
    assert "第二十一条" in page.text
    assert "我已读过这个版本" in page.text


def test_ids_of_the_page_are_unique(version: PolicyVersion, client: Client) -> None:
    ids = read(client.get("/regulation/")).ids
    assert len(ids) == len(set(ids))


def test_text_of_another_day_is_the_version_of_that_day(
    versions: tuple[PolicyVersion, PolicyVersion], client: Client
) -> None:
    assert "任何个人和单位未经授权" in read(client.get("/regulation/")).text
    page = read(client.get("/regulation/?on=2026-10-31"))
    assert "任何个人未经授权" in page.text
    assert "这是以前的版本" in page.text
    assert "没有施行的管理办法" in read(client.get("/regulation/?on=2026-08-31")).text


@pytest.mark.parametrize("on", ["yesterday", "2026-13-01", "2026-02-30", "<script>", "2026-11-23\x00"])
def test_day_that_is_no_date_is_not_found(version: PolicyVersion, client: Client, on: str) -> None:
    for path in ("/regulation/", "/regulation/articles/8/", "/regulation/map/"):
        assert client.get(path, {"on": on}).status_code == 404


def test_no_institution_yet_is_not_found(client: Client) -> None:
    assert client.get("/regulation/").status_code == 404


# ── articles ─────────────────────────────────────────


@pytest.mark.rule("regulation.in_force")
def test_article_opens_in_the_drawer_as_it_read_on_the_day(
    versions: tuple[PolicyVersion, PolicyVersion], client: Client
) -> None:
    fragment = read(client.get("/regulation/articles/4/?on=2026-10-31", headers=HTMX))
    assert "任何个人未经授权" in fragment.text
    assert "2026年10月31日有效的文本" in fragment.text
    assert "main" not in fragment.ids, "a fragment brings no frame"
    now = read(client.get("/regulation/articles/4/", headers=HTMX))
    assert "任何个人和单位未经授权" in now.text
    assert "现行文本" in now.text


def test_article_is_a_page_of_its_own_without_script(version: PolicyVersion, client: Client) -> None:
    response = client.get("/regulation/articles/8/")
    page = read(response)
    assert "main" in page.ids
    assert "第八条" in page.text
    assert "第七条" in page.text
    assert "第九条" in page.text
    assert "HX-Request" in response.headers["Vary"]


def test_article_says_what_follows_from_it(version: PolicyVersion, client: Client) -> None:
    text = read(client.get("/regulation/articles/9/", headers=HTMX)).text
    assert selectors.policy_version(version.pk).rule("filing.within_week").text in text


@pytest.mark.parametrize("number", [0, 22, 10**9])
def test_article_that_does_not_exist_is_not_found(version: PolicyVersion, client: Client, number: int) -> None:
    assert client.get(f"/regulation/articles/{number}/").status_code == 404


def test_citation_opens(version: PolicyVersion, client: Client) -> None:
    citation = selectors.cite(version.institution_id, "name.personal_prefix", TODAY)
    assert citation is not None
    assert "不得以“上海海关学院”为前缀" in read(client.get(citation.url, headers=HTMX)).text


def test_pages_ask_few_questions_however_many_versions(version: PolicyVersion, client_of: Any) -> None:
    client = client_of(PersonFactory(institution=version.institution))
    client.get("/regulation/")
    few = len(count_queries(lambda: client.get("/regulation/")))
    policy = selectors.policy_version(version.pk)
    later = [later_version(policy, label=f"v{month}", effective_from=date(2027, month, 1)) for month in range(1, 13)]
    services.store_pack(pack=Pack(policy.institution, tuple(later)), now=NOW)
    client.get("/regulation/")
    assert len(count_queries(lambda: client.get("/regulation/"))) == few
    drawer = count_queries(lambda: Client().get("/regulation/articles/8/", headers=HTMX))
    assert len(drawer) <= 2, drawer


# ── comparison and map ───────────────────────────────


def test_comparison_shows_what_changed(versions: tuple[PolicyVersion, PolicyVersion], client: Client) -> None:
    response = client.get("/regulation/compare/")
    page = read(response)
    assert "2 条有变化" in page.text
    assert "19 条没有变化" in page.text
    assert "<ins>和单位</ins>" in response.content.decode()
    newer, older = versions
    swapped = client.get("/regulation/compare/", {"before": newer.pk, "after": older.pk})
    assert "<ins>和单位</ins>" in swapped.content.decode(), "the earlier version always comes first"


def test_comparison_with_one_version_says_so(version: PolicyVersion, client: Client) -> None:
    assert "只有一个版本" in read(client.get("/regulation/compare/")).text


def test_comparison_refuses_versions_of_others(version: PolicyVersion, client_of: Any) -> None:
    group = load(pack_at(OTHER))
    client = client_of(PersonFactory(institution=version.institution))
    for pk in (group.pk, 0, "x", ""):
        assert client.get("/regulation/compare/", {"before": pk}).status_code == 404


@pytest.mark.rule("office.supervises")
def test_map_names_every_article_and_rule(version: PolicyVersion, client: Client) -> None:
    page = read(client.get("/regulation/map/"))
    policy = selectors.policy_version(version.pk)
    assert all(rule.text in page.text for rule in policy.rules)
    assert {f"map-{number}" for number in policy.articles} <= set(page.ids)


# ── acknowledgement ──────────────────────────────────


def test_person_acknowledges_once(version: PolicyVersion, client_of: Any) -> None:
    person = PersonFactory(institution=version.institution)
    client = client_of(person)
    for __ in range(2):
        response = client.post(f"/regulation/versions/{version.pk}/acknowledge/", follow=True)
        assert response.status_code == 200
    assert Acknowledgement.objects.get().person == person
    entry = LedgerEntry.objects.get(event="regulation.acknowledged")
    assert (json.loads(entry.payload)["label"], entry.article) == ("2026", 20)
    page = read(client.get("/regulation/"))
    assert "确认读过这个版本" in page.text
    assert "我已读过这个版本" not in page.text
    assert selectors.version_to_read(version.institution_id, person.pk, TODAY) is None


def test_unread_version_is_found(version: PolicyVersion) -> None:
    person = PersonFactory(institution=version.institution)
    unread = selectors.version_to_read(version.institution_id, person.pk, TODAY)
    assert unread is not None
    assert unread.version_id == version.pk


def test_version_to_come_may_be_acknowledged_but_not_a_former_one(
    versions: tuple[PolicyVersion, PolicyVersion],
) -> None:
    newer, older = versions
    actor = actor_for(PersonFactory(institution=newer.institution), TODAY)
    with pytest.raises(TransitionNotAllowed):
        services.acknowledge(actor=actor, version_id=older.pk, now=NOW)
    assert not Acknowledgement.objects.exists()
    early = datetime(2026, 10, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
    services.acknowledge(actor=actor, version_id=newer.pk, now=early)
    assert Acknowledgement.objects.get().version == newer


def test_only_people_acknowledge_and_only_their_own_institutions_versions(version: PolicyVersion) -> None:
    group = load(pack_at(OTHER))
    before = LedgerEntry.objects.count()
    stranger = actor_for(PersonFactory(institution=group.institution), TODAY)
    with pytest.raises(PolicyVersion.DoesNotExist):
        services.acknowledge(actor=stranger, version_id=version.pk, now=NOW)
    public = Actor.public(institution_id=version.institution_id, institution="shcc")
    with pytest.raises(PermissionDenied):
        services.acknowledge(actor=public, version_id=version.pk, now=NOW)
    assert not Acknowledgement.objects.exists()
    assert LedgerEntry.objects.count() == before


def test_acknowledging_needs_a_sign_in_and_a_post(version: PolicyVersion, client: Client, client_of: Any) -> None:
    path = f"/regulation/versions/{version.pk}/acknowledge/"
    assert client.post(path).status_code == 302
    assert client_of(PersonFactory(institution=version.institution)).get(path).status_code == 405
    assert not Acknowledgement.objects.exists()


def test_stranger_finds_no_version(version: PolicyVersion, client_of: Any) -> None:
    group = load(pack_at(OTHER))
    client = client_of(PersonFactory(institution=group.institution))
    assert client.get(f"/regulation/versions/{version.pk}/").status_code == 404
    assert client.post(f"/regulation/versions/{version.pk}/acknowledge/").status_code == 404
    manager = client_of(holder(group, "publicity_head", "publicity"))
    assert manager.get(f"/regulation/versions/{version.pk}/readers/").status_code == 404


def test_office_sees_who_has_not_read(version: PolicyVersion, client_of: Any) -> None:
    officer = holder(version, "office_media_officer", name="办公室管理员")
    reader = PersonFactory(institution=version.institution, name="读过的人")
    PersonFactory(institution=version.institution, name="没读的人")
    PersonFactory(institution=version.institution, name="离开的人", is_active=False)
    services.acknowledge(actor=actor_for(reader, TODAY), version_id=version.pk, now=NOW)
    client, path = client_of(officer), f"/regulation/versions/{version.pk}/readers/"
    page = read(client.get(path))
    assert "没读的人" in page.text
    assert "读过的人" not in page.text
    assert "离开的人" not in page.text
    assert "读过的人" in read(client.get(f"{path}?done=1")).text
    assert "没读的人" in read(client.get(path, {"q": "没读"})).text
    assert "没有找到这个人" in read(client.get(path, {"q": "查无此人\x00"})).text


def test_list_of_readers_is_bounded(version: PolicyVersion, client_of: Any, queries_constant: Any) -> None:
    client, path = client_of(holder(version, "office_media_officer")), f"/regulation/versions/{version.pk}/readers/"
    queries_constant(lambda: client.get(path), lambda: PersonFactory.create_batch(60, institution=version.institution))


def test_others_do_not_see_who_has_not_read(version: PolicyVersion, client: Client, client_of: Any) -> None:
    path = f"/regulation/versions/{version.pk}/readers/"
    assert client.get(path).status_code == 302
    assert client_of(holder(version, "unit_head", "department")).get(path).status_code == 403


# ── interpretations ──────────────────────────────────


@pytest.mark.rule("regulation.interpretation")
def test_office_interprets_and_everybody_reads_it(version: PolicyVersion, client: Client, client_of: Any) -> None:
    officer = holder(version, "office_media_officer", name="林岚")
    text = "「一级平台」包括视频号。\n<script>alert(1)</script>"
    response = client_of(officer).post("/regulation/articles/7/interpretations/", {"text": text}, follow=True)
    assert response.status_code == 200
    said = Interpretation.objects.get()
    assert (said.article, said.version, said.issued_by) == (7, version, officer)
    entry = LedgerEntry.objects.get(event="regulation.interpreted")
    assert (entry.article, entry.rule) == (7, "regulation.interpretation")
    for path in ("/regulation/articles/7/interpretations/", "/regulation/articles/7/"):
        body = client.get(path).content.decode()
        assert "「一级平台」包括视频号。" in body
        assert "<script>alert" not in body
        assert "林岚" in body
    assert "看解释" in read(client.get("/regulation/")).text


def test_others_may_not_interpret(version: PolicyVersion, client: Client, client_of: Any) -> None:
    path = "/regulation/articles/7/interpretations/"
    member = client_of(holder(version, "unit_head", "department"))
    assert "发布解释" not in read(member.get(path)).text
    assert member.post(path, {"text": "我来解释。"}).status_code == 403
    assert client.post(path, {"text": "我来解释。"}).status_code == 302
    assert not Interpretation.objects.exists()


@pytest.mark.parametrize("text", ["", " \n ", "长" * 4001])
def test_interpretation_without_words_or_too_long_is_refused(version: PolicyVersion, client_of: Any, text: str) -> None:
    officer = holder(version, "office_director")
    response = client_of(officer).post("/regulation/articles/7/interpretations/", {"text": text})
    assert response.status_code == 422
    assert text.strip() in response.content.decode(), "nothing typed is lost"
    with pytest.raises(ValidationError):
        services.publish_interpretation(actor=actor_for(officer, TODAY), article=7, text=text, now=NOW)
    assert not Interpretation.objects.exists()


def test_article_that_does_not_exist_is_not_interpreted(version: PolicyVersion) -> None:
    actor = actor_for(holder(version, "office_director"), TODAY)
    with pytest.raises(ValidationError, match="第二十二条"):
        services.publish_interpretation(actor=actor, article=22, text="没有这一条。", now=NOW)
    assert not Interpretation.objects.exists()


def test_interpretations_stay_within_the_institution(version: PolicyVersion, client_of: Any) -> None:
    group = load(pack_at(OTHER))
    actor = actor_for(holder(version, "office_director"), TODAY)
    services.publish_interpretation(actor=actor, article=7, text="只给本校看的解释。", now=NOW)
    stranger = client_of(PersonFactory(institution=group.institution))
    for path in ("/regulation/", "/regulation/articles/7/", "/regulation/articles/7/interpretations/"):
        assert "只给本校看的解释" not in stranger.get(path).content.decode()
