"""Where the names of servers lead: kept, told when one leaves the campus, asked before an approval."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.actors import Actor
from xianshen.common.errors import TransitionNotAllowed
from xianshen.common.language import listed, stored
from xianshen.connectors.names import Found, Resolution
from xianshen.ledger.services import act, no_act, record, within_act
from xianshen.notices.enums import NoticeKind
from xianshen.notices.services import notify
from xianshen.organisation.selectors import holders, unit_of_kind
from xianshen.registry import events, rules
from xianshen.registry.addresses import outside
from xianshen.registry.enums import AddressOutcome, ServerFilingState
from xianshen.registry.models import AddressCheck, ServerAddress, ServerFiling
from xianshen.registry.selectors import account_subject
from xianshen.registry.servers import server_filing_subject, servers_in
from xianshen.regulation.enums import SubjectKind, UnitRole
from xianshen.regulation.schema import Policy
from xianshen.regulation.selectors import policy_on
from xianshen.workflow.tables import locked

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
    away = outside(resolution.addresses, servers_in(policy))
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
