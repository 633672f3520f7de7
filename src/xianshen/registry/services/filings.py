"""Filings (附件三): begin, autosave, submit, take up, drop; changes that the Office notices."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.approvals.services import start_chain
from xianshen.clocks.selectors import deadlines_of
from xianshen.clocks.services import cancel_clocks, meet_clock, start_clock
from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.language import stored
from xianshen.documents.selectors import attachments_of
from xianshen.documents.services import remove_attachment, store_attachment
from xianshen.ledger.services import act, record, within_act
from xianshen.notices.enums import NoticeKind
from xianshen.notices.services import notify
from xianshen.organisation.selectors import Grants
from xianshen.registry import events, rules
from xianshen.registry.changed import COLUMNS, changed, different, present
from xianshen.registry.enums import AccountState, FilingKind, FilingOrigin, FilingState
from xianshen.registry.filed import (
    FILING_TYPE,
    LEGACY_LIST_TYPE,
    closure_without_proof,
    filing_subject,
    legacy_unsubmitted,
    open_filing_of,
)
from xianshen.registry.filing_checks import CHANGE_CLOCK, LEGACY_CLOCK, check_filing, due_of, form_of
from xianshen.registry.filing_paper import filing_content
from xianshen.registry.filing_people import filers
from xianshen.registry.models import Filing, MediaAccount
from xianshen.registry.permissions import may_edit_filing, may_file_for, may_manage_accounts, may_take_up
from xianshen.registry.selectors import account_subject
from xianshen.registry.services.applications import next_number
from xianshen.registry.services.filing_outcomes import close_with_proof
from xianshen.registry.transitions import FILING
from xianshen.regulation.enums import SubjectKind
from xianshen.regulation.selectors import policy_on
from xianshen.workflow.tables import apply_transition, locked

if TYPE_CHECKING:
    from xianshen.documents.models import Attachment
    from xianshen.regulation.schema import Policy

SERIES = "B"
MATERIAL, PROOF = "material", "cancellation_proof"
# Bounds of a page, not of the regulation.
MOST_MATERIALS = 20
NOTE_LIMIT = 1000
DIRECT = frozenset(
    {"changed_on", "reason", "followers_plan", "content_plan", "custody_returned", "custody_returned_to"}
)


class FilingUnderWay(TransitionNotAllowed):
    """Another filing of the account is open; it is the one to go on with."""

    def __init__(self, filing: Filing) -> None:
        super().__init__(
            _("这个账号已有一份备案（%(number)s，%(state)s）没有办完。先办完那一份。")
            % {"number": filing.number, "state": FilingState(filing.state).label},
            rules.FILING,
        )
        self.filing_id = filing.pk


def _policy_with_form(institution_id: int, on: date) -> "Policy":
    policy = policy_on(institution_id, on)
    if form_of(policy) is None:
        raise TransitionNotAllowed(_("现行办法没有规定备案表，平台不能办理备案。问办公室怎么办。"), rules.FILING)
    return policy


def _check_day(account: MediaAccount, kind: FilingKind, day: date | None, on: date) -> None:
    """Refuse a day on which the change cannot have happened."""
    if kind == FilingKind.LEGACY:
        return
    problem = ""
    if day is None:
        problem = _("还没有写哪一天变更或停办。备案的时限从这一天起算。")
    elif day > on:
        problem = _("这一天还没有到。写实际发生的那一天，最晚是今天。")
    elif account.opened_on and day < account.opened_on:
        problem = _("这一天账号还没有开通。核对日期。")
    if problem:
        raise ValidationError({"changed_on": problem})


def _check_fileable(account: MediaAccount, kind: FilingKind) -> None:
    """Refuse what cannot be filed of a closed account, or of one whose closure is decided."""
    if account.state == AccountState.CLOSED:
        raise TransitionNotAllowed(_("「%(name)s」已停办，不再备案。") % {"name": account.name}, rules.FILING)
    decided = closure_without_proof(account.pk)
    if decided is not None:
        raise TransitionNotAllowed(
            _("「%(name)s」的停办已备案（%(number)s），等平台注销证明。传上证明就停办完毕。")
            % {"name": account.name, "number": decided.number},
            rules.FILING,
        )
    if account.state == AccountState.CLOSING and kind != FilingKind.CLOSURE:
        raise TransitionNotAllowed(_("「%(name)s」正在停办，只办停办备案。") % {"name": account.name}, rules.FILING)


def _day_text(day: date | None) -> str:
    return day.isoformat() if day else ""


@within_act
def run_change_clock(*, filing: Filing, policy: "Policy", actor: Actor, now: datetime) -> None:
    """Let the clock of a change or closure run from its day, if it is not running yet."""
    if filing.kind == FilingKind.LEGACY or filing.changed_on is None:
        return
    running = deadlines_of(filing.institution_id, FILING_TYPE, str(filing.pk)).filter(state="running")
    if running.filter(clock=CHANGE_CLOCK).exists():
        return
    start_clock(
        actor=actor,
        policy=policy,
        clock=CHANGE_CLOCK,
        subject=filing_subject(filing),
        started_on=filing.changed_on,
        unit_id=filing.unit_id,
        about=(account_subject(filing.account),),
        now=now,
    )


@act
def start_filing(
    *, actor: Actor, grants: Grants, account_id: int, kind: FilingKind, changed_on: date | None, now: datetime
) -> Filing:
    """Begin a filing; one that is expected of the account is taken up.

    Args:
        actor: who files.
        grants: of the person.
        account_id: the account.
        kind: change, closure or legacy.
        changed_on: the day of the change, or the last day of an account that is closed; None for legacy.
        now: time of the act.

    Raises:
        MediaAccount.DoesNotExist: not in the institution.
        PermissionDenied: neither the unit's nor the owner's.
        FilingUnderWay: another filing of the account is open.
        TransitionNotAllowed: the account is closed, or the policy knows no filings.
        ValidationError: the day is in the future or before the account was opened.
    """
    on = timezone.localdate(now)
    account = locked(MediaAccount, account_id, institution_id=actor.institution_id)
    if not (permission := may_file_for(account, grants)):
        raise PermissionDenied.from_denied(permission)
    policy = _policy_with_form(actor.institution_id, on)
    _check_fileable(account, kind)
    day = None if kind == FilingKind.LEGACY else changed_on
    existing = open_filing_of(account.pk)
    if existing is not None:
        fits = existing.origin == FilingOrigin.LEGACY or kind != FilingKind.LEGACY
        if existing.state != FilingState.EXPECTED or not fits or kind == FilingKind.CHANGE != existing.kind:
            raise FilingUnderWay(existing)
        _check_day(account, kind, day, on)
        return _take_up(locked(Filing, existing.pk), actor=actor, grants=grants, kind=kind, day=day, now=now)
    if kind == FilingKind.LEGACY and not _may_file_legacy_again(account):
        raise TransitionNotAllowed(
            _("「%(name)s」不在存量名单里。信息有变，办信息变更备案。") % {"name": account.name}, rules.LEGACY
        )
    _check_day(account, kind, day, on)
    legacy = kind == FilingKind.LEGACY
    filing = Filing.objects.create(
        institution_id=actor.institution_id,
        number=next_number(actor.institution_id, on.year, series=SERIES),
        kind=kind,
        origin=FilingOrigin.LEGACY if legacy else FilingOrigin.UNIT,
        account=account,
        unit=account.unit,
        applicant_id=grants.person_id,
        changed_on=day,
        reason=stored(LEGACY_REASON) if legacy else "",
        created_at=now,
        saved_at=now,
    )
    run_change_clock(filing=filing, policy=policy, actor=actor, now=now)
    record(
        events.FILING_STARTED,
        actor=actor,
        subject=filing_subject(filing),
        payload={"number": filing.number, "kind": filing.kind, "changed_on": _day_text(day)},
        at=now,
        rule=rules.FILING,
        article=policy.rule(rules.FILING).article,
        policy_version=policy.label,
        about=(account_subject(account),),
    )
    return filing


LEGACY_REASON = gettext_lazy("办法公布前已开设并运营，办理存量备案。")


def _may_file_legacy_again(account: MediaAccount) -> bool:
    """Say whether the account was on a list of before the rules and no filing of it has been agreed to."""
    of_list = Filing.objects.filter(account=account, origin=FilingOrigin.LEGACY)
    return of_list.exists() and not of_list.filter(state=FilingState.APPROVED).exists()


@within_act
def _take_up(
    filing: Filing, *, actor: Actor, grants: Grants, kind: FilingKind, day: date | None, now: datetime
) -> Filing:
    policy = _policy_with_form(filing.institution_id, timezone.localdate(now))
    legacy = kind == FilingKind.LEGACY
    changes: dict[str, object] = {
        "applicant_id": grants.person_id,
        "kind": kind,
        "changed_on": day or filing.changed_on,
        "saved_at": now,
        "revision": filing.revision + 1,
    }
    if legacy and not filing.reason:
        changes["reason"] = stored(LEGACY_REASON)
    apply_transition(
        FILING,
        filing,
        "take_up",
        who=grants,
        actor=actor,
        at=now,
        subject=filing_subject(filing),
        payload={"number": filing.number, "kind": kind.value},
        changes=changes,
        article=policy.rule(rules.FILING).article,
        policy_version=policy.label,
        about=(account_subject(filing.account),),
    )
    run_change_clock(filing=filing, policy=policy, actor=actor, now=now)
    return filing


@act
def take_up_filing(*, actor: Actor, grants: Grants, filing_id: int, now: datetime) -> Filing:
    """Begin to write an expected filing, or go on with what a colleague began.

    Raises:
        Filing.DoesNotExist: not in the institution.
        PermissionDenied: not of one's unit, or not to be written any more.
    """
    filing = locked(Filing, filing_id, institution_id=actor.institution_id)
    if not (permission := may_take_up(filing, grants)):
        raise PermissionDenied.from_denied(permission)
    if filing.state == FilingState.EXPECTED:
        return _take_up(filing, actor=actor, grants=grants, kind=FilingKind(filing.kind), day=None, now=now)
    if filing.applicant_id == grants.person_id:
        raise TransitionNotAllowed(_("这份备案本来就由你办理。接着写就行。"), rules.FILING)
    filing.applicant_id = grants.person_id
    filing.revision += 1
    filing.saved_at = now
    filing.save(update_fields=["applicant_id", "revision", "saved_at"])
    record(
        events.FILING_TAKEN_UP,
        actor=actor,
        subject=filing_subject(filing),
        payload={"number": filing.number, "kind": filing.kind},
        at=now,
        rule=rules.FILING,
        about=(account_subject(filing.account),),
    )
    return filing


def _editable(filing_id: int, grants: Grants, revision: int | None) -> Filing:
    filing = locked(Filing, filing_id, institution_id=grants.institution_id)
    if not (permission := may_edit_filing(filing, grants)):
        if filing.applicant_id == grants.person_id:
            raise TransitionNotAllowed(permission.reason, permission.rule)
        raise PermissionDenied.from_denied(permission)
    if revision is not None and filing.revision != revision:
        raise TransitionNotAllowed(
            _("这份备案在另一个窗口里改过。你在这里写的还在页面上：复制要留的内容，刷新页面再填。"), rules.FILING
        )
    return filing


@act(records=False, why="a draft is its writer's own until it is submitted; start, submission and removal are recorded")
def save_filing(
    *, actor: Actor, grants: Grants, filing_id: int, revision: int, values: Mapping[str, object], now: datetime
) -> Filing:
    """Save what was typed, complete or not.

    Another day of the change lets the clock run from that day; the day of a change that the Office noticed
    stays the start of its clock.

    Args:
        actor: who writes.
        grants: of the person.
        filing_id: the filing.
        revision: revision on which the typing was based.
        values: column of the account, column of the filing or extra field code → cleaned value.
        now: time of saving.

    Raises:
        PermissionDenied: not theirs, or no longer theirs.
        TransitionNotAllowed: submitted meanwhile, or changed in another window.
    """
    filing = _editable(filing_id, grants, revision)
    day = filing.changed_on
    extra = dict(filing.extra)
    for code, value in values.items():
        if code in DIRECT:
            setattr(filing, code, value)
        elif code not in COLUMNS:
            extra[code] = value
    filing.extra = extra
    filing.changes = different(filing, values)
    filing.before = {}
    filing.revision += 1
    filing.saved_at = now
    filing.save()
    if filing.changed_on != day and filing.origin != FilingOrigin.OBSERVED:
        _restart_clock(filing, actor, now)
    return filing


def _restart_clock(filing: Filing, actor: Actor, now: datetime) -> None:
    on, opened = timezone.localdate(now), filing.account.opened_on
    day = filing.changed_on
    if day is None or day > on or (opened and day < opened):
        return
    why = stored(gettext_lazy("变更日期改为 %(day)s"), day=day.isoformat())
    cancel_clocks(
        actor=actor,
        institution_id=filing.institution_id,
        subject_type=FILING_TYPE,
        subject_id=str(filing.pk),
        clock=CHANGE_CLOCK,
        why=why,
        now=now,
    )
    run_change_clock(filing=filing, policy=policy_on(filing.institution_id, on), actor=actor, now=now)


def _stop_clock(filing: Filing, actor: Actor, why: str, now: datetime) -> None:
    cancel_clocks(
        actor=actor,
        institution_id=filing.institution_id,
        subject_type=FILING_TYPE,
        subject_id=str(filing.pk),
        why=why,
        now=now,
    )


@act
def discard_filing(*, actor: Actor, grants: Grants, filing_id: int, now: datetime) -> None:
    """Give up what was written: one's own draft is removed, what is expected of the unit waits again.

    Raises:
        PermissionDenied: not theirs.
        TransitionNotAllowed: submitted before; what was submitted is dropped with a reason instead.
    """
    filing = _editable(filing_id, grants, None)
    subject, account = filing_subject(filing), account_subject(filing.account)
    if filing.origin != FilingOrigin.UNIT:
        kind = FilingKind.LEGACY if filing.origin == FilingOrigin.LEGACY else FilingKind.CHANGE
        if filing.origin == FilingOrigin.LEGACY:
            _stop_clock(filing, actor, stored(gettext_lazy("退回存量名单")), now)
        apply_transition(
            FILING,
            filing,
            "put_back",
            who=grants,
            actor=actor,
            at=now,
            subject=subject,
            payload={"number": filing.number},
            changes={"applicant_id": None, "kind": kind, "changes": {}, "before": {}},
            about=(account,),
        )
        return
    if filing.state != FilingState.DRAFT:
        raise TransitionNotAllowed(_("备案提交过，经过要留存，不能删除。不办了就写明原因，结束这一份。"), rules.FILING)
    _stop_clock(filing, actor, stored(gettext_lazy("草稿已删除")), now)
    number = filing.number
    filing.delete()
    record(events.FILING_DISCARDED, actor=actor, subject=subject, payload={"number": number}, at=now, about=(account,))


def _note(text: str, message: str) -> str:
    text = text.strip()
    if not text:
        raise ValidationError({"text": message})
    if len(text) > NOTE_LIMIT:
        raise ValidationError({"text": _("最多 %(n)d 字。写要点，材料作附件。") % {"n": NOTE_LIMIT}})
    return text


@act
def drop_filing(*, actor: Actor, grants: Grants, filing_id: int, text: str, now: datetime) -> Filing:
    """End a filing that came back, or, as the Office, one that was expected by mistake.

    Raises:
        Filing.DoesNotExist: not in the institution.
        PermissionDenied: neither the writer's own nor the Office.
        TransitionNotAllowed: nothing that could be ended; legacy filings are owed and stay.
        ValidationError: no reason.
    """
    filing = locked(Filing, filing_id, institution_id=actor.institution_id)
    office = bool(may_manage_accounts(grants))
    if not office:
        if filing.state in {FilingState.EXPECTED, FilingState.DISOWNED}:
            raise PermissionDenied(_("这是办公室要求的备案，由办公室决定不办。"), rules.OFFICE_SUPERVISES)
        if not (permission := may_edit_filing(filing, grants)):
            raise PermissionDenied.from_denied(permission)
        if filing.origin != FilingOrigin.UNIT:
            raise TransitionNotAllowed(_("这份备案是要求办的，不能结束。放回待办，由同事接手也可以。"), rules.FILING)
    if filing.origin == FilingOrigin.LEGACY:
        raise TransitionNotAllowed(_("存量账号都要备案。不是这个单位的，改派给主办单位。"), rules.LEGACY)
    text = _note(text, _("没有写为什么不办。写明情况，以后查得到。"))
    apply_transition(
        FILING,
        filing,
        "drop",
        who=grants,
        actor=actor,
        at=now,
        subject=filing_subject(filing),
        payload={"number": filing.number, "text": text},
        about=(account_subject(filing.account),),
    )
    _stop_clock(filing, actor, text, now)
    return filing


def _last_day(filing: Filing, policy: "Policy") -> date | None:
    """Return the last day for the filing, extensions that the Office granted included."""
    if filing.origin == FilingOrigin.LEGACY:
        of_list = deadlines_of(filing.institution_id, LEGACY_LIST_TYPE, str(filing.unit_id)).filter(clock=LEGACY_CLOCK)
        deadline = of_list.order_by("-pk").first()
        return deadline.due_on if deadline else None
    own = deadlines_of(filing.institution_id, FILING_TYPE, str(filing.pk)).filter(clock=CHANGE_CLOCK)
    deadline = own.exclude(state="cancelled").order_by("-pk").first()
    return deadline.due_on if deadline else due_of(filing, policy)


@act
def submit_filing(*, actor: Actor, grants: Grants, filing_id: int, revision: int, now: datetime) -> Filing:
    """Submit (or, after a return, resubmit) a filing into its approval chain; its clock stops.

    A filing after its last day is taken all the same, and says how many days late it is. What was in time once
    stays so when it is corrected after a return.

    Raises:
        PermissionDenied, TransitionNotAllowed: as :func:`save_filing`.
        ValidationError: fields missing or wrong, by field.
    """
    on = timezone.localdate(now)
    filing = _editable(filing_id, grants, revision)
    account = filing.account
    policy = _policy_with_form(filing.institution_id, on)
    report = check_filing(filing, policy, on)
    if not report.submittable:
        raise ValidationError(report.errors)
    spec = policy.chain_for(
        subject=SubjectKind.FILING, tier=account.tier, unit_kind=filing.unit.kind, platform=account.platform
    )
    fields = [str(one.label) for one in changed(filing)]
    due_on, late_days = filing.due_on, filing.late_days
    if filing.state != FilingState.RETURNED:
        due_on = _last_day(filing, policy)
        late_days = max((on - due_on).days, 0) if due_on else 0
    filing.late_days = late_days
    apply_transition(
        FILING,
        filing,
        "submit" if filing.state == FilingState.DRAFT else "resubmit",
        who=grants,
        actor=actor,
        at=now,
        subject=filing_subject(filing),
        payload={
            "number": filing.number,
            "kind": filing.kind,
            "fields": fields,
            "changed_on": _day_text(filing.changed_on),
            "late_days": late_days,
        },
        changes={
            "submitted_at": now,
            "policy_version_id": policy.version_id,
            "tier": account.tier,
            "due_on": due_on,
            "late_days": late_days,
            "before": {"name": account.name, **{code: present(account, code) for code in filing.changes}},
            "revision": filing.revision + 1,
        },
        article=policy.rule(rules.FILING).article,
        policy_version=policy.label,
        about=(account_subject(account),),
    )
    start_chain(
        actor=actor,
        applicant_id=grants.person_id,
        subject=filing_subject(filing),
        spec=spec,
        policy=policy,
        unit=filing.unit,
        content=filing_content(filing, policy),
        now=now,
    )
    _stop_clocks(filing, actor, on, now)
    return filing


def _stop_clocks(filing: Filing, actor: Actor, on: date, now: datetime) -> None:
    meet_clock(
        actor=actor,
        institution_id=filing.institution_id,
        subject_type=FILING_TYPE,
        subject_id=str(filing.pk),
        clock=CHANGE_CLOCK,
        on=on,
        now=now,
    )
    if filing.origin == FilingOrigin.LEGACY:
        meet_legacy_clock(institution_id=filing.institution_id, unit_id=filing.unit_id, actor=actor, on=on, now=now)


@within_act
def meet_legacy_clock(*, institution_id: int, unit_id: int, actor: Actor, on: date, now: datetime) -> None:
    """Stop a unit's clock when none of its listed accounts is left unfiled."""
    if legacy_unsubmitted(institution_id, unit_id).exists():
        return
    meet_clock(
        actor=actor,
        institution_id=institution_id,
        subject_type=LEGACY_LIST_TYPE,
        subject_id=str(unit_id),
        clock=LEGACY_CLOCK,
        on=on,
        now=now,
    )


