"""What each room has for a person to do, as the workbench and the navigation show it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.approvals import selectors as approvals
from xianshen.approvals.enums import StepKind, StepState
from xianshen.assessment import selectors as assessment
from xianshen.assessment.enums import ReviewState
from xianshen.clocks import selectors as clocks
from xianshen.common.composed import Keyed, counted, listed
from xianshen.common.language import local
from xianshen.common.zhdates import deadline_parts, zh_date
from xianshen.directory import selectors as directory
from xianshen.directory.enums import ReportState
from xianshen.organisation.selectors import Grants
from xianshen.registry import custody
from xianshen.registry import selectors as registry
from xianshen.registry.enums import ApplicationState, FilingKind, FilingState
from xianshen.regulation import selectors as regulation
from xianshen.regulation.enums import Capability
from xianshen.web.inbox import Provider, TodoItem, register

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from xianshen.approvals.models import ApprovalStep
    from xianshen.assessment.models import AnnualReview, ResultReport
    from xianshen.organisation.models import Person
    from xianshen.registry.models import (
        CustodyHolder,
        Filing,
        Handover,
        MediaAccount,
        OpeningApplication,
        SponsorDocument,
    )

SHOWN = 50
#: How far the time ruler looks ahead.
AHEAD = timedelta(days=41)


def _scope(grants: Grants) -> Keyed[Grants]:
    """Return grants as an argument of composed questions."""
    held = tuple(
        (
            one.position.pk,
            one.position.kind,
            one.unit.pk,
            one.delegation.principal_id if one.delegation else None,
            one.capabilities,
        )
        for one in grants.holdings
    )
    return Keyed((grants.institution_id, grants.person_id, held, frozenset(grants.below.items())), grants)


def _step_item(step: "ApprovalStep", person: "Person") -> TodoItem:
    chain = step.chain
    policy = regulation.policy_version(chain.policy_version_id)
    if step.state == StepState.QUERIED:
        what, action = _("答复办公室对%(title)s的质询"), _("去答复")
    elif step.kind == StepKind.REPORT:
        what, action = _("确认%(title)s的报备"), _("去确认")
    else:
        what, action = _("签署%(title)s"), _("去签署")
    soon = approvals.soon_from(step, policy)
    return TodoItem(
        what=what % {"title": chain.title},
        why=_("%(unit)s提交，轮到「%(step)s」。") % {"unit": chain.unit.name, "step": local(step.name)},
        url=reverse("approvals:chain", args=[chain.pk]),
        action=action,
        rule=policy.chain(chain.spec).rule,
        due=deadline_parts(step.due_on) if step.due_on else None,
        start=step.started_at,
        soon_from=deadline_parts(soon, start=True) if soon else None,
        key=f"step:{step.pk}",
    )


def steps_todo(person: "Person", grants: Grants, now: datetime) -> Iterable[TodoItem]:
    """Opinions and reports that wait for the person."""
    today = timezone.localdate(now)
    steps = approvals.most_urgent(person.institution_id, person.pk, grants.holdings, today)
    return [_step_item(step, person) for step in steps]


def steps_count(person: "Person", grants: Grants, now: datetime) -> int:
    return approvals.count_to_do(person.institution_id, person.pk, grants.holdings, timezone.localdate(now))


_count_drafts = counted(registry.drafts_of)


@listed
def _list_drafts(institution_id: int, person_id: int) -> "QuerySet[OpeningApplication]":
    drafts = registry.drafts_of(institution_id, person_id).select_related(None)
    return drafts.only("number", "name", "state")[:SHOWN]


def drafts_todo(person: "Person", grants: Grants, now: datetime) -> Iterable[TodoItem]:
    """Applications that the person began, or that were returned to them."""
    items = []
    for application in _list_drafts(person.institution_id, person.pk):
        returned = application.state == ApplicationState.RETURNED
        name = application.name or application.number
        items.append(
            TodoItem(
                what=(_("补正「%(name)s」的开设申请") if returned else _("写完「%(name)s」的开设申请"))
                % {"name": name},
                why=_("审批人退回了，改好重新提交。") if returned else _("草稿已保存，提交后才进入审批。"),
                url=reverse("registry:application_edit", args=[application.pk]),
                action=_("去补正") if returned else _("接着写"),
                rule="opening.prior_approval",
                key=f"draft:{application.pk}",
            )
        )
    return items


def drafts_count(person: "Person", grants: Grants, now: datetime) -> int:
    return _count_drafts(person.institution_id, person.pk)


def _filings_owed(scope: Keyed[Grants]) -> "QuerySet[Filing]":
    return registry.filings_owed(scope.value)


def _closures_without_proof(scope: Keyed[Grants]) -> "QuerySet[Filing]":
    return registry.closures_without_proof(scope.value)


_count_owed, _count_unproved = counted(_filings_owed), counted(_closures_without_proof)
_count_filing_drafts = counted(registry.filing_drafts_of)


@listed
def _list_owed(scope: Keyed[Grants]) -> "QuerySet[Filing]":
    return _filings_owed(scope)[:SHOWN]


@listed
def _list_filing_drafts(institution_id: int, person_id: int) -> "QuerySet[Filing]":
    return registry.filing_drafts_of(institution_id, person_id)[:SHOWN]


@listed
def _list_unproved(scope: Keyed[Grants]) -> "QuerySet[Filing]":
    return _closures_without_proof(scope)[:SHOWN]


def filings_todo(person: "Person", grants: Grants, now: datetime) -> Iterable[TodoItem]:
    """Filings to write, filings asked of the units, and closures that wait for the proof of the platform."""
    items, scope = [], _scope(grants)
    filings = [*_list_owed(scope), *_list_filing_drafts(person.institution_id, person.pk)]
    due = registry.filing_deadlines(person.institution_id, [filing.pk for filing in filings])
    for filing in filings:
        deadline = due.get(filing.pk)
        name, kind = filing.account.name, FilingKind(filing.kind).label
        if filing.state == FilingState.EXPECTED:
            what, why, action = _("给「%(name)s」备案"), _("办公室发现有变更没有备案，逾期会标明。"), _("去备案")
        elif filing.state == FilingState.RETURNED:
            what, why, action = _("补正「%(name)s」的%(kind)s"), _("审批人退回了，改好重新提交。"), _("去补正")
        else:
            what, why, action = _("写完「%(name)s」的%(kind)s"), _("提交后才算备案。"), _("接着写")
        items.append(
            TodoItem(
                what=what % {"name": name, "kind": kind},
                why=why,
                url=reverse("registry:filing", args=[filing.pk]),
                action=action,
                rule="filing.within_week",
                due=deadline_parts(deadline.due_on) if deadline else None,
                start=deadline_parts(deadline.started_on, start=True) if deadline else None,
                soon_from=deadline_parts(deadline.soon_from, start=True) if deadline else None,
                key=f"filing:{filing.pk}",
            )
        )
    items += [
        TodoItem(
            what=_("交「%(name)s」的平台注销证明") % {"name": filing.account.name},
            why=_("停办已备案，证明交来才停办完毕。"),
            url=reverse("registry:filing", args=[filing.pk]),
            action=_("去交证明"),
            rule="filing.within_week",
            key=f"filing:{filing.pk}",
        )
        for filing in _list_unproved(scope)
    ]
    return items


def filings_count(person: "Person", grants: Grants, now: datetime) -> int:
    scope = _scope(grants)
    drafts = _count_filing_drafts(person.institution_id, person.pk)
    return _count_owed(scope) + drafts + _count_unproved(scope)


def legacy_todo(person: "Person", grants: Grants, now: datetime) -> Iterable[TodoItem]:
    """Accounts of before the rules: to confirm for their units, and, for the Office, those that a unit disowns."""
    waiting = registry.legacy_to_confirm(grants)
    due = registry.legacy_deadlines(person.institution_id, waiting)
    items = [
        TodoItem(
            what=_("确认%(unit)s的 %(n)d 个存量账号") % {"unit": one.unit_name, "n": one.to_confirm},
            why=_("办法公布前已开设的账号，逾期没有备案的暂停运行。"),
            url=f"{reverse('registry:legacy')}?unit={one.unit_id}",
            action=_("去确认"),
            rule="legacy.within_month",
            due=deadline_parts(deadline.due_on) if (deadline := due.get(one.unit_id)) else None,
            start=deadline_parts(deadline.started_on, start=True) if deadline else None,
            soon_from=deadline_parts(deadline.soon_from, start=True) if deadline else None,
            key=f"legacy:{one.unit_id}",
        )
        for one in waiting.values()
    ]
    if grants.has(Capability.ACCOUNTS_MANAGE) and (disowned := registry.legacy_disowned(person.institution_id)):
        items.append(
            TodoItem(
                what=_("处理 %(n)d 个单位不认的存量账号") % {"n": disowned},
                why=_("改派给主办单位，或者从名单里划去。"),
                url=f"{reverse('registry:legacy')}?view=disowned",
                action=_("去处理"),
                rule="legacy.within_month",
                key="legacy:disowned",
            )
        )
    return items


def reading_todo(person: "Person", grants: Grants, now: datetime) -> Iterable[TodoItem]:
    """The regulation, when its version in force has not been acknowledged."""
    version = regulation.version_to_read(person.institution_id, person.pk, timezone.localdate(now))
    if version is None:
        return []
    return [
        TodoItem(
            what=_("阅知《%(title)s》") % {"title": version.title},
            why=_("现行版本你还没有确认读过。"),
            url=reverse("regulation:current"),
            action=_("去阅知"),
            rule="regulation.in_force",
            key=f"read:{version.version_id}",
        )
    ]


@listed
def _list_lacking_servers(scope: Keyed[Grants]) -> "QuerySet[MediaAccount]":
    return registry.lacking_servers(scope.value)[:SHOWN]


def servers_todo(person: "Person", grants: Grants, now: datetime) -> Iterable[TodoItem]:
    """Accounts that may not run for want of an approved server, for whoever files it."""
    return [
        TodoItem(
            what=_("报批「%(name)s」的服务器") % {"name": account.name},
            why=_("涉及校内数据服务，科技处批准服务器后账号才能运行。"),
            url=reverse("registry:server_file", args=[account.pk]),
            action=_("去报批"),
            rule="data_service.campus_server",
            key=f"server:{account.pk}",
        )
        for account in _list_lacking_servers(_scope(grants))
    ]


@listed
def _list_running_out(units: frozenset[int], today: date, until: date) -> "QuerySet[SponsorDocument]":
    return registry.documents_running_out(units, today, until)[:SHOWN]


def files_todo(person: "Person", grants: Grants, now: datetime) -> Iterable[TodoItem]:
    """Documents of the units' files that run out soon, for whoever keeps them."""
    units = grants.units(Capability.SPONSOR_FILES_MANAGE)
    if not units:
        return []
    today = timezone.localdate(now)
    policy = regulation.policy_on(person.institution_id, today)
    ahead = {part.code: max(policy.clock(part.validity).reminders, default=0) for part in policy.sponsor_file.parts}
    until = today + timedelta(days=max(ahead.values(), default=0))
    return [
        TodoItem(
            what=_("更新%(unit)s的%(title)s") % {"unit": document.unit.name, "title": document.title},
            why=_("有效期快到了，到期前换上新的。"),
            url=reverse("registry:file", args=[document.unit_id]),
            action=_("去更新"),
            rule="sponsor_file.complete",
            due=deadline_parts(document.valid_until),
            start=deadline_parts(document.valid_from, start=True),
            soon_from=deadline_parts(document.valid_until - timedelta(days=ahead.get(document.kind, 0)), start=True),
            key=f"file:{document.pk}",
        )
        for document in _list_running_out(frozenset(units), today, until)
    ]


