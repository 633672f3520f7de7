"""The round seal: a ring, a star, and the unit's name around the upper circle."""

import math
from dataclasses import dataclass
from functools import lru_cache
from xml.sax.saxutils import quoteattr

from xianshen.documents.rendering.fonts import outline
from xianshen.documents.rendering.text import clean

RED = "#c8161d"
SIZE = 120
CENTRE = SIZE / 2
WIDEST = 270.0
"""Degrees of the circle that a long name may take."""
FULL_ANGLE = 23.0
"""Degrees from one character to the next in a short name."""
LONGEST = 36


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character on the ring: where its centre is and how far it is turned."""

    char: str
    x: float
    y: float
    angle: float
    size: float


def ring(text: str) -> list[Glyph]:
    """Return the characters of a seal along the upper arc, the middle of the text at the top."""
    chars = [char for char in clean(text) if not char.isspace()][:LONGEST]
    if not chars:
        return []
    step = min(FULL_ANGLE, WIDEST / len(chars))
    size = min(13.5, 13.5 * step / 17)
    radius = 51.5 - size / 2
    first = -step * (len(chars) - 1) / 2
    glyphs = []
    for index, char in enumerate(chars):
        angle = first + index * step
        radians = math.radians(angle)
        x, y = CENTRE + radius * math.sin(radians), CENTRE - radius * math.cos(radians)
        glyphs.append(Glyph(char, round(x, 2), round(y, 2), round(angle, 2), round(size, 2)))
    return glyphs


def star(radius: float = 15.5) -> str:
    """Return the points of the five-pointed star in the middle."""
    points = []
    for corner in range(10):
        angle, length = math.radians(36 * corner), radius if corner % 2 == 0 else radius * 0.382
        points.append(f"{CENTRE + length * math.sin(angle):.2f},{CENTRE - length * math.cos(angle):.2f}")
    return " ".join(points)


@lru_cache(maxsize=512)
def seal_svg(text: str, *, label: str = "", css_class: str = "", colour: str = RED) -> str:
    """Return the seal as a stand-alone SVG drawing without fonts, scripts or styles.

    Args:
        text: words around the ring, usually the unit's full name.
        label: accessible name; empty for a drawing that is described elsewhere.
        css_class: class of the svg element.
        colour: any SVG colour, ``currentColor`` to follow the page.
    """
    described = f'role="img" aria-label={quoteattr(clean(label))}' if label else 'aria-hidden="true"'
    classed = f" class={quoteattr(css_class)}" if css_class else ""
    characters = "".join(
        f'<path transform="translate({glyph.x} {glyph.y}) rotate({glyph.angle}) scale({glyph.size / 1000:.5f})"'
        f' d="{outline(glyph.char)}"/>'
        for glyph in ring(text)
        if outline(glyph.char)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg"{classed} viewBox="0 0 {SIZE} {SIZE}" {described}>'
        f'<g opacity=".88"><circle cx="{CENTRE:.0f}" cy="{CENTRE:.0f}" r="56.5" fill="none"'
        f' stroke={quoteattr(colour)} stroke-width="3"/>'
        f'<g fill={quoteattr(colour)}>{characters}<polygon points="{star()}"/></g></g></svg>'
    )