@act
def observe_change(
    *, actor: Actor, grants: Grants, account_id: int, changed_on: date, text: str, now: datetime
) -> Filing:
    """Note, as the Office, a change that nobody has filed: its clock runs from that day, the unit is told.

    Args:
        changed_on: since when the change is there, as far as is known.
        text: what was noticed.

    Raises:
        PermissionDenied: not the Office.
        FilingUnderWay: a filing of the account is open already.
        TransitionNotAllowed: the account is closed.
        ValidationError: no words, or a day that cannot be.
    """
    if not (permission := may_manage_accounts(grants)):
        raise PermissionDenied.from_denied(permission)
    on = timezone.localdate(now)
    account = locked(MediaAccount, account_id, institution_id=actor.institution_id)
    text = _note(text, _("没有写发现了什么变更。写明哪一项、现在是什么。"))
    _check_fileable(account, FilingKind.CHANGE)
    _check_day(account, FilingKind.CHANGE, changed_on, on)
    existing = open_filing_of(account.pk)
    if existing is not None:
        raise FilingUnderWay(existing)
    policy = _policy_with_form(actor.institution_id, on)
    filing = Filing.objects.create(
        institution_id=actor.institution_id,
        number=next_number(actor.institution_id, on.year, series=SERIES),
        kind=FilingKind.CHANGE,
        origin=FilingOrigin.OBSERVED,
        state=FilingState.EXPECTED,
        account=account,
        unit=account.unit,
        changed_on=changed_on,
        note=text,
        created_at=now,
        saved_at=now,
    )
    run_change_clock(filing=filing, policy=policy, actor=actor, now=now)
    people = filers(filing.institution_id, {filing.unit_id}, on).get(filing.unit_id, [])
    notify(
        institution_id=filing.institution_id,
        people=[*people, account.owner_id] if account.owner_id else people,
        text=stored(gettext_lazy("办公室发现「%(name)s」有变更没有备案：%(text)s"), name=account.name, text=text),
        url=f"/filings/{filing.pk}/",
        rule=rules.FILING,
        key=f"filing:{filing.pk}:observed",
        at=now,
        kind=NoticeKind.FILING_NEWS,
    )
    record(
        events.FILING_EXPECTED,
        actor=actor,
        subject=filing_subject(filing),
        payload={
            "number": filing.number,
            "kind": filing.kind,
            "changed_on": changed_on.isoformat(),
            "text": text,
        },
        at=now,
        rule=rules.FILING,
        article=policy.rule(rules.FILING).article,
        policy_version=policy.label,
        about=(account_subject(account),),
    )
    return filing


