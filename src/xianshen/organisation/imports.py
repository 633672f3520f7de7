"""Units, people and positions from files: which columns, and what importing them would change.

A plan is made against what is stored now, finding by finding; nothing is written here. Records are known by
their stable keys, so that the same file twice changes nothing. What a file does not mention stays.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, pairwise
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.tabular import CellKind, Column, Findings, Row, Table, read_table
from xianshen.organisation.enums import KEY_LENGTH, NAME_LENGTH, ImportKind
from xianshen.organisation.models import (
    Appointment,
    Institution,
    Person,
    Position,
    PositionKind,
    Unit,
    UnitKind,
    normalise_username,
)

#: Levels of the tree; the path of a deeper unit would not fit.
MAX_DEPTH = 16
#: Changes described in a preview; the rest is counted.
MAX_DESCRIBED = 200
CHUNK = 500

_MOBILE = re.compile(r"1[3-9][0-9]{9}\Z")
_USERNAME = re.compile(r"[\w.@+-]+\Z")


@dataclass(frozen=True, slots=True)
class Change:
    """What importing would do to one record.

    Args:
        key: its stable key.
        label: its name.
        new: whether it would be created.
        fields: changed fields as (heading, before, after).
    """

    key: str
    label: str
    new: bool
    fields: tuple[tuple[str, str, str], ...] = ()


@dataclass(slots=True)
class Plan:
    """What importing a file would do.

    Args:
        kind: what the file holds.
        findings: what is wrong; with any of them nothing may be imported.
        rows: number of rows read.
        created: number of records that would be created.
        updated: number of records that would be changed.
        unchanged: number of records that are stored as they are.
        changes: the first changes, described.
        work: what the service writes, as the planner of the kind left it.
    """

    kind: str
    findings: Findings
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    changes: list[Change] = field(default_factory=list)
    work: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the file may be imported."""
        return not self.findings

    @property
    def undescribed(self) -> int:
        """How many changes are only counted."""
        return self.created + self.updated - len(self.changes)

    def note(self, key: str, label: str, *, new: bool, fields: Iterable[tuple[str, str, str]] = ()) -> None:
        """Count a change and describe it while there is room."""
        if new:
            self.created += 1
        else:
            self.updated += 1
        if len(self.changes) < MAX_DESCRIBED:
            self.changes.append(Change(key, label, new, tuple(fields)))

    def as_dict(self) -> dict[str, Any]:
        """Return the plan for a program: counts and findings."""
        return {
            "kind": self.kind,
            "ok": self.ok,
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "findings": [finding.as_dict() for finding in self.findings],
            "findings_total": self.findings.total,
        }


@dataclass(frozen=True, slots=True)
class ImportSpec:
    """A kind of file and how it is planned.

    Args:
        kind: its name on the command line.
        title: what it holds, also the name of the sheet in the template.
        columns: the columns, given an institution (choices depend on its vocabulary).
        plan: makes the plan from what was read.
    """

    kind: str
    title: str | Promise
    columns: Callable[[Institution], Sequence[Column]]
    plan: Callable[[Institution, Table, Plan], None]


def unit_columns(institution: Institution) -> list[Column]:
    """Columns of a file of units."""
    kinds = {kind.title: kind.code for kind in UnitKind.objects.filter(institution=institution)}
    return [
        Column(
            "key",
            gettext_lazy("单位编号"),
            CellKind.KEY,
            required=True,
            max_length=KEY_LENGTH,
            help=gettext_lazy("学校内唯一、以后不变，再次导入按它对应。"),
            examples=("100", "230"),
        ),
        Column("name", gettext_lazy("单位名称"), required=True, max_length=NAME_LENGTH, examples=("办公室", "法律系")),
        Column(
            "kind",
            gettext_lazy("单位类别"),
            CellKind.CHOICE,
            required=True,
            choices=kinds,
            examples=tuple(islice(kinds, 2)),
        ),
        Column(
            "parent",
            gettext_lazy("上级单位编号"),
            CellKind.KEY,
            max_length=KEY_LENGTH,
            help=gettext_lazy("同一文件里的或已登记的单位；最上一级空着。"),
            examples=("", "100"),
        ),
        Column(
            "seal_text",
            gettext_lazy("印章文字"),
            max_length=NAME_LENGTH,
            help=gettext_lazy("印章上的全称。"),
        ),
    ]


