"""Lifecycles as tables, and the one function that changes a state.

A room's ``transitions.py`` declares a :class:`TransitionTable`; its services call
:func:`apply_transition` on a row that they hold locked. The table is also what diagrams and
exhaustive tests are made from.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor
from xianshen.common.composed import listed
from xianshen.common.decisions import Allowed, Decision
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.ledger.events import EventType, Subject
from xianshen.ledger.services import record

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Transition(Generic[M]):
    """One legal change of state.

    Args:
        name: verb in snake case, unique in its table.
        sources: states from which it is legal.
        target: state to which it leads.
        permission: predicate over (instance, who); ``who`` is whatever the room's services pass.
        event: ledger event that it records.
        rule: id of the policy rule behind it.
        label: what people call it, e.g. 退回修改.
    """

    name: str
    sources: frozenset[str]
    target: str
    permission: Callable[[M, Any], Decision]
    event: EventType
    rule: str
    label: str | Promise


@dataclass(frozen=True, slots=True)
class TransitionTable(Generic[M]):
    """The declared lifecycle of one model.

    Args:
        name: glossary name of the model, e.g. ``MediaAccount``.
        states: the model's states in reading order, with their words.
        transitions: the legal changes.
        initial: states in which a record may be created.
        field: name of the state field.
    """

    name: str
    states: type[models.TextChoices]
    transitions: tuple[Transition[M], ...]
    initial: frozenset[str]
    field: str = "state"
    _by_name: dict[str, Transition[M]] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = set(self.states.values)
        for transition in self.transitions:
            unknown = (transition.sources | {transition.target}) - known
            if unknown:
                raise ValueError(f"{self.name}.{transition.name}: unknown states {sorted(unknown)}")
            if transition.name in self._by_name:
                raise ValueError(f"{self.name}: two transitions named {transition.name}")
            self._by_name[transition.name] = transition

    def __getitem__(self, name: str) -> Transition[M]:
        return self._by_name[name]

    def __iter__(self) -> Iterator[Transition[M]]:
        return iter(self.transitions)

    def state_of(self, instance: M) -> str:
        return str(getattr(instance, self.field))

    def check(self, instance: M, name: str, who: object) -> Decision:
        """Say whether ``who`` may apply the transition now, without changing anything.

        Raises:
            TransitionNotAllowed: the instance is not in one of the sources.
        """
        transition = self[name]
        state = self.state_of(instance)
        if state not in transition.sources:
            raise TransitionNotAllowed(
                _("现在是「%(state)s」，不能%(act)s。刷新页面看最新情况。")
                % {"state": self.states(state).label, "act": transition.label},
                transition.rule,
            )
        return transition.permission(instance, who)

    def possible(self, instance: M, who: object) -> list[Transition[M]]:
        """Return the transitions that ``who`` may apply to the instance in its present state."""
        state = self.state_of(instance)
        return [t for t in self.transitions if state in t.sources and t.permission(instance, who)]


def anyone(_instance: object, _who: object) -> Decision:
    """Permission for transitions whose actor was already judged by the calling service."""
    return Allowed()


def locked(model: type[M], pk: object, *, related: Sequence[str] = (), **scope: object) -> M:
    """Return the row, locked until the act ends.

    Args:
        model: the model class.
        pk: primary key.
        related: names of relations loaded with it, not locked.
        scope: further filters; always the institution, so that a stranger's key is not found.

    Raises:
        DoesNotExist: no such row in scope (views answer 404).
    """
    key, institution_id = str(pk), scope.get("institution_id")
    if scope.keys() != {"institution_id"} or type(institution_id) is not int or not _NUMBER.fullmatch(key):
        rows = model._default_manager.select_for_update(of=("self",))
        return (rows.select_related(*related) if related else rows).get(pk=pk, **scope)
    found = _locked(model, tuple(related), int(key), institution_id)
    if not found:
        raise cast(Any, model).DoesNotExist(pk)
    return cast(M, found[0])


@listed
def _locked(
    model: type[models.Model], related: tuple[str, ...], pk: int, institution_id: int
) -> models.QuerySet[models.Model]:
    rows = model._default_manager.select_for_update(of=("self",)).filter(pk=pk, institution_id=institution_id)
    return rows.select_related(*related) if related else rows


#: A key that every database takes for a number.
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


def apply_transition(
    table: TransitionTable[M],
    instance: M,
    name: str,
    *,
    who: object,
    actor: Actor,
    at: datetime,
    subject: Subject,
    payload: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
    article: int | None = None,
    policy_version: str = "",
    about: Sequence[Subject] = (),
) -> None:
    """Change the state of a locked row and write the ledger entry.

    Args:
        table: the declared lifecycle.
        instance: a row obtained through :func:`locked` in the running act.
        name: the transition's name.
        who: handed to the permission predicate.
        actor: snapshot for the ledger.
        at: time of the act.
        subject: the record as the ledger names it.
        payload: the event's keys.
        changes: further fields saved together with the state.
        article: number of the cited article in the policy that decides.
        policy_version: label of that policy version.
        about: other records on whose pages the entry also shows.

    Raises:
        TransitionNotAllowed: wrong state.
        PermissionDenied: wrong actor.
    """
    decision = table.check(instance, name, who)
    if not decision:
        raise PermissionDenied.from_denied(decision)
    transition = table[name]
    fields = {table.field: transition.target, **(changes or {})}
    for key, value in fields.items():
        setattr(instance, key, value)
    instance.save(update_fields=list(fields))
    record(
        transition.event,
        actor=actor,
        subject=subject,
        payload=payload or {},
        at=at,
        rule=transition.rule,
        article=article,
        policy_version=policy_version,
        about=about,
    )