@act
def attach_to_filing(
    *, actor: Actor, grants: Grants, filing_id: int, upload: "UploadedFile[bytes]", kind: str, now: datetime
) -> "Attachment":
    """Put a file to a filing that is being written.

    Args:
        upload: the file, judged by its content.
        kind: ``material``, or ``cancellation_proof`` for what the platform says of the closure.

    Raises:
        PermissionDenied, TransitionNotAllowed: not theirs to change now.
        ValidationError: the file is refused, or there are too many.
    """
    filing = _editable(filing_id, grants, None)
    if attachments_of(grants.institution_id, FILING_TYPE, str(filing.pk)).count() >= MOST_MATERIALS:
        raise ValidationError(
            {"upload": _("已经有 %(n)d 份材料，不能再加。把几份合成一份 PDF 再传。") % {"n": MOST_MATERIALS}}
        )
    wanted = PROOF if kind == PROOF and filing.kind == FilingKind.CLOSURE else MATERIAL
    return store_attachment(actor=actor, subject=filing_subject(filing), kind=wanted, upload=upload, now=now)


@act
def detach_from_filing(
    *, actor: Actor, grants: Grants, filing_id: int, attachment_id: int, now: datetime
) -> "Attachment":
    """Take a file off a filing that is being written; it stays stored.

    Raises:
        PermissionDenied, TransitionNotAllowed: not theirs to change now.
        Attachment.DoesNotExist: no such file with this filing.
    """
    filing = _editable(filing_id, grants, None)
    attachment = attachments_of(grants.institution_id, FILING_TYPE, str(filing.pk)).get(pk=attachment_id)
    return remove_attachment(actor=actor, attachment=attachment, subject=filing_subject(filing), now=now)


@act
def prove_closure(
    *, actor: Actor, grants: Grants, filing_id: int, upload: "UploadedFile[bytes]", now: datetime
) -> Filing:
    """Hand in the platform's proof that the account is gone: the account is closed.

    Raises:
        Filing.DoesNotExist: not in the institution.
        PermissionDenied: neither the unit's, the owner's nor the Office.
        TransitionNotAllowed: the closure has not been agreed to, or the account is closed already.
        ValidationError: the file is refused.
    """
    filing = locked(Filing, filing_id, institution_id=actor.institution_id)
    if not (permission := may_file_for(filing.account, grants)) and not may_manage_accounts(grants):
        raise PermissionDenied.from_denied(permission)
    if filing.kind != FilingKind.CLOSURE or filing.state != FilingState.APPROVED:
        raise TransitionNotAllowed(_("停办还没有备案好，证明随备案表一起传。"), rules.FILING)
    if filing.account.state != AccountState.CLOSING:
        raise TransitionNotAllowed(_("这个账号已经停办完毕。"), rules.FILING)
    store_attachment(actor=actor, subject=filing_subject(filing), kind=PROOF, upload=upload, now=now)
    close_with_proof(filing=filing, actor=actor, now=now)
    return filing
