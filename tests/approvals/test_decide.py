"""Deciding: who may, what it does, and what refusals leave untouched."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests.factories.organisation import AppointmentFactory, DelegationFactory, PersonFactory
from tests.support.college import SEATS, College
from xianshen.approvals import services
from xianshen.approvals.enums import ChainState, StepKind, StepState, Verdict
from xianshen.approvals.models import ApprovalChain, ApprovalStep, Opinion
from xianshen.approvals.selectors import STEP_TYPE, chain_of, content_changes, current_step, rounds_of, steps_to_do
from xianshen.approvals.signing import Signature
from xianshen.clocks.selectors import deadlines_about, deadlines_of
from xianshen.clocks.services import extend_clock, run_due
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.ledger.models import LedgerEntry
from xianshen.notices.models import Notice
from xianshen.registry import services as registry
from xianshen.registry.enums import AccountState, ApplicationState
from xianshen.registry.models import MediaAccount, OpeningApplication
from xianshen.regulation.selectors import policy_on


def application_of(chain: ApprovalChain) -> OpeningApplication:
    return OpeningApplication.objects.get(pk=chain.subject_id)


def counts() -> tuple[int, ...]:
    return Opinion.objects.count(), LedgerEntry.objects.count(), Notice.objects.count(), MediaAccount.objects.count()


def test_chain_of_a_department_goes_from_its_head_to_the_office(college: College) -> None:
    chain = college.submitted()
    assert [(s.name, s.position_kind, s.unit.name) for s in chain.steps.all()] == [
        ("所在部门意见", "unit_head", "法律系"),
        ("校办公室意见", "office_director", "办公室"),
    ]
    assert application_of(chain).state == ApplicationState.SUBMITTED
    college.complete_file()
    chain = college.decide(chain, "head", text="同意开设。")
    assert current_step(chain).name == "校办公室意见"  # type: ignore[union-attr]
    chain = college.decide(chain, "director", text="同意。")
    assert chain.state == ChainState.APPROVED
    application = application_of(chain)
    assert application.state == ApplicationState.APPROVED
    assert application.account is not None
    assert (application.account.state, application.account.tier) == (AccountState.ACTIVE, 2)


def test_opinion_keeps_name_position_unit_seal_and_time(college: College) -> None:
    chain = college.decide(college.submitted(), "head", text="同意开设。")
    opinion = Opinion.objects.get()
    assert (opinion.person_name, opinion.position_title, opinion.unit_name, opinion.seal_text) == (
        "系主任甲",
        "系主任",
        "法律系",
        "法律系",
    )
    assert (opinion.signed_at, opinion.digest, opinion.signed_with) == (college.now, chain.digest, "password")


@pytest.mark.rule("approval.no_self_decision")
@pytest.mark.parametrize("role", sorted(set(SEATS) - {"head"}))
def test_nobody_but_the_position_decides(college: College, role: str) -> None:
    chain = college.submitted()
    before = counts()
    with pytest.raises(PermissionDenied) as refusal:
        college.decide(chain, role)
    assert counts() == before
    assert refusal.value.rule == ("approval.no_self_decision" if role == "operator" else "approval.signing")


@pytest.mark.rule("approval.no_self_decision")
def test_head_who_applies_is_decided_by_whom_policy_names(college: College) -> None:
    """The unit head also holds the operator's position and applies: the school leader decides the unit's step."""
    AppointmentFactory(position=college.positions["operator"], person=college.people["head"])
    chain = college.submitted("head")
    before = counts()
    with pytest.raises(PermissionDenied):
        college.decide(chain, "head")
    assert counts() == before
    waiting = steps_to_do(
        college.institution.pk, college.people["leader"].pk, college.grants("leader").holdings, college.on
    )
    assert [step.chain_id for step in waiting] == [chain.pk]
    chain = college.decide(chain, "leader")
    assert current_step(chain).name == "校办公室意见"  # type: ignore[union-attr]


def test_delegate_decides_and_the_principal_is_named(college: College) -> None:
    deputy = PersonFactory(institution=college.institution, name="副主任乙")
    DelegationFactory(
        position=college.positions["head"],
        principal=college.people["head"],
        delegate=deputy,
        starts_on=college.on,
        ends_on=college.on + timedelta(days=3),
    )
    college.people["deputy"] = deputy
    chain = college.submitted()
    college.decide(chain, "deputy")
    opinion = Opinion.objects.get()
    assert (opinion.person_name, opinion.on_behalf_of) == ("副主任乙", "系主任甲（系主任）")
    entry = LedgerEntry.objects.filter(event="approvals.step_agreed").get()
    assert (entry.actor_name, entry.actor_on_behalf_of) == ("副主任乙", "系主任甲（系主任）")


def test_delegate_of_the_applicant_does_not_decide(college: College) -> None:
    deputy = PersonFactory(institution=college.institution)
    AppointmentFactory(position=college.positions["operator"], person=college.people["head"])
    DelegationFactory(
        position=college.positions["head"],
        principal=college.people["head"],
        delegate=deputy,
        starts_on=college.on,
        ends_on=college.on,
    )
    college.people["deputy"] = deputy
    chain = college.submitted("head")
    with pytest.raises(PermissionDenied):
        college.decide(chain, "deputy")


def test_transfer_in_the_middle_of_a_chain(college: College) -> None:
    """Whoever holds the position when the step is decided decides, whoever held it at submission."""
    chain = college.submitted()
    successor = PersonFactory(institution=college.institution, name="新系主任")
    college.people["head"].appointment_set.update(ends_on=college.on - timedelta(days=1)) if hasattr(
        college.people["head"], "appointment_set"
    ) else college.positions["head"].appointments.update(ends_on=college.on - timedelta(days=1))
    AppointmentFactory(position=college.positions["head"], person=successor, starts_on=college.on)
    with pytest.raises(PermissionDenied):
        college.decide(chain, "head")
    college.people["successor"] = successor
    chain = college.decide(chain, "successor")
    assert Opinion.objects.get().person_name == "新系主任"


def test_vacant_position_goes_to_whom_policy_names(college: College) -> None:
    chain = college.submitted()
    college.positions["head"].appointments.update(ends_on=college.on - timedelta(days=1))
    chain = college.decide(chain, "leader")
    assert Opinion.objects.get().position_title == "分管校领导"


@pytest.mark.rule("approval.reasons_required")
@pytest.mark.parametrize("verdict", [Verdict.RETURN, Verdict.DISAGREE])
@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_return_and_refusal_need_words(college: College, verdict: Verdict, text: str) -> None:
    chain = college.submitted()
    before = counts()
    with pytest.raises(ValidationError) as refusal:
        college.decide(chain, "head", verdict, text)
    assert list(refusal.value.message_dict) == ["text"]
    assert counts() == before


def test_text_beyond_the_box_is_refused_with_its_length(college: College) -> None:
    chain = college.submitted()
    with pytest.raises(ValidationError, match="10000"):
        college.decide(chain, "head", Verdict.RETURN, "长" * 10_000)


def test_return_keeps_history_and_shows_what_changed(college: College) -> None:
    chain = college.decide(college.submitted(), "head", Verdict.RETURN, "写明服务对象。")
    assert chain.state == ChainState.RETURNED
    application = application_of(chain)
    assert application.state == ApplicationState.RETURNED
    assert Notice.objects.filter(person=college.people["operator"], text__contains="写明服务对象").count() == 1
    application = registry.save_draft(
        grants=college.grants("operator"),
        application_id=application.pk,
        revision=application.revision,
        values={"content_scope": "法律专业学习方法；面向本系师生。"},
        now=college.now,
    )
    again = college.submit(application)
    assert again.round == 2
    rounds = rounds_of(college.institution.pk, chain.subject_type, chain.subject_id)
    assert [r.round for r in rounds] == [2, 1]
    assert [o.text for s in rounds[1].steps.all() for o in s.opinions.all()] == ["写明服务对象。"]
    assert [c.label for c in content_changes(rounds[1], rounds[0])] == ["发布内容范围"]


def test_refusal_ends_the_application(college: College) -> None:
    chain = college.decide(college.submitted(), "head", Verdict.DISAGREE, "与系公众号重复。")
    assert chain.state == ChainState.REJECTED
    assert application_of(chain).state == ApplicationState.REJECTED
    assert {s.state for s in chain.steps.all()} == {StepState.DONE, StepState.SKIPPED}
    with pytest.raises(TransitionNotAllowed):
        registry.submit_application(application_id=application_of(chain).pk, revision=3, **college.who("operator"))


@pytest.mark.rule("approval.signing")
def test_signature_of_somebody_else_or_too_old_is_refused(college: College) -> None:
    chain = college.submitted()
    before = counts()
    for signature in (college.sign("director"), college.sign("head")):
        with pytest.raises(PermissionDenied):
            college.decide(chain, "head", signature=signature, now=college.now + timedelta(minutes=6))
    assert counts() == before


def test_content_that_changed_after_the_page_was_opened_is_not_signed(college: College) -> None:
    chain = college.submitted()
    with pytest.raises(TransitionNotAllowed):
        college.decide(chain, "head", digest="0" * 64)


def test_forged_step_and_foreign_chain_are_not_found(college: College) -> None:
    chain = college.submitted()
    with pytest.raises(ApprovalStep.DoesNotExist):
        college.decide(chain, "head", step_id=10**9)
    with pytest.raises(ApprovalChain.DoesNotExist):
        college.decide(chain, "head", institution_id=college.institution.pk + 1)


def test_second_decision_of_a_step_is_told_who_decided(college: College) -> None:
    chain = college.submitted()
    step = current_step(chain)
    college.decide(chain, "head")
    with pytest.raises(TransitionNotAllowed, match="系主任"):
        college.decide(chain, "head", step_id=step.pk)  # type: ignore[union-attr]


def test_applicant_withdraws_and_submits_again(college: College) -> None:
    chain = college.submitted()
    before = counts()
    with pytest.raises(PermissionDenied):
        services.withdraw(
            institution_id=college.institution.pk,
            chain_id=chain.pk,
            person=college.people["head"],
            reason="",
            now=college.now,
        )
    assert counts() == before
    services.withdraw(
        institution_id=college.institution.pk,
        chain_id=chain.pk,
        person=college.people["operator"],
        reason="改名",
        now=college.now,
    )
    application = application_of(chain)
    assert application.state == ApplicationState.WITHDRAWN
    again = college.submit(application)
    assert (again.round, again.state) == (2, ChainState.OPEN)


@pytest.mark.rule("sponsor_file.complete")
def test_last_agreement_waits_for_the_sponsoring_units_file(college: College) -> None:
    chain = college.decide(college.submitted(), "head")
    with pytest.raises(TransitionNotAllowed, match="责任体系") as refusal:
        college.decide(chain, "director")
    assert refusal.value.rule == "sponsor_file.complete"
    assert not MediaAccount.objects.exists()
    college.complete_file()
    assert college.decide(chain, "director").state == ChainState.APPROVED


@pytest.mark.rule("report.to_office")
def test_third_tier_ends_at_the_department_and_is_reported(college: College) -> None:
    college.complete_file()
    chain = college.submitted("monitor", "class", name="法律一班之声")
    assert [(s.kind, s.position_kind) for s in chain.steps.all()] == [
        (StepKind.DECIDE, "party_branch_secretary"),
        (StepKind.REPORT, "office_media_officer"),
    ]
    chain = college.decide(chain, "secretary")
    assert chain.state == ChainState.APPROVED
    account = application_of(chain).account
    assert account is not None
    assert (account.tier, account.state, account.first_responsible_unit.name) == (3, AccountState.ACTIVE, "法律系")
    assert current_step(chain).kind == StepKind.REPORT  # type: ignore[union-attr]
    chain = college.decide(chain, "media", Verdict.QUERY, "谁审稿？")
    with pytest.raises(PermissionDenied):
        college.decide(chain, "media", Verdict.ANSWER, "自问自答")
    chain = college.decide(chain, "secretary", Verdict.ANSWER, "辅导员初审。")
    chain = college.decide(chain, "media", Verdict.ACKNOWLEDGE)
    assert current_step(chain) is None
    assert chain.state == ChainState.APPROVED


@pytest.mark.rule("report.to_office")
def test_office_revokes_what_was_reported(college: College) -> None:
    college.complete_file("league", "league") if "sponsor_files.manage" in college.grants(
        "league"
    ).capabilities else None
    college.complete_file()
    chain = college.decide(college.submitted("monitor", "class", name="法律一班之声"), "secretary")
    before = counts()
    with pytest.raises(ValidationError):
        college.decide(chain, "media", Verdict.REVOKE, "")
    assert counts() == before
    chain = college.decide(chain, "media", Verdict.REVOKE, "与系公众号重复。")
    assert chain.state == ChainState.REVOKED
    account = application_of(chain).account
    assert account is not None
    account.refresh_from_db()
    assert (account.state, account.suspension_reason) == (AccountState.SUSPENDED, "approval_revoked")


def test_report_cannot_be_refused_and_a_decision_cannot_be_acknowledged(college: College) -> None:
    chain = college.submitted()
    for verdict in (Verdict.ACKNOWLEDGE, Verdict.QUERY, Verdict.REVOKE, Verdict.ANSWER):
        with pytest.raises(ValidationError):
            college.decide(chain, "head", verdict, "理由")


def test_reminder_goes_to_the_deciders_once_a_day(college: College) -> None:
    chain = college.submitted()
    who: dict[str, Any] = {"institution_id": college.institution.pk, "chain_id": chain.pk, "now": college.now}
    with pytest.raises(PermissionDenied):
        services.remind(grants=college.grants("library_head"), actor=college.actor("library_head"), **who)
    applicant = {"grants": college.grants("operator"), "actor": college.actor("operator")}
    services.remind(**applicant, **who)
    before = LedgerEntry.objects.count()
    with pytest.raises(TransitionNotAllowed, match=f"{college.now:%H:%M}"):
        services.remind(**applicant, **{**who, "now": college.now + timedelta(hours=23)})
    assert LedgerEntry.objects.count() == before
    assert Notice.objects.filter(person=college.people["head"], text__startswith="催办").count() == 1


def test_reminder_again_after_a_day_and_for_the_next_step(college: College) -> None:
    chain = college.submitted()
    who: dict[str, Any] = {
        "institution_id": college.institution.pk,
        "chain_id": chain.pk,
        "grants": college.grants("operator"),
        "actor": college.actor("operator"),
    }
    services.remind(now=college.now, **who)
    services.remind(now=college.now + timedelta(days=1), **who)
    college.decide(chain, "head")
    services.remind(now=college.now + timedelta(days=1), **who)
    assert Notice.objects.filter(person=college.people["head"], text__startswith="催办").count() == 2
    assert Notice.objects.filter(person=college.people["director"], text__startswith="催办").count() == 1


def test_step_runs_on_a_clock_that_reminds_the_deciders_until_it_is_decided(college: College) -> None:
    chain = college.submitted()
    step = current_step(chain_of(college.institution.pk, chain.pk))
    assert step is not None
    assert step.due_on is not None
    days = (step.due_on - college.on).days
    sent = [run_due(college.now + timedelta(days=day)).reminders for day in range(days + 1)]
    reminders = policy_on(college.institution.pk, college.on).clock(step.due_clock).reminders
    assert [days - day for day, count in enumerate(sent) if count] == [r for r in reminders if r < days]
    assert Notice.objects.filter(person=college.people["head"], key__startswith="clock:").count() == sum(sent)
    college.decide(chain, "head")
    deadlines = deadlines_about(college.institution.pk, chain.subject_type, chain.subject_id)
    assert [deadline.state for deadline in deadlines] == ["running", "met"]
    assert {deadline.subject_type for deadline in deadlines} == {STEP_TYPE}


def test_step_decided_after_its_day_is_late_and_says_so(college: College) -> None:
    chain = college.submitted()
    later = college.now + timedelta(days=60)
    assert run_due(later).consequences == 1
    step = current_step(chain_of(college.institution.pk, chain.pk))
    assert step is not None
    deadline = deadlines_of(college.institution.pk, STEP_TYPE, str(step.pk)).get()
    assert (deadline.state, deadline.late) == ("ran_out", True)
    college.decide(chain, "head", now=later, signature=Signature(college.people["head"].pk, "password", later))
    deadline.refresh_from_db()
    assert (deadline.state, deadline.late) == ("met", True)


def test_withdrawal_stops_the_clock_and_extension_moves_the_step(college: College) -> None:
    chain = college.submitted()
    step = current_step(chain_of(college.institution.pk, chain.pk))
    assert step is not None
    assert step.due_on is not None
    deadline = deadlines_of(college.institution.pk, STEP_TYPE, str(step.pk)).get()
    longer = step.due_on + timedelta(days=5)
    extend_clock(
        deadline_id=deadline.pk,
        institution_id=college.institution.pk,
        due_on=longer,
        why="系主任出差",
        **college.who("director"),
    )
    step.refresh_from_db()
    assert step.due_on == longer
    services.withdraw(
        institution_id=college.institution.pk,
        chain_id=chain.pk,
        person=college.people["operator"],
        reason="写错了",
        now=college.now,
    )
    deadline.refresh_from_db()
    assert deadline.state == "cancelled"
