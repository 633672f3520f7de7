"""Tables that people hand in: whatever a file holds, it becomes rows or findings, never an error."""

import io
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from xianshen.common import tabular
from xianshen.common.tabular import (
    CellKind,
    Column,
    Finding,
    Table,
    clean_key,
    clean_text,
    harmless,
    read_table,
    write_csv,
    write_template,
    write_xlsx,
)

COLUMNS = [
    Column("key", "编号", CellKind.KEY, required=True, max_length=20, examples=("001",)),
    Column("name", "姓名", required=True, max_length=50, aliases=("名字",)),
    Column("since", "入职日期", CellKind.DATE),
    Column("count", "人数", CellKind.INTEGER),
    Column("flag", "在职", CellKind.FLAG),
    Column("kind", "类别", CellKind.CHOICE, choices={"教师": "teacher", "学生": "student"}),
]


def book(rows: list[list[Any]], *, title: str = "Sheet", change: Callable[[Any], None] | None = None) -> bytes:
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if change:
        change(sheet)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def read(content: bytes | str, name: str = "t.csv") -> Table:
    return read_table(content.encode() if isinstance(content, str) else content, name, COLUMNS)


def only(table: Table) -> Finding:
    (finding,) = table.findings
    return finding


def repack(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return the workbook with one part changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            data = old.read(part)
            new.writestr(part.filename, change(data) if part.filename == name else data)
    return buffer.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize("encoding", ("utf-8", "utf-8-sig", "gb18030", "utf-16"))
@pytest.mark.parametrize("delimiter", (",", "\t", ";", "，"))
def test_csv_is_read_in_every_usual_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    text = "\r\n".join(delimiter.join(row) for row in (["编号", "姓名"], ["007", "张三"], ["", ""], ["008", "李四😀"]))
    table = read(text.encode(encoding))
    assert not table.findings
    assert [(row.number, row.values) for row in table.rows] == [
        (2, {"key": "007", "name": "张三"}),
        (4, {"key": "008", "name": "李四😀"}),
    ]


def test_headings_may_stand_under_a_title_in_any_order_with_stars_and_other_columns() -> None:
    table = read(book([["人员名册"], [], ["备注", "名字 *", "编号"], ["x", "张三", "007"]]), "t.xlsx")
    assert not table.findings
    assert [(row.number, row.values) for row in table.rows] == [(4, {"key": "007", "name": "张三"})]


def test_sheet_is_found_by_name_first_then_by_headings() -> None:
    def add(sheet: Any) -> None:
        other = sheet.parent.create_sheet("人员")
        for row in (["编号", "姓名"], ["2", "右"]):
            other.append(row)

    content = book([["编号", "姓名"], ["1", "左"]], change=add)
    assert read(content, "t.xlsx").rows[0].values["key"] == "1"
    assert read_table(content, "t.xlsx", COLUMNS, sheet="人员").rows[0].values["key"] == "2"


def test_wrong_sheet_names_the_sheets_looked_at_and_the_columns_needed() -> None:
    finding = only(read(book([["a", "b"], [1, 2]], title="成绩"), "t.xlsx"))
    assert "成绩" in finding.problem
    assert "编号、姓名" in finding.remedy


def test_missing_required_column_is_named() -> None:
    finding = only(read("编号,入职日期\n1,2026-01-01\n"))
    assert (finding.row, finding.column, finding.problem) == (1, "姓名", "缺少这一列")


@pytest.mark.parametrize(
    ("value", "expected"),
    (
        ("2026-09-01", date(2026, 9, 1)),
        ("2026/9/1", date(2026, 9, 1)),
        ("2026.9.1", date(2026, 9, 1)),
        ("2026年9月1日", date(2026, 9, 1)),
        ("２０２６年９月１日", date(2026, 9, 1)),
        ("20260901", date(2026, 9, 1)),
        ("2028-02-29", date(2028, 2, 29)),
        ("", None),
    ),
)
def test_dates_in_every_usual_writing(value: str, expected: date | None) -> None:
    table = read(f"编号,姓名,入职日期\n1,张三,{value}\n")
    assert not table.findings
    assert table.rows[0].values["since"] == expected


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    (
        ("入职日期", "2026-02-29", "不是日期，或没有这一天"),
        ("入职日期", "明天", "不是日期，或没有这一天"),
        ("人数", "三", "不是整数"),
        ("人数", "1.5", "不是整数"),
        ("在职", "也许", "看不出是或否"),
        ("类别", "校长", "没有这一项"),
    ),
)
def test_one_finding_says_where_what_and_what_to_do(column: str, value: str, problem: str) -> None:
    table = read(f"编号,姓名,{column}\n1,张三,{value}\n")
    finding = only(table)
    assert (finding.row, finding.column, finding.value, finding.problem) == (2, column, value, problem)
    assert finding.remedy
    assert table.rows[0].values["name"] == "张三"


