"""Article 19 of the regulation of Shanghai Customs College."""

import pytest

from tests.support.college import College
from xianshen.common.errors import PermissionDenied
from xianshen.regulation import services
from xianshen.regulation.models import Interpretation
from xianshen.regulation.selectors import policy_on

ARTICLE = 19
TEXT = "本办法由办公室负责解释。"


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("regulation.interpretation")
def test_the_office_interprets_and_nobody_else(college: College) -> None:
    with pytest.raises(PermissionDenied):
        services.publish_interpretation(actor=college.actor("head"), article=8, text="试", now=college.now)
    assert not Interpretation.objects.exists()
    services.publish_interpretation(actor=college.actor("director"), article=8, text="含视频号。", now=college.now)
    assert Interpretation.objects.get().text == "含视频号。"
