"""The demonstration loads on whatever day the platform is tried, once the regulation is in force."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from xianshen.ledger.models import LedgerEntry
from xianshen.ledger.verify import verify
from xianshen.organisation.models import Institution
from xianshen.registry.enums import AccountState, ApplicationState
from xianshen.registry.models import MediaAccount, OpeningApplication
from xianshen.regulation.selectors import NoPolicyInForce, forget_policies
from xianshen.web.demo import load

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def _no_policy_remembered(db: None) -> Iterator[None]:
    forget_policies()
    yield
    forget_policies()


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 9, 1, 0, 5, tzinfo=SHANGHAI),
        datetime(2026, 9, 14, 12, 0, tzinfo=SHANGHAI),
        datetime(2028, 2, 29, 23, 59, tzinfo=SHANGHAI),
    ],
    ids=["first day", "two weeks", "leap day"],
)
def test_loads_on_any_day_since_the_regulation(now: datetime, tmp_path: Path) -> None:
    report = load(now=now, data_dir=tmp_path)
    assert report.loaded
    assert verify(report.institution).ok
    assert set(MediaAccount.objects.values_list("state", flat=True)) == set(AccountState.values)
    assert set(OpeningApplication.objects.values_list("state", flat=True)) == set(ApplicationState.values)
    assert LedgerEntry.objects.order_by("-at")[0].at <= now


def test_before_the_regulation_nothing_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(NoPolicyInForce):
        load(now=datetime(2026, 8, 31, 12, 0, tzinfo=SHANGHAI), data_dir=tmp_path)
    assert not Institution.objects.exists()
    assert not (tmp_path / "keys" / "demo-sign-ins.json").exists()
