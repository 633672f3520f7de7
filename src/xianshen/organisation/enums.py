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


#: Longest stable key and longest name of anything in the organisation.
KEY_LENGTH = 64
NAME_LENGTH = 120

#: Capability to keep units, positions and people; the vocabulary of capabilities is the policy's.
MANAGE = "organisation.manage"


class AttemptPurpose(models.TextChoices):
    """What somebody tries to prove who they are for."""

    SIGN_IN = "sign_in", _("登录")
    ADDRESS = "address", _("同一网络地址登录")
    SIGNING = "signing", _("签署")