def people_columns(institution: Institution) -> list[Column]:
    """Columns of a file of people."""
    return [
        Column(
            "key",
            gettext_lazy("工号或学号"),
            CellKind.KEY,
            required=True,
            max_length=KEY_LENGTH,
            help=gettext_lazy("学校内唯一、以后不变；设为文本格式，前面的 0 才留得住。"),
            examples=("000123", "2023110045"),
            aliases=("工号", "学号", "人员编号"),
        ),
        Column("name", gettext_lazy("姓名"), required=True, max_length=NAME_LENGTH, examples=("张三", "李四")),
        Column(
            "username",
            gettext_lazy("用户名"),
            CellKind.KEY,
            max_length=150,
            help=gettext_lazy("登录用，空着就用工号或学号。"),
            examples=("zhangsan", ""),
        ),
        Column("mobile", gettext_lazy("手机"), CellKind.KEY, max_length=32, examples=("13800000000", "")),
        Column("email", gettext_lazy("邮箱"), CellKind.KEY, max_length=254, examples=("zhangsan@example.edu.cn", "")),
    ]


def position_columns(institution: Institution) -> list[Column]:
    """Columns of a file of positions with their holders; several holders take several rows."""
    kinds = {kind.title: kind.code for kind in PositionKind.objects.filter(institution=institution)}
    return [
        Column(
            "key",
            gettext_lazy("职务编号"),
            CellKind.KEY,
            required=True,
            max_length=KEY_LENGTH,
            help=gettext_lazy("学校内唯一、以后不变。一个职务先后或同时有几个人，就写几行，编号相同。"),
            examples=("230-01", "230-02"),
        ),
        Column(
            "unit",
            gettext_lazy("单位编号"),
            CellKind.KEY,
            required=True,
            max_length=KEY_LENGTH,
            examples=("230", "230"),
        ),
        Column(
            "kind",
            gettext_lazy("职务类别"),
            CellKind.CHOICE,
            required=True,
            choices=kinds,
            examples=tuple(islice(kinds, 2)),
        ),
        Column(
            "title",
            gettext_lazy("职务名称"),
            max_length=NAME_LENGTH,
            help=gettext_lazy("空着就用职务类别的名称。"),
            examples=("系主任", ""),
        ),
        Column(
            "person",
            gettext_lazy("任职人工号"),
            CellKind.KEY,
            max_length=KEY_LENGTH,
            help=gettext_lazy("空着表示职务空缺。"),
            examples=("000123", ""),
            aliases=("任职人工号或学号", "任职人学号"),
        ),
        Column(
            "starts_on",
            gettext_lazy("任职起"),
            CellKind.DATE,
            help=gettext_lazy("有任职人的必填，含当天。"),
            examples=("2026-09-01", ""),
        ),
        Column(
            "ends_on",
            gettext_lazy("任职止"),
            CellKind.DATE,
            help=gettext_lazy("含当天；没有期限的空着。"),
            examples=("", ""),
        ),
    ]


def spec_of(kind: str) -> ImportSpec:
    """Return how a kind of file is imported.

    Raises:
        KeyError: there is no such kind.
    """
    return SPECS[ImportKind(kind)]


def make_plan(institution: Institution, kind: str, content: bytes, filename: str) -> Plan:
    """Return what importing a file would do; writes nothing and never raises for what the file holds.

    Args:
        institution: for which school.
        kind: what the file holds, of :class:`~xianshen.organisation.enums.ImportKind`.
        content: the file.
        filename: its name.
    """
    spec = spec_of(kind)
    table = read_table(content, filename, spec.columns(institution), sheet=str(spec.title))
    plan = Plan(kind, table.findings, rows=len(table.rows))
    if table.rows:
        spec.plan(institution, table, plan)
    return plan


