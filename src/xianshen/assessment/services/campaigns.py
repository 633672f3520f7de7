"""A year's campaign: open it, add accounts that came later, remind, close."""

from collections.abc import Sequence
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.assessment import events, rules
from xianshen.assessment.enums import CampaignState, ReviewState
from xianshen.assessment.models import AnnualReview, ReviewCampaign
from xianshen.assessment.permissions import may_manage
from xianshen.assessment.selectors import (
    LIVE,
    NOT_HANDED_IN_STATES,
    campaign_subject,
    not_enrolled,
    review_subject,
    reviews_in,
)
from xianshen.assessment.services._shared import unit_heads
from xianshen.assessment.transitions import CAMPAIGN
from xianshen.clocks.services import Start, start_clocks
from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.language import stored
from xianshen.common.zhdates import zh_date
from xianshen.ledger.services import Unchanged, act, no_act, record
from xianshen.notices.enums import NoticeKind
from xianshen.notices.services import notify
from xianshen.organisation.selectors import Grants
from xianshen.registry.selectors import account_subject
from xianshen.regulation.schema import AnnualReviewSpec, Policy
from xianshen.regulation.selectors import policy_on, policy_version
from xianshen.workflow.tables import apply_transition, locked

BATCH = 500
#: Reviews reminded by one act, so that a request stays short.
MOST_REMINDED = 1_000


class CampaignExists(TransitionNotAllowed):
    """The year's campaign has been opened before.

    Attributes:
        campaign: the first one.
    """

    def __init__(self, campaign: ReviewCampaign) -> None:
        reason = _("%(year)s 年度的年审已经在%(date)s开始了，一年只办一次。去看那一次。") % {
            "year": campaign.year,
            "date": zh_date(timezone.localdate(campaign.opened_at), year=True),
        }
        super().__init__(reason, rules.DUE)
        self.campaign = campaign


def _spec(policy: Policy) -> AnnualReviewSpec:
    if policy.annual_review is None:
        raise TransitionNotAllowed(_("现行办法里没有写年审怎么办，开不了。办公室先在制度包里补上年审一节。"), rules.DUE)
    return policy.annual_review


@act
def open_campaign(*, actor: Actor, grants: Grants, year: int, now: datetime) -> ReviewCampaign:
    """Begin a year's review: a form for every account that runs, and its clock.

    Accounts opened after the policy's day are listed as exempt.

    Args:
        actor: of the Office.
        grants: of the person.
        year: the year reviewed.
        now: time of the act.

    Raises:
        PermissionDenied: not the Office.
        CampaignExists: opened before.
        ValidationError: the year has not begun, or its deadline has passed.
        TransitionNotAllowed: the policy says nothing about reviews.
    """
    if not (permission := may_manage(grants)):
        raise PermissionDenied.from_denied(permission)
    on = timezone.localdate(now)
    policy = policy_on(actor.institution_id, on)
    spec = _spec(policy)
    first = ReviewCampaign.objects.filter(institution_id=actor.institution_id, year=year).first()
    if first is not None:
        raise CampaignExists(first)
    due_on = _due_on(policy, spec, year, on)
    campaign = ReviewCampaign.objects.create(
        institution_id=actor.institution_id,
        policy_version_id=policy.version_id,
        year=year,
        opened_at=now,
        opened_by_id=grants.person_id,
        due_on=due_on,
    )
    asked, exempt = _enrol(campaign, policy, spec, actor=actor, now=now)
    record(
        events.CAMPAIGN_OPENED,
        actor=actor,
        subject=campaign_subject(campaign),
        payload={"year": year, "due_on": due_on.isoformat(), "reviews": asked, "exempt": exempt},
        at=now,
        rule=rules.DUE,
        article=policy.rule(rules.DUE).article,
        policy_version=policy.label,
    )
    return campaign


