"""Sentences of timelines: the label of an event, filled from its payload."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from xianshen.common.language import listed, local
from xianshen.common.zhdates import zh_date
from xianshen.ledger.words import key_word

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class _Values(dict[str, str]):
    """A missing key shows as nothing, so that a timeline survives a label that grew a placeholder later."""

    def __missing__(self, key: str) -> str:
        return ""


def fill_sentence(label: str, payload: Mapping[str, Any]) -> str:
    """Fill ``%(key)s`` in a label from a payload; plain text, to be escaped by the template."""
    if "%" not in label:
        return label
    return label % _Values({key: value_words(value) for key, value in payload.items()})


def value_words(value: object) -> str:
    """Return a value of a payload as people read it: dates in their own form, yes and no, enumerations; "" for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, list):
        return listed(value_words(item) for item in value)
    if isinstance(value, dict):
        pair = pgettext("key and value", "%(key)s：%(value)s")
        parts = [pair % {"key": key_word(str(key)), "value": value_words(item)} for key, item in value.items()]
        return pgettext("separator of pairs", "；").join(parts)
    return _day(value) if isinstance(value, str) and ISO_DATE.fullmatch(value) else local(str(value))


def _day(value: str) -> str:
    try:
        return zh_date(date.fromisoformat(value), year=True)
    except ValueError:
        return value
