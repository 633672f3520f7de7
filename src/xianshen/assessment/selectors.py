"""Reading campaigns, reviews, lists and reports; always within one institution."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy

from xianshen.assessment.enums import CampaignState, ReportState, ReviewState, Step
from xianshen.assessment.models import AnnualReview, PushItem, PushList, ResultReport, ReviewCampaign
from xianshen.clocks.enums import ClockState
from xianshen.clocks.selectors import board
from xianshen.common.language import stored
from xianshen.ledger.events import Subject
from xianshen.organisation.selectors import Grants
from xianshen.registry.enums import AccountState
from xianshen.registry.selectors import accounts_in
from xianshen.regulation.enums import Capability
from xianshen.regulation.selectors import policy_version

REVIEW_TYPE = "annual_review"
CAMPAIGN_TYPE = "review_campaign"
REPORT_TYPE = "review_report"

#: A review of an account that has been closed for good asks nothing of anybody.
LIVE = ~Q(account__state=AccountState.CLOSED)
STEP = Case(
    When(state=ReviewState.DRAFT, saved_at__isnull=True, then=Value(Step.UNTOUCHED.value)),
    When(state=ReviewState.DRAFT, then=Value(Step.WRITING.value)),
    default=F("state"),
    output_field=CharField(),
)
NOT_HANDED_IN_STATES = (ReviewState.DRAFT, ReviewState.RETURNED)
SUBMITTED_STATES = (ReviewState.UNIT, ReviewState.OFFICE, ReviewState.PASSED, ReviewState.RECTIFY, ReviewState.FAILED)


def review_subject(review: AnnualReview) -> Subject:
    """Return the review as the ledger names it."""
    label = stored(gettext_lazy("「%(name)s」%(year)s 年度年审"), name=review.account.name, year=review.campaign.year)
    return Subject(REVIEW_TYPE, str(review.pk), label)


def campaign_subject(campaign: ReviewCampaign) -> Subject:
    """Return the campaign as the ledger names it."""
    return Subject(CAMPAIGN_TYPE, str(campaign.pk), stored(gettext_lazy("%(year)s 年度年审"), year=campaign.year))


def report_subject(report: ResultReport) -> Subject:
    """Return the list of results as the ledger names it."""
    label = stored(gettext_lazy("%(unit)s %(year)s 年度年审报备"), unit=report.unit.name, year=report.campaign.year)
    return Subject(REPORT_TYPE, str(report.pk), label)


def campaigns_in(institution_id: int) -> QuerySet[ReviewCampaign]:
    """Return the institution's campaigns, newest first."""
    return ReviewCampaign.objects.filter(institution_id=institution_id).order_by("-year")


def campaign_of(institution_id: int, campaign_id: int) -> ReviewCampaign:
    """Return one campaign.

    Raises:
        ReviewCampaign.DoesNotExist: not in the institution.
    """
    return ReviewCampaign.objects.select_related("institution").get(pk=campaign_id, institution_id=institution_id)


def reviews_in(institution_id: int) -> QuerySet[AnnualReview]:
    """Return all reviews with what lists show."""
    return AnnualReview.objects.filter(institution_id=institution_id).select_related(
        "campaign", "account", "unit", "home_unit"
    )


def reviews_visible_to(grants: Grants) -> QuerySet[AnnualReview]:
    """Return the reviews that the person may read."""
    found = reviews_in(grants.institution_id)
    if grants.has(Capability.ACCOUNTS_VIEW_ALL):
        return found
    units = grants.units(Capability.ACCOUNTS_VIEW_UNIT) | grants.units(Capability.OPENING_APPLY)
    return found.filter(Q(unit_id__in=units) | Q(home_unit_id__in=units) | Q(account__owner_id=grants.person_id))


def review_of(institution_id: int, review_id: int) -> AnnualReview:
    """Return one review with what its page shows.

    Raises:
        AnnualReview.DoesNotExist: not in the institution.
    """
    return (
        reviews_in(institution_id)
        .select_related("campaign__institution", "account__owner", "account__first_responsible_unit", "submitted_by")
        .get(pk=review_id)
    )


