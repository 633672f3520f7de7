"""Institutions, units, positions, people, appointments and delegations.

Roles follow from positions: a person may do what the kinds of the positions allow that they hold
today, for themselves or under a delegation. The kinds of units and positions are policy; the room
``regulation`` writes them here when a version comes into force.
"""

from datetime import date
from typing import Any, Self, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from xianshen.organisation.enums import KEY_LENGTH, NAME_LENGTH, ImportKind, Theme

M = TypeVar("M", bound=models.Model)


def normalise_username(username: str) -> str:
    """Return the form in which a sign-in name is stored and compared: NFKC, trimmed, lower case."""
    return str(AbstractBaseUser.normalize_username(username)).strip().lower()


class Institution(models.Model):
    """A school (or other body) that runs its own media under its own policy packs."""

    code = models.CharField(
        _("代码"),
        max_length=32,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*\Z", _("代码只能用小写字母、数字和连字符。"))],
    )
    name = models.CharField(_("名称"), max_length=NAME_LENGTH)
    short_name = models.CharField(_("简称"), max_length=NAME_LENGTH, blank=True)
    aliases = models.JSONField(_("其他称呼"), default=list, blank=True)
    host = models.CharField(_("主机名"), max_length=253, blank=True)

    class Meta:
        verbose_name = _("单位机构")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["host"], condition=~Q(host=""), name="institution_host_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class UnitKind(models.Model):
    """A kind of unit, as the policy in force names it.

    ``home`` lists the kinds of unit to which units of this kind belong for tier-3 decisions.
    """

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="unit_kinds")
    code = models.CharField(_("代码"), max_length=KEY_LENGTH)
    title = models.CharField(_("名称"), max_length=NAME_LENGTH)
    home = models.JSONField(_("归口单位类别"), default=list, blank=True)
    order = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("单位类别")
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "code"], name="unit_kind_code_unique"),
        ]

    def __str__(self) -> str:
        return self.title


class PositionKind(models.Model):
    """A kind of position with the capabilities that come with it, as the policy in force says.

    ``unit_kinds`` lists the kinds of unit that may have such a position.
    """

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="position_kinds")
    code = models.CharField(_("代码"), max_length=KEY_LENGTH)
    title = models.CharField(_("名称"), max_length=NAME_LENGTH)
    unit_kinds = models.JSONField(_("可设单位类别"), default=list, blank=True)
    capabilities = models.JSONField(_("权限"), default=list, blank=True)
    order = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("职务类别")
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "code"], name="position_kind_code_unique"),
        ]

    def __str__(self) -> str:
        return self.title


