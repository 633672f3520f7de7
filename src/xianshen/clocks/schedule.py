"""What a clock does on which day: reminders, escalations and the consequence, reckoned from policy alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from xianshen.clocks.enums import ClockState, StepKind
from xianshen.regulation.schema import Clock, Escalation

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClockStep:
    """Something that a clock does by itself.

    Args:
        on: the day.
        kind: reminder, escalation or consequence.
        to: whom an escalation goes to.
    """

    on: date
    kind: StepKind
    to: Escalation | None = None


def consequence_on(due_on: date) -> date:
    """Return the day on which the consequence follows: the one after the last."""
    return due_on + DAY


def all_steps(spec: Clock, due_on: date) -> list[ClockStep]:
    """Return everything that a clock would do, in order of days."""
    steps = [ClockStep(due_on - timedelta(days=days), StepKind.REMINDER) for days in spec.reminders]
    steps.append(ClockStep(consequence_on(due_on), StepKind.CONSEQUENCE))
    for escalation in spec.escalation:
        steps.append(ClockStep(escalation.day(due_on), StepKind.ESCALATION, escalation))
    return sorted(steps, key=lambda step: (step.on, step.kind == StepKind.ESCALATION))


def open_steps(spec: Clock, *, state: str, due_on: date, done_through: date) -> Iterator[ClockStep]:
    """Yield what a clock in a state has still to do, in order of days.

    Args:
        spec: the clock.
        state: its state; one that was met or cancelled does nothing more.
        due_on: its last day.
        done_through: the last day whose reminders and escalations are behind us.
    """
    for step in all_steps(spec, due_on):
        if step.kind == StepKind.CONSEQUENCE:
            if state == ClockState.RUNNING:
                yield step
        elif step.on > done_through and (
            state == ClockState.RUNNING or (state == ClockState.RAN_OUT and step.on > due_on)
        ):
            yield step


def next_step_on(spec: Clock, *, state: str, due_on: date, done_through: date) -> date | None:
    """Return the next day on which a clock does something, or None."""
    days = (step.on for step in open_steps(spec, state=state, due_on=due_on, done_through=done_through))
    return min(days, default=None)
