"""Article 21 of the regulation of Shanghai Customs College."""

import pytest
from django.test import Client

from tests.support.college import College
from xianshen.regulation.selectors import policy_on

ARTICLE = 21
TEXT = (
    "本办法自公布之日起，原《上海海关学院关于规范信息载体管理工作的办法》中有关新媒体管理的相关规定废止，"
    "新媒体管理相关规定按本办法执行。"
)


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("regulation.repeals")
def test_the_text_names_what_it_repeals(college: College, client: Client) -> None:
    assert "关于规范信息载体管理工作的办法" in client.get("/regulation/").content.decode()
