"""Article 18 of the regulation of Shanghai Customs College."""

from datetime import timedelta

import pytest

from tests.support.college import College
from tests.support.names import name_server
from xianshen.approvals.selectors import rounds_of
from xianshen.clocks.services import run_due
from xianshen.registry import services
from xianshen.registry.models import MediaAccount
from xianshen.registry.selectors import may_run
from xianshen.registry.servers import SERVER_FILING_TYPE
from xianshen.registry.tasks import look_up_again
from xianshen.regulation.selectors import policy_on

ARTICLE = 18
TEXT = "新媒体各平台涉及校内数据服务的，服务器必须设置在校内，并按学校服务器管理有关规定报科技处审批。"
FACTS = services.ServerFacts(
    service="成绩查询",
    addresses="cx.shcc.example",
    location="数据中心机房",
    data_kept="学号、姓名和成绩。",
    personal_information="sensitive",
    technician_name="秦工",
    technician_mobile="13800001831",
    technician_email="it@shcc.example",
)


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("data_service.campus_server")
def test_an_account_with_a_data_service_runs_while_its_server_on_campus_is_approved(college: College) -> None:
    account = college.opened(data_service=True)
    answer = may_run(account, college.on)
    assert (account.state, answer.allowed, answer.rule) == ("applied", False, "data_service.campus_server")
    with name_server({"cx.shcc.example": ["10.20.3.15"]}):
        filing = services.file_servers(account_id=account.pk, facts=FACTS, **college.who("operator"))
        look_up_again(college.now)
    for role in ("head", "scitech"):
        college.decide(rounds_of(college.institution.pk, SERVER_FILING_TYPE, str(filing.pk))[0], role)
    account = MediaAccount.objects.get(pk=account.pk)
    assert may_run(account, college.on).allowed
    assert account.server_valid_until is not None
    run_due(college.now + (account.server_valid_until - college.on) + timedelta(days=1))
    account.refresh_from_db()
    answer = may_run(account, account.state_since)
    assert (account.state, answer.allowed, answer.rule) == ("suspended", False, "data_service.campus_server")
