"""The annual review's form, field by field as the policy's form has them."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import CharField as CharColumn
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.assessment.enums import ReviewResult
from xianshen.assessment.figures import CODES, LABELS, NUMBERS
from xianshen.assessment.models import AnnualReview
from xianshen.assessment.paper import BEST, FROM_ACCOUNT
from xianshen.common.forms import TextField as CommonTextField
from xianshen.registry.checks import one_line
from xianshen.regulation.enums import FieldType
from xianshen.regulation.schema import FieldSpec, FormSpec

LARGEST = 10**12
MOST_POSTS = 10**7
TEXT_LIMIT = 2_000
REASON_LIMIT = 300
BEST_CODES = ("best_title", "best_clicks", "best_reposts")
OWNER_CODES = ("owner_name", "owner_mobile", "owner_email")


class TextField(CommonTextField):
    """A text of limited length; a review has no materials into which details could go."""

    default_error_messages = {
        "max_length": gettext_lazy(
            "写了 %(show_value)d 字，最多 %(limit_value)d 字。这一栏还没有存，删去一些，或写要点。"
        ),
    }


class NumberField(forms.IntegerField):
    """A number as people type it: 1,284 and full-width digits count."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            min_value=0,
            max_value=most,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            error_messages={
                "invalid": _("不是数字。只写阿拉伯数字。"),
                "min_value": _("数字不对。写 0 或更大的数。"),
                "max_value": _("数字太大。核对位数。"),
            },
            **kwargs,
        )

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = unicodedata.normalize("NFKC", value).replace(",", "").replace(" ", "")
            if value and not value.lstrip("-").isdigit():
                raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class ReviewForm(forms.Form):
    """What the operator fills in. Whether it can be handed in is judged by :mod:`xianshen.assessment.checks`.

    Args:
        review: its values are shown unless data is given.
        spec: the policy's form.
        data: what was posted.
    """

    def __init__(self, review: AnnualReview, spec: FormSpec, data: Mapping[str, Any] | None = None) -> None:
        self.review = review
        self.spec = spec
        super().__init__(data=data, initial=self._initial(), use_required_attribute=False)
        for one in spec.fields:
            if one.code in FROM_ACCOUNT:
                continue
            if one.code == BEST:
                for code in BEST_CODES:
                    self.fields[code] = self._figure(code)
            elif one.code in CODES and one.code != "violations":
                self.fields[one.code] = self._figure(one.code)
            else:
                self.fields[one.code] = self._field(one)
            if one.code in self.fields and one.hint:
                self.fields[one.code].help_text = one.hint
        if review.result in {ReviewResult.RECTIFY, ReviewResult.FAILED}:
            label = _("整改说明") if review.result == ReviewResult.RECTIFY else _("申诉或整改说明")
            self.fields["statement"] = TextField(
                label=label, lines=True, max_length=TEXT_LIMIT, widget=forms.Textarea(attrs={"rows": 4})
            )
            self.fields["statement"].help_text = _("写改了什么、怎么改的；不服结果的，写理由。审批人会看。")
        for code in CODES:
            if code in self.fields and code != "violations":
                self.fields[f"reason_{code}"] = TextField(
                    label=_("%(what)s为什么和记录不一样") % {"what": LABELS[code]}, max_length=REASON_LIMIT
                )

    def _figure(self, code: str) -> forms.Field:
        label = str(LABELS[code])
        if code in NUMBERS:
            return NumberField(label=label, most=MOST_POSTS if code == "posts_total" else LARGEST)
        return TextField(label=label, max_length=300)

    def _field(self, one: FieldSpec) -> forms.Field:
        label = one_line(one.label)
        column = AnnualReview._meta.get_field(one.code) if one.code in {*CODES, *OWNER_CODES} else None
        widest = column.max_length if isinstance(column, CharColumn) else None
        limit = min((n for n in (one.max_length, widest) if n), default=TEXT_LIMIT)
        if one.type == FieldType.LONG_TEXT:
            return TextField(label=label, lines=True, max_length=limit, widget=forms.Textarea(attrs={"rows": 3}))
        attrs = {"autocomplete": "off"}
        if one.type == FieldType.MOBILE:
            attrs |= {"inputmode": "tel"}
        if one.type == FieldType.EMAIL:
            attrs |= {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
        return TextField(label=label, max_length=limit, widget=forms.TextInput(attrs=attrs))

    def _initial(self) -> dict[str, Any]:
        review = self.review
        values: dict[str, Any] = {code: getattr(review, code) for code in (*CODES, *OWNER_CODES, "statement")}
        values |= {one.code: review.extra.get(one.code, "") for one in self.spec.fields if one.code not in values}
        values |= {f"reason_{code}": review.sources.get(code, {}).get("reason", "") for code in CODES}
        return values

    def values(self) -> dict[str, Any]:
        """Return what can be stored: valid fields that were posted."""
        self.errors  # noqa: B018
        return {
            code: value
            for code, value in self.cleaned_data.items()
            if code in self.data and not code.startswith("reason_")
        }

    def reasons(self) -> dict[str, str]:
        """Return the reasons that were posted, by the code of their figure."""
        self.errors  # noqa: B018
        return {
            code.removeprefix("reason_"): value or ""
            for code, value in self.cleaned_data.items()
            if code in self.data and code.startswith("reason_")
        }


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered part of the form with the codes of its fields."""

    code: str
    title: str
    codes: Sequence[str]
    sub: str = ""
    rule: str = ""


NUMERALS = "一二三四五六七八九"


def sections(form: ReviewForm) -> list[Section]:
    """Return the parts of the form in the order of the annex; fields that only this policy has come last."""
    known = {"posts_total", "followers_total", *BEST_CODES, "violations", *OWNER_CODES, "statement"}
    extras = [code for code in form.fields if code not in known and not code.startswith("reason_")]
    found = []
    if "statement" in form.fields:
        found.append(Section("statement", _("这次交什么"), ["statement"]))
    found.append(Section("list", _("推送清单"), [], _("条数和最佳图文从清单里取"), "annual_review.push_list"))
    figures = [code for code in ("posts_total", "followers_total", *BEST_CODES) if code in form.fields]
    found.append(Section("figures", _("全年数据"), figures, _("平台知道的已经填好，改了要写为什么")))
    if "violations" in form.fields:
        found.append(Section("violations", _("有无违规发布"), ["violations"]))
    if extras:
        found.append(Section("extras", _("其他"), extras))
    owner = [code for code in OWNER_CODES if code in form.fields]
    found.append(Section("owner", _("负责人"), owner, _("和登记的一致，有变动先办变更备案")))
    return found


class PushListForm(forms.Form):
    """A file with the year's posts."""

    upload = forms.FileField(
        label=gettext_lazy("清单文件"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={
            "required": gettext_lazy("还没有选文件。选 XLSX 或 CSV 再传。"),
            "empty": gettext_lazy("文件是空的。打开原文件看一看，重新选。"),
        },
    )


class TextForm(forms.Form):
    """Words that go with an act: a question, an answer, a remark."""

    text = TextField(label=gettext_lazy("说明"), lines=True, max_length=1_000, widget=forms.Textarea(attrs={"rows": 3}))
