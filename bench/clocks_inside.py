"""What ``bench.clocks`` measures, in a process of its own with an empty database."""

import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from bench.data import CHINA, NOW, UNITS, cast_and_units
from xianshen.clocks import consequences, subjects
from xianshen.clocks.copying import working_on_a_copy
from xianshen.clocks.models import Deadline
from xianshen.clocks.services import run_due
from xianshen.clocks.simulation import simulate
from xianshen.common.actors import Actor
from xianshen.common.codes import new_code
from xianshen.organisation.models import Appointment, Institution, Person, Position, Unit
from xianshen.registry import services as registry
from xianshen.registry.enums import SuspensionReason
from xianshen.registry.models import MediaAccount
from xianshen.regulation.enums import Consequence
from xianshen.regulation.schema import Policy
from xianshen.regulation.selectors import policy_on
from xianshen.regulation.services import load_pack

TYPE = "bench.account"
TODAY = NOW.date()


class Accounts:
    """Deadlines of accounts concern the people of their unit."""

    subject_type = TYPE

    def url(self, deadline: Deadline) -> str:
        return f"/accounts/{deadline.subject_id}/"

    def concerned(self, deadlines: Sequence[Deadline], on: date) -> Mapping[int, Collection[int]]:
        units: dict[int, list[int]] = {}
        seats = Appointment.objects.on(on).filter(position__unit_id__in={one.unit_id for one in deadlines})
        for unit, person in seats.values_list("position__unit_id", "person_id"):
            units.setdefault(unit, []).append(person)
        return {one.pk: units.get(one.unit_id or 0, ()) for one in deadlines}


def _suspend(deadline: Deadline, now: datetime) -> None:
    registry.suspend_account(
        account_id=int(deadline.subject_id),
        institution_id=deadline.institution_id,
        actor=Actor.system(institution_id=deadline.institution_id, institution=deadline.institution.code),
        grants=None,
        reason=SuspensionReason.NOT_REVIEWED,
        text="逾期没有提交年审表。",
        now=now,
    )


def _register() -> None:
    subjects.register(Accounts())
    for consequence in Consequence:
        if consequence != Consequence.OVERDUE:
            consequences.register(consequence, _suspend, subject_type=TYPE)


def _deadline(policy: Policy, institution_id: int, clock: str, key: str, unit_id: int, due_on: date) -> Deadline:
    spec = policy.clock(clock)
    before = max(spec.reminders, default=0) + 1
    deadline = Deadline(
        institution_id=institution_id,
        policy_version_id=policy.version_id,
        clock=spec.id,
        rule=spec.rule,
        consequence=spec.consequence,
        subject_type=TYPE,
        subject_id=key,
        subject_label=f"「平台{key}」",
        unit_id=unit_id,
        started_on=due_on - timedelta(days=before),
        due_on=due_on,
        original_due_on=due_on,
        done_through=min(TODAY - timedelta(days=1), due_on),
    )
    deadline.plan()
    return deadline


