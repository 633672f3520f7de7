"""The form follows the pack: fields of its own, of every type, without a line of code for them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from tests.factories.organisation import AppointmentFactory, PersonFactory, PositionFactory, UnitFactory
from tests.factories.registry import College
from tests.factories.regulation import pack_at
from xianshen.organisation.models import Institution, Person
from xianshen.registry.forms import ApplicationForm, sections
from xianshen.registry.models import OpeningApplication
from xianshen.regulation.enums import FieldType
from xianshen.regulation.schema import FieldSpec, Policy
from xianshen.regulation.schema.forms import Choice
from xianshen.regulation.services import store_pack

Clients = Callable[[Any], Client]
HOSPITAL = Path(__file__).resolve().parents[1] / "packs" / "linhai"
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def editor(db: None) -> Person:
    """Return the editor of a clinic of the hospital group, which has its own pack."""
    store_pack(pack=pack_at(HOSPITAL), now=timezone.now())
    institution = Institution.objects.get(code="linhai")
    hospital = UnitFactory(institution=institution, kind="hospital", name="第一医院")
    clinic = UnitFactory(institution=institution, kind="clinic", name="心内科", parent=hospital)
    person = PersonFactory(institution=institution, name="科室编辑乙")
    AppointmentFactory(position=PositionFactory(unit=clinic, kind="editor", title="科室编辑"), person=person)
    return person


def test_form_of_another_institution(client_of: Clients, editor: Person) -> None:
    client = client_of(editor)
    address = client.post("/applications/new/")["Location"]
    page = client.get(address).content.decode()
    for label in ("账号名称", "号码", "医学伦理审核人", "使用患者数据", "患者", "家属"):
        assert label in page
    assert '<span class="xs-no">五</span>' in page
    for label in ("新媒体名称", "第二联系人", "发布内容范围", "考生和家长"):
        assert label not in page
    assert "填好后打印成表甲《临海医疗集团互联网账号登记表》，一式 3 份。" in page


def test_field_of_its_own_is_kept_beside_the_columns(client_of: Clients, editor: Person) -> None:
    client = client_of(editor)
    address = client.post("/applications/new/")["Location"]
    values = {
        "revision": 1,
        "name": "心内科健康课堂",
        "ethics_officer": "沈伦理",
        "audience": ["patients"],
        "audience-shown": "1",
    }
    response = client.post(address.replace("edit", "save"), values, **HTMX)
    assert response.status_code == 200
    application = OpeningApplication.objects.get()
    assert application.extra == {"ethics_officer": "沈伦理"}
    assert application.audience == ["patients"]
    assert "沈伦理" in client.get(address).content.decode()
    refused = client.post(address.replace("edit", "save"), {"revision": 2, "ethics_officer": "长" * 10_000}, **HTMX)
    assert refused.status_code == 422
    assert "写了 10000 字，最多 40 字" in refused.content.decode()


def with_fields(policy: Policy, *fields: FieldSpec) -> Policy:
    """Return the policy with more fields on its first form."""
    form = policy.forms[0]
    return policy.model_copy(
        update={"forms": (form.model_copy(update={"fields": (*form.fields, *fields)}), *policy.forms[1:])}
    )


def spec(code: str, kind: FieldType, **more: Any) -> FieldSpec:
    return FieldSpec(code=code, label=f"栏{code}", type=kind, required=False, rule="opening.annex_1", **more)


CHOICES = (Choice(code="a", label="甲"), Choice(code="b", label="乙"))
EVERY_TYPE = (
    spec("state", FieldType.TEXT, max_length=20),
    spec("number", FieldType.NUMBER),
    spec("notes", FieldType.LONG_TEXT, max_length=100),
    spec("day", FieldType.DATE),
    spec("year", FieldType.YEAR),
    spec("one", FieldType.CHOICE, choices=CHOICES),
    spec("several", FieldType.CHECKBOXES, choices=CHOICES),
    spec("sure", FieldType.BOOLEAN),
    spec("phone", FieldType.MOBILE),
    spec("mail", FieldType.EMAIL),
)


def posted(text: str) -> QueryDict:
    return QueryDict(text)


@pytest.mark.parametrize(
    ("text", "stored"),
    (
        ("state=草稿", {"state": "草稿"}),
        ("number=42", {"number": 42}),
        ("number=", {"number": None}),
        ("notes=一%0D%0A二", {"notes": "一\n二"}),
        ("day=2028-02-29", {"day": date(2028, 2, 29).isoformat()}),
        ("day=", {"day": ""}),
        ("year=2026", {"year": 2026}),
        ("one=b", {"one": "b"}),
        ("several-shown=1&several=a&several=b", {"several": ["a", "b"]}),
        ("several-shown=1", {"several": []}),
        ("sure=true", {"sure": True}),
        ("sure=false", {"sure": False}),
        ("phone=13800138000", {"phone": "13800138000"}),
        ("mail=a@example.edu.cn", {"mail": "a@example.edu.cn"}),
    ),
)
def test_every_type_of_field_is_stored(school: College, text: str, stored: dict[str, Any]) -> None:
    form = ApplicationForm(school.draft(), with_fields(school.policy, *EVERY_TYPE), [], posted(text))
    assert form.values() == stored
    assert not form.errors


@pytest.mark.parametrize(
    ("text", "code", "said"),
    (
        ("number=七", "number", "不是数字"),
        ("number=-1", "number", "数字不对"),
        ("number=99999999999999", "number", "数字太大"),
        ("day=2026-02-30", "day", "没有这一天"),
        ("one=c", "one", "没有这一项"),
        ("several-shown=1&several=c", "several", "没有这一项"),
        ("sure=maybe", "sure", "没有这一项"),
        ("phone=123", "phone", "手机号码不对"),
        ("mail=nobody", "mail", "邮箱地址不对"),
        (f"state={'长' * 21}", "state", "写了 21 字，最多 20 字"),
    ),
)
def test_every_type_of_field_says_what_is_wrong(school: College, text: str, code: str, said: str) -> None:
    form = ApplicationForm(school.draft(), with_fields(school.policy, *EVERY_TYPE), [], posted(text))
    assert form.values() == {}
    assert said in form.errors[code][0]


def test_fields_never_reach_columns_that_are_not_the_forms(school: College) -> None:
    draft = school.draft()
    draft.extra = {"state": "写在表上的"}
    form = ApplicationForm(draft, with_fields(school.policy, *EVERY_TYPE), [])
    assert form["state"].value() == "写在表上的"
    assert form["number"].value() is None


def test_fields_of_its_own_stand_in_a_part_of_their_own(school: College) -> None:
    form = ApplicationForm(school.draft(), with_fields(school.policy, *EVERY_TYPE), [])
    parts = {section.code: section.codes for section in sections(form)}
    assert parts["others"] == tuple(field.code for field in EVERY_TYPE)
    assert "others" not in {section.code for section in sections(ApplicationForm(school.draft(), school.policy, []))}
