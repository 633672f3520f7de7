"""Filings through the services: what they change, what they keep, when they are late, what is refused."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.filings import begun, chain_of_filing, filed, later, submitted
from tests.support.college import PDF, College
from xianshen.approvals import services as approvals
from xianshen.approvals.enums import Verdict
from xianshen.clocks.models import Deadline
from xianshen.clocks.services import run_due
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.documents.models import IssuedDocument
from xianshen.ledger.models import LedgerEntry
from xianshen.notices.models import Notice
from xianshen.registry import services
from xianshen.registry.closing import OpenTask, register
from xianshen.registry.enums import FilingKind, FilingState, SuspensionReason
from xianshen.registry.models import AccountValue, Filing, MediaAccount, OpeningApplication
from xianshen.registry.names import fold
from xianshen.registry.selectors import late_filings, public_accounts, search, value_on


@pytest.fixture
def account(college: College) -> MediaAccount:
    """Return a department's account, opened three weeks ago."""
    found = college.opened()
    later(college, 21)
    return found


def deadline_of(filing: Filing) -> Deadline:
    return Deadline.objects.filter(subject_type="filing", subject_id=str(filing.pk)).latest("pk")


def test_a_change_of_name_from_draft_to_directory(college: College, account: MediaAccount, run_tasks: Any) -> None:
    changed = college.on - timedelta(days=3)
    filing = begun(college, account, on=changed, name="法律系学堂", content_scope=account.content_scope)
    assert filing.changes == {"name": "法律系学堂"}
    clock = deadline_of(filing)
    assert (clock.clock, clock.started_on, clock.due_on) == ("filing.change", changed, changed + timedelta(days=7))

    services.submit_filing(filing_id=filing.pk, revision=filing.revision, **college.who("operator"))
    assert deadline_of(filing).state == "met"
    account.refresh_from_db()
    assert account.name == "法律系学习园地"

    chain = chain_of_filing(college, filing)
    assert "法律系学习园地 → 法律系学堂" in chain.content["信息变更内容"]
    college.decide(chain, "head")
    college.decide(chain, "director")
    account.refresh_from_db()
    filing.refresh_from_db()
    assert (account.name, account.name_fold, filing.state) == ("法律系学堂", fold("法律系学堂"), "approved")

    former = AccountValue.objects.get(account=account)
    assert (former.field, former.value, former.valid_from, former.valid_until) == (
        "name",
        "法律系学习园地",
        account.opened_on,
        changed,
    )
    assert [value_on(account, "name", day) for day in (changed - timedelta(days=1), changed, college.on)] == [
        "法律系学习园地",
        "法律系学堂",
        "法律系学堂",
    ]
    assert value_on(account, "name", date(2020, 1, 1)) is None
    assert list(search(public_accounts(college.institution.pk), "学习园地")) == [account]
    run_tasks()
    document = IssuedDocument.objects.get(form_code="annex_3")
    assert (document.title, document.subject_type) == ("法律系学堂", "filing")
    entry = LedgerEntry.objects.get(event="registry.account_changed")
    assert (entry.article, entry.data["what"]) == (9, "新媒体名称")
    assert entry.data["changes"] == {"name": ["法律系学习园地", "法律系学堂"]}


def test_owner_and_contacts_keep_every_former_value(college: College, account: MediaAccount) -> None:
    head = college.people["head"]
    filed(
        college,
        account,
        on=college.on,
        owner_id=head.pk,
        owner_name=head.name,
        owner_mobile="13916392049",
        administrators="赵一、钱二",
    )
    first_change = college.on
    later(college, 10)
    filed(college, account, on=college.on, owner_mobile="13916392050")
    account.refresh_from_db()
    assert (account.owner_id, account.owner_name, account.owner_mobile) == (head.pk, head.name, "13916392050")
    former = AccountValue.objects.filter(account=account, field="owner_mobile").order_by("valid_until")
    assert [(one.value, one.valid_from, one.valid_until) for one in former] == [
        ("13916392047", account.opened_on, first_change),
        ("13916392049", first_change, college.on),
    ]
    entry = LedgerEntry.objects.filter(event="registry.account_changed").latest("sequence")
    assert "13916392050" not in entry.payload


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gaps=st.lists(st.integers(0, 400), min_size=1, max_size=6), asked=st.integers(-50, 2600))
def test_what_was_it_called_on_that_day(college: College, gaps: list[int], asked: int) -> None:
    """Whatever the changes, one name holds on each day, and it is the one that a plain reading gives."""
    opened = date(2020, 1, 1)
    account = MediaAccount(pk=1, name=f"名称{len(gaps)}", opened_on=opened)
    day, days = opened, []
    for gap in gaps:
        day += timedelta(days=gap)
        days.append(day)
    asked_on = opened + timedelta(days=asked)
    current = sum(change <= asked_on for change in days)
    expected = None if asked < 0 else f"名称{current}"
    rows = [
        AccountValue(
            institution=college.institution,
            field="name",
            value=f"名称{number}",
            valid_from=days[number - 1] if number else opened,
            valid_until=until,
        )
        for number, until in enumerate(days)
    ]
    real = MediaAccount.objects.first() or college.opened()
    filing = Filing.objects.first() or begun(college, real, on=college.on)
    AccountValue.objects.all().delete()
    for row in rows:
        row.account, row.filing = real, filing
        row.save()
    account.pk = real.pk
    assert value_on(account, "name", asked_on) == expected