def daily(count: int, *, all_remind: bool) -> dict[str, Any]:
    """Run one day over so many open clocks: half due within a month, half later, some due yesterday."""
    _register()
    cast, policy, units = cast_and_units()
    reminders = policy.clock("filing.change").reminders
    if all_remind:
        dues = [TODAY + timedelta(days=reminders[0])] * count
    else:
        dues = [TODAY + timedelta(days=n % 30 if n % 2 else 30 + n % 330) for n in range(count)]
        dues[: count // 100] = [TODAY - timedelta(days=1)] * (count // 100)
    with transaction.atomic():
        for start in range(0, count, 2000):
            Deadline.objects.bulk_create(
                _deadline(policy, cast.institution, "filing.change", str(n), units[n % UNITS].pk, dues[n])
                for n in range(start, min(start + 2000, count))
            )
    queries = Counter[str]()

    def counted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        queries["all"] += 1
        return execute(sql, params, many, context)

    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.monotonic(), time.process_time()
    with connection.execute_wrapper(counted):
        report = run_due(NOW)
    return {
        "reminders": report.reminders,
        "consequences": report.consequences,
        "seconds": time.monotonic() - wall,
        "cpu": time.process_time() - cpu,
        "queries": queries["all"],
        "memory": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024,
    }


def _institution(number: int, accounts: int) -> None:
    """Make an institution of its own with a department, a class, and accounts, seven of ten of tier 3."""
    code = f"bench{number}"
    with tempfile.TemporaryDirectory() as folder:
        pack = Path(folder) / code
        shutil.copytree(Path(settings.POLICIES) / "shcc", pack)
        head = (pack / "pack.yaml").read_text().replace("code: shcc", f"code: {code}")
        (pack / "pack.yaml").write_text(head)
        load_pack(path=pack, now=NOW)
    institution = Institution.objects.get(code=code)
    policy = policy_on(institution.pk, TODAY)
    department = Unit.objects.create(institution=institution, key="d", kind="academic_department", name="法律系")
    group = Unit.objects.create(institution=institution, key="c", kind="class", name="一班", parent=department)
    for unit, kind in ((department, "unit_head"), (group, "operator")):
        person = Person.objects.create(institution=institution, username=f"{code}-{kind}", key=kind, name=kind)
        position = Position.objects.create(institution=institution, unit=unit, key=kind, kind=kind, title=kind)
        Appointment.objects.create(
            institution=institution, position=position, person=person, starts_on=TODAY - timedelta(days=9)
        )
    rows = [
        MediaAccount(
            institution=institution,
            policy_version_id=policy.version_id,
            code=new_code(),
            name=f"平台{n}",
            name_fold=f"平台{n}",
            name_sound=f"ping tai {n}",
            platform="wechat_subscription",
            handle=f"h{n}",
            handle_fold=f"h{n}",
            tier=3 if n % 10 < 7 else 2,
            unit=group if n % 10 < 7 else department,
            home_unit=department,
            first_responsible_position="unit_head",
            first_responsible_unit=department,
            owner_name="负责人",
            state="active",
            state_since=TODAY,
            registered_at=NOW,
        )
        for n in range(accounts)
    ]
    accounts_made = MediaAccount.objects.bulk_create(rows)
    deadlines = []
    for n, account in enumerate(accounts_made):
        key, unit = str(account.pk), account.unit_id
        if account.tier < 3:
            due = policy.due("annual_review.submit", TODAY)
            deadlines.append(_deadline(policy, institution.pk, "annual_review.submit", key, unit, due))
        due = TODAY + timedelta(days=n % 300)
        deadlines.append(_deadline(policy, institution.pk, "filing.change", key, unit, due))
    Deadline.objects.bulk_create(deadlines)


def year(*, accounts: int) -> dict[str, Any]:
    """Play a year forward on a copy; every deadline's consequence exactly once, never early."""
    _register()
    with transaction.atomic():
        for number in range(5):
            _institution(number, accounts // 5)
    due = dict(Deadline.objects.values_list("pk", "due_on"))
    before = Deadline.objects.filter(ran_out_at__isnull=True).count()
    start = time.monotonic()
    kinds: Counter[str] = Counter()
    with working_on_a_copy():
        for happening in simulate(start=NOW, days=366):
            kinds[happening.kind] += 1
        ended = dict(Deadline.objects.filter(state="ran_out").values_list("pk", "ran_out_at"))
    seconds = time.monotonic() - start
    untouched = Deadline.objects.filter(ran_out_at__isnull=True).count() == before
    return {
        "accounts": accounts,
        "deadlines": len(due),
        "reminders": kinds["reminder"],
        "consequences": kinds["consequence"],
        "once": kinds["consequence"] == len(due) == len(ended) and untouched and not kinds["failure"],
        "never_early": all(moment.astimezone(CHINA).date() > due[pk] for pk, moment in ended.items()),
        "seconds": seconds,
    }