def impostors_todo(person: "Person", grants: Grants, now: datetime) -> Iterable[TodoItem]:
    """Impostor reports without an answer, for whoever handles them."""
    if not grants.has(Capability.IMPOSTORS_HANDLE):
        return []
    return [
        TodoItem(
            what=(_("核实「%(name)s」") if report.state == ReportState.RECEIVED else _("答复对「%(name)s」的举报"))
            % {"name": report.title[:40]},
            why=_("%(date)s收到举报，说它冒用名义。") % {"date": zh_date(report.received_at)},
            url=reverse("directory:report_handle", args=[report.pk]),
            action=_("去核实"),
            rule="impostor.report",
            key=f"impostor:{report.pk}",
        )
        for report in directory.reports_to_handle(person.institution_id, SHOWN)
    ]


def clocks_todo(person: "Person", grants: Grants, now: datetime) -> Iterable[TodoItem]:
    """Deadlines that concern the person: near and late ones as tasks, the others only on the time ruler.

    What a room lists by itself (an opinion that waits, say) is left to it.
    """
    today = timezone.localdate(now)
    items = []
    if grants.has(Capability.CLOCKS_MANAGE) and (failing := clocks.count_failing(person.institution_id)):
        items.append(
            TodoItem(
                what=_("看看 %(n)d 个没有做成的时限后果") % {"n": failing},
                why=_("到期该做的没有做成，系统在再试；原因写在时限总表里。"),
                url=f"{reverse('clocks:board')}?view=failing",
                action=_("去看看"),
                due=now,
                key="clocks:failing",
            )
        )
    for deadline in clocks.deadlines_concerning(grants, today, until=today + AHEAD):
        if clocks.lists_itself(deadline, today):
            continue
        items.append(
            TodoItem(
                what=deadline.subject_label,
                why=deadline.spec.text,
                url=deadline.url,
                action=_("去办理"),
                rule=deadline.rule,
                due=deadline_parts(deadline.due_on),
                start=deadline_parts(deadline.started_on, start=True),
                soon_from=deadline_parts(deadline.soon_from, start=True),
                key=f"clock:{deadline.pk}",
                quiet=today < deadline.soon_from,
            )
        )
    return items


