"""An expired sign-in in the middle of a form: nothing typed is lost, and nothing reaches anybody else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories.organisation import PASSWORD, PersonFactory
from xianshen.web import kept

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.web.urls")]
SignIn = Callable[[Any], Client]
TYPED = {"name": "法律系", "text": "第一行\n第二行 <script>", "who": ["a", "b"]}


@pytest.fixture
def person(member: Any) -> Any:
    member.set_password(PASSWORD)
    member.save()
    return member


@pytest.fixture
def expired(client_of: SignIn, person: Any) -> Client:
    """Return a client whose person was signed in, filled in a form, and lost the session."""
    client = client_of(person)
    assert client.get("/test/form/").status_code == 200
    client.session.delete()
    return client


def sign_in(client: Client, person: Any, **more: str) -> Any:
    return client.post(reverse("account_login"), {"login": person.username, "password": PASSWORD, **more})


def offered(client: Client) -> kept.KeptForm | None:
    response = client.get("/continue/")
    assert response.status_code == 200
    form: kept.KeptForm | None = response.context["form"]
    return form


def test_a_form_posted_after_expiry_is_offered_again_after_sign_in(expired: Client, person: Any, clean: Any) -> None:
    response = expired.post("/test/form/?step=2", TYPED)
    assert response.status_code == 302
    assert response.headers["Location"] == f"{reverse('account_login')}?next=/continue/"

    response = sign_in(expired, person, next="/continue/")
    assert response.headers["Location"] == "/continue/"

    page = expired.get("/continue/")
    html = clean(page)
    assert "刚才填的内容还在" in html
    assert 'action="/test/form/?step=2"' in html
    form = page.context["form"]
    assert form.fields == [("name", "法律系"), ("text", "第一行\n第二行 <script>"), ("who", "a"), ("who", "b")]

    arrived = expired.post(form.path, {"name": "法律系", "who": ["a", "b"]}).content.decode()
    assert arrived == f"{person.username}: name=法律系|who=a|who=b files: "


def test_the_kept_form_is_gone_once_it_was_sent(expired: Client, person: Any) -> None:
    expired.post("/test/form/", TYPED)
    sign_in(expired, person)
    form = offered(expired)
    assert form is not None
    expired.post(form.path, TYPED)
    assert offered(expired) is None


def test_somebody_else_who_signs_in_gets_nothing(expired: Client, person: Any) -> None:
    other = PersonFactory(institution=person.institution, password=True)
    expired.post("/test/form/", TYPED)
    sign_in(expired, other)
    assert offered(expired) is None
    expired.post(reverse("account_logout"))
    sign_in(expired, person)
    assert offered(expired) is None


def test_the_kept_form_lives_thirty_minutes(expired: Client, person: Any) -> None:
    expired.post("/test/form/", TYPED)
    sign_in(expired, person)
    assert offered(expired) is not None
    session = expired.session
    stored = session[kept.SESSION_KEY]
    stored["at"] = (timezone.now() - kept.KEEP_FOR - timedelta(seconds=1)).isoformat()
    session[kept.SESSION_KEY] = stored
    session.save()
    assert offered(expired) is None
    assert kept.SESSION_KEY not in expired.session


def test_passwords_codes_and_tokens_are_not_stored(expired: Client) -> None:
    expired.post("/test/form/", {**TYPED, "password": "geheim", "otp": "123456", "csrfmiddlewaretoken": "t" * 64})
    stored = str(dict(expired.session))
    assert "geheim" not in stored
    assert "123456" not in stored
    assert "t" * 64 not in stored
    assert "法律系" in stored


def test_files_have_to_be_chosen_again(expired: Client, person: Any) -> None:
    expired.post("/test/form/", {**TYPED, "proof": SimpleUploadedFile("a.pdf", b"%PDF-1.7 geheim")})
    assert "geheim" not in str(dict(expired.session))
    sign_in(expired, person)
    html = expired.get("/continue/").content.decode()
    assert 'type="file" name="proof"' in html
    assert 'enctype="multipart/form-data"' in html


def test_what_is_too_long_is_not_stored_but_said(expired: Client) -> None:
    response = expired.post("/test/form/", {"text": "字" * kept.LIMIT}, follow=True)
    assert kept.SESSION_KEY not in expired.session
    assert "没有留住" in response.content.decode()


def test_strangers_cannot_fill_the_store(client: Client) -> None:
    response = client.post("/test/form/", TYPED)
    assert response.status_code == 302
    assert kept.SESSION_KEY not in client.session


def test_a_forged_owner_cookie_is_worth_nothing(client: Client, person: Any) -> None:
    client.cookies[kept.OWNER_COOKIE] = str(person.pk)
    client.post("/test/form/", TYPED)
    assert kept.SESSION_KEY not in client.session


def test_htmx_is_told_to_sign_in_elsewhere_and_keeps_its_page(expired: Client) -> None:
    response = expired.post("/test/form/", TYPED, headers={"HX-Request": "true"})
    assert response.status_code == 401
    assert response.headers["HX-Retarget"] == "#toasts"
    html = response.content.decode()
    assert "登录已过期" in html
    assert 'target="_blank"' in html
    assert kept.SESSION_KEY not in expired.session


def test_reading_pages_after_expiry_only_asks_to_sign_in(expired: Client) -> None:
    response = expired.get("/test/form/")
    assert response.headers["Location"].startswith(f"{reverse('account_login')}?next=")
    assert kept.SESSION_KEY not in expired.session
