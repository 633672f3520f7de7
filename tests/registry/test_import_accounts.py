"""Existing accounts from a file: all or none, repeatable, a finding for every wrong cell."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.college import College
from xianshen.common.errors import PermissionDenied
from xianshen.common.tabular import write_template
from xianshen.ledger.models import LedgerEntry
from xianshen.registry.imports import SHEET, account_columns
from xianshen.registry.models import MediaAccount
from xianshen.registry.services import import_accounts, preview_accounts
from xianshen.regulation.selectors import policy_on

HEAD = "新媒体名称,新媒体类型,账号名称或链接地址,所属部门编号,负责人工号或学号,手机,邮箱,发布内容范围,开通时间"
GOOD = "图书馆服务,微信订阅号,shcc_lib,library,shcc-library_operator,13916392047,lib@example.edu.cn,借阅通知,2019-09-12"


def content(*rows: str, encoding: str = "utf-8") -> bytes:
    return "\n".join([HEAD, *rows]).encode(encoding)


def carried_out(college: College, data: bytes, filename: str = "accounts.csv", role: str = "media") -> Any:
    return import_accounts(institution=college.institution, content=data, filename=filename, **college.who(role))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_file_enters_accounts_and_the_same_file_changes_nothing(college: College, encoding: str) -> None:
    plan = carried_out(college, content(GOOD, encoding=encoding))
    assert (plan.ok, plan.created) == (True, 1)
    account = MediaAccount.objects.get()
    assert (account.name, account.tier, account.owner_name, account.state) == ("图书馆服务", 2, "新媒体岗甲", "active")
    before = LedgerEntry.objects.count()
    again = carried_out(college, content(GOOD, encoding=encoding))
    assert (again.created, again.unchanged) == (0, 1)
    assert LedgerEntry.objects.count() == before


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (GOOD.replace("library,", "nowhere,", 1), "所属部门编号"),
        (GOOD.replace("微信订阅号", "抖音"), "新媒体类型"),
        (GOOD.replace("13916392047", "12345"), "手机"),
        (GOOD.replace("lib@example.edu.cn", "lib.example"), "邮箱"),
        (GOOD.replace("shcc-library_operator", "9999"), "负责人工号或学号"),
        (GOOD.replace("2019-09-12", "2099-01-01"), "开通时间"),
        (GOOD.replace("2019-09-12", "昨天"), "开通时间"),
        (GOOD.replace("图书馆服务", "长" * 10_000), "新媒体名称"),
        (GOOD.replace("图书馆服务", ""), "新媒体名称"),
    ],
)
def test_wrong_cell_is_named_and_nothing_is_imported(college: College, row: str, column: str) -> None:
    good = GOOD.replace("shcc_lib", "other_one")
    plan = carried_out(college, content(good, row))
    assert {(finding.row, finding.column) for finding in plan.findings} == {(3, column)}
    assert not MediaAccount.objects.exists()


def test_account_twice_in_the_file_is_found(college: College) -> None:
    plan = carried_out(college, content(GOOD, GOOD.replace("shcc_lib", "SHCC_LIB")))
    assert [finding.row for finding in plan.findings] == [3]


def test_account_on_record_is_not_changed_by_a_file(college: College) -> None:
    carried_out(college, content(GOOD))
    plan = carried_out(college, content(GOOD.replace("图书馆服务", "图书馆新名")))
    assert "备案" in next(iter(plan.findings)).remedy
    assert MediaAccount.objects.get().name == "图书馆服务"


def test_markup_and_emoji_stay_text(college: College) -> None:
    carried_out(college, content(GOOD.replace("图书馆服务", "<b>图书馆</b>📚")))
    assert MediaAccount.objects.get().name == "<b>图书馆</b>📚"


@pytest.mark.parametrize("role", ["operator", "head", "leader", "scitech"])
def test_only_the_office_imports(college: College, role: str) -> None:
    with pytest.raises(PermissionDenied):
        carried_out(college, content(GOOD), role=role)
    with pytest.raises(PermissionDenied):
        preview_accounts(
            institution=college.institution,
            grants=college.grants(role),
            content=content(GOOD),
            filename="a.csv",
            now=college.now,
        )
    assert not MediaAccount.objects.exists()


def test_template_can_be_read_back(college: College) -> None:
    columns = account_columns(policy_on(college.institution.pk, college.on))
    plan = carried_out(college, write_template(columns, sheet=str(SHEET)), "accounts.xlsx")
    assert plan.created == 0


def test_command_imports_and_reports(college: College, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from xianshen.cli.main import run

    file = tmp_path / "accounts.csv"
    file.write_bytes(content(GOOD))
    assert run(["import", "accounts", str(file), "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["created"] == 1
    assert not MediaAccount.objects.exists()
    assert run(["import", "accounts", str(file)]) == 0
    assert MediaAccount.objects.count() == 1
    file.write_bytes(content(GOOD.replace("13916392047", "1")))
    assert run(["import", "accounts", str(file), "--json"]) == 1
