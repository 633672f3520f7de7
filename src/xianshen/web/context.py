"""What every page needs: navigation, counts, the institution, the policy in force, citations.

Everything is lazy: a page that shows no navigation asks nothing. A signed-in page costs at most two
queries here besides the person's grants: unread notices and the tasks counted in the navigation.
"""

import json
from collections.abc import Callable
from datetime import date, datetime
from functools import cache, cached_property
from typing import Any

from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from xianshen.common.language import local
from xianshen.organisation.selectors import NO_GRANTS, Grants, Holding
from xianshen.web import inbox, navigation

THEMES = ("light", "dark")
COUNT_SHOWN = 99


class Shell:
    """Lazy values of the page frame.

    Args:
        request: the request.
        plain: show nothing that needs the database (pages for a failing server).
    """

    def __init__(self, request: HttpRequest, *, plain: bool = False) -> None:
        self.request = request
        self.plain = plain

    @cached_property
    def now(self) -> datetime:
        return timezone.now()

    @cached_property
    def person(self) -> Any:
        """The signed-in person, or None."""
        user = None if self.plain else getattr(self.request, "user", None)
        return user if user is not None and user.is_authenticated else None

    @cached_property
    def grants(self) -> Grants:
        if self.person is None:
            return NO_GRANTS
        return getattr(self.request, "grants", NO_GRANTS)

    @cached_property
    def institution(self) -> Any:
        """The person's institution, else the one served under this host name; None when there is none."""
        return None if self.plain else getattr(self.request, "institution", None) or None

    @cached_property
    def policy(self) -> Any:
        """The policy in force today, or None."""
        if self.institution is None:
            return None
        from xianshen.regulation.selectors import NoPolicyInForce, policy_on

        try:
            return policy_on(self.institution.pk, timezone.localdate(self.now))
        except NoPolicyInForce:
            return None

    @cached_property
    def policy_url(self) -> str:
        return navigation.address_of("regulation:current")

    @cached_property
    def counts(self) -> dict[str, int]:
        return inbox.work_of(self.request).counts if self.person is not None else {}

    @cached_property
    def due_count(self) -> int:
        return sum(self.counts.values())

    @cached_property
    def unread(self) -> int:
        if self.person is None:
            return 0
        from xianshen.notices.selectors import unread_count

        return unread_count(self.person.pk)

    @property
    def unread_shown(self) -> str:
        return str(self.unread) if self.unread <= COUNT_SHOWN else f"{COUNT_SHOWN}+"

    def _entries(
        self, places: tuple[navigation.Place, ...], beside: tuple[navigation.Place, ...] = ()
    ) -> list[navigation.Entry]:
        return navigation.entries(
            places, path=self.request.path, grants=self.grants, counts=lambda: self.counts, beside=beside
        )

    @cached_property
    def nav(self) -> list[navigation.EntryGroup]:
        groups = [navigation.EntryGroup(label, self._entries(places)) for label, places in navigation.PLACES]
        return [group for group in groups if group.entries]

    @property
    def tabs(self) -> list[navigation.Entry]:
        return [entry for group in self.nav for entry in group.entries if entry.tab][:4]

    @cached_property
    def menu(self) -> list[navigation.Entry]:
        return self._entries(navigation.MENU)

    @cached_property
    def public_nav(self) -> list[navigation.Entry]:
        return self._entries(navigation.PUBLIC, beside=navigation.FOOT)

    @cached_property
    def foot_nav(self) -> list[navigation.Entry]:
        return self._entries(navigation.FOOT)

    @property
    def public_home(self) -> str:
        return self.public_nav[0].url if self.public_nav else "/"

    @property
    def signout_url(self) -> str:
        return navigation.address_of("account_logout")

    @property
    def positions(self) -> tuple[Holding, ...]:
        return self.grants.holdings

    @property
    def unit_name(self) -> str:
        return self.positions[0].unit.name if self.positions else self.person.name if self.person else ""

    @property
    def unit_letter(self) -> str:
        return self.unit_name[:1]

    @property
    def position_title(self) -> str:
        return local(self.positions[0].position.title) if self.positions else _("没有职务")

    @property
    def who_label(self) -> str:
        return _("我的职务：%(unit)s %(position)s") % {"unit": self.unit_name, "position": self.position_title}

    @property
    def owner_name(self) -> str:
        """Name of the unit that the policy puts in charge, or ""."""
        office = getattr(self.policy, "office_name", "") if self.policy else ""
        return local(office) or (self.institution.name if self.institution else "")

    @cached_property
    def theme_choice(self) -> str:
        """What the person or the browser chose: light, dark, or "" for the system's."""
        chosen = self.request.COOKIES.get("theme", "")
        if not chosen and self.person is not None:
            chosen = self.person.theme
        return chosen if chosen in THEMES else ""

    @property
    def theme(self) -> str:
        return self.theme_choice or "light"

    @property
    def shortcuts(self) -> str:
        return "off" if self.request.COOKIES.get("shortcuts") == "off" else "on"

    @property
    def html_lang(self) -> str:
        code = translation.get_language() or "zh-hans"
        return "zh-Hans" if code == "zh-hans" else code

    @property
    def other_languages(self) -> list[tuple[str, str]]:
        names = {"zh-hans": "中文", "en": "English"}
        return [(code, name) for code, name in names.items() if code != translation.get_language()]

    @property
    def words(self) -> str:
        """Sentences that the script shows."""
        return _words(translation.get_language() or "")


@cache
def _words(_language: str) -> str:
    return json.dumps(
        {
            "lost": _("没有连上服务器。你写的内容还在这一页，过一会儿再试。"),
            "failed": _("服务器没有办成这件事。你写的内容还在这一页。"),
            "saving": _("正在保存"),
            "saved": _("已保存"),
            "unsaved": _("还没有保存"),
            "copied": _("已复制"),
            "dismiss": _("收起"),
            "leave": _("这一页还有没保存的内容"),
            "chosen": _("已选 {n} 个"),
            "opinion": _("（你写的意见会出现在这里）"),
        },
        ensure_ascii=False,
    )


def _citer(page: Shell) -> Callable[[str, date | None], Any]:
    found: dict[tuple[str, date | None], Any] = {}

    def cite(rule: str, on: date | None = None) -> Any:
        if page.institution is None or (on is None and page.policy is None):
            return None
        if (rule, on) not in found:
            from xianshen.regulation import selectors

            found[rule, on] = selectors.cite(page.institution.pk, rule, on or timezone.localdate(page.now))
        return found[rule, on]

    return cite


def _article_url(page: Shell) -> Callable[[int, date | None], str]:
    found: dict[tuple[int, date | None], str] = {}

    def article_url(number: int, on: date | None = None) -> str:
        if (number, on) not in found:
            from xianshen.regulation import selectors

            found[number, on] = selectors.article_url(number, on or timezone.localdate(page.now))
        return found[number, on]

    return article_url


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``shell``, ``institution``, ``cite``, ``article_url`` and ``csp_nonce``."""
    page = Shell(request)
    return {
        "shell": page,
        "institution": SimpleLazyObject(lambda: page.institution),
        "cite": _citer(page),
        "article_url": _article_url(page),
        "csp_nonce": str(getattr(request, "csp_nonce", "")),
    }
