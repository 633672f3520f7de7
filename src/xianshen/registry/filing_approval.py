"""How a filing is approved, whom its clocks concern, and what follows when one runs out."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from xianshen.approvals.enums import ChainState, StepKind
from xianshen.approvals.selectors import chain_of
from xianshen.common.actors import Actor
from xianshen.common.composed import picked
from xianshen.common.decisions import Decision
from xianshen.common.errors import TransitionNotAllowed
from xianshen.documents.selectors import documents_of
from xianshen.documents.services import issue_document, withdraw_documents_of
from xianshen.ledger.events import Subject
from xianshen.registry import rules
from xianshen.registry.approval import Consequence
from xianshen.registry.changed import changed
from xianshen.registry.enums import FilingKind, SuspensionReason
from xianshen.registry.filed import FILING_TYPE, LEGACY_LIST_TYPE, filing_of, filing_subject
from xianshen.registry.filing_checks import check_filing
from xianshen.registry.filing_people import filers
from xianshen.registry.models import Filing, MediaAccount
from xianshen.registry.paper import printed_form
from xianshen.registry.permissions import may_view_filing
from xianshen.registry.selectors import account_subject
from xianshen.registry.services import filing_outcomes
from xianshen.regulation.selectors import policy_version
from xianshen.workflow.tables import locked

if TYPE_CHECKING:
    from xianshen.approvals.models import ApprovalChain, ApprovalStep
    from xianshen.clocks.models import Deadline
    from xianshen.organisation.selectors import Grants


class FilingHandler:
    """Implements :class:`xianshen.approvals.subjects.SubjectHandler`."""

    subject_type = FILING_TYPE

    def _load(self, chain: "ApprovalChain") -> Filing:
        return filing_of(chain.institution_id, int(chain.subject_id))

    def url(self, subject_id: str) -> str:
        return reverse("registry:filing", args=[subject_id])

    def may_view(self, chain: "ApprovalChain", grants: "Grants") -> Decision:
        return may_view_filing(self._load(chain), grants)

    def about(self, subject_id: str) -> tuple[Subject, ...]:
        account = MediaAccount.objects.filter(filings__pk=subject_id).first()
        return (account_subject(account),) if account else ()

    def page(self, chain: "ApprovalChain", step: "ApprovalStep | None", on: date) -> Mapping[str, Any]:
        filing = self._load(chain)
        policy = policy_version(chain.policy_version_id)
        return {
            "document": documents_of(chain.institution_id, FILING_TYPE, chain.subject_id).first(),
            "after": self._after(chain, step, filing),
            "annex": policy.form(policy.chain(chain.spec).form),
            "data": printed_form(chain),
            "report": check_filing(filing, policy, on),
            "application": filing,
            "offered_phrases": [_("同意。"), _("情况属实，同意备案。")],
            "filing": filing,
            "filing_changes": changed(filing),
            "tier": policy.tier(filing.account.tier),
            "platform": policy.platform(filing.account.platform),
        }

    def _after(self, chain: "ApprovalChain", step: "ApprovalStep | None", filing: Filing) -> list[Consequence]:
        """Say what an agreement in the step brings about."""
        if step is None:
            return []
        following = [s for s in chain.steps.all() if s.order > step.order]
        lines = []
        if following and following[0].kind == StepKind.DECIDE:
            lines.append(Consequence(_("送「%(step)s」办理") % {"step": following[0].name}, rules.FILING))
        else:
            lines.append(Consequence(_("表格盖章，两份分送存档"), rules.FILING))
            if filing.kind == FilingKind.CLOSURE:
                lines.append(Consequence(_("账号转为「停办中」，平台注销证明交来后停办"), rules.FILING))
            elif filing.changes:
                lines.append(Consequence(_("登记事项和公开名录换成新的，原来的留在历次信息里"), rules.FILING))
            if filing.account.suspension_reason == SuspensionReason.LEGACY_UNFILED:
                lines.append(Consequence(_("账号恢复运行"), rules.LEGACY))
            if following:
                lines.append(Consequence(_("向校办公室报备"), rules.REPORT_TO_OFFICE))
        lines.append(Consequence(_("记入留痕"), rules.SIGNING))
        return lines

    def before_agreement(self, chain: "ApprovalChain", step: "ApprovalStep", *, last: bool, on: date) -> None:
        """Refuse the last agreement when something stands against it meanwhile: a name taken, a task left open."""
        if not last:
            return
        report = check_filing(self._load(chain), policy_version(chain.policy_version_id), on)
        if report.blocking:
            first = report.blocking[0]
            raise TransitionNotAllowed(
                _("%(title)s：%(detail)s 现在不能同意，可以退回修改。")
                % {"title": first.title, "detail": first.detail},
                first.rule,
            )

    def on_outcome(self, chain: "ApprovalChain", *, actor: Actor, now: datetime, text: str) -> None:
        filing = locked(Filing, chain.subject_id, institution_id=chain.institution_id)
        policy = policy_version(chain.policy_version_id)
        account = filing_outcomes.carry_out(
            filing=filing,
            outcome=ChainState(chain.state),
            policy=policy,
            actor=actor,
            article=chain.article,
            text=text,
            now=now,
        )
        if chain.state == ChainState.APPROVED:
            fresh = chain_of(chain.institution_id, chain.pk)
            issue_document(
                actor=actor,
                form=policy.form(policy.chain(chain.spec).form),
                policy=policy,
                data=printed_form(fresh),
                subject=filing_subject(filing),
                about=(account_subject(account),),
                title=account.name,
                now=now,
            )
        elif chain.state == ChainState.REVOKED:
            withdraw_documents_of(actor=actor, subject=filing_subject(filing), reason=text, now=now)


@picked
def _own(institution_id: int, person_id: int) -> QuerySet[Filing, int]:
    filings = Filing.objects.filter(institution_id=institution_id)
    own = filings.filter(Q(applicant_id=person_id) | Q(account__owner_id=person_id))
    return own.order_by("-pk").values_list("pk", flat=True)[:500]


class FilingDeadlines:
    """Implements :class:`xianshen.clocks.subjects.DeadlineSubject` for the clock of one change or closure."""

    subject_type = FILING_TYPE

    def url(self, deadline: "Deadline") -> str:
        return reverse("registry:filing", args=[deadline.subject_id])

    def lists_itself(self, deadline: "Deadline", on: date) -> bool:
        """Say that filings are tasks of their own, with their clock."""
        return True

    def candidates(self, grants: "Grants", on: date) -> Q:
        """Return which deadlines may concern a person besides those of their units: filings of their accounts."""
        return Q(subject_id__in=[str(pk) for pk in _own(grants.institution_id, grants.person_id)])

    def concerned(self, deadlines: "Sequence[Deadline]", on: date) -> Mapping[int, Collection[int]]:
        """Who writes the filing; while nobody does, who files for the unit; and the account's owner."""
        if not deadlines:
            return {}
        filings = {
            str(filing.pk): filing
            for filing in Filing.objects.filter(
                pk__in=[one.subject_id for one in deadlines], institution_id=deadlines[0].institution_id
            ).select_related("account")
        }
        units = {filing.unit_id for filing in filings.values() if filing.applicant_id is None}
        of_unit = filers(deadlines[0].institution_id, units, on) if units else {}
        found: dict[int, set[int]] = {}
        for deadline in deadlines:
            filing = filings.get(deadline.subject_id)
            if filing is None:
                continue
            people = {filing.applicant_id} if filing.applicant_id else set(of_unit.get(filing.unit_id, []))
            found[deadline.pk] = {person for person in people | {filing.account.owner_id} if person}
        return found


