"""What the acts of the room share: who is told, and how a review's account stops and runs again."""

from collections.abc import Sequence
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy

from xianshen.assessment import rules
from xianshen.assessment.models import AnnualReview
from xianshen.assessment.selectors import review_subject
from xianshen.clocks.services import cancel_clocks, meet_clock, start_clock
from xianshen.common.actors import Actor
from xianshen.common.errors import TransitionNotAllowed
from xianshen.common.language import stored
from xianshen.common.zhdates import zh_date
from xianshen.ledger.services import no_act, within_act
from xianshen.notices.enums import NoticeKind
from xianshen.notices.services import notify
from xianshen.organisation.selectors import holders, holdings_where
from xianshen.registry.enums import AccountState, SuspensionReason
from xianshen.registry.selectors import account_subject
from xianshen.registry.services import resume_account, suspend_account
from xianshen.regulation.enums import Capability
from xianshen.regulation.schema import AnnualReviewSpec, Policy
from xianshen.regulation.selectors import policy_on

#: Suspensions that a good review lifts.
LIFTED = frozenset({SuspensionReason.NOT_REVIEWED, SuspensionReason.REVIEW_FAILED})


@no_act(why="asks who looks after the reviews")
def office_people(institution_id: int, on: date) -> list[int]:
    """Return the people of the Office who run the annual review today."""
    kinds = policy_on(institution_id, on).organisation.position_kinds
    managing = [kind.code for kind in kinds if Capability.ACCOUNTS_MANAGE in kind.capabilities]
    found = holdings_where(on, institution_id=institution_id, position__kind__in=managing)
    return list(dict.fromkeys(holding.person.pk for holding in found))


@no_act(why="asks who answers for the account")
def unit_heads(review: AnnualReview, on: date) -> list[int]:
    """Return who is first responsible for the account today."""
    account = review.account
    found = holders(
        review.institution_id,
        position_kind=account.first_responsible_position,
        unit_id=account.first_responsible_unit_id,
        on=on,
    )
    return list(dict.fromkeys(holding.person.pk for holding in found))


@within_act
def tell(
    review: AnnualReview,
    people: Sequence[int],
    text: str,
    *,
    key: str,
    now: datetime,
    kind: NoticeKind = NoticeKind.REVIEW_OUTCOME,
) -> None:
    """Tell people something about a review."""
    notify(
        institution_id=review.institution_id,
        people=people,
        text=text,
        url=f"/reviews/{review.pk}/",
        rule=rules.DUE,
        key=f"review:{review.pk}:{key}",
        at=now,
        kind=kind,
    )


@within_act
def stop_account(review: AnnualReview, reason: SuspensionReason, text: str, *, actor: Actor, now: datetime) -> bool:
    """Suspend the review's account; an account that does not run is left as it is. Owner, head and Office are told.

    Returns:
        whether it was suspended.
    """
    account = review.account
    if account.state not in {AccountState.ACTIVE, AccountState.APPLIED, AccountState.CLOSING}:
        return False
    suspend_account(
        account_id=account.pk,
        institution_id=review.institution_id,
        actor=actor,
        grants=None,
        reason=reason,
        text=text,
        now=now,
    )
    on = timezone.localdate(now)
    people = [*unit_heads(review, on), *office_people(review.institution_id, on)]
    if account.owner_id:
        people = [one for one in people if one != account.owner_id]
    said = stored(
        gettext_lazy("「%(name)s」从%(date)s起暂停运行（%(reason)s）。%(text)s"),
        name=account.name,
        date=zh_date(on, year=True),
        reason=reason.label,
        text=text,
    )
    tell(
        review,
        people,
        said,
        key=f"stopped:{reason.value}:{now:%Y%m%d%H%M%S}",
        now=now,
        kind=NoticeKind.ACCOUNT_SUSPENDED,
    )
    return True


@within_act
def restart_account(review: AnnualReview, text: str, *, actor: Actor, now: datetime) -> bool:
    """Let an account run again that stood still for its review only.

    Returns:
        whether it runs again; one whose server is not approved stays stopped, and its owner is told.
    """
    account = review.account
    if account.state != AccountState.SUSPENDED or account.suspension_reason not in LIFTED:
        return False
    try:
        resume_account(
            account_id=account.pk,
            institution_id=review.institution_id,
            actor=actor,
            grants=None,
            text=text,
            now=now,
        )
    except TransitionNotAllowed as refusal:
        people = [account.owner_id] if account.owner_id else unit_heads(review, timezone.localdate(now))
        tell(review, people, str(refusal.reason), key=f"stays:{now:%Y%m%d%H%M%S}", now=now)
        return False
    return True


@within_act
def start(
    review: AnnualReview,
    clock: str,
    policy: Policy,
    *,
    actor: Actor,
    on: date,
    now: datetime,
    due_on: date | None = None,
) -> None:
    """Start a clock of the review; one that runs already is left to run."""
    cancel_clocks(
        actor=actor,
        institution_id=review.institution_id,
        subject_type="annual_review",
        subject_id=str(review.pk),
        clock=clock,
        why=stored(gettext_lazy("重新计时")),
        now=now,
    )
    start_clock(
        actor=actor,
        policy=policy,
        clock=clock,
        subject=review_subject(review),
        started_on=on,
        unit_id=review.unit_id,
        now=now,
        about=(account_subject(review.account),),
        due_on=due_on,
    )


@within_act
def meet_all(review: AnnualReview, spec: AnnualReviewSpec, *, actor: Actor, on: date, now: datetime) -> bool:
    """Stop the clocks of a review because its form was handed in; returns whether one was late."""
    late = False
    for clock in (spec.due, spec.correction, spec.rectification):
        deadline = meet_clock(
            actor=actor,
            institution_id=review.institution_id,
            subject_type="annual_review",
            subject_id=str(review.pk),
            clock=clock,
            on=on,
            now=now,
        )
        late = late or (deadline is not None and deadline.late)
    return late


@within_act
def start_again(
    review: AnnualReview, spec: AnnualReviewSpec, policy: Policy, *, actor: Actor, on: date, now: datetime
) -> None:
    """Start the clock of a form that has come back: the campaign's, or the one for corrections when that ends later.

    An account that stands still already has nothing more to lose by waiting, so no clock runs for it.
    """
    account = review.account
    if account.state == AccountState.SUSPENDED and account.suspension_reason in LIFTED:
        return
    correction = policy.due(spec.correction, on)
    if correction <= review.campaign.due_on:
        start(review, spec.due, policy, actor=actor, on=on, now=now, due_on=review.campaign.due_on)
    else:
        start(review, spec.correction, policy, actor=actor, on=on, now=now)
