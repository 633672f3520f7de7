"""The administration over HTTP: who sees what, what forms do, and that no other institution is reached."""

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from tests.factories.organisation import (
    AppointmentFactory,
    DelegationFactory,
    PersonFactory,
    PositionFactory,
    UnitFactory,
)
from tests.organisation.conftest import School
from tests.organisation.test_imports import PEOPLE, UNITS
from tests.organisation.test_services import everything
from xianshen.common.tabular import read_table
from xianshen.ledger.models import LedgerEntry
from xianshen.organisation.imports import spec_of
from xianshen.organisation.models import Appointment, Delegation, ImportDraft, Person, Position, Unit
from xianshen.web.organisation_urls import urlpatterns

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Any], Client]
HTML = "<script>alert(1)</script>"


def path_of(name: str, school: School) -> str:
    """Return the address of a page about something in a school."""
    delegation = Delegation.objects.filter(institution=school.institution).first()
    keys: dict[str, Any] = {
        "unit": school.department.pk,
        "position": school.head_position.pk,
        "appointment": Appointment.objects.filter(institution=school.institution).first(),
        "person": school.plain.pk,
        "delegation": delegation,
    }
    pattern = next(one for one in urlpatterns if one.name == name)
    route = str(pattern.pattern)
    if "<slug:kind>" in route:
        return reverse(f"organisation:{name}", args=["units"])
    if "<int:pk>" not in route:
        return reverse(f"organisation:{name}")
    kind = {"units/": "unit", "positions/": "position", "appointments/": "appointment", "people/": "person"}
    found = next((keys[what] for start, what in kind.items() if route.startswith(start)), delegation)
    return reverse(f"organisation:{name}", args=[getattr(found, "pk", found)])


NAMES = [str(pattern.name) for pattern in urlpatterns]
POSTS = {"people_passwords", "person_password", "person_switch", "import_confirm", "import_drop", "delegation_revoke"}
READ_ONLY = {"unit", "person"}
EVERYBODY = {"delegations", "delegation_new", "delegation_revoke"}


@pytest.fixture
def ready(school: School) -> School:
    DelegationFactory(
        position=school.head_position,
        principal=school.head,
        delegate=school.plain,
        starts_on=timezone.localdate(),
        ends_on=timezone.localdate() + timedelta(days=3),
    )
    manager = school.manager
    ImportDraft.objects.create(
        institution=school.institution,
        person=manager,
        kind="units",
        filename="t.csv",
        content=UNITS.encode(),
        created_at=timezone.now(),
    )
    return school


@pytest.mark.parametrize("name", NAMES)
def test_everything_needs_a_sign_in(ready: School, client: Client, name: str) -> None:
    before = everything()
    response = client.post(path_of(name, ready)) if name in POSTS else client.get(path_of(name, ready))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))
    assert everything() == before


@pytest.mark.parametrize("name", [name for name in NAMES if name not in EVERYBODY])
@pytest.mark.parametrize("method", ("get", "post"))
def test_administration_is_closed_to_others(ready: School, client_of: ClientOf, name: str, method: str) -> None:
    before = everything()
    response = getattr(client_of(ready.head), method)(path_of(name, ready))
    assert response.status_code == 403
    assert "联系办公室" in response.content.decode()
    assert everything() == before


@pytest.mark.parametrize("name", [name for name in NAMES if name not in POSTS])
def test_every_page_answers_the_manager(ready: School, client_of: ClientOf, name: str) -> None:
    response = client_of(ready.manager).get(path_of(name, ready))
    assert response.status_code == 200
    if "text/html" in response["Content-Type"]:
        page = response.content.decode()
        assert "<h1>" in page
        assert 'style="' not in page


@pytest.mark.parametrize("name", [n for n in NAMES if "<int:pk>" in str(urlpatterns[NAMES.index(n)].pattern)])
@pytest.mark.parametrize("method", ("get", "post"))
def test_another_institutions_records_are_not_found(
    ready: School, other_school: School, client_of: ClientOf, name: str, method: str
) -> None:
    path = path_of(name, ready)
    before = everything()
    response = getattr(client_of(other_school.manager), method)(path, {"reason": "x", "ends_on": "2026-09-30"})
    wrong_method = (method == "get") == (name in POSTS) and (method == "get" or name in READ_ONLY)
    assert response.status_code == (405 if wrong_method else 404)
    assert everything() == before


