"""Article 5 of the regulation of Shanghai Customs College."""

import pytest
from django.core.exceptions import ValidationError

from tests.support.college import College
from xianshen.approvals import services as approvals
from xianshen.approvals.enums import Verdict
from xianshen.approvals.models import Opinion
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.regulation.selectors import policy_on

ARTICLE = 5
TEXT = (
    "新媒体建设管理必须严格遵守国家各项法律法规，遵守学校各项相关规章制度，按照“谁主办，谁管理；谁审批，"
    "谁负责”的原则进行管理审批，在审批过程中落实责任到人，并对已审批的新媒体平台进行监控。新媒体建设管理"
    "单位必须建立完善的管理制度和运行机制，包括建立责任体系、落实工作队伍、完善发布审核机制等。"
)


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("approval.signing")
def test_who_approves_is_recorded_by_name_and_position(college: College) -> None:
    college.decide(college.submitted(), "head", text="同意。")
    opinion = Opinion.objects.get()
    assert (opinion.person_name, opinion.position_title, opinion.unit_name) == ("系主任甲", "系主任", "法律系")


@pytest.mark.rule("approval.no_self_decision")
def test_nobody_decides_their_own_application(college: College) -> None:
    with pytest.raises(PermissionDenied) as refusal:
        college.decide(college.submitted(), "operator")
    assert refusal.value.rule == "approval.no_self_decision"


@pytest.mark.rule("approval.reasons_required")
def test_a_return_says_why(college: College) -> None:
    with pytest.raises(ValidationError):
        college.decide(college.submitted(), "head", Verdict.RETURN, " ")


@pytest.mark.rule("approval.withdrawal")
def test_applicant_withdraws_before_the_decision(college: College) -> None:
    chain = college.submitted()
    step = chain.steps.all()[0]
    approvals.withdraw(
        institution_id=college.institution.pk,
        chain_id=chain.pk,
        person=college.people["operator"],
        reason="",
        now=college.now,
    )
    with pytest.raises(TransitionNotAllowed):
        college.decide(chain, "head", step_id=step.pk)


@pytest.mark.rule("sponsor_file.complete")
def test_no_first_account_without_the_units_file(college: College) -> None:
    chain = college.decide(college.submitted(), "head")
    with pytest.raises(TransitionNotAllowed) as refusal:
        college.decide(chain, "director")
    assert refusal.value.rule == "sponsor_file.complete"
