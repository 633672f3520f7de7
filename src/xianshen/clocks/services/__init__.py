"""Deadlines: start, meet, cancel, extend; what falls due; addresses of calendar feeds."""

from xianshen.clocks.services.due import reckon_again, run_due, tell_overdue
from xianshen.clocks.services.feeds import close_address, renew_address
from xianshen.clocks.services.running import (
    Start,
    cancel_clocks,
    extend_clock,
    meet_clock,
    meet_clocks,
    start_clock,
    start_clocks,
)

__all__ = [
    "Start",
    "cancel_clocks",
    "close_address",
    "extend_clock",
    "meet_clock",
    "meet_clocks",
    "reckon_again",
    "renew_address",
    "run_due",
    "start_clock",
    "start_clocks",
    "tell_overdue",
]
