from django import forms
from django.utils.translation import gettext_lazy as _

from xianshen.approvals.enums import Verdict

ICONS = {
    Verdict.AGREE: "check",
    Verdict.RETURN: "arrow-back-up",
    Verdict.DISAGREE: "x",
    Verdict.ACKNOWLEDGE: "check",
    Verdict.QUERY: "message-2-question",
    Verdict.REVOKE: "ban",
    Verdict.ANSWER: "check",
}


class OpinionForm(forms.Form):
    """What a decider writes and signs. Rules about words and secrets are the service's."""

    step = forms.IntegerField(widget=forms.HiddenInput)
    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    verdict = forms.ChoiceField(label=_("决定"), widget=forms.RadioSelect)
    text = forms.CharField(label=_("意见"), required=False, strip=False, widget=forms.Textarea(attrs={"rows": 3}))
    secret = forms.CharField(
        label=_("签署密码"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: object, verdicts: tuple[Verdict, ...], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["verdict"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(v.value, v.label) for v in verdicts]
        field.error_messages["required"] = _("还没有选决定。选同意、退回修改或不同意。")
        field.error_messages["invalid_choice"] = _("这一步不能这样办理。从几个选项里选一个。")