def _due_on(policy: Policy, spec: AnnualReviewSpec, year: int, on: date) -> date:
    """Return the last day of the year's campaign; refuse a year that cannot be reviewed today."""
    if year > on.year:
        raise ValidationError({"year": _("%(year)s 年还没有到。到了那一年再开始。") % {"year": year}})
    due_on = policy.due(spec.due, max(on, date(year, 1, 1)))
    if year < on.year or due_on.year != year:
        last = policy.due(spec.due, date(year, 1, 1)) if year >= 1 else due_on
        raise ValidationError(
            {
                "year": _("%(year)s 年度的截止日（%(date)s）已经过了，开不了。已经过期的账号由办公室逐个处理。")
                % {"year": year, "date": zh_date(last, year=True)}
            }
        )
    return due_on


def _enrol(
    campaign: ReviewCampaign, policy: Policy, spec: AnnualReviewSpec, *, actor: Actor, now: datetime
) -> tuple[int, int]:
    """Add every account that has no review yet; returns how many are asked and how many are exempt."""
    on = timezone.localdate(now)
    asked = exempt = 0
    batch: list[AnnualReview] = []

    def flush() -> None:
        made = AnnualReview.objects.bulk_create(batch)
        starts = [
            Start(review_subject(one), one.unit_id, (account_subject(one.account),))
            for one in made
            if one.state == ReviewState.DRAFT
        ]
        if starts:
            start_clocks(
                actor=actor,
                policy=policy,
                clock=spec.due,
                starts=starts,
                started_on=on,
                now=now,
                due_on=campaign.due_on,
            )
        batch.clear()

    accounts = not_enrolled(campaign.institution_id, campaign).order_by("pk")
    for account in accounts.iterator(chunk_size=BATCH):
        free = spec.exempts(account.opened_on, campaign.year)
        asked, exempt = asked + (not free), exempt + free
        batch.append(
            AnnualReview(
                institution_id=campaign.institution_id,
                campaign=campaign,
                account=account,
                unit_id=account.unit_id,
                home_unit_id=account.home_unit_id,
                tier=account.tier,
                by_office=account.tier in spec.tiers,
                state=ReviewState.EXEMPT if free else ReviewState.DRAFT,
                owner_name=account.owner_name,
                owner_mobile=account.owner_mobile,
                owner_email=account.owner_email,
            )
        )
        if len(batch) >= BATCH:
            flush()
    if batch:
        flush()
    return asked, exempt


@act
def enrol_accounts(*, campaign_id: int, institution_id: int, actor: Actor, now: datetime) -> int:
    """Add accounts that came after the campaign was opened; called by the daily tick, repeatable.

    Returns:
        how many were added.
    """
    campaign = locked(ReviewCampaign, campaign_id, institution_id=institution_id)
    if campaign.state != CampaignState.OPEN or timezone.localdate(now) > campaign.due_on:
        raise Unchanged(0)
    policy = policy_version(campaign.policy_version_id)
    asked, exempt = _enrol(campaign, policy, _spec(policy), actor=actor, now=now)
    if not asked and not exempt:
        raise Unchanged(0)
    record(
        events.ACCOUNTS_ENROLLED,
        actor=actor,
        subject=campaign_subject(campaign),
        payload={"year": campaign.year, "reviews": asked, "exempt": exempt},
        at=now,
        rule=rules.DUE,
        article=policy.rule(rules.DUE).article,
        policy_version=policy.label,
    )
    return asked + exempt


@no_act(why="each campaign's addition is an act of its own")
def enrol_everywhere(*, now: datetime) -> int:
    """Add to every open campaign the accounts that it lacks; returns how many."""
    added = 0
    for campaign in ReviewCampaign.objects.filter(state=CampaignState.OPEN).select_related("institution"):
        actor = Actor.system(institution_id=campaign.institution_id, institution=campaign.institution.code)
        added += enrol_accounts(campaign_id=campaign.pk, institution_id=campaign.institution_id, actor=actor, now=now)
    return added


