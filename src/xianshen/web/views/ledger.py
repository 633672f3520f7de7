"""The ledger as people read it: recent acts, and everything about one record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from xianshen.common.decisions import Denied
from xianshen.common.errors import PermissionDenied
from xianshen.ledger.events import declared_events
from xianshen.ledger.rendering import value_words
from xianshen.ledger.selectors import about_of, broken_among, count_about, entries_about, recent_entries
from xianshen.ledger.words import key_word
from xianshen.regulation.enums import Capability
from xianshen.web.rules import LEDGER_VIEW

if TYPE_CHECKING:
    from xianshen.ledger.models import LedgerAbout, LedgerEntry

PER_PAGE = 50
ROOM_LABELS: dict[str, str | Promise] = {
    "registry": gettext_lazy("账号、申请与备案"),
    "approvals": gettext_lazy("审批"),
    "documents": gettext_lazy("文件"),
    "organisation": gettext_lazy("单位、职务与人员"),
    "regulation": gettext_lazy("管理办法"),
    "directory": gettext_lazy("公开名录与举报"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with what the page shows beside it."""

    entry: "LedgerEntry"
    about: "Sequence[LedgerAbout]"
    broken: bool

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The payload as pairs of words."""
        return [(key_word(key), value_words(value) or "—") for key, value in self.entry.data.items()]


def _lines(entries: "Sequence[LedgerEntry]") -> list[Line]:
    about, broken = about_of(entries), broken_among(entries)
    return [Line(entry, about.get(entry.sequence, ()), entry.sequence in broken) for entry in entries]


def _before(request: HttpRequest) -> int | None:
    value = request.GET.get("before", "")
    return int(value) if value.isdecimal() and len(value) < 19 else None


def _authorise(request: HttpRequest) -> str:
    """Return the code of the institution whose ledger the person may read."""
    if not request.grants.has(Capability.LEDGER_VIEW):  # type: ignore[attr-defined]
        raise PermissionDenied.from_denied(
            Denied(_("看全部留痕要有监督或归口管理的职务。你经手的事，在它自己的页面上看经过。"), LEDGER_VIEW)
        )
    return str(request.user.institution.code)  # type: ignore[union-attr]


def _codes(room: str) -> list[str]:
    return sorted(code for code in declared_events() if code.split(".")[0] == room)


def _rooms() -> list[tuple[str, str | Promise]]:
    found: Iterable[str] = sorted({code.split(".")[0] for code in declared_events()})
    return [(room, ROOM_LABELS[room]) for room in ROOM_LABELS if room in set(found)]


@login_required
@require_safe
def ledger_page(request: HttpRequest) -> HttpResponse:
    """List the institution's acts, newest first; ``room``, ``q`` and ``before`` narrow them."""
    institution = _authorise(request)
    room = request.GET.get("room", "")
    query = request.GET.get("q", "").replace("\0", "").strip()[:100]
    codes = _codes(room) if room else []
    entries: list[LedgerEntry] = []
    if codes or not room:
        entries = recent_entries(institution, limit=PER_PAGE + 1, before=_before(request), events=codes, search=query)
    shown = entries[:PER_PAGE]
    lines = _lines(shown)
    days = [(day, list(group)) for day, group in groupby(lines, key=lambda line: timezone.localdate(line.entry.at))]
    context = {
        "days": days,
        "rooms": _rooms(),
        "room": room,
        "query": query,
        "first_page": _before(request) is None,
        "next_before": shown[-1].sequence if len(entries) > PER_PAGE else None,
        "broken": [line for line in lines if line.broken],
        "now": timezone.now(),
    }
    return render(request, "web/ledger.html", context)


@login_required
@require_safe
def record_page(request: HttpRequest, subject_type: str, subject_id: str) -> HttpResponse:
    """Show everything about one record: who did what, in which position, on whose behalf, and the seals."""
    institution = _authorise(request)
    entries = entries_about(institution, subject_type, subject_id, limit=PER_PAGE + 1, before=_before(request))
    if not entries:
        raise Http404
    shown = entries[:PER_PAGE]
    lines = _lines(shown)
    own = next((entry for entry in shown if (entry.subject_type, entry.subject_id) == (subject_type, subject_id)), None)
    label = (
        own.subject_label
        if own
        else next(
            (
                row.subject_label
                for line in lines
                for row in line.about
                if (row.subject_type, row.subject_id) == (subject_type, subject_id)
            ),
            f"{subject_type} {subject_id}",
        )
    )
    context = {
        "lines": lines,
        "label": label,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "total": count_about(institution, subject_type, subject_id),
        "first_page": _before(request) is None,
        "next_before": shown[-1].sequence if len(entries) > PER_PAGE else None,
        "broken": [line for line in lines if line.broken],
        "now": timezone.now(),
    }
    return render(request, "web/ledger_record.html", context)
