"""Forms of a person's wishes, of robots and of wordings."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xianshen.notices.enums import NoticeKind, RobotService
from xianshen.notices.models import NAME_LIMIT


def _time(label: Any, **more: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, required=False, widget=widget, **more)


class PreferenceForm(forms.Form):
    """How somebody wants notices."""

    email_on = forms.BooleanField(label=_("通知也寄到我的邮箱"), required=False)
    email_kinds = forms.MultipleChoiceField(
        label=_("寄哪些"), choices=NoticeKind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    digest = forms.BooleanField(label=_("每天汇总成一封"), required=False)
    digest_at = _time(_("几点寄"), help_text=_("当天的通知合成一封，到这个时刻寄出。"))
    quiet_from = _time(_("从"))
    quiet_until = _time(_("到"), help_text=_("这段时间里的通知，等过了再寄。可以跨过半夜。"))


class RobotForm(forms.Form):
    """A group robot. The address is asked for, and never shown."""

    service = forms.ChoiceField(label=_("哪家的群机器人"), choices=RobotService.choices, widget=forms.RadioSelect)
    name = forms.CharField(
        label=_("名称"), max_length=NAME_LIMIT, help_text=_("认得出是哪个群就行，如「办公室工作群」。")
    )
    address = forms.CharField(
        label=_("Webhook 地址"),
        max_length=400,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("在群设置里添加机器人，把地址整段复制过来。加密保存，以后不再显示。"),
    )
    secret = forms.CharField(
        label=_("加签密钥"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("只有钉钉选了「加签」才填。飞书的机器人选「自定义关键词」，关键词写「先审」。"),
    )
    unit = forms.TypedChoiceField(
        label=_("只发这个单位的"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_("只转发给这个单位和下级单位任职的人的通知。"),
    )
    kinds = forms.MultipleChoiceField(
        label=_("发哪些通知"),
        choices=NoticeKind.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("还没有选发哪些通知。至少选一类。")},
    )
    quiet_from = _time(_("免打扰从"))
    quiet_until = _time(_("到"))
    enabled = forms.BooleanField(label=_("启用"), required=False, initial=True)

    def __init__(self, *args: Any, units: list[tuple[int, str]], existing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit = self.fields["unit"]
        assert isinstance(unit, forms.TypedChoiceField)
        unit.choices = [("", _("全校")), *units]
        if existing:
            del self.fields["service"]
            self.fields["address"].required = False
            self.fields["address"].help_text = _("空着就用原来的。换了机器人才填。")
        else:
            del self.fields["enabled"]


class WordingForm(forms.Form):
    """Subject and body of a wording; what is wrong with them the service says."""

    subject = forms.CharField(
        label=_("标题"), max_length=400, error_messages={"required": _("标题不能空着。写几个字，或者恢复原样。")}
    )
    body = forms.CharField(
        label=_("正文"),
        widget=forms.Textarea,
        max_length=8000,
        error_messages={"required": _("正文不能空着。写几个字，或者恢复原样。")},
    )

    def __init__(self, *args: Any, mail: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].help_text = (
            _("依据的条、去办的地址和落款自动加在后面。") if mail else _("依据的条和去办的地址自动加在后面。")
        )
        if not mail:
            del self.fields["subject"]
