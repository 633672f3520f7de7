"""The ways out that this installation has."""

from collections.abc import Callable

from django.conf import settings

from xianshen.notices.channels.base import Transport
from xianshen.notices.channels.mail import MailTransport
from xianshen.notices.channels.robots import RobotTransport
from xianshen.notices.enums import Channel

TransportMaker = Callable[[], Transport]


def ways_out() -> dict[Channel, TransportMaker]:
    """Return a way out for each channel; a channel without one has its messages kept in the outbox."""
    found: dict[Channel, TransportMaker] = {}
    if settings.MAIL is not None:
        found[Channel.EMAIL] = MailTransport
    if settings.ROBOTS_SEND:
        found[Channel.ROBOT] = RobotTransport
    return found
