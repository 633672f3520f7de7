"""Filings under another institution's pack: its form, its days, decided at home and reported, revoked by its office."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests.factories.filings import begun, chain_of_filing, submitted
from tests.packs.test_other_institution import group  # noqa: F401
from tests.packs.test_other_institution import submitted as applied
from tests.support.college import College
from xianshen.approvals.enums import Verdict
from xianshen.documents.models import IssuedDocument
from xianshen.registry import services
from xianshen.registry.models import AccountValue, Filing, MediaAccount
from xianshen.registry.selectors import value_on


@pytest.fixture
def ward_account(group: College) -> MediaAccount:  # noqa: F811
    """Return an account of the fourth tier, a month old, its opening acknowledged."""
    group.complete_file("clinic", "chief")
    chain = group.decide(applied(group, "ward_editor", "ward"), "chief")
    group.decide(chain, "publicity_head", Verdict.ACKNOWLEDGE)
    group.now += timedelta(days=30)
    return MediaAccount.objects.get()


def test_the_groups_form_and_working_days(group: College, ward_account: MediaAccount, run_tasks: Any) -> None:  # noqa: F811
    friday = date(2026, 10, 23)
    filing = begun(group, ward_account, role="ward_editor", on=friday, name="病区健康课堂")
    with pytest.raises(ValidationError) as lacking:
        services.submit_filing(filing_id=filing.pk, revision=filing.revision, **group.who("ward_editor"))
    assert set(lacking.value.message_dict) == {"ethics_officer"}
    saved = services.save_filing(
        filing_id=filing.pk,
        revision=filing.revision,
        values={"ethics_officer": "沈伦理", "reason": "改名"},
        **group.who("ward_editor"),
    )
    with pytest.raises(ValidationError) as short:
        services.submit_filing(filing_id=saved.pk, revision=saved.revision, **group.who("ward_editor"))
    assert set(short.value.message_dict) == {"reason"}
    saved = services.save_filing(
        filing_id=saved.pk, revision=saved.revision, values={"reason": "科室合并改名。"}, **group.who("ward_editor")
    )
    done = services.submit_filing(filing_id=saved.pk, revision=saved.revision, **group.who("ward_editor"))
    assert (done.due_on, done.late_days) == (date(2026, 10, 28), (group.on - date(2026, 10, 28)).days)
    group.decide(chain_of_filing(group, done), "chief")
    run_tasks()
    assert IssuedDocument.objects.get(form_code="change_sheet").title == "病区健康课堂"


def test_the_office_revokes_and_everything_is_as_before(group: College, ward_account: MediaAccount) -> None:  # noqa: F811
    chain = submitted(
        group, ward_account, role="ward_editor", name="病区健康课堂", ethics_officer="沈伦理", reason="科室合并改名。"
    )
    group.decide(chain, "chief")
    ward_account.refresh_from_db()
    assert ward_account.name == "病区健康课堂"
    group.decide(chain, "publicity_head", Verdict.REVOKE, "名称没有报集团。")
    ward_account.refresh_from_db()
    assert (ward_account.name, Filing.objects.get().state) == ("心内科健康课堂", "revoked")
    assert not AccountValue.objects.exists()
    assert value_on(ward_account, "name", group.on) == "心内科健康课堂"
    assert not IssuedDocument.objects.filter(form_code="change_sheet", state="issued").exists()
