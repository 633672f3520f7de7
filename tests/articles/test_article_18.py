"""Article 18 of the regulation of Shanghai Customs College."""

import pytest

from tests.support.college import College
from xianshen.common.errors import PermissionDenied
from xianshen.registry import services
from xianshen.registry.selectors import may_run
from xianshen.regulation.selectors import policy_on

ARTICLE = 18
TEXT = "新媒体各平台涉及校内数据服务的，服务器必须设置在校内，并按学校服务器管理有关规定报科技处审批。"


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("data_service.campus_server")
def test_an_account_with_a_data_service_waits_for_its_server(college: College) -> None:
    account = college.opened(data_service=True)
    answer = may_run(account, college.on)
    assert (account.state, answer.allowed, answer.rule) == ("applied", False, "data_service.campus_server")
    where = {"account_id": account.pk, "institution_id": college.institution.pk, "reference": "科技〔2026〕7号"}
    for role in ("operator", "head", "media"):
        with pytest.raises(PermissionDenied):
            services.activate_account(**where, **college.who(role))
    account = services.activate_account(**where, **college.who("scitech"))
    assert may_run(account, college.on).allowed
