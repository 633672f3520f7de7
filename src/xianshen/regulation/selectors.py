"""Questions about policy: what was in force on a day, what an article says, who has read it.

``policy_on`` is asked in every request. Versions are immutable, so parsed policies are kept by
version and digest for as long as the process lives; the short list of an institution's versions is
kept for a few seconds, so that a version loaded by another process is seen soon.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from xianshen.common.composed import counted
from xianshen.common.errors import Refusal
from xianshen.organisation.selectors import people
from xianshen.regulation.models import Acknowledgement, Interpretation, PolicyVersion, PolicyWording
from xianshen.regulation.numerals import article_label
from xianshen.regulation.schema import NotInPolicy, Policy

if TYPE_CHECKING:
    from xianshen.organisation.models import Person

LIST_LIFETIME = 5.0
"""Seconds for which a process trusts its list of an institution's versions."""

WORDING_LIFETIME = 60.0
"""Seconds for which a process trusts the translations that it knows."""


class NoPolicyInForce(Refusal):
    """The institution has no version in force on the day; nothing can be judged."""

    status = 409


@dataclass(frozen=True, slots=True)
class VersionDates:
    """A version as the list of versions shows it.

    Args:
        version_id: primary key.
        label: label of the version.
        title: title of the regulation.
        promulgated_on: day of promulgation.
        effective_from: first day in force.
        effective_until: last day in force by its own text, or None.
        digest: SHA-256 of the canonical text.
    """

    version_id: int
    label: str
    title: str
    promulgated_on: date
    effective_from: date
    effective_until: date | None
    digest: str


class _Cache:
    """What this process knows: lists of versions, policies by version, and parsed texts by digest."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lists: dict[int, tuple[float, tuple[VersionDates, ...]]] = {}
        self.policies: dict[int, Policy] = {}
        self.parsed: dict[str, Policy] = {}
        self.wording: dict[tuple[int, str], tuple[float, Mapping[str, str]]] = {}

    def clear(self) -> None:
        """Forget what may change; a parsed text is what its digest says for ever."""
        with self.lock:
            self.lists.clear()
            self.policies.clear()
            self.wording.clear()


_cache = _Cache()


def forget_policies() -> None:
    """Drop what this process remembers about versions (after a load; between tests)."""
    _cache.clear()


def versions_of(institution_id: int) -> tuple[VersionDates, ...]:
    """Return the institution's versions, oldest first; kept for a few seconds."""
    now = time.monotonic()
    known = _cache.lists.get(institution_id)
    if known and now < known[0]:
        return known[1]
    rows = PolicyVersion.objects.filter(institution_id=institution_id).order_by("effective_from")
    fields = ("pk", "label", "title", "promulgated_on", "effective_from", "effective_until", "digest")
    versions = tuple(VersionDates(*row) for row in rows.values_list(*fields))
    if versions:
        with _cache.lock:
            _cache.lists[institution_id] = (now + LIST_LIFETIME, versions)
    return versions


def _policy(version_id: int, digest: str) -> Policy:
    known = _cache.policies.get(version_id)
    if known is not None and known.digest == digest:
        return known
    parsed = _cache.parsed.get(digest)
    if parsed is None:
        parsed = Policy.model_validate_json(PolicyVersion.objects.values_list("data", flat=True).get(pk=version_id))
    policy = parsed.stored_as(version_id=version_id, digest=digest)
    with _cache.lock:
        _cache.parsed[digest] = parsed
        _cache.policies[version_id] = policy
    return policy


def wording(institution_id: int, language: str) -> Mapping[str, str]:
    """Return the institution's translations into a language: text of the pack → what readers of it see.

    All versions together, a later one's word before an earlier one's: records keep texts of the version that judged
    them. Kept for a minute, so that showing a text costs no query.
    """
    now = time.monotonic()
    known = _cache.wording.get((institution_id, language))
    if known and now < known[0]:
        return known[1]
    rows = PolicyWording.objects.filter(institution_id=institution_id, language=language)
    texts: dict[str, str] = {}
    for words in rows.order_by("version__effective_from").values_list("texts", flat=True):
        texts |= words
    with _cache.lock:
        _cache.wording[institution_id, language] = (now + WORDING_LIFETIME, texts)
    return texts


