"""Filings as people make them: begun, filled in, submitted, decided."""

from datetime import date, timedelta
from typing import Any

from tests.support.college import College
from xianshen.approvals.models import ApprovalChain
from xianshen.approvals.selectors import rounds_of
from xianshen.registry import services
from xianshen.registry.enums import FilingKind
from xianshen.registry.filed import FILING_TYPE
from xianshen.registry.models import Filing, MediaAccount

CLOSURE: dict[str, Any] = {
    "reason": "专业合并，内容并入系官方微信。",
    "followers_plan": "停更前推送三次告知，转到「法律系」。",
    "content_plan": "全部留存，由系办公室保管。",
    "custody_returned": True,
    "custody_returned_to": "系主任",
}


def later(college: College, days: int) -> date:
    """Let days pass; returns today."""
    college.now += timedelta(days=days)
    return college.on


def begun(
    college: College,
    account: MediaAccount,
    *,
    role: str = "operator",
    kind: FilingKind = FilingKind.CHANGE,
    on: date | None = None,
    **values: Any,
) -> Filing:
    """Begin a filing and fill it in; ``on`` is today unless given."""
    day = None if kind == FilingKind.LEGACY else on or college.on
    filing = services.start_filing(account_id=account.pk, kind=kind, changed_on=day, **college.who(role))
    filled = CLOSURE if kind == FilingKind.CLOSURE else {"reason": "栏目调整。"}
    return services.save_filing(
        filing_id=filing.pk, revision=filing.revision, values={**filled, **values}, **college.who(role)
    )


def chain_of_filing(college: College, filing: Filing) -> ApprovalChain:
    """Return the newest round of a filing."""
    return rounds_of(college.institution.pk, FILING_TYPE, str(filing.pk))[0]


def submitted(college: College, account: MediaAccount, *, role: str = "operator", **values: Any) -> ApprovalChain:
    """Begin, fill in and submit a filing."""
    filing = begun(college, account, role=role, **values)
    services.submit_filing(filing_id=filing.pk, revision=filing.revision, **college.who(role))
    return chain_of_filing(college, filing)


def filed(
    college: College, account: MediaAccount, *, deciders: tuple[str, ...] = ("head", "director"), **values: Any
) -> Filing:
    """Take a filing all the way through its chain."""
    chain = submitted(college, account, **values)
    for decider in deciders:
        college.decide(chain, decider)
    return Filing.objects.get(pk=chain.subject_id)
