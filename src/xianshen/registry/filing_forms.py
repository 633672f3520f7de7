"""Forms of filings: what changes, when and why; a closure's arrangements; what the Office noticed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.forms import TextField
from xianshen.registry import rules
from xianshen.registry.changed import LABELS, MOBILES, asks_opening, value_of
from xianshen.registry.enums import FilingKind
from xianshen.registry.forms import FIRST_DAY, LAST_DAY, OwnerChoice, ReasonForm, field_for
from xianshen.registry.models import Filing, MediaAccount
from xianshen.regulation.enums import SubjectKind
from xianshen.regulation.schema import Policy

Text = str | Promise
PLAN_LIMIT = 500
REASON_LIMIT = 1000
LONG = {"content_scope": 1000, "positioning": 1000}
# Fields of the form that the platform fills in itself, or asks for in its own way.
KNOWN = frozenset({*LABELS, "unit", "platform", "filing_kind", "reason", "changes"})


@dataclass(frozen=True, slots=True)
class FilingSection:
    """A part of a filing's form: its code, heading, fields in order, quiet words and rule."""

    code: str
    title: Text
    codes: tuple[str, ...]
    sub: Text = ""
    rule: str = ""


class FilingDayField(forms.DateField):
    """A day near enough to be meant."""

    def __init__(self, *, required: bool = False, **kwargs: Any) -> None:
        super().__init__(
            required=required,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            input_formats=["%Y-%m-%d"],
            error_messages={
                "invalid": gettext_lazy("没有这一天。写成 2026-09-01 的样子。"),
                "required": gettext_lazy("还没有写日期。备案的时限从这一天起算。"),
            },
            **kwargs,
        )

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and not FIRST_DAY <= value <= LAST_DAY:
            raise ValidationError(_("年份不对。核对日期，写成 2026-09-01 的样子。"))


class FilingForm(forms.Form):
    """A filing, field by field; what stands with the account now is filled in, to be changed where it changed.

    Args:
        filing: with ``account`` loaded.
        policy: the policy in force today.
        owners: who can answer for the account.
        data: what was posted.
    """

    def __init__(
        self, filing: Filing, policy: Policy, owners: Sequence[OwnerChoice], data: Mapping[str, Any] | None = None
    ) -> None:
        self.filing = filing
        self.policy = policy
        self.spec = policy.form_for(SubjectKind.FILING)
        self.owners = {owner.person_id: owner for owner in owners}
        super().__init__(data=data, initial=self._initial(), use_required_attribute=False)
        if filing.kind != FilingKind.CLOSURE:
            self._add_particulars()
        if asks_opening(filing):
            self.fields["opened_on"] = FilingDayField(label=LABELS["opened_on"])
        if filing.kind != FilingKind.LEGACY:
            closing = filing.kind == FilingKind.CLOSURE
            self.fields["changed_on"] = FilingDayField(label=_("停办日期") if closing else _("变更日期"))
            self.fields["changed_on"].help_text = _("写实际发生的那一天，备案的时限从这一天起算。")
        self.fields["reason"] = _area(_("原因"), REASON_LIMIT)
        if filing.kind == FilingKind.CLOSURE:
            self._add_closure()
        for spec in self.spec.fields:
            if spec.code not in KNOWN:
                self.fields[spec.code] = field_for(spec, policy)
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField):
                field.error_messages["invalid_choice"] = _("没有这一项。从列出的里面选。")

    def _add_particulars(self) -> None:
        for code, label in LABELS.items():
            if code == "opened_on":
                continue
            if code == "owner_name":
                self.fields[code] = self._owner_field()
            elif code in LONG:
                self.fields[code] = _area(label, LONG[code])
            else:
                column = MediaAccount._meta.get_field(code)
                attrs: dict[str, Any] = {"autocomplete": "off"}
                if code in MOBILES:
                    attrs["inputmode"] = "tel"
                if code in {"owner_email", "handle"}:
                    attrs |= {"autocapitalize": "none", "spellcheck": "false"}
                limit = getattr(column, "max_length", None)
                self.fields[code] = TextField(label=label, max_length=limit, widget=forms.TextInput(attrs=attrs))
        self.fields["administrators"].help_text = _("日常登录、发布的人，写姓名，用顿号隔开。")

    def _add_closure(self) -> None:
        self.fields["followers_plan"] = _area(_("粉丝怎么安排"), PLAN_LIMIT)
        self.fields["followers_plan"].help_text = _("怎么告知，转到哪个账号。")
        self.fields["content_plan"] = _area(_("已发内容怎么处理"), PLAN_LIMIT)
        self.fields["content_plan"].help_text = _("留存、迁移还是删除，由谁保管。")
        self.fields["custody_returned"] = forms.BooleanField(label=_("账号、密码和绑定的手机都已交回"), required=False)
        self.fields["custody_returned_to"] = TextField(label=_("交给谁"), max_length=80)

    def _owner_field(self) -> forms.Field:
        account = self.filing.account
        choices = [(str(owner.person_id), owner.label) for owner in self.owners.values()]
        known = {key for key, _label in choices}
        for person in (account.owner, None):
            key = str(person.pk) if person else ""
            name = (person.name if person else account.owner_name) or _("还没有登记")
            if key not in known and (person or not account.owner_id):
                choices.insert(0, (key, _("%(name)s（现在登记的）") % {"name": name}))
                break
        return forms.ChoiceField(label=str(LABELS["owner_name"]), required=False, choices=choices)

    def _initial(self) -> dict[str, Any]:
        filing = self.filing
        values: dict[str, Any] = {code: value_of(filing, code) for code in LABELS}
        values["owner_name"] = str(value_of(filing, "owner_id") or "")
        for code in ("changed_on", "reason", "followers_plan", "content_plan", "custody_returned"):
            values[code] = getattr(filing, code)
        values["custody_returned_to"] = filing.custody_returned_to
        return {**filing.extra, **values}

    @property
    def sections(self) -> list[FilingSection]:
        """The parts of the form, in order; fields that only this policy has come last."""
        kind = self.filing.kind
        extras = tuple(code for code in self.fields if code in {spec.code for spec in self.spec.fields} - KNOWN)
        found = []
        if kind == FilingKind.CLOSURE:
            found = [
                FilingSection("when", _("什么时候、为什么"), ("changed_on", "opened_on", "reason"), "", rules.FILING),
                FilingSection("after", _("善后"), ("followers_plan", "content_plan")),
                FilingSection("custody", _("交回"), ("custody_returned", "custody_returned_to")),
            ]
        else:
            what = _("核对登记事项") if kind == FilingKind.LEGACY else _("变更了什么")
            sub = _("不对的改过来") if kind == FilingKind.LEGACY else _("只改变了的，其余不动")
            found = [
                FilingSection("account", what, ("name", "handle", "opened_on"), sub),
                FilingSection(
                    "people",
                    _("谁负责"),
                    (
                        "owner_name",
                        "administrators",
                        "owner_mobile",
                        "owner_email",
                        "second_contact_name",
                        "second_contact_mobile",
                    ),
                ),
                FilingSection("scope", _("发什么"), ("content_scope", "positioning")),
                FilingSection("when", _("什么时候、为什么"), ("changed_on", "reason"), "", rules.FILING),
            ]
        if extras:
            found.append(FilingSection("others", _("其他"), extras))
        found.append(FilingSection("materials", _("材料"), ()))
        return found

    def _posted(self, name: str) -> bool:
        return name in self.data or f"{name}-shown" in self.data

    def values(self) -> dict[str, Any]:
        """Return what can be stored: valid fields that were posted, by column or extra code."""
        self.errors  # noqa: B018
        values: dict[str, Any] = {}
        for code, value in self.cleaned_data.items():
            if not self._posted(code):
                continue
            if code == "owner_name":
                values |= self._owner(value)
            elif code == "opened_on" or (isinstance(value, date) and code != "changed_on"):
                values[code] = value.isoformat() if value else None
            elif code in LABELS:
                values[code] = value.strip()
            else:
                values[code] = value
        return values

    def _owner(self, value: str) -> dict[str, Any]:
        account = self.filing.account
        owner = self.owners.get(int(value)) if value else None
        if owner is None:
            return {"owner_id": account.owner_id, "owner_name": account.owner_name}
        if owner.person_id == account.owner_id:
            return {"owner_id": account.owner_id, "owner_name": account.owner_name}
        return {"owner_id": owner.person_id, "owner_name": owner.name}