def version_on(institution_id: int, on: date) -> VersionDates | None:
    """Return the version in force on a day: the latest that had begun and had not ended."""
    begun = [version for version in versions_of(institution_id) if version.effective_from <= on]
    if not begun or (begun[-1].effective_until and begun[-1].effective_until < on):
        return None
    return begun[-1]


def policy_on(institution_id: int, on: date) -> Policy:
    """Return the policy in force on a day. No query once the process knows the versions.

    Args:
        institution_id: whose policy.
        on: the date that matters: of the application, of the deadline, of the decision.

    Raises:
        NoPolicyInForce: no version is in force on that day.
    """
    version = version_on(institution_id, on)
    if version is None:
        raise NoPolicyInForce(_("这一天没有施行的管理办法，办不了。联系管理员载入制度版本。"))
    return _policy(version.version_id, version.digest)


def policy_version(version_id: int) -> Policy:
    """Return the policy that a stored version holds, as kept with a record.

    Raises:
        PolicyVersion.DoesNotExist: there is no such version.
    """
    known = _cache.policies.get(version_id)
    if known is not None:
        return known
    return _policy(version_id, PolicyVersion.objects.values_list("digest", flat=True).get(pk=version_id))


@dataclass(frozen=True, slots=True)
class Citation:
    """An article cited for a rule.

    Args:
        article: number of the article.
        label: as cited, e.g. 第八条.
        url: page of the article's text in force on the day.
        rule: id of the rule.
        text: what the rule says.
    """

    article: int
    label: str
    url: str
    rule: str
    text: str


def article_url(number: int, on: date) -> str:
    """Return the address of an article's text in force on a day."""
    return f"{reverse('regulation:article', args=[number])}?on={on.isoformat()}"


def cite(institution_id: int, rule_id: str, on: date) -> Citation | None:
    """Return the article from which a rule follows on a day, or None if the policy has no such rule.

    Args:
        institution_id: whose policy.
        rule_id: id of the rule.
        on: day of the decision that cites it.
    """
    if not rule_id:
        return None
    try:
        rule = policy_on(institution_id, on).rule(rule_id)
    except (NoPolicyInForce, NotInPolicy):
        return None
    return Citation(rule.article, article_label(rule.article), article_url(rule.article, on), rule.id, rule.text)


def version_of(institution_id: int, version_id: int) -> PolicyVersion:
    """Return a version of the institution, for pages about it.

    Raises:
        PolicyVersion.DoesNotExist: it has no such version (another institution's, perhaps).
    """
    return PolicyVersion.objects.get(institution_id=institution_id, pk=version_id)


def acknowledged_at(version_id: int, person_id: int) -> Acknowledgement | None:
    """Return when a person acknowledged a version, or None."""
    return Acknowledgement.objects.filter(version_id=version_id, person_id=person_id).first()


@counted
def _times_read(version_id: int, person_id: int) -> QuerySet[Acknowledgement]:
    return Acknowledgement.objects.filter(version_id=version_id, person_id=person_id)


def version_to_read(institution_id: int, person_id: int, on: date) -> VersionDates | None:
    """Return the version in force that a person has not acknowledged, or None; one query at most."""
    version = version_on(institution_id, on)
    return None if version is None or _times_read(version.version_id, person_id) else version


def acknowledged_by(institution_id: int, version_id: int) -> QuerySet[Acknowledgement]:
    """Return who has acknowledged a version, latest first."""
    found = Acknowledgement.objects.filter(institution_id=institution_id, version_id=version_id)
    return found.select_related("person").order_by("-at", "-pk")


def unacknowledged(institution_id: int, version_id: int, *, query: str = "") -> "QuerySet[Person]":
    """Return the people who may sign in and have not acknowledged a version, by number.

    Args:
        institution_id: whose people.
        version_id: the version.
        query: part of a name or number to look for.
    """
    read = Acknowledgement.objects.filter(version_id=version_id, person_id=OuterRef("pk"))
    return people(institution_id, query=query).filter(~Exists(read), is_active=True).order_by("key", "pk")


def interpretations_of(institution_id: int, article: int | None = None) -> QuerySet[Interpretation]:
    """Return the Office's interpretations, newest first; of one article if it is given."""
    found = Interpretation.objects.filter(institution_id=institution_id).select_related("version")
    return found if article is None else found.filter(article=article)
