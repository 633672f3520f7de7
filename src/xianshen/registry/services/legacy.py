"""Accounts of before the rules (存量账号): the list, each unit's answer, and what the Office does about the rest."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.clocks.selectors import deadlines_of
from xianshen.clocks.services import extend_clock
from xianshen.common.actors import Actor
from xianshen.common.codes import new_code
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.language import stored
from xianshen.common.tabular import clean_text
from xianshen.ledger.events import Subject
from xianshen.ledger.services import Unchanged, act, no_act, record, within_act
from xianshen.organisation.selectors import Grants, home_unit, unit_for_relation, unit_in
from xianshen.registry import events, names, rules
from xianshen.registry.enums import AccountState, FilingKind, FilingOrigin, FilingState, InNameOf
from xianshen.registry.filed import LEGACY_LIST_TYPE, filing_subject, legacy_list_subject
from xianshen.registry.filing_checks import LEGACY_CLOCK, form_of
from xianshen.registry.imports import AccountPlan, plan_accounts
from xianshen.registry.models import Filing, LegacyUpload, MediaAccount, NumberSeries
from xianshen.registry.permissions import may_manage_accounts, may_take_up
from xianshen.registry.selectors import account_subject
from xianshen.registry.services.accounts import begin_closing_account, close_account
from xianshen.registry.services.filing_outcomes import run_legacy_clock
from xianshen.registry.services.filings import NOTE_LIMIT, SERIES, meet_legacy_clock, submit_filing, take_up_filing
from xianshen.registry.transitions import FILING
from xianshen.regulation.enums import ClockStart
from xianshen.regulation.selectors import policy_on
from xianshen.workflow.tables import apply_transition, locked

if TYPE_CHECKING:
    from xianshen.common.tabular import Row
    from xianshen.organisation.models import Institution, Person, Unit
    from xianshen.regulation.schema import Policy

CHUNK = 500


def _office(grants: Grants | None) -> None:
    if grants is not None and not (permission := may_manage_accounts(grants)):
        raise PermissionDenied.from_denied(permission)


@no_act(why="reads the policy only")
def legacy_start(policy: "Policy", on: date) -> date:
    """Return the day from which policy counts the time for accounts of before the rules."""
    clock = policy.clock(LEGACY_CLOCK)
    return policy.promulgated_on if clock.starts_on == ClockStart.PROMULGATION else on


@no_act(why="plans only, nothing is written")
def preview_legacy(
    *, institution: "Institution", grants: Grants | None, content: bytes, filename: str, now: datetime
) -> AccountPlan:
    """Return what importing a list would do, or what is wrong in it, cell by cell.

    Args:
        institution: for which school.
        grants: of the person; None for a command run on the server.
        content: the file.
        filename: its name.
        now: time of the request.

    Raises:
        PermissionDenied: not the Office.
        TransitionNotAllowed: the policy knows no filings.
    """
    _office(grants)
    on = timezone.localdate(now)
    policy = policy_on(institution.pk, on)
    if form_of(policy) is None:
        raise TransitionNotAllowed(_("现行办法没有规定备案表，没有存量备案可办。"), rules.LEGACY)
    return plan_accounts(institution.pk, policy, content, filename, on, before=policy.promulgated_on)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an account of a unit on a platform belongs; the same for many rows."""

    tier: int
    home_id: int
    position: str
    responsible_id: int


class _Places:
    """Finds places, each once."""

    def __init__(self, policy: "Policy") -> None:
        self._policy = policy
        self._known: dict[tuple[int, str], _Place] = {}

    def of(self, unit: "Unit", platform: str) -> _Place:
        key = (unit.pk, platform)
        if key not in self._known:
            found = self._policy.classification_for(unit_kind=unit.kind, platform=platform)
            responsible = unit_for_relation(found.first_responsible.of, unit) if found else None
            if found is None or responsible is None:
                raise ValidationError(
                    {"unit": _("「%(unit)s」还没有登记归口单位。先登记归口单位。") % {"unit": unit.name}}
                )
            home = home_unit(unit) or unit
            self._known[key] = _Place(found.tier, home.pk, found.first_responsible.position, responsible.pk)
        return self._known[key]


