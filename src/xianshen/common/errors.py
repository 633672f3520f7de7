"""The three refusals: wrong actor, wrong state, wrong input (the last is Django's ValidationError)."""

from django.utils.functional import Promise

from xianshen.common.decisions import Denied


class Refusal(Exception):
    """An act was refused; nothing has changed.

    Attributes:
        reason: what is wrong and what to do next, for people.
        rule: id of the policy rule cited, or "".
    """

    status = 403

    def __init__(self, reason: str | Promise, rule: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.rule = rule


class PermissionDenied(Refusal):
    """The actor may not do this (HTTP 403)."""

    @classmethod
    def from_denied(cls, denied: Denied) -> "PermissionDenied":
        return cls(denied.reason, denied.rule)


class TransitionNotAllowed(Refusal):
    """The record is not in a state from which this is possible (HTTP 409)."""

    status = 409
