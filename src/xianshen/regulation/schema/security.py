"""Account security: custody of accounts, and servers behind data services."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from xianshen.regulation.schema.base import Code, ItemId, Label, PolicyModel, Text
from xianshen.regulation.schema.forms import Choice

MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$")]
"""A day of every year, up to the 28th so that every year has it."""


class CustodySpec(PolicyModel):
    """How accounts are kept (账号管理).

    Args:
        rule: rule behind custody.
        administrators_at_least: fewest platform administrators, so that one who leaves locks nobody out.
        two_factor: whether two-factor sign-in is asked for where the platform offers it.
        check_opens: days of the year on which a check of all accounts opens.
        check: clock of an account's answer.
    """

    rule: ItemId
    administrators_at_least: Annotated[int, Field(ge=1, le=9)]
    two_factor: bool
    check_opens: Annotated[tuple[MonthDay, ...], Field(min_length=1)]
    check: ItemId

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if list(self.check_opens) != sorted(set(self.check_opens)):
            raise ValueError("check_opens 要从早到晚写，不重复")
        return self


class CampusNetwork(PolicyModel):
    """A network of the institution, with what people call it."""

    cidr: IPv4Network | IPv6Network
    label: Label


class DataServiceSpec(PolicyModel):
    """What servers behind data services must be (校内数据服务).

    Args:
        rule: rule that asks for servers on campus.
        networks: the institution's campus networks, IPv4 and IPv6.
        personal_information: kinds of personal information that a service may hold, least sensitive first.
        validity: clock of an approval.
        recheck_days: days after which the names of approved servers are resolved again.
        hint: what to do about an address outside.
    """

    rule: ItemId
    networks: Annotated[tuple[CampusNetwork, ...], Field(min_length=1)]
    personal_information: Annotated[tuple[Choice, ...], Field(min_length=1)]
    validity: ItemId
    recheck_days: Annotated[int, Field(ge=1, le=366)]
    hint: Text

    def personal_information_label(self, code: Code) -> str:
        """Return the words of a kind of personal information; its code when the policy no longer has it."""
        return next((choice.label for choice in self.personal_information if choice.code == code), code)
