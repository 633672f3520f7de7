"""A database that is locked, full or read-only in the middle of a request: 503, one line of why, nothing lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories.organisation import PASSWORD
from tests.support.college import VALUES, College, build_college
from xianshen.approvals.selectors import current_step
from xianshen.ledger.models import LedgerEntry
from xianshen.registry.models import OpeningApplication

ClientOf = Callable[[Any], Client]
CAUSES = ["database is locked", "database or disk is full", "attempt to write a readonly database"]


@contextmanager
def refusing_writes(cause: str) -> Iterator[None]:
    """Let every statement that writes fail as the database would."""

    def refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            raise OperationalError(cause)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield


@pytest.fixture
def college_today(db: None) -> College:
    return build_college(timezone.now())


@pytest.mark.parametrize("cause", CAUSES)
def test_sign_in(college_today: College, cause: str) -> None:
    client = Client(raise_request_exception=False)
    typed = {"login": college_today.people["operator"].username, "password": PASSWORD}
    with refusing_writes(cause):
        response = client.post(reverse("account_login"), typed)
    html = response.content.decode()
    assert response.status_code == 503
    assert "现在存不进去" in html
    assert typed["login"] in html
    assert PASSWORD not in html
    assert client.post(reverse("account_login"), typed).status_code == 302


@pytest.mark.parametrize("cause", CAUSES)
def test_a_decision(college_today: College, client_of: ClientOf, cause: str) -> None:
    chain = college_today.submitted()
    college_today.complete_file()
    client = client_of(college_today.people["head"])
    client.raise_request_exception = False
    step = current_step(chain)
    assert step is not None
    typed = {"step": step.pk, "digest": chain.digest, "verdict": "agree", "text": "同意，写了很久", "secret": PASSWORD}
    before = LedgerEntry.objects.count()
    with refusing_writes(cause):
        response = client.post(f"/approvals/{chain.pk}/decide/", typed)
    html = response.content.decode()
    assert response.status_code == 503
    assert "同意，写了很久" in html
    assert PASSWORD not in html
    assert LedgerEntry.objects.count() == before
    assert current_step(college_today.chain(OpeningApplication.objects.get(pk=chain.subject_id))) == step
    assert client.post(f"/approvals/{chain.pk}/decide/", typed).status_code == 302


@pytest.mark.parametrize("act", ["save", "submit"])
def test_an_application(college_today: College, client_of: ClientOf, act: str) -> None:
    application = college_today.draft()
    client = client_of(college_today.people["operator"])
    client.raise_request_exception = False
    typed = {**VALUES, "data_service": "false", "revision": application.revision, "name": "写了一半的名称"}
    with refusing_writes(CAUSES[1]):
        response = client.post(f"/applications/{application.pk}/{act}/", typed)
    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert "写了一半的名称" in response.content.decode()
    application.refresh_from_db()
    assert application.name == VALUES["name"]


def test_a_report_by_somebody_not_signed_in(college_today: College) -> None:
    client = Client(raise_request_exception=False)
    with refusing_writes(CAUSES[0]):
        response = client.post("/directory/report/", {"name": "冒充号", "text": "以学校名义收费"})
    assert response.status_code == 503
    assert "以学校名义收费" in response.content.decode()


def test_reading_goes_on(college_today: College, client_of: ClientOf) -> None:
    account = college_today.opened()
    client = client_of(college_today.people["media"])
    with refusing_writes(CAUSES[2]):
        for path in ("/", "/accounts/", f"/accounts/{account.pk}/", "/directory/", "/healthz", "/api/v1/accounts"):
            assert client.get(path).status_code == 200, path
