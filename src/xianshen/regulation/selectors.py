"""Questions about policy: what was in force on a day, what an article says, who has read it.

``policy_on`` is asked in every request. Versions are immutable, so parsed policies are kept by
version and digest for as long as the process lives; the short list of an institution's versions is
kept for a few seconds, so that a version loaded by another process is seen soon.
"""

import threading
import time
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from xianshen.common.errors import Refusal
from xianshen.regulation.models import PolicyVersion
from xianshen.regulation.numerals import article_label
from xianshen.regulation.schema import NotInPolicy, Policy

LIST_LIFETIME = 5.0
"""Seconds for which a process trusts its list of an institution's versions."""


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
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lists: dict[int, tuple[float, tuple[VersionDates, ...]]] = {}
        self.policies: dict[tuple[int, str], Policy] = {}

    def clear(self) -> None:
        with self.lock:
            self.lists.clear()
            self.policies.clear()


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


def _policy(version: VersionDates) -> Policy:
    key = (version.version_id, version.digest)
    policy = _cache.policies.get(key)
    if policy is None:
        text = PolicyVersion.objects.values_list("data", flat=True).get(pk=version.version_id)
        policy = Policy.model_validate_json(text).stored_as(version_id=version.version_id, digest=version.digest)
        with _cache.lock:
            _cache.policies[key] = policy
    return policy


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
    return _policy(version)


def policy_version(version_id: int) -> Policy:
    """Return the policy that a stored version holds, as kept with a record.

    Raises:
        PolicyVersion.DoesNotExist: there is no such version.
    """
    for (known_id, __), policy in list(_cache.policies.items()):
        if known_id == version_id:
            return policy
    row = PolicyVersion.objects.get(pk=version_id)
    return _policy(
        VersionDates(
            row.pk, row.label, row.title, row.promulgated_on, row.effective_from, row.effective_until, row.digest
        )
    )


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