@listed
def _list_handovers(scope: Keyed[Grants]) -> "QuerySet[Handover]":
    return custody.handovers_waiting_for(scope.value)[:SHOWN]


@listed
def _list_leavers(scope: Keyed[Grants], today: date) -> "QuerySet[CustodyHolder]":
    return custody.left_concerning(scope.value, today)[:SHOWN]


def custody_todo(person: "Person", grants: Grants, now: datetime) -> Iterable[TodoItem]:
    """Handovers to confirm, and keepers who left; checks to answer come with their clocks."""
    today, scope = timezone.localdate(now), _scope(grants)
    items = [
        TodoItem(
            what=_("确认「%(name)s」的交接") % {"name": handover.account.name},
            why=_("%(giver)s交给%(receiver)s，双方各自确认才算交接。")
            % {"giver": handover.holder.name, "receiver": handover.receiver.name},
            url=reverse("registry:custody", args=[handover.account_id]),
            action=_("去确认"),
            rule="custody.kept",
            key=f"handover:{handover.pk}",
        )
        for handover in _list_handovers(scope)
    ]
    items += [
        TodoItem(
            what=_("「%(name)s」的%(role)s离任，办理交接")
            % {"name": holder.account.name, "role": holder.get_role_display()},
            why=_("%(who)s不再任职，还能登录这个账号。") % {"who": holder.name},
            url=reverse("registry:custody", args=[holder.account_id]),
            action=_("去办理"),
            rule="custody.kept",
            key=f"leaver:{holder.pk}",
        )
        for holder in _list_leavers(scope, today)
    ]
    return items


