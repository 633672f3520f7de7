"""Filings of servers behind data services: file, mend, look names up, approve for a period, revoke, expire."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.approvals.services import start_chain
from xianshen.clocks.services import cancel_clocks, meet_clock, start_clock
from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.language import institution_language, listed, stored
from xianshen.connectors.names import Found, Resolution
from xianshen.ledger.services import JSON, act, no_act, record, within_act
from xianshen.notices.enums import NoticeKind
from xianshen.notices.services import notify
from xianshen.organisation.selectors import Grants, holders, unit_of_kind
from xianshen.registry import contacts, events, rules
from xianshen.registry.addresses import Address, outside, read_addresses
from xianshen.registry.enums import AccountState, AddressKind, AddressOutcome, ServerFilingState, SuspensionReason
from xianshen.registry.models import AddressCheck, MediaAccount, ServerAddress, ServerFiling
from xianshen.registry.permissions import may_file_servers
from xianshen.registry.selectors import account_subject
from xianshen.registry.servers import EDITABLE, approved_filing_of, open_filing_of, server_filing_subject
from xianshen.registry.services.accounts import suspend_account
from xianshen.registry.services.applications import next_number
from xianshen.registry.transitions import ACCOUNT, SERVER_FILING
from xianshen.regulation.enums import SubjectKind, UnitRole
from xianshen.regulation.schema import DataServiceSpec, Policy
from xianshen.regulation.selectors import policy_on, policy_version
from xianshen.workflow.tables import apply_transition, locked


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What is filed, as typed.

    Args:
        service: the data service in a few words.
        addresses: domain names and IP addresses, one a line.
        location: where the servers stand.
        data_kept: which data they keep.
        personal_information: code of the kind of personal information among them.
        technician_name: who answers for the servers technically.
        technician_mobile: mobile number.
        technician_email: e-mail address.
    """

    service: str
    addresses: str
    location: str
    data_kept: str
    personal_information: str
    technician_name: str
    technician_mobile: str
    technician_email: str


def _spec(policy: Policy) -> DataServiceSpec:
    if policy.data_services is None:
        raise TransitionNotAllowed(
            _("现行办法没有写校园网的范围，服务器还不能在平台上报批。由办公室补上后再报。"), rules.CAMPUS_SERVER
        )
    return policy.data_services


def _checked(facts: ServerFacts, policy: Policy, spec: DataServiceSpec) -> tuple[dict[str, str], list[Address]]:
    """Return what is to be saved, and the addresses.

    Raises:
        ValidationError: by field.
    """
    values = {code: value.strip() for code, value in asdict(facts).items()}
    form = policy.form_for(SubjectKind.SERVER_FILING)
    errors: dict[str, str] = {}
    for field in form.fields:
        if field.code not in values:
            continue
        value, label = values[field.code], field.label.replace("\n", "")
        if field.required and not value:
            errors[field.code] = _("没有写%(label)s。") % {"label": label}
        elif field.max_length and len(value) > field.max_length:
            errors[field.code] = _("%(label)s有 %(n)d 字，最多 %(limit)d 字。写要点。") % {
                "label": label,
                "n": len(value),
                "limit": field.max_length,
            }
        elif value and len(value) < field.min_length:
            errors[field.code] = _("%(label)s太短，至少 %(n)d 个字。") % {"label": label, "n": field.min_length}
    if values["personal_information"] and values["personal_information"] not in {
        choice.code for choice in spec.personal_information
    }:
        errors["personal_information"] = _("没有这一类个人信息。从列表里选一类。")
    if values["technician_mobile"] and not contacts.valid_mobile(values["technician_mobile"]):
        errors["technician_mobile"] = _("手机号不对。写能打通的 11 位手机号。")
    if values["technician_email"] and not contacts.valid_email(values["technician_email"]):
        errors["technician_email"] = _("邮箱不对。写常用的邮箱，如 name@example.edu.cn。")
    reading = read_addresses(values.pop("addresses"), spec)
    if "addresses" not in errors and reading.mistakes:
        errors["addresses"] = "".join(reading.mistakes)
    if errors:
        raise ValidationError(errors)
    return values, reading.addresses


@no_act(why="composes words, writes nothing")
def content_of(filing: ServerFiling, addresses: Sequence[str], policy: Policy) -> dict[str, str]:
    """Return label → words of everything that is filed; opinions bind to its digest."""
    values = form_values(filing, addresses, policy)
    form = policy.form_for(SubjectKind.SERVER_FILING)
    return {field.label.replace("\n", ""): values.get(field.code, "") for field in form.fields}


