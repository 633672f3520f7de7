"""Importing units, people and positions: all rows or none, repeatable."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied
from xianshen.common.tabular import clean_text
from xianshen.ledger.services import JSON, Unchanged, act, no_act, record
from xianshen.organisation import events
from xianshen.organisation.enums import ImportKind
from xianshen.organisation.imports import CHUNK, Plan, make_plan
from xianshen.organisation.models import (
    Appointment,
    ImportDraft,
    Institution,
    Person,
    Position,
    Unit,
)
from xianshen.organisation.permissions import may_manage
from xianshen.organisation.services._shared import institution_subject, require_manager


class ImportRefused(ValidationError):
    """The file has findings; nothing was imported.

    Attributes:
        plan: what was found.
    """

    def __init__(self, plan: Plan) -> None:
        count = plan.findings.total
        text = ngettext(
            "文件里有 %(count)s 处不对，一行也没有导入。", "文件里有 %(count)s 处不对，一行也没有导入。", count
        )
        super().__init__(text % {"count": count}, code="import_refused")
        self.plan = plan


@no_act(why="plans only, nothing is written")
def preview_import(
    *, actor: Actor, institution: Institution, kind: str, content: bytes, filename: str, now: datetime
) -> Plan:
    """Return what importing a file would change, or what is wrong in it.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
    """
    decision = may_manage(actor, institution.pk, timezone.localdate(now))
    if not decision:
        raise PermissionDenied.from_denied(decision)
    return make_plan(institution, kind, content, filename)


@act
def import_organisation(
    *, actor: Actor, institution: Institution, kind: str, content: bytes, filename: str, now: datetime
) -> Plan:
    """Import a file of units, people or positions: all rows or none.

    Records are known by their keys. A file that changes nothing leaves no trace, so it can be imported
    again and again.

    Args:
        actor: who imports.
        institution: for which school.
        kind: what the file holds, of ``ImportKind``.
        content: the file.
        filename: its name.
        now: time of the act.

    Returns:
        The plan that was carried out.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
        ImportRefused: something in the file is wrong; nothing has changed.
    """
    require_manager(actor, institution.pk, timezone.localdate(now))
    Institution.objects.select_for_update().get(pk=institution.pk)
    plan = make_plan(institution, kind, content, filename)
    if not plan.ok:
        raise ImportRefused(plan)
    if not plan.created and not plan.updated:
        raise Unchanged(plan)
    try:
        _WRITERS[ImportKind(kind)](institution, plan, now)
    except IntegrityError as error:
        raise ValidationError(_("导入时有人改了同样的记录，一行也没有导入。重新预览再导入。")) from error
    payload: dict[str, JSON] = {
        "kind": kind,
        "file": clean_text(filename)[:200],
        "digest": hashlib.sha256(content).hexdigest(),
        "created": plan.created,
        "updated": plan.updated,
        "unchanged": plan.unchanged,
    }
    record(events.IMPORTED, actor=actor, subject=institution_subject(institution), payload=payload, at=now)
    return plan


@act(records=False, why="keeps an upload between preview and confirmation; importing it is recorded")
def keep_upload(
    *, actor: Actor, institution: Institution, kind: str, content: bytes, filename: str, now: datetime
) -> ImportDraft:
    """Keep an uploaded file until the person confirms or replaces it; one for each person and kind.

    Raises:
        PermissionDenied: the actor may not keep the organisation's data.
        Person.DoesNotExist: the actor is no person of the institution.
    """
    require_manager(actor, institution.pk, timezone.localdate(now))
    person = Person.objects.get(pk=actor.person_id or 0, institution=institution)
    ImportDraft.objects.filter(person=person, kind=kind).delete()
    draft: ImportDraft = ImportDraft.objects.create(
        institution=institution,
        person=person,
        kind=kind,
        filename=clean_text(filename)[:255],
        content=content,
        created_at=now,
    )
    return draft


@act(records=False, why="removes an upload that was imported or is no longer wanted")
def drop_upload(*, actor: Actor, kind: str) -> None:
    """Forget the person's uploaded file of a kind."""
    ImportDraft.objects.filter(person_id=actor.person_id or 0, kind=kind).delete()


def _write_units(institution: Institution, plan: Plan, now: datetime) -> None:
    work = plan.work
    units: dict[str, Unit] = {**work["existing"]}
    for unit in Unit.objects.bulk_create(work["new"], batch_size=CHUNK):
        units[unit.key] = unit
    Unit.objects.bulk_update(work["changed"].values(), work["fields"], batch_size=CHUNK // 2)
    moved = []
    for key, unit in _parents_first(units, work["parents"]):
        parent = units.get(work["parents"].get(key, ""))
        parent_id = parent.pk if parent else None
        path = f"{parent.path if parent else '/'}{unit.pk}/"
        if (unit.parent_id, unit.path) != (parent_id, path):
            unit.parent_id, unit.path = parent_id, path
            moved.append(unit)
    Unit.objects.bulk_update(moved, ["parent", "path"], batch_size=CHUNK // 2)


def _parents_first(units: dict[str, Unit], parents: dict[str, str]) -> Iterable[tuple[str, Unit]]:
    done: set[str] = set()
    for key in units:
        chain = []
        while key and key not in done:
            done.add(key)
            chain.append(key)
            key = parents.get(key, "")
        for one in reversed(chain):
            yield one, units[one]


def _write_people(institution: Institution, plan: Plan, now: datetime) -> None:
    work = plan.work
    if work["renamed"]:
        # Names may be swapped within one file: all of them step aside first.
        pks = [person.pk for person in work["renamed"]]
        for start in range(0, len(pks), CHUNK):
            Person.objects.filter(pk__in=pks[start : start + CHUNK]).update(
                username=Concat(Value("~"), Cast("pk", CharField()))
            )
    Person.objects.bulk_update(work["changed"], work["fields"], batch_size=CHUNK // 4)
    for person in work["new"]:
        person.password = make_password(None)
        person.created_at = now
    Person.objects.bulk_create(work["new"], batch_size=CHUNK)


def _write_positions(institution: Institution, plan: Plan, now: datetime) -> None:
    work = plan.work
    Position.objects.bulk_create(work["new"], batch_size=CHUNK)
    Position.objects.bulk_update(work["changed"], ["unit", "kind", "title"], batch_size=CHUNK // 2)
    positions = dict(Position.objects.filter(institution=institution).values_list("key", "pk"))
    appointments = []
    for key, appointment in work["new_appointments"]:
        appointment.position_id = positions[key]
        appointments.append(appointment)
    Appointment.objects.bulk_create(appointments, batch_size=CHUNK)
    Appointment.objects.bulk_update(work["changed_appointments"], ["ends_on"], batch_size=CHUNK)


_WRITERS = {
    ImportKind.UNITS: _write_units,
    ImportKind.PEOPLE: _write_people,
    ImportKind.POSITIONS: _write_positions,
}
