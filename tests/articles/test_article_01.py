"""Article 1 of the regulation of Shanghai Customs College."""

import pytest
from django.test import Client

from tests.support.college import College
from xianshen.regulation.selectors import policy_on

ARTICLE = 1
TEXT = (
    "为深入贯彻习近平总书记在网络安全和信息化工作座谈会上的重要讲话精神，规范我校新媒体管理，更好地发挥新"
    "媒体在我校新闻宣传、舆论引导、信息公开和提供各项服务等方面的重要作用，根据国家互联网信息办公室《即时"
    "通信工具公众信息服务发展管理暂行规定》、海关总署办公厅《海关新媒体运用管理办法》、教育部《关于进一步"
    "加强高等学校网络建设和管理工作的意见》等有关文件精神，结合我校实际情况，制定本办法。"
)


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("regulation.basis")
def test_public_text_names_the_documents_it_rests_on(college: College, client: Client) -> None:
    page = client.get("/regulation/").content.decode()
    for title in ("即时通信工具公众信息服务发展管理暂行规定", "海关新媒体运用管理办法"):
        assert title in page
