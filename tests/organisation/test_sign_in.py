"""Signing in, being locked out, choosing one's own password, second factor, signing."""

import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.totp.internal.auth import yield_hotp_counters_from_time as counters
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories.organisation import PASSWORD
from tests.organisation.conftest import School
from tests.support.copies import copied_database, working_on
from xianshen.ledger.models import LedgerEntry
from xianshen.organisation import services
from xianshen.organisation.enums import AttemptPurpose
from xianshen.organisation.models import ImportDraft, Lockout, Person
from xianshen.organisation.services import sign_in
from xianshen.organisation.tasks import forget_expired

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
NEW_PASSWORD = "chuanghu-zhuozi-9"


def try_login(client: Client, username: str, password: str, **extra: Any) -> Any:
    return client.post(reverse("account_login"), {"login": username, "password": password}, **extra)


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def events() -> list[str]:
    return list(LedgerEntry.objects.order_by("sequence").values_list("event", flat=True))


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(counters()))))


@pytest.fixture
def secret(school: School) -> str:
    """Enrol the head of department's second factor and return its secret."""
    made = generate_totp_secret()
    TOTP.activate(school.head, made)
    return made


def test_sign_in_and_out_are_recorded(school: School, client: Client) -> None:
    response = try_login(client, "SHCC-Head", PASSWORD)
    assert response.status_code == 302
    assert response["Location"] == "/"
    assert signed_in(client)
    client.post(reverse("account_logout"))
    assert not signed_in(client)
    entries = list(LedgerEntry.objects.order_by("sequence"))
    assert [entry.event for entry in entries] == ["organisation.signed_in", "organisation.signed_out"]
    assert {(entry.actor_name, entry.actor_position, entry.actor_unit) for entry in entries} == {
        ("李主任", "系主任", "法律系")
    }


def test_sign_out_needs_a_post(school: School, client: Client) -> None:
    client.force_login(school.head)
    response = client.get(reverse("account_logout"))
    assert response.status_code == 200
    assert signed_in(client)


def test_wrong_password_and_unknown_name_are_answered_alike(school: School, client: Client) -> None:
    answers = []
    for username in ("shcc-head", "nobody-here"):
        response = try_login(client, username, "wrong-password-1")
        assert response.status_code == 200
        assert not signed_in(client)
        answers.append(re.findall(r"用户名或密码不对[^<]*", response.content.decode())[0])
    assert answers[0] == answers[1]
    assert events() == []


def test_person_who_may_not_sign_in_is_told_so_only_with_the_right_password(school: School, client: Client) -> None:
    Person.objects.filter(pk=school.head.pk).update(is_active=False)
    assert try_login(client, "shcc-head", "wrong-password-1").status_code == 200
    response = try_login(client, "shcc-head", PASSWORD)
    assert response["Location"] == reverse("account_inactive")
    assert not signed_in(client)
    assert "已停用登录" in client.get(response["Location"]).content.decode()


def test_session_ends_when_the_person_is_shut_out(school: School, client: Client, now: datetime) -> None:
    client.force_login(school.head)
    services.deactivate_person(
        actor=school.actor(school.manager, now), person_id=school.head.pk, reason="调离", now=now
    )
    assert client.get(reverse("account_change_password")).status_code == 302


def test_five_failures_lock_even_the_right_password_and_are_recorded_once(school: School, client: Client) -> None:
    for _n in range(5):
        assert "用户名或密码不对" in try_login(client, "shcc-head", "wrong-password-1").content.decode()
    for password in (PASSWORD, "wrong-password-1", PASSWORD):
        assert "暂时锁定" in try_login(client, "SHCC-HEAD", password).content.decode()
    assert not signed_in(client)
    entry = LedgerEntry.objects.get()
    assert (entry.event, entry.subject_label, entry.actor_kind) == ("organisation.locked_out", "李主任", "public")
    assert signed_in_after(client, "shcc-manager"), "others are not locked"


def signed_in_after(client: Client, username: str) -> bool:
    try_login(client, username, PASSWORD)
    return signed_in(client)


