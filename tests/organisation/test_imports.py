"""Importing units, people and positions: all rows or none, by stable key, as often as one likes."""

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.organisation import PersonFactory, UnitFactory
from tests.organisation.conftest import School
from tests.organisation.test_services import everything
from xianshen.cli.main import run as xianshen
from xianshen.common.errors import PermissionDenied
from xianshen.common.tabular import read_table, write_csv, write_xlsx
from xianshen.ledger.models import LedgerEntry
from xianshen.organisation import services
from xianshen.organisation.enums import ImportKind
from xianshen.organisation.imports import Plan, spec_of
from xianshen.organisation.models import Appointment, Person, Position, Unit
from xianshen.organisation.selectors import descendants, holders

pytestmark = pytest.mark.django_db

UNITS = """单位编号,单位名称,单位类别,上级单位编号,印章文字
310,2023级1班,班级,300,
300,外语系,系部,100,上海海关学院外语系
100,校办公室,办公室,,
"""
PEOPLE = """工号或学号,姓名,用户名,手机,邮箱
000123,张三,ZhangSan,13812345678,zhang@example.edu.cn
2023110045,李四😀,,,
0003,赵同事,,,
"""
POSITIONS = """职务编号,单位编号,职务类别,职务名称,任职人工号,任职起,任职止
200-1,200,主任,系主任,0003,2026-09-01,2027-08-31
200-2,200,主任,,0002,2026年9月1日,
200-2,200,主任,,0001,2026-09-01,
200-3,200,主任,副主任,,,
"""
FILES = {"units": UNITS, "people": PEOPLE, "positions": POSITIONS}


def bring_in(school: School, now: datetime, kind: str, text: str | bytes, name: str = "t.csv") -> Plan:
    content = text.encode() if isinstance(text, str) else text
    actor = school.actor(school.manager, now)
    return services.import_organisation(
        actor=actor, institution=school.institution, kind=kind, content=content, filename=name, now=now
    )


def problems(school: School, now: datetime, kind: str, text: str) -> list[tuple[int, str, str]]:
    """Return the findings for which an import is refused; nothing may have changed."""
    before = everything()
    with pytest.raises(services.ImportRefused) as refused:
        bring_in(school, now, kind, text)
    assert everything() == before
    assert all(finding.remedy for finding in refused.value.plan.findings)
    return [(finding.row, finding.column, finding.problem) for finding in refused.value.plan.findings]


def test_units_come_in_whatever_their_order(school: School, now: datetime) -> None:
    plan = bring_in(school, now, "units", UNITS)
    assert (plan.created, plan.updated, plan.unchanged) == (2, 1, 0)
    office, language, group = (Unit.objects.get(institution=school.institution, key=k) for k in ("100", "300", "310"))
    assert (office.name, language.parent, group.parent, language.seal_text) == (
        "校办公室",
        office,
        language,
        "上海海关学院外语系",
    )
    assert descendants(school.institution.pk, office.pk) == {office.pk, language.pk, group.pk}


def test_people_come_in_with_zeros_kept_and_number_as_user_name(school: School, now: datetime) -> None:
    plan = bring_in(school, now, "people", PEOPLE)
    assert (plan.created, plan.updated, plan.unchanged) == (2, 0, 1)
    first, second = (Person.objects.get(institution=school.institution, key=k) for k in ("000123", "2023110045"))
    assert (first.username, first.mobile, first.email) == ("zhangsan", "13812345678", "zhang@example.edu.cn")
    assert (second.username, second.name, second.has_usable_password()) == ("2023110045", "李四😀", False)
    assert Person.objects.get(pk=school.plain.pk).check_password("shunfeng-2026-chuan"), "passwords are not touched"


def test_positions_come_in_with_holders_and_periods(school: School, now: datetime) -> None:
    plan = bring_in(school, now, "positions", POSITIONS)
    assert (plan.created, plan.updated, plan.unchanged) == (5, 0, 1)
    found = holders(school.institution.pk, position_kind="head", unit_id=school.department.pk, on=date(2026, 9, 1))
    assert sorted(h.person.name for h in found) == ["李主任", "李主任", "王管理", "赵同事"]
    assert Position.objects.get(institution=school.institution, key="200-2").title == "主任"
    assert not Position.objects.get(key="200-3").appointments.exists()


