"""Build ``XianshenRareHan-Regular.otf`` from HanaMinB (Debian package fonts-hanazono).

Noto Serif SC stops at the Basic Multilingual Plane, yet names of people and places use characters
beyond it (𠮷, 𬭎, 𨱑). HanaMinB draws all of CJK Extension B to F, as 31 MB of TrueType polygons.
This script keeps every character, drops the points that lie within 2/1024 em of the line between
their neighbours (0.01 mm at 12 pt), and packs the outlines as CFF with shared subroutines: half the
size, the same picture.

Use: ``apt-get download fonts-hanazono``, unpack it, then
``python scripts/build_rare_han.py HanaMinB.ttf XianshenRareHan-Regular.otf``. Needs ``fonttools`` and
``cffsubr``; takes some minutes.
"""

import math
import sys
from pathlib import Path

import cffsubr  # type: ignore[import-not-found] # reason: a tool of this script only, not of the platform
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.ttLib import TTFont

Point = tuple[float, float]

FAMILY = "Xianshen Rare Han"
POSTSCRIPT = "XianshenRareHan-Regular"
TOLERANCE = 2.0
FIRST = 0x20000
COPYRIGHT = "Created by GlyphWiki (http://glyphwiki.org/). Outlines simplified from HanaMinB of 2017-09-04."
LICENCE = (
    "This font is a free software. Unlimited permission is granted to use, copy, and distribute it, with or "
    "without modification, either commercially and noncommercially. THIS FONT IS PROVIDED AS IS WITHOUT WARRANTY."
)


def distance(point: Point, start: Point, end: Point) -> float:
    """Return the distance of a point from the line through start and end."""
    across, up = end[0] - start[0], end[1] - start[1]
    length = math.hypot(across, up)
    if not length:
        return math.dist(point, start)
    return abs(up * (point[0] - start[0]) - across * (point[1] - start[1])) / length


def simplify_line(points: list[Point]) -> list[Point]:
    """Return the open polygon without the points that matter less than the tolerance (Douglas-Peucker)."""
    if len(points) < 3:
        return points
    far, index = max((distance(points[i], points[0], points[-1]), i) for i in range(1, len(points) - 1))
    if far <= TOLERANCE:
        return [points[0], points[-1]]
    return simplify_line(points[: index + 1])[:-1] + simplify_line(points[index:])


def simplify(contour: list[Point]) -> list[Point]:
    """Return the closed polygon without the points that matter less than the tolerance."""
    index = max(range(len(contour)), key=lambda i: math.dist(contour[0], contour[i]))
    if not index:
        return contour
    return simplify_line(contour[: index + 1])[:-1] + simplify_line([*contour[index:], contour[0]])[:-1]


def build(source: Path, target: Path) -> None:
    """Convert the TrueType font at ``source`` and write the CFF font to ``target``."""
    font = TTFont(source, lazy=True)
    glyphs = font.getGlyphSet()
    characters = {code: name for code, name in font.getBestCmap().items() if code >= FIRST}
    order = [".notdef", *dict.fromkeys(characters.values())]
    short = {name: name if name == ".notdef" else f"g{index}" for index, name in enumerate(order)}
    charstrings, metrics = {}, {}
    for name in order:
        drawn = DecomposingRecordingPen(glyphs)
        glyphs[name].draw(drawn)
        contours: list[list[Point]] = []
        for operator, points in drawn.value:
            if operator == "moveTo":
                contours.append([])
            contours[-1].extend(points)
        pen = T2CharStringPen(glyphs[name].width, None)
        for contour in map(simplify, contours):
            if len(contour) > 2:
                pen.moveTo(contour[0])
                for point in contour[1:]:
                    pen.lineTo(point)
                pen.closePath()
        charstrings[short[name]] = pen.getCharString()
        metrics[short[name]] = (glyphs[name].width, 0)

    builder = FontBuilder(font["head"].unitsPerEm, isTTF=False)
    builder.setupGlyphOrder(list(charstrings))
    builder.setupCharacterMap({code: short[name] for code, name in characters.items()})
    builder.setupCFF(POSTSCRIPT, {"FullName": FAMILY, "FamilyName": FAMILY, "Weight": "Regular"}, charstrings, {})
    builder.setupHorizontalMetrics(metrics)
    builder.setupHorizontalHeader(ascent=font["hhea"].ascent, descent=font["hhea"].descent)
    builder.setupNameTable(
        {
            "familyName": FAMILY,
            "styleName": "Regular",
            "fullName": FAMILY,
            "psName": POSTSCRIPT,
            "uniqueFontIdentifier": POSTSCRIPT,
            "version": "Version 1.000",
            "copyright": COPYRIGHT,
            "licenseDescription": LICENCE,
        },
        mac=False,
    )
    builder.setupOS2(sTypoAscender=font["OS/2"].sTypoAscender, sTypoDescender=font["OS/2"].sTypoDescender)
    builder.setupPost(keepGlyphNames=False)
    builder.font["head"].created = builder.font["head"].modified = font["head"].modified
    builder.font.recalcTimestamp = False
    cffsubr.subroutinize(builder.font, keep_glyph_names=False)
    builder.save(target)


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
