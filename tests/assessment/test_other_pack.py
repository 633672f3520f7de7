"""Another institution reviews its accounts under its own pack: other tiers, steps, form and dates, no code changed."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.assessment.conftest import Reviewing
from tests.support.hospitals import build_group
from xianshen.assessment import services
from xianshen.documents.models import IssuedDocument

SPRING = datetime(2026, 4, 1, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def group(db: None) -> Reviewing:
    """Return the hospital group in spring, three months before its own deadline."""
    return Reviewing(build_group(SPRING))


def test_hospital_goes_through_three_opinions_on_its_own_form(group: Reviewing) -> None:
    account = group.account("第一医院", unit="hospital", owner="hospital_editor", platform="wechat_subscription")
    late = group.account("新科室", unit="clinic", owner="clinic_editor", opened_on=date(2026, 4, 1))
    campaign = services.open_campaign(year=2026, **group.college.who("publicity_head"))
    assert campaign.due_on == date(2026, 6, 30)
    assert group.review(late).state == "exempt"
    who = group.college.who("hospital_editor")
    upload = SimpleUploadedFile("清单.csv", "日期,标题\n2026-02-01,义诊\n".encode())
    services.store_push_list(review_id=group.review(account).pk, upload=upload, **who)
    review = group.review(account)
    values = {"violations": "无", "privacy_check": "逐篇核对，没有患者信息。"}
    services.save_review(review_id=review.pk, revision=review.revision, values=values, reasons={}, **who)
    chain = group.submit(account, "hospital_editor")
    assert chain.content["患者隐私自查"] == "逐篇核对，没有患者信息。"
    group.decide(account, "president")
    assert group.review(account).state == "unit"
    group.decide(account, "it_head")
    assert group.review(account).state == "office"
    group.decide(account, "publicity_head", result="passed")
    assert group.review(account).state == "passed"
    document = IssuedDocument.objects.get()
    assert (document.form_title, document.data["content"]["opinions"]["group"]["text"]) == (
        "临海医疗集团互联网账号自查表",
        "年审合格。",
    )
