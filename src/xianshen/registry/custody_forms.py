"""Forms about how accounts are kept."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.forms import TextField
from xianshen.registry.enums import CustodyRole, EntityKind, TwoFactor
from xianshen.registry.services.custody import CustodyFacts

NOT_CHOSEN = gettext_lazy("还没有选")
FACTS = tuple(CustodyFacts.__dataclass_fields__)


class CustodyForm(forms.Form):
    """How the account is kept; nothing here asks for a password."""

    entity_kind = forms.ChoiceField(
        label=gettext_lazy("实名主体"), required=False, choices=[("", NOT_CHOSEN), *EntityKind.choices]
    )
    entity = TextField(
        label=gettext_lazy("实名认证的名称"), max_length=80, help_text=gettext_lazy("平台认证页上的主体名称。")
    )
    bound_phone = TextField(
        label=gettext_lazy("绑定手机"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    bound_phone_owner = TextField(label=gettext_lazy("这部手机归谁用"), max_length=60)
    password_place = TextField(
        label=gettext_lazy("口令存放"),
        max_length=120,
        help_text=gettext_lazy("写放在哪里，不写口令本身。如办公室保险柜、单位口令库。"),
    )
    two_factor = forms.ChoiceField(
        label=gettext_lazy("两步验证"), required=False, choices=[("", NOT_CHOSEN), *TwoFactor.choices]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "use_required_attribute": False})

    @property
    def facts(self) -> CustodyFacts:
        """What was typed; the service judges it."""
        return CustodyFacts(**{name: str(self.cleaned_data.get(name) or "") for name in FACTS})


class HolderForm(forms.Form):
    """Somebody who gets the keys."""

    role = forms.ChoiceField(label=gettext_lazy("角色"), choices=CustodyRole.choices)
    person = forms.ChoiceField(label=gettext_lazy("谁"), required=False)
    name = TextField(
        label=gettext_lazy("名单外的姓名"),
        max_length=80,
        help_text=gettext_lazy("只有校外人员才写，如代运营公司的技术员。"),
    )
    mobile = TextField(
        label=gettext_lazy("手机"),
        max_length=20,
        help_text=gettext_lazy("不写就用名单上的。"),
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )
    since = forms.DateField(
        label=gettext_lazy("从哪天起"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "use_required_attribute": False})
        field = self.fields["person"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("不在名单里")), *choices]
        field.error_messages["invalid_choice"] = _("名单里没有这个人。重新选。")
        self.fields["since"].error_messages |= {
            "required": _("还没有写哪天起。"),
            "invalid": _("没有这一天。写成 2026-09-01 的样子。"),
        }


class HandoverForm(forms.Form):
    """To whom the keys pass, and what goes with them."""

    receiver = forms.ChoiceField(label=gettext_lazy("交给谁"))
    mobile = TextField(
        label=gettext_lazy("接收人手机"),
        max_length=20,
        help_text=gettext_lazy("不写就用名单上的。"),
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )
    items = TextField(
        label=gettext_lazy("交接事项"),
        lines=True,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("管理员权限、绑定手机、口令存放处、未发的稿件。"),
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "use_required_attribute": False})
        field = self.fields["receiver"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", NOT_CHOSEN), *choices]
        field.error_messages |= {
            "required": _("还没有选交给谁。"),
            "invalid_choice": _("名单里没有这个人。重新选。"),
        }
