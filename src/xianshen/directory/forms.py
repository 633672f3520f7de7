"""Forms of the public pages and of handling reports."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xianshen.directory.models import ANSWER_LIMIT, CONTACT_LIMIT, LINK_LIMIT, NAME_LIMIT, TEXT_LIMIT
from xianshen.directory.texts import one_line, storable


class LineField(forms.CharField):
    """One line; what a database cannot hold is taken out, nothing else is changed."""

    def to_python(self, value: Any) -> Any:
        text = one_line(str(value), max(len(str(value)), 1)) if value not in self.empty_values else ""
        return super().to_python(text)


class TextField(forms.CharField):
    """Several lines; what a database cannot hold is taken out."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        return super().to_python(storable(str(value)) if value not in self.empty_values else "")


def _too_long(limit: int) -> dict[str, Any]:
    return {"max_length": limit, "error_messages": {"max_length": _("最多 %(limit_value)d 个字。写短一些。")}}


class ReportForm(forms.Form):
    """What somebody reports. ``website`` is a trap for programs: people do not see it."""

    name = LineField(label=_("账号名称"), required=False, help_text=_("照着平台上显示的写。"), **_too_long(NAME_LIMIT))
    link = LineField(
        label=_("账号 ID 或链接"), required=False, help_text=_("粘贴它的主页链接最好找。"), **_too_long(LINK_LIMIT)
    )
    platform = forms.ChoiceField(label=_("在哪个平台"), required=False)
    text = TextField(
        label=_("哪里不对"),
        help_text=_("写你看到了什么，比如它以学校名义发了什么、要你做什么。"),
        **_too_long(TEXT_LIMIT) | {"error_messages": {"required": _("还没有写哪里不对。写一两句看到了什么。")}},
    )
    contact = LineField(
        label=_("联系方式"),
        required=False,
        help_text=_("手机或邮箱都可以，只给核实的人看，办结后删去。不留也能凭编号看答复。"),
        **_too_long(CONTACT_LIMIT),
    )
    website = forms.CharField(required=False, max_length=2000)

    def __init__(self, *args: Any, platforms: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["platform"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("不清楚")), *platforms]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("website"):
            raise forms.ValidationError(
                _("这份举报像是程序填的，没有收下。刷新页面，只填看得见的栏目再交。"), code="trap"
            )
        if not ({"name", "link"} & self.errors.keys()) and not values.get("name") and not values.get("link"):
            self.add_error("name", _("账号名称、账号 ID 或链接至少写一样，才找得到它。"))
        return values


class NumberForm(forms.Form):
    """The number under which an answer is read."""

    number = LineField(label=_("举报编号"), max_length=40)


class AnswerForm(forms.Form):
    """The answer with which a report is closed."""

    answer = TextField(
        label=_("答复"),
        help_text=_("举报人凭编号能看到。写核实的结果、依据和接下来怎么办，不写个人信息。"),
        **_too_long(ANSWER_LIMIT) | {"error_messages": {"required": _("还没有写答复。写明核实的结果和依据。")}},
    )
