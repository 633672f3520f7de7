"""System checks: labels of events can be filled from exactly the payload that is declared."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.translation import override

from xianshen.ledger.events import declared_events


@register
def check_labels(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Fill every label in every language with a payload that has exactly the declared keys."""
    found: list[CheckMessage] = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            for event in declared_events().values():
                label = str(event.label)
                try:
                    if "%" in label:
                        label % dict.fromkeys(event.keys, "")
                except (KeyError, TypeError, ValueError) as error:
                    found.append(
                        Error(
                            f"event {event.code}: label {label!r} cannot be filled from its keys ({error!r})",
                            hint="Use only %(key)s with declared keys, and %% for a percent sign.",
                            id="ledger.E001",
                        )
                    )
    return found
