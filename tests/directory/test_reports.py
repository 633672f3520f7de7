"""Impostor reports: received from anybody, handled by whoever policy names, answered under their number."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from tests.factories.organisation import AppointmentFactory, InstitutionFactory, PersonFactory, PositionFactory
from tests.factories.registry import College
from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.directory import services
from xianshen.directory.enums import ReportState, Verdict, WarningCode
from xianshen.directory.models import ImpostorReport
from xianshen.directory.selectors import count_to_handle, reports_to_handle
from xianshen.directory.tasks import forget
from xianshen.directory.transitions import REPORT
from xianshen.directory.verifying import Desk
from xianshen.ledger.models import LedgerEntry
from xianshen.ledger.services import salted_digest
from xianshen.notices.models import Notice

SAID = {
    "name": "上海海关学院招生咨询",
    "link": "https://weibo.com/n/上海海关学院招生咨询",
    "platform": "weibo",
    "text": "自称招生办，让人加微信交定金。",
    "contact": "13912340009",
    "website": "",
}


@pytest.fixture
def receive(school: College) -> Callable[..., ImpostorReport]:
    """Return a function that takes in a report from the public."""

    def take(**changes: Any) -> ImpostorReport:
        values = {key: value for key, value in SAID.items() if key != "website"}
        actor = Actor.public(institution_id=school.institution.pk, institution=school.institution.code)
        return services.report_impostor(
            **{**values, "actor": actor, "source": "", "now": school.now, **changes}  # type: ignore[arg-type]
        )

    return take


def who(school: College, name: str = "officer", **more: Any) -> dict[str, Any]:
    return {"actor": school.actor(name), "grants": school.grants(name), "now": school.now, **more}


def entries(event: str) -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(event=event))


# ── receiving ────────────────────────────────────────


@pytest.mark.rule("impostor.report")
def test_anybody_reports_without_signing_in_and_gets_a_number(client: Client, school: College) -> None:
    response = client.post("/directory/report/", SAID)
    report = ImpostorReport.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/directory/report/{report.number}/"
    page = client.get(response["Location"]).content.decode()
    assert report.number in page
    assert "收到了" in page
    for private in (SAID["text"], SAID["contact"]):
        assert private not in page
    [entry] = entries("directory.impostor_reported")
    assert entry.article == school.policy.rule("impostor.report").article
    assert entry.actor_kind == "public"
    stored = str(entry.data)
    assert not any(word in stored for word in (SAID["text"], SAID["contact"], SAID["name"]))
    assert entry.data["digest"] == salted_digest(
        services._canonical({key: SAID[key] for key in ("name", "platform", "link", "text")}), report.salt
    )


def test_those_who_handle_reports_are_told(school: College, receive: Callable[..., ImpostorReport]) -> None:
    report = receive()
    told = set(Notice.objects.filter(url=f"/directory/reports/{report.pk}/").values_list("person__username", flat=True))
    assert told == {"director", "officer"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "", "link": ""}, "name"),
        ({"text": "  "}, "text"),
        ({"text": "错" * 10_000}, "text"),
        ({"name": "错" * 10_000}, "name"),
        ({"link": "h" * 10_000}, "link"),
        ({"contact": "1" * 10_000}, "contact"),
        ({"platform": "nowhere"}, "platform"),
    ],
)
def test_wrong_input_is_refused_by_field_and_nothing_is_stored(
    client: Client, school: College, changes: dict[str, str], field: str
) -> None:
    response = client.post("/directory/report/", {**SAID, **changes})
    assert response.status_code == 400
    assert field in response.context["form"].errors
    assert SAID["text"][:5] in response.content.decode() or field == "text"
    assert not ImpostorReport.objects.exists()
    assert not entries("directory.impostor_reported")


@pytest.mark.parametrize("field", ["name", "link", "text", "contact"])
@pytest.mark.parametrize("bad", ["坏\x00字", "<script>alert(1)</script>", "😀🇨🇳👨‍👩‍👧", "a\r\nb", "\u202e倒写"])
def test_strange_characters_are_kept_harmless(client: Client, school: College, field: str, bad: str) -> None:
    response = client.post("/directory/report/", {**SAID, field: bad})
    assert response.status_code == 302
    report = ImpostorReport.objects.get()
    assert "\x00" not in getattr(report, field)
    page = client.get(response["Location"]).content.decode()
    assert "<script>alert" not in page


def test_trap_for_programs_refuses(client: Client, school: College) -> None:
    response = client.post("/directory/report/", {**SAID, "website": "http://spam.example"})
    assert response.status_code == 400
    assert "程序" in response.content.decode()
    assert not ImpostorReport.objects.exists()


def test_double_submit_is_one_report(client: Client, school: College) -> None:
    first = client.post("/directory/report/", SAID)
    second = client.post("/directory/report/", SAID)
    assert first["Location"] == second["Location"]
    assert ImpostorReport.objects.count() == 1
    assert len(entries("directory.impostor_reported")) == 1


def test_one_address_may_not_flood(client: Client, school: College) -> None:
    for number in range(5):
        assert client.post("/directory/report/", {**SAID, "name": f"冒名{number}"}).status_code == 302
    refused = client.post("/directory/report/", {**SAID, "name": "冒名6"})
    assert refused.status_code == 429
    assert "冒名6" in refused.content.decode()
    assert ImpostorReport.objects.count() == 5
    elsewhere = client.post("/directory/report/", {**SAID, "name": "冒名6"}, REMOTE_ADDR="192.0.2.9")
    assert elsewhere.status_code == 302


def test_address_is_kept_as_a_digest_for_a_day(client: Client, school: College) -> None:
    client.post("/directory/report/", SAID, REMOTE_ADDR="192.0.2.77")
    report = ImpostorReport.objects.get()
    assert len(report.source) == 64
    assert "192.0.2.77" not in str(ImpostorReport.objects.values())
    assert forget(report.received_at + timedelta(hours=23)) == 0
    assert forget(report.received_at + timedelta(hours=25)) == 1
    report.refresh_from_db()
    assert report.source == ""


# ── handling ─────────────────────────────────────────


@pytest.mark.rule("impostor.report")
def test_report_is_checked_and_confirmed_and_verification_warns(
    school: College, receive: Callable[..., ImpostorReport]
) -> None:
    report = receive()
    desk = Desk(school.institution, school.on)
    assert desk.by_url(SAID["link"]).verdict == Verdict.NOT_LISTED
    services.check_report(report_id=report.pk, **who(school))
    checking = desk.by_url(SAID["link"])
    assert WarningCode.CHECKING in {one.code for one in checking.cautions}
    closed = services.confirm_report(report_id=report.pk, answer="不是招生办开的，已请平台处理。", **who(school))
    assert (closed.state, closed.contact) == (ReportState.CONFIRMED, "")
    for found in (desk.by_url(SAID["link"]), desk.by_name(SAID["name"]), desk.by_text(SAID["name"])):
        assert found.verdict == Verdict.IMPOSTOR
    [entry] = entries("directory.impostor_confirmed")
    assert entry.actor_position == "新媒体管理岗"
    assert entry.article == school.policy.rule("impostor.report").article


def test_listed_account_stays_genuine_when_somebody_copies_its_name(
    school: College, receive: Callable[..., ImpostorReport]
) -> None:
    report = receive(name="法律系", link="flx_fake")
    services.check_report(report_id=report.pk, **who(school))
    services.confirm_report(report_id=report.pk, answer="冒名。", **who(school))
    found = Desk(school.institution, school.on).by_name("法律系")
    assert found.verdict == Verdict.GENUINE
    assert WarningCode.SAME_NAME_IMPOSTOR in {one.code for one in found.cautions}
    assert Desk(school.institution, school.on).by_handle("flx_fake").verdict == Verdict.IMPOSTOR


def test_unfounded_report_leaves_no_warning(school: College, receive: Callable[..., ImpostorReport]) -> None:
    report = receive()
    services.check_report(report_id=report.pk, **who(school))
    services.dismiss_report(report_id=report.pk, answer="是招生办的号。", **who(school))
    cautions = {one.code for one in Desk(school.institution, school.on).by_url(SAID["link"]).cautions}
    assert not cautions & {WarningCode.CHECKING, WarningCode.CONFIRMED}


@pytest.mark.parametrize("state", list(ReportState))
@pytest.mark.parametrize("name", [one.name for one in REPORT.transitions])
def test_every_transition_from_every_state(
    school: College, receive: Callable[..., ImpostorReport], state: ReportState, name: str
) -> None:
    report = receive()
    paths = {
        ReportState.RECEIVED: [],
        ReportState.CHECKING: ["check"],
        ReportState.CONFIRMED: ["check", "confirm"],
        ReportState.UNFOUNDED: ["check", "dismiss"],
    }

    def go(step: str) -> None:
        service = {
            "check": services.check_report,
            "confirm": services.confirm_report,
            "dismiss": services.dismiss_report,
        }
        more = {} if step == "check" else {"answer": "核实过。"}
        service[step](report_id=report.pk, **who(school), **more)  # type: ignore[operator]

    for step in paths[state]:
        go(step)
    before = ImpostorReport.objects.filter(pk=report.pk).values().get()
    recorded = LedgerEntry.objects.count()
    if state in REPORT[name].sources:
        go(name)
        assert ImpostorReport.objects.get(pk=report.pk).state == REPORT[name].target
    else:
        with pytest.raises(TransitionNotAllowed):
            go(name)
        assert ImpostorReport.objects.filter(pk=report.pk).values().get() == before
        assert LedgerEntry.objects.count() == recorded


@pytest.mark.parametrize(
    "role", ["leader", "law_head", "law_operator", "league_secretary", "science_head", "class_operator"]
)
def test_others_may_not_handle(
    school: College, receive: Callable[..., ImpostorReport], client_of: Callable[[Any], Client], role: str
) -> None:
    report = receive()
    before = ImpostorReport.objects.filter(pk=report.pk).values().get()
    with pytest.raises(PermissionDenied) as refusal:
        services.check_report(report_id=report.pk, **who(school, role))
    assert refusal.value.rule == "impostor.report"
    client = client_of(school[role])
    assert client.get("/directory/reports/").status_code == 403
    assert client.get(f"/directory/reports/{report.pk}/").status_code == 403
    assert client.post(f"/directory/reports/{report.pk}/", {"act": "check"}).status_code == 403
    assert ImpostorReport.objects.filter(pk=report.pk).values().get() == before


def test_answer_is_required_and_bounded(school: College, receive: Callable[..., ImpostorReport]) -> None:
    report = receive()
    services.check_report(report_id=report.pk, **who(school))
    for answer in ("", " \n", "答" * 1001):
        with pytest.raises(ValidationError):
            services.confirm_report(report_id=report.pk, answer=answer, **who(school))
    report.refresh_from_db()
    assert report.state == ReportState.CHECKING


def test_office_handles_on_the_pages(
    school: College, receive: Callable[..., ImpostorReport], client_of: Callable[[Any], Client]
) -> None:
    report = receive()
    office = client_of(school["officer"])
    listed = office.get("/directory/reports/").content.decode()
    assert report.number in listed
    page = office.get(f"/directory/reports/{report.pk}/").content.decode()
    assert SAID["contact"] in page
    assert SAID["text"] in page
    assert office.post(f"/directory/reports/{report.pk}/", {"act": "check"}).status_code == 302
    empty = office.post(f"/directory/reports/{report.pk}/", {"act": "confirm", "answer": ""})
    assert empty.status_code == 400
    assert office.post(f"/directory/reports/{report.pk}/", {"act": "nonsense", "answer": "x"}).status_code == 400
    said = "核实过，是冒用。<b>不要信</b>"
    assert office.post(f"/directory/reports/{report.pk}/", {"act": "confirm", "answer": said}).status_code == 302
    again = office.post(f"/directory/reports/{report.pk}/", {"act": "confirm", "answer": said})
    assert again.status_code == 409
    public = Client().get(f"/directory/report/{report.number}/").content.decode()
    assert "核实过，是冒用。&lt;b&gt;不要信&lt;/b&gt;" in public
    assert "孙岗" not in public
    assert "没有找到" not in office.get("/directory/reports/", {"state": "confirmed"}).content.decode()
    assert report.number in office.get("/directory/reports/", {"q": "招生"}).content.decode()


def test_another_institutions_report_is_not_found(
    school: College, receive: Callable[..., ImpostorReport], client_of: Callable[[Any], Client]
) -> None:
    report = receive()
    other = InstitutionFactory()
    stranger = PersonFactory(institution=other)
    from tests.factories.organisation import PositionKindFactory

    PositionKindFactory(institution=other, code="handler", capabilities=["impostors.handle"])
    AppointmentFactory(position=PositionFactory(unit__institution=other, kind="handler"), person=stranger)
    client = client_of(stranger)
    assert client.get("/directory/reports/").status_code == 200
    assert client.get(f"/directory/reports/{report.pk}/").status_code == 404
    assert client.post(f"/directory/reports/{report.pk}/", {"act": "check"}).status_code == 404
    assert client.get(f"/directory/report/{report.number}/").status_code == 404
    assert count_to_handle(other.pk) == 0
    report.refresh_from_db()
    assert report.state == ReportState.RECEIVED


def test_answer_is_found_by_number_however_typed(client: Client, receive: Callable[..., ImpostorReport]) -> None:
    report = receive()
    typed = report.number.lower().replace("-", " ")
    assert (
        client.get("/directory/report/answer/", {"number": typed})["Location"] == f"/directory/report/{report.number}/"
    )
    for wrong in ("0000-0000", "<script>", "x" * 41):
        assert client.get("/directory/report/answer/", {"number": wrong}).status_code == 400
    assert client.get("/directory/report/0000-0000/").status_code == 404


def test_waiting_reports_come_oldest_first(school: College, receive: Callable[..., ImpostorReport]) -> None:
    late = receive(name="第二个")
    early = receive(name="第一个", now=school.now - timedelta(days=1))
    assert reports_to_handle(school.institution.pk, 10) == [early, late]
    assert count_to_handle(school.institution.pk) == 2


def test_queries_do_not_grow_with_the_reports(
    school: College,
    receive: Callable[..., ImpostorReport],
    client_of: Callable[[Any], Client],
    queries_constant: Callable[..., int],
) -> None:
    receive()
    office = client_of(school["officer"])

    def grow() -> None:
        for number in range(30):
            receive(name=f"冒名{number}")

    queries_constant(lambda: office.get("/directory/reports/"), grow, at_most=20)
