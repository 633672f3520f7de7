"""Old and new: which particulars of an account a filing can change, and what one changes (selectors)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from xianshen.common.zhdates import zh_date
from xianshen.registry.enums import EDITABLE_FILINGS, FilingKind, FilingState
from xianshen.registry.models import Filing, MediaAccount, OpeningApplication

Text = str | Promise
# Code of the form's field → column of the account and words.
LABELS: Mapping[str, Text] = {
    "name": gettext_lazy("新媒体名称"),
    "handle": gettext_lazy("账号名称或链接地址"),
    "opened_on": gettext_lazy("开通时间"),
    "owner_name": gettext_lazy("负责人"),
    "administrators": gettext_lazy("管理员"),
    "owner_mobile": gettext_lazy("手机"),
    "owner_email": gettext_lazy("邮箱"),
    "second_contact_name": gettext_lazy("第二联系人"),
    "second_contact_mobile": gettext_lazy("第二联系人手机"),
    "content_scope": gettext_lazy("发布内容范围"),
    "positioning": gettext_lazy("定位"),
}
MOBILES = frozenset({"owner_mobile", "second_contact_mobile"})
# Columns that ``changes`` may hold besides the ones shown: who the owner is.
COLUMNS = frozenset({*LABELS, "owner_id"})


@dataclass(frozen=True, slots=True)
class Changed:
    """One particular that a filing changes.

    Args:
        code: column of the account.
        label: its words.
        before: the old value as people read it, "" for none.
        after: the new one.
    """

    code: str
    label: Text
    before: str
    after: str


def plain(value: object) -> Any:
    """Return a column's value as JSON keeps it."""
    return value.isoformat() if isinstance(value, date) else value


def present(account: MediaAccount, code: str) -> Any:
    """Return what stands with the account now, as JSON keeps it."""
    return plain(getattr(account, code))


def offered(filing: Filing) -> tuple[str, ...]:
    """Return the codes of the particulars that the filing's form asks for."""
    if filing.kind == FilingKind.CLOSURE:
        return () if filing.account.opened_on else ("opened_on",)
    return tuple(code for code in LABELS if code != "opened_on" or asks_opening(filing))


def asks_opening(filing: Filing) -> bool:
    """Say whether the day of opening is still to be told: it is printed on the form."""
    return filing.account.opened_on is None or "opened_on" in filing.changes


def value_of(filing: Filing, code: str) -> Any:
    """Return a particular as it will be once the filing is carried out."""
    if code in filing.changes:
        return filing.changes[code]
    if code in filing.before:
        return filing.before[code]
    return present(filing.account, code)


def different(filing: Filing, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return, of values by column, those that differ from what stands with the account."""
    account = filing.account
    kept = {**filing.changes, **{code: value for code, value in values.items() if code in COLUMNS}}
    return {code: value for code, value in kept.items() if value != present(account, code)}


def _words(value: Any) -> str:
    return "" if value is None else str(value)


def _shown(code: str, value: Any) -> str:
    if code == "opened_on" and value:
        return zh_date(date.fromisoformat(value), year=True)
    return _words(value)


def changed(filing: Filing) -> list[Changed]:
    """Return what the filing changes, in the order of its form."""
    found = []
    for code, label in LABELS.items():
        if code not in filing.changes:
            continue
        before = filing.before[code] if code in filing.before else present(filing.account, code)
        after = filing.changes[code]
        if before != after:
            found.append(Changed(code, label, _shown(code, before), _shown(code, after)))
    return found


def is_open(filing: Filing) -> bool:
    """Say whether its content can still change."""
    return filing.state in EDITABLE_FILINGS or filing.state in {FilingState.EXPECTED, FilingState.DISOWNED}


def as_application(filing: Filing) -> OpeningApplication:
    """Return the account as it will be, in the form of an application that is never saved: the same checks judge it."""
    account = filing.account
    application = OpeningApplication(
        institution_id=account.institution_id,
        number=filing.number,
        applicant_id=filing.applicant_id or 0,
        unit=filing.unit,
        in_name_of=account.in_name_of,
        platform=account.platform,
        audience=account.audience,
        data_service=account.data_service,
        tier=account.tier,
        account=account,
        owner_id=value_of(filing, "owner_id"),
    )
    for code in LABELS:
        if code != "opened_on":
            setattr(application, code, _words(value_of(filing, code)))
    return application
