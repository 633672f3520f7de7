"""Domain names: to which IP addresses one leads.

The system's name servers are asked, or those that ``XIANSHEN_DNS`` names (``10.1.1.1:53,10.1.1.2``), because what
lies on campus is often known to the campus's own name servers only.
"""

from dataclasses import dataclass
from enum import StrEnum

import dns.exception
import dns.nameserver
import dns.resolver
from django.conf import settings

PORT = 53


class Found(StrEnum):
    """What came of asking."""

    ADDRESSES = "addresses"
    NOTHING = "nothing"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a name leads to.

    Args:
        found: addresses, nothing (no such name, or a name without addresses), or no answer from any name server.
        addresses: IPv4 and IPv6 addresses, sorted.
    """

    found: Found
    addresses: tuple[str, ...] = ()


def _resolver() -> dns.resolver.Resolver:
    if not settings.NAME_SERVERS:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [_server(text) for text in settings.NAME_SERVERS]
    return resolver


def _server(text: str) -> dns.nameserver.Nameserver:
    """Read ``10.1.1.1`` or ``10.1.1.1:5353``."""
    host, _colon, port = text.partition(":")
    return dns.nameserver.Do53Nameserver(host, int(port or PORT))


def resolve(name: str, *, seconds: float = 5.0) -> Resolution:
    """Ask where a name leads, IPv4 and IPv6.

    Args:
        name: domain name in its ASCII form.
        seconds: longest time to wait for each of the two answers.
    """
    try:
        resolver = _resolver()
    except dns.resolver.NoResolverConfiguration:
        return Resolution(Found.NO_ANSWER)
    addresses: set[str] = set()
    answered = False
    for kind in ("A", "AAAA"):
        try:
            answer = resolver.resolve(f"{name}.", kind, lifetime=seconds, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return Resolution(Found.NOTHING)
        except dns.exception.DNSException:
            continue
        answered = True
        addresses.update(str(record.address) for record in answer.rrset or ())
    if addresses:
        return Resolution(Found.ADDRESSES, tuple(sorted(addresses)))
    return Resolution(Found.NOTHING if answered else Found.NO_ANSWER)
