"""What a channel is to the room: something that takes a message, or says why it did not."""

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from xianshen.notices.enums import Trouble


@dataclass(frozen=True, slots=True)
class Message:
    """A message ready to be sent.

    Args:
        to: e-mail address, or the decrypted address of a robot (``service:token[:secret]``).
        subject: of an e-mail; "" for robots.
        text: plain text.
        ident: stable over all attempts, so that a receiver can tell a repeated message from a new one.
        language: of the text.
    """

    to: str
    subject: str
    text: str
    ident: str
    language: str = "zh-hans"


class NotDelivered(Exception):
    """A message was not taken.

    Attributes:
        trouble: why, for people.
        detail: the other side's own words, shortened.
        permanent: trying again is of no use before somebody has mended something.
        everybody: the channel itself is in trouble: the next message would fare no better.
    """

    def __init__(self, trouble: Trouble, detail: str = "", *, permanent: bool = False, everybody: bool = False) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
        self.detail = " ".join(detail.split())[:200]
        self.permanent = permanent
        self.everybody = everybody


class Transport(Protocol):
    """A way out. Used as a context: a connection may be kept open for several messages."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def send(self, message: Message) -> None:
        """Send one message.

        Raises:
            NotDelivered: it was not taken.
        """