REVIEW_TASKS = {
    ReviewState.DRAFT: (
        gettext_lazy("交「%(name)s」%(year)s 年度年审表"),
        gettext_lazy("到期没有交的，第二天暂停运行。"),
        gettext_lazy("去填"),
    ),
    ReviewState.RETURNED: (
        gettext_lazy("补正「%(name)s」%(year)s 年度年审表"),
        gettext_lazy("退回了，改好重新提交。"),
        gettext_lazy("去补正"),
    ),
    ReviewState.RECTIFY: (
        gettext_lazy("交「%(name)s」的整改结果"),
        gettext_lazy("年审要求整改，到期没有交的暂停运行。"),
        gettext_lazy("交整改"),
    ),
}


def _reviews_to_fill(scope: Keyed[Grants]) -> "QuerySet[AnnualReview]":
    return assessment.reviews_to_fill(scope.value)


_count_reviews = counted(_reviews_to_fill)


@listed
def _list_reviews(scope: Keyed[Grants]) -> "QuerySet[AnnualReview]":
    return _reviews_to_fill(scope)[:SHOWN]


@listed
def _list_to_settle(institution_id: int) -> "QuerySet[ResultReport]":
    return assessment.reports_to_settle(institution_id)[:SHOWN]


@listed
def _list_to_answer(scope: Keyed[Grants]) -> "QuerySet[ResultReport]":
    return assessment.reports_to_answer(scope.value)[:SHOWN]


