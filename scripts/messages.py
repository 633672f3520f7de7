"""Interface strings: ``messages.py update | compile | check``.

The Chinese msgids in Python (gettext and its kin) and in templates are the source; the English catalogue
``src/xianshen/locale/en/LC_MESSAGES/django.po`` translates every one of them.

- ``update`` writes new msgids into the catalogue (empty) and takes out those that are gone;
- ``compile`` writes the ``.mo`` file, which is committed;
- ``check`` changes nothing and exits with 1 when a string is missing, untranslated or fuzzy, when a
  placeholder differs, when a msgid is not Chinese, when a script holds Chinese text, or when the
  ``.mo`` file is not what ``compile`` would write.
"""

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "xianshen"
CATALOGUE = PACKAGE / "locale" / "en" / "LC_MESSAGES" / "django.po"
COMPILED = CATALOGUE.with_suffix(".mo")
#: Fixed, so that writing the same strings twice gives the same file.
DATE = datetime(2026, 1, 1, tzinfo=UTC)
HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
LETTERS = re.compile(r"[A-Za-z]{2,}")
PLACEHOLDER = re.compile(r"%\(\w+\)[-#0 +\d.]*[a-zA-Z]|%[sd]|\{\w*(?:[!:][^{}]*)?\}|</?[a-z][^>]*>")
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    **{
        f"{name}{suffix}": spec
        for name, spec in {
            "gettext": None,
            "ngettext": (1, 2),
            "pgettext": ((1, "c"), 2),
            "npgettext": ((1, "c"), 2, 3),
        }.items()
        for suffix in ("", "_lazy", "_noop")
    },
}
#: Names that stay as they are in every language.
NAMES = frozenset({"先审", "中文"})
ALIAS = re.compile(r"^from django\.utils\.translation import (\w+) as (\w+)$", re.MULTILINE)
Key = tuple[str | None, str]


def extract_messages() -> Catalog:
    """Return a catalogue of every string in the source, without translations."""
    catalogue = _empty()
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix == ".py" and "migrations" not in path.parts:
            text = path.read_text()
        elif "templates" in path.parts and path.suffix in {".html", ".txt", ".xml", ".svg"}:
            text = "\n".join(line.strip() for line in templatize(path.read_text(), origin=str(path)).splitlines())
        else:
            continue
        place = str(path.relative_to(ROOT))
        keywords = {**KEYWORDS, **{alias: KEYWORDS[name] for name, alias in ALIAS.findall(text) if name in KEYWORDS}}
        for _line, found, comments, context in extract("python", io.BytesIO(text.encode()), keywords, ["Translators"]):
            catalogue.add(found, locations=[(place, 0)], auto_comments=comments, context=context)
    return catalogue


def _empty() -> Catalog:
    return Catalog(
        locale="en",
        project="xianshen",
        version="1",
        copyright_holder="the xianshen contributors",
        msgid_bugs_address="the issue tracker",
        last_translator="the xianshen contributors",
        language_team="English",
        creation_date=DATE,
        revision_date=DATE,
        fuzzy=False,
        header_comment="# English translation of the interface; the msgids are the source.",
    )


def load() -> Catalog:
    """Return the English catalogue, empty when there is none yet."""
    if not CATALOGUE.exists():
        return _empty()
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en")


def messages_of(catalogue: Catalog) -> dict[Key, Message]:
    return {(message.context, _first(message.id)): message for message in catalogue if message.id}


def update() -> int:
    """Write the source's strings into the catalogue, keeping translations."""
    kept = messages_of(load())
    fresh = extract_messages()
    for key, message in messages_of(fresh).items():
        if key in kept and kept[key].pluralizable == message.pluralizable:
            message.string = kept[key].string
            message.user_comments = kept[key].user_comments
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        write_po(file, fresh, width=110, sort_output=True, include_lineno=False, omit_header=False)
    empty = [message for message in messages_of(fresh).values() if not all(_strings(message))]
    print(f"{CATALOGUE.relative_to(ROOT)}: {len(messages_of(fresh))} strings, {len(empty)} without a translation")
    return 0


def compiled() -> bytes:
    """Return what the ``.mo`` file should hold."""
    buffer = io.BytesIO()
    write_mo(buffer, load())
    return buffer.getvalue()


def compile_catalogue() -> int:
    COMPILED.write_bytes(compiled())
    return 0


def check() -> int:
    """Print one line per mistake; return 1 when there is any."""
    mistakes = sorted(find_mistakes())
    print("\n".join(mistakes) or f"{len(messages_of(load()))} strings, all translated")
    return 1 if mistakes else 0


def find_mistakes() -> Iterator[str]:
    """Yield what :func:`check` prints."""
    source, catalogue = messages_of(extract_messages()), messages_of(load())
    for key, message in source.items():
        place = message.locations[0][0]
        if LETTERS.search(PLACEHOLDER.sub("", key[1])) and not HAN.search(key[1]):
            yield f"{place}: msgid is not Chinese: {key[1]!r}"
        if key not in catalogue:
            yield f"{place}: not in the catalogue (make messages): {key[1]!r}"
    for key, message in catalogue.items():
        yield from _mistakes_of(key, message, source)
    for path in sorted((PACKAGE / "static").rglob("*.js")):
        if "vendor" not in path.parts and HAN.search(re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.S)):
            yield f"{path.relative_to(ROOT)}: Chinese text in a script; let the template hand it over in data-*"
    if not COMPILED.exists() or COMPILED.read_bytes() != compiled():
        yield f"{COMPILED.relative_to(ROOT)}: not up to date (make messages)"


def _mistakes_of(key: Key, message: Message, source: dict[Key, Message]) -> Iterator[str]:
    place = CATALOGUE.relative_to(ROOT)
    if key not in source:
        yield f"{place}: no longer in the source (make messages): {key[1]!r}"
    if message.fuzzy:
        yield f"{place}: fuzzy: {key[1]!r}"
    wanted = set(PLACEHOLDER.findall(key[1]))
    for string in _strings(message):
        if not string:
            yield f"{place}: not translated: {key[1]!r}"
        elif string == key[1] and HAN.search(string) and string not in NAMES:
            yield f"{place}: translated by itself: {key[1]!r}"
        elif (found := set(PLACEHOLDER.findall(string))) != wanted:
            yield f"{place}: placeholders differ ({sorted(found ^ wanted)}): {key[1]!r}"


def _first(identifier: str | list[str] | tuple[str, ...]) -> str:
    return identifier if isinstance(identifier, str) else identifier[0]


def _strings(message: Message) -> list[str]:
    strings = list(message.string) if isinstance(message.string, list | tuple) else [message.string]
    return [string or "" for string in strings] or [""]


def main() -> int:
    """Run the chosen action; 2 for wrong use."""
    actions = {"update": update, "compile": compile_catalogue, "check": check}
    if len(sys.argv) != 2 or sys.argv[1] not in actions:
        print(__doc__, file=sys.stderr)
        return 2
    settings.configure(USE_I18N=True)
    django.setup()
    return actions[sys.argv[1]]()


if __name__ == "__main__":
    sys.exit(main())
