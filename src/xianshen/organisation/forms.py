"""allauth's forms in the house's words: labels above, no placeholders."""

from collections.abc import Mapping
from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def _say(form: forms.Form, labels: Mapping[str, str], hints: Mapping[str, str] | None = None) -> None:
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        if name in labels:
            field.label = labels[name]
        field.help_text = (hints or {}).get(name, "")


def password_rules() -> str:
    """Return what a password must be, in one sentence."""
    sentences = (str(text).rstrip("。.") for text in password_validators_help_texts())
    return (pgettext("separator of pairs", "；").join(sentences) + _("。")).rstrip()


class LoginForm(account.LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"login": _("用户名"), "password": _("密码")}, {"login": _("没有另设的，就是工号或学号。")})


class ChangePasswordForm(account.ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {"oldpassword": _("现在的密码"), "password1": _("新密码"), "password2": _("再写一遍新密码")}
        _say(self, labels, {"password1": password_rules()})

    def clean(self) -> dict[str, Any] | None:
        cleaned: dict[str, Any] | None = super().clean()
        new = self.cleaned_data.get("password1")
        if new and new == self.cleaned_data.get("oldpassword"):
            self.add_error("password1", _("新密码和现在的相同。换一个。"))
        return cleaned


class SetPasswordForm(account.SetPasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"password1": _("新密码"), "password2": _("再写一遍新密码")}, {"password1": password_rules()})


class ReauthenticateForm(account.ReauthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"password": _("密码")})


class CodeForm(mfa.AuthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"code": _("动态口令")}, {"code": _("验证器上现在的六位数；手机不在身边就填一个恢复码。")})
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class ReauthenticateCodeForm(mfa.ReauthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"code": _("动态口令")}, {"code": _("验证器上现在的六位数；手机不在身边就填一个恢复码。")})


class ActivateCodeForm(totp.ActivateTOTPForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"code": _("动态口令")}, {"code": _("扫码后验证器上显示的六位数。")})
        self.fields["code"].widget.attrs["inputmode"] = "numeric"
