from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from xianshen.assessment.enums import CampaignState, ListSource, ReportState, ReviewResult, ReviewState, Step
from xianshen.common.states import Face

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class ReviewCampaign(models.Model):
    """The annual review of one year, opened by the Office once."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    policy_version = models.ForeignKey("regulation.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField(_("年度"))
    state = models.CharField(max_length=8, choices=CampaignState, default=CampaignState.OPEN)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(_("截止"))
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "year"], name="review_campaign_once")]
        ordering = ["-year"]

    def __str__(self) -> str:
        return str(self.year)

    @property
    def face(self) -> Face:
        return CampaignState(self.state).face


class AnnualReview(models.Model):
    """One account's review of one year (年审表, 附件二). Autosaves while it is being filled in.

    ``sources`` keeps for every figure where it comes from: ``{code: {source, by, offered, reason}}``. An unknown
    figure is empty, never zero.
    """

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(ReviewCampaign, on_delete=models.PROTECT, related_name="reviews")
    account = models.ForeignKey("registry.MediaAccount", on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, related_name="+")
    home_unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, related_name="+")
    tier = models.PositiveSmallIntegerField()
    by_office = models.BooleanField(help_text="the Office gives the last opinion; otherwise the home unit does")
    state = models.CharField(max_length=8, choices=ReviewState, default=ReviewState.DRAFT)
    result = models.CharField(_("结果"), max_length=8, choices=ReviewResult, blank=True)
    rectify_by = models.DateField(_("整改期限"), null=True, blank=True)
    to_rectify = models.TextField(_("要改什么"), blank=True)

    posts_total = models.PositiveIntegerField(_("全年推送条数"), null=True, blank=True)
    followers_total = models.PositiveBigIntegerField(_("总粉丝数"), null=True, blank=True)
    best_title = models.CharField(_("最佳图文"), max_length=300, blank=True)
    best_clicks = models.PositiveBigIntegerField(_("点击量"), null=True, blank=True)
    best_reposts = models.PositiveBigIntegerField(_("转发量"), null=True, blank=True)
    violations = models.TextField(_("有无违规发布"), blank=True)
    owner_name = models.CharField(_("负责人"), max_length=80, blank=True)
    owner_mobile = models.CharField(_("手机"), max_length=20, blank=True)
    owner_email = models.CharField(_("邮箱"), max_length=254, blank=True)
    statement = models.TextField(_("整改或申诉说明"), blank=True)
    extra = models.JSONField(default=dict, help_text="values of fields that only this policy's form has, by code")
    sources = models.JSONField(default=dict)

    findings = models.PositiveSmallIntegerField(null=True, help_text="remarks of the checks when it was handed in")
    revision = models.PositiveIntegerField(default=1, help_text="grows with every save; guards against lost updates")
    saved_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    submitted_late = models.BooleanField(default=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    missed_at = models.DateTimeField(null=True, blank=True, help_text="when the deadline ran out undone")
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True, blank=True)

    if TYPE_CHECKING:
        lists: "RelatedManager[PushList]"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "account"], name="review_once_per_campaign")]
        indexes = [
            models.Index(fields=["campaign", "by_office", "state"], name="review_board"),
            models.Index(fields=["campaign", "home_unit", "state"], name="review_of_home"),
            models.Index(fields=["campaign", "unit"], name="review_of_unit"),
            models.Index(fields=["institution", "account", "-id"], name="review_of_account"),
            models.Index(
                fields=["institution", "state"],
                condition=Q(state__in=["draft", "returned", "rectify"]),
                name="review_to_do",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.campaign_id}"

    @property
    def face(self) -> Face:
        if self.state == ReviewState.DRAFT and self.saved_at is None:
            return Face(Step.UNTOUCHED.label, "idle", "circle-dashed")
        return ReviewState(self.state).face

    @property
    def step(self) -> Step:
        """Where the review stands, as the board counts it."""
        if self.state == ReviewState.DRAFT:
            return Step.WRITING if self.saved_at else Step.UNTOUCHED
        return Step(self.state)


class PushList(models.Model):
    """The electronic list of what an account published in the year (年度推送内容清单)."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    review = models.ForeignKey(AnnualReview, on_delete=models.PROTECT, related_name="lists")
    attachment = models.ForeignKey("documents.Attachment", on_delete=models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=10, choices=ListSource)
    name = models.CharField(_("文件名"), max_length=200)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file as it was handed in")
    count = models.PositiveIntegerField(_("条数"))
    first_on = models.DateField(null=True)
    last_on = models.DateField(null=True)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)

    if TYPE_CHECKING:
        items: "RelatedManager[PushItem]"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["review"], condition=Q(removed_at__isnull=True), name="push_list_one_current"
            )
        ]

    def __str__(self) -> str:
        return self.name


class PushItem(models.Model):
    """One post of a list."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    push_list = models.ForeignKey(PushList, on_delete=models.CASCADE, related_name="items")
    number = models.PositiveIntegerField(help_text="row as the spreadsheet numbers it")
    published_on = models.DateField(_("推送日期"))
    title = models.CharField(_("标题"), max_length=300)
    url = models.CharField(_("链接"), max_length=500, blank=True)
    clicks = models.PositiveBigIntegerField(_("点击量"), null=True)
    reposts = models.PositiveBigIntegerField(_("转发量"), null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["push_list", "number"], name="push_item_row_once")]
        ordering = ["number"]

    def __str__(self) -> str:
        return self.title


class ResultReport(models.Model):
    """A home unit's list of the results of its accounts, reported to the Office (三级平台报备)."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(ReviewCampaign, on_delete=models.PROTECT, related_name="reports")
    unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=14, choices=ReportState, default=ReportState.REPORTED)
    number = models.PositiveSmallIntegerField(default=1, help_text="a unit may report again what it reviewed later")
    rows = models.JSONField(help_text="what was reported: account, unit, result, day, as it stood")
    digest = models.CharField(max_length=64)
    text = models.TextField(_("说明"), blank=True)
    query = models.TextField(_("质询"), blank=True)
    answer = models.TextField(_("答复"), blank=True)
    reported_at = models.DateTimeField()
    reported_by = models.JSONField(help_text="who reported, as it was on the day")
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "unit", "number"], name="result_report_once")]
        indexes = [models.Index(fields=["institution", "state"], name="result_report_state")]
        ordering = ["-reported_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.number}"

    @property
    def face(self) -> Face:
        return ReportState(self.state).face
