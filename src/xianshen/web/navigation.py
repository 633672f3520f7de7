"""Navigation by job: which rooms' pages exist, and who has something to do there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xianshen.organisation.selectors import Grants
from xianshen.regulation.enums import Capability

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Place:
    """A possible entry of the navigation.

    Args:
        label: what the person goes there for; may depend on what they may do.
        route: URL name; a route that does not exist hides the entry.
        icon: icon in the sprite.
        needs: capabilities of which one is enough; none: everybody.
        counts: codes of the inbox providers whose tasks are counted here.
        due: counted in the strong colour.
        key: letter after ``g`` on the keyboard.
        tab: also a tab on the phone.
        within: further addresses that belong to the entry.
    """

    label: Text | Callable[[Grants], Text]
    route: str
    icon: str
    needs: frozenset[str] = frozenset()
    counts: tuple[str, ...] = ()
    due: bool = False
    key: str = ""
    tab: bool = False
    within: tuple[str, ...] = ()


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


def _accounts_label(grants: Grants) -> Text:
    if grants.has(Capability.ACCOUNTS_VIEW_ALL):
        return _("账号")
    return _("本部门账号") if grants.has(Capability.APPROVALS_VIEW_UNIT) else _("我的账号")


PLACES: tuple[tuple[Text, tuple[Place, ...]], ...] = (
    ("", (Place(_("待办"), "web:workbench", "inbox", counts=ALL_COUNTS, due=True, key="d", tab=True),)),
    (
        _("管账号"),
        (
            Place(_accounts_label, "registry:accounts", "id", key="z", tab=True),
            Place(
                _("申请与备案"),
                "registry:applications",
                "rubber-stamp",
                counts=("approvals", "filings"),
                key="s",
                tab=True,
                within=("/approvals/", "/filings/"),
            ),
            Place(
                _("主办单位档案"),
                "registry:files",
                "folder",
                needs=frozenset({Capability.SPONSOR_FILES_MANAGE, Capability.SPONSOR_FILES_VIEW_ALL}),
            ),
            Place(
                _("账号保管"),
                "registry:custody_board",
                "key",
                needs=frozenset(
                    {Capability.ACCOUNTS_MANAGE, Capability.OPENING_APPLY, Capability.SPONSOR_FILES_MANAGE}
                ),
            ),
            Place(_("年审"), "assessment:board", "calendar-check", counts=("reviews",), within=("/reviews/",)),
            Place(_("服务器报批"), "registry:servers", "server", needs=frozenset({Capability.DATA_SERVICES_REVIEW})),
            Place(_("时限总表"), "clocks:board", "hourglass", needs=frozenset({Capability.CLOCKS_MANAGE})),
            Place(_("冒用举报"), "directory:reports", "flag", needs=frozenset({Capability.IMPOSTORS_HANDLE})),
        ),
    ),
    (
        _("讲依据"),
        (
            Place(_("办法与解释"), "regulation:current", "book-2", tab=True),
            Place(_("留痕"), "web:ledger", "history", needs=frozenset({Capability.LEDGER_VIEW})),
        ),
    ),
)

MENU: tuple[Place, ...] = (
    Place(_("委托代办"), "organisation:delegations", "user-share"),
    Place(_("怎么收通知"), "notices:preferences", "bell"),
    Place(_("通知寄送"), "notices:deliveries", "send", needs=frozenset({Capability.NOTICES_REMIND})),
    Place(_("订阅到日历"), "clocks:my_calendar", "calendar-event"),
    Place(_("单位、职务与人员"), "organisation:units", "sitemap", needs=frozenset({Capability.ORGANISATION_MANAGE})),
    Place(_("组件"), "web:gallery", "template", needs=frozenset({Capability.ORGANISATION_MANAGE})),
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
    Place(_("接口说明"), "directory:api_guide", "file-text"),
)


def address_of(route: str) -> str:
    """Return the path of a URL name, or "" when no room offers it."""
    return _address(route, get_urlconf() or settings.ROOT_URLCONF, get_script_prefix())


@cache
def _address(route: str, urlconf: str, _prefix: str) -> str:
    try:
        return reverse(route, urlconf)
    except NoReverseMatch:
        return ""


def _reach(place: Place, url: str, path: str) -> int:
    """Return how much of the path belongs to the place; 0 when it lies elsewhere."""
    if path == url:
        return len(url)
    roots = [root for root in (url, *place.within) if root != "/"]
    return max((len(root) for root in roots if path.startswith(root)), default=0)


def entries(
    places: Sequence[Place],
    *,
    path: str,
    grants: Grants,
    counts: Callable[[], dict[str, int]],
    beside: Sequence[Place] = (),
) -> list[Entry]:
    """Return the entries that exist and concern the person; the one with the longest address is current.

    Args:
        places: what may be shown.
        path: where the person is.
        grants: what they may do.
        counts: tasks by provider, asked only when an entry counts them.
        beside: places shown elsewhere on the page; when the path belongs to one of them, none of these is current.
    """
    found = [(place, url) for place in places if (url := address_of(place.route)) and _concerns(place, grants)]
    reach = [_reach(place, url, path) for place, url in found]
    best = max(reach, default=0)
    taken = max((_reach(place, url, path) for place in beside if (url := address_of(place.route))), default=0)
    current = reach.index(best) if best > taken else -1
    return [
        Entry(
            place.label(grants) if callable(place.label) else place.label,
            url,
            place.icon,
            number == current,
            _count(place, counts),
            place.due,
            place.key,
            place.tab,
        )
        for number, (place, url) in enumerate(found)
    ]


def _concerns(place: Place, grants: Grants) -> bool:
    return not place.needs or any(grants.has(capability) for capability in place.needs)


def _count(place: Place, counts: Callable[[], dict[str, int]]) -> int:
    if not place.counts:
        return 0
    found = counts()
    return sum(found.values()) if place.counts == ALL_COUNTS else sum(found.get(code, 0) for code in place.counts)
