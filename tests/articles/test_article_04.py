"""Article 4 of the regulation of Shanghai Customs College."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from tests.factories.organisation import PersonFactory
from tests.support.college import College
from xianshen.common.errors import PermissionDenied
from xianshen.registry import services
from xianshen.registry.checks import check_application
from xianshen.registry.models import OpeningApplication
from xianshen.regulation.selectors import policy_on

ARTICLE = 4
TEXT = "任何个人未经授权不得以学校以及其它各类校内组织名义开办新媒体。"


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("account.authorised_only")
def test_nobody_applies_for_a_unit_without_a_position_in_it(college: College) -> None:
    college.people["stranger"] = PersonFactory(institution=college.institution)
    for role in ("stranger", "library_operator"):
        with pytest.raises(PermissionDenied) as refusal:
            services.start_draft(unit_id=college.units["law"].pk, **college.who(role))
        assert refusal.value.rule == "account.authorised_only"
    assert not OpeningApplication.objects.exists()


@pytest.mark.rule("name.reserved")
@pytest.mark.rule("name.lookalike")
@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("上海海关学院", "name.reserved"),
        ("上海海\u200b关学院法律系", "name.lookalike"),
        ("法律系\u202e园地", "name.lookalike"),
    ],
)
def test_the_schools_name_is_not_taken_or_imitated(college: College, name: str, rule: str) -> None:
    draft = college.draft(name=name)
    report = check_application(draft, policy_on(college.institution.pk, college.on), college.on)
    assert rule in {check.rule for check in report.blocking}
    with pytest.raises(ValidationError) as refusal:
        services.submit_application(application_id=draft.pk, revision=draft.revision, **college.who("operator"))
    assert "name" in refusal.value.message_dict


@pytest.mark.rule("impostor.report")
def test_anybody_reports_an_impostor_without_signing_in(college: College, client: Client) -> None:
    assert client.get("/directory/report/").status_code == 200
