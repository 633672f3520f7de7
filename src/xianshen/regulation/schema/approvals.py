"""Approval chains, reports (报备), signing, and the sponsoring unit's file."""

from typing import Annotated

from pydantic import Field

from xianshen.regulation.enums import ReportPower, SubjectKind, Verdict, WithdrawUntil
from xianshen.regulation.schema.base import Code, ItemId, Label, PolicyModel, Text
from xianshen.regulation.schema.organisation import ChainWhen, StepSpec, UnitRef


class ReportSpec(PolicyModel):
    """To whom a decision is reported (报备), until when, and what the receiver may do about it."""

    name: Label
    rule: ItemId
    position: Code
    of: UnitRef
    due: ItemId | None = None
    powers: tuple[ReportPower, ...] = ()


class ChainSpec(PolicyModel):
    """Who decides on a subject, in which order. The first chain whose condition matches applies.

    Args:
        id: dotted id.
        subject: what is decided.
        form: form on which the opinions are printed.
        when: tiers, unit kinds and platforms to which the chain applies.
        rule: rule behind the chain.
        steps: opinions in order.
        report: report to be made after the last step, or None.
    """

    id: ItemId
    subject: SubjectKind
    form: Code
    when: ChainWhen
    rule: ItemId
    steps: Annotated[tuple[StepSpec, ...], Field(min_length=1)]
    report: ReportSpec | None = None


class SigningSpec(PolicyModel):
    """How opinions are signed.

    Args:
        rule: rule behind signing.
        reauthenticate: whether the signer proves again who they are.
        reasons_rule: rule behind required reasons.
        reasons_required: verdicts that need a text.
        self_decision_rule: rule by which nobody decides on their own application.
        withdraw_rule: rule behind withdrawal.
        withdraw_until: how long an applicant may withdraw.
    """

    rule: ItemId
    reauthenticate: bool
    reasons_rule: ItemId
    reasons_required: tuple[Verdict, ...]
    self_decision_rule: ItemId
    withdraw_rule: ItemId
    withdraw_until: WithdrawUntil


class SponsorFilePart(PolicyModel):
    """A document that a sponsoring unit must have on file before its first account is approved."""

    code: Code
    label: Label
    hint: Text
    rule: ItemId
    validity: ItemId


class SponsorFileSpec(PolicyModel):
    """The sponsoring unit's file (主办材料)."""

    rule: ItemId
    parts: Annotated[tuple[SponsorFilePart, ...], Field(min_length=1)]
