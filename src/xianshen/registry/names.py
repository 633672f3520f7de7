"""Names compared as people read and hear them: folded form, sound, imitation, likeness.

Pure functions without a database. The folded form removes what the eye passes over (width, case,
traditional forms, invisible characters, punctuation) and maps look-alike letters and characters to
one of them; the sound is toneless pinyin.
"""

import unicodedata
from functools import cache, lru_cache
from itertools import pairwise

import opencc
from rapidfuzz.distance import OSA

# Letters of other scripts that are drawn like Latin ones (Unicode TR 39, the part met in names).
_LETTERS = str.maketrans(
    "аеорсухіјѕԁԛԝһոցվαβγεηικνορτυχωɡɑı",
    "aeopcyxijsdqwhnguabgenikvoptuxwgai",
)
# Han characters mistaken for one another at a glance; each group is folded to its first.
_HAN_GROUPS = (
    "海海", "关関闗", "未末", "己已巳", "戊戌戍", "士土", "人入", "日曰", "天夭", "干千于", "大太犬", "学学孛",
    "院阮", "上丄", "税说", "团囝", "员贠", "校较", "处処", "系糸", "官宫", "币巾", "贸贺", "管菅",
)  # fmt: skip
_HAN = str.maketrans({char: group[0] for group in _HAN_GROUPS for char in group[1:]})
_INVISIBLE = {"Cf", "Cc", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Me"}
SHORT = 3


@cache
def _simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def invisible_characters(name: str) -> list[str]:
    """Return the characters of the name that cannot be seen, as ``U+200B``, in order.

    Variation selectors and joiners inside emoji count as well: an account name has no use for them.
    """
    return [f"U+{ord(char):04X}" for char in name if unicodedata.category(char) in _INVISIBLE]


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """Return the name as the eye takes it in; equal results look alike."""
    text = unicodedata.normalize("NFKD", name)
    text = "".join(char for char in text if unicodedata.category(char)[0] in "LN")
    text = unicodedata.normalize("NFC", text).casefold()
    simplified: str = _simplified().convert(text)
    return simplified.translate(_LETTERS).translate(_HAN)


@lru_cache(maxsize=4096)
def sound(name: str) -> str:
    """Return the name in toneless pinyin, syllables joined by one space."""
    from pypinyin import Style, lazy_pinyin  # its dictionary is slow to load

    return " ".join(lazy_pinyin(fold(name), style=Style.NORMAL))[:400]


def imitates(name: str, protected: str) -> bool:
    """Say whether the name shows the protected name to the eye or ear without writing it."""
    if protected in name:
        return False
    folded, shield = fold(name), fold(protected)
    if not shield:
        return False
    return shield in folded or (len(shield) > SHORT and sound(protected) in sound(name))


def starts_like(name: str, protected: str) -> bool:
    """Say whether the name starts with the protected name, written or imitated."""
    shield = fold(protected)
    return bool(shield) and fold(name).startswith(shield)


def substrings(folded: str, *, shortest: int = SHORT) -> set[str]:
    """Return all parts of a folded name from ``shortest`` characters up, itself included."""
    size = len(folded)
    return {folded[i:j] for i in range(size) for j in range(i + shortest, size + 1)}


def likeness(folded: str, other: str, sound_of: str, other_sound: str) -> str:
    """Say in which way two folded names are confusing.

    Returns:
        ``same``, ``sound``, ``contains``, ``one_off`` (one character added, dropped, changed or two
        swapped; names of three characters and more), or "" where they are distinct.
    """
    if folded == other:
        return "same"
    if sound_of == other_sound and len(folded) > 1:
        return "sound"
    shorter, longer = sorted((folded, other), key=len)
    if len(shorter) >= SHORT and shorter in longer:
        return "contains"
    if len(shorter) >= SHORT and OSA.distance(folded, other, score_cutoff=1) <= 1:
        return "one_off"
    return ""


def pairs_of(text: str) -> set[str]:
    """Return the neighbouring character pairs of a text, without pairs across punctuation."""
    clean = "".join(char if unicodedata.category(char)[0] in "LN" else " " for char in text.casefold())
    return {a + b for a, b in pairwise(clean) if a != " " and b != " "}


def shared_passages(text: str, other: str, *, shortest: int = SHORT) -> list[str]:
    """Return the longest passages of ``other`` that stand in ``text`` too, longest first, without overlaps."""
    found: list[str] = []
    start = 0
    while start < len(other):
        end = start
        while end < len(other) and other[start : end + 1] in text and not other[end].isspace():
            end += 1
        passage = other[start:end].strip("，、。；：,.;: ")
        if len(passage) >= shortest:
            found.append(passage)
        start = max(end, start + 1)
    return sorted(dict.fromkeys(found), key=len, reverse=True)
