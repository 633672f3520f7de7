"""The college of the policy pack ``policies/shcc`` with its people, accounts, applications and files.

Units and people are made directly; whatever the room registry keeps is made by its services, as in use.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.factories.organisation import (
    AppointmentFactory,
    InstitutionFactory,
    PersonFactory,
    PositionFactory,
    UnitFactory,
)
from tests.factories.regulation import SHCC, pack_at
from xianshen.common.actors import Actor
from xianshen.organisation.models import Institution, Person, Unit
from xianshen.organisation.selectors import Grants, actor_for, grants_of
from xianshen.registry import services
from xianshen.registry.enums import AccountState
from xianshen.registry.models import MediaAccount, OpeningApplication, SponsorDocument
from xianshen.registry.services.accounts import AccountFacts, Registration
from xianshen.regulation.schema import Policy
from xianshen.regulation.selectors import policy_on
from xianshen.regulation.services import store_pack

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

UNITS: Mapping[str, tuple[str, str, str]] = {
    "leaders": ("校领导", "school_leadership", ""),
    "office": ("办公室", "office", ""),
    "science": ("科技处", "sci_tech_division", ""),
    "league": ("校团委", "league_committee", ""),
    "library": ("图书馆", "department", ""),
    "law": ("法律系", "academic_department", ""),
    "languages": ("外语系", "academic_department", ""),
    "class": ("2024级法律一班", "class", "law"),
    "society": ("关务协会", "society", "league"),
}
PEOPLE: Mapping[str, tuple[str, str, str, str]] = {
    "leader": ("周校长", "leaders", "school_leader", "分管校领导"),
    "director": ("陈办", "office", "office_director", "办公室主任"),
    "officer": ("孙岗", "office", "office_media_officer", "新媒体管理岗"),
    "science_head": ("吴科", "science", "sci_tech_head", "科技处处长"),
    "league_secretary": ("郑团", "league", "league_secretary", "校团委书记"),
    "library_head": ("冯馆", "library", "unit_head", "馆长"),
    "library_operator": ("褚编", "library", "operator", "馆办新媒体岗"),
    "law_head": ("王敏", "law", "unit_head", "系主任"),
    "law_secretary": ("李强", "law", "party_branch_secretary", "党总支书记"),
    "law_operator": ("赵宣", "law", "operator", "系办公室宣传岗"),
    "languages_head": ("蒋平", "languages", "unit_head", "系主任"),
    "languages_operator": ("沈青", "languages", "operator", "系办公室宣传岗"),
    "class_operator": ("韩同学", "class", "operator", "班级新媒体管理员"),
    "society_operator": ("杨同学", "society", "operator", "社团新媒体管理员"),
}


def upload(name: str = "责任体系.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    """Return a small file as a browser sends it."""
    return SimpleUploadedFile(name, content)


@dataclass
class College:
    """The institution, its units and its people by short names (see ``UNITS`` and ``PEOPLE``)."""

    institution: Institution
    now: datetime
    units: dict[str, Unit] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    @property
    def on(self) -> date:
        return timezone.localdate(self.now)

    @property
    def policy(self) -> Policy:
        return policy_on(self.institution.pk, self.on)

    @property
    def system(self) -> Actor:
        return Actor.system(institution_id=self.institution.pk, institution=self.institution.code)

    def actor(self, name: str) -> Actor:
        return actor_for(self[name], self.on)

    def grants(self, name: str) -> Grants:
        return grants_of(self[name], self.on)

    def account(
        self,
        name: str = "法律系",
        *,
        unit: str = "law",
        platform: str = "wechat_subscription",
        handle: str = "",
        owner: str | None = "law_operator",
        state: AccountState = AccountState.ACTIVE,
        reason: str = "",
        **facts: Any,
    ) -> MediaAccount:
        """Enter an account that already runs into the register."""
        person = self[owner] if owner else None
        known = {
            "owner_mobile": "13900002047",
            "owner_email": "flx@example.edu.cn",
            "content_scope": "专业建设、法律实务讲座、学生事务通知。",
            "audience": ["unit_students"],
            "opened_on": date(2024, 3, 1),
            **facts,
        }
        registration = Registration(
            AccountFacts(
                unit=self.units[unit],
                name=name,
                platform=platform,
                handle=handle or f"acc_{MediaAccount.objects.count():06}",
                owner=person,
                owner_name=person.name if person else "",
                **known,
            ),
            state,
            reason,
        )
        return services.register_accounts(actor=self.system, grants=None, registrations=[registration], now=self.now)[0]

    def draft(self, applicant: str = "law_operator", *, unit: str = "law", **values: Any) -> OpeningApplication:
        """Begin an application, and fill it in when values are given."""
        application = services.start_draft(
            actor=self.actor(applicant), grants=self.grants(applicant), unit_id=self.units[unit].pk, now=self.now
        )
        if values:
            application = services.save_draft(
                grants=self.grants(applicant),
                application_id=application.pk,
                revision=application.revision,
                values=values,
                now=self.now,
            )
        return application

    def complete_values(self, owner: str = "law_operator", **values: Any) -> dict[str, Any]:
        """Return values with which an application can be submitted."""
        return {
            "name": "法律系实务课堂",
            "platform": "wechat_subscription",
            "handle": "flx_shiwu",
            "content_scope": "模拟法庭实录、案例解读、实习基地招募信息。",
            "positioning": "给学法律的学生看的实务账号，只做案例和实习。",
            "audience": ["unit_students"],
            "owner_id": self[owner].pk,
            "owner_name": self[owner].name,
            "owner_mobile": "13800138000",
            "owner_email": "flx@example.edu.cn",
            "second_contact_name": "李强",
            "second_contact_mobile": "13900139000",
            "data_service": False,
            **values,
        }

    def submitted(self, applicant: str = "law_operator", *, unit: str = "law", **values: Any) -> OpeningApplication:
        """Fill in and submit an application."""
        application = self.draft(applicant, unit=unit, **self.complete_values(applicant, **values))
        return services.submit_application(
            actor=self.actor(applicant),
            grants=self.grants(applicant),
            application_id=application.pk,
            revision=application.revision,
            now=self.now,
        )

    def sponsor_document(
        self, unit: str = "law", kind: str = "responsibility_system", *, by: str = "", until: date | None = None
    ) -> SponsorDocument:
        """File one document of a unit's file."""
        by = by or f"{unit}_head"
        return services.file_sponsor_document(
            actor=self.actor(by),
            grants=self.grants(by),
            unit_id=self.units[unit].pk,
            kind=kind,
            title="",
            upload=upload(),
            valid_from=date(self.on.year, 1, 1),
            valid_until=until,
            now=self.now,
        )

    def sponsor_file(self, unit: str = "law", *, by: str = "") -> None:
        """Complete a unit's file."""
        for part in self.policy.sponsor_file.parts:
            self.sponsor_document(unit, part.code, by=by)


def college(now: datetime, *, password: bool = False) -> College:
    """Load the pack and set up units, positions and people.

    Args:
        now: time of the set-up; the pack must be in force then.
        password: give everybody the password of the organisation's factories.
    """
    pack = pack_at(SHCC)
    store_pack(pack=pack, now=now)
    institution = Institution.objects.get(code=pack.institution.code)
    made = College(institution, now)
    for key, (name, kind, parent) in UNITS.items():
        made.units[key] = UnitFactory(
            institution=institution,
            key=key,
            name=name,
            kind=kind,
            parent=made.units[parent] if parent else None,
            seal_text=f"{institution.name}{name}",
        )
    for key, (name, unit, kind, title) in PEOPLE.items():
        made.people[key] = PersonFactory(
            institution=institution,
            key=key,
            username=key,
            name=name,
            mobile="13912345678",
            email=f"{key}@example.edu.cn",
            password=password,
        )
        position = PositionFactory(unit=made.units[unit], kind=kind, title=title)
        AppointmentFactory(position=position, person=made.people[key])
    return made


def stranger(now: datetime) -> Person:
    """Return a person of another institution."""
    return PersonFactory(institution=InstitutionFactory())
