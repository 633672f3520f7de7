"""Loading policy packs, bringing versions into force, acknowledging and interpreting them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor, ActorKind
from xianshen.common.decisions import Denied
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.ledger.events import Subject
from xianshen.ledger.services import Unchanged, act, no_act, record
from xianshen.organisation.selectors import institution_by_code
from xianshen.organisation.services import PositionKindSpec, UnitKindSpec, ensure_institution, sync_vocabulary
from xianshen.regulation import events, rules
from xianshen.regulation.loader import Pack, check_pack
from xianshen.regulation.models import Acknowledgement, Interpretation, PolicyVersion, PolicyWording, VersionInForce
from xianshen.regulation.numerals import article_label, chinese_numeral
from xianshen.regulation.permissions import grants_for, may_interpret, may_load
from xianshen.regulation.schema import Policy, digest_of
from xianshen.regulation.selectors import forget_policies, policy_version
from xianshen.regulation.source import Mistake
from xianshen.regulation.wording import Wording

if TYPE_CHECKING:
    from xianshen.organisation.models import Institution

TEXT_LIMIT = 4000


class BrokenPack(ValidationError):
    """The pack has mistakes; nothing was loaded.

    Attributes:
        mistakes: all mistakes with file, line and field.
    """

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__([str(mistake) for mistake in mistakes])
        self.mistakes = list(mistakes)


@dataclass(slots=True)
class LoadResult:
    """What a load did.

    Args:
        institution: code of the institution.
        loaded: labels of new versions.
        replaced: labels of versions that were not yet in force and now read differently.
        unchanged: labels of versions that were there already.
        worded: label and language of translations that are new or read differently, e.g. ``2026 en``.
        in_force: label of the version in force after the load, or "".
        entered: whether that version came into force by this load.
    """

    institution: str
    loaded: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    worded: list[str] = field(default_factory=list)
    in_force: str = ""
    entered: bool = False


@no_act(why="reads and checks the pack outside the transaction; store_pack is the act")
def load_pack(*, path: Path, now: datetime, actor: Actor | None = None) -> LoadResult:
    """Check a pack, store its versions, and bring into force the one whose day has come.

    Args:
        path: folder of the pack.
        now: time of the load.
        actor: who loads it; the operator of the platform unless given.

    Raises:
        BrokenPack: the pack has mistakes.
        TransitionNotAllowed: it changes a version in force, or reaches back into days already judged.
        PermissionDenied: the actor may not load versions for this institution.
    """
    pack, mistakes = check_pack(path)
    if pack is None:
        raise BrokenPack(mistakes)
    return store_pack(pack=pack, now=now, actor=actor)


@act(records=False, why="loading the same pack again changes nothing; what it changes is recorded by the acts inside")
def store_pack(*, pack: Pack, now: datetime, actor: Actor | None = None) -> LoadResult:
    """Store the versions of a checked pack: new ones, and those not yet in force that read differently.

    Args:
        pack: pack without mistakes.
        now: time of the load.
        actor: who loads it; the operator of the platform unless given.

    Raises:
        TransitionNotAllowed: it changes a version in force, or reaches back into days already judged.
        PermissionDenied: the actor may not load versions for this institution.
    """
    today = timezone.localdate(now)
    known = institution_by_code(pack.institution.code)
    if actor is not None and (known is None or not may_load(actor, known.pk, today)):
        raise PermissionDenied.from_denied(_refusal(actor, known.pk if known else 0, today))
    names = pack.institution
    institution = ensure_institution(
        code=names.code,
        name=names.name,
        short_name=names.short_name,
        aliases=names.aliases,
        host=known.host if known else "",
        now=now,
    )
    actor = actor or Actor.system(institution_id=institution.pk, institution=institution.code)
    stored = {
        version.label: version
        for version in PolicyVersion.objects.select_for_update().filter(institution_id=institution.pk)
    }
    _check_overlaps(stored.values(), pack.policies)
    judged_before = any(version.effective_from <= today for version in stored.values())
    result = LoadResult(institution.code)
    for policy in pack.policies:
        digest = digest_of(policy.canonical())
        current = stored.get(policy.label)
        if current is not None and current.digest == digest:
            result.unchanged.append(policy.label)
            continue
        if current is not None and current.effective_from <= today:
            raise TransitionNotAllowed(
                _("版本 %(label)s 已经施行，不能改。要改规定，另建一个版本，写上以后的施行日。")
                % {"label": policy.label},
                rules.IN_FORCE,
            )
        if judged_before and policy.effective_from < today:
            raise TransitionNotAllowed(
                _("版本 %(label)s 的施行日已经过去，那些天的事已按旧版本办了。施行日写今天或以后。")
                % {"label": policy.label},
                rules.IN_FORCE,
            )
        stored[policy.label] = _store(institution, policy, digest, replacing=current, actor=actor, now=now)
        (result.replaced if current else result.loaded).append(policy.label)
    result.worded = _store_wording(stored, pack, actor=actor, now=now)
    entered = _enter_force_of_day(institution, actor=actor, now=now)
    result.entered = entered is not None
    version = _in_force(institution.pk, today)
    result.in_force = version.label if version else ""
    forget_policies()
    transaction.on_commit(forget_policies)
    return result


def _refusal(actor: Actor, institution_id: int, on: date) -> Denied:
    decision = may_load(actor, institution_id, on)
    return decision if isinstance(decision, Denied) else Denied("", rules.IN_FORCE)


def _subject(version: PolicyVersion) -> Subject:
    return Subject("regulation.policy_version", str(version.pk), str(version))


@act
def _store(
    institution: "Institution",
    policy: Policy,
    digest: str,
    *,
    replacing: PolicyVersion | None,
    actor: Actor,
    now: datetime,
) -> PolicyVersion:
    """Insert a version; one that it replaces is deleted, with the acknowledgements of its old text."""
    previous = ""
    if replacing is not None:
        previous = replacing.digest
        Acknowledgement.objects.filter(version=replacing).delete()
        replacing.delete()
    version = PolicyVersion.objects.create(
        institution_id=institution.pk,
        label=policy.label,
        title=policy.title,
        promulgated_on=policy.promulgated_on,
        effective_from=policy.effective_from,
        effective_until=policy.effective_until,
        data=policy.canonical(),
        digest=digest,
        loaded_at=now,
    )
    payload = {
        "label": version.label,
        "title": version.title,
        "effective_from": version.effective_from.isoformat(),
        "digest": digest,
    }
    if previous:
        payload["previous_digest"] = previous
    record(
        events.VERSION_REPLACED if previous else events.VERSION_LOADED,
        actor=actor,
        subject=_subject(version),
        payload=payload,
        at=now,
        rule=rules.IN_FORCE,
        article=policy.rule(rules.IN_FORCE).article,
        policy_version=version.label,
    )
    return version


def _store_wording(stored: Mapping[str, PolicyVersion], pack: Pack, *, actor: Actor, now: datetime) -> list[str]:
    """Bring the translations beside the versions up to what the pack has; return which changed."""
    versions = [stored[policy.label] for policy in pack.policies]
    kept = PolicyWording.objects.filter(version__in=versions).values_list("version", "language", "digest")
    known = {(version, language): digest for version, language, digest in kept}
    changed = []
    for policy, version in zip(pack.policies, versions, strict=True):
        given = pack.wording.get(policy.label, {})
        gone = {language for pk, language in known if pk == version.pk} - given.keys()
        for language, texts in sorted({**given, **{language: {} for language in gone}}.items()):
            digest = digest_of(json.dumps(texts, ensure_ascii=False, sort_keys=True))
            if known.get((version.pk, language)) != digest:
                _word(version, policy, language, texts, digest, actor=actor, now=now)
                changed.append(f"{policy.label} {language}")
    return changed


@act
def _word(
    version: PolicyVersion,
    policy: Policy,
    language: str,
    texts: Wording,
    digest: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep a translation of a version, or drop it if there are no texts."""
    if texts:
        PolicyWording.objects.update_or_create(
            version=version,
            language=language,
            defaults={
                "institution_id": version.institution_id,
                "texts": dict(texts),
                "digest": digest,
                "loaded_at": now,
            },
        )
    else:
        PolicyWording.objects.filter(version=version, language=language).delete()
    record(
        events.WORDING_LOADED,
        actor=actor,
        subject=_subject(version),
        payload={"label": version.label, "language": language, "texts": len(texts), "digest": digest},
        at=now,
        rule=rules.IN_FORCE,
        article=policy.rule(rules.IN_FORCE).article,
        policy_version=version.label,
    )