@pytest.mark.parametrize("kind", FILES)
def test_the_same_file_again_changes_nothing(school: School, now: datetime, kind: str) -> None:
    bring_in(school, now, kind, FILES[kind])
    before = everything()
    plan = bring_in(school, now, kind, FILES[kind])
    assert everything() == before
    assert (plan.created, plan.updated) == (0, 0)
    assert plan.unchanged > 0


@pytest.mark.parametrize("kind", FILES)
def test_xlsx_and_csv_mean_the_same(school: School, now: datetime, kind: str) -> None:
    columns = list(spec_of(kind).columns(school.institution))
    rows = [
        dict(zip([c.name for c in columns], line.split(","), strict=True)) for line in FILES[kind].split("\n")[1:-1]
    ]
    bring_in(school, now, kind, write_xlsx(columns, rows), "t.xlsx")
    before = everything()
    bring_in(school, now, kind, write_csv(columns, rows))
    assert everything() == before


@pytest.mark.parametrize("kind", FILES)
def test_preview_tells_what_would_change_and_changes_nothing(school: School, now: datetime, kind: str) -> None:
    before = everything()
    content = FILES[kind].encode()
    actor = school.actor(school.manager, now)
    plan = services.preview_import(
        actor=actor, institution=school.institution, kind=kind, content=content, filename="t.csv", now=now
    )
    assert everything() == before
    assert plan.ok
    assert len(plan.changes) == plan.created + plan.updated
    done = bring_in(school, now, kind, FILES[kind])
    assert (done.created, done.updated, done.unchanged) == (plan.created, plan.updated, plan.unchanged)


def test_changed_cells_update_and_are_described(school: School, now: datetime) -> None:
    bring_in(school, now, "people", PEOPLE)
    plan = bring_in(school, now, "people", PEOPLE.replace("张三", "张三丰").replace("13812345678", ""))
    assert (plan.created, plan.updated, plan.unchanged) == (0, 1, 2)
    assert plan.changes[0].fields == (("姓名", "张三", "张三丰"), ("手机", "13812345678", ""))
    assert Person.objects.get(key="000123").mobile == ""
    entry = LedgerEntry.objects.order_by("sequence").last()
    assert entry is not None
    assert "13812345678" not in entry.payload


def test_columns_that_the_file_has_not_stay_as_they_are(school: School, now: datetime) -> None:
    bring_in(school, now, "people", PEOPLE)
    bring_in(school, now, "people", "工号,姓名\n000123,张三丰\n")
    person = Person.objects.get(key="000123")
    assert (person.name, person.mobile, person.username) == ("张三丰", "13812345678", "zhangsan")


def test_user_names_may_be_swapped_in_one_file(school: School, now: datetime) -> None:
    bring_in(school, now, "people", "工号,姓名,用户名\n1,甲,jia\n2,乙,yi\n3,丙,bing\n")
    bring_in(school, now, "people", "工号,姓名,用户名\n1,甲,yi\n2,乙,bing\n3,丙,jia\n")
    assert dict(Person.objects.filter(key__in="123").values_list("key", "username")) == {
        "1": "yi",
        "2": "bing",
        "3": "jia",
    }


def test_a_unit_moves_with_everything_below(school: School, now: datetime) -> None:
    bring_in(school, now, "units", UNITS)
    bring_in(school, now, "units", UNITS.replace("外语系,系部,100", "外语系,系部,200"))
    group = Unit.objects.get(key="310")
    assert group.pk in descendants(school.institution.pk, school.department.pk)
    assert group.pk not in descendants(school.institution.pk, school.office.pk)


def test_a_term_is_ended_by_importing_its_last_day(school: School, now: datetime) -> None:
    bring_in(school, now, "positions", POSITIONS)
    plan = bring_in(school, now, "positions", POSITIONS.replace("0001,2026-09-01,", "0001,2026-09-01,2026-09-30"))
    assert plan.updated == 1
    assert Appointment.objects.get(position__key="200-2", person=school.manager).ends_on == date(2026, 9, 30)


