from django.db import models


class Mark(models.Model):
    """What the bare write view inserts."""

    at = models.DateTimeField()
    text = models.CharField(max_length=80)

    class Meta:
        app_label = "bench"

    def __str__(self) -> str:
        return self.text