def _account(
    row: "Row", unit: "Unit", owner: "Person | None", place: _Place, policy: "Policy", now: datetime
) -> MediaAccount:
    values = row.values
    return MediaAccount(
        institution_id=unit.institution_id,
        policy_version_id=policy.version_id,
        code=new_code(),
        name=values["name"],
        name_fold=names.fold(values["name"])[:120],
        name_sound=names.sound(values["name"]),
        platform=values["platform"],
        handle=values["handle"],
        handle_fold=names.fold(values["handle"])[:300],
        tier=place.tier,
        unit_id=unit.pk,
        home_unit_id=place.home_id,
        first_responsible_position=place.position,
        first_responsible_unit_id=place.responsible_id,
        owner_id=owner.pk if owner else None,
        owner_name=owner.name if owner else "",
        owner_mobile=values.get("mobile") or (owner.mobile if owner else ""),
        owner_email=values.get("email") or (owner.email if owner else ""),
        content_scope=values.get("content_scope") or "",
        in_name_of=InNameOf.UNIT,
        state=AccountState.ACTIVE,
        state_since=timezone.localdate(now),
        opened_on=values.get("opened_on"),
        registered_at=now,
    )


@within_act
def _numbers(institution_id: int, year: int, count: int) -> Iterator[str]:
    """Yield the next numbers of the yearly series of filings, taken all at once."""
    series, _created = NumberSeries.objects.select_for_update().get_or_create(
        institution_id=institution_id, series=SERIES, year=year
    )
    first = series.last + 1
    series.last += count
    series.save(update_fields=["last"])
    return (f"{SERIES}-{year}-{number:03d}" for number in range(first, first + count))


@act
def import_legacy(
    *,
    actor: Actor,
    institution: "Institution",
    grants: Grants | None,
    content: bytes,
    filename: str,
    now: datetime,
    extend_until: date | None = None,
    extend_why: str = "",
) -> AccountPlan:
    """Enter a list of accounts of before the rules, all rows or none: they run, and wait for their units to confirm.

    Each unit's clock runs from the day that policy says; accounts on record already are left alone.

    Args:
        actor: the Office, or the system for a command.
        institution: for which school.
        grants: of the person; None for a command run on the server.
        content: the file.
        filename: its name.
        now: time of the act.
        extend_until: gives the units time until this day, where policy's day is near or over.
        extend_why: why, for the ledger.

    Returns:
        The plan that was carried out; with findings, nothing was.

    Raises:
        PermissionDenied: not the Office.
        ValidationError: the extension has no reason, or its day is not after policy's.
    """
    plan = preview_legacy(institution=institution, grants=grants, content=content, filename=filename, now=now)
    if not plan.ok or not plan.created:
        raise Unchanged(plan)
    on = timezone.localdate(now)
    policy = policy_on(institution.pk, on)
    digest = hashlib.sha256(content).hexdigest()
    by_unit = _enter(plan, policy, now)
    for unit, subjects in by_unit.values():
        run_legacy_clock(
            institution_id=institution.pk,
            unit_id=unit.pk,
            unit_name=unit.name,
            policy=policy,
            actor=actor,
            started_on=legacy_start(policy, on),
            now=now,
        )
        record(
            events.LEGACY_EXPECTED,
            actor=actor,
            subject=legacy_list_subject(unit.pk, unit.name),
            payload={"unit": unit.name, "accounts": len(subjects), "digest": digest},
            at=now,
            rule=rules.LEGACY,
            article=policy.rule(rules.LEGACY).article,
            policy_version=policy.label,
            about=subjects,
        )
    if extend_until is not None and grants is not None:
        _extend(actor, grants, list(by_unit), extend_until, extend_why, now)
    record(
        events.LEGACY_IMPORTED,
        actor=actor,
        subject=Subject("organisation.institution", str(institution.pk), institution.name),
        payload={
            "file": clean_text(filename)[:200],
            "digest": digest,
            "created": plan.created,
            "unchanged": plan.unchanged,
        },
        at=now,
        rule=rules.LEGACY,
        article=policy.rule(rules.LEGACY).article,
        policy_version=policy.label,
    )
    return plan