def _area(label: Text, limit: int) -> forms.Field:
    return TextField(label=label, lines=True, max_length=limit, widget=forms.Textarea(attrs={"rows": 3}))


class BeginForm(forms.Form):
    """What is to be filed of which account, and since when."""

    kind = forms.ChoiceField(
        label=gettext_lazy("办什么备案"),
        choices=[
            (FilingKind.CHANGE.value, FilingKind.CHANGE.label),
            (FilingKind.CLOSURE.value, FilingKind.CLOSURE.label),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("还没有选。选信息变更还是停办。"),
            "invalid_choice": gettext_lazy("没有这一种备案。从列出的里面选。"),
        },
    )
    changed_on = FilingDayField(label=gettext_lazy("哪一天变更或停办"), required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "use_required_attribute": False})
        self.fields["changed_on"].help_text = _("写实际发生的那一天。备案的时限从这一天起算。")


class ObservationForm(ReasonForm):
    """A change that the Office noticed."""

    changed_on = FilingDayField(label=gettext_lazy("哪一天起变了"), required=True)
    field_order = ["changed_on", "text"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = _("发现了什么变更")
        self.fields["text"].error_messages["required"] = _("没有写发现了什么变更。写明哪一项、现在是什么。")
        self.fields["changed_on"].help_text = _("不知道哪一天变的，写发现的那一天。")


class DisownForm(ReasonForm):
    """Why a listed account is not the unit's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = _("为什么不是你们的")
        self.fields["text"].error_messages["required"] = _("没有写为什么。写明可能是哪个单位的，办公室好改派。")


class LegacyUploadForm(forms.Form):
    """The list of accounts of before the rules, and, if its last day has passed, until when there is time."""

    file = forms.FileField(
        label=gettext_lazy("存量账号名单"),
        error_messages={
            "required": gettext_lazy("还没有选文件。"),
            "empty": gettext_lazy("文件是空的。打开原文件看一看，重新选。"),
        },
    )
    extend_until = FilingDayField(label=gettext_lazy("期限延到"))
    extend_why = TextField(label=gettext_lazy("为什么延期"), max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "use_required_attribute": False})
        self.fields["file"].widget.attrs["accept"] = ".xlsx,.csv"