def test_a_file_is_recorded_once_with_its_digest(school: School, now: datetime) -> None:
    bring_in(school, now, "units", UNITS, "单位.csv")
    entry = LedgerEntry.objects.get()
    assert entry.event == "organisation.imported"
    assert "单位.csv" in entry.sentence
    assert "digest" in entry.payload


@pytest.mark.parametrize(
    ("text", "expected"),
    (
        ("1,甲,系部,\n1,乙,系部,\n", [(3, "单位编号", "和第 2 行的编号相同")]),
        ("1,甲,城堡,\n", [(2, "单位类别", "没有这一项")]),
        ("1,甲,系部,999\n", [(2, "上级单位编号", "没有这个上级单位")]),
        ("1,甲,系部,1\n", [(2, "上级单位编号", "上级单位绕成了圈")]),
        (
            "1,甲,系部,2\n2,乙,系部,3\n3,丙,系部,1\n4,丁,系部,1\n",
            [(n, "上级单位编号", "上级单位绕成了圈") for n in (2, 3, 4)],
        ),
        (f"1,{'长' * 200},系部,\n", [(2, "单位名称", "有 200 个字，超过 120 个")]),
        (",甲,系部,\n", [(2, "单位编号", "没有填")]),
    ),
)
def test_units_that_cannot_be(school: School, now: datetime, text: str, expected: list[Any]) -> None:
    header = "单位编号,单位名称,单位类别,上级单位编号\n"
    assert problems(school, now, "units", header + "9,好的一行,系部,\n" + text) == [
        (row + 1, column, problem.replace("第 2 行", "第 3 行")) for row, column, problem in expected
    ]


def test_units_cannot_be_put_into_a_circle_through_what_is_stored(school: School, now: datetime) -> None:
    bring_in(school, now, "units", UNITS)
    text = "单位编号,单位名称,单位类别,上级单位编号\n100,校办公室,办公室,310\n"
    assert problems(school, now, "units", text) == [(2, "上级单位编号", "上级单位绕成了圈")]


def test_units_cannot_be_deeper_than_the_tree_holds(school: School, now: datetime) -> None:
    rows = "".join(f"d{n},第{n}层,系部,{f'd{n - 1}' if n else ''}\n" for n in range(17))
    found = problems(school, now, "units", "单位编号,单位名称,单位类别,上级单位编号\n" + rows)
    assert found == [(18, "上级单位编号", "层级超过 16 层")]