def _enter(plan: AccountPlan, policy: "Policy", now: datetime) -> "dict[int, tuple[Unit, list[Subject]]]":
    """Write accounts and their expected filings in chunks; return, by unit, the accounts as the ledger names them."""
    places = _Places(policy)
    institution_id = plan.rows[0][1].institution_id
    numbers = _numbers(institution_id, timezone.localdate(now).year, len(plan.rows))
    reason = stored(gettext_lazy("办法公布前已开设并运营，办理存量备案。"))
    by_unit: dict[int, tuple[Unit, list[Subject]]] = {}
    while chunk := plan.take(CHUNK):
        accounts = MediaAccount.objects.bulk_create(
            [
                _account(row, unit, owner, places.of(unit, row.values["platform"]), policy, now)
                for row, unit, owner in chunk
            ]
        )
        Filing.objects.bulk_create(
            Filing(
                institution_id=institution_id,
                number=next(numbers),
                kind=FilingKind.LEGACY,
                origin=FilingOrigin.LEGACY,
                state=FilingState.EXPECTED,
                account_id=account.pk,
                unit_id=account.unit_id,
                reason=reason,
                created_at=now,
                saved_at=now,
            )
            for account in accounts
        )
        for account, (_row, unit, _owner) in zip(accounts, chunk, strict=True):
            by_unit.setdefault(unit.pk, (unit, []))[1].append(account_subject(account))
    return by_unit


def _extend(actor: Actor, grants: Grants, unit_ids: Sequence[int], until: date, why: str, now: datetime) -> None:
    for unit_id in unit_ids:
        deadline = deadlines_of(actor.institution_id, LEGACY_LIST_TYPE, str(unit_id)).filter(state="running").get()
        if deadline.due_on >= until:
            continue
        extend_clock(
            actor=actor,
            grants=grants,
            deadline_id=deadline.pk,
            institution_id=actor.institution_id,
            due_on=until,
            why=why,
            now=now,
        )


@act(records=False, why="an upload waits for confirmation; the import is recorded")
def keep_legacy_upload(*, actor: Actor, grants: Grants, content: bytes, filename: str, now: datetime) -> LegacyUpload:
    """Keep an uploaded list until the person confirms or replaces it.

    Raises:
        PermissionDenied: not the Office.
    """
    _office(grants)
    LegacyUpload.objects.filter(person_id=grants.person_id).delete()
    return LegacyUpload.objects.create(
        institution_id=actor.institution_id,
        person_id=grants.person_id,
        filename=clean_text(filename)[:255],
        content=content,
        created_at=now,
    )


@act(records=False, why="removes an upload that was imported or is no longer wanted")
def drop_legacy_upload(*, grants: Grants) -> None:
    """Forget the person's uploaded list."""
    LegacyUpload.objects.filter(person_id=grants.person_id).delete()


@act
def confirm_legacy(*, actor: Actor, grants: Grants, filing_id: int, now: datetime) -> Filing:
    """Confirm, for the unit, that a listed account is its own and stands right: its filing is submitted.

    Raises:
        Filing.DoesNotExist: not in the institution.
        PermissionDenied: not the unit's.
        TransitionNotAllowed: answered already.
        ValidationError: something that the form needs is missing or wrong; correct it instead.
    """
    filing = locked(Filing, filing_id, institution_id=actor.institution_id)
    if filing.kind != FilingKind.LEGACY or filing.state != FilingState.EXPECTED:
        raise TransitionNotAllowed(_("这个账号已经回过了。刷新页面看最新情况。"), rules.LEGACY)
    filing = take_up_filing(actor=actor, grants=grants, filing_id=filing.pk, now=now)
    return submit_filing(actor=actor, grants=grants, filing_id=filing.pk, revision=filing.revision, now=now)


def _words(text: str) -> str:
    text = text.strip()
    if not text:
        raise ValidationError({"text": _("没有写为什么。写明可能是哪个单位的，办公室好改派。")})
    if len(text) > NOTE_LIMIT:
        raise ValidationError({"text": _("最多 %(n)d 字。写要点。") % {"n": NOTE_LIMIT}})
    return text


@act
def disown_legacy(*, actor: Actor, grants: Grants, filing_id: int, text: str, now: datetime) -> Filing:
    """Say, for the unit, that a listed account is not its own; the Office assigns it to another or strikes it off.

    Raises:
        Filing.DoesNotExist, PermissionDenied, TransitionNotAllowed, ValidationError: as :func:`confirm_legacy`.
    """
    filing = locked(Filing, filing_id, institution_id=actor.institution_id)
    if not (permission := may_take_up(filing, grants)):
        raise PermissionDenied.from_denied(permission)
    if filing.origin != FilingOrigin.LEGACY:
        raise TransitionNotAllowed(_("这个账号不在存量名单里。"), rules.LEGACY)
    text = _words(text)
    apply_transition(
        FILING,
        filing,
        "disown",
        who=grants,
        actor=actor,
        at=now,
        subject=filing_subject(filing),
        payload={"number": filing.number, "text": text},
        changes={"note": text, "saved_at": now},
        about=(account_subject(filing.account),),
    )
    return filing