def reviews_to_fill(grants: Grants) -> QuerySet[AnnualReview]:
    """Return the reviews of open campaigns that the person fills in and that are not handed in, most urgent first."""
    units = grants.units(Capability.OPENING_APPLY)
    return (
        reviews_in(grants.institution_id)
        .filter(
            LIVE,
            Q(account__owner_id=grants.person_id) | Q(account__owner__isnull=True, unit_id__in=units),
            state__in=[ReviewState.DRAFT, ReviewState.RETURNED, ReviewState.RECTIFY],
        )
        .filter(Q(campaign__state=CampaignState.OPEN) | ~Q(state=ReviewState.DRAFT))
        .order_by("campaign__due_on", "account__name", "pk")
    )


@dataclass(frozen=True, slots=True)
class Due:
    """By when something has to be done about a review, and from when on that is soon."""

    on: date
    soon_from: date


def due_days(reviews: Sequence[AnnualReview]) -> dict[int, Due]:
    """Return by when each review has to be handed in, again or for the first time (one query at most)."""
    returned = [str(one.pk) for one in reviews if one.state == ReviewState.RETURNED]
    running: dict[str, date] = {}
    if returned:
        deadlines = board(reviews[0].institution_id, failing_first=False).filter(
            subject_type=REVIEW_TYPE, subject_id__in=returned, state=ClockState.RUNNING
        )
        running = {deadline.subject_id: deadline.due_on for deadline in deadlines}
    found = {}
    for review in reviews:
        policy = policy_version(review.campaign.policy_version_id)
        spec = policy.annual_review
        if review.state == ReviewState.RECTIFY:
            due, clock = review.rectify_by, spec.rectification if spec else ""
        elif review.state == ReviewState.RETURNED:
            due, clock = running.get(str(review.pk), review.campaign.due_on), spec.correction if spec else ""
        else:
            due, clock = review.campaign.due_on, spec.due if spec else ""
        if due is None:
            continue
        before = max(policy.clock(clock).reminders, default=0) if clock else 0
        found[review.pk] = Due(due, due - timedelta(days=before))
    return found


def current_list(review: AnnualReview) -> PushList | None:
    """Return the list that is handed in with the review, or None."""
    return PushList.objects.filter(review=review, removed_at__isnull=True).select_related("added_by").first()


