"""Forms of the organisation's administration."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.language import listed, local
from xianshen.common.tabular import MAX_BYTES
from xianshen.organisation.enums import KEY_LENGTH, NAME_LENGTH
from xianshen.organisation.selectors import people_called, units

NAMESAKES = 5


class DateField(forms.DateField):
    """A day, picked with the browser's own calendar."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, input_formats=["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日"], **options)


class PersonField(forms.CharField):
    """A person of the institution, typed as number, user name or full name.

    Set ``institution_id`` before the form is validated.
    """

    institution_id: int = 0

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", gettext_lazy("写工号、学号、用户名或姓名；有重名的写工号。"))
        super().__init__(max_length=150, **options)

    def clean(self, value: Any) -> Any:
        """Return the person.

        Raises:
            ValidationError: nobody, or several of that name.
        """
        text = super().clean(value)
        if not text:
            return None
        found = people_called(self.institution_id, text, limit=NAMESAKES + 1)
        if len(found) == 1:
            return found[0]
        if not found:
            raise forms.ValidationError(_("没有找到「%(text)s」。换成工号再找，或先登记这个人。") % {"text": text[:60]})
        names = listed(f"{person.name}（{person.key}）" for person in found[:NAMESAKES])
        raise forms.ValidationError(_("有几个人对得上：%(listed)s。写工号。") % {"listed": names})


class Scoped(forms.Form):
    """A form that knows the institution."""

    def __init__(self, *args: Any, institution_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.institution_id = institution_id
        for field in self.fields.values():
            if isinstance(field, PersonField):
                field.institution_id = institution_id


class UnitChoice(forms.ModelChoiceField):
    """An open unit of the institution."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}（{obj.key}）"


class UnitForm(Scoped):
    """A unit: number, name, kind, parent and the text of its seal."""

    key = forms.CharField(
        label=gettext_lazy("单位编号"), max_length=KEY_LENGTH, help_text=gettext_lazy("学校内唯一，设好后不再改。")
    )
    name = forms.CharField(label=gettext_lazy("单位名称"), max_length=NAME_LENGTH)
    kind = forms.ChoiceField(label=gettext_lazy("单位类别"))
    parent = UnitChoice(
        label=gettext_lazy("上级单位"), queryset=None, required=False, empty_label=gettext_lazy("没有上级，排在最上")
    )
    seal_text = forms.CharField(
        label=gettext_lazy("印章文字"),
        max_length=NAME_LENGTH,
        required=False,
        help_text=gettext_lazy("印章上的全称，签署时盖在意见旁。"),
    )

    def __init__(self, *args: Any, kinds: Mapping[str, str], existing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(code, local(title)) for code, title in kinds.items()]  # type: ignore[attr-defined]
        self.fields["parent"].queryset = units(self.institution_id)  # type: ignore[attr-defined]
        if existing:
            del self.fields["key"], self.fields["kind"]


class CloseUnitForm(forms.Form):
    """From when a unit is closed."""

    on = DateField(label=gettext_lazy("撤销日期"), help_text=gettext_lazy("从这一天起不再有这个单位。"))


class PositionForm(forms.Form):
    """A position in a unit."""

    key = forms.CharField(
        label=gettext_lazy("职务编号"), max_length=KEY_LENGTH, help_text=gettext_lazy("学校内唯一，设好后不再改。")
    )
    kind = forms.ChoiceField(label=gettext_lazy("职务类别"), help_text=gettext_lazy("能办什么事由类别决定。"))
    title = forms.CharField(
        label=gettext_lazy("职务名称"),
        max_length=NAME_LENGTH,
        required=False,
        help_text=gettext_lazy("空着就用类别的名称。"),
    )

    def __init__(self, *args: Any, kinds: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(code, local(title)) for code, title in kinds.items()]  # type: ignore[attr-defined]


class AppointForm(Scoped):
    """Who takes a position, from when to when."""

    person = PersonField(label=gettext_lazy("任职人"))
    starts_on = DateField(label=gettext_lazy("任职起"), help_text=gettext_lazy("含当天。"))
    ends_on = DateField(
        label=gettext_lazy("任职止"), required=False, help_text=gettext_lazy("含当天；没有期限的空着。")
    )


class EndForm(forms.Form):
    """The last day of an appointment."""

    ends_on = DateField(label=gettext_lazy("任职止"), help_text=gettext_lazy("含当天，第二天起不再任此职。"))


class PersonForm(forms.Form):
    """A person."""

    key = forms.CharField(
        label=gettext_lazy("工号或学号"), max_length=KEY_LENGTH, help_text=gettext_lazy("学校内唯一，设好后不再改。")
    )
    name = forms.CharField(label=gettext_lazy("姓名"), max_length=NAME_LENGTH)
    username = forms.CharField(
        label=gettext_lazy("用户名"),
        max_length=150,
        required=False,
        help_text=gettext_lazy("登录用，空着就用工号或学号。"),
    )
    mobile = forms.CharField(label=gettext_lazy("手机"), max_length=32, required=False)
    email = forms.EmailField(label=gettext_lazy("邮箱"), required=False)

    def __init__(self, *args: Any, existing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if existing:
            del self.fields["key"]
            self.fields["username"].required = True
            self.fields["username"].help_text = ""


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=gettext_lazy("事由"), max_length=200)


class DelegationForm(Scoped):
    """Whom to let decide in one's own position, from when to when, why."""

    position = forms.ChoiceField(label=gettext_lazy("职务"))
    delegate = PersonField(label=gettext_lazy("受托人"))
    starts_on = DateField(label=gettext_lazy("起始日期"), help_text=gettext_lazy("含当天。"))
    ends_on = DateField(label=gettext_lazy("结束日期"), help_text=gettext_lazy("含当天。"))
    reason = forms.CharField(
        label=gettext_lazy("事由"),
        max_length=200,
        help_text=gettext_lazy("写明为什么，例如出差、休假；受托人每次签署都会显示是受你委托。"),
    )

    def __init__(self, *args: Any, positions: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["position"].choices = positions  # type: ignore[attr-defined]


class UploadForm(forms.Form):
    """A file to be imported."""

    file = forms.FileField(
        label=gettext_lazy("文件"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv"}),
        help_text=gettext_lazy("XLSX 或 CSV，表头和模板一样。"),
    )

    def clean_file(self) -> Any:
        """Refuse what is too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            limit = MAX_BYTES // (1024 * 1024)
            raise forms.ValidationError(_("文件超过 %(limit)s MB。分成几个文件导入。") % {"limit": limit})
        return file
