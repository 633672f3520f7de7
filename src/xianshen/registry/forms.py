"""Forms of the room. The application form is made from the fields of the policy pack.

What is typed is kept as plain text: nothing is interpreted, shortened or refused while a draft is
written, except what could not be stored. Whether a draft can be submitted is judged by
:mod:`xianshen.registry.checks`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import CharField as CharColumn
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.forms import TextField
from xianshen.common.language import listed, local
from xianshen.organisation.selectors import Holding
from xianshen.registry import contacts, rules
from xianshen.registry.checks import COLUMN_FIELDS, one_line, value_of
from xianshen.registry.enums import InNameOf, SuspensionReason
from xianshen.registry.models import OpeningApplication
from xianshen.registry.words import seat
from xianshen.regulation.enums import FieldType, SubjectKind
from xianshen.regulation.schema import FieldSpec, Policy

DIFFERENCE_LIMIT = 500
NUMBER_LIMIT = 10**12
# Dates outside are slips of the keyboard.
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2099, 12, 31)

Text = str | Promise


class FlagField(forms.TypedChoiceField):
    """Yes, no, or not answered yet."""

    def __init__(self, *, no: Text, yes: Text, **kwargs: Any) -> None:
        super().__init__(
            choices=[("false", no), ("true", yes)],
            coerce=lambda value: value == "true",
            empty_value=None,
            widget=forms.RadioSelect,
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value


@dataclass(frozen=True, slots=True)
class OwnerChoice:
    """Somebody who can answer for the account.

    Args:
        person_id: primary key.
        name: the person's name.
        label: name, unit and position.
        mobile, email: what is offered for the contact fields.
    """

    person_id: int
    name: str
    label: str
    mobile: str
    email: str


def owner_choices(applicant: Any, holdings: Iterable[Holding]) -> list[OwnerChoice]:
    """Return the applicant and everybody who holds a position in the unit or above it, once each."""
    found: dict[int, OwnerChoice] = {}
    held: dict[int, list[str]] = {}
    people = {applicant.pk: applicant}
    for holding in holdings:
        if holding.delegation is None:
            people.setdefault(holding.person.pk, holding.person)
            held.setdefault(holding.person.pk, []).append(seat(holding.unit.name, holding.position.title))
    for pk, person in people.items():
        seats = listed(dict.fromkeys(held.get(pk, [])))
        label = f"{person.name}（{seats}）" if seats else person.name
        if pk == applicant.pk:
            label = _("%(label)s，我") % {"label": label}
        found[pk] = OwnerChoice(pk, person.name, label, person.mobile, person.email)
    return list(found.values())


def _column_limit(code: str) -> int | None:
    column = OpeningApplication._meta.get_field(code) if code in COLUMN_FIELDS else None
    return column.max_length if isinstance(column, CharColumn) else None


def _limit(spec: FieldSpec) -> int | None:
    limits = [limit for limit in (spec.max_length, _column_limit(spec.code)) if limit]
    return min(limits, default=None)


# Widest columns for the types that need no limit in the pack.
TYPE_LIMITS = {FieldType.MOBILE: 20, FieldType.EMAIL: 120}


def _text_field(spec: FieldSpec, label: str) -> forms.Field:
    limit = _limit(spec) or TYPE_LIMITS.get(spec.type)
    attrs: dict[str, Any] = {"autocomplete": "off"}
    if spec.type == FieldType.MOBILE:
        attrs |= {"inputmode": "tel"}
    if spec.type == FieldType.EMAIL:
        attrs |= {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
    if spec.code == "handle":
        attrs |= {"autocapitalize": "none", "spellcheck": "false"}
    field = TextField(label=label, max_length=limit, widget=forms.TextInput(attrs=attrs))
    if spec.code not in COLUMN_FIELDS:
        # Fields of known codes are judged by the checks of an application, these by nobody else.
        if spec.type == FieldType.MOBILE:
            field.validators.append(_mobile)
        elif spec.type == FieldType.EMAIL:
            field.validators.append(_email)
    return field


def _mobile(value: str) -> None:
    if not contacts.valid_mobile(value):
        raise ValidationError(_("手机号码不对。写 11 位手机号码。"))


def _email(value: str) -> None:
    if not contacts.valid_email(value):
        raise ValidationError(_("邮箱地址不对。写成 名字@学校域名 的样子。"))


def field_for(spec: FieldSpec, policy: Policy) -> forms.Field:
    """Return the form field for a field of the pack, by its type."""
    label = local(one_line(spec.label))
    choices = [(choice.code, local(choice.label)) for choice in spec.choices]
    match spec.type:
        case FieldType.LONG_TEXT:
            return TextField(label=label, lines=True, max_length=_limit(spec), widget=forms.Textarea(attrs={"rows": 3}))
        case FieldType.NUMBER | FieldType.YEAR:
            return forms.IntegerField(
                label=label,
                required=False,
                min_value=0,
                max_value=NUMBER_LIMIT,
                widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
                error_messages={
                    "invalid": _("不是数字。只写阿拉伯数字。"),
                    "min_value": _("数字不对。写 0 或更大的数。"),
                    "max_value": _("数字太大。核对位数。"),
                },
            )
        case FieldType.DATE:
            return forms.DateField(
                label=label,
                required=False,
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
                input_formats=["%Y-%m-%d"],
                error_messages={"invalid": _("没有这一天。写成 2026-09-01 的样子。")},
            )
        case FieldType.CHOICE:
            return forms.ChoiceField(label=label, required=False, choices=choices, widget=forms.RadioSelect)
        case FieldType.CHECKBOXES:
            return forms.MultipleChoiceField(
                label=label, required=False, choices=choices, widget=forms.CheckboxSelectMultiple
            )
        case FieldType.BOOLEAN:
            data = spec.code == "data_service"
            no, yes = (_("不涉及"), _("涉及，服务器设在校内")) if data else (_("否"), _("是"))
            return FlagField(label=label, required=False, no=no, yes=yes)
        case FieldType.PLATFORM:
            return forms.ChoiceField(
                label=label,
                required=False,
                choices=[(platform.code, local(platform.name)) for platform in policy.platforms],
                widget=forms.RadioSelect,
            )
    return _text_field(spec, label)


class ApplicationForm(forms.Form):
    """The opening application, field by field as the policy's form has them.

    Args:
        application: the draft; its values are shown unless data is given.
        policy: the policy in force today.
        owners: who can answer for the account.
        data: what was posted.
    """

    def __init__(
        self,
        application: OpeningApplication,
        policy: Policy,
        owners: Sequence[OwnerChoice],
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self.application = application
        self.policy = policy
        self.spec = policy.form_for(SubjectKind.OPENING_APPLICATION)
        self.owners = {owner.person_id: owner for owner in owners}
        super().__init__(data=data, initial=self._initial(), use_required_attribute=False)
        for spec in self.spec.fields:
            if spec.type == FieldType.UNIT:
                continue
            self.fields[spec.code] = self._owner_field(spec) if spec.code == "owner_name" else field_for(spec, policy)
            if spec.hint:
                self.fields[spec.code].help_text = local(spec.hint)
        self.fields["in_name_of"] = forms.ChoiceField(
            label=_("以谁的名义"), required=False, choices=InNameOf.choices, widget=forms.RadioSelect
        )
        if self.compares:
            self.fields["difference"] = TextField(
                label=_("和相近账号有什么不同"),
                lines=True,
                max_length=DIFFERENCE_LIMIT,
                widget=forms.Textarea(attrs={"rows": 2}),
            )
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField):
                field.error_messages["invalid_choice"] = _("没有这一项。从列出的里面选。")

    @property
    def compares(self) -> bool:
        """Whether the form asks what is published, so that it can be compared with accounts on record."""
        return "content_scope" in self.fields

    def _owner_field(self, spec: FieldSpec) -> forms.Field:
        choices = [("", _("还没有选"))]
        choices += [(str(owner.person_id), owner.label) for owner in self.owners.values()]
        current = self.application.owner
        if current is not None and current.pk not in self.owners:
            choices.append((str(current.pk), _("%(name)s（已不在本单位任职）") % {"name": current.name}))
        return forms.ChoiceField(
            label=local(one_line(spec.label)), required=False, choices=choices, widget=forms.Select
        )

    def _initial(self) -> dict[str, Any]:
        application = self.application
        values: dict[str, Any] = {spec.code: value_of(application, spec.code) for spec in self.spec.fields}
        values |= {"in_name_of": application.in_name_of, "difference": application.difference}
        values["owner_name"] = str(application.owner_id or "")
        for spec in self.spec.fields:
            if isinstance(values[spec.code], list) and spec.type != FieldType.CHECKBOXES:
                values[spec.code] = "、".join(str(item) for item in values[spec.code])
        return values

    def _posted(self, name: str) -> bool:
        """Say whether the field came with the request; a group of ticks may come empty, and says so."""
        return name in self.data or f"{name}-shown" in self.data

    def values(self) -> dict[str, Any]:
        """Return what can be stored: valid fields that were posted, as columns and extra codes."""
        self.errors  # noqa: B018
        values: dict[str, Any] = {}
        for spec in self.spec.fields:
            if spec.code in self.cleaned_data and self._posted(spec.code):
                values |= self._stored(spec, self.cleaned_data[spec.code])
        if self._posted("in_name_of") and self.cleaned_data.get("in_name_of"):
            values["in_name_of"] = self.cleaned_data["in_name_of"]
        if self._posted("difference") and "difference" in self.cleaned_data:
            values["difference"] = self.cleaned_data["difference"]
        return values

    def _stored(self, spec: FieldSpec, value: Any) -> dict[str, Any]:
        if spec.code == "owner_name":
            owner = self.owners.get(int(value)) if value else None
            if value and owner is None:
                return {}
            return {"owner_id": owner.person_id if owner else None, "owner_name": owner.name if owner else ""}
        if spec.code == "audience" and not isinstance(value, list):
            return {"audience": [value] if value else []}
        if spec.type == FieldType.DATE:
            return {spec.code: value.isoformat() if value else ""}
        return {spec.code: value}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the form; the page numbers those that it shows.

    Args:
        code: account, positioning, people, materials or others.
        title: its heading.
        codes: codes of its fields, in order; codes that the policy's form lacks are left out.
        sub: quiet words at the right.
        rule: rule cited there.
    """

    code: str
    title: Text
    codes: tuple[str, ...]
    sub: Text = ""
    rule: str = ""


