"""Article 3 of the regulation of Shanghai Customs College."""

import pytest
from django.test import Client

from tests.support.college import College
from xianshen.regulation.selectors import policy_on

ARTICLE = 3
TEXT = "新媒体工作重点是面向社会、广大师生发布信息，通过互动，实现信息互通、问题收集、情况反馈等多项功能。"


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("directory.public")
def test_everybody_finds_an_account_without_signing_in(college: College, client: Client) -> None:
    account = college.opened()
    page = client.get("/directory/", {"q": account.name}).content.decode()
    assert account.name in page
    for private in (account.owner_mobile, account.owner_email, account.owner_name):
        assert private not in page
