"""Sentences of timelines: the label of an event, filled from its payload."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from xianshen.common.language import listed, local


class _Values(dict[str, str]):
    """A missing key shows as nothing, so that a timeline survives a label that grew a placeholder later."""

    def __missing__(self, key: str) -> str:
        return ""


def fill_sentence(label: str, payload: Mapping[str, Any]) -> str:
    """Fill ``%(key)s`` in a label from a payload; plain text, to be escaped by the template."""
    if "%" not in label:
        return label
    return label % _Values({key: _shown(value) for key, value in payload.items()})


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, list):
        return listed(_shown(item) for item in value)
    if isinstance(value, dict):
        pair = pgettext("key and value", "%(key)s：%(value)s")
        parts = [pair % {"key": key, "value": _shown(item)} for key, item in value.items()]
        return pgettext("separator of pairs", "；").join(parts)
    return local(str(value))
