"""The fonts that come with the platform; nothing is taken from the machine."""

from functools import cache
from pathlib import Path

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

FOLDER = Path(__file__).resolve().parent.parent / "fonts"
SERIF, RARE_HAN, EMOJI = "Noto Serif SC", "Xianshen Rare Han", "Noto Emoji"
BOLD = ("NotoSerifSC-Bold.ttf", "XianshenRareHan-Regular.otf")


@cache
def _font(name: str) -> TTFont:
    return TTFont(FOLDER / name, lazy=True)


@cache
def outline(char: str) -> str:
    """Return the outline of a bold character as SVG path data in an em square of 1000, y downwards.

    The em square's centre is at 0,0. A character that no bundled font has gives "".
    """
    for name in BOLD:
        font = _font(name)
        glyph_name = font.getBestCmap().get(ord(char))
        if glyph_name is None:
            continue
        glyphs = font.getGlyphSet()
        scale = 1000 / font["head"].unitsPerEm
        pen = SVGPathPen(glyphs, ntos=lambda number: f"{number:.0f}")
        width = glyphs[glyph_name].width * scale
        glyphs[glyph_name].draw(TransformPen(pen, (scale, 0, 0, -scale, -width / 2, 380)))
        return str(pen.getCommands())
    return ""
