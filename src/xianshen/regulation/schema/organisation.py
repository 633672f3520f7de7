"""Kinds of units and positions, platform types, tiers and who answers for them."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from xianshen.regulation.enums import Capability, UnitRole
from xianshen.regulation.schema.base import Code, ItemId, Label, PolicyModel, Text

UnitRef = Annotated[str, StringConstraints(pattern=r"^(sponsor|home|kind:[a-z0-9][a-z0-9_]{0,39})$")]
"""``sponsor`` (the unit that runs the account), ``home`` (the unit it answers to) or ``kind:<unit kind>``."""


class InstitutionNames(PolicyModel):
    """The institution as its pack names it."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=32)]
    name: Label
    short_name: Label
    aliases: tuple[Label, ...] = ()

    @property
    def all_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.name, self.short_name, *self.aliases)))


class UnitKindSpec(PolicyModel):
    """A kind of unit. ``home``: kinds of the unit that units of this kind answer to."""

    code: Code
    title: Label
    rule: ItemId
    home: tuple[Code, ...] = ()


class PositionKindSpec(PolicyModel):
    """A kind of position: in which kinds of unit it exists and what it allows its holder to do."""

    code: Code
    title: Label
    rule: ItemId
    unit_kinds: Annotated[tuple[Code, ...], Field(min_length=1)]
    capabilities: tuple[Capability, ...] = ()


class OrganisationSpec(PolicyModel):
    """Vocabulary of the organisation: unit kinds, position kinds, and which kind plays which role."""

    unit_kinds: Annotated[tuple[UnitKindSpec, ...], Field(min_length=1)]
    position_kinds: Annotated[tuple[PositionKindSpec, ...], Field(min_length=1)]
    roles: dict[UnitRole, Code]


class Seat(PolicyModel):
    """A position in a unit that is named by its relation to the account: who decides, who answers."""

    position: Code
    of: UnitRef


class HandleSpec(PolicyModel):
    """How an account is named on its platform. ``pattern`` must match the whole handle."""

    label: Label
    pattern: str
    hint: Text


class AddressSpec(PolicyModel):
    """Addresses of accounts on a platform. ``pattern`` must match the whole address."""

    pattern: str
    hint: Text


class PlatformSpec(PolicyModel):
    """A platform type.

    Args:
        code: stable code stored with accounts.
        name: name as printed on forms.
        family: group of platforms that share an icon and a word, e.g. 微信.
        icon: name of a Tabler icon in the sprite.
        rule: rule behind it.
        handle: form of the account's own name on the platform.
        url: form of addresses on the platform.
    """

    code: Code
    name: Label
    family: Label
    icon: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")]
    rule: ItemId
    handle: HandleSpec
    url: AddressSpec


class Tier(PolicyModel):
    """A tier of platforms; 1 is the highest."""

    number: Annotated[int, Field(ge=1, le=9)]
    name: Label
    rule: ItemId


class When(PolicyModel):
    """A condition on unit kind and platform; an empty list means any."""

    unit_kinds: tuple[Code, ...] = ()
    platforms: tuple[Code, ...] = ()

    def matches(self, unit_kind: str, platform: str) -> bool:
        return (not self.unit_kinds or unit_kind in self.unit_kinds) and (
            not self.platforms or platform in self.platforms
        )


class Classification(PolicyModel):
    """An ordered rule that puts accounts into a tier; the first that matches wins."""

    when: When
    tier: int
    rule: ItemId
    first_responsible: Seat


class ChainWhen(When):
    """A condition on tier, unit kind and platform; an empty list means any."""

    tiers: tuple[int, ...] = ()


class StepSpec(PolicyModel):
    """A step of a chain: an opinion by whoever holds a position when it is given.

    Args:
        code: stable code within the chain.
        name: as shown, e.g. 所在部门意见.
        rule: rule behind the step.
        form_box: code of the opinion box of the form into which the opinion is printed.
        position: kind of the position that decides.
        of: whose position: the sponsoring unit's, its home unit's, or that of the unit of a kind.
        seal: ``unit``: the opinion carries the seal of the unit of the position held.
        due: clock of the step.
        escalate_to: who decides when the position is vacant or its holder is the applicant.
    """

    code: Code
    name: Label
    rule: ItemId
    form_box: Code | None = None
    position: Code
    of: UnitRef
    seal: Literal["unit", "none"] = "unit"
    due: ItemId | None = None
    escalate_to: Seat | None = None
