"""Filings of servers behind data services: file, and mend what was returned."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.approvals.services import start_chain
from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.language import institution_language, listed
from xianshen.ledger.services import JSON, act, no_act, record, within_act
from xianshen.organisation.selectors import Grants
from xianshen.registry import contacts, events, rules
from xianshen.registry.addresses import Address, read_addresses
from xianshen.registry.enums import AccountState, AddressKind, AddressOutcome
from xianshen.registry.models import MediaAccount, ServerAddress, ServerFiling
from xianshen.registry.permissions import may_file_servers
from xianshen.registry.selectors import account_subject
from xianshen.registry.servers import EDITABLE, open_filing_of, server_filing_subject, servers_in
from xianshen.registry.services.applications import next_number
from xianshen.registry.transitions import SERVER_FILING
from xianshen.regulation.enums import SubjectKind
from xianshen.regulation.schema import DataServiceSpec, Policy
from xianshen.regulation.selectors import policy_on
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
    spec = servers_in(policy)
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
    values, addresses = _checked(facts, policy, servers_in(policy))
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
    values, addresses = _checked(facts, policy, servers_in(policy))
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