def test_late_filing_is_taken_marked_and_counted(college: College, account: MediaAccount) -> None:
    changed = college.on - timedelta(days=10)
    filing = filed(college, account, on=changed, administrators="赵一")
    assert (filing.late_days, filing.due_on) == (3, changed + timedelta(days=7))
    assert chain_of_filing(college, filing).content["逾期"] == "3 天"
    assert list(late_filings(account, changed.year)) == [filing]
    assert not late_filings(account, changed.year - 1).exists()
    assert LedgerEntry.objects.get(event="registry.filing_submitted").data["late_days"] == 3


def test_in_time_once_stays_in_time_when_corrected(college: College, account: MediaAccount) -> None:
    chain = submitted(college, account, administrators="赵一")
    college.decide(chain, "head", Verdict.RETURN, "写全名。")
    later(college, 20)
    filing = Filing.objects.get(pk=chain.subject_id)
    services.submit_filing(filing_id=filing.pk, revision=filing.revision, **college.who("operator"))
    filing.refresh_from_db()
    assert filing.late_days == 0


def test_withdrawing_lets_the_clock_run_again(college: College, account: MediaAccount) -> None:
    changed = college.on
    chain = submitted(college, account, administrators="赵一")
    approvals.withdraw(
        institution_id=college.institution.pk,
        chain_id=chain.pk,
        person=college.people["operator"],
        reason="",
        now=college.now,
    )
    filing = Filing.objects.get(pk=chain.subject_id)
    assert (filing.state, deadline_of(filing).state, deadline_of(filing).started_on) == (
        "withdrawn",
        "running",
        changed,
    )
    later(college, 9)
    services.submit_filing(filing_id=filing.pk, revision=filing.revision, **college.who("operator"))
    filing.refresh_from_db()
    assert filing.late_days == 2


def test_another_day_of_the_change_moves_the_clock(college: College, account: MediaAccount) -> None:
    filing = begun(college, account, on=college.on)
    earlier = college.on - timedelta(days=2)
    services.save_filing(
        filing_id=filing.pk, revision=filing.revision, values={"changed_on": earlier}, **college.who("operator")
    )
    assert deadline_of(filing).started_on == earlier
    assert Deadline.objects.filter(subject_id=str(filing.pk), state="running").count() == 1


@pytest.mark.parametrize("days", [1, 400, -22])
def test_a_day_in_the_future_or_before_opening_is_refused(college: College, account: MediaAccount, days: int) -> None:
    with pytest.raises(ValidationError) as refused:
        services.start_filing(
            account_id=account.pk,
            kind=FilingKind.CHANGE,
            changed_on=college.on + timedelta(days=days),
            **college.who("operator"),
        )
    assert list(refused.value.message_dict) == ["changed_on"]
    assert not Filing.objects.exists()
    filing = begun(college, account)
    saved = services.save_filing(
        filing_id=filing.pk,
        revision=filing.revision,
        values={"changed_on": college.on + timedelta(days=days), "administrators": "赵一"},
        **college.who("operator"),
    )
    with pytest.raises(ValidationError) as late:
        services.submit_filing(filing_id=saved.pk, revision=saved.revision, **college.who("operator"))
    assert "changed_on" in late.value.message_dict


def test_a_second_filing_is_refused_with_the_first(college: College, account: MediaAccount) -> None:
    first = begun(college, account)
    for kind in (FilingKind.CHANGE, FilingKind.CLOSURE):
        with pytest.raises(services.FilingUnderWay) as refused:
            services.start_filing(account_id=account.pk, kind=kind, changed_on=college.on, **college.who("operator"))
        assert refused.value.filing_id == first.pk
    assert Filing.objects.count() == 1


