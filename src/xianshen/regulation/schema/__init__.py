"""Policy packs as types: what a pack can state, and how code asks for it."""

from xianshen.regulation.schema.approvals import ChainSpec, ReportSpec, SigningSpec, SponsorFilePart, SponsorFileSpec
from xianshen.regulation.schema.base import NotInPolicy, PolicyModel
from xianshen.regulation.schema.clocks import Clock, Duration, Escalation, WorkCalendar
from xianshen.regulation.schema.forms import (
    Cell,
    Choice,
    Copies,
    CopyHolder,
    FieldSpec,
    FormSpec,
    Layout,
    OpinionBox,
    Row,
)
from xianshen.regulation.schema.notices import NoticeSpec, UrgentNotice
from xianshen.regulation.schema.organisation import (
    ChainWhen,
    Classification,
    InstitutionNames,
    OrganisationSpec,
    PlatformSpec,
    PositionKindSpec,
    Seat,
    StepSpec,
    Tier,
    UnitKindSpec,
    When,
)
from xianshen.regulation.schema.policy import Policy, digest_of
from xianshen.regulation.schema.review import AnnualReviewSpec
from xianshen.regulation.schema.security import CampusNetwork, CustodySpec, DataServiceSpec
from xianshen.regulation.schema.text import Article, BasisDocument, Chapter, NameRule, PolicyRule, Regulation, Repeal

__all__ = [
    "AnnualReviewSpec",
    "Article",
    "BasisDocument",
    "CampusNetwork",
    "Cell",
    "ChainSpec",
    "ChainWhen",
    "Chapter",
    "Choice",
    "Classification",
    "Clock",
    "Copies",
    "CopyHolder",
    "CustodySpec",
    "DataServiceSpec",
    "Duration",
    "Escalation",
    "FieldSpec",
    "FormSpec",
    "InstitutionNames",
    "Layout",
    "NameRule",
    "NotInPolicy",
    "NoticeSpec",
    "OpinionBox",
    "OrganisationSpec",
    "PlatformSpec",
    "Policy",
    "PolicyModel",
    "PolicyRule",
    "PositionKindSpec",
    "Regulation",
    "Repeal",
    "ReportSpec",
    "Row",
    "Seat",
    "SigningSpec",
    "SponsorFilePart",
    "SponsorFileSpec",
    "StepSpec",
    "Tier",
    "UnitKindSpec",
    "UrgentNotice",
    "When",
    "WorkCalendar",
    "digest_of",
]
