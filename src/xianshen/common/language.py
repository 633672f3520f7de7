"""Two languages at once: what is kept is in the institution's language, what is shown in the reader's.

A notice, a ledger label or a line on an annex is read by others, later: it must not depend on the language in
which whoever acted happened to read the page. A refusal is answered to whoever asked, in theirs.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

#: Institution and language → the translations of its packs. Given by the room that keeps them.
Wording = Callable[[int, str], Mapping[str, str]]

_institution: ContextVar[Callable[[], int] | None] = ContextVar("xianshen_wording_of", default=None)
_wording: list[Wording] = []


@contextmanager
def institution_language() -> Iterator[None]:
    """Compose what is kept: within, ``gettext`` gives the institution's language, whoever is signed in."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


def stored(text: str | Promise, /, **values: object) -> str:
    """Return a text to be kept, in the institution's language.

    Args:
        text: the sentence, marked with ``gettext_lazy`` (``gettext`` would have chosen the actor's language already).
        values: for its ``%(name)s``; lazy words among them follow the same language.
    """
    with institution_language():
        return str(text) % values if values else str(text)


def listed(items: Iterable[object]) -> str:
    """Return items as one enumeration in the active language: ``甲、乙`` or ``A, B``."""
    return _("、").join(map(str, items))


def provide_wording(wording: Wording) -> None:
    """Say where translations come from; called once, when the application starts."""
    _wording[:] = [wording]


@contextmanager
def wording_of(institution_id: Callable[[], int]) -> Iterator[None]:
    """Show the words of one institution's packs within.

    Args:
        institution_id: asked for when the first text in another language is shown, not before.
    """
    token = _institution.set(institution_id)
    try:
        yield
    finally:
        _institution.reset(token)


def local(text: str) -> str:
    """Return a text of the policy pack, or a copy kept of one, in the active language.

    The text itself comes back in the institution's own language, outside requests, and where the pack has no
    translation. Only for showing: what is judged, kept or printed is what the pack says.
    """
    institution, language = _institution.get(), translation.get_language()
    if not text or institution is None or not _wording or language in {None, settings.LANGUAGE_CODE}:
        return text
    return _wording[0](institution(), str(language)).get(flat(text), text)


def flat(text: str) -> str:
    """Return a text as wording knows it: in one line. Labels on forms are broken where the paper needs it."""
    return "".join(text.split("\n"))