def test_a_filing_while_suspended_is_taken_and_changes_nothing_about_running(
    college: College, account: MediaAccount
) -> None:
    services.suspend_account(
        account_id=account.pk,
        institution_id=college.institution.pk,
        reason=SuspensionReason.STOP_ORDER,
        text="责令停止。",
        **college.who("media"),
    )
    filed(college, account, administrators="赵一")
    account.refresh_from_db()
    assert (account.administrators, account.state, account.suspension_reason) == ("赵一", "suspended", "stop_order")


def test_nothing_changed_is_no_filing(college: College, account: MediaAccount) -> None:
    filing = begun(college, account, name=account.name)
    with pytest.raises(ValidationError) as refused:
        services.submit_filing(filing_id=filing.pk, revision=filing.revision, **college.who("operator"))
    assert "还没有改任何一项" in str(refused.value.message_dict)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "上海海关学院"}, "name"),
        ({"name": "海关学\u200b院资讯"}, "name"),
        ({"handle": "!!"}, "handle"),
        ({"owner_mobile": "123"}, "owner_mobile"),
        ({"owner_email": "nobody"}, "owner_email"),
        ({"name": ""}, "name"),
    ],
)
def test_new_values_are_judged_as_in_an_application(
    college: College, account: MediaAccount, values: dict[str, str], field: str
) -> None:
    filing = begun(college, account, **values)
    with pytest.raises(ValidationError) as refused:
        services.submit_filing(filing_id=filing.pk, revision=filing.revision, **college.who("operator"))
    assert field in refused.value.message_dict
    filing.refresh_from_db()
    assert filing.state == FilingState.DRAFT


def test_a_name_taken_meanwhile_stops_the_last_agreement(college: College, account: MediaAccount) -> None:
    chain = submitted(college, account, name="法律系学堂")
    college.opened("library_operator", "library", name="法律系学堂", handle="library_xuetang")
    college.decide(chain, "head")
    with pytest.raises(TransitionNotAllowed):
        college.decide(chain, "director")
    account.refresh_from_db()
    assert account.name == "法律系学习园地"


def test_strangers_and_forged_keys(college: College, account: MediaAccount) -> None:
    day = {"kind": FilingKind.CHANGE, "changed_on": college.on}
    with pytest.raises(PermissionDenied):
        services.start_filing(account_id=account.pk, **day, **college.who("library_operator"))
    with pytest.raises(MediaAccount.DoesNotExist):
        services.start_filing(account_id=10**9, **day, **college.who("operator"))
    filing = begun(college, account)
    for role in ("library_operator", "head"):
        with pytest.raises(PermissionDenied):
            services.save_filing(
                filing_id=filing.pk, revision=filing.revision, values={"name": "别的"}, **college.who(role)
            )
    with pytest.raises(PermissionDenied):
        services.take_up_filing(filing_id=filing.pk, **college.who("library_operator"))
    with pytest.raises(TransitionNotAllowed):
        services.save_filing(filing_id=filing.pk, revision=99, values={"name": "别的"}, **college.who("operator"))
    filing.refresh_from_db()
    assert filing.changes == {}


def closure(college: College, account: MediaAccount, **values: Any) -> Filing:
    return filed(college, account, kind=FilingKind.CLOSURE, **values)


def proof() -> SimpleUploadedFile:
    return SimpleUploadedFile("注销.pdf", PDF, "application/pdf")


def test_closure_waits_for_the_proof_and_then_closes(college: College, account: MediaAccount, client: Client) -> None:
    last_day = college.on - timedelta(days=2)
    filing = closure(college, account, on=last_day)
    account.refresh_from_db()
    assert account.state == "closing"
    with pytest.raises(TransitionNotAllowed):
        begun(college, account)
    later(college, 5)
    services.prove_closure(filing_id=filing.pk, upload=proof(), **college.who("operator"))
    account.refresh_from_db()
    assert (account.state, account.closed_on) == ("closed", last_day)
    assert "已停办" in client.get(reverse("directory:account", args=[account.code])).content.decode()
    with pytest.raises(TransitionNotAllowed):
        services.prove_closure(filing_id=filing.pk, upload=proof(), **college.who("operator"))
    with pytest.raises(TransitionNotAllowed):
        begun(college, account)


def test_closure_with_the_proof_at_hand_closes_at_once(college: College, account: MediaAccount) -> None:
    filing = begun(college, account, kind=FilingKind.CLOSURE)
    services.attach_to_filing(filing_id=filing.pk, upload=proof(), kind="cancellation_proof", **college.who("operator"))
    services.submit_filing(filing_id=filing.pk, revision=filing.revision, **college.who("operator"))
    chain = chain_of_filing(college, filing)
    college.decide(chain, "head")
    college.decide(chain, "director")
    account.refresh_from_db()
    assert account.state == "closed"