def plan_units(institution: Institution, table: Table, plan: Plan) -> None:
    """Plan units: keys, open parents, no circles, no tree deeper than :data:`MAX_DEPTH`."""
    columns = {column.name: column for column in table.columns}
    existing = {unit.key: unit for unit in Unit.objects.filter(institution=institution)}
    by_id = {unit.pk: unit for unit in existing.values()}
    rows = _unique(table.rows, columns["key"], plan.findings)
    parents: dict[str, str] = {unit.key: by_id[unit.parent_id].key for unit in by_id.values() if unit.parent_id}
    for key, row in rows.items():
        if "parent" in row.values and "parent" not in row.bad:
            parent = row.values["parent"]
            if parent and parent not in existing and parent not in rows:
                plan.findings.add(
                    row.number,
                    columns["parent"],
                    parent,
                    _("没有这个上级单位"),
                    _("改成已登记的单位编号，或在同一文件里加上这个单位"),
                )
                row.bad.add("parent")
                continue
            if parent in existing and existing[parent].closed_on:
                plan.findings.add(row.number, columns["parent"], parent, _("这个上级单位已撤销"), _("另选上级单位"))
                row.bad.add("parent")
                continue
            parents[key] = parent
    for key, row in rows.items():
        _check_place(key, row, parents, columns, plan.findings)
    fields = [name for name in ("name", "kind", "seal_text") if name in columns]
    new: list[Unit] = []
    changed: dict[str, Unit] = {}
    for key, row in rows.items():
        unit = existing.get(key)
        wanted: dict[str, Any] = {name: row.values[name] for name in fields}
        if unit is None:
            new.append(Unit(institution=institution, key=key, **{n: v or "" for n, v in wanted.items()}))
            plan.note(key, str(wanted["name"]), new=True)
            continue
        before = by_id[unit.parent_id].key if unit.parent_id else ""
        differences = _differences(unit, wanted, columns)
        if "parent" in row.values and row.values["parent"] != before:
            differences.append((str(columns["parent"].title), before, str(row.values["parent"] or "")))
        if not differences:
            plan.unchanged += 1
            continue
        if unit.closed_on:
            plan.findings.add(
                row.number, columns["key"], key, _("这个单位已撤销，不能再改"), _("删去这一行，新单位用新编号")
            )
            continue
        for name, value in wanted.items():
            setattr(unit, name, value)
        changed[key] = unit
        plan.note(key, unit.name, new=False, fields=differences)
    plan.work = {"new": new, "changed": changed, "parents": parents, "fields": fields, "existing": existing}


def plan_people(institution: Institution, table: Table, plan: Plan) -> None:
    """Plan people: numbers unique in the school, user names unique in the installation."""
    columns = {column.name: column for column in table.columns}
    rows = _unique(table.rows, columns["key"], plan.findings)
    loaded = ("pk", "institution_id", "key", "name", "username", "mobile", "email")
    existing = {person.key: person for person in Person.objects.filter(institution=institution).only(*loaded[1:])}
    usernames = _usernames(institution, rows, existing, columns, plan.findings)
    fields = [name for name in ("name", "mobile", "email") if name in columns]
    new: list[Person] = []
    changed: list[Person] = []
    renamed: list[Person] = []
    for key, row in rows.items():
        _check_contact(row, columns, plan.findings)
        wanted: dict[str, Any] = {name: row.values[name] for name in fields}
        wanted["username"] = usernames[key]
        person = existing.get(key)
        if person is None:
            new.append(Person(institution=institution, key=key, **{n: v or "" for n, v in wanted.items()}))
            plan.note(key, str(wanted["name"]), new=True)
            continue
        differences = _differences(person, wanted, columns)
        if not differences:
            plan.unchanged += 1
            continue
        if person.username != wanted["username"]:
            renamed.append(person)
        for name, value in wanted.items():
            setattr(person, name, value)
        changed.append(person)
        plan.note(key, person.name, new=False, fields=differences)
    plan.work = {"new": new, "changed": changed, "renamed": renamed, "fields": [*fields, "username"]}


