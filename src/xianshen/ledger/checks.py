"""System checks: labels of events can be filled from exactly the payload that is declared."""

import re
from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.translation import override

from xianshen.ledger.events import declared_events

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@register
def check_labels(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Hold the placeholders of every label, in every language, against the declared keys."""
    found: list[CheckMessage] = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            for event in declared_events().values():
                label = str(event.label)
                if _stray(label) or not set(_PLACEHOLDER.findall(label)) <= event.keys:
                    found.append(
                        Error(
                            f"event {event.code}: label {label!r} cannot be filled from its keys",
                            hint="Use only %(key)s with declared keys, and %% for a percent sign.",
                            id="ledger.E001",
                        )
                    )
    return found


def _stray(label: str) -> bool:
    return "%" in _PLACEHOLDER.sub("", label.replace("%%", ""))