def test_units_below_or_over_a_closed_one(school: School, now: datetime) -> None:
    UnitFactory(institution=school.institution, key="old", name="旧部", kind="academic", closed_on=date(2025, 1, 1))
    header = "单位编号,单位名称,单位类别,上级单位编号\n"
    assert problems(school, now, "units", header + "1,甲,系部,old\n") == [(2, "上级单位编号", "这个上级单位已撤销")]
    assert problems(school, now, "units", header + "old,新名,系部,\n") == [(2, "单位编号", "这个单位已撤销，不能再改")]
    assert bring_in(school, now, "units", header + "old,旧部,系部,\n").unchanged == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    (
        ("1,甲,same,,\n2,乙,SAME,,\n", [(3, "用户名", "用户名已有人使用")]),
        ("1,甲,shcc-head,,\n", [(2, "用户名", "用户名已有人使用")]),
        ("1,甲,beishan-head,,\n", [(2, "用户名", "用户名已有人使用")]),
        ("1,甲,a/b,,\n", [(2, "用户名", "不能用作用户名")]),
        ("1,甲,,12,\n", [(2, "手机", "不是手机号码")]),
        ("1,甲,,,not-an-address\n", [(2, "邮箱", "不是邮箱地址")]),
        ("1,甲,,,\n1,乙,,,\n", [(3, "工号或学号", "和第 2 行的编号相同")]),
        ("1,,,,\n", [(2, "姓名", "没有填")]),
    ),
)
def test_people_that_cannot_be(
    school: School, other_school: School, now: datetime, text: str, expected: list[Any]
) -> None:
    assert problems(school, now, "people", "工号,姓名,用户名,手机,邮箱\n" + text) == [
        (row, "工号或学号" if column == "工号" else column, problem) for row, column, problem in expected
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    (
        ("1,999,主任,,,,\n", [(2, "单位编号", "没有登记这个单位")]),
        ("1,100,主任,,,,\n", [(2, "职务类别", "「办公室」这类单位不设这种职务")]),
        ("1,200,校长,,,,\n", [(2, "职务类别", "没有这一项")]),
        ("1,200,主任,,9999,2026-09-01,\n", [(2, "任职人工号", "没有登记这个人")]),
        ("1,200,主任,,0003,,\n", [(2, "任职起", "有任职人，没有任职起")]),
        ("1,200,主任,,,2026-09-01,\n", [(2, "任职起", "有任期，没有任职人")]),
        ("1,200,主任,,0003,2026-09-02,2026-09-01\n", [(2, "任职止", "任职止早于任职起")]),
        ("1,200,主任,甲,,,\n1,200,主任,乙,,,\n", [(3, "职务名称", "同一职务编号，这一格却和第 2 行不同")]),
        (
            "1,200,主任,,0003,2026-09-01,\n1,200,主任,,0003,2026-09-01,\n",
            [(3, "任职人工号", "同一段任职写了两行")],
        ),
        (
            "1,200,主任,,0003,2026-09-01,2026-09-30\n1,200,主任,,0003,2026-09-30,\n",
            [(3, "任职起", "同一个人在同一职务上的任期重叠")],
        ),
        ("200-1,200,主任,系主任,0002,2026-09-01,\n", [(2, "任职起", "同一个人在同一职务上的任期重叠")]),
    ),
)
def test_positions_that_cannot_be(school: School, now: datetime, text: str, expected: list[Any]) -> None:
    header = "职务编号,单位编号,职务类别,职务名称,任职人工号,任职起,任职止\n"
    assert problems(school, now, "positions", header + text) == expected


def test_people_and_units_of_another_institution_are_unknown(
    school: School, other_school: School, now: datetime
) -> None:
    UnitFactory(institution=other_school.institution, key="777")
    PersonFactory(institution=other_school.institution, key="777")
    header = "职务编号,单位编号,职务类别,职务名称,任职人工号,任职起,任职止\n"
    assert problems(school, now, "positions", header + "1,777,主任,,777,2026-01-01,\n") == [
        (2, "单位编号", "没有登记这个单位"),
        (2, "任职人工号", "没有登记这个人"),
    ]


def test_one_bad_cell_among_many_rows_imports_none(school: School, now: datetime) -> None:
    rows = "".join(f"k{n},人员{n}\n" for n in range(400))
    assert problems(school, now, "people", f"工号,姓名\n{rows}k400,\n") == [(402, "姓名", "没有填")]


def test_the_same_keys_in_two_institutions_do_not_touch_each_other(
    school: School, other_school: School, now: datetime
) -> None:
    bring_in(school, now, "units", "单位编号,单位名称,单位类别\n200,改了名,系部\n")
    other_school.department.refresh_from_db()
    assert other_school.department.name == "法律系"


def test_template_example_is_understood(school: School, now: datetime) -> None:
    for kind in ImportKind:
        spec = spec_of(kind)
        columns = list(spec.columns(school.institution))
        rows = [{c.name: c.examples[n] if n < len(c.examples) else "" for c in columns} for n in range(2)]
        table = read_table(write_xlsx(columns, rows), "t.xlsx", columns)
        assert [finding.as_dict() for finding in table.findings] == []


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ("1", "200", "300", "系部", "主任", "0001", "2026-09-01", "", "=1+1", "<b>", "\x00", "😀", "shcc-head")
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(list(ImportKind)), rows=st.lists(st.lists(CELLS, min_size=7, max_size=7), max_size=5))
def test_any_cells_are_imported_whole_or_not_at_all(
    school: School, now: datetime, kind: ImportKind, rows: list[list[str]]
) -> None:
    columns = list(spec_of(kind).columns(school.institution))
    header = ",".join(str(column.title) for column in columns)
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    text = "\n".join([header, *lines])
    before = everything()
    actor = school.actor(school.manager, now)
    plan = services.preview_import(
        actor=actor,
        institution=school.institution,
        kind=kind.value,
        content=text.encode(),
        filename="t.csv",
        now=now,
    )
    if not plan.ok:
        with pytest.raises(services.ImportRefused):
            bring_in(school, now, kind.value, text)
        assert everything() == before
        return
    bring_in(school, now, kind.value, text)
    after = everything()
    again = bring_in(school, now, kind.value, text)
    assert (again.created, again.updated) == (0, 0)
    assert everything() == after