ACCOUNT_CODES = ("name", "in_name_of", "platform", "handle")
POSITION_CODES = ("content_scope", "positioning", "audience", "difference")
PEOPLE_CODES = ("unit", "owner_name", "owner_mobile", "owner_email", "second_contact_name", "second_contact_mobile")
DATA_CODES = ("data_service",)


def sections(form: ApplicationForm) -> list[Section]:
    """Return the parts of the form; fields that only this policy has come last."""
    known = {*ACCOUNT_CODES, *POSITION_CODES, *PEOPLE_CODES, *DATA_CODES}
    extras = tuple(spec.code for spec in form.spec.fields if spec.code not in known)
    found = [
        Section("account", _("账号"), ACCOUNT_CODES, _("名称和账号写上去就开始核对")),
        Section("positioning", _("定位"), POSITION_CODES, _("说清发什么、给谁看"), rules.POSITIONING),
        Section("people", _("责任"), PEOPLE_CODES, _("谁主办，谁管理"), rules.FIRST_RESPONSIBLE),
        Section("materials", _("材料与数据"), DATA_CODES),
    ]
    if extras:
        found.append(Section("others", _("其他"), extras))
    return found


def _sensible_day(value: date) -> None:
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValidationError(_("年份不对。核对日期，写成 2026-09-01 的样子。"))


