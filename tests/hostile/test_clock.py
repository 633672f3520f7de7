"""Clocks that stand wrong, midnight in the middle of a chain, and the end of February."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from tests.support.college import College, build_college
from xianshen.approvals.selectors import current_step
from xianshen.common.errors import Refusal
from xianshen.ledger.models import LedgerEntry
from xianshen.ledger.verify import verify
from xianshen.registry.enums import AccountState, ApplicationState
from xianshen.registry.models import OpeningApplication, SponsorDocument

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def leap_night(db: None) -> College:
    """Return the college a minute before the 29th of February ends."""
    return build_college(datetime(2028, 2, 29, 23, 59, tzinfo=SHANGHAI))


def test_a_chain_goes_over_midnight_at_the_end_of_february(leap_night: College) -> None:
    college = leap_night
    chain = college.submitted()
    college.complete_file()
    college.decide(chain, "head")
    college.now += timedelta(minutes=2)
    college.decide(chain, "director")
    application = OpeningApplication.objects.select_related("account").get(pk=chain.subject_id)
    assert application.state == ApplicationState.APPROVED
    assert application.account is not None
    assert application.account.state == AccountState.ACTIVE
    assert application.account.opened_on is not None
    assert application.account.opened_on.isoformat() == "2028-03-01"
    assert timezone.localdate(chain.submitted_at).isoformat() == "2028-02-29"


def test_a_document_filed_on_the_leap_day_holds_to_a_day_that_exists(leap_night: College) -> None:
    college = leap_night
    college.complete_file()
    ends = list(SponsorDocument.objects.values_list("valid_until", flat=True))
    assert ends
    assert all(end > college.on for end in ends)


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(minutes=5), timedelta(days=1)])
def test_a_clock_set_back_breaks_neither_chain_nor_ledger(college: College, back: timedelta) -> None:
    chain = college.submitted()
    college.complete_file()
    college.now -= back
    try:
        college.decide(chain, "head")
    except Refusal:
        assert current_step(college.chain(OpeningApplication.objects.get(pk=chain.subject_id))) is not None
    found: Any = verify()
    assert found.ok
    sequences = list(
        LedgerEntry.objects.filter(institution=college.institution.code)
        .order_by("sequence")
        .values_list("sequence", flat=True)
    )
    assert sequences == list(range(1, len(sequences) + 1))
