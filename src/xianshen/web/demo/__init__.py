"""The demonstration institution (``xianshen demo``, ``serve --demo``): a college with a history of some weeks.

Units, people, accounts and everything that happened are made by the services that the pages call, so that
the demonstration is a true database: permissions were judged and every act is in the ledger.
"""

import json
import os
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone, translation

from xianshen.organisation import services as organisation
from xianshen.organisation.selectors import institution_by_code, people
from xianshen.registry.selectors import public_accounts
from xianshen.regulation.loader import check_pack
from xianshen.regulation.selectors import policy_on
from xianshen.regulation.services import BrokenPack, store_pack
from xianshen.web.demo.calendar import SPAN, History
from xianshen.web.demo.college import SIGN_INS, Plan, build_plan, person_name
from xianshen.web.demo.keeping import custody, servers
from xianshen.web.demo.passwords import new_password
from xianshen.web.demo.stories import World, applications, office_business, register, standings

if TYPE_CHECKING:
    from xianshen.organisation.models import Institution, Person
    from xianshen.regulation.loader import Pack

CODE = "shcc"
SIGN_INS_FILE = "demo-sign-ins.json"
MAIL = "shcc.example"


@dataclass(slots=True)
class DemoReport:
    """What loading did.

    Args:
        loaded: False when the institution had people already and nothing was done.
        institution: its code.
        units: how many units there are.
        people: how many people.
        accounts: how many accounts on record.
        applications: how many opening applications.
        sign_ins: role, name, user name and password of those who can sign in.
    """

    loaded: bool
    institution: str = CODE
    units: int = 0
    people: int = 0
    accounts: int = 0
    applications: int = 0
    sign_ins: list[dict[str, str]] = field(default_factory=list)


def load(*, now: datetime, data_dir: Path | None = None) -> DemoReport:
    """Load the demonstration; an institution that has people is left as it is.

    All or nothing: when something fails, the database is as it was before.

    Args:
        now: the end of the history.
        data_dir: where the keys lie (below it, in ``keys``); the installation's own unless given.

    Raises:
        BrokenPack: the policy pack has mistakes.
        NoPolicyInForce: it is not in force yet.
    """
    keys = data_dir / "keys" if data_dir else settings.KEYS
    known = institution_by_code(CODE)
    if known is not None and people(known.pk).exists():
        return DemoReport(loaded=False, sign_ins=_read(keys))
    pack, mistakes = check_pack(settings.POLICIES / CODE)
    if pack is None:
        raise BrokenPack(mistakes)
    with translation.override(settings.LANGUAGE_CODE), transaction.atomic():
        return _tell(pack, now, keys)


def _tell(pack: "Pack", now: datetime, keys: Path) -> DemoReport:
    today = timezone.localdate(now)
    history = History(now, _first_day(pack, today))
    store_pack(pack=pack, now=history.moment(SPAN, 8, 30))
    institution = institution_by_code(CODE)
    assert institution is not None
    policy_on(institution.pk, timezone.localdate(history.moment(SPAN)))
    world = World(institution, history)
    plan = build_plan(today)
    sign_ins = _set_up(world, plan, history.moment(SPAN, 9))
    school = [one for one in plan.accounts if world.units[one.unit].kind in {"office", "sci_tech_division"}]
    third = [one for one in plan.accounts if world.units[one.unit].kind in {"class", "student_organisation", "society"}]
    second = [one for one in plan.accounts if one not in school and one not in third]
    for days, group in ((79, school), (77, second), (76, third)):
        history.then(days, lambda at, group=group: register(world, group, at), 11)  # type: ignore[misc]
    office_business(world, plan)
    standings(world)
    applications(world)
    servers(world)
    custody(world)
    history.run()
    _write(keys, sign_ins)
    return DemoReport(
        loaded=True,
        units=len(world.units),
        people=len(world.people),
        accounts=public_accounts(institution.pk).count(),
        applications=world.applications,
        sign_ins=sign_ins,
    )


def _first_day(pack: "Pack", today: date) -> date:
    """Return the first day of the history: the regulation's, or some weeks ago."""
    begun = [policy.effective_from for policy in pack.policies if policy.effective_from <= today]
    begins = date.fromordinal(today.toordinal() - SPAN)
    return max(begins, max(begun)) if begun else today


def _set_up(world: World, plan: Plan, at: datetime) -> list[dict[str, str]]:
    """Set up units, positions and people; return the sign-ins."""
    institution = world.institution
    for unit in plan.units:
        parent = world.units.get(unit.parent)
        world.units[unit.key] = organisation.create_unit(
            actor=world.system,
            institution_id=institution.pk,
            key=unit.key,
            name=unit.name,
            kind=unit.kind,
            parent_id=parent.pk if parent else None,
            seal_text=f"{institution.name}{unit.name}",
            now=at,
        )
    sign_ins = []
    for number, seat in enumerate(plan.seats, 1):
        unit_record = world.units[seat.unit]
        position = organisation.create_position(
            actor=world.system,
            unit_id=unit_record.pk,
            key=seat.username or f"{seat.unit}.{seat.kind}",
            kind=seat.kind,
            title=seat.title,
            now=at,
        )
        if not seat.username:
            continue
        name = person_name(unit_record.name, unit_record.kind, seat)
        person, password = _person(world, institution, number, name, seat.username, at)
        organisation.appoint(
            actor=world.system, position_id=position.pk, person_id=person.pk, starts_on=seat.since, now=at
        )
        world.people[seat.username], world.positions[seat.username] = person, position
        if password:
            role = SIGN_INS[seat.username]
            sign_ins.append({"role": role, "name": name, "username": seat.username, "password": password})
    order = list(SIGN_INS)
    return sorted(sign_ins, key=lambda one: order.index(one["username"]))


def _person(
    world: World, institution: "Institution", number: int, name: str, username: str, at: datetime
) -> "tuple[Person, str]":
    """Register a person; those of the list of sign-ins get a password."""
    for _attempt in range(20):
        password = new_password() if username in SIGN_INS else ""
        try:
            person = organisation.create_person(
                actor=world.system,
                institution_id=institution.pk,
                key=f"D{number:04}",
                name=name,
                username=username,
                mobile=f"1390000{number:04}",
                email=f"{username}@{MAIL}",
                password=password,
                must_change_password=False,
                now=at,
            )
        except ValidationError as error:
            # A password may by chance resemble the person's data; anything else is a mistake here.
            if not password or "password_too_similar" not in {one.code for one in error.error_list}:
                raise
        else:
            return person, password
    raise RuntimeError(f"no acceptable password for {username}")


def _read(keys: Path) -> list[dict[str, str]]:
    path = keys / SIGN_INS_FILE
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def _write(keys: Path, sign_ins: list[dict[str, str]]) -> None:
    """Write the sign-ins for ``make run`` to show, readable by the owner only."""
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = keys / f".{SIGN_INS_FILE}.{os.getpid()}"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(sign_ins, file, ensure_ascii=False, indent=1)
    draft.replace(keys / SIGN_INS_FILE)