def plan_positions(institution: Institution, table: Table, plan: Plan) -> None:
    """Plan positions and appointments: units and people must be registered, periods must not overlap."""
    columns = {column.name: column for column in table.columns}
    units = {unit.key: unit for unit in Unit.objects.filter(institution=institution)}
    kinds = {kind.code: kind for kind in PositionKind.objects.filter(institution=institution)}
    existing = {
        position.key: position for position in Position.objects.filter(institution=institution).select_related("unit")
    }
    new: list[Position] = []
    changed: list[Position] = []
    first: dict[str, Row] = {}
    for row in table.rows:
        key = row.values["key"]
        if not key:
            continue
        if key in first:
            _check_same(row, first[key], columns, plan.findings)
            continue
        first[key] = row
        _plan_position(institution, row, columns, units, kinds, existing, new, changed, plan)
    appointments = _plan_appointments(institution, table.rows, columns, plan)
    plan.work = {"new": new, "changed": changed, **appointments}


def _plan_position(
    institution: Institution,
    row: Row,
    columns: Mapping[str, Column],
    units: Mapping[str, Unit],
    kinds: Mapping[str, PositionKind],
    existing: Mapping[str, Position],
    new: list[Position],
    changed: list[Position],
    plan: Plan,
) -> None:
    values = row.values
    unit, kind = units.get(values["unit"]), kinds.get(values["kind"] or "")
    if unit is None:
        if "unit" not in row.bad:
            plan.findings.add(
                row.number, columns["unit"], values["unit"], _("没有登记这个单位"), _("先导入单位，或改正单位编号")
            )
        return
    if kind is None:
        return
    position = existing.get(values["key"])
    if unit.closed_on and (position is None or position.unit_id != unit.pk):
        plan.findings.add(row.number, columns["unit"], values["unit"], _("这个单位已撤销"), _("另选单位"))
    if kind.unit_kinds and unit.kind not in kind.unit_kinds:
        plan.findings.add(
            row.number,
            columns["kind"],
            kind.title,
            _("「%(unit)s」这类单位不设这种职务") % {"unit": unit.name},
            _("改正职务类别或单位编号"),
        )
    title = values.get("title") or (position.title if position and "title" not in values else kind.title)
    wanted = {"kind": kind.code, "title": title}
    if position is None:
        new.append(Position(institution=institution, key=values["key"], unit=unit, **wanted))
        plan.note(values["key"], f"{unit.name}{title}", new=True)
        return
    differences = _differences(position, wanted, columns)
    if position.unit_id != unit.pk:
        differences.append((str(columns["unit"].title), position.unit.key, unit.key))
    if not differences:
        plan.unchanged += 1
        return
    position.unit, position.kind, position.title = unit, kind.code, title
    changed.append(position)
    plan.note(values["key"], f"{unit.name}{title}", new=False, fields=differences)


