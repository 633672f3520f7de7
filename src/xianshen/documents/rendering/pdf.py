"""Annexes as PDF, by Typst. A pure function of its arguments: same input, same bytes."""

import json
import threading
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

from xianshen.documents.rendering import fonts, words
from xianshen.documents.rendering.layout import (
    Cell,
    CellKind,
    FormData,
    FormLayout,
    Imprint,
    OpinionBox,
    chinese_date,
    value_of,
)
from xianshen.documents.rendering.qr import qr_svg
from xianshen.documents.rendering.seal import seal_svg
from xianshen.documents.rendering.text import chunks, clean, lines

TEMPLATE = Path(__file__).resolve().parent.parent / "typst" / "annex.typ"
EPOCH = 0
ARCHIVAL: Final = "a-2a"
NO_BREAK_SPACE = "\u00a0"
_lock = threading.Lock()


@cache
def _compiler() -> typst.Compiler:
    bundled = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(fonts.FOLDER)])
    return typst.Compiler(str(TEMPLATE), font_paths=bundled, ignore_system_fonts=True)


def render_pdf(layout: FormLayout, data: FormData, imprint: Imprint | None = None) -> bytes:
    """Return the form with all its copies as one PDF, unsigned: archival (PDF/A-2a) with all fonts embedded.

    Args:
        layout: the form.
        data: what is written on it; ``FormData()`` gives the blank form.
        imprint: code and address for the footer; None leaves the footer without them.
    """
    inputs = {"data": json.dumps(_inputs(layout, data, imprint), ensure_ascii=False, separators=(",", ":"))}
    with _lock:
        try:
            pdf = _compiler().compile(format="pdf", sys_inputs=inputs, timestamp=EPOCH, pdf_standards=[ARCHIVAL])
        except typst.TypstError:
            # PDF/A refuses characters that no font has; the document is worth more than its conformity.
            pdf = _compiler().compile(format="pdf", sys_inputs=inputs, timestamp=EPOCH)
    if not isinstance(pdf, bytes):
        raise TypeError("Typst returned no document")
    return pdf


def _written(text: str) -> list[list[str]]:
    return [chunks(line) for line in lines(text)]


def _cell(cell: Cell, height: float, data: FormData) -> dict[str, Any]:
    chosen = data.chosen(cell.key) if cell.kind is CellKind.CHECKBOXES else set()
    return {
        "kind": cell.kind.value,
        "text": _written(value_of(cell, data) if cell.kind is CellKind.FIELD else cell.text),
        "options": [{"label": _written(option.label), "chosen": option.chosen_in(chosen)} for option in cell.options],
        "colspan": cell.colspan,
        "rowspan": cell.rowspan,
        "height": height,
        "opinion": _opinion(cell, data.opinions.get(cell.key)) if cell.kind is CellKind.OPINION else None,
    }


def _opinion(cell: Cell, box: OpinionBox | None) -> dict[str, Any]:
    box = box or OpinionBox()
    return {
        "text": _written(box.text),
        "sign": clean(cell.signature),
        "signature": _written(box.signature()) if box.signature() else [],
        "delegation": _written(box.delegation()) if box.on_behalf_of else [],
        "date": chinese_date(box.date) if box.date else clean(cell.blank_date).replace(" ", NO_BREAK_SPACE),
        "seal": seal_svg(box.seal_text) if box.seal_text else "",
        "seal-alt": words.SEAL.format(unit=clean(box.seal_text)),
    }


def _rows(layout: FormLayout, data: FormData) -> list[dict[str, Any]]:
    heights = [row.height for row in layout.rows]
    return [
        _cell(cell, sum(heights[index : index + cell.rowspan]), data)
        for index, row in enumerate(layout.rows)
        for cell in row.cells
    ]


def _inputs(layout: FormLayout, data: FormData, imprint: Imprint | None) -> dict[str, Any]:
    day = imprint.issued_on if imprint else None
    copies = [words.COPY.format(holder=clean(holder)) for holder in (data.copies or layout.copies)]
    return {
        "title": clean(layout.title),
        "author": clean(imprint.issuer) if imprint else "",
        "keywords": imprint.code if imprint else "",
        "date": {"year": day.year, "month": day.month, "day": day.day} if day else None,
        "fonts": [fonts.SERIF, fonts.RARE_HAN, fonts.EMOJI],
        "words": {
            "tick": words.TICK,
            "code": words.CODE,
            "scan": words.SCAN,
            "qr": words.QR,
            "page": words.PAGE,
        },
        "form": {
            "number": clean(layout.number),
            "title": _written(layout.title),
            "caption": _written(layout.caption_with(data.values)) if layout.caption else [],
            "columns": list(layout.columns),
            "cells": _rows(layout, data),
            "paper": asdict(layout.paper),
            "notes": [_written(note) for note in layout.notes],
        },
        "copies": copies or [""],
        "qr": qr_svg(imprint.url) if imprint else None,
        "code": imprint.code if imprint else "",
        "url": chunks(clean(imprint.url)) if imprint else [],
    }
