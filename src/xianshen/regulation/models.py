"""Versions of an institution's policy, who has read them, and the Office's interpretations."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from xianshen.regulation.numerals import article_label


class PolicyVersion(models.Model):
    """One version of a policy. A row is never changed; a version not yet in force may be replaced whole.

    ``data`` is the canonical JSON text (RFC 8785) of the version and ``digest`` its SHA-256; the
    titles and dates are copies for lists and look-ups.
    """

    institution = models.ForeignKey("organisation.Institution", models.PROTECT, related_name="policy_versions")
    label = models.CharField(_("版本"), max_length=40)
    title = models.CharField(_("名称"), max_length=120)
    promulgated_on = models.DateField(_("公布日期"))
    effective_from = models.DateField(_("施行日期"))
    effective_until = models.DateField(_("失效日期"), null=True)
    data = models.TextField()
    digest = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(_("载入时间"))

    class Meta:
        verbose_name = _("制度版本")
        ordering = ["-effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "label"], name="policy_version_label_once"),
            models.UniqueConstraint(fields=["institution", "effective_from"], name="policy_version_one_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.title}（{self.label}）"


class PolicyWording(models.Model):
    """The texts of a version in another language. Presentation: replaced whenever the pack brings a better one."""

    institution = models.ForeignKey("organisation.Institution", models.PROTECT, related_name="+")
    version = models.ForeignKey(PolicyVersion, models.CASCADE, related_name="wordings")
    language = models.CharField(_("语言"), max_length=16)
    texts = models.JSONField()
    digest = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(_("载入时间"))

    class Meta:
        verbose_name = _("制度译文")
        constraints = [models.UniqueConstraint(fields=["version", "language"], name="policy_wording_once")]

    def __str__(self) -> str:
        return f"{self.version} {self.language}"


class VersionInForce(models.Model):
    """Which version's vocabulary of units and positions the organisation has now."""

    institution = models.OneToOneField(
        "organisation.Institution", models.PROTECT, primary_key=True, related_name="version_in_force"
    )
    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="+")
    since = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.version)


class Acknowledgement(models.Model):
    """A person has read a version and said so (阅知)."""

    institution = models.ForeignKey("organisation.Institution", models.PROTECT, related_name="+")
    person = models.ForeignKey("organisation.Person", models.PROTECT, related_name="acknowledgements")
    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="acknowledgements")
    at = models.DateTimeField(_("阅知时间"))

    class Meta:
        verbose_name = _("阅知")
        constraints = [models.UniqueConstraint(fields=["version", "person"], name="acknowledged_once")]

    def __str__(self) -> str:
        return f"{self.person} {self.version}"


class Interpretation(models.Model):
    """How the Office reads an article of a version. ``issuer`` copies name and position of that day."""

    institution = models.ForeignKey("organisation.Institution", models.PROTECT, related_name="+")
    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="interpretations")
    article = models.PositiveSmallIntegerField(_("条"), validators=[MinValueValidator(1)])
    text = models.TextField(_("解释"), max_length=4000)
    issued_by = models.ForeignKey("organisation.Person", models.PROTECT, related_name="+")
    issuer = models.CharField(_("解释人"), max_length=300)
    at = models.DateTimeField(_("发布时间"))

    class Meta:
        verbose_name = _("解释")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["institution", "article"], name="interpretation_of_article")]

    def __str__(self) -> str:
        return f"{article_label(self.article)} {self.text[:20]}"
