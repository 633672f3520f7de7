"""Forms of the regulation's pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from xianshen.regulation.services import TEXT_LIMIT


class InterpretationForm(forms.Form):
    """What the Office writes about an article."""

    text = forms.CharField(
        label=_("解释"),
        help_text=_("写明这一条怎么理解、怎么办。发布后随条文公开，不能改；要改，再发一条。"),
        max_length=TEXT_LIMIT,
        widget=forms.Textarea,
        error_messages={
            "required": _("还没有写解释。写明这一条怎么理解、怎么办。"),
            "max_length": _("解释太长，最多 %(limit_value)s 个字。分成几条写。"),
        },
    )
