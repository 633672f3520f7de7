"""How a review is decided: what approvals shows of it, what the last opinion is asked for, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.approvals.enums import ChainState, StepKind, Verdict
from xianshen.approvals.selectors import chain_of
from xianshen.assessment import rules
from xianshen.assessment.checks import check_review
from xianshen.assessment.enums import ReviewResult
from xianshen.assessment.models import AnnualReview
from xianshen.assessment.paper import form_data, number_words
from xianshen.assessment.permissions import may_view
from xianshen.assessment.selectors import REVIEW_TYPE, current_list, review_of, review_subject
from xianshen.assessment.services import check_result, conclude_review, forward_review, set_result
from xianshen.common.actors import Actor
from xianshen.common.decisions import Decision
from xianshen.common.errors import TransitionNotAllowed
from xianshen.documents.selectors import documents_of
from xianshen.documents.services import issue_document, withdraw_documents_of
from xianshen.ledger.events import Subject
from xianshen.registry.selectors import account_subject
from xianshen.regulation.schema import NotInPolicy
from xianshen.regulation.selectors import policy_version

if TYPE_CHECKING:
    from xianshen.approvals.models import ApprovalChain, ApprovalStep
    from xianshen.organisation.selectors import Grants


@dataclass(frozen=True, slots=True)
class Consequence:
    """A line of 签署以后: what an agreement in the step brings about, and the rule behind it."""

    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes with the form, for whoever decides."""

    name: str
    url: str
    note: str


@dataclass(frozen=True, slots=True)
class Crumb:
    """Where the approval page lies: the list, and the record."""

    url: str
    label: str
    name: str
    open: str


