"""Issuing, completing and withdrawing documents."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django_tasks_db.models import DBTaskResult

from tests.factories.documents import FILLED, OPINIONS, actor_in, college_policy, filled, issue, subject
from tests.factories.organisation import (
    AppointmentFactory,
    PositionFactory,
    PositionKindFactory,
    UnitFactory,
)
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.documents import files, services, signing, tasks
from xianshen.documents.enums import DocumentState, Verdict
from xianshen.documents.models import IssuedDocument
from xianshen.documents.selectors import document_by_code, documents_of, signed_pdf, unsigned_pdf
from xianshen.ledger.selectors import entries_about
from xianshen.ledger.services import act
from xianshen.organisation.models import Institution
from xianshen.organisation.selectors import NO_GRANTS, grants_of

pytestmark = pytest.mark.django_db


def events(document: IssuedDocument) -> list[str]:
    kept = services.subject_of(document)
    return [entry.event for entry in entries_about(document.institution.code, kept.type, kept.id)]


def test_issued_document_waits_for_the_worker(now: datetime) -> None:
    document = issue(now)
    assert document.state == DocumentState.PENDING
    assert (document.form_title, document.title, document.unit) == (
        "上海海关学院校园新媒体开设申请表",
        "法律系",
        "法律系",
    )
    assert document.seals == ["上海海关学院法律系", "上海海关学院办公室"]
    assert document.issued_by["name"] == "李四"
    assert document.data["url"] == f"https://xianshen.example.edu.cn/verify/{document.code}"
    assert DBTaskResult.objects.filter(task_path="xianshen.documents.tasks.render_document").count() == 1
    assert events(document) == ["documents.document_issued"]


def test_entries_show_on_the_pages_of_the_record(now: datetime) -> None:
    document = issue(now)
    record = entries_about(document.institution.code, subject().type, subject().id)
    assert [entry.event for entry in record] == ["documents.document_issued"]
    assert (record[0].rule, record[0].article, record[0].policy_version) == (
        "opening.annex_1",
        8,
        document.policy_version,
    )


def test_worker_renders_signs_and_stores(now: datetime, run_tasks: Any) -> None:
    document = issue(now)
    assert run_tasks() == 1
    document.refresh_from_db()
    assert document.state == DocumentState.VALID
    content = signed_pdf(document)
    assert files.digest_of(content) == document.digest
    assert document.size == len(content)
    assert content.startswith(unsigned_pdf(document))
    assert files.digest_of(unsigned_pdf(document)) == document.unsigned_digest
    assert signing.judge(content) is Verdict.VALID
    assert events(document) == ["documents.document_signed", "documents.document_issued"]
    entry = entries_about(document.institution.code, *_key(document))[0]
    assert (
        entry.payload_data["digest"] == document.digest
        if hasattr(entry, "payload_data")
        else document.digest in str(entry.payload)
    )


def _key(document: IssuedDocument) -> tuple[str, str]:
    kept = services.subject_of(document)
    return kept.type, kept.id


def test_completing_twice_changes_nothing(now: datetime) -> None:
    document = issue(now)
    first = services.complete_document(document_id=document.pk, now=now)
    again = services.complete_document(document_id=document.pk, now=now + timedelta(hours=1))
    assert (again.digest, again.signed_at) == (first.digest, first.signed_at)
    assert events(document).count("documents.document_signed") == 1


def test_two_workers_at_once_leave_one_file(now: datetime) -> None:
    document = issue(now)
    late = IssuedDocument.objects.select_related("institution").get(pk=document.pk)
    first = services.complete_document(document_id=document.pk, now=now)
    second = services._complete(document=late, digest="0" * 64, unsigned_digest="1" * 64, size=1, now=now)
    assert second.digest == first.digest
    assert events(document).count("documents.document_signed") == 1


def test_download_before_the_worker_renders_at_once(now: datetime) -> None:
    document = services.ensure_rendered(document=issue(now), now=now)
    assert document.state == DocumentState.VALID
    assert services.ensure_rendered(document=document, now=now) is document


def test_document_is_rendered_from_what_was_kept(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    document = issue(now)
    before = unsigned_pdf(document)
    monkeypatch.setattr("xianshen.regulation.selectors.policy_on", None)
    fresh = IssuedDocument.objects.select_related("institution").get(pk=document.pk)
    fresh.institution.name = "改名以后的学院"
    fresh.institution.save()
    assert unsigned_pdf(fresh) == before


def test_waiting_documents_are_handed_over_again(now: datetime, run_tasks: Any) -> None:
    document = issue(now)
    DBTaskResult.objects.all().delete()
    assert tasks.catch_up(now + timedelta(minutes=5)) == 0
    assert tasks.catch_up(now + timedelta(minutes=20)) == 1
    run_tasks()
    document.refresh_from_db()
    assert document.state == DocumentState.VALID
    assert tasks.catch_up(now + timedelta(minutes=40)) == 0


def test_issuing_that_is_rolled_back_leaves_nothing(now: datetime) -> None:
    @act
    def decision() -> None:
        issue(now)
        raise ValueError("the decision fails")

    with pytest.raises(ValueError, match="the decision fails"):
        decision()
    assert IssuedDocument.objects.count() == DBTaskResult.objects.count() == 0


def test_document_without_title_is_refused(now: datetime) -> None:
    with pytest.raises(ValidationError) as refusal:
        issue(now, title=" \x00 ")
    assert list(refusal.value.message_dict) == ["title"]
    assert IssuedDocument.objects.count() == 0


@pytest.mark.parametrize("text", ("<script>alert(1)</script>", "😀𠮷", "长" * 10_000, "NUL\x00 here", "\ud800"))
def test_any_text_can_be_issued(now: datetime, text: str) -> None:
    document = issue(now, data=filled(content_scope=text.replace("\x00", "").replace("\ud800", "")), title="甲")
    assert services.complete_document(document_id=document.pk, now=now).state == DocumentState.VALID


def test_withdrawn_document_says_who_when_and_why(now: datetime) -> None:
    document = services.complete_document(document_id=issue(now).pk, now=now)
    later = now + timedelta(days=2)
    actor = actor_in(document.institution, name="王五", position="办公室主任")
    withdrawn = services.withdraw_document(actor=actor, document=document, reason=" 名称有误。 ", now=later)
    assert withdrawn.state == DocumentState.WITHDRAWN
    assert (withdrawn.withdrawn_at, withdrawn.withdrawn_reason) == (later, "名称有误。")
    assert withdrawn.withdrawn_by["name"] == "王五"
    assert events(document)[0] == "documents.document_withdrawn"


def test_document_withdrawn_before_it_was_rendered_stays_withdrawn(now: datetime, run_tasks: Any) -> None:
    document = issue(now)
    services.withdraw_document(actor=actor_in(document.institution), document=document, reason="重办", now=now)
    run_tasks()
    document.refresh_from_db()
    assert (document.state, document.digest) == (DocumentState.WITHDRAWN, "")


def test_withdrawing_twice_is_refused(now: datetime) -> None:
    document = issue(now)
    actor = actor_in(document.institution)
    services.withdraw_document(actor=actor, document=document, reason="一", now=now)
    with pytest.raises(TransitionNotAllowed):
        services.withdraw_document(actor=actor, document=document, reason="二", now=now)
    document.refresh_from_db()
    assert document.withdrawn_reason == "一"


@pytest.mark.parametrize("reason", ("", "  ", "长" * 501))
def test_withdrawing_needs_a_reason_of_bearable_length(now: datetime, reason: str) -> None:
    document = issue(now)
    with pytest.raises(ValidationError):
        services.withdraw_document(actor=actor_in(document.institution), document=document, reason=reason, now=now)
    document.refresh_from_db()
    assert document.state == DocumentState.PENDING


def test_withdrawing_by_hand_needs_the_capability(now: datetime) -> None:
    document = issue(now)
    actor = actor_in(document.institution)
    with pytest.raises(PermissionDenied):
        services.withdraw_document(actor=actor, document=document, reason="错", now=now, grants=NO_GRANTS)
    document.refresh_from_db()
    assert document.state == DocumentState.PENDING
    unit = UnitFactory(institution=document.institution)
    PositionKindFactory(institution=document.institution, code="clerk", capabilities=["documents.withdraw"])
    clerk = AppointmentFactory(position=PositionFactory(unit=unit, kind="clerk")).person
    services.withdraw_document(
        actor=actor, document=document, reason="错", now=now, grants=grants_of(clerk, now.date())
    )
    document.refresh_from_db()
    assert document.state == DocumentState.WITHDRAWN


def test_another_institutions_document_is_not_found(now: datetime) -> None:
    document = issue(now)
    stranger = actor_in(Institution.objects.create(code="other", name="别的学校"))
    with pytest.raises(IssuedDocument.DoesNotExist):
        services.withdraw_document(actor=stranger, document=document, reason="错", now=now)
    document.refresh_from_db()
    assert document.state == DocumentState.PENDING


def test_all_documents_of_a_record_are_withdrawn_together(now: datetime) -> None:
    first, second, other = issue(now), issue(now), issue(now, subject_id="18")
    actor = actor_in(first.institution)
    services.withdraw_document(actor=actor, document=first, reason="先", now=now)
    done = services.withdraw_documents_of(actor=actor, subject=subject(), reason="撤销批准", now=now)
    assert [document.pk for document in done] == [second.pk]
    other.refresh_from_db()
    assert other.state == DocumentState.PENDING
    assert services.withdraw_documents_of(actor=actor, subject=subject(), reason="撤销批准", now=now) == []


def test_codes_are_found_however_they_are_typed(now: datetime) -> None:
    document = issue(now)
    bare = document.code.replace("-", "").lower()
    for typed in (document.code, bare, f" {bare[:4]} {bare[4:]} ", bare.replace("0", "o").replace("1", "l")):
        found = document_by_code(typed)
        assert found is not None
        assert found.pk == document.pk
    assert document_by_code("0000-0000") is None
    assert document_by_code("' OR 1=1 --") is None


def test_documents_of_a_record_stay_within_the_institution(now: datetime) -> None:
    document = issue(now)
    key = (document.subject_type, document.subject_id)
    assert [found.pk for found in documents_of(document.institution_id, *key)] == [document.pk]
    assert list(documents_of(document.institution_id + 1, *key)) == []


def test_every_opinion_of_the_form_is_kept(now: datetime) -> None:
    document = issue(now)
    assert set(document.data["content"]["opinions"]) == set(OPINIONS)
    assert document.data["content"]["values"] == dict(FILLED.values)
    assert college_policy().form(document.form_code).title == document.form_title
