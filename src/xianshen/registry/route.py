"""Where an application would go when it is submitted: its chain, and who holds the positions today (selectors)."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from xianshen.common.components import Step
from xianshen.common.language import local
from xianshen.organisation.selectors import Holding, holders, unit_for_relation
from xianshen.registry.models import OpeningApplication
from xianshen.regulation.enums import SubjectKind
from xianshen.regulation.schema import NotInPolicy, Policy
from xianshen.regulation.schema.approvals import ChainSpec
from xianshen.regulation.schema.organisation import Seat


@dataclass(frozen=True, slots=True)
class Stop:
    """One step ahead.

    Args:
        name: what is given there, e.g. 所在部门意见.
        title: title of the position that decides.
        people: names of those who hold it today, deputies by delegation included.
        vacant: whether nobody can decide there today.
        deadline: the step's deadline in words, or "".
        rule: rule behind the step.
        note: how it came to somebody else, or "".
    """

    name: str
    title: str
    people: tuple[str, ...]
    vacant: bool
    deadline: str
    rule: str
    note: str = ""

    @property
    def who(self) -> str:
        """Who decides there, in words."""
        if self.vacant:
            return _("%(title)s（空缺，办公室补任后办理）") % {"title": self.title}
        return f"{self.title} {'、'.join(self.people)}"


@dataclass(frozen=True, slots=True)
class Route:
    """The way of a submission; without stops while it cannot be told yet."""

    stops: tuple[Stop, ...] = ()

    @property
    def receiver(self) -> str:
        """Title of the position that receives the submission, or ""."""
        return self.stops[0].title if self.stops else ""

    @property
    def steps(self) -> list[Step]:
        """The way as the progress component shows it."""
        first = Step(_("我提交"), _("填写中"), "now")
        return [first, *(Step(stop.title) for stop in self.stops), Step(_("开通"), _("列入名录"))]


def chain_ahead(
    application: OpeningApplication, policy: Policy, subject: SubjectKind = SubjectKind.OPENING_APPLICATION
) -> ChainSpec | None:
    """Return the chain that would decide; while no platform is chosen, the one that all platforms share."""
    codes = [application.platform] if application.platform else [platform.code for platform in policy.platforms]
    found: dict[str, ChainSpec] = {}
    for code in codes:
        tier = policy.tier_for(unit_kind=application.unit.kind, platform=code)
        if tier is None:
            continue
        try:
            spec = policy.chain_for(
                subject=subject,
                tier=tier.number,
                unit_kind=application.unit.kind,
                platform=code,
            )
        except NotInPolicy:
            continue
        found[spec.id] = spec
    return next(iter(found.values())) if len(found) == 1 else None


def route_of(
    application: OpeningApplication,
    policy: Policy,
    on: date,
    subject: SubjectKind = SubjectKind.OPENING_APPLICATION,
) -> Route:
    """Return who would decide on the application (or what is in its form) if it were submitted on the day."""
    spec = chain_ahead(application, policy, subject)
    if spec is None:
        return Route()
    stops = []
    for step in spec.steps:
        own = _deciding(application, Seat(position=step.position, of=step.of), on)
        note = ""
        if not own and step.escalate_to:
            own = _deciding(application, step.escalate_to, on)
            note = _("原定职位空缺，或任职的就是你，改由他人办理")
        title = own[0].position.title if own else policy.position_kind(step.position).title
        stops.append(_stop(step.name, title, own, step.due, step.rule, note, policy))
    if spec.report:
        report = spec.report
        own = _deciding(application, Seat(position=report.position, of=report.of), on)
        title = own[0].position.title if own else policy.position_kind(report.position).title
        stops.append(_stop(report.name, title, own, report.due, report.rule, "", policy))
    return Route(tuple(stops))


def _deciding(application: OpeningApplication, seat: Seat, on: date) -> list[Holding]:
    unit = unit_for_relation(seat.of, application.unit)
    if unit is None:
        return []
    held = holders(application.institution_id, position_kind=seat.position, unit_id=unit.pk, on=on)
    return [
        holding
        for holding in held
        if application.applicant_id
        not in {holding.person.pk, holding.delegation.principal_id if holding.delegation else None}
    ]


def _stop(name: str, title: str, held: list[Holding], due: str | None, rule: str, note: str, policy: Policy) -> Stop:
    people = tuple(dict.fromkeys(holding.person.name for holding in held))
    return Stop(local(name), local(title), people, not held, local(policy.clock(due).text) if due else "", rule, note)
