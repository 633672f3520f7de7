"""Accounts of before the rules: the list, the units' answers, the Office's part, and what the clock does."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests.factories.filings import chain_of_filing, later
from tests.support.college import College
from xianshen.approvals import services as approvals
from xianshen.clocks.models import Deadline
from xianshen.clocks.services import run_due
from xianshen.common import tabular
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.tabular import Column, write_xlsx
from xianshen.ledger.models import LedgerEntry
from xianshen.ledger.selectors import entries_about
from xianshen.registry import services
from xianshen.registry.models import AccountValue, Filing, MediaAccount
from xianshen.registry.selectors import ACCOUNT_TYPE, may_run

HEAD = "新媒体名称,新媒体类型,账号名称或链接地址,所属部门编号,负责人工号或学号,手机,邮箱,发布内容范围,开通时间"
LIBRARY = (
    "图书馆服务,微信订阅号,shcc_lib,library,shcc-library_operator,13916392047,lib@example.edu.cn,借阅通知,2019-09-12"
)
LAW = "法律系,微信订阅号,flx_shcc,law,shcc-operator,13916392048,flx@example.edu.cn,讲座,2020年3月1日"
NOBODY = "法苑,微博,法苑微博,law,,,,,"


def content(*rows: str, encoding: str = "utf-8") -> bytes:
    return "\n".join([HEAD, *rows]).encode(encoding)


def imported(college: College, *rows: str, filename: str = "list.csv", encoding: str = "utf-8", **more: Any) -> Any:
    return services.import_legacy(
        institution=college.institution,
        content=content(*(rows or (LIBRARY, LAW, NOBODY)), encoding=encoding),
        filename=filename,
        **college.who("media"),
        **more,
    )


def of(name: str) -> Filing:
    return Filing.objects.get(account__name=name)


def clock_of(college: College, unit: str) -> Deadline:
    deadlines = Deadline.objects.filter(subject_type="registry.legacy_list", subject_id=str(college.units[unit].pk))
    return deadlines.latest("pk")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_list_enters_accounts_to_be_confirmed(college: College, encoding: str) -> None:
    plan = imported(college, encoding=encoding)
    assert (plan.ok, plan.created, MediaAccount.objects.count()) == (True, 3, 3)
    assert set(Filing.objects.values_list("kind", "origin", "state")) == {("legacy", "legacy", "expected")}
    assert len(set(Filing.objects.values_list("number", flat=True))) == 3
    account = MediaAccount.objects.get(name="图书馆服务")
    assert (account.tier, account.first_responsible_position, account.owner_name) == (2, "unit_head", "新媒体岗甲")
    assert may_run(account, college.on).allowed
    clock = clock_of(college, "law")
    assert (clock.started_on.isoformat(), clock.due_on.isoformat()) == ("2026-09-01", "2026-10-01")
    assert Deadline.objects.filter(subject_type="registry.legacy_list").count() == 2, "one clock for each unit"
    assert [e.event for e in entries_about("shcc", ACCOUNT_TYPE, str(account.pk))] == ["registry.legacy_expected"]
    before = LedgerEntry.objects.count()
    again = imported(college, encoding=encoding)
    assert (again.created, again.unchanged, LedgerEntry.objects.count()) == (0, 3, before)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (LAW.replace("2020年3月1日", "2026-09-02"), "开通时间"),
        (LAW.replace("2020年3月1日", "前年春天"), "开通时间"),
        (LAW.replace("law,", "nowhere,", 1), "所属部门编号"),
        (LAW.replace("13916392048", "1391639"), "手机"),
    ],
)
def test_one_wrong_cell_stops_the_whole_list(college: College, row: str, column: str) -> None:
    plan = imported(college, LIBRARY, row)
    assert [(finding.row, finding.column) for finding in plan.findings] == [(3, column)]
    assert not MediaAccount.objects.exists()
    assert not Filing.objects.exists()
    assert not Deadline.objects.exists()


def test_a_workbook_with_formulas_and_dates_as_text(college: College) -> None:
    titles = HEAD.split(",")
    columns = [Column(title, title) for title in titles]
    rows = [dict(zip(titles, row.split(","), strict=True)) for row in (LIBRARY, LAW)]
    rows[0]["发布内容范围"] = '=HYPERLINK("http://example.org")'
    plan = services.import_legacy(
        institution=college.institution,
        content=write_xlsx(columns, rows, sheet="账号"),
        filename="list.xlsx",
        **college.who("media"),
    )
    assert (plan.ok, plan.created) == (True, 2)
    assert MediaAccount.objects.get(name="图书馆服务").content_scope.lstrip("'").startswith("=HYPERLINK")


def test_more_rows_than_a_list_may_have_are_refused_early(college: College, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabular, "MAX_ROWS", 50)
    rows = [LIBRARY.replace("shcc_lib", f"lib_{number}") for number in range(10_000)]
    plan = imported(college, *rows)
    assert [finding.row for finding in plan.findings] == [52]
    assert not MediaAccount.objects.exists()
    huge = content(*[LIBRARY] * 400_000)
    assert len(huge) > tabular.MAX_BYTES
    refused = services.preview_legacy(
        institution=college.institution, grants=None, content=huge, filename="list.csv", now=college.now
    )
    assert not refused.ok


def test_only_the_office_imports(college: College) -> None:
    with pytest.raises(PermissionDenied):
        services.import_legacy(
            institution=college.institution, content=content(LAW), filename="list.csv", **college.who("operator")
        )
    assert not MediaAccount.objects.exists()


def test_confirming_is_filing(college: College, run_tasks: Any) -> None:
    imported(college)
    filing = services.confirm_legacy(filing_id=of("法律系").pk, **college.who("operator"))
    assert (filing.state, filing.late_days, clock_of(college, "law").state) == ("submitted", 0, "running")
    chain = chain_of_filing(college, filing)
    college.decide(chain, "head")
    college.decide(chain, "director")
    filing.refresh_from_db()
    assert filing.state == "approved"
    services.confirm_legacy(filing_id=of("图书馆服务").pk, **college.who("library_operator"))
    assert clock_of(college, "library").state == "met", "nothing of the library's is left"
    with pytest.raises(TransitionNotAllowed):
        services.confirm_legacy(filing_id=filing.pk, **college.who("operator"))
    with pytest.raises(PermissionDenied):
        services.confirm_legacy(filing_id=of("法苑").pk, **college.who("library_operator"))


def test_what_lacks_something_is_corrected_first(college: College) -> None:
    imported(college)
    filing = of("法苑")
    with pytest.raises(ValidationError) as lacking:
        services.confirm_legacy(filing_id=filing.pk, **college.who("operator"))
    assert {"owner_name", "owner_mobile", "owner_email", "opened_on"} <= set(lacking.value.message_dict)
    filing.refresh_from_db()
    assert (filing.state, filing.applicant) == ("expected", None)
    taken = services.take_up_filing(filing_id=filing.pk, **college.who("operator"))
    person = college.people["operator"]
    saved = services.save_filing(
        filing_id=taken.pk,
        revision=taken.revision,
        values={
            "name": "法苑之声",
            "owner_id": person.pk,
            "owner_name": person.name,
            "owner_mobile": "13916392047",
            "owner_email": "fy@example.edu.cn",
            "opened_on": "2018-05-04",
        },
        **college.who("operator"),
    )
    services.submit_filing(filing_id=saved.pk, revision=saved.revision, **college.who("operator"))
    chain = chain_of_filing(college, saved)
    college.decide(chain, "head")
    college.decide(chain, "director")
    account = MediaAccount.objects.get(pk=saved.account_id)
    assert (account.name, account.owner, str(account.opened_on)) == ("法苑之声", person, "2018-05-04")
    assert not AccountValue.objects.exists(), "a slip in the list was never the account's name"


def test_unfiled_accounts_stop_after_the_last_day_and_run_again_once_filed(college: College) -> None:
    imported(college)
    services.confirm_legacy(filing_id=of("图书馆服务").pk, **college.who("library_operator"))
    later(college, 18)
    assert str(college.on) == "2026-10-02"
    run_due(college.now)
    run_due(college.now)
    states = dict(MediaAccount.objects.values_list("name", "suspension_reason"))
    assert states == {"图书馆服务": "", "法律系": "legacy_unfiled", "法苑": "legacy_unfiled"}
    entries = LedgerEntry.objects.filter(event="registry.account_suspended")
    assert entries.count() == 2, "exactly once"
    later(college, 4)
    filing = services.confirm_legacy(filing_id=of("法律系").pk, **college.who("operator"))
    assert filing.late_days == 5
    chain = chain_of_filing(college, filing)
    college.decide(chain, "head")
    college.decide(chain, "director")
    account = MediaAccount.objects.get(name="法律系")
    assert (account.state, account.suspension_reason) == ("active", "")


def test_what_is_withdrawn_is_not_filed(college: College) -> None:
    imported(college, LIBRARY)
    filing = services.confirm_legacy(filing_id=of("图书馆服务").pk, **college.who("library_operator"))
    assert clock_of(college, "library").state == "met"
    approvals.withdraw(
        institution_id=college.institution.pk,
        chain_id=chain_of_filing(college, filing).pk,
        person=college.people["library_operator"],
        reason="",
        now=college.now,
    )
    assert (clock_of(college, "library").state, str(clock_of(college, "library").due_on)) == ("running", "2026-10-01")
    later(college, 30)
    run_due(college.now)
    assert MediaAccount.objects.get().suspension_reason == "legacy_unfiled"


def test_an_account_that_is_not_the_units(college: College) -> None:
    imported(college)
    filing = of("法苑")
    with pytest.raises(ValidationError):
        services.disown_legacy(filing_id=filing.pk, text=" ", **college.who("operator"))
    services.disown_legacy(filing_id=filing.pk, text="是图书馆办的。", **college.who("operator"))
    with pytest.raises(PermissionDenied):
        services.reassign_legacy(filing_id=filing.pk, unit_id=college.units["library"].pk, **college.who("operator"))
    with pytest.raises(ValidationError):
        services.reassign_legacy(filing_id=filing.pk, unit_id=college.units["law"].pk, **college.who("media"))
    services.reassign_legacy(filing_id=filing.pk, unit_id=college.units["library"].pk, **college.who("media"))
    filing.refresh_from_db()
    account = MediaAccount.objects.get(pk=filing.account_id)
    assert (filing.state, filing.unit.name, account.unit.name) == ("expected", "图书馆", "图书馆")
    with pytest.raises(TransitionNotAllowed):
        services.strike_legacy(filing_id=filing.pk, text="没有人认。", **college.who("media"))
    services.disown_legacy(filing_id=filing.pk, text="也不是我们的。", **college.who("library_operator"))
    services.strike_legacy(filing_id=filing.pk, text="没有人认。", **college.who("media"))
    account.refresh_from_db()
    assert account.state == "closed"


def test_time_is_given_where_the_last_day_has_passed(college: College) -> None:
    later(college, 60)
    until = college.on + timedelta(days=30)
    with pytest.raises(ValidationError):
        imported(college, extend_until=until, extend_why="")
    assert not MediaAccount.objects.exists()
    imported(college, extend_until=until, extend_why="平台十一月才启用。")
    assert clock_of(college, "law").due_on == until
    run_due(college.now)
    assert not MediaAccount.objects.filter(state="suspended").exists()
    assert services.confirm_legacy(filing_id=of("法律系").pk, **college.who("operator")).late_days == 0