class SponsorDocumentForm(forms.Form):
    """A document for a unit's file; what the file is follows from its content."""

    kind = forms.ChoiceField(label=gettext_lazy("哪一类"), widget=forms.RadioSelect)
    title = TextField(label=gettext_lazy("名称"), max_length=120)
    upload = forms.FileField(label=gettext_lazy("文件"))
    valid_from = forms.DateField(
        label=gettext_lazy("生效日期"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        validators=[_sensible_day],
    )
    valid_until = forms.DateField(
        label=gettext_lazy("有效至"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        validators=[_sensible_day],
    )

    def __init__(self, *args: Any, parts: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "use_required_attribute": False})
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = list(parts)
        kind.error_messages |= {
            "required": _("还没有选。选这份材料属于哪一类。"),
            "invalid_choice": _("没有这一类材料。从列出的里面选。"),
        }
        upload = self.fields["upload"]
        upload.error_messages |= {"required": _("还没有选文件。"), "empty": _("文件是空的。打开原文件看一看，重新选。")}
        upload.widget.attrs["accept"] = ".pdf,.docx,.xlsx,.png,.jpg,.jpeg"
        self.fields["title"].help_text = _("不写就用类别的名称。")
        self.fields["valid_until"].help_text = _("不写就按办法规定的有效期算。")
        for name in ("valid_from", "valid_until"):
            self.fields[name].error_messages["invalid"] = _("没有这一天。写成 2026-09-01 的样子。")
        self.fields["valid_from"].error_messages["required"] = _("还没有写哪天起有效。")


REASON_LIMIT = 1000


class ReasonForm(forms.Form):
    """Why the Office does something to an account."""

    text = TextField(
        label=gettext_lazy("理由"),
        required=True,
        lines=True,
        max_length=REASON_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("没有写理由。写明依据和情况，负责人才知道怎么办。")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "use_required_attribute": False})
        self.fields["text"].error_messages["max_length"] = _(
            "写了 %(show_value)d 字，最多 %(limit_value)d 字。写要点。"
        )


#: Follow from another decision, never from the Office's own.
BY_ITSELF = frozenset({SuspensionReason.APPROVAL_REVOKED, SuspensionReason.SERVER_LAPSED})


class SuspensionForm(ReasonForm):
    """Why an account may not run."""

    reason = forms.ChoiceField(
        label=gettext_lazy("哪一种情况"),
        choices=[(one.value, one.label) for one in SuspensionReason if one not in BY_ITSELF],
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("还没有选。选停止运行属于哪一种情况。"),
            "invalid_choice": gettext_lazy("没有这一种情况。从列出的里面选。"),
        },
    )
    field_order = ["reason", "text"]


class ReminderForm(ReasonForm):
    """What the Office reminds of."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = _("提醒什么")
        self.fields["text"].error_messages["required"] = _("没有写提醒什么。写清要办的事和最后期限。")
