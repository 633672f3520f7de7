"""What stands against handing in a review, and what its deciders should look at: one function for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from xianshen.assessment import rules
from xianshen.assessment.enums import ReviewResult
from xianshen.assessment.figures import NUMBERS, Known, known
from xianshen.assessment.models import AnnualReview, PushList
from xianshen.assessment.paper import BEST, FIGURES, FROM_ACCOUNT, OWNER, form_of, number_words, value_of
from xianshen.assessment.selectors import current_list
from xianshen.common.components import Check
from xianshen.registry import contacts
from xianshen.registry.checks import one_line
from xianshen.regulation.enums import FieldType
from xianshen.regulation.schema import FormSpec, Policy

REASON_LIMIT = 300
NONE_WORDS = frozenset({"无", "没有", "无。", "没有。", "none", "no"})
LIST_FIELD = "push_list"


@dataclass(slots=True)
class Report:
    """What the checks say.

    Args:
        checks: every check, what stands in the way first.
        errors: what stands in the way, by field.
        known: what the platform knows.
    """

    known: Known
    checks: list[Check] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def submittable(self) -> bool:
        return not self.errors

    @property
    def passed(self) -> int:
        return sum(check.tone == "ok" for check in self.checks)

    @property
    def to_see(self) -> int:
        """Remarks for whoever decides."""
        return sum(check.tone in {"soon", "late"} for check in self.checks)

    def refuse(self, code: str, text: str) -> None:
        self.errors.setdefault(code, []).append(text)


def same(offered: object, value: object) -> bool:
    """Say whether a figure is what the platform holds to be true."""
    if isinstance(offered, int):
        return offered == value
    return " ".join(str(offered).split()) == " ".join(str(value or "").split())


def says_none(text: str) -> bool:
    """Say whether the words about violations mean that there were none."""
    return text.strip().lower() in NONE_WORDS


def check_review(review: AnnualReview, policy: Policy, on: date) -> Report:
    """Judge a review as it stands.

    Args:
        review: with account, unit and campaign loaded.
        policy: the policy in force on the day of the judgement.
        on: the day.
    """
    report = Report(known(review, on))
    form = form_of(review, policy)
    push_list = current_list(review)
    _fields(review, form, report)
    _list(review, push_list, report)
    _best(review, form, report)
    _corrections(review, report)
    _violations(review, report)
    _statement(review, report)
    if on > review.campaign.due_on and not review.submitted_at:
        report.checks.append(Check(_("已过截止日"), "soon", _("可以补交，合格以后恢复运行。晚交会记下来。"), rules.DUE))
    order = {"late": 0, "soon": 1}
    report.checks.sort(key=lambda check: order.get(check.tone, 2))
    return report


def _fields(review: AnnualReview, form: FormSpec, report: Report) -> None:
    missing = []
    for spec in form.fields:
        if spec.code in FROM_ACCOUNT or spec.code == BEST:
            continue
        value = value_of(review, spec.code)
        label = one_line(spec.label)
        if spec.required and not value.strip():
            report.refuse(spec.code, _("「%(label)s」还没有填。") % {"label": label})
            missing.append(label)
            continue
        limit = spec.max_length
        if limit and len(value) > limit:
            report.refuse(
                spec.code,
                _("「%(label)s」写了 %(n)d 字，最多 %(most)d 字。写要点。")
                % {"label": label, "n": len(value), "most": limit},
            )
        if value and spec.type == FieldType.MOBILE and not contacts.valid_mobile(value):
            report.refuse(spec.code, _("手机号码不对。写 11 位手机号码。"))
        if value and spec.type == FieldType.EMAIL and not contacts.valid_email(value):
            report.refuse(spec.code, _("邮箱地址不对。写成 名字@学校域名 的样子。"))
    if missing:
        text = _("还有 %(n)d 项没有填") % {"n": len(missing)}
        report.checks.append(Check(text, "late", "、".join(missing), rules.ANNEX_2))
    else:
        report.checks.append(Check(_("各项都填了"), "ok", "", rules.ANNEX_2))


def _list(review: AnnualReview, push_list: PushList | None, report: Report) -> None:
    if push_list is None:
        report.refuse(LIST_FIELD, _("还没有报送年度推送内容清单。下载模板填好，传上来。"))
        report.checks.append(
            Check(_("没有推送清单"), "late", _("以电子文档形式报送，XLSX 或 CSV 都行。"), rules.PUSH_LIST, "#push-list")
        )
        return
    if review.posts_total is not None and push_list.count != review.posts_total:
        words = {"list": number_words(push_list.count), "form": number_words(review.posts_total)}
        report.refuse("posts_total", _("清单 %(list)s 条，表里写 %(form)s 条，对不上。改表，或换一份清单。") % words)
        report.checks.append(
            Check(_("清单和表对不上"), "late", _("清单 %(list)s 条，表里写 %(form)s 条。") % words, rules.PUSH_LIST)
        )
        return
    detail = _("%(n)s 条，日期都在 %(year)s 年内。") % {
        "n": number_words(push_list.count),
        "year": review.campaign.year,
    }
    report.checks.append(Check(_("清单和表一致"), "ok", detail, rules.PUSH_LIST))


def _best(review: AnnualReview, form: FormSpec, report: Report) -> None:
    if not any(spec.code == BEST and spec.required for spec in form.fields):
        return
    for code, text in (
        ("best_title", _("还没有写全年最佳图文。写标题。")),
        ("best_clicks", _("还没有写点击量。只写数字。")),
        ("best_reposts", _("还没有写转发量。只写数字，没有转发写 0。")),
    ):
        if getattr(review, code) in (None, ""):
            report.refuse(code, text)


def _corrections(review: AnnualReview, report: Report) -> None:
    corrected = []
    for code, figure in report.known.binding.items():
        if code == "violations" or (code == "posts_total" and {code, LIST_FIELD} & report.errors.keys()):
            continue
        value = getattr(review, code)
        if value in (None, "") or same(figure.value, value):
            continue
        reason = str(review.sources.get(code, {}).get("reason", "")).strip()
        shown = number_words(figure.value) if code in NUMBERS and isinstance(figure.value, int) else figure.value
        if not reason:
            report.refuse(
                code,
                _("%(source)s里是 %(value)s。写的不一样，要写明为什么。") % {"source": figure.source, "value": shown},
            )
        corrected.append(_("%(source)s：%(value)s") % {"source": figure.source, "value": shown})
    if corrected:
        report.checks.append(
            Check(
                _("有 %(n)d 个数和平台记录不一样") % {"n": len(corrected)},
                "soon",
                "；".join(corrected),
                rules.ANNEX_2,
            )
        )


def _violations(review: AnnualReview, report: Report) -> None:
    figure = report.known.binding.get("violations")
    text = review.violations.strip()
    if figure is None:
        if text and not says_none(text):
            report.checks.append(Check(_("负责人写了违规发布"), "soon", text[:120], rules.ANNEX_2))
        elif text:
            report.checks.append(Check(_("没有违规记录"), "ok", _("平台里没有暂停、责令停止的记录。"), rules.ANNEX_2))
        return
    lines = str(figure.value).splitlines()
    if says_none(text):
        report.refuse(
            "violations",
            _("填了「无」，账号留痕里有 %(n)d 条记录。照实写明情况和怎么处理的。") % {"n": len(lines)},
        )
    report.checks.append(
        Check(_("账号留痕里有 %(n)d 条记录") % {"n": len(lines)}, "soon", "；".join(lines), rules.ANNEX_2, figure.url)
    )


def _statement(review: AnnualReview, report: Report) -> None:
    if review.result not in {ReviewResult.RECTIFY, ReviewResult.FAILED}:
        return
    if review.statement.strip():
        report.checks.append(Check(_("写了整改或申诉说明"), "soon", review.statement.strip()[:200], rules.MAY_RUN))
    else:
        report.refuse("statement", _("还没有写说明。写改了什么、怎么改的；不服结果的，写理由。"))


def missing_labels(report: Report, order: Sequence[str]) -> list[str]:
    """Return the codes with errors in the order of the form."""
    known_codes = [code for code in order if code in report.errors]
    return [*known_codes, *(code for code in report.errors if code not in known_codes)]


__all__ = ["FIGURES", "LIST_FIELD", "OWNER", "REASON_LIMIT", "Report", "check_review", "missing_labels", "same"]