def _check_overlaps(stored: Iterable[PolicyVersion], policies: Iterable[Policy]) -> None:
    """Refuse versions that would be in force on the same days by their own dates."""
    dates = {version.label: (version.effective_from, version.effective_until) for version in stored}
    dates |= {policy.label: (policy.effective_from, policy.effective_until) for policy in policies}
    ordered = sorted(dates.items(), key=lambda item: item[1][0])
    for (earlier, (start, until)), (later, (later_start, __)) in pairwise(ordered):
        if start == later_start or (until is not None and until >= later_start):
            raise TransitionNotAllowed(
                _("版本 %(later)s 与版本 %(earlier)s 的有效期重叠。改一下施行日或失效日。")
                % {"later": later, "earlier": earlier},
                rules.IN_FORCE,
            )


def _in_force(institution_id: int, on: date) -> PolicyVersion | None:
    """Return the version in force from the database itself, uncommitted rows of this transaction included."""
    latest = (
        PolicyVersion.objects.select_related("institution")
        .filter(institution_id=institution_id, effective_from__lte=on)
        .order_by("-effective_from")
        .first()
    )
    if latest is None or (latest.effective_until and latest.effective_until < on):
        return None
    return latest


@no_act(why="each institution's entry into force is an act of its own")
def bring_into_force(*, now: datetime) -> list[str]:
    """Give every institution the vocabulary of the version whose day has come; repeatable.

    Returns:
        Institution and label of every version that came into force, e.g. ``shcc 2027``.
    """
    today = timezone.localdate(now)
    entered = []
    held = dict(VersionInForce.objects.values_list("institution_id", "version_id"))
    for institution_id in (
        PolicyVersion.objects.order_by("institution_id").values_list("institution_id", flat=True).distinct()
    ):
        due = _in_force(institution_id, today)
        if due is None or held.get(institution_id) == due.pk:
            continue
        actor = Actor.system(institution_id=institution_id, institution=due.institution.code)
        version = _enter_force_of_day(due.institution, actor=actor, now=now)
        if version is not None:
            entered.append(f"{due.institution.code} {version.label}")
    return entered