def test_another_institutions_names_appear_in_no_list(
    school: School, other_school: School, client_of: ClientOf
) -> None:
    Unit.objects.filter(pk=other_school.department.pk).update(name="外校系")
    Person.objects.filter(pk=other_school.plain.pk).update(name="外校人")
    client = client_of(school.manager)
    for name in ("units", "people", "delegations"):
        for query in ("", "?q=外校", "?view=all", "?format=csv"):
            page = client.get(reverse(f"organisation:{name}") + query).content.decode()
            assert "外校系" not in page
            assert "外校人" not in page


def test_tree_shows_holders_delegates_and_vacancies(ready: School, client_of: ClientOf) -> None:
    PositionFactory(unit=ready.department, title="副主任")
    UnitFactory(institution=ready.institution, parent=ready.department, key="201", name="2023级1班", kind="class")
    page = client_of(ready.manager).get(reverse("organisation:units")).content.decode()
    assert "1 个职务空缺" in page
    assert "系主任：李主任、赵同事（受李主任委托）</a>" in page
    assert "空缺" in page
    assert page.index("法律系</a>") < page.index("2023级1班</a>")
    vacant = client_of(ready.manager).get(reverse("organisation:units") + "?view=vacant").content.decode()
    assert "副主任" in vacant
    assert "办公室</a>" not in vacant.split("<tbody>")[1]


def test_lists_take_as_many_queries_with_thirty_rows_as_with_one(
    school: School, client_of: ClientOf, queries_constant: Any
) -> None:
    client = client_of(school.manager)

    def grow(count: int) -> None:
        for _n in range(count):
            unit = UnitFactory(institution=school.institution, parent=school.department)
            AppointmentFactory(position=PositionFactory(unit=unit))

    for name in ("units", "people"):
        address = reverse(f"organisation:{name}")
        queries_constant(lambda address=address: client.get(address), lambda: grow(29))


def test_unit_is_set_up_changed_and_closed(school: School, client_of: ClientOf) -> None:
    client = client_of(school.manager)
    values = {"key": "300", "name": HTML, "kind": "academic", "parent": school.office.pk, "seal_text": "外语系"}
    response = client.post(reverse("organisation:unit_new"), values)
    unit = Unit.objects.get(key="300")
    assert response["Location"] == reverse("organisation:unit", args=[unit.pk])
    page = client.get(response["Location"]).content.decode()
    assert HTML not in page
    assert "&lt;script&gt;" in page
    edit = reverse("organisation:unit_edit", args=[unit.pk])
    client.post(edit, {"name": "外语系", "parent": "", "seal_text": "外语系"})
    unit.refresh_from_db()
    assert (unit.name, unit.parent) == ("外语系", None)
    client.post(edit, {"name": "外语系", "parent": "", "seal_text": "外语系"})
    client.post(reverse("organisation:unit_close", args=[unit.pk]), {"on": "2026-09-30"})
    unit.refresh_from_db()
    assert unit.closed_on == date(2026, 9, 30)
    assert list(LedgerEntry.objects.order_by("sequence").values_list("event", flat=True)) == [
        "organisation.unit_created",
        "organisation.unit_renamed",
        "organisation.unit_moved",
        "organisation.unit_closed",
    ]


def test_unit_form_says_what_is_wrong_and_keeps_what_was_typed(school: School, client_of: ClientOf) -> None:
    before = everything()
    values = {"key": "200", "name": "外语系", "kind": "academic"}
    page = client_of(school.manager).post(reverse("organisation:unit_new"), values).content.decode()
    assert "单位编号" in page
    assert 'value="外语系"' in page
    assert everything() == before


def test_parent_of_another_institution_cannot_be_chosen(
    school: School, other_school: School, client_of: ClientOf
) -> None:
    before = everything()
    values = {"key": "300", "name": "外语系", "kind": "academic", "parent": other_school.office.pk}
    assert client_of(school.manager).post(reverse("organisation:unit_new"), values).status_code == 422
    assert everything() == before


