"""The board and the campaign's report as files."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.assessment.models import AnnualReview
from xianshen.common.tabular import Column, write_csv, write_xlsx
from xianshen.registry.running import state_face
from xianshen.regulation.schema import NotInPolicy, Policy


def columns() -> list[Column]:
    """Return the columns of a list of reviews."""
    return [
        Column("account", _("新媒体名称")),
        Column("platform", _("新媒体类型")),
        Column("tier", _("层级")),
        Column("unit", _("所属部门")),
        Column("home", _("归口单位")),
        Column("owner", _("负责人")),
        Column("step", _("走到哪一步")),
        Column("result", _("结果")),
        Column("rectify_by", _("整改期限")),
        Column("posts_total", _("全年推送条数")),
        Column("followers_total", _("总粉丝数")),
        Column("best_title", _("全年最佳图文")),
        Column("best_clicks", _("点击量")),
        Column("best_reposts", _("转发量")),
        Column("violations", _("有无违规发布")),
        Column("submitted", _("提交日期")),
        Column("late", _("晚交")),
        Column("decided", _("审定日期")),
        Column("reminders", _("提醒次数")),
        Column("state", _("账号状态")),
    ]


def rows(reviews: Iterable[AnnualReview], policy: Policy) -> Iterator[dict[str, Any]]:
    """Return reviews as rows of the file."""
    platforms: dict[str, str] = {}
    tiers = {tier.number: tier.name for tier in policy.tiers}
    for review in reviews:
        account = review.account
        if account.platform not in platforms:
            try:
                platforms[account.platform] = policy.platform(account.platform).name
            except NotInPolicy:
                platforms[account.platform] = account.platform
        yield {
            "account": account.name,
            "platform": platforms[account.platform],
            "tier": tiers.get(review.tier, str(review.tier)),
            "unit": review.unit.name,
            "home": review.home_unit.name,
            "owner": review.owner_name or account.owner_name,
            "step": str(review.face.label),
            "result": review.get_result_display(),
            "rectify_by": review.rectify_by,
            "posts_total": review.posts_total,
            "followers_total": review.followers_total,
            "best_title": review.best_title,
            "best_clicks": review.best_clicks,
            "best_reposts": review.best_reposts,
            "violations": review.violations,
            "submitted": timezone.localdate(review.submitted_at) if review.submitted_at else None,
            "late": review.submitted_late if review.submitted_at else None,
            "decided": timezone.localdate(review.decided_at) if review.decided_at else None,
            "reminders": review.reminders,
            "state": str(state_face(account).label),
        }


def reviews_file(reviews: Iterable[AnnualReview], policy: Policy, *, ending: str) -> bytes:
    """Return reviews as a file; texts cannot act as formulas in a spreadsheet."""
    if ending == "csv":
        return write_csv(columns(), rows(reviews, policy))
    return write_xlsx(columns(), rows(reviews, policy), sheet=_("年审"))