def _plan_appointments(
    institution: Institution, rows: Sequence[Row], columns: Mapping[str, Column], plan: Plan
) -> dict[str, Any]:
    keys = {row.values["person"] for row in rows if row.values.get("person")}
    people: dict[str, Person] = {}
    for chunk in _chunks(sorted(keys)):
        for person in Person.objects.filter(institution=institution, key__in=chunk).only(
            "institution_id", "key", "name", "is_active"
        ):
            people[person.key] = person
    stored: dict[tuple[str, str], list[Appointment]] = {}
    for appointment in Appointment.objects.filter(institution=institution).select_related("position", "person"):
        stored.setdefault((appointment.position.key, appointment.person.key), []).append(appointment)
    new: list[tuple[str, Appointment]] = []
    changed: list[Appointment] = []
    periods: dict[tuple[str, str], dict[date, date | None]] = {
        pair: {appointment.starts_on: appointment.ends_on for appointment in found} for pair, found in stored.items()
    }
    touched: dict[tuple[str, str], Row] = {}
    seen: set[tuple[tuple[str, str], date]] = set()
    for row in rows:
        wanted = _appointment_wanted(row, columns, people, plan.findings)
        if wanted is None:
            continue
        person, starts_on, ends_on = wanted
        pair = row.values["key"], person.key
        if (pair, starts_on) in seen:
            plan.findings.add(row.number, columns["person"], person.key, _("同一段任职写了两行"), _("只留一行"))
            continue
        seen.add((pair, starts_on))
        found = next((a for a in stored.get(pair, ()) if a.starts_on == starts_on), None)
        label = f"{row.values['key']} {person.name}"
        if found is None:
            new.append(
                (pair[0], Appointment(institution=institution, person=person, starts_on=starts_on, ends_on=ends_on))
            )
            plan.note(pair[0], label, new=True)
        elif "ends_on" in row.values and found.ends_on != ends_on:
            before = found.ends_on.isoformat() if found.ends_on else ""
            after = ends_on.isoformat() if ends_on else ""
            plan.note(pair[0], label, new=False, fields=[(str(columns["ends_on"].title), before, after)])
            found.ends_on = ends_on
            changed.append(found)
        else:
            plan.unchanged += 1
            ends_on = found.ends_on
        periods.setdefault(pair, {})[starts_on] = ends_on
        touched[pair] = row
    for pair, row in touched.items():
        ordered = sorted(periods[pair].items())
        for (_start, end), (following, _end) in pairwise(ordered):
            if end is None or end >= following:
                plan.findings.add(
                    row.number,
                    columns.get("starts_on", ""),
                    following,
                    _("同一个人在同一职务上的任期重叠"),
                    _("改日期，或给前一段任职填上任职止"),
                )
                break
    return {"new_appointments": new, "changed_appointments": changed}


def _appointment_wanted(
    row: Row, columns: Mapping[str, Column], people: Mapping[str, Person], findings: Findings
) -> tuple[Person, date, date | None] | None:
    values = row.values
    key = values.get("person") or ""
    starts_on, ends_on = values.get("starts_on"), values.get("ends_on")
    if row.bad & {"key", "person", "starts_on", "ends_on"}:
        return None
    if not key:
        for name, value in (("starts_on", starts_on), ("ends_on", ends_on)):
            if value is not None:
                findings.add(row.number, columns[name], value, _("有任期，没有任职人"), _("补上任职人工号，或清空任期"))
        return None
    person = people.get(key)
    if person is None:
        findings.add(row.number, columns["person"], key, _("没有登记这个人"), _("先导入人员，或改正工号"))
        return None
    if starts_on is None:
        heading = columns.get("starts_on") or _("任职起")
        findings.add(row.number, heading, "", _("有任职人，没有任职起"), _("补上任职起"))
        return None
    if ends_on is not None and ends_on < starts_on:
        findings.add(row.number, columns["ends_on"], ends_on, _("任职止早于任职起"), _("改成同一天或更晚"))
        return None
    return person, starts_on, ends_on


def _unique(rows: Sequence[Row], column: Column, findings: Findings) -> dict[str, Row]:
    """Return rows by key; a key that comes twice is a finding at its second row."""
    found: dict[str, Row] = {}
    for row in rows:
        key = row.values[column.name]
        if not key:
            continue
        if key in found:
            findings.add(
                row.number,
                column,
                key,
                _("和第 %(row)s 行的编号相同") % {"row": found[key].number},
                _("删去一行，或改正编号"),
            )
        else:
            found[key] = row
    return found


