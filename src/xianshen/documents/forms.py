from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from xianshen.documents.content import LIMIT
from xianshen.documents.services import REASON_LIMIT


class CheckFileForm(forms.Form):
    """A PDF that somebody holds and wants checked. It is looked at and not kept."""

    file = forms.FileField(
        label=_("手里的 PDF 文件"),
        help_text=_("只看不存。要用收到的原文件，扫描件和截图核验不了。"),
        allow_empty_file=True,
        error_messages={"required": _("还没有选文件。选好 PDF 再核验。")},
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
    )

    def clean_file(self) -> bytes:
        """Return the file's bytes."""
        upload: UploadedFile = self.cleaned_data["file"]
        if upload.size is None or upload.size > LIMIT:
            raise ValidationError(
                _("文件超过 %(limit)s MB，不是本平台签发的大小。选收到的原文件。") % {"limit": LIMIT // 1024 // 1024}
            )
        content = upload.read()
        if b"%PDF-" not in content[:1024]:
            raise ValidationError(_("这不是 PDF 文件。本平台只签发 PDF，选收到的原文件。"))
        return content


class WithdrawForm(forms.Form):
    """Why an issued document is withdrawn."""

    reason = forms.CharField(
        label=_("撤回原因"),
        max_length=REASON_LIMIT,
        help_text=_("记入留痕，不对外公开。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("没有写撤回原因。写明为什么撤回，会记入留痕。")},
    )