def test_unknown_name_is_locked_too_and_never_recorded(school: School, client: Client) -> None:
    for _n in range(6):
        response = try_login(client, "my-secret-typed-here", "wrong-password-1")
    assert "暂时锁定" in response.content.decode()
    entry = LedgerEntry.objects.get()
    assert "my-secret" not in entry.payload + entry.subject_label
    assert entry.subject_type == "organisation.institution"


def test_success_does_not_wipe_earlier_failures(school: School, client: Client) -> None:
    for _n in range(4):
        try_login(client, "shcc-head", "wrong-password-1")
    try_login(client, "shcc-head", PASSWORD)
    assert signed_in(client)
    client.logout()
    try_login(client, "shcc-head", "wrong-password-1")
    assert "暂时锁定" in try_login(client, "shcc-head", PASSWORD).content.decode()


def test_lock_ends_after_its_time(school: School) -> None:
    start = timezone.now()

    def attempt(at: datetime) -> None:
        services.begin_attempt(
            purpose=AttemptPurpose.SIGN_IN, subject="x", institution=school.institution, person=None, now=at
        )

    for _n in range(5):
        attempt(start)
    with pytest.raises(services.LockedOut) as locked:
        attempt(start)
    assert locked.value.until == start + sign_in.WINDOW
    with pytest.raises(services.LockedOut):
        attempt(start + sign_in.WINDOW - timedelta(seconds=1))
    attempt(start + sign_in.WINDOW)
    assert Lockout.objects.get().failures == 1


def test_failures_spread_over_time_do_not_lock(school: School) -> None:
    start = timezone.now()
    for n in range(20):
        services.begin_attempt(
            purpose=AttemptPurpose.SIGN_IN,
            subject="x",
            institution=school.institution,
            person=None,
            now=start + n * timedelta(minutes=3),
        )
    assert events() == []


def test_address_is_locked_after_many_names(school: School, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sign_in.LIMITS, AttemptPurpose.ADDRESS, 3)
    for n in range(3):
        try_login(client, f"guess{n}", "wrong-password-1")
    assert "暂时锁定" in try_login(client, "shcc-head", PASSWORD).content.decode()
    assert not signed_in(client)
    other = Client(REMOTE_ADDR="10.9.9.9")
    assert signed_in_after(other, "shcc-head")


CHILD = """
import django; django.setup()
from django.utils import timezone
from xianshen.organisation import services
from xianshen.organisation.enums import AttemptPurpose
from xianshen.organisation.models import Institution
institution, allowed = Institution.objects.get(), 0
for _n in range(4):
    try:
        services.begin_attempt(purpose=AttemptPurpose.SIGN_IN, subject="x", institution=institution, person=None,
                               now=timezone.now())
        allowed += 1
    except services.LockedOut:
        pass
print(allowed)
"""


@pytest.mark.django_db(transaction=True)
def test_processes_share_the_count(school: School, tmp_path: Path) -> None:
    with copied_database(tmp_path) as copy:
        environment = {
            **os.environ,
            "DATABASE_URL": copy.url,
            "DJANGO_SETTINGS_MODULE": "xianshen.settings",
            "PYTHONPATH": str(ROOT / "src"),
            "XIANSHEN_DATA": str(tmp_path),
            "XIANSHEN_SECRET_KEY": "the same for every process",
        }
        command = [sys.executable, "-c", CHILD]
        children = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _n in range(3)]
        allowed = [int(child.communicate(timeout=120)[0]) for child in children]
        with working_on(copy):
            assert sum(allowed) == 5
            assert events() == ["organisation.locked_out"]


def test_office_unlocks_by_setting_a_one_time_password(school: School, client: Client, now: datetime) -> None:
    for _n in range(6):
        try_login(client, "shcc-head", "wrong-password-1")
    given = services.set_one_time_password(
        actor=school.actor(school.manager, timezone.now()), person_id=school.head.pk, now=timezone.now()
    )
    try_login(client, "shcc-head", given)
    assert signed_in(client)


