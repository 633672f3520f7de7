"""How a filing of servers is approved, what its clock means, and what follows when the approval's period ends."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from xianshen.approvals.enums import StepKind
from xianshen.approvals.selectors import chain_of
from xianshen.common.actors import Actor
from xianshen.common.decisions import Decision
from xianshen.common.language import listed
from xianshen.documents.selectors import documents_of
from xianshen.documents.services import issue_document
from xianshen.ledger.events import Subject
from xianshen.registry import rules
from xianshen.registry.approval import OUTCOMES, Consequence
from xianshen.registry.checks import Check, Report
from xianshen.registry.enums import AddressOutcome, CheckTone
from xianshen.registry.models import MediaAccount, ServerFiling
from xianshen.registry.paper import printed_form
from xianshen.registry.permissions import may_view_server_filing
from xianshen.registry.selectors import account_subject
from xianshen.registry.servers import SERVER_FILING_TYPE, server_filing_of, server_filing_subject
from xianshen.registry.services.server_names import check_addresses
from xianshen.registry.services.server_validity import carry_out, expire_server_filing
from xianshen.regulation.schema import NotInPolicy
from xianshen.regulation.selectors import policy_version
from xianshen.workflow.tables import locked

if TYPE_CHECKING:
    from xianshen.approvals.models import ApprovalChain, ApprovalStep
    from xianshen.clocks.models import Deadline
    from xianshen.organisation.selectors import Grants

TONES = {
    AddressOutcome.INSIDE: CheckTone.OK,
    AddressOutcome.UNKNOWN: CheckTone.SOON,
    AddressOutcome.UNREACHABLE: CheckTone.SOON,
    AddressOutcome.OUTSIDE: CheckTone.LATE,
    AddressOutcome.UNRESOLVED: CheckTone.LATE,
}


def address_report(filing: ServerFiling) -> Report:
    """Return what is known of every address of a filing, as the checks component shows it."""
    checks = []
    for address in filing.addresses.all():
        outcome = AddressOutcome(address.outcome)
        looks = list(address.checks.all())
        found = listed(looks[0].found) if looks else ""
        checks.append(
            Check(
                f"address_{address.order}",
                TONES[outcome],
                f"{address.value}　{outcome.label}",
                found,
                rules.CAMPUS_SERVER,
            )
        )
    return Report(checks, [], [])


class ServerFilingHandler:
    """Implements :class:`xianshen.approvals.subjects.SubjectHandler`."""

    subject_type = SERVER_FILING_TYPE

    def url(self, subject_id: str) -> str:
        return reverse("registry:server_filing", args=[subject_id])

    def may_view(self, chain: "ApprovalChain", grants: "Grants") -> Decision:
        return may_view_server_filing(server_filing_of(chain.institution_id, int(chain.subject_id)), grants)

    def about(self, subject_id: str) -> tuple[Subject, ...]:
        account = MediaAccount.objects.filter(server_filings__pk=subject_id).first()
        return (account_subject(account),) if account else ()

    def page(self, chain: "ApprovalChain", step: "ApprovalStep | None", on: date) -> Mapping[str, Any]:
        filing = server_filing_of(chain.institution_id, int(chain.subject_id))
        policy = policy_version(chain.policy_version_id)
        try:
            platform = policy.platform(filing.account.platform)
        except NotInPolicy:
            platform = None
        return {
            "document": documents_of(chain.institution_id, SERVER_FILING_TYPE, chain.subject_id).first(),
            "after": self._after(chain, step, filing),
            "annex": policy.form(policy.chain(chain.spec).form),
            "data": printed_form(chain),
            "report": address_report(filing),
            "application": filing,
            "tier": policy.tier(filing.account.tier),
            "platform": platform,
        }

    def _after(self, chain: "ApprovalChain", step: "ApprovalStep | None", filing: ServerFiling) -> list[Consequence]:
        if step is None:
            return []
        following = [one for one in chain.steps.all() if one.order > step.order and one.kind == StepKind.DECIDE]
        if following:
            lines = [Consequence(_("送「%(step)s」办理") % {"step": following[0].name}, rules.CAMPUS_SERVER)]
        else:
            policy = policy_version(chain.policy_version_id)
            validity = policy.data_services.validity if policy.data_services else ""
            lines = [
                Consequence(_("表格盖章，两份分送存档"), rules.CAMPUS_SERVER),
                Consequence(_("「%(name)s」可以用这些服务器运行") % {"name": filing.account.name}, rules.CAMPUS_SERVER),
            ]
            if validity:
                lines.append(Consequence(policy.clock(validity).text, rules.CAMPUS_SERVER))
        return [*lines, Consequence(_("记入留痕"), rules.SIGNING)]

    def before_agreement(self, chain: "ApprovalChain", step: "ApprovalStep", *, last: bool, on: date) -> None:
        """Refuse the last agreement while a name does not lead onto the campus networks."""
        if last:
            check_addresses(server_filing_of(chain.institution_id, int(chain.subject_id)))

    def on_outcome(self, chain: "ApprovalChain", *, actor: Actor, now: datetime, text: str) -> None:
        filing = locked(ServerFiling, chain.subject_id, institution_id=chain.institution_id)
        outcome = OUTCOMES[chain.state]  # type: ignore[index]
        carry_out(filing, outcome, actor=actor, article=chain.article or 0, now=now)
        if outcome != "approve":
            return
        policy = policy_version(chain.policy_version_id)
        issue_document(
            actor=actor,
            form=policy.form(policy.chain(chain.spec).form),
            policy=policy,
            data=printed_form(chain_of(chain.institution_id, chain.pk)),
            subject=server_filing_subject(filing),
            about=(account_subject(filing.account),),
            title=filing.account.name,
            now=now,
        )


class ServerValidity:
    """Implements :class:`xianshen.clocks.subjects.DeadlineSubject`: an approval of servers ends."""

    subject_type = SERVER_FILING_TYPE

    def url(self, deadline: "Deadline") -> str:
        return reverse("registry:server_filing", args=[deadline.subject_id])

    def concerned(self, deadlines: "Sequence[Deadline]", on: date) -> Mapping[int, Collection[int]]:
        """Return who files the servers anew: whoever filed them, and the owner of the account."""
        keys = {int(deadline.subject_id): deadline.pk for deadline in deadlines}
        rows = ServerFiling.objects.filter(pk__in=keys).values_list("pk", "applicant_id", "account__owner_id")
        return {keys[pk]: {one for one in (applicant, owner) if one} for pk, applicant, owner in rows}


def expire(deadline: "Deadline", now: datetime) -> None:
    """Carry out ``suspend_server_lapsed``: the approval's period is over."""
    expire_server_filing(
        filing_id=int(deadline.subject_id),
        institution_id=deadline.institution_id,
        actor=Actor.system(institution_id=deadline.institution_id, institution=deadline.institution.code),
        now=now,
    )