def test_empty_required_and_too_long_and_spaced_keys_are_findings_of_their_cells() -> None:
    table = read(f"编号,姓名\n,张三\n2,\n3 4,李四\n5,{'长' * 10_000}\n")
    assert [(f.row, f.column, f.problem) for f in table.findings] == [
        (2, "编号", "没有填"),
        (3, "姓名", "没有填"),
        (4, "编号", "编号里有空格"),
        (5, "姓名", "有 10000 个字，超过 50 个"),
    ]


def test_html_and_formulas_in_text_are_kept_as_text() -> None:
    table = read('编号,姓名\n1,"<script>alert(1)</script>"\n2,=HYPERLINK(1)\n')
    assert [row.values["name"] for row in table.rows] == ["<script>alert(1)</script>", "=HYPERLINK(1)"]


def test_nul_and_control_characters_are_findings() -> None:
    table = read("编号,姓名\n1,张\x00三\n2\x07,李四\n")
    assert [(f.row, f.column) for f in table.findings] == [(2, "姓名"), (3, "编号")]


def test_leading_zeros_survive_in_text_cells_in_number_formats_and_in_quoted_csv() -> None:
    def pad(sheet: Any) -> None:
        sheet["A3"].number_format = "000000"

    table = read(book([["编号", "姓名"], ["000123", "张三"], [456, "李四"], [7, "王五"]], change=pad), "t.xlsx")
    assert [row.values["key"] for row in table.rows] == ["000123", "000456", "7"]
    assert read('编号,姓名\n"=""000123""",张三\n').rows[0].values["key"] == "000123"


def test_number_that_the_spreadsheet_has_rounded_is_a_finding() -> None:
    finding = only(read(book([["编号", "姓名"], [310101199001011234, "张三"]]), "t.xlsx"))
    assert "文本格式" in finding.remedy


def test_formula_without_stored_result_is_a_finding() -> None:
    table = read(book([["编号", "姓名"], ["1", "=A2"]]), "t.xlsx")
    finding = only(table)
    assert (finding.row, finding.column, finding.problem) == (2, "姓名", "公式没有算出的结果")


def test_formula_with_stored_result_gives_the_result() -> None:
    content = repack(
        book([["编号", "姓名"], ["1", "=A2"]]),
        SHEET,
        lambda xml: xml.replace(b"<f>A2</f><v></v>", b"<f>A2</f><v>9</v>"),
    )
    assert read(content, "t.xlsx").rows[0].values["name"] == "9"


def test_error_cell_is_a_finding_even_alone_in_its_row() -> None:
    def break_cell(sheet: Any) -> None:
        sheet["B3"] = "#REF!"
        sheet["B3"].data_type = "e"

    table = read(book([["编号", "姓名"], ["1", "张三"]], change=break_cell), "t.xlsx")
    assert [(f.row, f.column, f.value, f.problem) for f in table.findings] == [
        (3, "编号", "", "没有填"),
        (3, "姓名", "#REF!", "公式出错"),
    ]


def test_merged_cells_among_the_rows_are_findings_above_the_headings_they_are_not() -> None:
    def merge(sheet: Any) -> None:
        sheet.merge_cells("A1:B1")
        sheet.merge_cells("A3:A4")

    table = read(book([["名册"], ["编号", "姓名"], ["1", "张三"], ["", "李四"]], change=merge), "t.xlsx")
    first, *rest = table.findings
    assert (first.row, first.problem) == (3, "第 3 到 4 行有合并单元格")
    assert [(f.row, f.column) for f in rest] == [(4, "编号")]