@no_act(why="composes words, writes nothing")
def form_values(filing: ServerFiling, addresses: Sequence[str], policy: Policy) -> dict[str, str]:
    """Return field code → words for the printed form, in its language."""
    spec = _spec(policy)
    with institution_language():
        return {
            "name": filing.account.name,
            "unit": filing.unit.name,
            "service": filing.service,
            "addresses": listed(addresses),
            "location": filing.location,
            "data_kept": filing.data_kept,
            "personal_information": spec.personal_information_label(filing.personal_information),
            "technician_name": filing.technician_name,
            "technician_mobile": filing.technician_mobile,
            "technician_email": filing.technician_email,
        }


@within_act
def _keep_addresses(filing: ServerFiling, addresses: Sequence[Address], now: datetime) -> None:
    """Replace the filing's addresses; IP addresses were found inside already, names are looked up afterwards."""
    filing.addresses.all().delete()
    ServerAddress.objects.bulk_create(
        ServerAddress(
            institution_id=filing.institution_id,
            filing=filing,
            kind=address.kind,
            value=address.value,
            order=order,
            outcome=AddressOutcome.INSIDE if address.kind == AddressKind.IP else AddressOutcome.UNKNOWN,
            checked_at=now if address.kind == AddressKind.IP else None,
        )
        for order, address in enumerate(addresses)
    )


@within_act
def _send(filing: ServerFiling, addresses: Sequence[Address], policy: Policy, actor: Actor, now: datetime) -> None:
    start_chain(
        actor=actor,
        applicant_id=filing.applicant_id,
        subject=server_filing_subject(filing),
        spec=policy.chain_for(
            subject=SubjectKind.SERVER_FILING,
            tier=filing.account.tier,
            unit_kind=filing.unit.kind,
            platform=filing.account.platform,
        ),
        policy=policy,
        unit=filing.unit,
        content=content_of(filing, [address.value for address in addresses], policy),
        now=now,
    )


def _payload(filing: ServerFiling, addresses: Sequence[Address]) -> dict[str, JSON]:
    return {
        "number": filing.number,
        "service": filing.service,
        "addresses": [address.value for address in addresses],
    }


@act
def file_servers(*, actor: Actor, grants: Grants, account_id: int, facts: ServerFacts, now: datetime) -> ServerFiling:
    """File the servers of an account's data service for approval, also anew before an approval ends.

    Args:
        actor: who files.
        grants: of the person.
        account_id: the account.
        facts: what is filed.
        now: time of the act.

    Raises:
        MediaAccount.DoesNotExist: not in the institution.
        PermissionDenied: not one who may file for the account's unit.
        TransitionNotAllowed: a filing is open already, or the account is closed.
        ValidationError: by field.
    """
    account = locked(MediaAccount, account_id, institution_id=actor.institution_id)
    if not (permission := may_file_servers(account, grants)):
        raise PermissionDenied.from_denied(permission)
    if account.state in {AccountState.CLOSING, AccountState.CLOSED}:
        raise TransitionNotAllowed(
            _("「%(name)s」在停办或已停办，不用再报批服务器。") % {"name": account.name}, rules.CAMPUS_SERVER
        )
    if (waiting := open_filing_of(account)) is not None:
        raise TransitionNotAllowed(
            _("「%(name)s」已有一份服务器报批 %(number)s 在办。办完再报，要改先撤回那一份。")
            % {"name": account.name, "number": waiting.number},
            rules.CAMPUS_SERVER,
        )
    policy = policy_on(actor.institution_id, timezone.localdate(now))
    values, addresses = _checked(facts, policy, _spec(policy))
    filing = ServerFiling.objects.create(
        institution_id=actor.institution_id,
        number=next_number(actor.institution_id, timezone.localdate(now).year, series="F"),
        account=account,
        unit_id=account.unit_id,
        applicant_id=grants.person_id,
        policy_version_id=policy.version_id,
        filed_at=now,
        **values,
    )
    _keep_addresses(filing, addresses, now)
    record(
        events.SERVERS_FILED,
        actor=actor,
        subject=server_filing_subject(filing),
        payload=_payload(filing, addresses),
        at=now,
        rule=rules.CAMPUS_SERVER,
        article=policy.rule(rules.CAMPUS_SERVER).article,
        policy_version=policy.label,
        about=(account_subject(account),),
    )
    _send(filing, addresses, policy, actor, now)
    return filing


