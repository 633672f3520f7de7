"""Drafts hold what the policy offers: anything else is refused by field, and nothing is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from tests.factories.organisation import InstitutionFactory, PersonFactory
from tests.support.college import College
from xianshen.registry import services
from xianshen.registry.models import OpeningApplication


def save(college: College, draft: OpeningApplication, values: dict[str, Any]) -> OpeningApplication:
    return services.save_draft(
        grants=college.grants("operator"),
        application_id=draft.pk,
        revision=draft.revision,
        values=values,
        now=college.now,
    )


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("platform", "myspace"),
        ("audience", ["unit_students", "martians"]),
        ("audience", "martians"),
        ("in_name_of", "nobody"),
        ("data_service", "perhaps"),
        ("favourite_colour", "red"),
    ],
)
def test_a_value_that_nobody_offered_is_refused_and_the_draft_stays(college: College, code: str, value: object) -> None:
    draft = college.draft()
    before = OpeningApplication.objects.filter(pk=draft.pk).values().get()
    with pytest.raises(ValidationError) as refused:
        save(college, draft, {"name": "别的名称", code: value})
    assert set(refused.value.message_dict) == {code}
    assert OpeningApplication.objects.filter(pk=draft.pk).values().get() == before


def test_an_owner_of_another_institution_is_refused(college: College) -> None:
    draft = college.draft()
    stranger = PersonFactory(institution=InstitutionFactory(code="other"))
    with pytest.raises(ValidationError) as refused:
        save(college, draft, {"owner_id": stranger.pk})
    assert set(refused.value.message_dict) == {"owner_id"}


def test_a_draft_may_be_emptied(college: College) -> None:
    draft = save(college, college.draft(), {"platform": "", "audience": [], "data_service": None, "owner_id": None})
    assert (draft.platform, draft.audience, draft.data_service, draft.owner_id) == ("", [], None, None)


def test_a_forged_choice_shows_at_its_field_and_what_else_was_typed_is_kept(
    college: College, client_of: Callable[[Any], Client]
) -> None:
    draft = college.draft()
    answer = client_of(college.people["operator"]).post(
        reverse("registry:application_save", args=[draft.pk]),
        {"revision": draft.revision, "name": "法律系新名称", "platform": "myspace"},
    )
    assert answer.status_code == 422
    saved = OpeningApplication.objects.get(pk=draft.pk)
    assert (saved.name, saved.platform) == ("法律系新名称", "wechat_subscription")
    assert "没有这一项。从列出的里面选。" in answer.content.decode()
