"""Addresses of servers: read from what people type, and held against the campus networks (selectors)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from xianshen.common.language import listed
from xianshen.registry.enums import AddressKind
from xianshen.regulation.schema import DataServiceSpec

MOST = 20
SEPARATORS = re.compile(r"[\s,;，；、]+")
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


@dataclass(frozen=True, slots=True)
class Address:
    """A domain name (ASCII form) or an IP address (shortest form)."""

    kind: AddressKind
    value: str


@dataclass(slots=True)
class Reading:
    """What was typed, read: addresses in order, and what is wrong, in words."""

    addresses: list[Address] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)


def _host(text: str) -> str:
    """Return the host of what was typed: an address of a page, with or without port, or the host itself."""
    if "://" in text:
        return urlsplit(text).hostname or ""
    text = text.split("/", 1)[0] if not re.fullmatch(r"[0-9a-fA-F.:]+/\d+", text) else text
    if text.startswith("[") and "]" in text:
        return text[1 : text.index("]")]
    host, colon, port = text.rpartition(":")
    return host if colon and port.isdigit() and ":" not in host else text


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _name(text: str) -> str:
    """Return a domain name in its ASCII form, or "" for what is none."""
    try:
        ascii_form = text.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    labels = ascii_form.split(".")
    fits = len(ascii_form) <= 253 and len(labels) > 1 and all(LABEL.fullmatch(label) for label in labels)
    return ascii_form if fits and not labels[-1].isdigit() else ""


def _read_one(text: str) -> Address | str:
    """Return the address, or what is wrong with it."""
    if re.fullmatch(r"[0-9a-fA-F.:]+/\d+", text):
        return _("「%(text)s」是一段网络。写每台服务器自己的地址。") % {"text": text}
    if "*" in text:
        return _("「%(text)s」带通配符。写实际用到的每个域名。") % {"text": text}
    host = _host(text)
    if "%" in host:
        return _("「%(text)s」带网卡编号，只在一台机器上有效。写全局地址。") % {"text": text}
    found = _ip(host)
    if found is not None:
        return Address(AddressKind.IP, str(found))
    name = _name(host)
    if name:
        return Address(AddressKind.NAME, name)
    return _("「%(text)s」不是域名，也不是 IP 地址。照 cx.example.edu.cn 或 10.1.2.3 这样写。") % {"text": text[:80]}


def outside(found: Iterable[str], spec: DataServiceSpec) -> list[str]:
    """Return which IP addresses lie outside the campus networks of the policy."""
    networks = [network.cidr for network in spec.networks]
    result = []
    for text in found:
        address = _ip(text)
        inside = address is not None and any(
            address.version == network.version and address in network for network in networks
        )
        if not inside:
            result.append(text)
    return result


def read_addresses(text: str, spec: DataServiceSpec) -> Reading:
    """Read a list of names and IP addresses; IP addresses outside the campus networks are mistakes.

    Args:
        text: separated by line breaks, spaces or commas; addresses of pages give their host.
        spec: the policy's networks.
    """
    reading = Reading()
    words = [word for word in SEPARATORS.split(text.strip()) if word]
    if len(words) > MOST:
        reading.mistakes.append(
            _("写了 %(n)d 个地址，一份报批表最多 %(most)d 个。分几个服务报批。") % {"n": len(words), "most": MOST}
        )
        return reading
    for word in words:
        found = _read_one(word)
        if isinstance(found, str):
            reading.mistakes.append(found)
        elif found not in reading.addresses:
            reading.addresses.append(found)
    away = outside((one.value for one in reading.addresses if one.kind == AddressKind.IP), spec)
    if away:
        reading.mistakes.append(
            _("%(addresses)s不在校园网内，服务器必须设在校内。%(hint)s")
            % {"addresses": listed(away), "hint": spec.hint}
        )
    return reading