@pytest.mark.parametrize("typed", ("0003", "shcc-PLAIN", "赵同事"))
def test_somebody_is_appointed_by_number_user_name_or_name(school: School, client_of: ClientOf, typed: str) -> None:
    path = reverse("organisation:position", args=[school.head_position.pk])
    values = {"person": typed, "starts_on": "2026-09-01", "ends_on": ""}
    assert client_of(school.manager).post(path, values).status_code == 302
    assert Appointment.objects.filter(position=school.head_position, person=school.plain).exists()


def test_namesakes_and_strangers_are_not_appointed(school: School, other_school: School, client_of: ClientOf) -> None:
    PersonFactory(institution=school.institution, key="0009", name="赵同事")
    path = reverse("organisation:position", args=[school.head_position.pk])
    before = everything()
    for typed, words in (("赵同事", "有几个人对得上"), ("beishan-plain", "没有找到"), ("\x00", "")):
        page = client_of(school.manager).post(path, {"person": typed, "starts_on": "2026-09-01"}).content.decode()
        assert words in page
    assert everything() == before


def test_the_same_appointment_twice_is_refused_beside_the_form(school: School, client_of: ClientOf) -> None:
    path = reverse("organisation:position", args=[school.head_position.pk])
    client = client_of(school.manager)
    values = {"person": "0003", "starts_on": "2026-09-01"}
    client.post(path, values)
    before = everything()
    assert "已任此职" in client.post(path, values).content.decode()
    assert everything() == before


def test_appointment_is_ended_and_refused_before_its_beginning(school: School, client_of: ClientOf) -> None:
    term = Appointment.objects.get(position=school.head_position)
    path = reverse("organisation:appointment_end", args=[term.pk])
    client = client_of(school.manager)
    assert "早于开始" in client.post(path, {"ends_on": "2019-12-31"}).content.decode()
    assert client.post(path, {"ends_on": "2026-09-30"}).status_code == 302
    term.refresh_from_db()
    assert term.ends_on == date(2026, 9, 30)


def test_position_is_set_up_in_a_unit(school: School, client_of: ClientOf) -> None:
    path = reverse("organisation:position_new", args=[school.department.pk])
    assert client_of(school.manager).post(path, {"key": "200-9", "kind": "head", "title": ""}).status_code == 302
    assert Position.objects.get(key="200-9").title == "主任"


def test_person_is_registered_and_changed(school: School, client_of: ClientOf) -> None:
    client = client_of(school.manager)
    values = {"key": "00077", "name": "新人", "username": "", "mobile": "13812345678", "email": ""}
    client.post(reverse("organisation:person_new"), values)
    person = Person.objects.get(key="00077")
    assert person.username == "00077"
    path = reverse("organisation:person_edit", args=[person.pk])
    client.post(path, {"name": "新人", "username": "xinren", "mobile": "", "email": "x@example.edu.cn"})
    person.refresh_from_db()
    assert (person.username, person.email) == ("xinren", "x@example.edu.cn")
    taken = client.post(path, {"name": "新人", "username": "shcc-head"}).content.decode()
    assert "已有人使用" in taken


def test_one_time_password_is_shown_once_and_works(school: School, client_of: ClientOf, client: Client) -> None:
    manager = client_of(school.manager)
    response = manager.post(reverse("organisation:person_password", args=[school.plain.pk]))
    found = re.search(r'id="one-time">([a-z0-9-]+)<', response.content.decode())
    assert found is not None
    assert "no-store" in response["Cache-Control"]
    again = manager.get(reverse("organisation:person", args=[school.plain.pk])).content.decode()
    assert found[1] not in again
    client.post(reverse("account_login"), {"login": "shcc-plain", "password": found[1]})
    assert client.get("/")["Location"] == reverse("account_change_password")


def test_person_is_shut_out_and_let_in_with_a_reason(school: School, client_of: ClientOf) -> None:
    client = client_of(school.manager)
    path = reverse("organisation:person_switch", args=[school.plain.pk])
    before = everything()
    assert client.post(path, {"reason": ""}).status_code == 422
    assert everything() == before
    for active in (False, True):
        client.post(path, {"reason": "借调"})
        school.plain.refresh_from_db()
        assert school.plain.is_active is active


