"""QR codes as SVG (for PDF and pages) and PNG (for DOCX), the same bytes for the same text."""

from functools import lru_cache
from io import BytesIO

import segno


@lru_cache(maxsize=256)
def qr_svg(text: str) -> str:
    """Return a QR code with error correction M and a quiet zone as stand-alone SVG."""
    out = BytesIO()
    segno.make(text, error="m", micro=False, boost_error=False).save(
        out, kind="svg", border=2, xmldecl=False, svgns=True, omitsize=True, svgclass=None, lineclass=None, light="#fff"
    )
    return out.getvalue().decode()


def qr_png(text: str) -> bytes:
    """Return the same QR code as PNG."""
    out = BytesIO()
    segno.make(text, error="m", micro=False, boost_error=False).save(out, kind="png", scale=8, border=2)
    return out.getvalue()