@act
def reassign_legacy(*, actor: Actor, grants: Grants, filing_id: int, unit_id: int, now: datetime) -> Filing:
    """Assign a listed account to another unit, which is asked in its turn; the time stays as it began.

    Raises:
        Filing.DoesNotExist, Unit.DoesNotExist: not in the institution.
        PermissionDenied: not the Office.
        TransitionNotAllowed: nobody has said that it is not theirs.
        ValidationError: the same unit, or one that policy gives no tier on the platform.
    """
    _office(grants)
    on = timezone.localdate(now)
    filing = locked(Filing, filing_id, institution_id=actor.institution_id)
    account = locked(MediaAccount, filing.account_id, institution_id=actor.institution_id)
    unit, before = unit_in(actor.institution_id, unit_id), filing.unit
    if unit.pk == before.pk:
        raise ValidationError({"unit": _("就是这个单位说不是它的。选另一个单位。")})
    policy = policy_on(actor.institution_id, on)
    if policy.tier_for(unit_kind=unit.kind, platform=account.platform) is None:
        raise ValidationError({"unit": _("办法没有给这类单位在这个平台上的层级。选另一个单位。")})
    place = _Places(policy).of(unit, account.platform)
    account.unit, account.home_unit_id, account.tier = unit, place.home_id, place.tier
    account.first_responsible_position = place.position
    account.first_responsible_unit_id = place.responsible_id
    account.save(update_fields=["unit", "home_unit", "tier", "first_responsible_position", "first_responsible_unit"])
    apply_transition(
        FILING,
        filing,
        "reassign",
        who=grants,
        actor=actor,
        at=now,
        subject=filing_subject(filing),
        payload={"number": filing.number, "from_unit": before.name, "unit": unit.name},
        changes={"unit_id": unit.pk, "note": "", "saved_at": now},
        about=(account_subject(account),),
    )
    of_before = deadlines_of(actor.institution_id, LEGACY_LIST_TYPE, str(before.pk)).order_by("-pk").first()
    run_legacy_clock(
        institution_id=actor.institution_id,
        unit_id=unit.pk,
        unit_name=unit.name,
        policy=policy,
        actor=actor,
        started_on=of_before.started_on if of_before else None,
        now=now,
    )
    meet_legacy_clock(institution_id=actor.institution_id, unit_id=before.pk, actor=actor, on=on, now=now)
    return filing


@act
def strike_legacy(*, actor: Actor, grants: Grants, filing_id: int, text: str, now: datetime) -> Filing:
    """Strike a listed account off, no unit of the school owning it: it is closed and stays listed as closed.

    Raises:
        Filing.DoesNotExist: not in the institution.
        PermissionDenied: not the Office.
        TransitionNotAllowed: nobody has said that it is not theirs.
        ValidationError: no reason.
    """
    _office(grants)
    filing = locked(Filing, filing_id, institution_id=actor.institution_id)
    text = _words(text)
    if filing.state != FilingState.DISOWNED:
        raise TransitionNotAllowed(_("还没有单位说它不是自己的，不能划去。"), rules.LEGACY)
    apply_transition(
        FILING,
        filing,
        "drop",
        who=grants,
        actor=actor,
        at=now,
        subject=filing_subject(filing),
        payload={"number": filing.number, "text": text},
        changes={"saved_at": now},
        about=(account_subject(filing.account),),
    )
    closing = {
        "account_id": filing.account_id,
        "institution_id": actor.institution_id,
        "actor": actor,
        "grants": grants,
        "text": text,
        "now": now,
    }
    begin_closing_account(**closing)  # type: ignore[arg-type] # reason: names and types as above
    close_account(**closing)  # type: ignore[arg-type] # reason: names and types as above
    meet_legacy_clock(
        institution_id=actor.institution_id,
        unit_id=filing.unit_id,
        actor=actor,
        on=timezone.localdate(now),
        now=now,
    )
    return filing
