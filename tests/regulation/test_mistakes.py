"""``policy check`` names file, line and field for every kind of mistake, all of them at once."""

import shutil
from pathlib import Path

import pytest

from tests.factories.regulation import OTHER
from xianshen.regulation.loader import check_pack
from xianshen.regulation.source import Mistake

VERSION = "2025-r3"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Return a copy of the invented pack that a test may spoil."""
    return Path(shutil.copytree(OTHER, tmp_path / "linhai"))


def spoil(pack: Path, file: str, old: str, new: str) -> None:
    path = pack / VERSION / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, f"{old!r} is not in {file}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def line_of(path: Path, text: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def mistakes_of(pack: Path, **options: object) -> list[Mistake]:
    loaded, mistakes = check_pack(pack, **options)  # type: ignore[arg-type]
    assert (loaded is None) == bool(mistakes)
    return mistakes


# file, what is there, what it becomes, text of the line that is named, field, words of the message
MISTAKES = {
    "yaml syntax": ("rules.yaml", "rules:", "rules: [", "id: regulation.basis", ".", "YAML"),
    "tab": ("clocks.yaml", "clocks:\n", "clocks:\n\t- x\n", "\t- x", ".", "YAML"),
    "duplicate key": (
        "signing.yaml",
        "  reauthenticate: true",
        "  reauthenticate: true\n  reauthenticate: false",
        "reauthenticate: false",
        "signing.reauthenticate",
        "写了两次",
    ),
    "alias": ("tiers.yaml", "classification:", "x: &x [1]\ny: *x\nclassification:", "x: &x", "y", "别名"),
    "own tag": ("tiers.yaml", "name: 甲级", "name: !python 甲级", "!python", "tiers[0].name", "标签"),
    "unknown section": ("names.yaml", "name_rules:", "extra: 1\nname_rules:", "extra: 1", "extra", "不认识"),
    "unknown key": (
        "tiers.yaml",
        "{number: 2, name: 乙级",
        "{number: 2, colour: red, name: 乙级",
        "colour",
        "tiers[1].colour",
        "不认识",
    ),
    "missing key": ("platforms.yaml", "    icon: video\n", "", "code: short_video", "platforms[1].icon", "缺少"),
    "wrong type": (
        "clocks.yaml",
        "duration: {days: 30}",
        "duration: {days: thirty}",
        "days: thirty",
        "clocks[5].duration.days",
        "整数",
    ),
    "text where a list belongs": (
        "approvals.yaml",
        "powers: [revoke]",
        "powers: revoke",
        "powers: revoke",
        "chains[3].report.powers",
        "列表",
    ),
    "not a date": (
        "regulation.yaml",
        "effective_from: 2025-04-01",
        "effective_from: 2025-04-31",
        "effective_from",
        "effective_from",
        "日期",
    ),
    "unknown capability": (
        "organisation.yaml",
        "data_services.review",
        "data_services.rule_all",
        "rule_all",
        "position_kinds[3].capabilities[0]",
        "不在词表",
    ),
    "unknown consequence": (
        "clocks.yaml",
        "consequence: expire",
        "consequence: fine",
        "consequence: fine",
        "clocks[6].consequence",
        "不在词表",
    ),
    "clock without consequence": (
        "clocks.yaml",
        "consequence: overdue, ",
        "",
        "id: filing.change",
        "clocks[0].consequence",
        "缺少",
    ),
    "two durations": (
        "clocks.yaml",
        "duration: {months: 2}",
        "duration: {months: 2, days: 3}",
        "months: 2, days",
        "clocks[1].duration",
        "只写一个",
    ),
    "no such day": ("clocks.yaml", 'annual: "06-30"', 'annual: "06-31"', "06-31", "clocks[2].duration", "06-31"),
    "reminders out of order": (
        "clocks.yaml",
        "reminders: [14, 1]",
        "reminders: [1, 14]",
        "[1, 14]",
        "clocks[2]",
        "从大到小",
    ),
    "reminder before the start": (
        "clocks.yaml",
        "reminders: [7], consequence: overdue",
        "reminders: [31], consequence: overdue",
        "[31]",
        "clocks[5]",
        "提醒",
    ),
    "unknown article": (
        "rules.yaml",
        "id: name.unique, article: 7",
        "id: name.unique, article: 17",
        "article: 17",
        "rules[27].article",
        "17",
    ),
    "rule without article": (
        "rules.yaml",
        "id: name.unique, article: 7",
        "id: name.unique",
        "id: name.unique",
        "rules[27].article",
        "缺少",
    ),
    "article without a rule": (
        "regulation.yaml",
        "      - {number: 10,",
        "      - {number: 12, text: 附则。}\n      - {number: 13,",
        "number: 12",
        "chapters[1].articles[3].number",
        "没有规则",
    ),
    "articles out of order": (
        "regulation.yaml",
        "{number: 8,",
        "{number: 5,",
        "{number: 5, text: 账号应当",
        "chapters[1].articles[1].number",
        "次序",
    ),
    "unknown rule": (
        "platforms.yaml",
        "rule: platform.scope",
        "rule: platform.everything",
        "platform.everything",
        "platforms[0].rule",
        "platform.everything",
    ),
    "unknown rule in signing": (
        "signing.yaml",
        "withdraw_rule: approval.withdrawal",
        "withdraw_rule: approval.retreat",
        "approval.retreat",
        "signing.withdraw_rule",
        "approval.retreat",
    ),
    "unknown clock": (
        "approvals.yaml",
        "due: report.review",
        "due: report.someday",
        "report.someday",
        "chains[3].report.due",
        "report.someday",
    ),
    "unknown validity": (
        "sponsoring.yaml",
        "validity: sponsor_file.validity",
        "validity: for.ever",
        "for.ever",
        "sponsor_file.parts[0].validity",
        "for.ever",
    ),
    "unknown position": (
        "approvals.yaml",
        "position: it_head",
        "position: wizard",
        "wizard",
        "chains[1].steps[1].position",
        "wizard",
    ),
    "position that the unit has not": (
        "approvals.yaml",
        'position: publicity_head, of: "kind:publicity", due: step.group}',
        'position: publicity_head, of: "kind:it_centre", due: step.group}',
        'of: "kind:it_centre", due: step.group',
        "chains[2].steps[2].position",
        "it_centre",
    ),
    "escalation to a position that no unit has": (
        "approvals.yaml",
        'escalate_to: {position: chairman, of: "kind:board"}}',
        'escalate_to: {position: chairman, of: "kind:publicity"}}',
        'escalate_to: {position: chairman, of: "kind:publicity"}',
        "chains[1].steps[0].escalate_to.position",
        "publicity",
    ),
    "first responsible in a kind that lacks it": (
        "tiers.yaml",
        "first_responsible: {position: president, of: sponsor}",
        "first_responsible: {position: clinic_chief, of: sponsor}",
        "unit_kinds: [hospital]",
        "classification[1].first_responsible.position",
        "hospital",
    ),
    "home of a kind without one": (
        "approvals.yaml",
        "form_box: unit, position: president, of: sponsor",
        "form_box: unit, position: president, of: home",
        "position: president, of: home, due: step.unit, escalate_to",
        "chains[1].steps[0].of",
        "home",
    ),
    "unknown unit kind in of": (
        "approvals.yaml",
        'of: "kind:it_centre"',
        'of: "kind:moon"',
        "kind:moon",
        "chains[1].steps[1].of",
        "moon",
    ),
    "of that is no relation": (
        "approvals.yaml",
        'of: "kind:it_centre"',
        "of: moon",
        "of: moon",
        "chains[1].steps[1].of",
        "写法",
    ),
    "unknown unit kind in a position": (
        "organisation.yaml",
        "unit_kinds: [it_centre]",
        "unit_kinds: [it_centre, moon]",
        "moon",
        "position_kinds[3].unit_kinds[1]",
        "moon",
    ),
    "unknown home": ("organisation.yaml", "home: [clinic]", "home: [moon]", "moon", "unit_kinds[5].home[0]", "moon"),
    "home cycle": (
        "organisation.yaml",
        "code: hospital, title: 成员医院, rule: tier.classification",
        "code: hospital, title: 成员医院, rule: tier.classification, home: [ward]",
        "home: [ward]",
        "unit_kinds[3].home",
        "圈",
    ),
    "unknown role kind": (
        "organisation.yaml",
        "leadership: board",
        "leadership: moon",
        "leadership: moon",
        "roles.leadership",
        "moon",
    ),
    "missing role": ("organisation.yaml", ", leadership: board", "", "roles:", "roles", "leadership"),
    "unknown platform in a condition": (
        "tiers.yaml",
        "unit_kinds: [publicity]",
        "unit_kinds: [publicity], platforms: [myspace]",
        "myspace",
        "classification[0].when.platforms[0]",
        "myspace",
    ),
    "unknown tier": ("tiers.yaml", "tier: 2,", "tier: 7,", "tier: 7", "classification[1].tier", "7"),
    "unknown tier in a chain": (
        "approvals.yaml",
        "when: {tiers: [3]}",
        "when: {tiers: [3, 8]}",
        "[3, 8]",
        "chains[2].when.tiers[1]",
        "8",
    ),
    "tier without chain": (
        "approvals.yaml",
        "when: {tiers: [4], unit_kinds: [volunteers]}",
        "when: {tiers: [4], unit_kinds: [ward]}",
        "unit_kinds: [volunteers]",
        "classification[4].tier",
        "没有审批链",
    ),
    "tier without accounts": (
        "tiers.yaml",
        "  - {number: 4,",
        "  - {number: 5, name: 戊级, rule: tier.classification}\n  - {number: 4,",
        "number: 5",
        "tiers[3].number",
        "没有账号",
    ),
    "escalation cycle": (
        "approvals.yaml",
        'form_box: it, position: it_head, of: "kind:it_centre", due: step.unit}',
        'form_box: it, position: it_head, of: "kind:it_centre", due: step.unit, '
        'escalate_to: {position: it_head, of: "kind:it_centre"}}',
        "escalate_to: {position: it_head",
        "chains[1].steps[1].escalate_to",
        "圈",
    ),
    "unknown form": ("approvals.yaml", "form: registration", "form: napkin", "napkin", "chains[0].form", "napkin"),
    "unknown opinion box of a step": (
        "approvals.yaml",
        "form_box: it, position: it_head",
        "form_box: dream, position: it_head",
        "dream",
        "chains[1].steps[1].form_box",
        "dream",
    ),
    "duplicate rule": (
        "rules.yaml",
        "id: stop.order",
        "id: name.unique",
        "text: 造成不良影响的停止使用",
        "rules[36].id",
        "重复",
    ),
    "duplicate platform": (
        "platforms.yaml",
        "code: short_video\n",
        "code: wechat_subscription # twice\n",
        "# twice",
        "platforms[1].code",
        "重复",
    ),
    "duplicate form field": (
        "forms.yaml",
        "{code: name, label: 账号名称",
        "{code: unit, label: 账号名称",
        "code: unit, label: 账号名称",
        "forms[0].fields[1].code",
        "重复",
    ),
    "broken regular expression": (
        "platforms.yaml",
        "pattern: '[a-z0-9]{6,16}'",
        "pattern: '[a-z0-9{6,16}'",
        "[a-z0-9{6,16}",
        "platforms[1].handle.pattern",
        "正则",
    ),
    "icon that is no name": ("platforms.yaml", "icon: video", "icon: <svg>", "<svg>", "platforms[1].icon", "写法"),
    "layout names an unknown field": (
        "forms.yaml",
        "{field: handle}",
        "{field: handel}",
        "handel",
        "forms[0].layout.rows[1].cells[1].field",
        "handel",
    ),
    "layout names an unknown box": (
        "forms.yaml",
        "{opinion: it}",
        "{opinion: tea}",
        "opinion: tea",
        "forms[0].layout.rows[4].cells[3].opinion",
        "tea",
    ),
    "printed field missing from the layout": (
        "forms.yaml",
        "{field: handle}",
        "{label: 空}",
        "code: handle",
        "forms[0].fields[3].code",
        "版面里没有",
    ),
    "field printed twice": (
        "forms.yaml",
        "{label: 电话}",
        "{field: handle}",
        "code: handle",
        "forms[0].fields[3].code",
        "不止一次",
    ),
    "columns do not sum": (
        "forms.yaml",
        "columns: [12, 22, 12, 20, 12, 22]",
        "columns: [12, 22, 12, 20, 12, 12]",
        "columns:",
        "forms[0].layout.columns",
        "90",
    ),
    "row with a gap": (
        "forms.yaml",
        "{checkboxes: audience, colspan: 3}",
        "{checkboxes: audience, colspan: 2}",
        "checkboxes: audience",
        "forms[0].layout.rows[3].cells",
        "没有填满",
    ),
    "row too wide": (
        "forms.yaml",
        "{checkboxes: audience, colspan: 3}",
        "{checkboxes: audience, colspan: 4}",
        "checkboxes: audience",
        "forms[0].layout.rows[3].cells[1]",
        "超出",
    ),
    "cell below the table": (
        "forms.yaml",
        "{opinion: group}",
        "{opinion: group, rowspan: 2}",
        "{opinion: group, rowspan: 2}",
        "forms[0].layout.rows[4].cells[5].rowspan",
        "向下",
    ),
    "cell with two contents": (
        "forms.yaml",
        "{field: handle}",
        "{field: handle, label: 号码}",
        "field: handle, label",
        "forms[0].layout.rows[1].cells[1]",
        "只写一个",
    ),
    "text in check boxes": (
        "forms.yaml",
        "{field: handle}",
        "{checkboxes: handle}",
        "checkboxes: handle",
        "forms[0].layout.rows[1].cells[1].checkboxes",
        "勾选格",
    ),
    "copies and holders differ": ("forms.yaml", "count: 3", "count: 2", "copies:", "forms[0].copies", "3"),
    "year line without a year": (
        "forms.yaml",
        "    copies:\n",
        "    year_line: 年度\n    copies:\n",
        "year_line",
        "forms[0].year_line",
        "year",
    ),
    "choice without choices": (
        "forms.yaml",
        "type: mobile, required: true, rule: opening.annex_1, source: person.mobile",
        "type: choice, required: true, rule: opening.annex_1",
        "type: choice",
        "forms[0].fields[8]",
        "choices",
    ),
    "name rule without words": (
        "names.yaml",
        "institution_names: true, personal: true, ",
        "personal: true, ",
        "personal: true",
        "name_rules[0]",
        "words",
    ),
    "in force before promulgated": (
        "regulation.yaml",
        "effective_from: 2025-04-01",
        "effective_from: 2025-03-01",
        "effective_from",
        "effective_from",
        "早于",
    ),
    "ends before it begins": (
        "regulation.yaml",
        "effective_from: 2025-04-01",
        "effective_from: 2025-04-01\neffective_until: 2025-03-31",
        "effective_until",
        "effective_until",
        "早于",
    ),
}


@pytest.mark.parametrize(("file", "old", "new", "at", "field", "words"), MISTAKES.values(), ids=list(MISTAKES))
def test_mistake_is_named(pack: Path, file: str, old: str, new: str, at: str, field: str, words: str) -> None:
    spoil(pack, file, old, new)
    mistakes = mistakes_of(pack, declared=())
    found = {(mistake.file, mistake.line, mistake.field): mistake.message for mistake in mistakes}
    path = pack / VERSION / ("tiers.yaml" if field.startswith(("classification", "tiers")) else file)
    place = (str(path), line_of(path, at), field)
    assert place in found, "\n".join(str(mistake) for mistake in mistakes)
    assert words in found[place]


def test_line_is_printed_as_an_editor_reads_it(pack: Path) -> None:
    spoil(pack, "rules.yaml", "id: name.unique, article: 7", "id: name.unique, article: 17")
    (mistake,) = mistakes_of(pack, declared=())
    assert str(mistake) == f"{pack / VERSION / 'rules.yaml'}:29: rules[27].article: 没有第 17 条。"


def test_unreadable_file_does_not_make_everything_else_wrong(pack: Path) -> None:
    for file in ("rules.yaml", "clocks.yaml", "organisation.yaml", "forms.yaml", "tiers.yaml", "platforms.yaml"):
        (pack / VERSION / file).write_text("{")
    assert {Path(mistake.file).name for mistake in mistakes_of(pack)} == {
        "rules.yaml",
        "clocks.yaml",
        "organisation.yaml",
        "forms.yaml",
        "tiers.yaml",
        "platforms.yaml",
    }


def test_all_mistakes_are_reported_at_once(pack: Path) -> None:
    spoil(pack, "rules.yaml", "id: name.unique, article: 7", "id: name.unique, article: 17")
    spoil(pack, "tiers.yaml", "{number: 2, name: 乙级", "{number: 2, colour: red, name: 乙级")
    spoil(pack, "platforms.yaml", "pattern: '[a-z0-9]{6,16}'", "pattern: '['")
    spoil(pack, "clocks.yaml", "consequence: expire, ", "")
    spoil(pack, "forms.yaml", "{field: handle}", "{field: handel}")
    fields = {(Path(mistake.file).name, mistake.field) for mistake in mistakes_of(pack, declared=())}
    assert fields >= {
        ("rules.yaml", "rules[27].article"),
        ("tiers.yaml", "tiers[1].colour"),
        ("platforms.yaml", "platforms[1].handle.pattern"),
        ("clocks.yaml", "clocks[6].consequence"),
        ("forms.yaml", "forms[0].layout.rows[1].cells[1].field"),
    }


def test_mistakes_stand_in_the_order_of_files_and_lines(pack: Path) -> None:
    spoil(pack, "rules.yaml", "article: 10,", "article: 99,")
    spoil(pack, "rules.yaml", "article: 2,", "article: 98,")
    spoil(pack, "approvals.yaml", "due: report.review", "due: report.someday")
    mistakes = mistakes_of(pack, declared=())
    assert mistakes == sorted(mistakes)


def test_rule_that_code_declares_must_be_in_the_pack(pack: Path) -> None:
    (mistake,) = mistakes_of(pack, declared=("opening.prior_approval", "opening.dance"))
    assert (Path(mistake.file).name, mistake.line, mistake.field) == ("rules.yaml", 1, "rules")
    assert "opening.dance" in mistake.message


def test_versions_that_begin_on_the_same_day_overlap(pack: Path) -> None:
    shutil.copytree(pack / VERSION, pack / "2025-r4")
    (mistake,) = mistakes_of(pack, declared=())
    assert mistake.file == str(pack / "2025-r4" / "regulation.yaml")
    assert (mistake.line, mistake.field) == (4, "effective_from")
    assert VERSION in mistake.message


def test_version_that_has_not_ended_overlaps_the_next(pack: Path) -> None:
    shutil.copytree(pack / VERSION, pack / "2026")
    later = pack / "2026" / "regulation.yaml"
    later.write_text(later.read_text().replace("effective_from: 2025-04-01", "effective_from: 2026-01-01"))
    assert mistakes_of(pack, declared=()) == []
    spoil(
        pack, "regulation.yaml", "effective_from: 2025-04-01", "effective_from: 2025-04-01\neffective_until: 2026-01-01"
    )
    (mistake,) = mistakes_of(pack, declared=())
    assert (mistake.file, mistake.field) == (str(later), "effective_from")


def test_missing_file_is_named(pack: Path) -> None:
    (pack / VERSION / "clocks.yaml").unlink()
    mistakes = mistakes_of(pack, declared=())
    assert Mistake(str(pack / VERSION / "clocks.yaml"), 1, ".", "缺少这个文件。") in mistakes


def test_unknown_file_is_named(pack: Path) -> None:
    (pack / VERSION / "clock.yml").write_text("clocks: []")
    (mistake,) = mistakes_of(pack, declared=())
    assert mistake.file == str(pack / VERSION / "clock.yml")


@pytest.mark.parametrize(
    "content", [b"", b"# nothing\n", b"- a\n", b"text", b"\xff\xfe", b"a: {b", b"{a: 1}: 2", b"? [x]\n: 1"]
)
def test_file_that_is_no_mapping_is_named(pack: Path, content: bytes) -> None:
    (pack / VERSION / "names.yaml").write_bytes(content)
    files = {mistake.file for mistake in mistakes_of(pack, declared=())}
    assert str(pack / VERSION / "names.yaml") in files


def test_recursive_yaml_ends(pack: Path) -> None:
    (pack / VERSION / "names.yaml").write_text("name_rules: &loop\n  - *loop\n")
    mistakes = mistakes_of(pack, declared=())
    assert any("别名" in mistake.message and mistake.file.endswith("names.yaml") for mistake in mistakes)


def test_deep_yaml_ends(pack: Path) -> None:
    (pack / VERSION / "names.yaml").write_text("name_rules: " + "[" * 400 + "]" * 400)
    assert any(mistake.file.endswith("names.yaml") for mistake in mistakes_of(pack, declared=()))


def test_huge_file_is_refused_unread(pack: Path) -> None:
    (pack / VERSION / "names.yaml").write_text("#" * 3_000_000)
    assert any("2 MB" in mistake.message for mistake in mistakes_of(pack, declared=()))


def test_pack_without_versions_or_head_is_named(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(tmp_path)
    assert mistake.file == str(tmp_path / "pack.yaml")
    (tmp_path / "pack.yaml").write_text("code: a\nname: 甲\nshort_name: 甲\n")
    (mistake,) = mistakes_of(tmp_path)
    assert "没有版本" in mistake.message


def test_institution_code_must_be_a_code(pack: Path) -> None:
    (pack / "pack.yaml").write_text("code: 临海 集团\nname: 临海医疗集团\nshort_name: 临海\n")
    (mistake,) = mistakes_of(pack, declared=())
    assert (mistake.file, mistake.line, mistake.field) == (str(pack / "pack.yaml"), 1, "code")
