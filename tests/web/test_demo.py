"""The demonstration institution: loads quickly, once, by the services; shows every state; its sign-ins work."""

import json
import stat
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.support.emptying import empty_database
from xianshen.approvals.enums import ChainState, StepKind, StepState
from xianshen.approvals.models import ApprovalChain, ApprovalStep, Opinion
from xianshen.approvals.selectors import deciders
from xianshen.directory.enums import ReportState, Verdict
from xianshen.directory.models import ImpostorReport
from xianshen.directory.verifying import Desk
from xianshen.documents.models import IssuedDocument
from xianshen.ledger.models import LedgerEntry
from xianshen.ledger.verify import verify
from xianshen.organisation.models import Delegation, Institution, Person, Position
from xianshen.organisation.selectors import live_delegations
from xianshen.registry.enums import AccountState, ApplicationState, SuspensionReason
from xianshen.registry.models import MediaAccount, OpeningApplication, SponsorDocument
from xianshen.regulation.models import Acknowledgement, Interpretation
from xianshen.regulation.selectors import forget_policies
from xianshen.web.demo import DemoReport, load
from xianshen.web.demo.calendar import History
from xianshen.web.demo.passwords import new_password

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def _demo(django_db_setup: None, django_db_blocker: Any, keys: Path) -> Iterator[tuple[DemoReport, float]]:
    """Load the demonstration once for this module, for real, and empty the database afterwards."""
    with django_db_blocker.unblock():
        forget_policies()
        began = time.process_time()
        report = load(now=NOW, data_dir=keys)
        seconds = time.process_time() - began
    yield report, seconds
    with django_db_blocker.unblock():
        empty_database()
        cache.clear()
        forget_policies()


@pytest.fixture
def demo(_demo: tuple[DemoReport, float], db: None) -> DemoReport:
    return _demo[0]


@pytest.fixture
def seconds(_demo: tuple[DemoReport, float]) -> float:
    """Return how long this process worked on it."""
    return _demo[1]


@pytest.fixture
def school(demo: DemoReport) -> Institution:
    return Institution.objects.get(code=demo.institution)


def test_loads_in_reasonable_time(demo: DemoReport, seconds: float) -> None:
    assert demo.loaded
    assert seconds < 60, "20 s are common"
    assert 60 <= demo.accounts <= 135
    assert demo.applications >= 20


def test_second_load_does_nothing(demo: DemoReport, keys: Path) -> None:
    before = (LedgerEntry.objects.count(), Person.objects.count(), (keys / "keys/demo-sign-ins.json").read_text())
    again = load(now=NOW + timedelta(days=1), data_dir=keys)
    assert not again.loaded
    assert again.sign_ins == demo.sign_ins
    assert before == (
        LedgerEntry.objects.count(),
        Person.objects.count(),
        (keys / "keys/demo-sign-ins.json").read_text(),
    )


def test_ledger_verifies_and_tells_the_history_in_order(demo: DemoReport) -> None:
    assert verify(demo.institution).ok
    times = list(LedgerEntry.objects.order_by("sequence").values_list("at", flat=True))
    assert times == sorted(times)
    assert times[-1] <= NOW


def test_accounts_are_in_every_state_for_every_reason(demo: DemoReport) -> None:
    states = Counter(MediaAccount.objects.values_list("state", flat=True))
    assert set(states) == set(AccountState.values)
    reasons = set(MediaAccount.objects.exclude(suspension_reason="").values_list("suspension_reason", flat=True))
    assert reasons == set(SuspensionReason.values)
    assert states[AccountState.ACTIVE] > 50
    assert {1, 2, 3} == set(MediaAccount.objects.values_list("tier", flat=True))


def test_applications_are_at_every_step(demo: DemoReport) -> None:
    assert set(OpeningApplication.objects.values_list("state", flat=True)) == set(ApplicationState.values)
    waiting = ApprovalStep.objects.filter(state=StepState.CURRENT, chain__state=ChainState.OPEN)
    assert {"unit_opinion", "office_opinion", "home_decision"} <= set(waiting.values_list("code", flat=True))
    reports = ApprovalStep.objects.filter(kind=StepKind.REPORT, chain__state=ChainState.APPROVED)
    assert {StepState.CURRENT, StepState.QUERIED, StepState.DONE} == set(reports.values_list("state", flat=True))
    assert waiting.filter(due_on__lt=timezone.localdate(NOW)).exists()
    assert waiting.filter(due_on__gt=timezone.localdate(NOW)).exists()
    assert ApprovalChain.objects.filter(round=2, state=ChainState.APPROVED).exists()
    approved = OpeningApplication.objects.filter(state=ApplicationState.APPROVED)
    assert IssuedDocument.objects.count() >= approved.count()