@act
def remind_missing(
    *, actor: Actor, grants: Grants, campaign_id: int, review_ids: Sequence[int], now: datetime
) -> list[AnnualReview]:
    """Remind owners and first responsible people of forms that are not handed in, in one act.

    Args:
        actor: of the Office.
        grants: of the person.
        campaign_id: the campaign.
        review_ids: the reviews; those handed in, exempt or of other campaigns are left out.
        now: time of the act.

    Returns:
        the reviews of which somebody was reminded.

    Raises:
        PermissionDenied: not the Office.
        ValidationError: none of them is missing, or too many at once.
    """
    if not (permission := may_manage(grants)):
        raise PermissionDenied.from_denied(permission)
    campaign = locked(ReviewCampaign, campaign_id, institution_id=actor.institution_id)
    if len(review_ids) > MOST_REMINDED:
        raise ValidationError(_("一次最多提醒 %(n)d 个平台。先按单位筛选，分几次提醒。") % {"n": MOST_REMINDED})
    missing = list(
        reviews_in(actor.institution_id)
        .filter(LIVE, campaign=campaign, pk__in=review_ids, state__in=NOT_HANDED_IN_STATES)
        .order_by("unit_id", "pk")
    )
    if not missing:
        raise ValidationError(_("选中的都已经交了，不用提醒。刷新页面看最新情况。"))
    on = timezone.localdate(now)
    people = _tell_missing(campaign, missing, on, now)
    AnnualReview.objects.filter(pk__in=[one.pk for one in missing]).update(reminded_at=now, reminders=_one_more())
    record(
        events.REMINDED,
        actor=actor,
        subject=campaign_subject(campaign),
        payload={"year": campaign.year, "reviews": len(missing), "people": people},
        at=now,
        rule=rules.DUE,
        about=tuple(review_subject(one) for one in missing),
    )
    return missing


def _one_more() -> object:
    from django.db.models import F

    return F("reminders") + 1


def _tell_missing(campaign: ReviewCampaign, missing: Sequence[AnnualReview], on: date, now: datetime) -> int:
    """Tell each person once, however many accounts they answer for; returns how many people."""
    heads: dict[tuple[str, int], list[int]] = {}
    by_person: dict[int, list[AnnualReview]] = {}
    for review in missing:
        account = review.account
        key = (account.first_responsible_position, account.first_responsible_unit_id)
        if key not in heads:
            heads[key] = unit_heads(review, on)
        for person in dict.fromkeys([*([account.owner_id] if account.owner_id else []), *heads[key]]):
            by_person.setdefault(person, []).append(review)
    for person, reviews in by_person.items():
        names = "、".join(f"「{one.account.name}」" for one in reviews[:3])
        said = stored(
            gettext_lazy("办公室提醒：%(names)s%(more)s还没有交 %(year)s 年度年审表，%(date)s截止。"),
            names=names,
            more=stored(gettext_lazy("等 %(n)d 个平台"), n=len(reviews)) if len(reviews) > 3 else "",
            year=campaign.year,
            date=zh_date(campaign.due_on, year=True),
        )
        notify(
            institution_id=campaign.institution_id,
            people=[person],
            text=said,
            url=f"/reviews/{reviews[0].pk}/" if len(reviews) == 1 else "/reviews/mine/",
            rule=rules.DUE,
            key=f"review:remind:{campaign.pk}:{person}:{now:%Y%m%d%H%M%S}",
            at=now,
            kind=NoticeKind.REVIEW_TODO,
        )
    return len(by_person)


@act
def close_campaign(*, actor: Actor, grants: Grants, campaign_id: int, now: datetime) -> ReviewCampaign:
    """End a campaign after its deadline: nobody is added or reminded any more; late forms are still taken.

    Raises:
        PermissionDenied: not the Office.
        TransitionNotAllowed: closed already, or the deadline is still to come.
    """
    campaign = locked(ReviewCampaign, campaign_id, institution_id=actor.institution_id)
    if timezone.localdate(now) <= campaign.due_on:
        raise TransitionNotAllowed(
            _("%(date)s才截止，现在不能结束。截止以后再结束。") % {"date": zh_date(campaign.due_on, year=True)},
            rules.DUE,
        )
    left = reviews_in(actor.institution_id).filter(LIVE, campaign=campaign)
    left = left.exclude(state__in=[ReviewState.PASSED, ReviewState.EXEMPT])
    apply_transition(
        CAMPAIGN,
        campaign,
        "close",
        who=grants,
        actor=actor,
        at=now,
        subject=campaign_subject(campaign),
        payload={"year": campaign.year, "open": left.count()},
        changes={"closed_at": now, "closed_by_id": grants.person_id},
    )
    return campaign