def _check_place(
    key: str, row: Row, parents: Mapping[str, str], columns: Mapping[str, Column], findings: Findings
) -> None:
    above, depth = parents.get(key, ""), 1
    passed = {key}
    while above and depth <= MAX_DEPTH:
        if above in passed:
            if above == key:
                findings.add(
                    row.number,
                    columns.get("parent", columns["key"]),
                    parents.get(key, ""),
                    _("上级单位绕成了圈"),
                    _("改正上级单位编号，让最上一级空着"),
                )
            return
        passed.add(above)
        above, depth = parents.get(above, ""), depth + 1
    if depth > MAX_DEPTH:
        findings.add(
            row.number,
            columns.get("parent", columns["key"]),
            parents.get(key, ""),
            _("层级超过 %(limit)s 层") % {"limit": MAX_DEPTH},
            _("减少层级"),
        )


def _check_same(row: Row, first: Row, columns: Mapping[str, Column], findings: Findings) -> None:
    for name in ("unit", "kind", "title"):
        if name in columns and name not in row.bad | first.bad and row.values[name] != first.values[name]:
            findings.add(
                row.number,
                columns[name],
                row.values[name],
                _("同一职务编号，这一格却和第 %(row)s 行不同") % {"row": first.number},
                _("改成一样，或用另一个职务编号"),
            )


def _usernames(
    institution: Institution,
    rows: Mapping[str, Row],
    existing: Mapping[str, Person],
    columns: Mapping[str, Column],
    findings: Findings,
) -> dict[str, str]:
    """Return the user name that each row's person will have; taken and impossible ones are findings."""
    wanted: dict[str, str] = {}
    for key, row in rows.items():
        given = row.values.get("username") or ""
        stored = existing[key].username if key in existing else ""
        wanted[key] = normalise_username(given) if given else stored or normalise_username(key)
    column = columns.get("username", columns["key"])
    owner: dict[str, str] = {}
    for person in existing.values():
        if person.key not in rows:
            owner[person.username] = ""
    for chunk in _chunks(sorted(set(wanted.values()))):
        taken = Person.objects.filter(username__in=chunk).exclude(institution=institution)
        owner.update(dict.fromkeys(taken.values_list("username", flat=True), ""))
    for key, row in rows.items():
        username = wanted[key]
        if "username" in row.bad:
            continue
        if not _USERNAME.match(username):
            findings.add(
                row.number, column, username, _("不能用作用户名"), _("用户名只用文字、数字和 @ . + - _，另填一个")
            )
        elif username in owner:
            findings.add(row.number, column, username, _("用户名已有人使用"), _("在「用户名」列另填一个"))
        owner[username] = key
    return wanted


def _check_contact(row: Row, columns: Mapping[str, Column], findings: Findings) -> None:
    email, mobile = row.values.get("email"), row.values.get("mobile")
    if email:
        try:
            validate_email(email)
        except ValidationError:
            findings.add(row.number, columns["email"], email, _("不是邮箱地址"), _("写成 name@example.edu.cn 这样"))
    if mobile and not _MOBILE.match(mobile) and not _is_phone(mobile):
        findings.add(
            row.number, columns["mobile"], mobile, _("不是手机号码"), _("写 11 位手机号，外国号码前加 + 和国家代码")
        )


def _is_phone(text: str) -> bool:
    try:
        return bool(phonenumbers.is_possible_number(phonenumbers.parse(text, "CN")))
    except phonenumbers.NumberParseException:
        return False


def _differences(instance: Any, wanted: Mapping[str, Any], columns: Mapping[str, Column]) -> list[tuple[str, str, str]]:
    return [
        (
            str(columns[name].title) if name in columns else name,
            str(getattr(instance, name) or ""),
            str(value or ""),
        )
        for name, value in wanted.items()
        if (getattr(instance, name) or "") != (value or "")
    ]


def _chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


SPECS: dict[ImportKind, ImportSpec] = {
    ImportKind.UNITS: ImportSpec("units", gettext_lazy("单位"), unit_columns, plan_units),
    ImportKind.PEOPLE: ImportSpec("people", gettext_lazy("人员"), people_columns, plan_people),
    ImportKind.POSITIONS: ImportSpec("positions", gettext_lazy("职务"), position_columns, plan_positions),
}