def items_of(push_list: PushList) -> QuerySet[PushItem]:
    """Return the posts of a list in the order of the file."""
    return PushItem.objects.filter(push_list=push_list).order_by("number")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is, in numbers that add up to all.

    Args:
        steps: how many reviews stand at each step.
        exempt: how many accounts are exempt.
        late: how many missed a deadline and are not through yet.
    """

    steps: Mapping[Step, int]
    exempt: int = 0
    late: int = 0

    @property
    def total(self) -> int:
        return sum(self.steps.values())

    def at(self, *steps: Step) -> int:
        return sum(self.steps.get(step, 0) for step in steps)

    @property
    def missing(self) -> int:
        """Reviews that are not handed in, or have come back."""
        return self.at(Step.UNTOUCHED, Step.WRITING, Step.RETURNED)

    @property
    def handed_in(self) -> int:
        return self.total - self.missing


def board_reviews(institution_id: int, campaign: ReviewCampaign) -> QuerySet[AnnualReview]:
    """Return the reviews of a campaign that the Office decides on, exempt accounts among them."""
    return reviews_in(institution_id).filter(LIVE, campaign=campaign, by_office=True)


def progress_of(reviews: QuerySet[AnnualReview]) -> Progress:
    """Count reviews by step (one query)."""
    late = Count("pk", filter=Q(missed_at__isnull=False) & ~Q(state=ReviewState.PASSED))
    rows = reviews.order_by().values_list(STEP).annotate(n=Count("pk"), late=late)
    found: dict[str, int] = {}
    overdue = 0
    for step, count, behind in rows:
        found[step] = found.get(step, 0) + count
        overdue += behind
    exempt = found.pop(ReviewState.EXEMPT.value, 0)
    return Progress({Step(step): count for step, count in found.items()}, exempt, overdue)


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """Filters of the campaign board, as they stand in the URL. Empty means all."""

    q: str = ""
    view: str = ""
    step: str = ""
    unit: int | None = None
    tier: int | None = None
    reminded: str = ""


VIEWS: Mapping[str, Q] = {
    "missing": Q(state__in=[ReviewState.DRAFT, ReviewState.RETURNED]),
    "office": Q(state=ReviewState.OFFICE),
    "unit": Q(state=ReviewState.UNIT),
    "returned": Q(state=ReviewState.RETURNED),
    "passed": Q(state=ReviewState.PASSED),
    "against": Q(state__in=[ReviewState.RECTIFY, ReviewState.FAILED]),
    "late": Q(missed_at__isnull=False) & ~Q(state=ReviewState.PASSED),
    "exempt": Q(state=ReviewState.EXEMPT),
    "all": ~Q(state=ReviewState.EXEMPT),
}
STEPS: Mapping[str, Q] = {
    "untouched": Q(state=ReviewState.DRAFT, saved_at__isnull=True),
    "writing": Q(state=ReviewState.DRAFT, saved_at__isnull=False),
    **{
        state.value: Q(state=state)
        for state in (
            ReviewState.UNIT,
            ReviewState.OFFICE,
            ReviewState.RETURNED,
            ReviewState.PASSED,
            ReviewState.RECTIFY,
            ReviewState.FAILED,
        )
    },
}
REMINDED: Mapping[str, Q] = {
    "never": Q(reminders=0),
    "some": Q(reminders__gte=1),
    "often": Q(reminders__gte=3),
}
SORTS: Mapping[str, tuple[str, ...]] = {
    "unit": ("unit__name", "account__name", "pk"),
    "-unit": ("-unit__name", "account__name", "pk"),
    "name": ("account__name", "pk"),
    "-name": ("-account__name", "-pk"),
    "step": ("state", "unit__name", "pk"),
    "-step": ("-state", "unit__name", "pk"),
    "saved": (F("saved_at").asc(nulls_first=True), "pk"),  # type: ignore[dict-item]
    "-saved": (F("saved_at").desc(nulls_last=True), "pk"),  # type: ignore[dict-item]
    "reminders": ("reminders", "unit__name", "pk"),
    "-reminders": ("-reminders", "unit__name", "pk"),
}
DEFAULT_SORT = "unit"


def filter_board(
    reviews: QuerySet[AnnualReview], wanted: BoardFilter, sort: str = DEFAULT_SORT
) -> QuerySet[AnnualReview]:
    """Apply the board's view, filters and sort; unknown sorts fall back to the unit."""
    reviews = reviews.filter(VIEWS.get(wanted.view, VIEWS["all"]))
    if wanted.q:
        reviews = reviews.filter(
            Q(account__name__icontains=wanted.q) | Q(unit__name__icontains=wanted.q) | Q(owner_name__icontains=wanted.q)
        )
    if wanted.step in STEPS:
        reviews = reviews.filter(STEPS[wanted.step])
    if wanted.unit:
        reviews = reviews.filter(Q(unit_id=wanted.unit) | Q(home_unit_id=wanted.unit))
    if wanted.tier:
        reviews = reviews.filter(tier=wanted.tier)
    if wanted.reminded in REMINDED:
        reviews = reviews.filter(REMINDED[wanted.reminded])
    return reviews.order_by(*SORTS.get(sort, SORTS[DEFAULT_SORT]))


def count_views(progress: Progress) -> dict[str, int]:
    """Return how many reviews each saved view holds."""
    return {
        "missing": progress.missing,
        "office": progress.at(Step.OFFICE),
        "unit": progress.at(Step.UNIT),
        "returned": progress.at(Step.RETURNED),
        "passed": progress.at(Step.PASSED),
        "against": progress.at(Step.RECTIFY, Step.FAILED),
        "late": progress.late,
        "exempt": progress.exempt,
        "all": progress.total,
    }


@dataclass(frozen=True, slots=True)
class HomeProgress:
    """A home unit's third-tier accounts: how many there are, reviewed, reported."""

    unit_id: int
    name: str
    total: int
    done: int
    reported: int
    state: str