def reviews_todo(person: "Person", grants: Grants, now: datetime) -> Iterable[TodoItem]:
    """Annual reviews to fill in, lists of results that wait for the Office, and its questions to a home unit."""
    items, scope = [], _scope(grants)
    reviews = _list_reviews(scope)
    days = assessment.due_days(reviews)
    for review in reviews:
        what, why, action = REVIEW_TASKS[ReviewState(review.state)]
        found = days.get(review.pk)
        due, soon = (found.on, found.soon_from) if found else (None, None)
        items.append(
            TodoItem(
                what=what % {"name": review.account.name, "year": review.campaign.year},
                why=why,
                url=reverse("assessment:edit", args=[review.pk]),
                action=action,
                rule="annual_review.due",
                due=deadline_parts(due) if due else None,
                start=review.decided_at if review.state == ReviewState.RECTIFY else review.campaign.opened_at,
                soon_from=deadline_parts(soon, start=True) if soon else None,
                key=f"review:{review.pk}",
            )
        )
    if grants.has(Capability.ACCOUNTS_MANAGE):
        items += [
            TodoItem(
                what=_("确认%(unit)s的年审报备") % {"unit": report.unit.name},
                why=_("三级平台 %(n)d 个的年审结果。") % {"n": len(report.rows)},
                url=reverse("assessment:report", args=[report.pk]),
                action=_("去确认"),
                rule="report.to_office",
                key=f"review-report:{report.pk}",
            )
            for report in _list_to_settle(person.institution_id)
        ]
    items += [
        TodoItem(
            what=_("答复办公室对%(unit)s年审报备的质询") % {"unit": report.unit.name},
            why=report.query,
            url=reverse("assessment:report", args=[report.pk]),
            action=_("去答复"),
            rule="report.to_office",
            key=f"review-query:{report.pk}",
        )
        for report in _list_to_answer(scope)
    ]
    return items


def reviews_count(person: "Person", grants: Grants, now: datetime) -> int:
    """Return how many forms the person has to fill in."""
    return _count_reviews(_scope(grants))


def register_providers() -> None:
    """Register every provider; called once by the app."""
    register(Provider("approvals", steps_todo, steps_count, approvals.MOST_LISTED))
    register(Provider("drafts", drafts_todo, drafts_count, SHOWN))
    register(Provider("filings", filings_todo, filings_count))
    register(Provider("legacy", legacy_todo))
    register(Provider("files", files_todo))
    register(Provider("reviews", reviews_todo, reviews_count))
    register(Provider("clocks", clocks_todo))
    register(Provider("servers", servers_todo))
    register(Provider("custody", custody_todo))
    register(Provider("impostors", impostors_todo))
    register(Provider("reading", reading_todo))