def test_one_time_password_leads_to_ones_own_before_anything_else(school: School, client: Client) -> None:
    given = services.set_one_time_password(
        actor=school.actor(school.manager, timezone.now()), person_id=school.head.pk, now=timezone.now()
    )
    try_login(client, "shcc-head", given)
    change = reverse("account_change_password")
    assert client.get("/").headers["Location"] == change
    assert client.get("/", headers={"hx-request": "true"}).headers["HX-Redirect"] == change
    assert client.get("/healthz").status_code == 200
    page = client.get(change).content.decode()
    assert "先设自己的密码" in page

    def change_to(password: str) -> Any:
        values = {"oldpassword": given, "password1": password, "password2": password}
        return client.post(change, values)

    assert "新密码和现在的相同" in change_to(given).content.decode()
    assert change_to("short").status_code == 200
    assert Person.objects.get(pk=school.head.pk).must_change_password
    assert change_to(NEW_PASSWORD).status_code == 302
    assert signed_in(client)
    assert client.get(change).status_code == 200
    person = Person.objects.get(pk=school.head.pk)
    assert person.check_password(NEW_PASSWORD)
    assert not person.must_change_password
    assert events()[-1] == "organisation.password_changed"


def test_changing_the_password_ends_other_sessions_and_needs_the_old_one(school: School, client: Client) -> None:
    other = Client()
    for one in (client, other):
        try_login(one, "shcc-head", PASSWORD)
    change = reverse("account_change_password")
    values = {"oldpassword": "wrong-password-1", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert "现在的密码不对" in client.post(change, values).content.decode()
    client.post(change, values | {"oldpassword": PASSWORD})
    assert client.get(change).status_code == 200
    assert other.get(change).status_code == 302


def test_nobody_signs_up_and_forgotten_passwords_go_to_the_office(school: School, client: Client) -> None:
    before = Person.objects.count()
    for name in ("account_signup", "account_reset_password"):
        page = client.get(reverse(name))
        assert page.status_code == 200
        assert "一次性密码" in page.content.decode()
        assert client.post(reverse(name), {"username": "new", "email": "a@b.cn"}).status_code == 405
    assert Person.objects.count() == before


@pytest.mark.parametrize("target", ("https://evil.example/", "//evil.example", "javascript:alert(1)"))
def test_sign_in_never_leads_away(school: School, client: Client, target: str) -> None:
    values = {"login": "shcc-head", "password": PASSWORD, "next": target}
    assert client.post(reverse("account_login"), values).headers["Location"] == "/"


@pytest.mark.parametrize("username", ("x" * 10_000, "\x00", "<script>alert(1)</script>", "😀", "' OR 1=1 --"))
def test_strange_user_names_are_simply_wrong(school: School, client: Client, username: str) -> None:
    response = try_login(client, username, "wrong-password-1")
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()
    assert not signed_in(client)


def test_sign_in_with_second_factor_needs_the_code(school: School, client: Client, secret: str) -> None:
    response = try_login(client, "shcc-head", PASSWORD)
    assert response["Location"] == reverse("mfa_authenticate")
    assert not signed_in(client)
    assert events() == []
    assert "动态口令不对" in client.post(response["Location"], {"code": "000000"}).content.decode()
    client.post(response["Location"], {"code": code_of(secret)})
    assert signed_in(client)
    assert events() == ["organisation.signed_in"]


@pytest.mark.django_db(transaction=True)
def test_second_factor_is_enrolled_and_removed_on_its_pages(school: School, client: Client) -> None:
    try_login(client, "shcc-head", PASSWORD)
    assert "两步验证没有启用" in client.get(reverse("mfa_index")).content.decode()
    activate = reverse("mfa_activate_totp")
    asked = client.get(activate)
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    values = {"password": "wrong-password-1", "next": activate}
    assert "密码不对" in client.post(asked["Location"], values).content.decode()
    assert client.post(asked["Location"], values | {"password": PASSWORD})["Location"] == activate
    page = client.get(activate).content.decode()
    shown = re.search(r"<code[^>]*>([A-Z2-7]{32})</code>", page)
    assert shown is not None
    response = client.post(reverse("mfa_activate_totp"), {"code": code_of(shown[1])}, follow=True)
    assert "个恢复码" in response.content.decode()
    stored = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert shown[1] not in str(stored.data), "the secret is stored encrypted"
    assert "两步验证已启用" in client.get(reverse("mfa_index")).content.decode()
    assert client.get(reverse("mfa_download_recovery_codes")).status_code == 200
    for name in ("mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_deactivate_totp"):
        assert client.get(reverse(name)).status_code == 200
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.exists()
    assert events()[1:] == [
        "organisation.second_factor_added",
        "organisation.second_factor_added",
        "organisation.second_factor_removed",
        "organisation.second_factor_removed",
    ]


def test_reauthentication_pages_answer(school: School, client: Client, secret: str) -> None:
    client.force_login(school.head)
    for name in ("account_reauthenticate", "mfa_reauthenticate"):
        assert client.get(reverse(name)).status_code == 200


class TestSigning:
    """Proving again who one is, just before signing."""

    def test_the_right_password_signs(self, school: School, now: datetime) -> None:
        assert services.check_signing_secret(school.head, PASSWORD, now=now) == "password"
        assert services.verify_signature_secret(school.head, password=PASSWORD, now=now)
        assert Lockout.objects.get().failures == 0

    @pytest.mark.parametrize("typed", ("", "wrong", PASSWORD + " ", "\x00", "长" * 10_000))
    def test_anything_else_does_not(self, school: School, now: datetime, typed: str) -> None:
        with pytest.raises(ValidationError) as refused:
            services.check_signing_secret(school.head, typed, now=now)
        assert "登录密码不对" in refused.value.message_dict["secret"][0]
        assert not services.verify_signature_secret(school.head, password=typed, now=now)

    def test_it_cannot_be_guessed(self, school: School, now: datetime) -> None:
        for n in range(5):
            assert not services.verify_signature_secret(school.head, password=f"guess-{n}", now=now)
        with pytest.raises(services.LockedOut) as locked:
            services.check_signing_secret(school.head, PASSWORD, now=now)
        assert "暂时锁定" in locked.value.message_dict["secret"][0]
        assert events() == ["organisation.locked_out"]
        assert services.verify_signature_secret(school.manager, password=PASSWORD, now=now), "others still sign"
        assert services.verify_signature_secret(school.head, password=PASSWORD, now=now + sign_in.WINDOW)

    def test_lock_of_signing_is_not_a_lock_of_sign_in(self, school: School, now: datetime, client: Client) -> None:
        for n in range(6):
            services.verify_signature_secret(school.head, password=f"guess-{n}", now=timezone.now())
        try_login(client, "shcc-head", PASSWORD)
        assert signed_in(client)

    def test_who_enrolled_signs_with_the_code_and_not_with_the_password(
        self, school: School, now: datetime, secret: str
    ) -> None:
        assert services.signing_method(school.head) == "otp"
        assert not services.verify_signature_secret(school.head, password=PASSWORD, now=now)
        assert not services.verify_signature_secret(school.head, otp="000000", now=now)
        code = code_of(secret)
        assert services.check_signing_secret(school.head, code, now=now) == "otp"
        assert not services.verify_signature_secret(school.head, otp=code, now=now), "a code works once"

    def test_a_recovery_code_does_not_sign(self, school: School, now: datetime, secret: str) -> None:
        from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

        codes = RecoveryCodes.activate(school.head).get_unused_codes()
        assert not services.verify_signature_secret(school.head, otp=codes[0], now=now)


def test_expired_counts_and_forgotten_uploads_are_removed(school: School, now: datetime) -> None:
    for subject, at in (("old", now - sign_in.WINDOW), ("new", now)):
        services.begin_attempt(
            purpose=AttemptPurpose.SIGN_IN, subject=subject, institution=school.institution, person=None, now=at
        )
    for kind, age in (("units", sign_in.UPLOADS_WAIT), ("people", timedelta(hours=1))):
        ImportDraft.objects.create(
            institution=school.institution,
            person=school.manager,
            kind=kind,
            filename="t.csv",
            content=b"",
            created_at=now - age,
        )
    forget_expired(now)
    assert Lockout.objects.get().window_started_at == now
    assert ImportDraft.objects.get().kind == "people"


def test_a_lock_is_not_forgotten_before_its_time(school: School, now: datetime) -> None:
    Lockout.objects.create(
        subject="x", failures=5, window_started_at=now - timedelta(hours=1), locked_until=now + timedelta(minutes=1)
    )
    forget_expired(now)
    assert Lockout.objects.exists()
