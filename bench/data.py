"""A large institution, written straight into the tables: accounts, decided chains, a valid ledger."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, models, transaction

from bench.scale import Scale
from xianshen.approvals.models import ApprovalChain, ApprovalStep, Opinion
from xianshen.ledger.canonical import GENESIS, Content, entry_hash
from xianshen.ledger.models import ChainHead, LedgerEntry
from xianshen.organisation.models import Appointment, Institution, Person, Position, Unit
from xianshen.registry import names
from xianshen.registry.models import MediaAccount, OpeningApplication
from xianshen.regulation.selectors import policy_on
from xianshen.regulation.services import load_pack

CHINA = ZoneInfo("Asia/Shanghai")
NOW = datetime.now(CHINA).replace(microsecond=0)
PASSWORD = "bench-password"
PENDING = 400
UNITS = 200


def write(model: type[models.Model], rows: Iterable[Sequence[Any]], columns: Sequence[str]) -> None:
    """Insert rows the fastest way that each database offers."""
    table = connection.ops.quote_name(model._meta.db_table)
    listed = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join("?" for _ in columns)
            plain = (
                [
                    value.isoformat(" ")
                    if isinstance(value, datetime)
                    else value.isoformat()
                    if isinstance(value, date)
                    else value
                    for value in row
                ]
                for row in rows
            )
            cursor.connection.executemany(f"INSERT INTO {table} ({listed}) VALUES ({places})", plain)


def restart_sequences() -> None:
    """Let PostgreSQL's sequences go on after the keys that were written by hand."""
    from django.core.management.color import no_style

    tables = [ApprovalChain, ApprovalStep, Opinion, MediaAccount, OpeningApplication, LedgerEntry]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute(statement)


@dataclass
class Cast:
    """Who acts in the benchmarks: primary keys of people."""

    institution: int
    media: int
    director: int
    heads: list[int]
    operators: list[int]


def cast_and_units(*, on: datetime = NOW) -> tuple[Cast, Any, list[Unit]]:
    """Load the pack; make the Office and many departments with head and operator."""
    load_pack(path=Path(settings.POLICIES) / "shcc", now=on)
    institution = Institution.objects.get(code="shcc")
    policy = policy_on(institution.pk, on.date())
    office = Unit.objects.create(institution=institution, key="office", kind="office", name="办公室")
    units = [
        Unit.objects.create(institution=institution, key=f"u{n}", kind="department", name=f"第{n}部门")
        for n in range(UNITS)
    ]

    def seat(unit: Unit, kind: str, title: str, key: str) -> int:
        person = Person(institution=institution, username=key, key=key, name=f"{title}{key}")
        person.set_password(PASSWORD)
        person.save()
        position = Position.objects.create(institution=institution, unit=unit, key=key, kind=kind, title=title)
        Appointment.objects.create(
            institution=institution, position=position, person=person, starts_on=on.date() - timedelta(days=400)
        )
        return person.pk

    cast = Cast(
        institution.pk,
        seat(office, "office_media_officer", "新媒体管理岗", "media"),
        seat(office, "office_director", "办公室主任", "director"),
        [seat(unit, "unit_head", "主要负责人", f"head{n}") for n, unit in enumerate(units)],
        [seat(unit, "operator", "管理员", f"operator{n}") for n, unit in enumerate(units)],
    )
    return cast, policy, units


def populate(scale: Scale) -> Cast:
    """Fill an empty database; returns who acts."""
    cast, policy, units = cast_and_units()
    office = Unit.objects.get(key="office")
    with transaction.atomic():
        write(MediaAccount, _accounts(cast, policy, units, scale), ACCOUNT_COLUMNS)
        write(ApprovalChain, _chains(cast, policy, units, scale), CHAIN_COLUMNS)
        write(ApprovalStep, _steps(cast, units, office, scale), STEP_COLUMNS)
        write(Opinion, _opinions(cast, scale), OPINION_COLUMNS)
        _ledger(scale)
    restart_sequences()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return cast


ACCOUNT_COLUMNS = (
    "id", "institution_id", "policy_version_id", "code", "name", "name_fold", "name_sound", "platform", "handle",
    "handle_fold", "tier", "unit_id", "home_unit_id", "first_responsible_position", "first_responsible_unit_id",
    "owner_id", "owner_name", "owner_mobile", "owner_email", "second_contact_name", "second_contact_mobile",
    "content_scope", "positioning", "audience", "in_name_of", "data_service", "server_filing_reference", "state",
    "suspension_reason", "state_since", "opened_on", "closed_on", "registered_at", "administrators",
)  # fmt: skip
PLATFORMS = ("wechat_subscription", "wechat_service", "weibo", "qq")
STATES = (("active", ""),) * 18 + (("suspended", "not_reviewed"), ("closed", ""))


