from django.db import models
from django.utils.translation import gettext_lazy as _


class Notice(models.Model):
    """One message for one person, read in the application.

    ``key`` makes sending repeatable: the same key reaches a person once.
    """

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("organisation.Person", on_delete=models.CASCADE, related_name="+")
    text = models.CharField(_("内容"), max_length=500)
    url = models.CharField(max_length=300)
    rule = models.CharField(max_length=80, blank=True)
    key = models.CharField(max_length=120)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="notice_once_per_key")]
        indexes = [
            models.Index(fields=["person", "-at"], name="notice_of_person"),
            models.Index(fields=["person"], condition=models.Q(read_at__isnull=True), name="notice_unread"),
        ]
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.text