@act
def refile_servers(*, actor: Actor, grants: Grants, filing_id: int, facts: ServerFacts, now: datetime) -> ServerFiling:
    """Send a filing again that was returned or withdrawn.

    Raises:
        ServerFiling.DoesNotExist, PermissionDenied, TransitionNotAllowed, ValidationError: as :func:`file_servers`.
    """
    filing = locked(ServerFiling, filing_id, institution_id=actor.institution_id)
    if not (permission := may_file_servers(filing.account, grants)):
        raise PermissionDenied.from_denied(permission)
    if filing.state not in EDITABLE:
        raise TransitionNotAllowed(_("报批已经提交，不能再改。要改，先撤回，或等审批人退回。"), rules.CAMPUS_SERVER)
    waiting = open_filing_of(filing.account)
    if waiting is not None and waiting.pk != filing.pk:
        raise TransitionNotAllowed(
            _("「%(name)s」已有一份服务器报批 %(number)s 在办。办完再报，要改先撤回那一份。")
            % {"name": filing.account.name, "number": waiting.number},
            rules.CAMPUS_SERVER,
        )
    policy = policy_on(actor.institution_id, timezone.localdate(now))
    values, addresses = _checked(facts, policy, _spec(policy))
    _keep_addresses(filing, addresses, now)
    for name, value in values.items():
        setattr(filing, name, value)
    apply_transition(
        SERVER_FILING,
        filing,
        "resubmit",
        who=grants,
        actor=actor,
        at=now,
        subject=server_filing_subject(filing),
        payload=_payload(filing, addresses),
        changes={**values, "policy_version_id": policy.version_id, "filed_at": now, "applicant_id": grants.person_id},
        article=policy.rule(rules.CAMPUS_SERVER).article,
        policy_version=policy.label,
        about=(account_subject(filing.account),),
    )
    _send(filing, addresses, policy, actor, now)
    return filing


@within_act
def carry_out(
    filing: ServerFiling, transition: str, *, actor: Actor, article: int, now: datetime, text: str = ""
) -> None:
    """Apply what the chain came to: approve, reject, return or withdraw; an approval attaches the servers.

    Args:
        filing: locked.
        transition: name in the lifecycle.
        actor: who decided last.
        article: cited.
        now: time of the act.
        text: words of the decision.
    """
    policy = policy_version(filing.policy_version_id)
    payload: dict[str, object] = {"number": filing.number}
    changes: dict[str, object] = {}
    if transition == "approve":
        on = timezone.localdate(now)
        _replace_earlier(filing, actor=actor, article=article, now=now)
        changes = {"valid_from": on, "valid_until": policy.due(_spec(policy).validity, on)}
        payload["valid_until"] = changes["valid_until"].isoformat()  # type: ignore[attr-defined]
    apply_transition(
        SERVER_FILING,
        filing,
        transition,
        who=None,
        actor=actor,
        at=now,
        subject=server_filing_subject(filing),
        payload=payload,
        changes=changes,
        article=article,
        policy_version=policy.label,
        about=(account_subject(filing.account),),
    )
    if transition == "approve":
        _attach(filing, policy, actor=actor, article=article, now=now)


@within_act
def _replace_earlier(filing: ServerFiling, *, actor: Actor, article: int, now: datetime) -> None:
    earlier = approved_filing_of(filing.account)
    if earlier is None:
        return
    policy = policy_version(earlier.policy_version_id)
    apply_transition(
        SERVER_FILING,
        locked(ServerFiling, earlier.pk, institution_id=filing.institution_id),
        "replace",
        who=None,
        actor=actor,
        at=now,
        subject=server_filing_subject(earlier),
        payload={"number": earlier.number},
        article=article,
        policy_version=policy.label,
    )
    meet_clock(
        actor=actor,
        institution_id=filing.institution_id,
        subject_type=server_filing_subject(earlier).type,
        subject_id=str(earlier.pk),
        clock=_spec(policy).validity,
        on=timezone.localdate(now),
        now=now,
    )


