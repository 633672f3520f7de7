"""Navigation by job: which rooms' pages exist, and who has something to do there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xianshen.organisation.selectors import Grants

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Place:
    """A possible entry of the navigation.

    Args:
        label: what the person goes there for.
        route: URL name; a route that does not exist hides the entry.
        icon: icon in the sprite.
        needs: capabilities of which one is enough; none: everybody.
        counts: codes of the inbox providers whose tasks are counted here.
        due: counted in the strong colour.
        key: letter after ``g`` on the keyboard.
        tab: also a tab on the phone.
    """

    label: Text
    route: str
    icon: str
    needs: frozenset[str] = frozenset()
    counts: tuple[str, ...] = ()
    due: bool = False
    key: str = ""
    tab: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it is shown."""

    label: Text
    url: str
    icon: str
    current: bool = False
    count: int = 0
    due: bool = False
    key: str = ""
    tab: bool = False


@dataclass(frozen=True, slots=True)
class EntryGroup:
    """Entries under one heading."""

    label: Text
    entries: Sequence[Entry]


ALL_COUNTS = ("*",)

PLACES: tuple[tuple[Text, tuple[Place, ...]], ...] = (
    ("", (Place(_("待办"), "web:workbench", "inbox", counts=ALL_COUNTS, due=True, key="d", tab=True),)),
    (
        _("管账号"),
        (
            Place(_("账号"), "registry:accounts", "id", key="z", tab=True),
            Place(_("申请与备案"), "registry:applications", "rubber-stamp", counts=("approvals",), key="s", tab=True),
            Place(_("主办单位档案"), "registry:files", "folder"),
        ),
    ),
    (
        _("讲依据"),
        (
            Place(_("办法与解释"), "regulation:current", "book-2", tab=True),
            Place(_("留痕"), "web:ledger", "history", needs=frozenset({"ledger.view"})),
        ),
    ),
)

MENU: tuple[Place, ...] = (
    Place(_("委托代办"), "organisation:delegations", "user-share"),
    Place(_("单位、职务与人员"), "organisation:units", "sitemap", needs=frozenset({"organisation.manage"})),
    Place(_("修改密码"), "account_change_password", "key"),
    Place(_("两步验证"), "mfa_index", "shield-lock"),
)

PUBLIC: tuple[Place, ...] = (
    Place(_("核验"), "directory:verify", "rosette-discount-check"),
    Place(_("名录"), "directory:list", "list-details"),
    Place(_("管理办法"), "regulation:current", "book-2"),
)

FOOT: tuple[Place, ...] = (
    Place(_("举报冒用"), "directory:report", "flag"),
    Place(_("开放数据"), "directory:open_data", "download"),
)


def address_of(route: str) -> str:
    """Return the path of a URL name, or "" when no room offers it."""
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""


def _current(url: str, path: str) -> bool:
    return path == url if url == "/" else path == url or path.startswith(url)


def entries(places: Sequence[Place], *, path: str, grants: Grants, counts: Callable[[], dict[str, int]]) -> list[Entry]:
    """Return the entries that exist and concern the person; the one with the longest address is current."""
    shown: list[Entry] = []
    for place in places:
        url = address_of(place.route)
        if not url or (place.needs and not any(grants.has(capability) for capability in place.needs)):
            continue
        count = 0
        if place.counts:
            found = counts()
            count = (
                sum(found.values()) if place.counts == ALL_COUNTS else sum(found.get(code, 0) for code in place.counts)
            )
        shown.append(Entry(place.label, url, place.icon, _current(url, path), count, place.due, place.key, place.tab))
    return shown
