"""The policy: everything that one version of a regulation states, as code asks for it."""

import hashlib
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Self, TypeVar

import rfc8785
from pydantic import Field

from xianshen.regulation.enums import SubjectKind, UnitRole
from xianshen.regulation.schema.approvals import ChainSpec, SigningSpec, SponsorFileSpec
from xianshen.regulation.schema.base import Label, NotInPolicy, PolicyModel
from xianshen.regulation.schema.clocks import Clock, WorkCalendar
from xianshen.regulation.schema.forms import FormSpec
from xianshen.regulation.schema.notices import NoticeSpec
from xianshen.regulation.schema.organisation import (
    Classification,
    InstitutionNames,
    OrganisationSpec,
    PlatformSpec,
    PositionKindSpec,
    Seat,
    Tier,
    UnitKindSpec,
)
from xianshen.regulation.schema.review import AnnualReviewSpec
from xianshen.regulation.schema.security import CustodySpec, DataServiceSpec
from xianshen.regulation.schema.text import Article, Chapter, NameRule, PolicyRule, Regulation

K = TypeVar("K")
V = TypeVar("V")
ABOUT_STORAGE = frozenset({"version_id", "digest"})


class Policy(PolicyModel):
    """One version of an institution's policy. Immutable; compared and cached by its digest.

    Look-ups raise :class:`NotInPolicy` when the pack lacks what code asks for; ``tier_for`` and
    ``first_responsible`` answer None where the regulation gives no tier.
    """

    version_id: int = 0
    digest: str = ""
    label: Label
    institution: InstitutionNames
    regulation: Regulation
    rules: Annotated[tuple[PolicyRule, ...], Field(min_length=1)]
    organisation: OrganisationSpec
    platforms: Annotated[tuple[PlatformSpec, ...], Field(min_length=1)]
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1)]
    classification: Annotated[tuple[Classification, ...], Field(min_length=1)]
    chains: Annotated[tuple[ChainSpec, ...], Field(min_length=1)]
    forms: Annotated[tuple[FormSpec, ...], Field(min_length=1)]
    name_rules: tuple[NameRule, ...]
    clocks: tuple[Clock, ...]
    calendar: WorkCalendar = WorkCalendar()
    signing: SigningSpec
    sponsor_file: SponsorFileSpec
    custody: CustodySpec | None = None
    data_services: DataServiceSpec | None = None
    notices: NoticeSpec | None = None
    annual_review: AnnualReviewSpec | None = None

    def canonical(self) -> str:
        """Return the canonical JSON text (RFC 8785) of what the version states.

        Values that are the schema's defaults are left out, so that a field which a later release adds to the
        schema changes no text, and no digest, of a version that does not use it.
        """
        stated = self.model_dump(mode="json", exclude=set(ABOUT_STORAGE), exclude_defaults=True)
        return rfc8785.dumps(_ordered(stated)).decode()

    def stored_as(self, *, version_id: int, digest: str) -> Self:
        """Return the policy with the key and digest under which it is stored."""
        return self.model_copy(update={"version_id": version_id, "digest": digest})

    @property
    def title(self) -> str:
        return self.regulation.title

    @property
    def effective_from(self) -> date:
        return self.regulation.effective_from

    @property
    def effective_until(self) -> date | None:
        return self.regulation.effective_until

    @property
    def promulgated_on(self) -> date:
        return self.regulation.promulgated_on

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        return self.regulation.chapters

    @cached_property
    def articles(self) -> dict[int, Article]:
        """Articles by number, in the order of the text."""
        return {article.number: article for chapter in self.chapters for article in chapter.articles}

    @cached_property
    def _rules(self) -> dict[str, PolicyRule]:
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def _clocks(self) -> dict[str, Clock]:
        return {clock.id: clock for clock in self.clocks}

    @cached_property
    def _platforms(self) -> dict[str, PlatformSpec]:
        return {platform.code: platform for platform in self.platforms}

    @cached_property
    def _forms(self) -> dict[str, FormSpec]:
        return {form.code: form for form in self.forms}

    @cached_property
    def _tiers(self) -> dict[int, Tier]:
        return {tier.number: tier for tier in self.tiers}

    def rule(self, rule_id: str) -> PolicyRule:
        return _found(self._rules, "rule", rule_id)

    def has_rule(self, rule_id: str) -> bool:
        return rule_id in self._rules

    def rules_of(self, article: int) -> list[PolicyRule]:
        """Return the rules that follow from an article, in the pack's order."""
        return [rule for rule in self.rules if rule.article == article]

    def article(self, number: int) -> Article:
        return _found(self.articles, "article", number)

    def chapter_of(self, number: int) -> Chapter:
        """Return the chapter in which an article stands."""
        for chapter in self.chapters:
            if any(article.number == number for article in chapter.articles):
                return chapter
        raise NotInPolicy("article", number)

    def platform(self, code: str) -> PlatformSpec:
        return _found(self._platforms, "platform", code)

    def form(self, code: str) -> FormSpec:
        return _found(self._forms, "form", code)

    def clock(self, clock_id: str) -> Clock:
        return _found(self._clocks, "clock", clock_id)

    def due(self, clock_id: str, start: date) -> date:
        """Return the due date of a clock, by the institution's own calendar."""
        return self.clock(clock_id).duration.due(start, self.calendar)

    def due_guessed(self, clock_id: str, due_on: date) -> bool:
        """Say whether a due date was reckoned in working days of a year whose holidays are not announced yet."""
        return self.clock(clock_id).duration.working_days is not None and self.calendar.guesses(due_on)

    def tier(self, number: int) -> Tier:
        return _found(self._tiers, "tier", number)

    def unit_kind(self, code: str) -> UnitKindSpec:
        return _found({kind.code: kind for kind in self.organisation.unit_kinds}, "unit kind", code)

    def position_kind(self, code: str) -> PositionKindSpec:
        return _found({kind.code: kind for kind in self.organisation.position_kinds}, "position kind", code)

    def kind_in_role(self, role: UnitRole) -> str:
        """Return the kind of unit that plays a role, e.g. which kind the Office is."""
        return _found(self.organisation.roles, "unit role", role)

    @property
    def office_kind(self) -> str:
        """The kind of unit that the Office (归口管理部门) is."""
        return self.kind_in_role(UnitRole.OFFICE)

    @property
    def office_name(self) -> str:
        """What the kind of unit is called that the Office is, e.g. 办公室."""
        return self.unit_kind(self.office_kind).title

    def classification_for(self, *, unit_kind: str, platform: str) -> Classification | None:
        """Return the rule that puts an account into its tier, or None: such units open no such accounts."""
        return next((item for item in self.classification if item.when.matches(unit_kind, platform)), None)

    def tier_for(self, *, unit_kind: str, platform: str) -> Tier | None:
        """Return the tier of accounts of a kind of unit on a platform, or None if they may have none."""
        found = self.classification_for(unit_kind=unit_kind, platform=platform)
        return self.tier(found.tier) if found else None

    def first_responsible(self, *, unit_kind: str, platform: str) -> Seat | None:
        """Return who is first responsible (第一责任人) for such accounts, or None if they may have none."""
        found = self.classification_for(unit_kind=unit_kind, platform=platform)
        return found.first_responsible if found else None

    def chain_for(self, *, subject: str, tier: int, unit_kind: str, platform: str) -> ChainSpec:
        """Return the chain that decides on a subject of an account.

        Raises:
            NotInPolicy: no chain matches. ``policy check`` makes sure that every tier has one.
        """
        for chain in self.chains:
            when = chain.when
            if (
                chain.subject == subject
                and (not when.tiers or tier in when.tiers)
                and when.matches(unit_kind, platform)
            ):
                return chain
        raise NotInPolicy("chain for", (subject, tier, unit_kind, platform))

    def chain(self, chain_id: str) -> ChainSpec:
        return _found({chain.id: chain for chain in self.chains}, "chain", chain_id)

    def form_for(self, subject: SubjectKind) -> FormSpec:
        """Return the form on which a subject is submitted."""
        for chain in self.chains:
            if chain.subject == subject:
                return self.form(chain.form)
        raise NotInPolicy("form for", subject)

    def name_words(self, rule: NameRule) -> tuple[str, ...]:
        """Return the words that a name rule looks for, the institution's own names among them if it says so."""
        own: Iterable[str] = self.institution.all_names if rule.institution_names else ()
        return tuple(dict.fromkeys((*own, *rule.words)))


def digest_of(canonical: str) -> str:
    """Return the SHA-256 of a canonical text."""
    return hashlib.sha256(canonical.encode()).hexdigest()


def _ordered(data: dict[str, Any]) -> dict[str, Any]:
    """Give sets one order, so that equal policies have equal texts."""
    calendar = data.get("calendar")
    if isinstance(calendar, dict):
        data["calendar"] = {
            key: sorted(value) if isinstance(value, list | set | frozenset) else value
            for key, value in calendar.items()
        }
    return data


def _found(items: dict[K, V], what: str, key: K) -> V:
    try:
        return items[key]
    except KeyError:
        raise NotInPolicy(what, key) from None
