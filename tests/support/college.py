"""A small college with the shcc pack in force: units, people by role, and short ways to act as them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.factories.organisation import AppointmentFactory, PersonFactory, PositionFactory, UnitFactory
from tests.factories.regulation import SHCC, pack_at
from xianshen.approvals import services as approvals
from xianshen.approvals.enums import Verdict
from xianshen.approvals.models import ApprovalChain
from xianshen.approvals.selectors import chain_of, current_step, rounds_of
from xianshen.approvals.signing import Signature
from xianshen.common.actors import Actor
from xianshen.organisation.models import Institution, Person, Position, Unit
from xianshen.organisation.selectors import Grants, actor_for, grants_of
from xianshen.registry import services as registry
from xianshen.registry.models import MediaAccount, OpeningApplication
from xianshen.registry.selectors import APPLICATION_TYPE
from xianshen.regulation.selectors import policy_on
from xianshen.regulation.services import store_pack

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

# role: (unit key, kind of position, title)
SEATS = {
    "media": ("office", "office_media_officer", "新媒体管理岗"),
    "director": ("office", "office_director", "办公室主任"),
    "leader": ("leaders", "school_leader", "分管校领导"),
    "head": ("law", "unit_head", "系主任"),
    "operator": ("law", "operator", "宣传岗"),
    "secretary": ("law", "party_branch_secretary", "党总支书记"),
    "library_head": ("library", "unit_head", "馆长"),
    "library_operator": ("library", "operator", "新媒体岗"),
    "monitor": ("class", "operator", "班级管理员"),
    "league": ("league", "league_secretary", "校团委书记"),
    "club": ("club", "operator", "社团管理员"),
    "scitech": ("scitech", "sci_tech_head", "科技处处长"),
}
# key: (kind, name, parent)
UNITS = {
    "leaders": ("school_leadership", "校领导", None),
    "office": ("office", "办公室", None),
    "scitech": ("sci_tech_division", "科技处", None),
    "league": ("league_committee", "校团委", None),
    "library": ("department", "图书馆", None),
    "law": ("academic_department", "法律系", None),
    "class": ("class", "2024级法律一班", "law"),
    "club": ("society", "关务协会", "league"),
}

VALUES: Mapping[str, Any] = {
    "name": "法律系学习园地",
    "platform": "wechat_subscription",
    "handle": "flx_study",
    "content_scope": "法律专业学习方法、法考提醒、模拟法庭活动预告与回顾。",
    "positioning": "只做法律专业的学习服务，不发社团活动。",
    "audience": ["unit_students"],
    "owner_mobile": "13916392047",
    "owner_email": "flx@example.edu.cn",
    "second_contact_name": "系办公室",
    "second_contact_mobile": "13916392048",
    "data_service": False,
    "in_name_of": "unit",
}


@dataclass
class College:
    """The world of a test.

    Args:
        institution: the institution.
        now: the moment at which everything happens unless a call says otherwise.
    """

    institution: Institution
    now: datetime
    units: dict[str, Unit] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def on(self) -> date:
        return timezone.localdate(self.now)

    def grants(self, role: str) -> Grants:
        return grants_of(self.people[role], self.on)

    def actor(self, role: str) -> Actor:
        return actor_for(self.people[role], self.on)

    def who(self, role: str) -> dict[str, Any]:
        """Return the keyword arguments by which most services learn who acts."""
        return {"actor": self.actor(role), "grants": self.grants(role), "now": self.now}

    def sign(self, role: str) -> Signature:
        return Signature(self.people[role].pk, "password", self.now)

    def draft(self, role: str = "operator", unit: str = "law", **values: Any) -> OpeningApplication:
        """Start a draft and fill it in; values replace those of a correct application."""
        application = registry.start_draft(unit_id=self.units[unit].pk, **self.who(role))
        person = self.people[role]
        filled = {**VALUES, "owner_id": person.pk, "owner_name": person.name, **values}
        return registry.save_draft(
            grants=self.grants(role), application_id=application.pk, revision=1, values=filled, now=self.now
        )

    def submit(self, application: OpeningApplication, role: str = "operator") -> ApprovalChain:
        registry.submit_application(application_id=application.pk, revision=application.revision, **self.who(role))
        return self.chain(application)

    def submitted(self, role: str = "operator", unit: str = "law", **values: Any) -> ApprovalChain:
        return self.submit(self.draft(role, unit, **values), role)

    def chain(self, application: OpeningApplication) -> ApprovalChain:
        """Return the newest round of an application."""
        return rounds_of(self.institution.pk, APPLICATION_TYPE, str(application.pk))[0]

    def decide(
        self, chain: ApprovalChain, role: str, verdict: Verdict = Verdict.AGREE, text: str = "", **changes: Any
    ) -> ApprovalChain:
        """Decide the current step of a chain as somebody."""
        fresh = chain_of(chain.institution_id, chain.pk)
        step = current_step(fresh)
        arguments: dict[str, Any] = {
            "institution_id": self.institution.pk,
            "chain_id": chain.pk,
            "step_id": step.pk if step else 0,
            "person": self.people[role],
            "verdict": verdict,
            "text": text,
            "digest": fresh.digest,
            "signature": self.sign(role),
            "now": self.now,
        }
        approvals.decide(**{**arguments, **changes})
        return chain_of(chain.institution_id, chain.pk)

    def complete_file(self, unit: str = "law", role: str = "head") -> None:
        """File every document that a sponsoring unit must have."""
        for part in policy_on(self.institution.pk, self.on).sponsor_file.parts:
            registry.file_sponsor_document(
                unit_id=self.units[unit].pk,
                kind=part.code,
                title=part.label,
                upload=SimpleUploadedFile(f"{part.code}.pdf", PDF, "application/pdf"),
                valid_from=self.on - timedelta(days=10),
                valid_until=None,
                **self.who(role),
            )

    def opened(self, role: str = "operator", unit: str = "law", **values: Any) -> MediaAccount:
        """Take an application of a department all the way to an account."""
        chain = self.submitted(role, unit, **values)
        head = {"law": "head", "library": "library_head"}[unit]
        self.complete_file(unit, head)
        self.decide(chain, head)
        self.decide(chain, "director")
        return OpeningApplication.objects.get(pk=chain.subject_id).account  # type: ignore[return-value]


def build_college(now: datetime, *, code: str = "shcc", pack: Path = SHCC) -> College:
    """Return a college in which every role is held by one person named after it."""
    store_pack(pack=pack_at(pack), now=now)
    institution = Institution.objects.get(code=code)
    college = College(institution, now)
    for key, (kind, name, parent) in UNITS.items():
        college.units[key] = UnitFactory(
            institution=institution, key=key, kind=kind, name=name, parent=college.units[parent] if parent else None
        )
    for role, (unit, kind, title) in SEATS.items():
        position = PositionFactory(unit=college.units[unit], key=role, kind=kind, title=title)
        person = PersonFactory(
            institution=institution, key=f"{code}-{role}", username=f"{code}.{role}", name=f"{title}甲", password=True
        )
        AppointmentFactory(position=position, person=person)
        college.positions[role], college.people[role] = position, person
    return college
