"""How an opening application is approved: what approvals shows of it, and what follows from the outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet, prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _

from xianshen.approvals.enums import ChainState, StepKind
from xianshen.common.actors import Actor
from xianshen.common.composed import listed
from xianshen.common.decisions import Decision
from xianshen.common.errors import TransitionNotAllowed
from xianshen.documents.selectors import documents_of
from xianshen.documents.services import issue_document, withdraw_documents_of
from xianshen.ledger.events import Subject
from xianshen.registry import rules
from xianshen.registry.checks import check_application
from xianshen.registry.enums import SuspensionReason
from xianshen.registry.models import MediaAccount, OpeningApplication
from xianshen.registry.paper import printed_form
from xianshen.registry.permissions import may_view_application
from xianshen.registry.selectors import APPLICATION_TYPE, account_subject, application_subject
from xianshen.registry.services import accounts
from xianshen.registry.transitions import APPLICATION
from xianshen.regulation.selectors import policy_version
from xianshen.workflow.tables import apply_transition, locked

if TYPE_CHECKING:
    from xianshen.approvals.models import ApprovalChain, ApprovalStep
    from xianshen.organisation.selectors import Grants


@dataclass(frozen=True, slots=True)
class Consequence:
    """A line of 签署以后: what an agreement brings about, and the rule behind it."""

    text: str
    rule: str


OUTCOMES = {
    ChainState.APPROVED: "approve",
    ChainState.REJECTED: "reject",
    ChainState.RETURNED: "return",
    ChainState.WITHDRAWN: "withdraw",
    ChainState.REVOKED: "revoke",
}


@listed
def _application(institution_id: int, application_id: int) -> QuerySet[OpeningApplication]:
    return OpeningApplication.objects.select_related("unit", "owner").filter(
        pk=application_id, institution_id=institution_id
    )


@listed
def _account_of(application_id: int) -> QuerySet[MediaAccount]:
    return MediaAccount.objects.filter(application__pk=application_id).only("name")


class OpeningApplicationHandler:
    """Implements :class:`xianshen.approvals.subjects.SubjectHandler`."""

    subject_type = APPLICATION_TYPE

    def _load(self, chain: "ApprovalChain") -> OpeningApplication:
        found = _application(chain.institution_id, int(chain.subject_id))
        if not found:
            raise OpeningApplication.DoesNotExist(chain.subject_id)
        return found[0]

    def url(self, subject_id: str) -> str:
        return reverse("registry:application", args=[subject_id])

    def may_view(self, chain: "ApprovalChain", grants: "Grants") -> Decision:
        return may_view_application(self._load(chain), grants)

    def about(self, subject_id: str) -> tuple[Subject, ...]:
        return tuple(account_subject(account) for account in _account_of(int(subject_id)))

    def page(self, chain: "ApprovalChain", step: "ApprovalStep | None", on: date) -> Mapping[str, Any]:
        application = self._load(chain)
        policy = policy_version(chain.policy_version_id)
        return {
            "document": documents_of(chain.institution_id, APPLICATION_TYPE, chain.subject_id).first(),
            "after": self._after(chain, step, application),
            "annex": policy.form(policy.chain(chain.spec).form),
            "data": printed_form(chain),
            "report": check_application(application, policy, on),
            "application": application,
            "tier": policy.tier(application.tier) if application.tier else None,
            "platform": policy.platform(application.platform),
        }

    def _after(
        self, chain: "ApprovalChain", step: "ApprovalStep | None", application: OpeningApplication
    ) -> list[Consequence]:
        """Say what an agreement in the step brings about."""
        if step is None:
            return []
        following = [s for s in chain.steps.all() if s.order > step.order]
        lines = []
        if following and following[0].kind == StepKind.DECIDE:
            lines.append(Consequence(_("送「%(step)s」办理") % {"step": following[0].name}, rules.PRIOR_APPROVAL))
        else:
            lines.append(Consequence(_("表格盖章，两份分送存档"), rules.ANNEX_1))
            if application.data_service:
                lines.append(Consequence(_("账号登记在册，科技处批准服务器后启用"), rules.CAMPUS_SERVER))
            else:
                lines.append(Consequence(_("账号转为「运行中」，列入公开名录"), rules.PRIOR_APPROVAL))
            if following:
                lines.append(Consequence(_("向校办公室报备"), rules.REPORT_TO_OFFICE))
        lines.append(Consequence(_("记入留痕"), rules.SIGNING))
        return lines

    def before_agreement(self, chain: "ApprovalChain", step: "ApprovalStep", *, last: bool, on: date) -> None:
        """Refuse the last agreement while the unit's file is incomplete or the name has been taken meanwhile."""
        if not last:
            return
        report = check_application(self._load(chain), policy_version(chain.policy_version_id), on, advice=False)
        if report.blocking:
            first = report.blocking[0]
            raise TransitionNotAllowed(
                _("%(title)s：%(detail)s 现在不能批准，可以退回修改。")
                % {"title": first.title, "detail": first.detail},
                first.rule,
            )
        file = next(check for check in report.checks if check.code == "sponsor_file")
        if file.field:
            raise TransitionNotAllowed(
                _("%(title)s，%(detail)s请主办单位先补材料，再来签署。") % {"title": file.title, "detail": file.detail},
                rules.SPONSOR_FILE,
            )

    def on_outcome(self, chain: "ApprovalChain", *, actor: Actor, now: datetime, text: str) -> None:
        application = locked(
            OpeningApplication, chain.subject_id, related=("unit", "owner"), institution_id=chain.institution_id
        )
        policy = policy_version(chain.policy_version_id)
        changes: dict[str, object] = {}
        payload: dict[str, object] = {"number": application.number}
        if chain.state == ChainState.APPROVED:
            account = accounts.open_account(
                application=application, policy=policy, actor=actor, article=chain.article, now=now
            )
            changes["account"] = account
            payload["account"] = account.code
        apply_transition(
            APPLICATION,
            application,
            OUTCOMES[ChainState(chain.state)],
            who=actor,
            actor=actor,
            at=now,
            subject=application_subject(application),
            payload=payload,
            changes=changes,
            article=chain.article,
            policy_version=policy.label,
            about=(account_subject(application.account),) if application.account else (),
        )
        if chain.state == ChainState.APPROVED:
            prefetch_related_objects([chain], "steps__opinions")
            issue_document(
                actor=actor,
                form=policy.form(policy.chain(chain.spec).form),
                policy=policy,
                data=printed_form(chain),
                subject=application_subject(application),
                about=(account_subject(account),),
                title=application.name,
                now=now,
            )
        elif chain.state == ChainState.REVOKED and application.account:
            withdraw_documents_of(actor=actor, subject=application_subject(application), reason=text, now=now)
            accounts.suspend_account(
                account_id=application.account.pk,
                institution_id=chain.institution_id,
                actor=actor,
                grants=None,
                reason=SuspensionReason.APPROVAL_REVOKED,
                text=text,
                now=now,
            )