@pytest.mark.parametrize("gap", ["followers_plan", "content_plan", "custody_returned", "custody_returned_to", "reason"])
def test_a_closure_settles_everything_first(college: College, account: MediaAccount, gap: str) -> None:
    filing = begun(college, account, kind=FilingKind.CLOSURE, **{gap: False if gap == "custody_returned" else ""})
    with pytest.raises(ValidationError) as refused:
        services.submit_filing(filing_id=filing.pk, revision=filing.revision, **college.who("operator"))
    assert gap in refused.value.message_dict


@pytest.fixture
def review_open() -> Iterator[None]:
    register("test", lambda _account, _on: [OpenTask("2026 年度年审", "/reviews/1/")])
    yield
    register("test", lambda _account, _on: [])


@pytest.mark.usefixtures("review_open")
def test_open_tasks_stand_against_a_closure_and_are_listed(college: College, account: MediaAccount) -> None:
    filing = begun(college, account, kind=FilingKind.CLOSURE)
    with pytest.raises(ValidationError) as refused:
        services.submit_filing(filing_id=filing.pk, revision=filing.revision, **college.who("operator"))
    assert "2026 年度年审" in str(refused.value.messages)


def test_a_change_that_the_office_noticed(college: College, account: MediaAccount) -> None:
    noticed = college.on
    filing = services.observe_change(
        account_id=account.pk, changed_on=noticed, text="头像和名称换了。", **college.who("media")
    )
    assert (filing.state, deadline_of(filing).started_on) == ("expected", noticed)
    assert Notice.objects.filter(person=college.people["operator"], text__contains="没有备案").exists()
    with pytest.raises(services.FilingUnderWay):
        services.observe_change(account_id=account.pk, changed_on=noticed, text="又变了。", **college.who("media"))
    with pytest.raises(PermissionDenied):
        services.observe_change(account_id=account.pk, changed_on=noticed, text="变了。", **college.who("operator"))
    later(college, 9)
    run_due(college.now)
    assert deadline_of(filing).ran_out_at is not None
    taken = services.take_up_filing(filing_id=filing.pk, **college.who("operator"))
    saved = services.save_filing(
        filing_id=taken.pk,
        revision=taken.revision,
        values={"name": "法律系学堂", "reason": "栏目调整。", "changed_on": college.on},
        **college.who("operator"),
    )
    done = services.submit_filing(filing_id=saved.pk, revision=saved.revision, **college.who("operator"))
    assert done.late_days == 2, "the day that the Office noticed counts, whatever the unit writes"


def test_drafts_are_removed_expected_ones_wait_again(college: College, account: MediaAccount) -> None:
    own = begun(college, account)
    services.discard_filing(filing_id=own.pk, **college.who("operator"))
    assert not Filing.objects.exists()
    assert Deadline.objects.get(subject_type="filing", subject_id=str(own.pk)).state == "cancelled"
    owed = services.observe_change(
        account_id=account.pk, changed_on=college.on, text="换了名称。", **college.who("media")
    )
    services.take_up_filing(filing_id=owed.pk, **college.who("operator"))
    services.discard_filing(filing_id=owed.pk, **college.who("operator"))
    owed.refresh_from_db()
    assert (owed.state, owed.applicant, deadline_of(owed).state) == ("expected", None, "running")
    services.drop_filing(filing_id=owed.pk, text="看错了。", **college.who("media"))
    owed.refresh_from_db()
    assert (owed.state, deadline_of(owed).state) == ("dropped", "cancelled")


def test_a_colleague_goes_on_with_a_draft(college: College, account: MediaAccount) -> None:
    account.owner = college.people["head"]
    account.save(update_fields=["owner"])
    filing = begun(college, account)
    taken = services.take_up_filing(filing_id=filing.pk, **college.who("head"))
    assert taken.applicant == college.people["head"]


@pytest.mark.parametrize(("role", "unit", "home"), [("monitor", "class", "secretary"), ("club", "club", "league")])
def test_third_tier_files_through_its_home_to_the_office(college: College, role: str, unit: str, home: str) -> None:
    college.complete_file({"class": "law", "club": "league"}[unit], {"class": "head", "club": "league"}[unit])
    opened = college.decide(college.submitted(role, unit, name="三级平台之声"), home)
    college.decide(opened, "media", Verdict.ACKNOWLEDGE)
    account = OpeningApplication.objects.get(pk=opened.subject_id).account
    assert account is not None
    filing = filed(college, account, role=role, administrators="赵一", deciders=(home, "director"))
    assert filing.state == "approved"
