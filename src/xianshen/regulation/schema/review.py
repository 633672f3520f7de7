"""The annual review (年审): who reviews which accounts, by when, and who is exempt."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from xianshen.regulation.schema.approvals import ReportSpec
from xianshen.regulation.schema.base import ItemId, PolicyModel

MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class AnnualReviewSpec(PolicyModel):
    """How accounts are reviewed once a year.

    Args:
        rule: rule behind the review.
        due: clock by which the form and the list of posts are handed in.
        correction: clock that starts when a form is returned.
        rectification: clock that starts when an account is told to put something right (整改).
        tiers: tiers reviewed by the Office; the others are reviewed at home and reported as a list.
        exempt_opened_after: ``MM-DD``; accounts opened later in the year are not reviewed for that year, or None.
        report: how a home unit reports the results of its accounts, or None where every tier goes to the Office.
    """

    rule: ItemId
    due: ItemId
    correction: ItemId
    rectification: ItemId
    tiers: Annotated[tuple[Annotated[int, Field(ge=1, le=9)], ...], Field(min_length=1)]
    exempt_opened_after: MonthDay | None = None
    report: ReportSpec | None = None

    @model_validator(mode="after")
    def _a_day(self) -> Self:
        if self.exempt_opened_after is not None:
            month, day = self.exempt_opened_after.split("-")
            try:
                date(2024, int(month), int(day))
            except ValueError:
                raise ValueError(f"{self.exempt_opened_after} 不是日历上的日子") from None
        return self

    def exempts(self, opened_on: date | None, year: int) -> bool:
        """Say whether an account opened on a day is not reviewed for the year; an unknown day exempts nobody."""
        if opened_on is None:
            return False
        if opened_on.year != year:
            return opened_on.year > year
        return self.exempt_opened_after is not None and f"{opened_on:%m-%d}" > self.exempt_opened_after