@pytest.mark.parametrize("name", ("units", "people"))
def test_export_is_exactly_the_current_view(school: School, client_of: ClientOf, name: str) -> None:
    Person.objects.filter(pk=school.plain.pk).update(name="=cmd|calc")
    Unit.objects.filter(pk=school.department.pk).update(name="=cmd|calc")
    client = client_of(school.manager)
    address = reverse(f"organisation:{name}")
    text = client.get(address + "?q=%3Dcmd&format=csv").content.decode("utf-8-sig")
    assert len(text.splitlines()) == 2
    assert "'=cmd|calc" in text
    workbook = load_workbook(io.BytesIO(client.get(address + "?format=xlsx").content))
    assert workbook.active.max_row - 1 == (2 if name == "units" else 3)


class TestImport:
    """Upload, preview, confirm."""

    @staticmethod
    def upload(client: Client, kind: str, content: bytes, name: str = "t.csv") -> Any:
        path = reverse("organisation:import", args=[kind])
        return client.post(path, {"file": SimpleUploadedFile(name, content)}, follow=True)

    def test_preview_then_confirm(self, school: School, client_of: ClientOf) -> None:
        client = client_of(school.manager)
        before = everything()
        page = self.upload(client, "people", PEOPLE.encode()).content.decode()
        assert "可以导入" in page
        assert "新增 2 条" in page
        assert everything() == before
        response = client.post(reverse("organisation:import_confirm", args=["people"]), follow=True)
        assert "新增 2 条，更新 0 条，不变 1 条" in response.content.decode()
        assert Person.objects.filter(key="000123").exists()
        assert not ImportDraft.objects.exists()
        again = client.post(reverse("organisation:import_confirm", args=["people"]))
        assert again.status_code == 404, "a second click finds nothing left to import"

    def test_errors_are_shown_cell_by_cell_and_cannot_be_confirmed(self, school: School, client_of: ClientOf) -> None:
        client = client_of(school.manager)
        content = f"工号,姓名,邮箱\n1,{HTML},nope\n".encode()
        page = self.upload(client, "people", content).content.decode()
        assert "有 1 处不对，改好再导入" in page
        assert "不是邮箱地址" in page
        assert HTML not in page
        assert reverse("organisation:import_confirm", args=["people"]) not in page
        before = everything()
        response = client.post(reverse("organisation:import_confirm", args=["people"]), follow=True)
        assert "一行也没有导入" in response.content.decode()
        assert everything() == before

    def test_what_changed_between_preview_and_confirmation_counts(self, school: School, client_of: ClientOf) -> None:
        client = client_of(school.manager)
        self.upload(client, "people", "工号,姓名,用户名\n1,甲,jia\n".encode())
        PersonFactory(institution=school.institution, username="jia")
        client.post(reverse("organisation:import_confirm", args=["people"]))
        assert not Person.objects.filter(key="1").exists()

    def test_upload_is_seen_by_its_owner_only(self, school: School, client_of: ClientOf) -> None:
        colleague = PersonFactory(institution=school.institution)
        AppointmentFactory(position=Position.objects.get(key="100-1"), person=colleague)
        self.upload(client_of(school.manager), "people", PEOPLE.encode())
        path = reverse("organisation:import_preview", args=["people"])
        assert client_of(colleague).get(path).status_code == 404

    def test_another_file_replaces_it_and_it_can_be_dropped(self, school: School, client_of: ClientOf) -> None:
        client = client_of(school.manager)
        for _n in range(2):
            self.upload(client, "people", PEOPLE.encode())
        assert ImportDraft.objects.count() == 1
        client.post(reverse("organisation:import_drop", args=["people"]))
        assert not ImportDraft.objects.exists()

    @pytest.mark.parametrize(
        ("content", "name"), ((b"PK\x03\x04junk", "t.xlsx"), (b"\x89PNG", "t.csv"), (b"x", "a.exe"), (b"\x00", "t.csv"))
    )
    def test_strange_files_are_findings(self, school: School, client_of: ClientOf, content: bytes, name: str) -> None:
        response = self.upload(client_of(school.manager), "units", content, name)
        assert response.status_code == 200
        assert "处不对" in response.content.decode()

    def test_no_file_and_unknown_kind(self, school: School, client_of: ClientOf) -> None:
        client = client_of(school.manager)
        assert client.post(reverse("organisation:import", args=["people"])).status_code == 422
        assert client.get(reverse("organisation:import", args=["castles"])).status_code == 404

    def test_template_is_what_the_import_reads(self, school: School, client_of: ClientOf) -> None:
        for kind in ("units", "people", "positions"):
            content = client_of(school.manager).get(reverse("organisation:import_template", args=[kind])).content
            spec = spec_of(kind)
            columns = spec.columns(school.institution)
            table = read_table(content, "t.xlsx", columns, sheet=str(spec.title))
            assert [finding.problem for finding in table.findings] == ["表头下面没有内容"]


