"""Lists of posts as files: every wrong cell is named, nothing is stored, and no file is too large to refuse."""

import csv
import io
import time
import zipfile
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from tests.assessment.conftest import CSV, Reviewing
from xianshen.assessment import pushlists, services
from xianshen.assessment.enums import ListSource
from xianshen.assessment.models import PushItem, PushList
from xianshen.assessment.pushlists import MOST_POSTS, Post, read_push_list, template
from xianshen.common.errors import TransitionNotAllowed
from xianshen.documents.models import Attachment
from xianshen.ledger.models import LedgerEntry

ON = date(2026, 11, 16)


def read(content: bytes | str, name: str = "清单.csv"):  # type: ignore[no-untyped-def]
    return read_push_list(content if isinstance(content, bytes) else content.encode(), name, year=2026, on=ON)


def workbook(rows: list[list[object]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_gbk_and_dates_as_text_are_understood() -> None:
    text = '日期,标题,阅读量\n2026年3月8日,开学第一课,"1,284"\n2026/06/19,端午节放假通知,960\n20260910,教师节,\n'
    plan = read(text.encode("gbk"))
    assert plan.ok, list(plan.findings)
    days = [row.values["published_on"] for row in plan.rows]
    assert days == [date(2026, 3, 8), date(2026, 6, 19), date(2026, 9, 10)]
    assert [row.values["clicks"] for row in plan.rows] == [1284, 960, None]
    assert (plan.first_on, plan.last_on) == (date(2026, 3, 8), date(2026, 9, 10))


def test_every_wrong_cell_is_named() -> None:
    plan = read(
        "推送日期,标题,点击量\n2025-12-31,去年的,1\n2026-12-31,还没到的,1\n昨天,没有日期,1\n2026-03-08,,1\n"
        "2026-03-09,负数,-5\n2026-03-10,两遍,1\n2026-03-10,两遍,1\n"
    )
    assert not plan.ok
    assert [(one.row, one.column) for one in plan.findings] == [
        (2, "推送日期"),
        (3, "推送日期"),
        (4, "推送日期"),
        (5, "标题"),
        (6, "点击量"),
        (8, "标题"),
    ]
    assert "和第 7 行是同一条" in [one.problem for one in plan.findings][-1]


def test_formulas_are_text_in_csv_and_refused_without_a_result_in_workbooks() -> None:
    plan = read('推送日期,标题\n2026-03-08,"=HYPERLINK(""http://x"")"\n')
    assert plan.ok
    assert plan.rows[0].values["title"] == '=HYPERLINK("http://x")'
    plan = read(workbook([["推送日期", "标题"], [date(2026, 3, 8), "=1+1"]]), "清单.xlsx")
    assert [(one.row, one.problem) for one in plan.findings] == [(2, "公式没有算出的结果")]


def test_ten_million_rows_are_refused_quickly() -> None:
    head = "推送日期,标题\n".encode()
    content = head + b"2026-03-08,a\n" * ((20 * 1024 * 1024 - len(head)) // 13)
    began = time.process_time()
    plan = read(content)
    assert not plan.ok
    assert plan.rows == []
    assert time.process_time() - began < 20
    bomb = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([["推送日期", "标题"]]))) as source,
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("sheet1.xml"):
                row = b'<row r="%d"><c r="A%d" t="inlineStr"><is><t>a</t></is></c></row>'
                rows = b"".join(row % (number, number) for number in (9_999_999,))
                data = data.replace(b"</sheetData>", rows + b"</sheetData>")
            target.writestr(name, data)
    refused = read(bomb.getvalue(), "清单.xlsx")
    assert [one.problem for one in refused.findings] == ["工作表太大，或远离表格的地方写了东西"]


def test_more_posts_than_an_account_can_have_are_refused() -> None:
    rows = "".join(f"2026-03-08,{number}\n" for number in range(MOST_POSTS + 1))
    plan = read(f"推送日期,标题\n{rows}")
    assert plan.rows == []
    assert "最多 20,000 条" in next(iter(plan.findings)).problem


def test_oversized_upload_is_refused_while_reading(reviewing: Reviewing) -> None:
    account = reviewing.account()
    reviewing.open()
    upload = SimpleUploadedFile("清单.csv", b"x" * (20 * 1024 * 1024 + 1))
    upload.size = 3
    with pytest.raises(ValidationError) as refused:
        services.store_push_list(
            review_id=reviewing.review(account).pk, upload=upload, **reviewing.college.who("operator")
        )
    assert "超过 20 MB" in str(refused.value)


def test_refused_file_changes_nothing(reviewing: Reviewing) -> None:
    account = reviewing.account()
    reviewing.open()
    reviewing.fill(account)
    before = (reviewing.review(account).revision, LedgerEntry.objects.count(), Attachment.objects.count())
    with pytest.raises(ValidationError):
        services.store_push_list(
            review_id=reviewing.review(account).pk,
            upload=reviewing.upload("推送日期,标题\n2019-01-01,旧的\n"),
            **reviewing.college.who("operator"),
        )
    assert (reviewing.review(account).revision, LedgerEntry.objects.count(), Attachment.objects.count()) == before
    assert (PushList.objects.count(), PushItem.objects.count()) == (1, 3)


def test_new_list_replaces_the_old_one_and_both_stay_stored(reviewing: Reviewing) -> None:
    account = reviewing.account()
    reviewing.open()
    reviewing.fill(account)
    first = PushList.objects.get()
    who = reviewing.college.who("operator")
    review = reviewing.review(account)
    made = services.store_push_list(review_id=review.pk, upload=reviewing.upload(CSV + "2026-10-01,国庆,,5,1\n"), **who)
    first.refresh_from_db()
    assert first.removed_at is not None
    assert (made.count, made.digest == first.digest) == (4, False)
    assert reviewing.review(account).posts_total == 3
    with pytest.raises(ValidationError) as refused:
        reviewing.submit(account)
    assert "清单 4 条，表里写 3 条" in str(refused.value)


def test_template_can_be_filled_in_and_read_back() -> None:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(template()))
    book.worksheets[0].append([date(2026, 3, 8), "开学第一课", "", 10, 2])
    buffer = io.BytesIO()
    book.save(buffer)
    plan = read(buffer.getvalue(), "清单.xlsx")
    assert plan.ok, list(plan.findings)
    assert plan.count == 1


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.dates(date(2024, 1, 1), date(2028, 1, 1)).map(str), st.text(max_size=8)),
            st.text(max_size=20),
            st.one_of(st.integers(-10, 10**14).map(str), st.text(max_size=6)),
        ),
        max_size=12,
    )
)
def test_any_file_is_either_wholly_good_or_says_why(rows: list[tuple[str, str, str]]) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["推送日期", "标题", "点击量"])
    writer.writerows(rows)
    plan = read(buffer.getvalue().encode("utf-8", "ignore"))
    if plan.ok:
        for row in plan.rows:
            assert row.values["published_on"].year == 2026
            assert row.values["published_on"] <= ON
            assert row.values["title"]
            assert row.values["clicks"] is None or row.values["clicks"] >= 0
    else:
        assert all(one.problem and one.remedy for one in plan.findings)


def test_list_taken_from_the_platforms_own_records(reviewing: Reviewing, monkeypatch: pytest.MonkeyPatch) -> None:
    account = reviewing.account()
    reviewing.open()
    who = reviewing.college.who("operator")
    review = reviewing.review(account)
    with pytest.raises(TransitionNotAllowed):
        services.take_recorded_list(review_id=review.pk, **who)
    assert not PushList.objects.exists()

    class Collected:
        code = "tests.collected"

        def posts(self, institution_id: int, account_id: int, year: int) -> list[Post] | None:
            if account_id != account.pk:
                return None
            return [Post(date(year, 5, 4), "=青年节", "", 10, 1), Post(date(year, 3, 8), "开学第一课", "", 99, 7)]

    monkeypatch.setattr(pushlists, "_providers", {})
    pushlists.register(Collected())
    made = services.take_recorded_list(review_id=review.pk, **who)
    assert (made.source, made.count) == (ListSource.PLATFORM, 2)
    assert [item.title for item in made.items.all()] == ["开学第一课", "=青年节"]
    assert reviewing.review(account).best_title == "开学第一课"
    assert Attachment.objects.get().digest == made.digest
