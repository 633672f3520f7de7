"""Two languages at once: what is kept is in the institution's language, what is shown in the reader's.

A notice, a ledger label or a line on an annex is read by others, later: it must not depend on the language in
which whoever acted happened to read the page. A refusal is answered to whoever asked, in theirs.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _


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
