"""Accounts from files: which columns, and what importing them would add (selectors).

An account is known by its platform and handle, so that the same file twice changes nothing. What is on
record is not changed by a file: a change of name, handle or administrators is a filing.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.tabular import CellKind, Column, Findings, Row, read_table
from xianshen.organisation.selectors import people, units
from xianshen.registry import contacts, names
from xianshen.registry.models import MediaAccount
from xianshen.regulation.schema import Policy

if TYPE_CHECKING:
    from xianshen.organisation.models import Person, Unit

SHEET = gettext_lazy("账号")


def account_columns(policy: Policy) -> list[Column]:
    """Columns of a file of accounts; the platforms are those of the policy."""
    platforms = {platform.name: platform.code for platform in policy.platforms}
    return [
        Column("name", gettext_lazy("新媒体名称"), required=True, max_length=60, examples=("法律系", "图书馆服务")),
        Column(
            "platform",
            gettext_lazy("新媒体类型"),
            CellKind.CHOICE,
            required=True,
            choices=platforms,
            examples=tuple(platforms)[:2],
        ),
        Column(
            "handle",
            gettext_lazy("账号名称或链接地址"),
            CellKind.KEY,
            required=True,
            max_length=300,
            help=gettext_lazy("和新媒体类型一起认出账号，重复导入不会重复登记。"),
            examples=("flx_shcc", "weibo.com/shcclib"),
            aliases=("账号名称", "链接地址"),
        ),
        Column(
            "unit",
            gettext_lazy("所属部门编号"),
            CellKind.KEY,
            required=True,
            help=gettext_lazy("单位表里的编号。"),
            examples=("law", "library"),
            aliases=("单位编号",),
        ),
        Column(
            "owner",
            gettext_lazy("负责人工号或学号"),
            CellKind.KEY,
            help=gettext_lazy("人员表里的编号；空着就是还没有登记负责人。"),
            examples=("000123", ""),
            aliases=("负责人工号",),
        ),
        Column("mobile", gettext_lazy("手机"), CellKind.KEY, max_length=20, examples=("13800000000", "")),
        Column("email", gettext_lazy("邮箱"), CellKind.KEY, max_length=120, examples=("flx@example.edu.cn", "")),
        Column("content_scope", gettext_lazy("发布内容范围"), max_length=1000, examples=("专业建设、讲座通知", "")),
        Column("opened_on", gettext_lazy("开通时间"), CellKind.DATE, examples=("2019-09-12", "")),
    ]


@dataclass(slots=True)
class AccountPlan:
    """What importing a file of accounts would do.

    Args:
        findings: what is wrong; with any of them nothing may be imported.
        rows: rows of accounts not yet on record, with unit and owner resolved.
        unchanged: how many are on record already.
        created: how many would be entered.
        updated: always 0; changes are filings.
        taken: how many rows have been taken by :meth:`take`.
    """

    findings: Findings
    rows: list[tuple[Row, "Unit", "Person | None"]] = field(default_factory=list)
    unchanged: int = 0
    updated: int = 0
    taken: int = 0

    @property
    def created(self) -> int:
        return len(self.rows) + self.taken

    def take(self, count: int) -> list[tuple[Row, "Unit", "Person | None"]]:
        """Return the next rows and let go of them, so that a long file is not held twice."""
        chunk = self.rows[:count]
        del self.rows[:count]
        self.taken += len(chunk)
        return chunk

    @property
    def ok(self) -> bool:
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": "accounts",
            "ok": self.ok,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "findings": [finding.as_dict() for finding in self.findings],
            "findings_total": self.findings.total,
        }


def plan_accounts(
    institution_id: int, policy: Policy, content: bytes, filename: str, on: date, *, before: date | None = None
) -> AccountPlan:
    """Return what importing a file would do; writes nothing and never raises for what the file holds.

    Args:
        institution_id: whose accounts.
        policy: the policy in force.
        content: the file.
        filename: its name.
        on: today.
        before: day before which every account of the file was opened, for those of before the rules.
    """
    table = read_table(content, filename, account_columns(policy), sheet=str(SHEET))
    plan = AccountPlan(table.findings)
    columns = {column.name: column for column in table.columns}
    known_units = {unit.key: unit for unit in units(institution_id)}
    known_people = {person.key: person for person in people(institution_id).filter(is_active=True)}
    on_record = {
        (platform, handle): (name, unit)
        for platform, handle, name, unit in MediaAccount.objects.filter(institution_id=institution_id).values_list(
            "platform", "handle_fold", "name", "unit__key"
        )
    }
    seen: dict[tuple[str, str], int] = {}
    for row in table.rows:
        if row.bad & {"name", "platform", "handle", "unit"}:
            continue
        unit = _unit(row, known_units, columns, policy, plan.findings)
        owner = _owner(row, known_people, columns, plan.findings)
        _contact(row, columns, plan.findings)
        if row.values.get("opened_on") and row.values["opened_on"] > on:
            plan.findings.add(
                row.number,
                columns["opened_on"],
                row.values["opened_on"],
                _("开通时间还没有到"),
                _("改成实际开通的日期"),
            )
        elif before and row.values.get("opened_on") and row.values["opened_on"] >= before:
            plan.findings.add(
                row.number,
                columns["opened_on"],
                row.values["opened_on"],
                _("办法公布以后才开通，不是存量账号"),
                _("核对日期；公布后开通的要申请开设，从名单里删去"),
            )
        key = (row.values["platform"], names.fold(row.values["handle"])[:300])
        if key in seen:
            plan.findings.add(
                row.number,
                columns["handle"],
                row.values["handle"],
                _("和第 %(row)s 行是同一个账号") % {"row": seen[key]},
                _("删去重复的一行"),
            )
            continue
        seen[key] = row.number
        if key in on_record:
            name, unit_key = on_record[key]
            if (name, unit_key) != (row.values["name"], row.values["unit"]):
                plan.findings.add(
                    row.number,
                    columns["name"],
                    row.values["name"],
                    _("这个账号在册的是「%(name)s」，单位编号 %(unit)s") % {"name": name, "unit": unit_key},
                    _("改信息要办备案，导入不改在册的账号；把这一行改回或删去"),
                )
            else:
                plan.unchanged += 1
        elif unit is not None:
            plan.rows.append((row, unit, owner))
    return plan


def _unit(
    row: Row, known: dict[str, "Unit"], columns: dict[str, Column], policy: Policy, findings: Findings
) -> "Unit | None":
    unit = known.get(row.values["unit"])
    if unit is None:
        findings.add(
            row.number, columns["unit"], row.values["unit"], _("没有这个单位"), _("改成已登记的单位编号，或先导入单位")
        )
    elif policy.tier_for(unit_kind=unit.kind, platform=row.values["platform"]) is None:
        findings.add(
            row.number,
            columns["unit"],
            row.values["unit"],
            _("办法没有给这类单位在这个平台上的层级"),
            _("核对单位类别和新媒体类型"),
        )
        return None
    return unit


def _owner(row: Row, known: dict[str, "Person"], columns: dict[str, Column], findings: Findings) -> "Person | None":
    key = row.values.get("owner") or ""
    if not key:
        return None
    if key not in known:
        findings.add(
            row.number, columns["owner"], key, _("没有这个人，或已不在岗"), _("改成在岗人员的工号或学号，或空着")
        )
    return known.get(key)


def _contact(row: Row, columns: dict[str, Column], findings: Findings) -> None:
    mobile, email = row.values.get("mobile") or "", row.values.get("email") or ""
    if mobile and not contacts.valid_mobile(mobile):
        findings.add(row.number, columns["mobile"], mobile, _("手机号码不对"), _("写 11 位手机号码，或空着"))
    if email and not contacts.valid_email(email):
        findings.add(row.number, columns["email"], email, _("邮箱地址不对"), _("写成 名字@学校域名 的样子，或空着"))
