"""Who may keep the organisation's master data, and who may delegate a position."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from xianshen.common.actors import Actor, ActorKind
from xianshen.common.decisions import Allowed, Decision, Denied
from xianshen.organisation.enums import MANAGE
from xianshen.organisation.models import Appointment, Delegation, Person, Position
from xianshen.organisation.selectors import grants_of


def may_manage(actor: Actor, institution_id: int, on: date) -> Decision:
    """Say whether the actor may change units, positions and people of an institution on a day."""
    if actor.institution_id != institution_id:
        return Denied(_("这里是另一所学校的资料。回到本校的页面再办。"))
    if actor.kind == ActorKind.SYSTEM:
        return Allowed()
    person = _person(actor)
    if person is not None and grants_of(person, on).has(MANAGE):
        return Allowed()
    return Denied(_("单位、职务和人员由归口管理部门维护，你的职务没有这项权限。联系办公室办理。"))


def may_change_own(actor: Actor, person: Person) -> Decision:
    """Say whether the actor is the person themselves (or the system acting for them)."""
    if actor.kind == ActorKind.SYSTEM or (actor.kind == ActorKind.PERSON and actor.person_id == person.pk):
        return Allowed()
    return Denied(_("只能修改自己的密码。别人忘了密码的，由办公室另设一次性密码。"))


def may_delegate(actor: Actor, position: Position, on: date) -> Decision:
    """Say whether the actor holds the position themselves on a day; a delegate may not delegate further."""
    if actor.person_id is not None and actor.institution_id == position.institution_id:
        own = Appointment.objects.on(on).filter(
            position_id=position.pk, person_id=actor.person_id, person__is_active=True
        )
        if own.exists():
            return Allowed()
    return Denied(_("只有在任的人能委托本职务，受托人不能再转托。由任职的人自己办理委托。"))


def may_revoke(actor: Actor, delegation: Delegation, on: date) -> Decision:
    """Say whether the actor gave the delegation or keeps the organisation's data."""
    if actor.institution_id == delegation.institution_id and actor.person_id == delegation.principal_id:
        return Allowed()
    if may_manage(actor, delegation.institution_id, on):
        return Allowed()
    return Denied(_("委托由委托人撤回，委托人不便时由办公室代为撤回。联系其中一方办理。"))


def _person(actor: Actor) -> Person | None:
    if actor.kind != ActorKind.PERSON or actor.person_id is None:
        return None
    return Person.objects.filter(pk=actor.person_id, institution_id=actor.institution_id, is_active=True).first()
