from django import forms
from django.utils.translation import gettext_lazy as _


class ExtensionForm(forms.Form):
    """More time, and why. Which day is late enough is the service's to say."""

    due_on = forms.DateField(
        label=_("新的截止日"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("没有写新的截止日。选一天。"), "invalid": _("不是日期。写成 2026-09-01 这样。")},
    )
    why = forms.CharField(
        label=_("为什么延"),
        help_text=_("写进留痕，也告诉经办人。"),
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 500}),
        error_messages={"required": _("没有写理由。延长要留痕，写明为什么延、延给谁。")},
    )
