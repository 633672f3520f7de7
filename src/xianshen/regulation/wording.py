"""Translations of a pack: what the regulation's Chinese names are called for readers of another language.

A file ``en.yaml`` in the folder of a version maps texts of that version to their translation. The Chinese text
itself is the key: it occurs in many places (所在部门意见 in thirteen chains), it is what copies in the records keep,
and a translation whose original was rewritten is found out. Translations are presentation: they are kept beside the
version, never in it, and do not touch its digest.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from xianshen.common.language import flat
from xianshen.regulation.schema import Policy, PolicyModel
from xianshen.regulation.schema.forms import Cell, FormSpec, OpinionBox
from xianshen.regulation.schema.organisation import InstitutionNames
from xianshen.regulation.schema.text import NameRule, Regulation
from xianshen.regulation.source import Mistake, SourceFile, read_source

Wording = Mapping[str, str]
LIMIT = 4000
#: Parts of a policy that are never shown in another language: the regulation's own text and the institution's name.
CHINESE_ONLY = (Regulation, InstitutionNames, Cell)
#: Fields that are compared with what people write, or stand on the printed form only.
NOT_SHOWN = frozenset(
    {
        (NameRule, "words"),
        (Policy, "label"),
        (FormSpec, "year_line"),
        (FormSpec, "notes"),
        (OpinionBox, "signature"),
        (OpinionBox, "date"),
    }
)


def languages() -> list[str]:
    """Return the languages into which packs may be translated."""
    return [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def files_in(folder: Path) -> dict[str, Path]:
    """Return language → file of translations in a version's folder."""
    return {code: folder / f"{code}.yaml" for code in languages() if (folder / f"{code}.yaml").exists()}


def texts_of(policy: Policy) -> list[str]:
    """Return the texts of a policy that people are shown and that can be translated, each once, in its order."""
    return list(dict.fromkeys(map(flat, _texts(policy))))


def missing(policy: Policy, wording: Wording) -> list[str]:
    """Return the texts of a policy that a translation lacks."""
    return [text for text in texts_of(policy) if text not in wording]


def check_wording(folder: Path, policy: Policy) -> tuple[dict[str, Wording], list[Mistake]]:
    """Read the translations of a version; name every key that is no text of the version, and every empty value."""
    known = set(texts_of(policy))
    found: dict[str, Wording] = {}
    mistakes: list[Mistake] = []
    for code, path in files_in(folder).items():
        source = read_source(path)
        wording, wrong = _checked(source, known)
        found[code] = wording
        mistakes += [*source.mistakes, *wrong]
    return found, mistakes


def _checked(source: SourceFile, known: set[str]) -> tuple[dict[str, str], list[Mistake]]:
    wording: dict[str, str] = {}
    mistakes: list[Mistake] = []
    for key, value in source.data.items() if isinstance(source.data, dict) else ():
        if not isinstance(value, str) or not value.strip() or len(value) > LIMIT:
            mistakes.append(source.mistake((key,), _("译文应当是文字，最多 %(limit)s 个字。") % {"limit": LIMIT}))
        elif key not in known:
            mistakes.append(source.mistake((key,), _("这个版本里没有这段文字，照原文核对。")))
        else:
            wording[key] = value.strip()
    return wording, mistakes


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, (tuple, list)):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, PolicyModel) and not isinstance(value, CHINESE_ONLY):
        for name in type(value).model_fields:
            part = getattr(value, name)
            if (type(value), name) in NOT_SHOWN:
                continue
            if isinstance(part, str):
                if any(ord(sign) > 0x2E7F for sign in part):
                    yield part
            else:
                yield from _texts(part)
