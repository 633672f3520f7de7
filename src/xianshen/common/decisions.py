"""Answers of permission predicates: allowed, or denied with a reason and the rule behind it."""

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Allowed:
    """The act may go ahead."""

    def __bool__(self) -> Literal[True]:
        return True


@dataclass(frozen=True, slots=True)
class Denied:
    """The act may not go ahead.

    Args:
        reason: what is wrong and what to do next, in the interface language.
        rule: id of the policy rule behind the refusal (the pack says which article), or "".
    """

    reason: str | Promise
    rule: str = ""

    def __bool__(self) -> Literal[False]:
        return False


Decision = Allowed | Denied
