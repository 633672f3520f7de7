"""The way to withdraw a document, beside the document, for those who may."""

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

from tests.support.college import College
from xianshen.documents.models import IssuedDocument


def test_whoever_may_withdraw_a_document_finds_the_way_beside_it(
    college: College, client_of: Callable[[Any], Client]
) -> None:
    account = college.opened()
    code = IssuedDocument.objects.get().code
    page = reverse("registry:account", args=[account.pk])
    address = reverse("documents:withdraw", args=[code])
    assert address not in client_of(college.people["operator"]).get(page).content.decode()
    office = client_of(college.people["media"])
    shown = office.get(page).content.decode()
    assert f'action="{address}"' in shown
    assert f'<dialog class="xs-modal" id="withdraw-{code}"' in shown
    away = office.post(address, {"reason": "", "next": "https://evil.example/"})
    assert (away.status_code, IssuedDocument.objects.get().withdrawn_reason) == (200, "")
    told = office.post(address, {"reason": "填错了主办单位。", "next": page}, follow=True)
    assert told.redirect_chain == [(page, 302)]
    assert "已撤回" in told.content.decode()
    assert address not in told.content.decode()
    assert IssuedDocument.objects.get().withdrawn_reason == "填错了主办单位。"


def test_nobody_is_led_to_another_site(college: College, client_of: Callable[[Any], Client]) -> None:
    college.opened()
    address = reverse("documents:withdraw", args=[IssuedDocument.objects.get().code])
    told = client_of(college.people["media"]).post(address, {"reason": "错了。", "next": "https://evil.example/"})
    assert told["Location"] == address
