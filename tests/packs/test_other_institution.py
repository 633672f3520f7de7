"""An institution of another kind goes through the same story under its own pack, with no code changed.

The invented hospital group has four tiers, chains of three steps, one form in three copies with a field of
its own, deadlines in working days, and other article numbers.
"""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from tests.factories.organisation import AppointmentFactory
from tests.support.college import College, build_college
from tests.support.hospitals import build_group
from xianshen.approvals import services as approvals
from xianshen.approvals.enums import ChainState, StepState, Verdict
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.documents.models import IssuedDocument
from xianshen.ledger.models import LedgerEntry
from xianshen.registry import services as registry
from xianshen.registry.models import MediaAccount, OpeningApplication
from xianshen.regulation.selectors import cite, policy_on

NOW = datetime(2026, 9, 29, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
AFTER_TWO_WORKING_DAYS = date(2026, 10, 8)  # 30 September, then the holidays of the group's calendar, 8 October

VALUES = {
    "name": "心内科健康课堂",
    "handle": "xnk_health",
    "positioning": "只讲心血管病的预防和康复。",
    "audience": ["patients", "families"],
    "ethics_officer": "沈伦理",
    "content_scope": "",
    "second_contact_name": "",
    "second_contact_mobile": "",
}


@pytest.fixture
def group(db: None) -> College:
    """Return the hospital group with its people by role."""
    return build_group(NOW)


def submitted(group: College, role: str = "clinic_editor", unit: str = "clinic", **values: Any) -> Any:
    return group.submitted(role, unit, **{**VALUES, **values})


def test_story_of_a_clinics_account(group: College, run_tasks: Any, client: Client) -> None:
    """Returned, corrected, three opinions, the group's own form, the public directory."""
    chain = submitted(group)
    application = OpeningApplication.objects.get(pk=chain.subject_id)
    assert application.tier == 3
    assert [(step.position_kind, step.unit.name) for step in chain.steps.all()] == [
        ("clinic_chief", "心内科"),
        ("president", "第一医院"),
        ("publicity_head", "宣传处"),
    ]
    assert chain.steps.all()[0].due_on == AFTER_TWO_WORKING_DAYS

    group.decide(chain, "chief", Verdict.RETURN, "写明每周发几篇。")
    application.refresh_from_db()
    registry.save_draft(
        grants=group.grants("clinic_editor"),
        application_id=application.pk,
        revision=application.revision,
        values={"positioning": "只讲心血管病的预防和康复，每周一篇。"},
        now=NOW,
    )
    application.refresh_from_db()
    chain = group.submit(application, "clinic_editor")
    group.complete_file("hospital", "president")
    for role in ("chief", "president"):
        assert group.decide(chain, role).state == ChainState.OPEN
        assert not MediaAccount.objects.exists()
    assert group.decide(chain, "publicity_head").state == ChainState.APPROVED

    account = MediaAccount.objects.get()
    assert (account.name, account.tier, account.unit.name) == ("心内科健康课堂", 3, "心内科")
    run_tasks()
    document = IssuedDocument.objects.get()
    assert document.form_code == "registration"
    assert "心内科健康课堂" in client.get("/directory/").content.decode()
    assert set(LedgerEntry.objects.values_list("institution", flat=True)) == {"linhai"}
    cited = LedgerEntry.objects.filter(rule="opening.prior_approval", article__isnull=False)
    assert set(cited.values_list("article", flat=True)) == {4}
    assert set(LedgerEntry.objects.exclude(policy_version="").values_list("policy_version", flat=True)) == {"2025-r3"}


@pytest.mark.parametrize(
    ("role", "unit", "tier", "decider", "home"),
    [("ward_editor", "ward", 4, "chief", "clinic"), ("volunteer_editor", "volunteers", 4, "president", "hospital")],
)
def test_fourth_tier_is_decided_at_home_and_reported(
    group: College, role: str, unit: str, tier: int, decider: str, home: str
) -> None:
    group.complete_file(home, decider)
    chain = submitted(group, role, unit)
    chain = group.decide(chain, decider)
    assert chain.state == ChainState.APPROVED
    assert MediaAccount.objects.get().tier == tier
    report = chain.steps.last()
    assert (report.state, report.unit.name, report.due_on) == (StepState.CURRENT, "宣传处", date(2026, 10, 29))
    group.decide(chain, "publicity_head", Verdict.REVOKE, "与医院账号重复。")
    account = MediaAccount.objects.get()
    assert account.state != "active"


def test_hospital_is_countersigned_by_the_it_centre(group: College) -> None:
    steps = list(submitted(group, "hospital_editor", "hospital").steps.all())
    assert [(step.name, step.unit.name) for step in steps] == [
        ("医院意见", "第一医院"),
        ("信息中心意见", "信息中心"),
        ("宣传处意见", "宣传处"),
    ]


def test_first_tier_has_one_step(group: College) -> None:
    (step,) = submitted(group, "publicity_editor", "publicity", name="临海医疗集团").steps.all()
    assert (step.position_kind, step.due_on) == ("chairman", date(2026, 10, 10))


def test_head_who_applies_is_decided_by_the_chairman(group: College) -> None:
    AppointmentFactory(position=group.positions["hospital_editor"], person=group.people["president"])
    chain = submitted(group, "president", "hospital")
    with pytest.raises(PermissionDenied):
        group.decide(chain, "president")
    group.decide(chain, "chairman")


def test_withdrawal_ends_with_the_first_opinion(group: College) -> None:
    chain = submitted(group)
    group.decide(chain, "chief")
    with pytest.raises((PermissionDenied, TransitionNotAllowed)):
        approvals.withdraw(
            institution_id=group.institution.pk,
            chain_id=chain.pk,
            person=group.people["clinic_editor"],
            reason="不办了",
            now=NOW,
        )


def test_the_groups_own_name_is_reserved(group: College) -> None:
    with pytest.raises(ValidationError):
        submitted(group, name="临海医疗集团")
    assert not approvals.ApprovalChain.objects.exists()


def test_field_that_only_this_form_has_is_required(group: College) -> None:
    with pytest.raises(ValidationError):
        submitted(group, ethics_officer="")
    chain = submitted(group)
    assert chain.content["医学伦理审核人"] == "沈伦理"


def test_rules_lead_to_the_groups_own_articles(group: College) -> None:
    college = build_college(NOW)
    found = {
        institution.pk: cite(institution.pk, "opening.prior_approval", group.on)
        for institution in (group.institution, college.institution)
    }
    assert [citation.label for citation in found.values() if citation] == ["第四条", "第八条"]
    policy = policy_on(group.institution.pk, group.on)
    assert policy.due("annual_review.submit", group.on) == date(2027, 6, 30)


def test_two_institutions_do_not_see_each_other(group: College, client_of: Any) -> None:
    college = build_college(NOW)
    chain = submitted(group)
    stranger = client_of(college.people["director"])
    assert stranger.get(f"/approvals/{chain.pk}/").status_code == 404
    assert "心内科健康课堂" not in stranger.get("/registry/applications/").content.decode()
