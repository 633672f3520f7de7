from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from xianshen.registry.enums import AccountState, InNameOf, SuspensionReason


class MediaAccount(models.Model):
    """A new-media account of the institution (新媒体账号)."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    policy_version = models.ForeignKey("regulation.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    code = models.CharField(_("核验码"), max_length=12, unique=True)
    name = models.CharField(_("新媒体名称"), max_length=60)
    name_fold = models.CharField(max_length=120, help_text="folded name: compared for sameness")
    name_sound = models.CharField(max_length=400, help_text="toneless pinyin: compared for homophones")
    platform = models.CharField(_("新媒体类型"), max_length=40)
    handle = models.CharField(_("账号名称或链接地址"), max_length=300)
    handle_fold = models.CharField(max_length=300)
    tier = models.PositiveSmallIntegerField(_("层级"))
    unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, related_name="+")
    home_unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, related_name="+")
    first_responsible_position = models.CharField(max_length=40)
    first_responsible_unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    owner_name = models.CharField(_("负责人"), max_length=80)
    owner_mobile = models.CharField(_("手机"), max_length=20, blank=True)
    owner_email = models.EmailField(_("邮箱"), max_length=120, blank=True)
    second_contact_name = models.CharField(_("第二联系人"), max_length=80, blank=True)
    second_contact_mobile = models.CharField(_("第二联系人手机"), max_length=20, blank=True)
    administrators = models.CharField(_("管理员"), max_length=200, blank=True)
    content_scope = models.TextField(_("发布内容范围"), blank=True)
    positioning = models.TextField(_("定位"), blank=True)
    audience = models.JSONField(_("服务对象"), default=list)
    in_name_of = models.CharField(max_length=12, choices=InNameOf, default=InNameOf.UNIT)
    data_service = models.BooleanField(_("涉及校内数据服务"), default=False)
    server_filing_reference = models.CharField(_("服务器审批文号"), max_length=80, blank=True)
    server_valid_until = models.DateField(_("服务器批准有效至"), null=True, blank=True)
    state = models.CharField(_("状态"), max_length=12, choices=AccountState)
    suspension_reason = models.CharField(max_length=20, choices=SuspensionReason, blank=True)
    state_since = models.DateField()
    opened_on = models.DateField(_("开通时间"), null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    registered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="suspended", suspension_reason__gt="")
                | (~Q(state="suspended") & Q(suspension_reason="")),
                name="account_suspended_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "tier", "name", "id"], name="account_board"),
            models.Index(fields=["institution", "state"], name="account_state"),
            models.Index(fields=["institution", "unit"], name="account_unit"),
            models.Index(fields=["institution", "name_fold"], name="account_name_fold"),
            models.Index(fields=["institution", "handle_fold"], name="account_handle_fold"),
            models.Index(fields=["institution", "owner"], name="account_owner"),
        ]

    def __str__(self) -> str:
        return self.name


class NumberSeries(models.Model):
    """Last number given in a yearly series, e.g. opening applications of 2026."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    series = models.CharField(max_length=20)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "series", "year"], name="number_series_once")]

    def __str__(self) -> str:
        return f"{self.series}-{self.year}"