@pytest.mark.parametrize(
    ("content", "name", "problem"),
    (
        (b"", "t.xlsx", "文件是空的"),
        (b"   ", "t.csv", "文件是空的"),
        (b"a,b", "t.txt", "只能读 .xlsx 和 .csv 文件"),
        (b"a,b", "t", "只能读 .xlsx 和 .csv 文件"),
        (b"a,b", "t.xlsx", "扩展名是 .xlsx，内容却不是"),
        (b"%PDF-1.7", "t.csv", "扩展名是 .csv，内容却不是"),
        (b"\x89PNG\r\n", "t.xlsx", "扩展名是 .xlsx，内容却不是"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "t.xlsx", "这是旧格式或加了密码的工作簿"),
        (b"PK\x03\x04broken", "t.xlsx", "工作簿损坏，打不开"),
        (b"\xff\xff\xfe\x80\x80", "t.csv", "文字编码认不出"),
    ),
)
def test_files_that_are_not_what_they_say(content: bytes, name: str, problem: str) -> None:
    assert only(read(content, name)).problem == problem


def test_workbook_named_csv_and_zip_named_xlsx() -> None:
    assert "内容却不是" in only(read(book([["编号", "姓名"]]), "t.csv")).problem
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert only(read(buffer.getvalue(), "t.xlsx")).problem == "压缩包里不是工作簿"


def test_macros_entities_and_truncated_files_are_refused() -> None:
    plain = book([["编号", "姓名"], ["1", "张三"]])
    buffer = io.BytesIO(plain)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    assert only(read(buffer.getvalue(), "t.xlsx")).problem == "工作簿带宏"
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    entities = repack(plain, SHEET, lambda xml: bomb + xml)
    assert only(read(entities, "t.xlsx")).problem == "工作簿里有不该有的文档声明"
    for end in (100, 1000, len(plain) // 2, len(plain) - 30):
        assert only(read(plain[:end], "t.xlsx")).problem == "工作簿损坏，打不开"


def test_zip_bomb_is_refused_without_unpacking_it() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open(SHEET, "w", force_zip64=True) as part:
            for _n in range(64):
                part.write(b" " * 1024 * 1024)
    tracemalloc.start()
    finding = only(read(buffer.getvalue(), "t.xlsx"))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert finding.problem == "工作簿展开后大得不正常"
    assert peak < 5 * 1024 * 1024


def test_zip_bomb_that_lies_about_its_size_is_refused() -> None:
    honest = repack(book([["编号", "姓名"], ["1", "张三"]]), SHEET, lambda xml: xml + b" " * 8_000_000)
    lying = bytearray(honest)
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        size = archive.getinfo(SHEET).file_size.to_bytes(4, "little")
    assert lying.count(size) >= 1
    found = lying.rfind(size)
    lying[found : found + 4] = (2000).to_bytes(4, "little")
    assert only(read(bytes(lying), "t.xlsx")).problem == "工作簿损坏，打不开"


def test_cell_far_away_is_refused_before_the_rectangle_is_allocated() -> None:
    def far(sheet: Any) -> None:
        sheet["XFD1048576"] = "here"

    tracemalloc.start()
    finding = only(read(book([["编号", "姓名"], ["1", "张三"]], change=far), "t.xlsx"))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert finding.problem == "工作表太大，或远离表格的地方写了东西"
    assert peak < 20 * 1024 * 1024


def test_formatted_but_empty_cells_far_away_do_no_harm() -> None:
    def far(sheet: Any) -> None:
        sheet["XFD1048576"].number_format = "@"

    table = read(book([["编号", "姓名"], ["1", "张三"]], change=far), "t.xlsx")
    assert not table.findings
    assert len(table.rows) == 1


def test_too_many_rows_are_one_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabular, "MAX_ROWS", 3)
    finding = only(read("编号,姓名\n" + "".join(f"{n},人\n" for n in range(10))))
    assert (finding.row, finding.problem) == (5, "超过 3 行")