def home_progress(institution_id: int, campaign: ReviewCampaign) -> list[HomeProgress]:
    """Return how far each home unit is with the accounts that it reviews itself (two queries)."""
    rows = (
        AnnualReview.objects.filter(LIVE, institution_id=institution_id, campaign=campaign, by_office=False)
        .exclude(state=ReviewState.EXEMPT)
        .order_by("home_unit__key")
        .values("home_unit_id", "home_unit__name")
        .annotate(
            total=Count("pk"),
            done=Count("pk", filter=Q(state__in=[ReviewState.PASSED, ReviewState.RECTIFY, ReviewState.FAILED])),
        )
    )
    reported: dict[int, set[int]] = {}
    states: dict[int, str] = {}
    reports = ResultReport.objects.filter(institution_id=institution_id, campaign=campaign).order_by("number")
    for report in reports:
        reported.setdefault(report.unit_id, set()).update(row["review"] for row in report.rows)
        states[report.unit_id] = report.state
    return [
        HomeProgress(
            row["home_unit_id"],
            row["home_unit__name"],
            row["total"],
            row["done"],
            len(reported.get(row["home_unit_id"], ())),
            states.get(row["home_unit_id"], ""),
        )
        for row in rows
    ]


def reports_in(institution_id: int) -> QuerySet[ResultReport]:
    """Return reports, newest first."""
    return ResultReport.objects.filter(institution_id=institution_id).select_related("unit", "campaign")


def report_of(institution_id: int, report_id: int) -> ResultReport:
    """Return one report.

    Raises:
        ResultReport.DoesNotExist: not in the institution.
    """
    return reports_in(institution_id).select_related("campaign__institution").get(pk=report_id)


def reports_to_settle(institution_id: int) -> QuerySet[ResultReport]:
    """Return the reports that wait for the Office, oldest first."""
    return reports_in(institution_id).filter(state=ReportState.REPORTED).order_by("reported_at", "pk")


def reports_to_answer(grants: Grants) -> QuerySet[ResultReport]:
    """Return the reports about which the Office has asked the person's unit."""
    units = grants.units(Capability.APPROVALS_VIEW_UNIT)
    return reports_in(grants.institution_id).filter(state=ReportState.QUERIED, unit_id__in=units)


def unreported(institution_id: int, campaign: ReviewCampaign, unit_id: int) -> list[AnnualReview]:
    """Return the decided reviews of a home unit's accounts that it has not reported with their present result."""
    told: dict[int, tuple[str, str]] = {}
    reports = ResultReport.objects.filter(institution_id=institution_id, campaign=campaign, unit_id=unit_id)
    for report in reports.order_by("number"):
        told |= {row["review"]: (row["result"], row["decided_on"]) for row in report.rows}
    decided = reviews_in(institution_id).filter(
        LIVE,
        campaign=campaign,
        home_unit_id=unit_id,
        by_office=False,
        state__in=[ReviewState.PASSED, ReviewState.RECTIFY, ReviewState.FAILED],
    )
    return [one for one in decided.order_by("account__name", "pk") if told.get(one.pk) != result_now(one)]


def result_now(review: AnnualReview) -> tuple[str, str]:
    """Return result and day of decision as a report states them."""
    from django.utils import timezone

    return review.result, timezone.localdate(review.decided_at).isoformat() if review.decided_at else ""


def enrolled(campaign: ReviewCampaign) -> QuerySet[AnnualReview]:
    """Return every review of a campaign, the home units' too."""
    return AnnualReview.objects.filter(campaign=campaign)


def not_enrolled(institution_id: int, campaign: ReviewCampaign) -> "QuerySet":  # type: ignore[type-arg]
    """Return the accounts that run, or are suspended, and have no review in the campaign."""
    return (
        accounts_in(institution_id)
        .filter(state__in=[AccountState.ACTIVE, AccountState.SUSPENDED])
        .exclude(pk__in=AnnualReview.objects.filter(campaign=campaign).values("account_id"))
    )
