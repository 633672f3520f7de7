"""Preparing people's text for print: nothing lost, nothing that breaks a page."""

import re
import unicodedata

LONGEST_RUN = 12
"""Characters after which a run without any natural break may be broken."""

#: No line begins with these, wherever it may be broken: a cut before one would be no cut (UAX 14).
_NEVER_FIRST = frozenset(".,:;!?)]}/-'\"%")
_RUN = re.compile(rf"[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]{{{LONGEST_RUN + 1},}}")
_FORBIDDEN_CATEGORIES = {"Cc", "Cs", "Co", "Cn"}
_BIDI_CONTROLS = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)}


def clean(text: str) -> str:
    """Return the text without characters that no font and no XML file can carry.

    Line breaks become LF, tabs spaces; control characters, surrogates, private-use and unassigned
    code points, and the controls that would reverse the reading direction are dropped.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(
        char
        for char in text
        if char == "\n" or (unicodedata.category(char) not in _FORBIDDEN_CATEGORIES and char not in _BIDI_CONTROLS)
    )


def lines(text: str) -> list[str]:
    """Return the cleaned lines of a text; an empty text is one empty line."""
    return clean(text).split("\n")


def chunks(line: str) -> list[str]:
    """Cut a line where it may be broken although no space stands there.

    Long addresses and words without spaces would run out of their cell otherwise. Joining the pieces
    gives the line again. Pieces never end between a base character and the mark that modifies it.
    """
    pieces: list[str] = []
    end = 0
    for run in _RUN.finditer(line):
        start = run.start()
        while run.end() - start > LONGEST_RUN:
            cut = start + LONGEST_RUN
            while cut < run.end() and (line[cut] in _NEVER_FIRST or _extends(line[cut], line[cut - 1])):
                cut += 1
            if cut >= run.end():
                break
            pieces.append(line[end:cut])
            end = start = cut
    pieces.append(line[end:])
    return pieces


def _extends(char: str, previous: str) -> bool:
    """Whether ``char`` belongs to the character before it (marks, variation selectors, joined emoji)."""
    return (
        unicodedata.combining(char) > 0
        or unicodedata.category(char) in {"Mn", "Me", "Mc"}
        or char == "\u200d"
        or previous == "\u200d"
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U0001f1e6" <= char <= "\U0001f1ff"
    )
