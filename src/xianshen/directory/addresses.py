"""Web addresses of accounts, compared by what they lead to and not by how they are written.

Pure functions. Scheme, ``www.``, letter case of the host, a slash at the end and the parameters that
sharing adds make no difference; a different host always does, however alike it is drawn.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

# Parameters that sharing and tracking add; they never say whose account it is.
_NOISE = re.compile(
    r"utm_\w+|spm|isappinstalled|nsukey|wfr|share|share_\w+|sharer_\w+|srcid|from|timestamp|fbclid|gclid", re.IGNORECASE
)
# Hosts of one and the same service.
_SAME_SERVICE = {"weibo.cn": "weibo.com"}
_BARE = re.compile(r"[\w\-]+(\.[\w\-]+)*\.[a-z]{2,18}(:\d{1,5})?([/?#]\S*)?", re.IGNORECASE)
_INSIDE = re.compile(r"https?://[^\s<>\"'，。；、）」』】]+", re.IGNORECASE)
LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Address:
    """A web address in its comparable form.

    Args:
        host: the host without ``www.`` and ``m.``, in ASCII (IDNA).
        path: path and the parameters that identify, percent-decoded, without a slash at the end.
        nickname: the platform's nickname of the account when the address states it, or "".
    """

    host: str
    path: str
    nickname: str = ""

    @property
    def key(self) -> str:
        """Equal for addresses that lead to the same account."""
        return f"{self.host}{self.path}"


def find_address(text: str) -> str:
    """Return the first web address in a text that somebody pasted, or ""."""
    found = _INSIDE.search(text)
    if found:
        return found[0]
    stripped = text.strip()
    return stripped if _BARE.fullmatch(stripped) and len(stripped) <= LIMIT else ""


def parse_address(text: str) -> Address | None:
    """Return an address in comparable form, or None for what is no http address.

    Args:
        text: an address, with or without scheme.
    """
    text = text.strip()
    if not text or len(text) > LIMIT:
        return None
    if not re.match(r"[a-z][a-z0-9+.\-]*://", text, re.IGNORECASE):
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or "." not in host:
        return None
    try:
        host = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    for label in ("www.", "m.", "mobile."):
        if host.startswith(label) and host.count(".") > 1:
            host = host.removeprefix(label)
    host = _SAME_SERVICE.get(host, host)
    if port not in {None, 80, 443}:
        host = f"{host}:{port}"
    path = re.sub(r"/{2,}", "/", unquote(parts.path)).rstrip("/")
    if any(ord(char) < 32 or ord(char) == 127 for char in path):
        return None
    return _identify(host, path, parse_qsl(parts.query, keep_blank_values=True, max_num_fields=None))


def _identify(host: str, path: str, query: list[tuple[str, str]]) -> Address:
    """Reduce path and parameters to what names the account on the platforms that we know."""
    if host == "mp.weixin.qq.com":
        # Every address of a public account that carries __biz, articles too, names the account by it.
        biz = next((value for name, value in query if name == "__biz" and value), "")
        return Address(host, f"?__biz={biz.replace(' ', '+').rstrip('=')}" if biz else path)
    if host == "weibo.com":
        nickname = path.removeprefix("/n/") if path.startswith("/n/") else ""
        return Address(host, _lower(path), nickname)
    kept = sorted((name, value) for name, value in query if not _NOISE.fullmatch(name))
    return Address(host, path + ("?" + "&".join(f"{name}={value}" for name, value in kept) if kept else ""))


def _lower(text: str) -> str:
    """Lower ASCII letters only: other scripts have look-alikes that case folding would make equal."""
    return "".join(char.lower() if char.isascii() else char for char in text)
