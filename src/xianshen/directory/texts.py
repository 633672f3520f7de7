"""What visitors type, cleaned for comparison and storage. Pure functions."""

import unicodedata

_KEPT = frozenset("\n\t")


def storable(text: str) -> str:
    """Return a text without what a database or a page cannot hold (NUL, controls, lone surrogates)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.encode("utf-8", "ignore").decode("utf-8")
    return "".join(char for char in text if char in _KEPT or unicodedata.category(char) != "Cc")


def one_line(text: str, limit: int) -> str:
    """Return a text on one line, at most ``limit`` characters; invisible characters stay, they tell something."""
    return storable(text).replace("\n", " ").replace("\t", " ").strip(" \u3000")[:limit].rstrip(" \u3000")


def plain(text: str) -> str:
    """Return a name or handle for exact comparison: trimmed, ASCII letters lowered, nothing else.

    No Unicode normalisation and no case folding beyond ASCII: both make different characters equal, and
    what looks alike must never count as the same.
    """
    return "".join(char.lower() if char.isascii() else char for char in text.strip(" \t\n\u3000"))


def handle_of(text: str) -> str:
    """Return a handle for exact comparison; the at sign before a nickname is left out."""
    return plain(text).removeprefix("@")