@within_act
def _attach(filing: ServerFiling, policy: Policy, *, actor: Actor, article: int, now: datetime) -> None:
    """Let the account run on the approved servers, and start the clock of the approval."""
    account = locked(MediaAccount, filing.account_id, institution_id=filing.institution_id)
    changes: dict[str, object] = {
        "data_service": True,
        "server_filing_reference": filing.number,
        "server_valid_until": filing.valid_until,
    }
    lapsed = account.state == AccountState.SUSPENDED and account.suspension_reason == SuspensionReason.SERVER_LAPSED
    if account.state == AccountState.APPLIED or lapsed:
        apply_transition(
            ACCOUNT,
            account,
            "resume" if lapsed else "activate",
            who=None,
            actor=actor,
            at=now,
            subject=account_subject(account),
            payload={"text": filing.number} if lapsed else {"reference": filing.number},
            changes={**changes, "suspension_reason": "", "state_since": timezone.localdate(now)},
            article=article,
            policy_version=policy.label,
        )
    else:
        for name, value in changes.items():
            setattr(account, name, value)
        account.save(update_fields=list(changes))
        record(
            events.SERVER_ATTACHED,
            actor=actor,
            subject=account_subject(account),
            payload={"reference": filing.number, "valid_until": str(filing.valid_until)},
            at=now,
            rule=rules.CAMPUS_SERVER,
            article=article,
            policy_version=policy.label,
        )
    start_clock(
        actor=actor,
        policy=policy,
        clock=_spec(policy).validity,
        subject=server_filing_subject(filing),
        started_on=timezone.localdate(now),
        unit_id=filing.unit_id,
        now=now,
        about=(account_subject(account),),
    )


@within_act
def _detach(filing: ServerFiling, *, actor: Actor, text: str, now: datetime) -> None:
    """Take the servers from the account, which may no longer run."""
    account = locked(MediaAccount, filing.account_id, institution_id=filing.institution_id)
    account.server_filing_reference = ""
    account.server_valid_until = None
    account.save(update_fields=["server_filing_reference", "server_valid_until"])
    if account.state in {AccountState.ACTIVE, AccountState.APPLIED}:
        suspend_account(
            account_id=account.pk,
            institution_id=filing.institution_id,
            actor=actor,
            grants=None,
            reason=SuspensionReason.SERVER_LAPSED,
            text=text,
            now=now,
        )


@act
def revoke_server_filing(*, actor: Actor, grants: Grants, filing_id: int, text: str, now: datetime) -> ServerFiling:
    """Take an approval back; the account is suspended.

    Args:
        text: why.

    Raises:
        ServerFiling.DoesNotExist: not in the institution.
        PermissionDenied: not the division that approves servers.
        TransitionNotAllowed: not approved.
        ValidationError: no reason.
    """
    text = text.strip()
    if not text:
        raise ValidationError({"text": _("没有写理由。写明服务器出了什么情况，主办单位才知道怎么办。")})
    filing = locked(ServerFiling, filing_id, institution_id=actor.institution_id)
    policy = policy_version(filing.policy_version_id)
    subject = server_filing_subject(filing)
    apply_transition(
        SERVER_FILING,
        filing,
        "revoke",
        who=grants,
        actor=actor,
        at=now,
        subject=subject,
        payload={"number": filing.number, "text": text[:1000]},
        article=policy.rule(rules.CAMPUS_SERVER).article,
        policy_version=policy.label,
        about=(account_subject(filing.account),),
    )
    cancel_clocks(
        actor=actor,
        institution_id=filing.institution_id,
        subject_type=subject.type,
        subject_id=subject.id,
        why=text[:200],
        now=now,
    )
    _detach(
        filing,
        actor=actor,
        text=stored(gettext_lazy("科技处撤销了服务器批准 %(number)s：%(text)s"), number=filing.number, text=text[:800]),
        now=now,
    )
    return filing


@within_act
def expire_server_filing(*, filing_id: int, institution_id: int, actor: Actor, now: datetime) -> None:
    """End an approval whose period is over; the account is suspended (consequence of its clock)."""
    filing = locked(ServerFiling, filing_id, institution_id=institution_id)
    if filing.state != ServerFilingState.APPROVED:
        return
    policy = policy_version(filing.policy_version_id)
    apply_transition(
        SERVER_FILING,
        filing,
        "expire",
        who=None,
        actor=actor,
        at=now,
        subject=server_filing_subject(filing),
        payload={"number": filing.number},
        article=policy.rule(rules.CAMPUS_SERVER).article,
        policy_version=policy.label,
        about=(account_subject(filing.account),),
    )
    _detach(
        filing,
        actor=actor,
        text=stored(gettext_lazy("服务器批准 %(number)s 到期，没有重新报批。"), number=filing.number),
        now=now,
    )