@act
def _enter_force_of_day(institution: "Institution", *, actor: Actor, now: datetime) -> PolicyVersion | None:
    """Bring the version of the day into force, unless it is already."""
    version = _in_force(institution.pk, timezone.localdate(now))
    held = VersionInForce.objects.select_for_update().filter(institution_id=institution.pk).first()
    if version is None or (held is not None and held.version_id == version.pk):
        raise Unchanged(None)
    policy = Policy.model_validate_json(version.data)
    sync_vocabulary(
        institution=institution,
        unit_kinds=[UnitKindSpec(kind.code, kind.title, kind.home) for kind in policy.organisation.unit_kinds],
        position_kinds=[
            PositionKindSpec(kind.code, kind.title, kind.unit_kinds, [str(item) for item in kind.capabilities])
            for kind in policy.organisation.position_kinds
        ],
        actor=actor,
        now=now,
    )
    if held is None:
        VersionInForce.objects.create(institution_id=institution.pk, version=version, since=now)
    else:
        held.version, held.since = version, now
        held.save(update_fields=["version", "since"])
    record(
        events.VERSION_IN_FORCE,
        actor=actor,
        subject=_subject(version),
        payload={
            "label": version.label,
            "digest": version.digest,
            "unit_kinds": [kind.code for kind in policy.organisation.unit_kinds],
            "position_kinds": [kind.code for kind in policy.organisation.position_kinds],
        },
        at=now,
        rule=rules.IN_FORCE,
        article=policy.rule(rules.IN_FORCE).article,
        policy_version=version.label,
    )
    return version


