"""How allauth behaves here: nobody signs up, failures lock, and what happens is recorded."""

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from xianshen.common.language import stored
from xianshen.organisation import services
from xianshen.organisation.enums import AttemptPurpose
from xianshen.organisation.models import Person
from xianshen.organisation.selectors import actor_for, institution_for_host


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in by user name; accounts come from the Office."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("这个账户已停用登录。有疑问联系办公室。"),
        "enter_current_password": _("现在的密码不对。重新输入。"),
        "incorrect_code": _("动态口令不对，或已用过。看验证器上现在的六位数再填。"),
        "incorrect_password": _("密码不对。重新输入。"),
        "invalid_login": _("用户名或密码不对。检查大小写后再试，忘了密码联系办公室。"),
        "username_password_mismatch": _("用户名或密码不对。检查大小写后再试，忘了密码联系办公室。"),
        "too_many_login_attempts": _("连续多次没有通过验证，为保护账户暂时锁定。过一会儿再试，忘了密码联系办公室。"),
        "rate_limited": _("试得太快了。过一会儿再试。"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt for the address and for the user name before the password is checked."""
        username = str(credentials.get("username") or "")
        person = services.person_signing_in(username)
        institution = person.institution if person else institution_for_host(request.get_host().rpartition(":")[0])
        if institution is None:
            return
        now = timezone.now()
        services.begin_attempt(
            purpose=AttemptPurpose.ADDRESS,
            subject=_address(self, request),
            institution=institution,
            person=None,
            now=now,
        )
        services.begin_attempt(
            purpose=AttemptPurpose.SIGN_IN, subject=username, institution=institution, person=person, now=now
        )

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        user = super().authenticate(request, **credentials)
        if user is not None:
            services.attempt_succeeded(purpose=AttemptPurpose.ADDRESS, subject=_address(self, request))
            username = str(credentials.get("username") or "")
            services.attempt_succeeded(purpose=AttemptPurpose.SIGN_IN, subject=username)
        return user

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        services.record_sign_in(person=user, now=timezone.now())

    def logout(self, request: HttpRequest) -> None:
        person = request.user if request.user.is_authenticated else None
        super().logout(request)
        if isinstance(person, Person):
            services.record_sign_out(person=person, now=timezone.now())

    def set_password(self, user: Any, password: str) -> None:
        now = timezone.now()
        actor = actor_for(user, timezone.localdate(now))
        person = services.set_password(actor=actor, person_id=user.pk, password=password, now=now)
        for field in ("password", "must_change_password", "password_changed_at"):
            setattr(user, field, getattr(person, field))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return str(settings.LOGIN_REDIRECT_URL)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send nothing: passwords are reset by the Office, and notices go through the notices room."""


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """One-time codes whose secrets are stored encrypted."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _("两步验证不能停用。"),
        "cannot_generate_recovery_codes": _("还没有启用两步验证，用不上恢复码。先启用验证器。"),
        "incorrect_code": _("动态口令不对，或已用过。看验证器上现在的六位数再填。"),
    }

    def get_totp_issuer(self) -> str:
        return "先审"

    def get_totp_label(self, user: Any) -> str:
        return str(user.username)

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _address(adapter: AccountAdapter, request: HttpRequest) -> str:
    return str(adapter.get_client_ip(request))


def _cipher() -> MultiFernet:
    secrets = [str(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    digests = (hashlib.sha256(f"xianshen.organisation.mfa:{secret}".encode()).digest() for secret in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def _factor(authenticator: Authenticator) -> str:
    return stored(_("验证器") if authenticator.type == Authenticator.Type.TOTP else _("恢复码"))


@receiver([authenticator_added, authenticator_reset])
def _added(user: Person, authenticator: Authenticator, **_rest: object) -> None:
    services.record_second_factor(person=user, factor=_factor(authenticator), added=True, now=timezone.now())


@receiver(authenticator_removed)
def _removed(user: Person, authenticator: Authenticator, **_rest: object) -> None:
    services.record_second_factor(person=user, factor=_factor(authenticator), added=False, now=timezone.now())
