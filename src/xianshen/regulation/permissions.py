"""Who may load versions, publish interpretations, and see who has read a version."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from xianshen.common.actors import Actor, ActorKind
from xianshen.common.decisions import Allowed, Decision, Denied
from xianshen.organisation.selectors import Grants, grants_of, people
from xianshen.regulation import rules
from xianshen.regulation.enums import Capability


def may_load(actor: Actor, institution_id: int, on: date) -> Decision:
    """Say whether the actor may load a version of the policy: the operator, or whoever keeps it."""
    if actor.institution_id == institution_id and (
        actor.kind == ActorKind.SYSTEM or grants_for(actor, on).has(Capability.REGULATION_MANAGE)
    ):
        return Allowed()
    return Denied(_("制度版本由归口管理部门维护，你的职务没有这项权限。联系办公室办理。"), rules.INTERPRETATION)


def may_interpret(grants: Grants) -> Decision:
    """Say whether somebody may publish interpretations: the Office interprets the regulation."""
    if grants.has(Capability.REGULATION_INTERPRET):
        return Allowed()
    return Denied(_("解释由归口管理部门发布，你的职务没有这项权限。把问题交给办公室。"), rules.INTERPRETATION)


def may_see_readers(grants: Grants) -> Decision:
    """Say whether somebody may see who has not read a version yet."""
    if grants.has(Capability.REGULATION_MANAGE):
        return Allowed()
    return Denied(_("阅知名单由归口管理部门查看，你的职务没有这项权限。联系办公室。"), rules.IN_FORCE)


def grants_for(actor: Actor, on: date) -> Grants:
    """Return what the actor may do on a day; nothing for the system and the public."""
    if actor.kind != ActorKind.PERSON or actor.person_id is None:
        return Grants()
    person = people(actor.institution_id).filter(pk=actor.person_id, is_active=True).first()
    return grants_of(person, on) if person else Grants()