@act
def acknowledge(*, actor: Actor, version_id: int, now: datetime) -> Acknowledgement:
    """Note that the person has read a version (阅知). A second time changes nothing.

    Args:
        actor: the person.
        version_id: the version read; in force, or coming into force.
        now: time of the act.

    Raises:
        PolicyVersion.DoesNotExist: the institution has no such version.
        PermissionDenied: the actor is not a person.
        TransitionNotAllowed: the version is no longer in force.
    """
    if actor.kind != ActorKind.PERSON or actor.person_id is None:
        raise PermissionDenied(_("阅知要由本人确认。登录后再办。"), rules.IN_FORCE)
    version = PolicyVersion.objects.select_for_update().get(institution_id=actor.institution_id, pk=version_id)
    existing = Acknowledgement.objects.filter(version=version, person_id=actor.person_id).first()
    if existing is not None:
        raise Unchanged(existing)
    today = timezone.localdate(now)
    current = _in_force(actor.institution_id, today)
    if version.effective_from <= today and (current is None or current.pk != version.pk):
        raise TransitionNotAllowed(_("这个版本已经不再施行。去读现行的版本。"), rules.IN_FORCE)
    acknowledgement = Acknowledgement.objects.create(
        institution_id=actor.institution_id, person_id=actor.person_id, version=version, at=now
    )
    record(
        events.ACKNOWLEDGED,
        actor=actor,
        subject=_subject(version),
        payload={"label": version.label, "digest": version.digest},
        at=now,
        rule=rules.IN_FORCE,
        article=policy_version(version.pk).rule(rules.IN_FORCE).article,
        policy_version=version.label,
    )
    return acknowledgement


@act
def publish_interpretation(*, actor: Actor, article: int, text: str, now: datetime) -> Interpretation:
    """Publish how the Office reads an article of the version in force.

    Args:
        actor: somebody of the Office.
        article: number of the article.
        text: the interpretation.
        now: time of the act.

    Raises:
        PermissionDenied: the actor's positions do not allow it.
        TransitionNotAllowed: no version is in force.
        ValidationError: there is no such article, or the text is empty or too long.

    The same text again (a double click) changes nothing.
    """
    today = timezone.localdate(now)
    decision = may_interpret(grants_for(actor, today))
    if not decision or actor.person_id is None:
        raise PermissionDenied.from_denied(
            decision if isinstance(decision, Denied) else Denied("", rules.INTERPRETATION)
        )
    version = _in_force(actor.institution_id, today)
    if version is None:
        raise TransitionNotAllowed(_("今天没有施行的管理办法，没有条文可以解释。"), rules.INTERPRETATION)
    policy = policy_version(version.pk)
    text = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if article not in policy.articles:
        raise ValidationError({"article": _("现行办法没有%(label)s。") % {"label": article_label(article)}})
    if not text:
        raise ValidationError({"text": _("还没有写解释。写明这一条怎么理解、怎么办。")})
    if len(text) > TEXT_LIMIT:
        raise ValidationError({"text": _("解释太长，最多 %(limit)s 个字。分成几条写。") % {"limit": TEXT_LIMIT}})
    newest = Interpretation.objects.filter(version=version, article=article).order_by("-at", "-pk").first()
    if newest is not None and newest.text == text:
        raise Unchanged(newest)
    issuer = "".join(part for part in (actor.unit, actor.position) if part)
    interpretation = Interpretation.objects.create(
        institution_id=actor.institution_id,
        version=version,
        article=article,
        text=text,
        issued_by_id=actor.person_id,
        issuer=f"{issuer} {actor.name}".strip(),
        at=now,
    )
    record(
        events.INTERPRETED,
        actor=actor,
        subject=Subject("regulation.interpretation", str(interpretation.pk), f"第{chinese_numeral(article)}条"),
        payload={"label": version.label, "text": text},
        at=now,
        rule=rules.INTERPRETATION,
        article=article,
        policy_version=version.label,
        about=[_subject(version)],
    )
    return interpretation
