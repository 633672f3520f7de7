"""Institutions, the kinds that policy names, units and positions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor, ActorKind
from xianshen.common.decisions import Denied
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.ledger.services import Unchanged, act, record
from xianshen.organisation import events
from xianshen.organisation.models import (
    Appointment,
    Institution,
    Position,
    PositionKind,
    Unit,
    UnitKind,
)
from xianshen.organisation.selectors import ancestors
from xianshen.organisation.services._shared import (
    clean_text,
    institution_subject,
    position_subject,
    require_manager,
    save_checked,
    unit_subject,
)
from xianshen.workflow.tables import locked


@dataclass(frozen=True, slots=True)
class UnitKindSpec:
    """A kind of unit as the policy in force names it.

    Args:
        code: its code.
        title: what people call it.
        home: codes of the kinds of unit to which such units belong for tier-3 decisions, best first.
    """

    code: str
    title: str
    home: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PositionKindSpec:
    """A kind of position as the policy in force names it.

    Args:
        code: its code.
        title: what people call it.
        unit_kinds: codes of the kinds of unit that may have it; empty for any.
        capabilities: what holding it allows.
    """

    code: str
    title: str
    unit_kinds: Sequence[str] = ()
    capabilities: Sequence[str] = ()


@act
def ensure_institution(
    *,
    code: str,
    name: str,
    short_name: str = "",
    aliases: Sequence[str] = (),
    host: str = "",
    now: datetime,
) -> Institution:
    """Return the institution with this code, created or brought up to date; for commands and installation.

    Raises:
        ValidationError: a field cannot be stored as given, or another institution has the host.
    """
    found = Institution.objects.select_for_update().filter(code=code).first()
    institution = found or Institution(code=code)
    wanted = {
        "name": clean_text(name),
        "short_name": clean_text(short_name),
        "aliases": [clean_text(alias) for alias in aliases],
        "host": host.strip().lower(),
    }
    changed = [field for field, value in wanted.items() if getattr(institution, field) != value]
    if found is not None and not changed:
        raise Unchanged(found)
    for field, value in wanted.items():
        setattr(institution, field, value)
    save_checked(institution)
    actor = Actor.system(institution_id=institution.pk, institution=institution.code)
    subject = institution_subject(institution)
    if found is None:
        payload = {"code": institution.code, "name": institution.name}
        record(events.INSTITUTION_CREATED, actor=actor, subject=subject, payload=payload, at=now)
    else:
        record(events.INSTITUTION_CHANGED, actor=actor, subject=subject, payload={"fields": changed}, at=now)
    return institution


@act
def sync_vocabulary(
    *,
    institution: Institution,
    unit_kinds: Iterable[UnitKindSpec],
    position_kinds: Iterable[PositionKindSpec],
    actor: Actor,
    now: datetime,
) -> bool:
    """Make the kinds of units and positions those of the policy that came into force.

    A kind that policy no longer names is removed; while units or positions of it exist it stays, and a
    kind of position loses its capabilities.

    Args:
        institution: whose vocabulary.
        unit_kinds: all kinds of unit, in the order in which they are shown.
        position_kinds: all kinds of position, in the order in which they are shown.
        actor: whoever brought the policy into force; the caller has checked their permission.
        now: time of the act.

    Returns:
        Whether anything changed.

    Raises:
        PermissionDenied: the actor belongs to another institution.
    """
    if actor.institution_id != institution.pk or actor.kind == ActorKind.PUBLIC:
        raise PermissionDenied.from_denied(Denied(_("这里是另一所学校的资料。回到本校的页面再办。")))
    changed_units = _sync_unit_kinds(institution, list(unit_kinds))
    changed_positions = _sync_position_kinds(institution, list(position_kinds))
    if not changed_units and not changed_positions:
        raise Unchanged(False)
    payload = {"unit_kinds": changed_units, "position_kinds": changed_positions}
    record(events.VOCABULARY_SYNCED, actor=actor, subject=institution_subject(institution), payload=payload, at=now)
    return True


def _sync_unit_kinds(institution: Institution, specs: list[UnitKindSpec]) -> list[str]:
    existing = {kind.code: kind for kind in UnitKind.objects.select_for_update().filter(institution=institution)}
    changed = []
    for order, spec in enumerate(specs):
        wanted = {"title": str(spec.title), "home": list(spec.home), "order": order}
        kind = existing.pop(spec.code, None) or UnitKind(institution=institution, code=spec.code)
        if kind._state.adding or any(getattr(kind, field) != value for field, value in wanted.items()):
            for field, value in wanted.items():
                setattr(kind, field, value)
            save_checked(kind)
            changed.append(spec.code)
    used = set(Unit.objects.filter(institution=institution, kind__in=existing).values_list("kind", flat=True))
    for code, kind in existing.items():
        if code not in used:
            kind.delete()
            changed.append(code)
    return changed


def _sync_position_kinds(institution: Institution, specs: list[PositionKindSpec]) -> list[str]:
    existing = {kind.code: kind for kind in PositionKind.objects.select_for_update().filter(institution=institution)}
    changed = []
    for order, spec in enumerate(specs):
        wanted = {
            "title": str(spec.title),
            "unit_kinds": list(spec.unit_kinds),
            "capabilities": sorted(spec.capabilities),
            "order": order,
        }
        kind = existing.pop(spec.code, None) or PositionKind(institution=institution, code=spec.code)
        if kind._state.adding or any(getattr(kind, field) != value for field, value in wanted.items()):
            for field, value in wanted.items():
                setattr(kind, field, value)
            save_checked(kind)
            changed.append(spec.code)
    used = set(Position.objects.filter(institution=institution, kind__in=existing).values_list("kind", flat=True))
    for code, kind in existing.items():
        if code not in used:
            kind.delete()
            changed.append(code)
        elif kind.capabilities:
            kind.capabilities = []
            kind.save(update_fields=["capabilities"])
            changed.append(code)
    return changed


@act
def create_unit(
    *,
    actor: Actor,
    institution_id: int,
    key: str,
    name: str,
    kind: str,
    parent_id: int | None = None,
    seal_text: str = "",
    now: datetime,
) -> Unit:
    """Set up a unit.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
        ValidationError: key taken, unknown kind, or the parent is closed or of another institution.
    """
    require_manager(actor, institution_id, timezone.localdate(now))
    _check_unit_kind(institution_id, kind)
    parent = _open_parent(institution_id, parent_id)
    unit = Unit(
        institution_id=institution_id,
        key=clean_text(key),
        name=clean_text(name),
        kind=kind,
        parent=parent,
        seal_text=clean_text(seal_text),
    )
    save_checked(unit)
    payload = {"key": unit.key, "name": unit.name, "kind": unit.kind, "parent": parent.key if parent else ""}
    record(events.UNIT_CREATED, actor=actor, subject=unit_subject(unit), payload=payload, at=now)
    return unit


@act
def rename_unit(*, actor: Actor, unit_id: int, name: str, seal_text: str | None = None, now: datetime) -> Unit:
    """Give a unit another name, and the text of its seal if given; what was recorded keeps the old name.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
        ValidationError: no name, or too long.
        Unit.DoesNotExist: no such unit in the actor's institution.
    """
    require_manager(actor, actor.institution_id, timezone.localdate(now))
    unit = locked(Unit, unit_id, institution_id=actor.institution_id)
    before = unit.name
    seal = unit.seal_text if seal_text is None else clean_text(seal_text)
    if (unit.name, unit.seal_text) == (clean_text(name), seal):
        raise Unchanged(unit)
    unit.name, unit.seal_text = clean_text(name), seal
    save_checked(unit)
    payload = {"before": before, "after": unit.name}
    record(events.UNIT_RENAMED, actor=actor, subject=unit_subject(unit), payload=payload, at=now)
    return unit


@act
def move_unit(*, actor: Actor, unit_id: int, parent_id: int | None, now: datetime) -> Unit:
    """Put a unit, with everything below it, under another parent or at the top.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
        ValidationError: the new parent is the unit itself, below it, closed or of another institution.
        Unit.DoesNotExist: no such unit in the actor's institution.
    """
    require_manager(actor, actor.institution_id, timezone.localdate(now))
    unit = locked(Unit, unit_id, institution_id=actor.institution_id)
    parent = _open_parent(actor.institution_id, parent_id)
    if parent is not None and (parent.pk == unit.pk or unit.pk in {above.pk for above in ancestors(parent)}):
        raise ValidationError(
            {"parent": _("「%(name)s」在本单位之内，不能做它的上级。另选上级单位。") % {"name": parent.name}}
        )
    before = unit.parent
    if before == parent:
        raise Unchanged(unit)
    unit.parent = parent
    save_checked(unit)
    payload = {"before": before.name if before else "", "after": parent.name if parent else ""}
    record(events.UNIT_MOVED, actor=actor, subject=unit_subject(unit), payload=payload, at=now)
    return unit


@act
def change_unit(*, actor: Actor, unit_id: int, name: str, seal_text: str, parent_id: int | None, now: datetime) -> Unit:
    """Rename and move a unit in one act; each change has its own entry.

    Raises:
        PermissionDenied, ValidationError, Unit.DoesNotExist: as :func:`rename_unit` and :func:`move_unit`.
    """
    require_manager(actor, actor.institution_id, timezone.localdate(now))
    unit = locked(Unit, unit_id, institution_id=actor.institution_id)
    same_words = (unit.name, unit.seal_text) == (clean_text(name), clean_text(seal_text))
    if same_words and unit.parent_id == parent_id:
        raise Unchanged(unit)
    rename_unit(actor=actor, unit_id=unit_id, name=name, seal_text=seal_text, now=now)
    return move_unit(actor=actor, unit_id=unit_id, parent_id=parent_id, now=now)


@act
def close_unit(*, actor: Actor, unit_id: int, on: date, now: datetime) -> Unit:
    """Close a unit from a day on.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
        TransitionNotAllowed: it is closed already, has open units below it, or somebody holds a position in it.
        Unit.DoesNotExist: no such unit in the actor's institution.
    """
    require_manager(actor, actor.institution_id, timezone.localdate(now))
    unit = locked(Unit, unit_id, institution_id=actor.institution_id)
    if unit.closed_on is not None:
        raise TransitionNotAllowed(_("「%(name)s」已经撤销。") % {"name": unit.name})
    if unit.children.filter(closed_on__isnull=True).exists():
        raise TransitionNotAllowed(
            _("「%(name)s」还有下级单位。先把下级单位撤销或划到别的单位。") % {"name": unit.name}
        )
    if Appointment.objects.on_or_after(on).filter(position__unit_id=unit.pk).exists():
        raise TransitionNotAllowed(_("「%(name)s」的职务还有人在任。先结束这些任职。") % {"name": unit.name})
    unit.closed_on = on
    unit.save(update_fields=["closed_on"])
    record(events.UNIT_CLOSED, actor=actor, subject=unit_subject(unit), payload={"on": on.isoformat()}, at=now)
    return unit


@act
def create_position(*, actor: Actor, unit_id: int, key: str, kind: str, title: str = "", now: datetime) -> Position:
    """Set up a position in a unit; without a title it is called after its kind.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
        ValidationError: key taken, unknown kind, or a kind that such units do not have.
        TransitionNotAllowed: the unit is closed.
        Unit.DoesNotExist: no such unit in the actor's institution.
    """
    require_manager(actor, actor.institution_id, timezone.localdate(now))
    unit = locked(Unit, unit_id, institution_id=actor.institution_id)
    if unit.closed_on is not None:
        raise TransitionNotAllowed(_("「%(name)s」已经撤销，不能再设职务。") % {"name": unit.name})
    found = PositionKind.objects.filter(institution_id=unit.institution_id, code=kind).first()
    if found is None:
        raise ValidationError({"kind": _("没有这个职务类别。从列出的类别中选一个。")})
    if found.unit_kinds and unit.kind not in found.unit_kinds:
        raise ValidationError(
            {
                "kind": _("「%(unit)s」这类单位不设「%(kind)s」。另选职务类别。")
                % {"unit": unit.name, "kind": found.title}
            }
        )
    position = Position(
        institution_id=unit.institution_id,
        key=clean_text(key),
        unit=unit,
        kind=kind,
        title=clean_text(title) or found.title,
    )
    save_checked(position)
    payload = {"key": position.key, "title": position.title, "kind": kind, "unit": unit.name}
    record(
        events.POSITION_CREATED,
        actor=actor,
        subject=position_subject(position),
        payload=payload,
        at=now,
        about=[unit_subject(unit)],
    )
    return position


def _check_unit_kind(institution_id: int, kind: str) -> None:
    if not UnitKind.objects.filter(institution_id=institution_id, code=kind).exists():
        raise ValidationError({"kind": _("没有这个单位类别。从列出的类别中选一个。")})


def _open_parent(institution_id: int, parent_id: int | None) -> Unit | None:
    if parent_id is None:
        return None
    parent = Unit.objects.filter(institution_id=institution_id, pk=parent_id).first()
    if parent is None:
        raise ValidationError({"parent": _("没有这个上级单位。从本校的单位中选一个。")})
    if parent.closed_on is not None:
        raise ValidationError({"parent": _("「%(name)s」已经撤销。另选上级单位。") % {"name": parent.name}})
    return parent