OUTCOMES: Mapping[Found, AddressOutcome] = {
    Found.NOTHING: AddressOutcome.UNRESOLVED,
    Found.NO_ANSWER: AddressOutcome.UNREACHABLE,
}


@act(records=False, why="that a name still leads where it led is no news; a change is recorded")
def keep_resolution(*, actor: Actor, address_id: int, resolution: Resolution, now: datetime) -> ServerAddress:
    """Keep what a name was found to lead to; a change is recorded, and a name that left the campus is told.

    A name server that did not answer changes nothing that was known: it is noted as the last look only.

    Args:
        actor: the system.
        address_id: the name.
        resolution: what came of asking.
        now: time of the look.

    Raises:
        ServerAddress.DoesNotExist: taken out of the filing meanwhile.
    """
    address = locked(ServerAddress, address_id, institution_id=actor.institution_id)
    policy = policy_on(actor.institution_id, timezone.localdate(now))
    away = outside(resolution.addresses, _spec(policy))
    found = OUTCOMES.get(resolution.found, AddressOutcome.OUTSIDE if away else AddressOutcome.INSIDE)
    last = address.checks.first()
    same = last is not None and last.outcome == found and last.found == list(resolution.addresses)
    if same and last is not None:
        AddressCheck.objects.filter(pk=last.pk).update(last_seen_at=now)
    else:
        AddressCheck.objects.create(
            institution_id=address.institution_id,
            address=address,
            outcome=found,
            found=list(resolution.addresses),
            outside=away,
            first_seen_at=now,
            last_seen_at=now,
        )
    before = address.outcome
    known = found == AddressOutcome.UNREACHABLE and before != AddressOutcome.UNKNOWN
    address.outcome = before if known else found
    address.checked_at = now
    address.save(update_fields=["outcome", "checked_at"])
    if same or known:
        return address
    filing = address.filing
    record(
        events.ADDRESS_MOVED,
        actor=actor,
        subject=server_filing_subject(filing),
        payload={
            "number": filing.number,
            "name": address.value,
            "outcome": stored(AddressOutcome(found).label),
            "found": list(resolution.addresses),
        },
        at=now,
        rule=rules.CAMPUS_SERVER,
        about=(account_subject(filing.account),),
    )
    if found in {AddressOutcome.OUTSIDE, AddressOutcome.UNRESOLVED} and filing.state == ServerFilingState.APPROVED:
        _tell_moved(filing, address, away, policy, now)
    return address


@within_act
def _tell_moved(
    filing: ServerFiling, address: ServerAddress, away: Sequence[str], policy: Policy, now: datetime
) -> None:
    division = unit_of_kind(filing.institution_id, policy.kind_in_role(UnitRole.SERVER_APPROVAL))
    people = [filing.applicant_id]
    if filing.account.owner_id:
        people.append(filing.account.owner_id)
    if division is not None:
        step = policy.chain_for(
            subject=SubjectKind.SERVER_FILING,
            tier=filing.account.tier,
            unit_kind=filing.unit.kind,
            platform=filing.account.platform,
        ).steps[-1]
        people += [
            holding.person.pk
            for holding in holders(
                filing.institution_id,
                position_kind=step.position,
                unit_id=division.pk,
                on=timezone.localdate(now),
            )
        ]
    notify(
        institution_id=filing.institution_id,
        people=people,
        text=stored(
            gettext_lazy("「%(account)s」的域名 %(name)s 不在校园网内了（%(found)s）。迁回校内，或联系科技处。"),
            account=filing.account.name,
            name=address.value,
            found=listed(away) or stored(AddressOutcome.UNRESOLVED.label),
        ),
        url=f"/servers/{filing.pk}/",
        rule=rules.CAMPUS_SERVER,
        key=f"address:{address.pk}:{now:%Y%m%d}",
        kind=NoticeKind.SERVER_NEWS,
        at=now,
    )


@no_act(why="judges, writes nothing")
def check_addresses(filing: ServerFiling) -> None:
    """Refuse an approval while a name is not known to lead onto the campus networks.

    Raises:
        TransitionNotAllowed: names the address and what to do.
    """
    for address in filing.addresses.all():
        outcome = AddressOutcome(address.outcome)
        if outcome == AddressOutcome.INSIDE:
            continue
        raise TransitionNotAllowed(
            _("%(address)s：%(outcome)s，现在不能批准。核对域名解析后再查一次，或退回补正。")
            % {"address": address.value, "outcome": outcome.label},
            rules.CAMPUS_SERVER,
        )
