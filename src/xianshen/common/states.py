"""How a state looks: its words, tone and icon. Always all three together (WCAG 1.4.1)."""

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise

Tone = Literal["ok", "wait", "soon", "late", "stop", "idle"]


@dataclass(frozen=True, slots=True)
class Face:
    """What a state badge shows.

    Args:
        label: words in the interface language.
        tone: one of the six tones of the visual language.
        icon: name of a Tabler icon in the sprite.
    """

    label: str | Promise
    tone: Tone
    icon: str
