"""Closed vocabularies of the organisation."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Theme(models.TextChoices):
    """How a person wants the pages to look."""

    SYSTEM = "system", _("随系统")
    LIGHT = "light", _("浅色")
    DARK = "dark", _("深色")


class ImportKind(models.TextChoices):
    """What a file to be imported holds."""

    UNITS = "units", _("单位")
    PEOPLE = "people", _("人员")
    POSITIONS = "positions", _("职务与任职")
