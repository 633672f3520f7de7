"""The clocks of the sponsoring units' files: one for each part, until its newest document runs out."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from xianshen.clocks.selectors import deadlines_of
from xianshen.clocks.services import cancel_clocks, meet_clock, start_clock
from xianshen.common.actors import Actor
from xianshen.common.language import stored
from xianshen.ledger.events import Subject
from xianshen.ledger.services import within_act
from xianshen.notices.enums import NoticeKind
from xianshen.notices.services import notify
from xianshen.organisation.selectors import holders_in
from xianshen.registry.models import SponsorDocument
from xianshen.registry.selectors import sponsor_subject
from xianshen.regulation.enums import Capability

if TYPE_CHECKING:
    from xianshen.clocks.models import Deadline
    from xianshen.organisation.models import Unit
    from xianshen.regulation.schema import Policy

SPONSOR_PART_TYPE = "registry.sponsor_part"


@within_act
def follow_documents(*, unit: "Unit", kind: str, policy: "Policy", actor: Actor, now: datetime) -> None:
    """Let the clock of a part run until its newest document ends; called after a document came or went.

    Args:
        unit: whose file.
        kind: code of the part.
        policy: the policy in force today.
        actor: who changed the file.
        now: time of the act.
    """
    part = next((part for part in policy.sponsor_file.parts if part.code == kind), None)
    if part is None:
        return
    on = timezone.localdate(now)
    key = f"{unit.pk}:{kind}"
    kept = SponsorDocument.objects.filter(unit=unit, kind=kind, retired_at__isnull=True)
    newest = kept.order_by("-valid_until", "-pk").first()
    running = deadlines_of(unit.institution_id, SPONSOR_PART_TYPE, key).filter(state="running").first()
    if newest is not None and running is not None and running.due_on == newest.valid_until:
        return
    if newest is None:
        cancel_clocks(
            actor=actor,
            institution_id=unit.institution_id,
            subject_type=SPONSOR_PART_TYPE,
            subject_id=key,
            why=stored(gettext_lazy("材料已作废")),
            now=now,
        )
        return
    meet_clock(
        actor=actor,
        institution_id=unit.institution_id,
        subject_type=SPONSOR_PART_TYPE,
        subject_id=key,
        clock=part.validity,
        on=on,
        now=now,
    )
    start_clock(
        actor=actor,
        policy=policy,
        clock=part.validity,
        subject=Subject(SPONSOR_PART_TYPE, key, f"{unit.name}：{part.label}"),
        started_on=newest.valid_from,
        unit_id=unit.pk,
        now=now,
        about=(sponsor_subject(unit.pk, unit.name),),
        due_on=newest.valid_until,
    )


class SponsorFileDeadlines:
    """Implements :class:`xianshen.clocks.subjects.DeadlineSubject` for parts of the units' files."""

    subject_type = SPONSOR_PART_TYPE

    def url(self, deadline: "Deadline") -> str:
        return reverse("registry:file", args=[int(deadline.subject_id.partition(":")[0])])

    def concerned(self, deadlines: "Sequence[Deadline]", on: date) -> Mapping[int, Collection[int]]:
        """Return who keeps the units' files."""
        units = {deadline.unit_id for deadline in deadlines if deadline.unit_id}
        keepers: dict[int, list[int]] = {}
        for holding in holders_in(deadlines[0].institution_id, units, on):
            if Capability.SPONSOR_FILES_MANAGE in holding.capabilities:
                keepers.setdefault(holding.unit.pk, []).append(holding.person.pk)
        return {deadline.pk: keepers.get(deadline.unit_id or 0, ()) for deadline in deadlines}

    def lists_itself(self, deadline: "Deadline", on: date) -> bool:
        """Say whether the inbox already asks for a new document: from the first reminder until the last day."""
        return deadline.soon_from <= on <= deadline.due_on


def part_ran_out(deadline: "Deadline", now: datetime) -> None:
    """Consequence of a part whose document ran out: its keepers are told; approvals ask for it by themselves."""
    on = timezone.localdate(now)
    notify(
        institution_id=deadline.institution_id,
        people=SponsorFileDeadlines().concerned([deadline], on).get(deadline.pk, ()),
        text=stored(
            gettext_lazy("%(what)s已过有效期。换上新的，否则本单位的开设申请批不下来。"), what=deadline.subject_label
        ),
        url=deadline.url,
        rule=deadline.rule,
        key=f"clock:{deadline.pk}:expired:{deadline.due_on}",
        at=now,
        kind=NoticeKind.CLOCK_CONSEQUENCE,
    )
