"""What the platform already knows for a review: the list handed in, the account's record, last year's review."""

from collections.abc import Sequence
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.assessment.enums import ReviewState
from xianshen.assessment.figures import Figure, Offers
from xianshen.assessment.models import AnnualReview, PushItem, PushList
from xianshen.common.zhdates import zh_date
from xianshen.ledger.selectors import entries_about
from xianshen.registry.enums import SuspensionReason
from xianshen.registry.selectors import ACCOUNT_TYPE

#: Suspensions that say something about what was published or how the account was run; a missed review is no violation.
OFFENCES = frozenset(
    {
        SuspensionReason.STOP_ORDER,
        SuspensionReason.LINKAGE_BREACH,
        SuspensionReason.APPROVAL_REVOKED,
        SuspensionReason.LEGACY_UNFILED,
    }
)
LOOKED_THROUGH = 500
#: Events of lower rooms that count as a late filing, by their code.
LATE_FILINGS = frozenset({"clocks.met_late"})


class HandedInList:
    """Number of posts and the best post, from the list that was handed in."""

    code = "push_list"

    def figures(self, reviews: Sequence[AnnualReview], on: date) -> Offers:
        found: dict[int, dict[str, Figure]] = {}
        lists = PushList.objects.filter(review__in=[one.pk for one in reviews], removed_at__isnull=True)
        for one in lists:
            source = gettext_lazy("推送清单")
            offers = {"posts_total": Figure(one.count, source)}
            best = PushItem.objects.filter(push_list=one, clicks__isnull=False).order_by("-clicks", "number").first()
            if best is not None:
                offers["best_title"] = Figure(best.title, source)
                offers["best_clicks"] = Figure(best.clicks or 0, source)
                if best.reposts is not None:
                    offers["best_reposts"] = Figure(best.reposts, source)
            found[one.review_id] = offers
        return found


class AccountRecord:
    """Suspensions, stop orders and late filings of the year, from the account's record in the ledger."""

    code = "account_record"

    def figures(self, reviews: Sequence[AnnualReview], on: date) -> Offers:
        found: dict[int, dict[str, Figure]] = {}
        for review in reviews:
            lines = offences_of(review)
            if lines:
                figure = Figure("\n".join(lines), gettext_lazy("账号留痕"), url=f"/accounts/{review.account_id}/")
                found[review.pk] = {"violations": figure}
        return found


def offences_of(review: AnnualReview) -> list[str]:
    """Return what stands in the account's record of the year, oldest first, each as a line."""
    lines = []
    institution = review.campaign.institution.code
    entries = entries_about(institution, ACCOUNT_TYPE, str(review.account_id), limit=LOOKED_THROUGH)
    for entry in reversed(entries):
        day = timezone.localdate(entry.at)
        if day.year != review.campaign.year:
            continue
        payload = entry.data
        if entry.event == "registry.account_suspended" and payload.get("reason") in OFFENCES:
            reason = SuspensionReason(payload["reason"]).label
            lines.append(
                _("%(day)s 暂停运行（%(reason)s）：%(text)s")
                % {"day": zh_date(day), "reason": reason, "text": payload.get("text", "")}
            )
        elif entry.event in LATE_FILINGS and str(payload.get("clock", "")).startswith("filing."):
            lines.append(
                _("%(day)s 备案逾期 %(days)s 天") % {"day": zh_date(day), "days": payload.get("days_late", "")}
            )
    return lines


class LastYear:
    """What the account's review of the year before said, for comparison."""

    code = "last_year"

    def figures(self, reviews: Sequence[AnnualReview], on: date) -> Offers:
        if not reviews:
            return {}
        year = reviews[0].campaign.year - 1
        by_account = {one.account_id: one.pk for one in reviews}
        earlier = AnnualReview.objects.filter(
            institution_id=reviews[0].institution_id,
            campaign__year=year,
            account_id__in=by_account,
            state__in=[ReviewState.PASSED, ReviewState.RECTIFY, ReviewState.FAILED],
        )
        found: dict[int, dict[str, Figure]] = {}
        source = gettext_lazy("去年的年审表")
        for one in earlier:
            known = {code: getattr(one, code) for code in ("posts_total", "followers_total", "best_clicks")}
            found[by_account[one.account_id]] = {
                code: Figure(value, source, binding=False, url=f"/reviews/{one.pk}/")
                for code, value in known.items()
                if value is not None
            }
        return found
