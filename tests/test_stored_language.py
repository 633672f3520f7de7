"""What is kept reads the same whoever acted, in whatever language: notices, titles, ledger labels, the annex."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from tests.support.college import College
from xianshen.approvals.enums import Verdict
from xianshen.approvals.models import ApprovalChain
from xianshen.common.errors import Refusal
from xianshen.documents.models import IssuedDocument
from xianshen.ledger.models import LedgerEntry
from xianshen.notices.models import Notice
from xianshen.organisation.enums import AttemptPurpose
from xianshen.organisation.services import change_person
from xianshen.organisation.services.sign_in import lock_out
from xianshen.registry import services as registry
from xianshen.registry.enums import SuspensionReason
from xianshen.registry.models import MediaAccount, OpeningApplication

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "xianshen"
#: What takes a text in order to keep it, with the arguments in which it stands.
KEEPERS = {
    "notify": {"text"},
    "record": {"payload", "subject"},
    "apply_transition": {"payload", "changes", "subject"},
    "start_chain": {"subject", "content"},
    "issue_document": {"title", "data"},
}
EAGER = {"gettext", "ngettext", "pgettext", "npgettext"}


def test_an_english_reader_acts_and_a_chinese_one_reads(college: College) -> None:
    college.complete_file()
    with translation.override("en"):
        chain = college.submitted(data_service=False)
        chain = college.decide(chain, "head", text="同意开设。")
        chain = college.decide(chain, "director", text="同意。")
        account = MediaAccount.objects.get()
        registry.suspend_account(
            account_id=account.pk,
            institution_id=college.institution.pk,
            reason=SuspensionReason.STOP_ORDER,
            text="核实中。",
            **college.who("media"),
        )
    told = set(Notice.objects.values_list("text", flat=True))
    assert told >= {
        "「法律系学习园地」开设申请：等你办理「校办公室意见」。",
        "「法律系学习园地」开设申请：已批准。",
        f"「法律系学习园地」暂停运行（{_chinese(SuspensionReason.STOP_ORDER)}）：核实中。",
    }
    assert ApprovalChain.objects.get().title == "「法律系学习园地」开设申请"
    assert set(ApprovalChain.objects.get().content) >= {"以谁的名义", "新媒体名称"}
    assert IssuedDocument.objects.get().subject_label == "「法律系学习园地」开设申请"
    labels = set(LedgerEntry.objects.values_list("subject_label", flat=True))
    assert {"「法律系学习园地」开设申请", "「法律系学习园地」", "法律系的主办材料"} <= labels


def test_content_and_its_digest_do_not_depend_on_the_language(college: College) -> None:
    chain = college.submitted(audience=["unit_students", "staff"])
    returned = college.decide(chain, "head", Verdict.RETURN, "写细一些。")
    with translation.override("en"):
        again = college.submit(registry_draft(returned))
    assert (again.content, again.digest) == (chain.content, chain.digest)


def registry_draft(chain: ApprovalChain) -> OpeningApplication:
    return OpeningApplication.objects.get(pk=chain.subject_id)


def test_changed_fields_and_locks_are_named_in_the_institutions_language(college: College) -> None:
    person = college.people["head"]
    with translation.override("en"):
        change_person(
            actor=college.actor("media"),
            person_id=person.pk,
            name=person.name,
            username=person.username,
            mobile="13900000001",
            email=person.email,
            now=college.now,
        )
        lock_out(
            purpose=AttemptPurpose.SIGNING,
            institution=college.institution,
            person=person,
            until=college.now,
            now=college.now,
        )
    changed = LedgerEntry.objects.get(event="organisation.person_changed")
    assert '"手机"' in str(changed.payload).replace("'", '"')
    locked = LedgerEntry.objects.get(event="organisation.locked_out")
    assert _chinese(AttemptPurpose.SIGNING) in str(locked.payload)


def test_a_refusal_is_answered_in_the_readers_language(college: College) -> None:
    chain = college.decide(college.submitted(), "head")
    chain = college.decide(chain, "director", Verdict.DISAGREE, "重复。")
    with translation.override("en"), pytest.raises(Refusal) as refused:
        college.decide(chain, "director", step_id=chain.steps.all()[0].pk)
    assert "refresh" in str(refused.value.reason).lower()


def _chinese(words: object) -> str:
    with translation.override("zh-hans"):
        return str(getattr(words, "label", words))


def _eager_in_kept(tree: ast.Module) -> Iterator[int]:
    """Yield lines on which a text in the actor's language is handed over to be kept."""
    eager = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in EAGER
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        kept = [word.value for word in node.keywords if word.arg in KEEPERS.get(name, set())]
        if name == "Subject" or name.startswith("_tell"):
            kept += node.args
        for inner in (part for value in kept for part in ast.walk(value)):
            if isinstance(inner, ast.Call) and getattr(inner.func, "id", "") in eager:
                yield inner.lineno


def test_no_kept_text_is_composed_in_the_actors_language() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: compose it with common.language.stored"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line in _eager_in_kept(ast.parse(path.read_text()))
    ]
    assert not found, "\n".join(found)