def test_delegation_is_in_force_and_was_used(demo: DemoReport) -> None:
    [delegation] = live_delegations(timezone.localdate(NOW))
    assert isinstance(delegation, Delegation)
    assert delegation.delegate.username == "law.secretary"
    assert Opinion.objects.filter(person=delegation.delegate).exclude(on_behalf_of="").exists()


def test_vacant_position_sends_an_application_higher(demo: DemoReport) -> None:
    on = timezone.localdate(NOW)
    vacant = Position.objects.get(unit__key="logistics", kind="unit_head")
    assert not vacant.appointments.on(on).exists()
    step = ApprovalStep.objects.select_related("chain", "unit", "escalation_unit").get(
        state=StepState.CURRENT, unit=vacant.unit
    )
    found = deciders(step, step.chain, on)
    assert found.vacant
    assert [holding.person.username for holding in found.holdings] == ["leader"]


def test_units_files_are_complete_lacking_and_running_out(demo: DemoReport) -> None:
    on = timezone.localdate(NOW)
    kinds = Counter(SponsorDocument.objects.filter(valid_until__gte=on).values_list("unit__key", flat=True))
    assert kinds["law"] == 3
    assert kinds["trade"] == 2
    assert "personnel" not in kinds
    assert SponsorDocument.objects.filter(valid_until__range=(on, on + timedelta(days=30))).exists()
    assert SponsorDocument.objects.filter(valid_until__lt=on).exists()


def test_public_side_shows_impostors_and_interpretations(school: Institution) -> None:
    assert set(ImpostorReport.objects.values_list("state", flat=True)) == set(ReportState.values)
    desk = Desk(school, timezone.localdate(NOW))
    assert desk.by_name("上海海关学院招生咨询").verdict == Verdict.IMPOSTOR
    assert desk.by_handle("hgglx_shcc").verdict == Verdict.GENUINE
    assert desk.by_name("辩论队").verdict == Verdict.STOPPED
    assert Interpretation.objects.count() == 3
    assert 0 < Acknowledgement.objects.count() < Person.objects.count()


def test_sign_ins_work_and_only_their_owner_may_read_them(demo: DemoReport, keys: Path) -> None:
    path = keys / "keys" / "demo-sign-ins.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    listed = json.loads(path.read_text(encoding="utf-8"))
    assert listed == demo.sign_ins
    assert {"office.media", "office.director", "leader", "scitech.head", "league.secretary", "secrecy"} <= {
        one["username"] for one in listed
    }
    assert len({one["password"] for one in listed}) == len(listed)
    for one in listed:
        assert set(one) == {"role", "name", "username", "password"}
        client = Client()
        form = {"login": one["username"], "password": one["password"]}
        assert client.post(reverse("account_login"), form).status_code == 302
        page = client.get("/")
        assert page.status_code == 200
        assert not Person.objects.get(username=one["username"]).must_change_password


def test_others_cannot_sign_in(demo: DemoReport) -> None:
    known = {one["username"] for one in demo.sign_ins}
    assert not [person for person in Person.objects.exclude(username__in=known) if person.has_usable_password()]


@pytest.mark.parametrize(
    "username", ["office.media", "office.director", "leader", "law.head", "law.secretary", "class.operator"]
)
def test_every_role_has_something_to_see(demo: DemoReport, client_of: Any, username: str) -> None:
    client = client_of(Person.objects.get(username=username))
    for path in ("/", "/accounts/", "/applications/", "/notices/"):
        assert client.get(path).status_code == 200, path


def test_history_keeps_working_days_and_the_order_of_a_story() -> None:
    history = History(NOW, (NOW - timedelta(days=80)).date())
    happened: list[tuple[str, datetime]] = []
    for name, days in (("submit", 3), ("sign", 2), ("send back", 1)):
        history.then(days, lambda at, name=name: happened.append((name, at)), 15, story="one")  # type: ignore[misc]
    history.run()
    assert [name for name, _at in happened] == ["submit", "sign", "send back"]
    times = [at for _name, at in happened]
    assert times == sorted(set(times))
    assert all(timezone.localtime(at).weekday() < 5 and at <= NOW for at in times)


def test_passwords_differ() -> None:
    assert len({new_password() for _n in range(200)}) == 200
