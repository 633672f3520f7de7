"""Acts: the only way in which a service writes. One transaction, and at least one ledger entry in it."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar, cast, overload

from django.db import connection, transaction

from xianshen.ledger.chain import Draft, append
from xianshen.ledger.events import LedgerError

P = ParamSpec("P")
R = TypeVar("R")


class UnrecordedAct(LedgerError):
    """An act wanted to commit without a ledger entry; it was rolled back."""


class OutsideAct(LedgerError):
    """Something that belongs inside an act was called outside one."""


class Unchanged(Exception, Generic[R]):
    """Raised by an act that finds nothing to do (a double submit, say): it is rolled back and returns ``result``."""

    def __init__(self, result: R) -> None:
        super().__init__(result)
        self.result = result


@dataclass(frozen=True, slots=True)
class ServiceMark:
    """What is known about a public function of a ``services`` module.

    Args:
        kind: ``act`` (records), ``unrecorded`` (an act that records nothing), ``within`` (called inside acts
            only) or ``reads`` (writes nothing).
        why: the reason for every kind but ``act``.
    """

    kind: str
    why: str = ""


@dataclass(slots=True)
class _Frame:
    demanded: bool
    savepoints: int
    drafts: list[Draft] = field(default_factory=list)


_frames: ContextVar[_Frame | None] = ContextVar("xianshen_ledger_act", default=None)
_marks: dict[str, ServiceMark] = {}


def _mark(function: Callable[..., object], mark: ServiceMark) -> None:
    _marks[f"{function.__module__}.{function.__qualname__}"] = mark


def marked_services() -> dict[str, ServiceMark]:
    """Return every marked function by ``module.qualname``."""
    return dict(_marks)


def _savepoints() -> int:
    return sum(sid is not None for sid in connection.savepoint_ids)


@overload
def act(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def act(*, records: bool = True, why: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def act(function: Callable[..., Any] | None = None, /, *, records: bool = True, why: str = "") -> Any:
    """Make a service an act: its transaction, and the demand that it leaves a ledger entry.

    Acts called inside an act join it: one transaction (each a savepoint, so that a refused inner act can be
    caught), one demand. Entries are written when the outermost act ends, so that the chain head is the last
    and briefest lock whatever order the services call each other in.

    Args:
        records: False for a declared exception such as saving a draft.
        why: the reason for the exception; required with ``records=False``.

    Raises:
        UnrecordedAct: at the end of an outermost act without an entry; nothing has changed.
    """
    if not records and not why:
        raise LedgerError("an act that records nothing says why")

    def decorate(service: Callable[P, R]) -> Callable[P, R]:
        _mark(service, ServiceMark("act") if records else ServiceMark("unrecorded", why))

        @wraps(service)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            outer = _frames.get()
            settles = records and not (outer and outer.demanded)
            try:
                with transaction.atomic():
                    frame = _Frame(records or bool(outer and outer.demanded), _savepoints())
                    token = _frames.set(frame)
                    try:
                        result = service(*args, **kwargs)
                    finally:
                        _frames.reset(token)
                    if settles and not frame.drafts:
                        raise UnrecordedAct(f"{service.__module__}.{service.__qualname__} left no ledger entry")
                    if outer is None:
                        append(frame.drafts)
            except Unchanged as unchanged:
                return cast(R, unchanged.result)
            if outer is not None:
                outer.drafts.extend(frame.drafts)
            return result

        return wrapper

    return decorate if function is None else decorate(function)


def within_act(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a service that only acts may call, because it writes but leaves the recording to them.

    Raises:
        OutsideAct: when called outside an act.
    """
    _mark(function, ServiceMark("within", "called inside acts"))

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        require_act(function.__qualname__)
        return function(*args, **kwargs)

    return wrapper


def no_act(*, why: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a public function of a ``services`` module that writes nothing, and say why it stands there."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        _mark(function, ServiceMark("reads", why))
        return function

    return decorate


def require_act(name: str) -> None:
    """Raise :class:`OutsideAct` unless an act is under way."""
    if _frames.get() is None:
        raise OutsideAct(f"{name} was called outside an act")


def enlist(draft: Draft) -> None:
    """Keep a draft until the outermost act under way ends.

    Raises:
        OutsideAct: no act is under way.
        LedgerError: a bare ``transaction.atomic()`` is open inside the act: rolling it back would leave the entry.
    """
    frame = _frames.get()
    if frame is None:
        raise OutsideAct("record was called outside an act")
    if _savepoints() != frame.savepoints:
        raise LedgerError("record inside a bare transaction.atomic(); make the inner part an act")
    frame.drafts.append(draft)