class ResultForm(forms.Form):
    """The result that goes with the last agreement; 不合格 is the verdict 不同意."""

    result = forms.ChoiceField(
        label=gettext_lazy("年审结果"),
        choices=[(one.value, one.label) for one in (ReviewResult.PASSED, ReviewResult.RECTIFY)],
        widget=forms.RadioSelect,
        help_text=gettext_lazy("不合格的选上面的「不同意」，账号当天暂停运行。"),
        error_messages={
            "required": gettext_lazy("还没有选年审结果。选合格或整改；不合格的选「不同意」。"),
            "invalid_choice": gettext_lazy("没有这一种结果。选合格或整改。"),
        },
    )
    rectify_by = forms.DateField(
        label=gettext_lazy("哪天前改好"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": gettext_lazy("没有这一天。写成 2027-01-29 的样子。")},
    )
    to_rectify = forms.CharField(
        label=gettext_lazy("要改什么"),
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("逐条写，会印在表上。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "use_required_attribute": False, "auto_id": "id_%s"})
        for name in ("rectify_by", "to_rectify"):
            field: Any = self.fields[name]
            field.when, field.when_name = ReviewResult.RECTIFY.value, "result"


class AnnualReviewHandler:
    """Implements :class:`xianshen.approvals.subjects.SubjectHandler`, ``AsksMore`` and ``FollowsSteps``."""

    subject_type = REVIEW_TYPE

    def _load(self, chain: "ApprovalChain") -> AnnualReview:
        return review_of(chain.institution_id, int(chain.subject_id))

    def url(self, subject_id: str) -> str:
        return reverse("assessment:review", args=[subject_id])

    def may_view(self, chain: "ApprovalChain", grants: "Grants") -> Decision:
        return may_view(self._load(chain), grants)

    def about(self, subject_id: str) -> tuple[Subject, ...]:
        review = AnnualReview.objects.select_related("account").filter(pk=subject_id).first()
        return (account_subject(review.account),) if review else ()

    def page(self, chain: "ApprovalChain", step: "ApprovalStep | None", on: date) -> Mapping[str, Any]:
        review = self._load(chain)
        policy = policy_version(chain.policy_version_id)
        try:
            platform = policy.platform(review.account.platform)
        except NotInPolicy:
            platform = None
        return {
            "document": documents_of(chain.institution_id, REVIEW_TYPE, chain.subject_id).first(),
            "after": self._after(chain, step, review),
            "annex": policy.form(policy.chain(chain.spec).form),
            "data": form_data(chain, review),
            "report": check_review(review, policy, on),
            "tier": policy.tier(review.tier),
            "platform": platform,
            "files": self._files(review),
            "offered_phrases": [_("属实。"), _("同意。")],
            "crumb": Crumb(
                reverse("assessment:board"), _("年审"), f"{review.account.name} {review.campaign.year}", _("看年审表")
            ),
        }

    def _files(self, review: AnnualReview) -> list[File]:
        push_list = current_list(review)
        if push_list is None:
            return []
        note = _("%(n)s 条") % {"n": number_words(push_list.count)}
        return [File(_("年度推送内容清单"), reverse("assessment:posts", args=[review.pk]), note)]

    def _after(self, chain: "ApprovalChain", step: "ApprovalStep | None", review: AnnualReview) -> list[Consequence]:
        if step is None:
            return []
        following = [one for one in chain.steps.all() if one.order > step.order and one.kind == StepKind.DECIDE]
        if following:
            return [
                Consequence(_("送「%(step)s」办理") % {"step": following[0].name}, rules.DUE),
                Consequence(_("记入留痕"), rules.SIGNING),
            ]
        lines = [Consequence(_("年审表盖章，两份分送存档"), rules.ANNEX_2)]
        if review.account.state == "suspended":
            lines.append(Consequence(_("合格的，因年审暂停的账号当天恢复运行"), rules.MAY_RUN))
        lines.append(Consequence(_("整改的，到期没有交整改结果就暂停运行"), rules.MAY_RUN))
        if not review.by_office:
            lines.append(Consequence(_("结果列入向办公室报备的清单"), rules.REPORT))
        lines.append(Consequence(_("记入留痕"), rules.SIGNING))
        return lines

    def further_form(
        self, chain: "ApprovalChain", step: "ApprovalStep", data: Mapping[str, Any] | None
    ) -> forms.Form | None:
        """Ask for the result where no decision comes after the step."""
        if step.kind != StepKind.DECIDE:
            return None
        if any(one.kind == StepKind.DECIDE and one.order > step.order for one in chain.steps.all()):
            return None
        policy = policy_version(chain.policy_version_id)
        spec = policy.annual_review
        on = timezone.localdate(chain.submitted_at)
        proposed = policy.due(spec.rectification, on) if spec else None
        return ResultForm(data, initial={"result": ReviewResult.PASSED.value, "rectify_by": proposed})

    def take_further(
        self, chain: "ApprovalChain", step: "ApprovalStep", further: Mapping[str, Any], *, last: bool, on: date
    ) -> None:
        if not last:
            return
        result, rectify_by, to_rectify = check_result(
            str(further.get("result") or ""),
            further.get("rectify_by"),
            str(further.get("to_rectify") or ""),
            on=on,
        )
        set_result(
            review_id=int(chain.subject_id),
            institution_id=chain.institution_id,
            result=result,
            rectify_by=rectify_by,
            to_rectify=to_rectify,
        )

    def before_agreement(self, chain: "ApprovalChain", step: "ApprovalStep", *, last: bool, on: date) -> None:
        """Refuse an agreement to a form whose list is gone or no longer the one that was handed in."""
        review = self._load(chain)
        push_list = current_list(review)
        if push_list is None or not any(push_list.digest in value for value in chain.content.values()):
            raise TransitionNotAllowed(
                _("「%(name)s」的推送清单和提交时不是同一份。退回，让负责人重新提交。") % {"name": review.account.name},
                rules.PUSH_LIST,
            )

    def on_step(
        self, chain: "ApprovalChain", following: "ApprovalStep", *, last: bool, actor: Actor, now: datetime
    ) -> None:
        if last:
            forward_review(chain, following, actor=actor, now=now)

    def on_outcome(self, chain: "ApprovalChain", *, actor: Actor, now: datetime, text: str) -> None:
        fresh = chain_of(chain.institution_id, chain.pk)
        review = conclude_review(fresh, last_step=_ended_by_last(fresh), actor=actor, now=now, text=text)
        decided = chain.state == ChainState.APPROVED or (
            chain.state == ChainState.REJECTED and review.result == ReviewResult.FAILED and _ended_by_last(fresh)
        )
        if chain.state == ChainState.REVOKED:
            withdraw_documents_of(actor=actor, subject=review_subject(review), reason=text, now=now)
        if not decided:
            return
        earlier = _("同一年度有了新的审定结果")
        withdraw_documents_of(actor=actor, subject=review_subject(review), reason=earlier, now=now)
        policy = policy_version(chain.policy_version_id)
        issue_document(
            actor=actor,
            form=policy.form(policy.chain(chain.spec).form),
            policy=policy,
            data=form_data(fresh, review),
            subject=review_subject(review),
            about=(account_subject(review.account),),
            title=f"{review.account.name} {review.campaign.year}",
            now=now,
        )


def _ended_by_last(chain: "ApprovalChain") -> bool:
    """Say whether the last deciding step has given its opinion for or against."""
    deciding = [one for one in chain.steps.all() if one.kind == StepKind.DECIDE]
    given = {Verdict.AGREE, Verdict.DISAGREE}
    return bool(deciding) and any(opinion.verdict in given for opinion in deciding[-1].opinions.all())