class Unit(models.Model):
    """A unit in the institution's tree.

    ``kind`` is the code of a ``UnitKind``. ``path`` holds the primary keys from the root down to the
    unit itself (``/3/17/``), so that the units below are those whose path starts with it.
    """

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="units")
    key = models.CharField(_("单位编号"), max_length=KEY_LENGTH)
    name = models.CharField(_("名称"), max_length=NAME_LENGTH)
    kind = models.CharField(_("类别"), max_length=KEY_LENGTH)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("上级单位"),
    )
    path = models.CharField(max_length=255, db_index=True, editable=False, default="")
    seal_text = models.CharField(_("印章文字"), max_length=NAME_LENGTH, blank=True)
    closed_on = models.DateField(_("撤销日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("单位")
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "key"], name="unit_key_unique"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="unit_not_own_parent"),
        ]
        indexes = [models.Index(fields=["institution", "kind"], name="unit_institution_kind")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, then bring the paths of this unit and of those below it up to date."""
        super().save(*args, **kwargs)
        path = f"{self.parent.path if self.parent else '/'}{self.pk}/"
        if path == self.path:
            return
        old, self.path = self.path, path
        type(self).objects.filter(pk=self.pk).update(path=path)
        if old:
            below = type(self).objects.filter(institution_id=self.institution_id, path__startswith=old)
            for unit in below.exclude(pk=self.pk).only("path"):
                type(self).objects.filter(pk=unit.pk).update(path=path + unit.path[len(old) :])


class PersonManager(BaseUserManager["Person"]):
    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(username=normalise_username(username or ""))


class Person(AbstractBaseUser):
    """Somebody who signs in. ``key`` is the stable staff or student number within the institution."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="people")
    username = models.CharField(
        _("用户名"),
        max_length=150,
        unique=True,
        validators=[UnicodeUsernameValidator(message=_("用户名只能用文字、数字和 @ . + - _。"))],
        error_messages={"unique": _("这个用户名已有人使用。")},
    )
    key = models.CharField(_("工号或学号"), max_length=KEY_LENGTH)
    name = models.CharField(_("姓名"), max_length=NAME_LENGTH)
    mobile = models.CharField(_("手机"), max_length=32, blank=True)
    email = models.EmailField(_("邮箱"), blank=True)
    is_active = models.BooleanField(_("可登录"), default=True)
    language = models.CharField(_("界面语言"), max_length=16, blank=True)
    theme = models.CharField(_("外观"), max_length=16, choices=Theme.choices, default=Theme.SYSTEM)
    must_change_password = models.BooleanField(default=False)
    password_changed_at = models.DateTimeField(_("上次修改密码"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PersonManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["key", "name"]

    class Meta:
        verbose_name = _("人员")
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "key"], name="person_key_unique"),
        ]
        indexes = [
            models.Index(fields=["institution", "name"], name="person_institution_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        self.username = normalise_username(self.username)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.username = normalise_username(self.username)
        super().save(*args, **kwargs)


class Position(models.Model):
    """A position in a unit; ``kind`` is the code of a ``PositionKind``."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="positions")
    key = models.CharField(_("职务编号"), max_length=KEY_LENGTH)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="positions", verbose_name=_("单位"))
    kind = models.CharField(_("职务类别"), max_length=KEY_LENGTH)
    title = models.CharField(_("职务名称"), max_length=NAME_LENGTH)

    class Meta:
        verbose_name = _("职务")
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "key"], name="position_key_unique"),
        ]
        indexes = [models.Index(fields=["institution", "kind", "unit"], name="position_kind_unit")]

    def __str__(self) -> str:
        return self.title


class PeriodQuerySet(models.QuerySet[M]):
    """Records with a period whose first and last day are both included."""

    def on(self, day: Any) -> Self:
        """Those whose period includes a day (a date, or an ``OuterRef`` to one)."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day), starts_on__lte=day)

    def on_or_after(self, day: Any) -> Self:
        """Those whose period includes a day or begins after it."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day))

    def overlapping(self, first: date, last: date | None) -> Self:
        """Those that share a day with a period; without ``last`` it has no end."""
        found = self.on_or_after(first)
        return found if last is None else found.filter(starts_on__lte=last)


class Appointment(models.Model):
    """A person holds a position from ``starts_on`` to ``ends_on``, both included; no end: until further notice."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    position = models.ForeignKey(Position, models.PROTECT, related_name="appointments", verbose_name=_("职务"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="appointments", verbose_name=_("人员"))
    starts_on = models.DateField(_("任职起"))
    ends_on = models.DateField(_("任职止"), null=True, blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = _("任职")
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="appointment_period",
            ),
            models.UniqueConstraint(fields=["position", "person", "starts_on"], name="appointment_unique"),
        ]
        indexes = [
            models.Index(fields=["person", "starts_on"], name="appointment_person_start"),
            models.Index(fields=["position", "starts_on"], name="appointment_position_start"),
        ]

    def __str__(self) -> str:
        return f"{self.position_id}:{self.person_id}"


class Delegation(models.Model):
    """The holder of a position lets somebody else decide in it for a while; every act under it says so."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    position = models.ForeignKey(Position, models.PROTECT, related_name="delegations", verbose_name=_("职务"))
    principal = models.ForeignKey(
        Person,
        models.PROTECT,
        related_name="delegations_given",
        verbose_name=_("委托人"),
    )
    delegate = models.ForeignKey(
        Person,
        models.PROTECT,
        related_name="delegations_received",
        verbose_name=_("受托人"),
    )
    starts_on = models.DateField(_("起始日期"))
    ends_on = models.DateField(_("结束日期"))
    reason = models.CharField(_("事由"), max_length=200)
    revoked_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = _("委托")
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="delegation_period"),
            models.CheckConstraint(condition=~Q(principal=F("delegate")), name="delegation_not_to_self"),
        ]
        indexes = [
            models.Index(fields=["delegate", "starts_on"], name="delegation_delegate_start"),
            models.Index(fields=["position", "starts_on"], name="delegation_position_start"),
        ]

    def __str__(self) -> str:
        return f"{self.principal_id}→{self.delegate_id}"


class ImportDraft(models.Model):
    """An uploaded file waiting between preview and confirmation; deleted once imported or replaced."""

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=32, choices=ImportKind.choices)
    filename = models.CharField(max_length=255)
    content = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="import_draft_unique"),
        ]

    def __str__(self) -> str:
        return self.filename


class Lockout(models.Model):
    """Failed attempts to prove who one is, counted over a window, shared by all processes.

    ``subject`` is a digest of what is being tried (purpose and sign-in name, or address).
    """

    subject = models.CharField(max_length=64, unique=True)
    failures = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.subject