def _accounts(cast: Cast, policy: Any, units: list[Unit], scale: Scale) -> Iterator[Sequence[Any]]:
    for n in range(1, scale.accounts + 1):
        unit, owner = units[n % UNITS], cast.operators[n % UNITS]
        name = f"{unit.name}平台{n}"
        state, reason = STATES[n % len(STATES)]
        yield (
            n, cast.institution, policy.version_id, f"{n:08d}"[:4] + "-" + f"{n:08d}"[4:], name, names.fold(name),
            f"di bu men ping tai {n}", PLATFORMS[n % 4], f"handle_{n}", f"handle{n}", 2, unit.pk, unit.pk, "unit_head",
            unit.pk, owner, "管理员", "13900000000", "a@example.edu.cn", "", "", f"第{n}号平台发布本部门的通知和活动。", "",
            "[]", "unit", False, "", state, reason, NOW.date(), NOW.date(), None, NOW, "管理员",
        )  # fmt: skip


CHAIN_COLUMNS = (
    "id", "institution_id", "policy_version_id", "spec", "article", "subject_type", "subject_id", "title", "unit_id",
    "applicant_id", "round", "state", "content", "digest", "submitted_at", "closed_at",
)  # fmt: skip


def _chains(cast: Cast, policy: Any, units: list[Unit], scale: Scale) -> Iterator[Sequence[Any]]:
    rounds = max(1, scale.chains // scale.accounts)
    for n in range(scale.chains):
        subject, round_ = n // rounds + 1, n % rounds + 1
        yield (
            n + 1, cast.institution, policy.version_id, "opening.department", 8, "bench.subject", str(subject),
            f"「平台{subject}」开设申请", units[subject % UNITS].pk, cast.operators[subject % UNITS], round_, "approved",
            "{}", "0" * 64, NOW - timedelta(days=n % 300), NOW,
        )  # fmt: skip


STEP_COLUMNS = (
    "id", "institution_id", "chain_id", "order", "kind", "code", "name", "form_box", "position_kind", "unit_id",
    "escalation_position_kind", "escalation_unit_id", "state", "started_at", "due_on", "due_clock",
    "decided_at",
)  # fmt: skip


def _steps(cast: Cast, units: list[Unit], office: Unit, scale: Scale) -> Iterator[Sequence[Any]]:
    rounds = max(1, scale.chains // scale.accounts)
    for n in range(scale.chains):
        unit = units[(n // rounds + 1) % UNITS]
        for order, (code, name, kind, seat) in enumerate(
            (
                ("unit_opinion", "所在部门意见", "unit_head", unit),
                ("office_opinion", "校办公室意见", "office_director", office),
            ),
            start=1,
        ):
            yield (
                2 * n + order, cast.institution, n + 1, order, "decide", code, name, code, kind, seat.pk, "", None,
                "done", NOW, None, "", NOW,
            )  # fmt: skip


OPINION_COLUMNS = (
    "id", "institution_id", "step_id", "verdict", "text", "person_id", "person_name", "position_title", "unit_name",
    "on_behalf_of", "seal_text", "digest", "signed_at", "signed_with",
)  # fmt: skip


def _opinions(cast: Cast, scale: Scale) -> Iterator[Sequence[Any]]:
    rounds = max(1, scale.chains // scale.accounts)
    for n in range(scale.chains):
        head = cast.heads[(n // rounds + 1) % UNITS]
        for order, (person, title) in enumerate(((head, "主要负责人"), (cast.director, "办公室主任")), start=1):
            yield (
                2 * n + order, cast.institution, 2 * n + order, "agree", "同意。", person, title, title, "部门", "", "部门",
                "0" * 64, NOW - timedelta(days=n % 300), "password",
            )  # fmt: skip


LEDGER_COLUMNS = (*Content._fields, "hash")


def _ledger(scale: Scale) -> None:
    """Append a valid chain behind what loading the pack recorded."""
    head = ChainHead.objects.get(institution="shcc")
    state = {"sequence": head.sequence, "hash": head.hash or GENESIS}

    def rows() -> Iterator[Sequence[Any]]:
        for n in range(scale.entries):
            state["sequence"] = int(state["sequence"]) + 1
            account = n % scale.accounts + 1
            content = Content(
                "shcc", int(state["sequence"]), NOW, "registry.account_reminded", "person", "media", "新媒体管理岗", "管理岗",
                "办公室", "", "registry.media_account", str(account), f"「平台{account}」",
                '{"people":1,"text":"提醒"}', "account.may_run", 8, "2026", str(state["hash"]),
            )  # fmt: skip
            state["hash"] = entry_hash(content, "[]")
            yield (*content, state["hash"])

    write(LedgerEntry, rows(), LEDGER_COLUMNS)
    ChainHead.objects.filter(institution="shcc").update(sequence=state["sequence"], hash=state["hash"])


def session_of(person_id: int) -> str:
    """Return a session key under which the person is signed in."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    person = Person.objects.get(pk=person_id)
    store = SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    store.create()
    return str(store.session_key)