def test_findings_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabular, "MAX_FINDINGS", 5)
    findings = read("编号,姓名\n" + "".join(f"{n},\n" for n in range(12))).findings
    assert (len(findings), findings.total, findings.uncounted) == (5, 12, 7)


def test_limits_leave_room_for_fifty_thousand_rows() -> None:
    rows = ({"key": f"{n:06}", "name": f"人员{n}", "since": date(2026, 1, 1), "count": n} for n in range(50_000))
    content = write_xlsx(COLUMNS, rows)
    started = time.process_time()
    table = read(content, "t.xlsx")
    seconds = time.process_time() - started
    assert not table.findings
    assert len(table.rows) == 50_000
    assert table.rows[-1].values["key"] == "049999"
    assert seconds < 60, "a minute is far beyond what 50,000 rows may take, on the slowest machine"


CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VISIBLE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELL, min_size=1, max_size=8), max_size=6))
def test_any_text_in_any_cell_becomes_rows_or_findings(rows: list[list[str]]) -> None:
    lines = [["编号", "姓名", "入职日期", "人数", "在职", "类别"], *rows]
    text = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in lines)
    for table in (read(text), read("\n".join(",".join(row) for row in lines))):
        for finding in table.findings:
            assert finding.problem
            assert finding.remedy
        for row in table.rows:
            assert row.bad or (row.values["key"] and row.values["name"])


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(("t.csv", "t.xlsx", "t.xls", "t")))
def test_any_bytes_become_rows_or_findings(content: bytes, name: str) -> None:
    table = read(content, name)
    assert table.findings or table.rows


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5_000), st.integers(1, 255))
def test_any_damage_to_a_workbook_becomes_rows_or_findings(place: int, by: int) -> None:
    content = bytearray(BOOK)
    content[place % len(content)] ^= by
    table = read(bytes(content), "t.xlsx")
    assert table.findings or table.rows


BOOK = book([["编号", "姓名", "入职日期"], ["007", "张三", date(2026, 9, 1)], ["008", "李四", None]])


@settings(max_examples=80, deadline=None)
@given(st.lists(VISIBLE.map(clean_text).filter(bool), min_size=1, max_size=5))
def test_what_is_written_is_read_back(names: list[str]) -> None:
    columns = [Column("key", "编号", CellKind.KEY, required=True), Column("name", "姓名")]
    rows = [{"key": str(number), "name": name} for number, name in enumerate(names)]
    for content, filename in ((write_csv(columns, rows), "t.csv"), (write_xlsx(columns, rows), "t.xlsx")):
        table = read_table(content, filename, columns)
        assert not table.findings
        assert [row.values for row in table.rows] == rows


@given(CELL)
def test_exported_text_never_begins_like_a_formula_and_cleaning_is_stable(text: str) -> None:
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert clean_text(clean_text(text)) == clean_text(text)
    assert clean_key(clean_key(text)) == clean_key(text)
    assert "\x00" not in clean_text(text)


@pytest.mark.parametrize("text", ("=1+1", "+86 1", "-1", "@x", "\t=1", "＝1", "'=1", "''=1"))
def test_formulas_are_exported_as_text(text: str) -> None:
    columns = [Column("name", "姓名")]
    content = write_csv(columns, [{"name": text}])
    assert content.decode("utf-8-sig").splitlines()[1].strip('"').startswith("'")
    cell = load_workbook(io.BytesIO(write_xlsx(columns, [{"name": text}]))).active["A2"]
    assert (cell.data_type, cell.value) == ("s", text)


def test_template_has_a_sheet_to_fill_an_example_and_notes_and_its_example_can_be_imported() -> None:
    content = write_template(COLUMNS, sheet="人员")
    workbook = load_workbook(io.BytesIO(content))
    assert workbook.sheetnames == ["人员", "示例", "填写说明"]
    assert [cell.value for cell in workbook["人员"][1]] == ["编号*", "姓名*", "入职日期", "人数", "在职", "类别"]
    assert only(read_table(content, "t.xlsx", COLUMNS, sheet="人员")).problem == "表头下面没有内容"
    notes = [[cell.value for cell in row] for row in workbook["填写说明"].iter_rows(min_row=2)]
    assert notes[0][:2] == ["编号", "是"]
    assert "教师、学生" in notes[5][2]