class TestDelegations:
    """委托代办, for everybody."""

    VALUES = {"starts_on": "", "ends_on": "", "delegate": "0003", "reason": "出差"}

    def values(self, school: School, **changes: Any) -> dict[str, Any]:
        today = timezone.localdate()
        return (
            self.VALUES
            | {"position": school.head_position.pk, "starts_on": today, "ends_on": today + timedelta(days=2)}
            | changes
        )

    def test_holder_delegates_and_both_see_it(self, school: School, client_of: ClientOf) -> None:
        client = client_of(school.head)
        assert client.post(reverse("organisation:delegation_new"), self.values(school)).status_code == 302
        entry = LedgerEntry.objects.get()
        assert (entry.actor_name, entry.actor_position) == ("李主任", "系主任")
        for person, words in ((school.head, "撤回委托"), (school.plain, "我正在代办 1 个职务")):
            page = client_of(person).get(reverse("organisation:delegations")).content.decode()
            assert "李主任 委托 赵同事" in page
            assert words in page
        other = client_of(school.manager).get(reverse("organisation:delegations")).content.decode()
        assert "李主任 委托 赵同事" not in other
        everybodys = client_of(school.manager).get(reverse("organisation:delegations") + "?view=all")
        assert "李主任 委托 赵同事" in everybodys.content.decode()

    def test_position_that_is_not_ones_own_cannot_be_chosen(self, school: School, client_of: ClientOf) -> None:
        before = everything()
        response = client_of(school.manager).post(reverse("organisation:delegation_new"), self.values(school))
        assert response.status_code == 422
        assert everything() == before

    @pytest.mark.parametrize(
        ("changes", "words"),
        (
            ({"delegate": "0002"}, "不能委托给自己"),
            ({"delegate": "beishan-plain"}, "没有找到"),
            ({"reason": ""}, "必填"),
            ({"starts_on": "2020-01-01"}, "不能补到过去"),
            ({"ends_on": "2020-01-01"}, "早于开始"),
            ({"starts_on": "2026-02-30"}, "日期"),
        ),
    )
    def test_what_cannot_be_is_said_beside_the_form(
        self, school: School, other_school: School, client_of: ClientOf, changes: dict[str, Any], words: str
    ) -> None:
        before = everything()
        path = reverse("organisation:delegation_new")
        page = client_of(school.head).post(path, self.values(school, **changes)).content.decode()
        assert words in page
        assert everything() == before

    def test_revoked_by_the_principal_not_by_delegate_or_stranger(self, ready: School, client_of: ClientOf) -> None:
        given = Delegation.objects.get()
        path = reverse("organisation:delegation_revoke", args=[given.pk])
        stranger = PersonFactory(institution=ready.institution)
        before = everything()
        assert client_of(stranger).post(path).status_code == 404
        assert client_of(ready.plain).post(path).status_code == 403
        assert everything() == before
        assert client_of(ready.head).post(path).status_code == 302
        assert client_of(ready.head).post(path).status_code == 409
        given.refresh_from_db()
        assert given.revoked_at is not None

    def test_states_are_said_in_words(self, school: School, client_of: ClientOf) -> None:
        today, day = timezone.localdate(), timedelta(days=1)
        for first, last, revoked in (
            (today, today, None),
            (today + day, today + day, None),
            (today - day, today - day, None),
            (today, today + 5 * day, timezone.now()),
        ):
            DelegationFactory(
                position=school.head_position,
                principal=school.head,
                delegate=school.plain,
                starts_on=first,
                ends_on=last,
                revoked_at=revoked,
            )
        page = client_of(school.head).get(reverse("organisation:delegations")).content.decode()
        for words in ("代办中", "还没开始", "已到期", "已撤回"):
            assert words in page