def test_twenty_thousand_people_come_in_and_again(school: School, now: datetime) -> None:
    def people(count: int, mark: str = "") -> str:
        return "工号,姓名,手机\n" + "".join(f"p{n:06},人员{n}{mark},13800000000\n" for n in range(count))

    assert bring_in(school, now, "people", people(20_000)).created == 20_000
    assert bring_in(school, now, "people", people(20_000)).unchanged == 20_000
    assert bring_in(school, now, "people", people(2_000, "改")).updated == 2_000


def test_nobody_previews_without_permission(school: School, now: datetime) -> None:
    with pytest.raises(PermissionDenied):
        services.preview_import(
            actor=school.actor(school.head, now),
            institution=school.institution,
            kind="units",
            content=UNITS.encode(),
            filename="t.csv",
            now=now,
        )


class TestCommand:
    """``xianshen import``: exit codes, reports, dry runs."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Callable[[str], str]:
        def write(text: str) -> str:
            path = tmp_path / "file.csv"
            path.write_text(text, "utf-8")
            return str(path)

        return write

    def test_imports_and_says_how_many(
        self, school: School, file: Callable[[str], str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert xianshen(["import", "units", file(UNITS)]) == 0
        assert "新增 2 条，更新 1 条" in capsys.readouterr().out
        assert Unit.objects.filter(key="300").exists()
        assert LedgerEntry.objects.get().actor_kind == "system"

    def test_dry_run_as_json_changes_nothing(
        self, school: School, file: Callable[[str], str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = everything()
        assert xianshen(["import", "people", file(PEOPLE), "--dry-run", "--json"]) == 0
        report = json.loads(capsys.readouterr().out)
        assert (report["ok"], report["dry_run"], report["created"]) == (True, True, 2)
        assert everything() == before

    def test_findings_end_with_one(
        self, school: School, file: Callable[[str], str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = everything()
        assert xianshen(["import", "people", file("工号,姓名\n1,\n")]) == 1
        said = capsys.readouterr()
        assert "第 2 行 姓名：没有填—补上「姓名」" in said.err
        assert xianshen(["import", "people", file("工号,姓名\n1,\n"), "--json"]) == 1
        assert json.loads(capsys.readouterr().out)["findings"][0]["row"] == 2
        assert everything() == before

    def test_positions_can_be_imported(self, school: School, file: Callable[[str], str]) -> None:
        assert xianshen(["import", "positions", file(POSITIONS)]) == 0
        assert Position.objects.filter(key="200-3").exists()

    def test_template_is_written(self, school: School, tmp_path: Path) -> None:
        out = tmp_path / "template.xlsx"
        assert xianshen(["import", "units", "--template", str(out)]) == 0
        assert out.read_bytes().startswith(b"PK")

    @pytest.mark.parametrize(
        "arguments", (["units", "/no/such/file.csv"], ["units"], ["units", __file__, "--institution", "no"])
    )
    def test_wrong_use_ends_with_two(
        self, school: School, arguments: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert xianshen(["import", *arguments]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1

    def test_with_two_institutions_one_must_be_named(
        self, school: School, other_school: School, file: Callable[[str], str]
    ) -> None:
        assert xianshen(["import", "units", file(UNITS)]) == 2
        assert xianshen(["import", "units", file(UNITS), "--institution", "beishan"]) == 0
        assert not Unit.objects.filter(institution=school.institution, key="300").exists()
