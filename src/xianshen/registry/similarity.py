"""Accounts that could be mistaken for a new one, by name or by positioning (selectors)."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from xianshen.common.composed import listed
from xianshen.registry import names
from xianshen.registry.enums import AccountState
from xianshen.registry.models import MediaAccount

# How much of a scope's character pairs another scope must contain to be shown, and the most shown.
# Parameters of the method, not of the regulation: a hint for people, never a refusal.
OVERLAP_SHOWN = 0.3
MOST_SHOWN = 5
CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class SimilarName:
    """An account whose name is confusing: ``how`` is same, sound, contains or one_off."""

    account: MediaAccount
    how: str


@dataclass(frozen=True, slots=True)
class SimilarScope:
    """An account with overlapping positioning.

    Args:
        account: the account.
        overlap: share of the new scope's character pairs found in the other, 0 to 1.
        passages: longest shared passages, for marking.
    """

    account: MediaAccount
    overlap: float
    passages: tuple[str, ...]

    @property
    def percent(self) -> int:
        return round(self.overlap * 100)


def _narrow(folded: str, sound: str) -> Q:
    """Return a filter that every likeness of the name passes, cheap for the database."""
    size = len(folded)
    q = Q(name_fold=folded) | Q(name_sound=sound)
    if size >= names.SHORT:
        half = size // 2
        q |= Q(name_fold__contains=folded) | Q(name_fold__in=names.substrings(folded[:60]))
        q |= Q(name_fold__startswith=folded[:half]) | Q(name_fold__endswith=folded[half:])
    return q


def similar_names(institution_id: int, name: str, *, except_id: int | None = None) -> list[SimilarName]:
    """Return accounts on record whose names are the same or confusingly similar, worst first (one query)."""
    folded, sound = names.fold(name), names.sound(name)
    if not folded:
        return []
    candidates = (
        MediaAccount.objects.filter(institution_id=institution_id)
        .filter(_narrow(folded, sound))
        .exclude(pk=except_id or 0)
        .select_related("unit")
        .order_by("pk")[:CANDIDATES]
    )
    order = ("same", "sound", "one_off", "contains")
    found = [
        SimilarName(account, how)
        for account in candidates
        if (how := names.likeness(folded, account.name_fold, sound, account.name_sound))
    ]
    return sorted(found, key=lambda similar: (order.index(similar.how), similar.account.pk))


def same_names(institution_id: int, name: str, *, except_id: int | None = None) -> list[SimilarName]:
    """Return accounts on record with the same name, disguises apart (one query)."""
    folded = names.fold(name)
    if not folded:
        return []
    return [SimilarName(account, "same") for account in _same_names(institution_id, folded, except_id or 0)]


@listed
def _same_names(institution_id: int, folded: str, except_id: int) -> QuerySet[MediaAccount]:
    same = MediaAccount.objects.filter(institution_id=institution_id, name_fold=folded).exclude(pk=except_id)
    return same.select_related("unit").order_by("pk")[:CANDIDATES]


def similar_scopes(institution_id: int, scope: str, *, except_id: int | None = None) -> list[SimilarScope]:
    """Return running accounts whose positioning overlaps most with the scope (two queries)."""
    pairs = names.pairs_of(scope)
    if len(pairs) < 6:
        return []
    rows = (
        MediaAccount.objects.filter(institution_id=institution_id)
        .exclude(state=AccountState.CLOSED)
        .exclude(content_scope="")
        .exclude(pk=except_id or 0)
        .values_list("pk", "content_scope")
    )
    scored = sorted(
        ((sum(pair in other for pair in pairs) / len(pairs), pk) for pk, other in rows.iterator(chunk_size=2000)),
        reverse=True,
    )[:MOST_SHOWN]
    best = {pk: share for share, pk in scored if share >= OVERLAP_SHOWN}
    accounts = MediaAccount.objects.filter(pk__in=best).select_related("unit")
    found = [
        SimilarScope(account, best[account.pk], tuple(names.shared_passages(scope, account.content_scope)[:5]))
        for account in accounts
    ]
    return sorted(found, key=lambda similar: -similar.overlap)
