"""Forms, their contents and issued documents for tests."""

from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Any

import factory
from factory.django import DjangoModelFactory

from tests.factories.organisation import InstitutionFactory
from tests.factories.regulation import SHCC, load, pack_at
from xianshen.common.actors import Actor, ActorKind
from xianshen.documents.models import IssuedDocument
from xianshen.documents.rendering.layout import FormData, FormLayout, Imprint, OpinionBox
from xianshen.documents.rendering.policy_forms import layout_of
from xianshen.documents.services import issue_document
from xianshen.ledger.events import Subject
from xianshen.organisation.models import Institution
from xianshen.regulation.schema import FormSpec, Policy
from xianshen.regulation.selectors import policy_version

SUBJECT_TYPE = "tests.application"

OPINIONS = {
    "unit_opinion": OpinionBox(
        text="同意开设。由系办公室负责日常运行，先审后发。",
        signer="张三",
        position="系主任",
        unit="法律系",
        date=date(2026, 11, 18),
        seal_text="上海海关学院法律系",
    ),
    "office_opinion": OpinionBox(
        text="同意开设。请在开通后一周内完成平台认证。",
        signer="李四",
        position="办公室副主任",
        unit="办公室",
        date=date(2026, 11, 23),
        seal_text="上海海关学院办公室",
        on_behalf_of="王五（办公室主任）",
    ),
}
VALUES = {
    "name": "法律系",
    "unit": "法律系",
    "platform": "微信公众号（订阅号）",
    "handle": "flx_shcc",
    "content_scope": "专业建设、法律实务讲座、学生事务通知。",
    "owner_name": "系办公室宣传岗",
    "owner_mobile": "13900002047",
    "owner_email": "flx@example.edu.cn",
    "year": "2026",
    "filing_kind": "change",
    "reason": "管理员变更",
}
FILLED = FormData(values=VALUES, opinions=OPINIONS)
IMPRINT = Imprint(
    code="7KQ4-2MX9",
    url="https://xianshen.example.edu.cn/verify/7KQ4-2MX9",
    issued_on=date(2026, 11, 23),
    issuer="上海海关学院",
)


@cache
def shcc_forms() -> dict[str, FormSpec]:
    """Return the forms of the college's pack by code."""
    return {form.code: form for policy in pack_at(SHCC).policies for form in policy.forms}


def shcc_layout(code: str = "annex_1") -> FormLayout:
    """Return the printed layout of a form of the college's pack."""
    return layout_of(shcc_forms()[code])


def filled(**values: str) -> FormData:
    """Return the filled form with other values."""
    return replace(FILLED, values={**VALUES, **values})


def actor_in(institution: Institution, **fields: Any) -> Actor:
    """Return a person acting in an institution."""
    known = {"person_id": None, "key": "000001", "name": "李四", "position": "办公室主任", "unit": "办公室"}
    return Actor(ActorKind.PERSON, institution.pk, institution.code, **{**known, **fields})


def subject(subject_id: str = "17") -> Subject:
    """Return a record of the tests' own type."""
    return Subject(SUBJECT_TYPE, subject_id, "法律系的开设申请")


def college_policy() -> Policy:
    """Store the college's pack and return the policy in force."""
    return policy_version(load().pk)


def issue(now: datetime, *, data: FormData = FILLED, subject_id: str = "17", title: str = "法律系") -> IssuedDocument:
    """Issue annex 1 of the college, not yet rendered."""
    policy = college_policy()
    institution = Institution.objects.get(code=policy.institution.code)
    return issue_document(
        actor=actor_in(institution),
        form=policy.form("annex_1"),
        policy=policy,
        data=data,
        subject=subject(subject_id),
        title=title,
        now=now,
    )


class IssuedDocumentFactory(DjangoModelFactory):
    """A document as it stands in the table, without having been issued; for lists and look-ups."""

    class Meta:
        model = IssuedDocument

    institution = factory.SubFactory(InstitutionFactory)
    code = factory.Sequence(lambda n: f"T{n // 1000 % 10}{n // 100 % 10}{n // 10 % 10}-{n % 10}ABC")
    form_code = "annex_1"
    form_title = "开设申请表"
    policy_version = "2026"
    title = factory.Sequence(lambda n: f"账号{n}")
    subject_type = SUBJECT_TYPE
    subject_id = "17"
    subject_label = "法律系的开设申请"
    data = factory.LazyFunction(dict)
    issued_at = factory.LazyFunction(lambda: datetime.fromisoformat("2026-09-14T12:00:00+08:00"))
    issued_by = factory.LazyFunction(dict)
