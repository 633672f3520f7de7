"""Notices: which of them do not wait."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from xianshen.regulation.enums import NoticeChannel
from xianshen.regulation.schema.base import ItemId, PolicyModel


class UrgentNotice(PolicyModel):
    """A kind of notice that breaks through a person's quiet hours and daily digest.

    Args:
        kind: kind of notice, as the room ``notices`` names it.
        rule: rule behind it.
        channels: through which it breaks; in the others it waits like any notice.
    """

    kind: ItemId
    rule: ItemId
    channels: Annotated[tuple[NoticeChannel, ...], Field(min_length=1)]


class NoticeSpec(PolicyModel):
    """How notices reach people.

    Args:
        urgent: kinds that do not wait.
    """

    urgent: tuple[UrgentNotice, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> Self:
        kinds = [one.kind for one in self.urgent]
        if len(kinds) != len(set(kinds)):
            raise ValueError("urgent 里同一类通知写了两次")
        return self
