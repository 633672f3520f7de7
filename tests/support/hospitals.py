"""An invented hospital group with the pack linhai in force: its units, and its people by role."""

from datetime import datetime

from tests.factories.organisation import AppointmentFactory, PersonFactory, PositionFactory, UnitFactory
from tests.factories.regulation import OTHER, pack_at
from tests.support.college import College
from xianshen.organisation.models import Institution
from xianshen.regulation.services import store_pack

# key: (kind, name, parent)
UNITS = {
    "board": ("board", "集团领导", None),
    "publicity": ("publicity", "宣传处", None),
    "it": ("it_centre", "信息中心", None),
    "hospital": ("hospital", "第一医院", None),
    "clinic": ("clinic", "心内科", "hospital"),
    "ward": ("ward", "心内三病区", "clinic"),
    "volunteers": ("volunteers", "红马甲志愿队", "hospital"),
}
# role: (unit key, kind of position, title)
SEATS = {
    "chairman": ("board", "chairman", "董事长"),
    "publicity_head": ("publicity", "publicity_head", "宣传处处长"),
    "publicity_editor": ("publicity", "editor", "宣传处编辑"),
    "it_head": ("it", "it_head", "信息中心主任"),
    "president": ("hospital", "president", "院长"),
    "hospital_editor": ("hospital", "editor", "医院编辑"),
    "chief": ("clinic", "clinic_chief", "科主任"),
    "clinic_editor": ("clinic", "editor", "科室编辑"),
    "ward_editor": ("ward", "editor", "病区编辑"),
    "volunteer_editor": ("volunteers", "editor", "志愿队编辑"),
}


def build_group(now: datetime) -> College:
    """Return the group in which every role is held by one person named after it."""
    store_pack(pack=pack_at(OTHER), now=now)
    institution = Institution.objects.get(code="linhai")
    group = College(institution, now)
    for key, (kind, name, parent) in UNITS.items():
        group.units[key] = UnitFactory(
            institution=institution, key=key, kind=kind, name=name, parent=group.units[parent] if parent else None
        )
    for role, (unit, kind, title) in SEATS.items():
        position = PositionFactory(unit=group.units[unit], key=role, kind=kind, title=title)
        person = PersonFactory(
            institution=institution, key=role, username=f"linhai.{role}", name=f"{title}乙", password=True
        )
        AppointmentFactory(position=position, person=person)
        group.positions[role], group.people[role] = position, person
    return group
