"""E-mail through an SMTP server: plain text with a simple HTML twin."""

import smtplib  # noqa: TID251 - the exceptions of Django's own e-mail backend; only this channel speaks to a mail server
from email.utils import formataddr
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from xianshen.notices.channels.base import Message, NotDelivered
from xianshen.notices.enums import Trouble
from xianshen.notices.html import html_of

TIMEOUT = 10
ADDRESS_LIMIT = 254


def check_address(address: str) -> str:
    """Return the address if a message can be sent to it.

    A line break would let whoever typed the address write headers; a comma or a bracket, add receivers.

    Raises:
        ValidationError: it cannot.
    """
    refused = ValidationError(_("邮箱写法不对，寄不到。照 name@example.edu.cn 的样子写。"))
    if len(address) > ADDRESS_LIMIT or not address.isascii() or not address.isprintable():
        raise refused
    if any(sign in address for sign in ' ,;:<>"()[]\\'):
        raise refused
    try:
        validate_email(address)
    except ValidationError:
        raise refused from None
    return address


class MailTransport:
    """One connection to the SMTP server of ``settings.MAIL``, opened with the first message.

    Args:
        server: host, port, user name, password, ``tls`` and ``ssl``; that of the settings if left out.
    """

    def __init__(self, server: dict[str, Any] | None = None) -> None:
        self.server: dict[str, Any] = server or settings.MAIL or {}
        self.connection: EmailBackend | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            try:
                connection.close()
            except (OSError, smtplib.SMTPException):
                return

    def _open(self) -> EmailBackend:
        if self.connection is None:
            backend = EmailBackend(
                host=self.server["host"],
                port=self.server["port"],
                username=self.server["username"],
                password=self.server["password"],
                use_tls=self.server["tls"],
                use_ssl=self.server["ssl"],
                timeout=TIMEOUT,
            )
            try:
                backend.open()
            except smtplib.SMTPAuthenticationError as error:
                raise NotDelivered(Trouble.SIGN_IN, _words(error), everybody=True) from error
            except (OSError, smtplib.SMTPException) as error:
                raise NotDelivered(Trouble.SERVER_DOWN, _words(error), everybody=True) from error
            self.connection = backend
        return self.connection

    def send(self, message: Message) -> None:
        """Send one e-mail. Raises :class:`NotDelivered` as the server answers."""
        try:
            check_address(message.to)
        except ValidationError as error:
            raise NotDelivered(Trouble.ADDRESS, permanent=True) from error
        letter = compose(message, self._open())
        try:
            letter.send()
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()), (550, b""))
            raise _refusal(code, words, Trouble.MAILBOX) from error
        except smtplib.SMTPSenderRefused as error:
            raise NotDelivered(Trouble.SENDER, _words(error), everybody=True) from error
        except smtplib.SMTPServerDisconnected as error:
            self._close()
            raise NotDelivered(Trouble.SERVER_DOWN, _words(error), everybody=True) from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, error.smtp_error, Trouble.REFUSED) from error
        except (OSError, smtplib.SMTPException) as error:
            self._close()
            raise NotDelivered(Trouble.SERVER_DOWN, _words(error), everybody=True) from error


def compose(message: Message, connection: Any = None) -> EmailMultiAlternatives:
    """Return the e-mail: headers that cannot be broken, plain text, simple HTML."""
    subject = " ".join(message.subject.split())
    host = settings.MAIL_FROM.rpartition("@")[2]
    letter = EmailMultiAlternatives(
        subject=subject,
        body=message.text,
        from_email=formataddr((str(_("先审")), settings.MAIL_FROM), charset="utf-8"),
        to=[message.to],
        connection=connection,
        headers={
            "Message-ID": f"<{message.ident}@{host}>",
            "Auto-Submitted": "auto-generated",
            "Content-Language": message.language,
        },
    )
    letter.attach_alternative(html_of(message.text, title=subject, language=message.language), "text/html")
    return letter


def _refusal(code: int, words: bytes | str, trouble: Trouble) -> NotDelivered:
    said = f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"
    if 400 <= code < 500:
        return NotDelivered(Trouble.LATER, said, everybody=code == 421)
    return NotDelivered(trouble, said, permanent=True)


def _words(error: Exception) -> str:
    code = getattr(error, "smtp_code", "")
    said = getattr(error, "smtp_error", b"") or str(error)
    return f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}".strip()
