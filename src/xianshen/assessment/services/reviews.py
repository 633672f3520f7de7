"""One account's form: save, hand in, and what follows from opinions and from deadlines."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.approvals.enums import ChainState
from xianshen.approvals.services import start_chain
from xianshen.assessment import events, rules
from xianshen.assessment.checks import check_review
from xianshen.assessment.enums import EDITABLE, ReviewResult, ReviewState
from xianshen.assessment.figures import CODES, NUMBERS, known
from xianshen.assessment.models import AnnualReview
from xianshen.assessment.paper import chain_spec, content_of, form_of
from xianshen.assessment.permissions import may_edit
from xianshen.assessment.selectors import REVIEW_TYPE, current_list, review_of, review_subject
from xianshen.assessment.services._shared import (
    meet_all,
    office_people,
    restart_account,
    start,
    start_again,
    stop_account,
    tell,
    unit_heads,
)
from xianshen.assessment.transitions import REVIEW
from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.language import stored
from xianshen.common.zhdates import zh_date
from xianshen.ledger.services import act, no_act, record, within_act
from xianshen.organisation.selectors import Grants
from xianshen.registry.enums import SuspensionReason
from xianshen.registry.selectors import account_subject
from xianshen.regulation.schema import AnnualReviewSpec, Policy
from xianshen.regulation.selectors import policy_on, policy_version
from xianshen.workflow.tables import apply_transition, locked

if TYPE_CHECKING:
    from xianshen.approvals.models import ApprovalChain, ApprovalStep
    from xianshen.clocks.models import Deadline

COLUMNS = frozenset({*CODES, "owner_name", "owner_mobile", "owner_email", "statement"})
#: The Office may set a day for putting things right within this time.
LONGEST_RECTIFICATION = timedelta(days=366)
WHAT_LIMIT = 1_000


@no_act(why="takes the lock for acts that change the form")
def editable(review_id: int, grants: Grants, revision: int | None) -> AnnualReview:
    """Return the form locked, if the person may change it and nobody has meanwhile.

    Raises:
        AnnualReview.DoesNotExist, PermissionDenied, TransitionNotAllowed.
    """
    locked(AnnualReview, review_id, institution_id=grants.institution_id)
    review = review_of(grants.institution_id, review_id)
    permission = may_edit(review, grants)
    if not permission:
        if review.state not in EDITABLE:
            raise TransitionNotAllowed(permission.reason, permission.rule)
        raise PermissionDenied.from_denied(permission)
    if revision is not None and review.revision != revision:
        raise TransitionNotAllowed(
            _("这份年审表在另一个窗口里改过。你在这里写的还在页面上：复制要留的内容，刷新页面再填。"), rules.DUE
        )
    return review


@act(records=False, why="a form is its writer's own until it is handed in; what is handed in is recorded")
def save_review(
    *,
    actor: Actor,
    grants: Grants,
    review_id: int,
    revision: int,
    values: Mapping[str, object],
    reasons: Mapping[str, str],
    now: datetime,
) -> AnnualReview:
    """Save what was typed, complete or not.

    Args:
        actor: who types.
        grants: of the person.
        review_id: the review.
        revision: revision on which the typing was based.
        values: column or extra field code → cleaned value; fields not named stay.
        reasons: code of a figure → why it differs from what the platform knows.
        now: time of saving.

    Raises:
        PermissionDenied: not the person's to fill in.
        TransitionNotAllowed: handed in meanwhile, or changed in another window.
    """
    review = editable(review_id, grants, revision)
    extra, sources = dict(review.extra), dict(review.sources)
    offers = known(review, timezone.localdate(now)).binding
    for code, value in values.items():
        if code not in COLUMNS:
            extra[code] = value
            continue
        if code in CODES:
            sources[code] = _source(code, value, getattr(review, code), sources.get(code, {}), offers, actor)
        setattr(review, code, value)
    for code, reason in reasons.items():
        if code in CODES:
            sources[code] = {**sources.get(code, {}), "reason": reason.strip()}
    review.extra, review.sources = extra, {code: source for code, source in sources.items() if source}
    review.revision += 1
    review.saved_at = now
    review.save()
    return review


def _source(
    code: str, value: object, before: object, source: Mapping[str, str], offers: Mapping[str, object], actor: Actor
) -> dict[str, str]:
    """Return where a figure comes from now: kept, offered by the platform, or entered by the person."""
    if value in (None, ""):
        return {}
    offered = offers.get(code)
    if offered is not None and getattr(offered, "value", None) == value:
        return {"source": stored(getattr(offered, "source", "")), "by": ""}
    if value == before and source.get("source"):
        return dict(source)
    reason = {"reason": source["reason"]} if source.get("reason") else {}
    return {"source": stored(gettext_lazy("%(name)s填写"), name=actor.name), "by": actor.name, **reason}


@within_act
def take_offers(review: AnnualReview, on: date) -> set[str]:
    """Fill empty figures with what the platform knows; returns the codes that were filled."""
    filled = set()
    sources = dict(review.sources)
    for code, figure in known(review, on).binding.items():
        if getattr(review, code) in (None, "") and code != "violations":
            setattr(review, code, int(figure.value) if code in NUMBERS else str(figure.value))
            sources[code] = {"source": stored(figure.source), "by": ""}
            filled.add(code)
    review.sources = sources
    return filled


def _policy(review: AnnualReview, on: date) -> tuple[Policy, AnnualReviewSpec]:
    """Return the policy by which the campaign was opened."""
    policy = policy_version(review.campaign.policy_version_id)
    if policy.annual_review is None:
        policy = policy_on(review.institution_id, on)
    assert policy.annual_review is not None
    return policy, policy.annual_review


@act
def submit_review(*, actor: Actor, grants: Grants, review_id: int, revision: int, now: datetime) -> AnnualReview:
    """Hand a form in (or, after a return, a rectification or a failure, hand it in again).

    Raises:
        PermissionDenied, TransitionNotAllowed: as :func:`save_review`.
        ValidationError: figures missing or wrong, or the list does not fit, by field.
    """
    on = timezone.localdate(now)
    review = editable(review_id, grants, revision)
    policy, spec = _policy(review, on)
    report = check_review(review, policy, on)
    if not report.submittable:
        raise ValidationError(report.errors)
    push_list = current_list(review)
    assert push_list is not None
    late = meet_all(review, spec, actor=actor, on=on, now=now) or on > review.campaign.due_on
    chain = chain_spec(review, policy)
    again = review.state != ReviewState.DRAFT
    first_late = review.submitted_late or (late and review.submitted_at is None)
    apply_transition(
        REVIEW,
        review,
        "resubmit" if again else "submit",
        who=grants,
        actor=actor,
        at=now,
        subject=review_subject(review),
        payload={
            "year": review.campaign.year,
            "posts_total": review.posts_total,
            "list_digest": push_list.digest,
            "late": late,
        },
        changes={
            "submitted_at": now,
            "submitted_by_id": grants.person_id,
            "submitted_late": first_late,
            "findings": report.to_see,
            "revision": review.revision + 1,
        },
        article=policy.rule(rules.DUE).article,
        policy_version=policy.label,
        about=(account_subject(review.account),),
    )
    start_chain(
        actor=actor,
        applicant_id=grants.person_id,
        subject=review_subject(review),
        spec=chain,
        policy=policy,
        unit=review.unit,
        content=content_of(review, form_of(review, policy), list_digest=push_list.digest, list_count=push_list.count),
        now=now,
    )
    return review


@no_act(why="judges what the decider chose; nothing is written")
def check_result(
    result: str, rectify_by: date | None, to_rectify: str, *, on: date
) -> tuple[ReviewResult, date | None, str]:
    """Judge the result that goes with the last agreement.

    Raises:
        ValidationError: no result, or 整改 without a day or without saying what to put right.
    """
    problems: dict[str, str] = {}
    if result not in {ReviewResult.PASSED, ReviewResult.RECTIFY}:
        problems["result"] = _("还没有选年审结果。选合格或整改；不合格的选「不同意」。")
    to_rectify = to_rectify.strip()
    if result == ReviewResult.RECTIFY:
        if rectify_by is None:
            problems["rectify_by"] = _("整改没有写期限。写哪天前改好。")
        elif not on < rectify_by <= on + LONGEST_RECTIFICATION:
            problems["rectify_by"] = _("整改期限不对。写明天以后、一年以内的一天。")
        if not to_rectify:
            problems["to_rectify"] = _("没有写要改什么。逐条写清，负责人照着改。")
        elif len(to_rectify) > WHAT_LIMIT:
            problems["to_rectify"] = _("要改的写了 %(n)d 字，最多 %(most)d 字。写要点。") % {
                "n": len(to_rectify),
                "most": WHAT_LIMIT,
            }
    if problems:
        raise ValidationError(problems)
    if result == ReviewResult.RECTIFY:
        return ReviewResult.RECTIFY, rectify_by, to_rectify
    return ReviewResult.PASSED, None, ""


@within_act
def set_result(
    *, review_id: int, institution_id: int, result: ReviewResult, rectify_by: date | None, to_rectify: str
) -> AnnualReview:
    """Write down the result that the last opinion will carry out (called before it is signed, in the same act)."""
    review = locked(AnnualReview, review_id, institution_id=institution_id)
    review.result, review.rectify_by, review.to_rectify = result, rectify_by, to_rectify
    review.save(update_fields=["result", "rectify_by", "to_rectify"])
    return review


def _apply(review: AnnualReview, name: str, *, actor: Actor, now: datetime, policy: Policy, **more: object) -> None:
    payload: dict[str, object] = {"year": review.campaign.year}
    changes = more.pop("changes", {})
    payload |= more
    apply_transition(
        REVIEW,
        review,
        name,
        who=actor,
        actor=actor,
        at=now,
        subject=review_subject(review),
        payload=payload,
        changes=changes,  # type: ignore[arg-type]
        article=policy.rule(REVIEW[name].rule).article,
        policy_version=policy.label,
        about=(account_subject(review.account),),
    )


@within_act
def forward_review(chain: "ApprovalChain", following: "ApprovalStep", *, actor: Actor, now: datetime) -> None:
    """Move the review on because a step before the last was agreed to, and only the last one is left."""
    review = _locked(chain)
    if review.state != ReviewState.UNIT:
        return
    policy = policy_version(chain.policy_version_id)
    _apply(review, "forward", actor=actor, now=now, policy=policy, step=following.name)


def _locked(chain: "ApprovalChain") -> AnnualReview:
    locked(AnnualReview, chain.subject_id, institution_id=chain.institution_id)
    return review_of(chain.institution_id, int(chain.subject_id))


@within_act
def conclude_review(chain: "ApprovalChain", *, last_step: bool, actor: Actor, now: datetime, text: str) -> AnnualReview:
    """Carry out what follows from the end of a round: the result, the account, the clocks.

    Args:
        chain: the round, closed.
        last_step: whether the last deciding step ended it; a unit that disagrees sends the form back.
        actor: who decided.
        now: time of the act.
        text: the opinion's words.
    """
    review = _locked(chain)
    on = timezone.localdate(now)
    policy = policy_version(chain.policy_version_id)
    _policy_then, spec = _policy(review, on)
    state = ChainState(chain.state)
    if state == ChainState.APPROVED and review.result == ReviewResult.RECTIFY:
        assert review.rectify_by is not None
        _apply(
            review,
            "rectify",
            actor=actor,
            now=now,
            policy=policy,
            until=review.rectify_by.isoformat(),
            what=review.to_rectify,
            changes={"decided_at": now},
        )
        start(review, spec.rectification, policy, actor=actor, on=on, now=now, due_on=review.rectify_by)
    elif state == ChainState.APPROVED:
        _apply(review, "pass", actor=actor, now=now, policy=policy, changes={"decided_at": now, "result": "passed"})
        said = stored(gettext_lazy("%(year)s 年度年审合格。"), year=review.campaign.year)
        restart_account(review, said, actor=actor, now=now)
    elif state == ChainState.REVOKED or (state == ChainState.REJECTED and last_step):
        name = "revoke" if state == ChainState.REVOKED else "fail"
        changes = {"decided_at": now, "result": ReviewResult.FAILED, "rectify_by": None, "to_rectify": ""}
        _apply(review, name, actor=actor, now=now, policy=policy, changes=changes)
        said = stored(
            gettext_lazy("%(year)s 年度年审不合格：%(text)s"), year=review.campaign.year, text=text.strip()[:600]
        )
        stop_account(review, SuspensionReason.REVIEW_FAILED, said, actor=actor, now=now)
    elif state in {ChainState.RETURNED, ChainState.REJECTED}:
        _apply(review, "return", actor=actor, now=now, policy=policy)
        start_again(review, spec, policy, actor=actor, on=on, now=now)
    elif state == ChainState.WITHDRAWN:
        back = {ReviewResult.RECTIFY: "withdraw_rectification", ReviewResult.FAILED: "withdraw_appeal"}
        earlier = ReviewResult(review.result) if review.result else ReviewResult.PASSED
        _apply(review, back.get(earlier, "withdraw"), actor=actor, now=now, policy=policy)
        if earlier == ReviewResult.RECTIFY:
            due_on = max(review.rectify_by or on, on)
            start(review, spec.rectification, policy, actor=actor, on=on, now=now, due_on=due_on)
        elif earlier != ReviewResult.FAILED:
            start_again(review, spec, policy, actor=actor, on=on, now=now)
    return review


@within_act
def suspend_undone(deadline: "Deadline", now: datetime) -> None:
    """Consequence of a review's clock: the account of a form that is not handed in stands still.

    Runs inside the act of the deadline, as the system. What was handed in meanwhile, or needs no review any more,
    stops nobody.
    """
    review = (
        AnnualReview.objects.select_for_update(of=("self",))
        .filter(pk=deadline.subject_id, institution_id=deadline.institution_id)
        .first()
    )
    if review is None or review.state not in {ReviewState.DRAFT, ReviewState.RETURNED, ReviewState.RECTIFY}:
        return
    review = review_of(deadline.institution_id, review.pk)
    actor = Actor.system(institution_id=deadline.institution_id, institution=review.campaign.institution.code)
    on = timezone.localdate(now)
    due = zh_date(deadline.due_on, year=True)
    year = review.campaign.year
    policy = policy_version(deadline.policy_version_id)
    review.missed_at = review.missed_at or now
    review.save(update_fields=["missed_at"])
    if review.state == ReviewState.RECTIFY:
        reason = SuspensionReason.REVIEW_FAILED
        said = stored(gettext_lazy("%(date)s前没有交整改结果。改好再交，合格以后恢复运行。"), date=due)
    else:
        reason = SuspensionReason.NOT_REVIEWED
        said = stored(
            gettext_lazy("%(date)s截止，没有交 %(year)s 年度年审表。补交并合格以后恢复运行。"), date=due, year=year
        )
    record(
        events.MISSED,
        actor=actor,
        subject=review_subject(review),
        payload={"year": year, "due_on": deadline.due_on.isoformat()},
        at=now,
        rule=rules.DUE,
        article=policy.rule(rules.DUE).article,
        policy_version=policy.label,
        about=(account_subject(review.account),),
    )
    if not stop_account(review, reason, said, actor=actor, now=now):
        people = [*unit_heads(review, on), *office_people(review.institution_id, on)]
        if review.account.owner_id:
            people.append(review.account.owner_id)
        tell(review, people, said, key=f"missed:{deadline.pk}", now=now)


__all__ = ["REVIEW_TYPE", "check_result", "conclude_review", "forward_review", "save_review", "submit_review"]
