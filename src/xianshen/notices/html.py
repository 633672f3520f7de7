"""Plain text as simple HTML: paragraphs and links, nothing else. Also how a kept message is shown."""

import re

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

LINK = re.compile(r"https?://[^\s<>\"'）」]+")


def paragraphs(text: str) -> SafeString:
    """Return the text as ``<p>`` elements; lines of a paragraph are kept, addresses become links."""
    blocks = [block for block in re.split(r"\n{2,}", text.strip()) if block]
    return format_html_join(
        "\n", "<p>{}</p>", ((format_html_join(mark_safe("<br>\n"), "{}", _lines(block)),) for block in blocks)
    )


def _lines(block: str) -> list[tuple[SafeString]]:
    return [(_linked(line),) for line in block.split("\n")]


def _linked(line: str) -> SafeString:
    parts, at = [], 0
    for found in LINK.finditer(line):
        parts.append(format_html("{}", line[at : found.start()]))
        parts.append(format_html('<a href="{}">{}</a>', found[0], found[0]))
        at = found.end()
    parts.append(format_html("{}", line[at:]))
    return format_html_join("", "{}", ((part,) for part in parts))


def html_of(text: str, *, title: str, language: str) -> SafeString:
    """Return a whole HTML document that says what the text says."""
    return format_html(
        '<!doctype html>\n<html lang="{}"><head><meta charset="utf-8"><title>{}</title></head>\n'
        "<body>\n{}\n</body></html>",
        language,
        title,
        paragraphs(text),
    )
