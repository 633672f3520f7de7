"""What is still open for an account that is to be closed (selectors). Rooms above register what they know.

A room adds its own with :func:`register` in its ``AppConfig.ready``; the register's own are always asked.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from xianshen.approvals.enums import StepState
from xianshen.approvals.selectors import chains_in
from xianshen.clocks.selectors import running_about
from xianshen.registry.enums import ServerFilingState
from xianshen.registry.models import MediaAccount, OpeningApplication, ServerFiling

Text = str | Promise
OWN_TYPES = frozenset({"filing", "registry.custody_check", "registry.server_filing"})


@dataclass(frozen=True, slots=True)
class OpenTask:
    """Something that is still to be done about an account.

    Args:
        title: what, e.g. 「2026 年度年审」.
        url: where it is done.
    """

    title: Text
    url: str


Provider = Callable[[MediaAccount, date], Iterable[OpenTask]]
_providers: dict[str, Provider] = {}


def register(code: str, provider: Provider) -> None:
    """Register what a room knows to be open for an account; the same code again replaces it."""
    _providers[code] = provider


def _reports(account: MediaAccount) -> list[OpenTask]:
    """Return the report of the account's opening while the Office has yet to look at it."""
    opened_by = OpeningApplication.objects.filter(account=account).values_list("pk", flat=True).first()
    if opened_by is None:
        return []
    chains = chains_in(account.institution_id).filter(
        subject_type="registry.opening_application",
        subject_id=str(opened_by),
        steps__state__in=[StepState.CURRENT, StepState.QUERIED],
    )
    return [
        OpenTask(_("%(title)s的报备") % {"title": chain.title}, reverse("approvals:chain", args=[chain.pk]))
        for chain in chains
    ]


def _servers(account: MediaAccount) -> list[OpenTask]:
    """Return the filing of servers that somebody still decides on."""
    found = ServerFiling.objects.filter(account=account, state=ServerFilingState.SUBMITTED)
    return [
        OpenTask(_("服务器报批 %(number)s") % {"number": one.number}, reverse("registry:server_filing", args=[one.pk]))
        for one in found
    ]


def _clocks(account: MediaAccount) -> list[OpenTask]:
    """Return what rooms above have clocks for; the register's own are periods of validity and stop by themselves."""
    return [
        OpenTask(deadline.subject_label, deadline.url)
        for deadline in running_about(account.institution_id, "registry.media_account", str(account.pk))
        if deadline.subject_type not in OWN_TYPES
    ]


def open_tasks(account: MediaAccount, on: date) -> list[OpenTask]:
    """Return what has to be finished before the account can be closed, each thing once.

    Args:
        account: the account.
        on: the day.
    """
    found = [*_reports(account), *_servers(account), *_clocks(account)]
    for provider in _providers.values():
        found += provider(account, on)
    return list({task.url: task for task in found}.values())