class LegacyDeadlines:
    """Implements :class:`xianshen.clocks.subjects.DeadlineSubject` for a unit's list of legacy accounts."""

    subject_type = LEGACY_LIST_TYPE

    def url(self, deadline: "Deadline") -> str:
        return f"{reverse('registry:legacy')}?unit={deadline.subject_id}"

    def lists_itself(self, deadline: "Deadline", on: date) -> bool:
        """Say that lists are tasks of their own, with their clock."""
        return True

    def concerned(self, deadlines: "Sequence[Deadline]", on: date) -> Mapping[int, Collection[int]]:
        """Who files for the unit, and its head."""
        if not deadlines:
            return {}
        units = {deadline.pk: int(deadline.subject_id) for deadline in deadlines}
        found = filers(deadlines[0].institution_id, set(units.values()), on)
        return {pk: found.get(unit, []) for pk, unit in units.items()}


def run_out_legacy(deadline: "Deadline", now: datetime) -> None:
    """Carry out what policy says of accounts of before the rules that were not filed: they may not run."""
    filing_outcomes.suspend_unfiled(
        institution_id=deadline.institution_id,
        unit_id=int(deadline.subject_id),
        actor=Actor.system(institution_id=deadline.institution_id, institution=deadline.institution.code),
        policy=policy_version(deadline.policy_version_id),
        now=now,
    )
