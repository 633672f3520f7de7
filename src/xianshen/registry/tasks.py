"""Work outside requests: where the names of servers lead, checks of custody, keepers who left."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone
from django_tasks import task

from xianshen.common.actors import Actor
from xianshen.common.errors import TransitionNotAllowed
from xianshen.common.ticks import tick
from xianshen.connectors.names import resolve
from xianshen.organisation.selectors import institutions
from xianshen.registry.custody import left, round_due
from xianshen.registry.models import ServerAddress
from xianshen.registry.servers import names_looked_up, names_to_look_up
from xianshen.registry.services import keep_resolution, open_custody_round
from xianshen.registry.services.custody_rounds import tell_of_leavers
from xianshen.regulation.selectors import policy_on

AT_ONCE = 100


def _look_up(names: Iterable[ServerAddress], now: datetime) -> int:
    """Ask for each name outside any transaction, then keep what came of it; return how many."""
    count = 0
    for name in names:
        resolution = resolve(name.value)
        actor = Actor.system(institution_id=name.institution_id, institution=name.institution.code)
        try:
            keep_resolution(actor=actor, address_id=name.pk, resolution=resolution, now=now)
        except ObjectDoesNotExist:
            continue
        count += 1
    return count


@task()
def look_up_servers(filing_id: int) -> int:
    """Look up the names of one filing now."""
    return _look_up(names_looked_up().filter(filing_id=filing_id), timezone.now())


@tick("registry.server_names", every=timedelta(minutes=10))
def look_up_again(now: datetime) -> int:
    """Look up names whose last look is older than the policy allows; at most a hundred a time."""
    count = 0
    for institution_id in list(names_looked_up().order_by().values_list("institution_id", flat=True).distinct()):
        spec = policy_on(institution_id, timezone.localdate(now)).data_services
        if spec is not None:
            count += _look_up(names_to_look_up(institution_id, now, spec.recheck_days, AT_ONCE), now)
    return count


@tick("registry.custody_rounds", every=timedelta(hours=1))
def open_custody_rounds(now: datetime) -> int:
    """Open the checks of custody that the policy's days ask for; return how many."""
    on = timezone.localdate(now)
    opened = 0
    for institution in institutions():
        spec = policy_on(institution.pk, on).custody
        if spec is None or not round_due(spec, institution.pk, on):
            continue
        actor = Actor.system(institution_id=institution.pk, institution=institution.code)
        try:
            open_custody_round(actor=actor, grants=None, now=now)
        except TransitionNotAllowed:
            continue
        opened += 1
    return opened


@tick("registry.custody_leavers", every=timedelta(hours=1))
def tell_who_left(now: datetime) -> int:
    """Tell about holders of keys who left, once each; return how many there are."""
    on = timezone.localdate(now)
    return sum(
        tell_of_leavers(institution_id=institution.pk, holders=list(left(institution.pk, on)), now=now)
        for institution in institutions()
    )
