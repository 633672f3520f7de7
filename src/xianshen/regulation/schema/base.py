"""The base of all policy models, and the refusal to look up what a policy does not have."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")]
"""Short name of a unit kind, position kind, platform, field …"""

ItemId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]*(\.[a-z0-9][a-z0-9_]*)*$", max_length=60)]
"""Dotted id of a rule, clock or chain."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class PolicyModel(BaseModel):
    """A piece of a policy: immutable, hashable, and closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class NotInPolicy(KeyError):
    """Code asked a policy for something that the pack does not have.

    ``policy check`` holds packs against what code asks for, so this means a programming error or data
    stored under another policy; it is not a refusal of anybody's act.
    """

    def __init__(self, what: str, key: object) -> None:
        super().__init__(f"{what} {key!r} is not in the policy")
