"""What pages ask in every request: the statement is composed once, the database is asked each time.

Django composes a query anew whenever it is asked, which takes many times longer than answering it. Here the function
that builds a queryset is called with stand-ins for its numbers, texts and dates; where they turn up among the
statement's parameters, the values go from then on. Statements are kept, answers never.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import wraps
from inspect import signature
from typing import Any, Generic, ParamSpec, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, Prefetch, QuerySet, prefetch_related_objects
from django.db.models.query import (
    FlatValuesListIterable,
    ModelIterable,
    ValuesListIterable,
    get_related_populators,
)

P = ParamSpec("P")
M = TypeVar("M", bound=Model)
T = TypeVar("T")
#: Statements kept for each question before it starts afresh; most have one.
KEPT = 512


def counted(build: Callable[P, QuerySet[Any]]) -> Callable[P, int]:
    """Turn a function that returns a queryset into one that counts its rows; one query.

    Args:
        build: its queryset must follow from the arguments alone. Numbers, texts and dates among them may stand only
            where values stand: to decide by them what is asked, pass a ``bool``, an enum or a frozenset, or call the
            parameter ``limit``. All must be hashable.
    """
    question = _Question(build, _counting)

    @wraps(build)
    def count(*args: P.args, **kwargs: P.kwargs) -> int:
        found = question.put(args, kwargs)
        if found is None:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(found[0].sql, found[1])
            return int(cursor.fetchone()[0])

    return count


def listed(build: Callable[P, QuerySet[M]]) -> Callable[P, list[M]]:
    """Turn a function that returns a queryset of models into one that returns its rows as a list; one query.

    ``select_related``, ``defer``, ``only``, annotations and slices are kept; what is prefetched is asked as ever.

    Args:
        build: as for :func:`counted`.
    """
    question = _Question(build, _listing)

    @wraps(build)
    def rows(*args: P.args, **kwargs: P.kwargs) -> list[M]:
        found = question.put(args, kwargs)
        if found is None:
            return []
        statement, params = found
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, params)
            answer = cursor.fetchall()
        assert statement.reader is not None
        models: list[M] = statement.reader.read(answer)
        if models and statement.prefetch:
            prefetch_related_objects(models, *statement.prefetch)
        return models

    return rows


def picked(build: Callable[P, QuerySet[Any, Any]]) -> Callable[P, list[Any]]:
    """Turn a function that returns ``values_list(…)`` into one that returns its rows as a list; one query.

    Rows are tuples, with ``flat=True`` values.

    Args:
        build: as for :func:`counted`.
    """
    question = _Question(build, _picking)

    @wraps(build)
    def values(*args: P.args, **kwargs: P.kwargs) -> list[Any]:
        found = question.put(args, kwargs)
        if found is None:
            return []
        with connection.cursor() as cursor:
            cursor.execute(found[0].sql, found[1])
            answer = cursor.fetchall()
        return [row[0] for row in answer] if found[0].flat else list(map(tuple, answer))

    return values


@dataclass(frozen=True, slots=True)
class Keyed(Generic[T]):
    """An argument for questions that cannot be hashed itself.

    Args:
        key: all of it from which a statement may follow.
        value: the argument.
    """

    key: Hashable
    value: T = field(compare=False)


class _Reader:
    """Makes models of rows as ``ModelIterable`` does, from what the compiler found out while it composed."""

    def __init__(self, compiler: Any) -> None:
        select, info = compiler.select, compiler.klass_info
        first, last = info["select_fields"][0], info["select_fields"][-1] + 1
        self.model: type[Model] = info["model"]
        self.columns = slice(first, last)
        self.names = [column[0].target.attname for column in select[first:last]]
        self.related = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # as in 5.2
        self.annotations = tuple((compiler.annotation_col_map or {}).items())
        self.converters = tuple(compiler.get_converters([column[0] for column in select]).items())

    def read(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        found = []
        for values in rows:
            row = list(values)
            for place, (converters, expression) in self.converters:
                for convert in converters:
                    row[place] = convert(row[place], expression, connection)
            one = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.columns])
            for populator in self.related:
                populator.populate(row, one)
            for name, place in self.annotations:
                setattr(one, name, row[place])
            found.append(one)
        return found


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where an argument goes among the parameters."""

    name: str


@dataclass(frozen=True, slots=True)
class _Statement:
    sql: str
    params: tuple[Any, ...]
    reader: _Reader | None = None
    prefetch: tuple[Any, ...] = ()
    flat: bool = False


def _counting(queryset: QuerySet[Any]) -> _Statement:
    sql, params = queryset.order_by().values("pk").query.sql_with_params()
    return _Statement(f"SELECT COUNT(*) FROM ({sql}) counted", tuple(params))


def _picking(queryset: QuerySet[Any, Any]) -> _Statement:
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    sql, params = compiler.as_sql()
    flat = queryset._iterable_class is FlatValuesListIterable
    converters = compiler.get_converters([column[0] for column in compiler.select])
    if converters or not (flat or queryset._iterable_class is ValuesListIterable):
        raise TypeError("only lists of values that the database gives as they are can be picked")
    return _Statement(sql, tuple(params), flat=flat)


def _listing(queryset: QuerySet[Any]) -> _Statement:
    if queryset._iterable_class is not ModelIterable:
        raise TypeError("only querysets of models can be listed")
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    sql, params = compiler.as_sql()
    return _Statement(sql, tuple(params), _Reader(compiler), tuple(queryset._prefetch_related_lookups))  # type: ignore[attr-defined]


def _stand_in(value: object, place: int, turn: int) -> Any:
    """Return what stands for a value while its statement is composed, another one each turn; None for a choice."""
    if type(value) is int:
        return 2_000_000_000 + 1_000 * turn + place
    if type(value) is str:
        return f"\ue000{turn}-{place}\ue001"
    if type(value) is date:
        return date(8000 + turn, 1 + place % 12, 1 + place // 12)
    return None


def _parameter(value: Any) -> Any:
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value


class _Question:
    """Composes the statements of one function and puts values into them."""

    def __init__(self, build: Callable[..., QuerySet[Any]], compose: Callable[[QuerySet[Any]], _Statement]) -> None:
        self.build = build
        self.compose = compose
        self.signature = signature(build)
        self.kept: dict[Hashable, _Statement | None] = {}

    def put(self, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[_Statement, list[Any]] | None:
        """Return the statement for the arguments and its parameters, or None when nothing can be found."""
        if kwargs or len(args) < len(self.signature.parameters):
            bound = self.signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given = bound.arguments
        else:
            given = dict(zip(self.signature.parameters, args, strict=True))
        if any(type(value) is int and abs(value) >= _BEYOND for value in given.values()):
            exact = self._compose(given)  # Django knows which columns could never hold such a number
            return None if exact is None else (exact, self._fill(exact, given))
        shape = self._shape(given)
        statement = self.kept.get(shape, _UNKNOWN)
        if statement is _EXACT:
            shape = (connection.vendor, *given.values())
            statement = self.kept.get(shape, _UNKNOWN)
        if statement is _UNKNOWN:
            statement = self._learn(shape, given)
        return None if statement is None else (statement, self._fill(statement, given))

    def _shape(self, given: dict[str, Any]) -> Hashable:
        return (
            connection.vendor,
            None,
            *(type(value) if type(value) in _VALUES and name != _CHOICE else value for name, value in given.items()),
        )

    def _fill(self, statement: _Statement, given: dict[str, Any]) -> list[Any]:
        return [_parameter(given[one.name]) if isinstance(one, _Slot) else one for one in statement.params]

    def _learn(self, shape: Hashable, given: dict[str, Any]) -> _Statement | None:
        if len(self.kept) >= KEPT:
            self.kept.clear()
        if shape == self._shape(given):
            found = self.kept[shape] = self._compose_open(given)
            if found is not _EXACT:
                return found
            shape = (connection.vendor, *given.values())
        found = self.kept[shape] = self._compose(given)
        return found

    def _compose(self, given: dict[str, Any]) -> _Statement | None:
        bound = self.signature.bind_partial()
        bound.arguments.update(given)
        try:
            return self.compose(self.build(*bound.args, **bound.kwargs))
        except EmptyResultSet:
            return None

    def _compose_open(self, given: dict[str, Any]) -> _Statement | None:
        """Compose with stand-ins, twice; what differs must be them, or the statement holds for these values only."""
        turns = []
        for turn in (0, 1):
            stood = {
                name: None if name == _CHOICE else _stand_in(value, place, turn)
                for place, (name, value) in enumerate(given.items())
            }
            values = {name: given[name] if stand is None else stand for name, stand in stood.items()}
            names = {_parameter(stand): name for name, stand in stood.items() if stand is not None}
            turns.append((self._compose(values), names))
        (first, names), (second, others) = turns
        if first is None or second is None:
            return None if first is second and not names else _EXACT
        if first.sql != second.sql or len(first.params) != len(second.params):
            return _EXACT
        if names and any(isinstance(lookup, Prefetch) for lookup in first.prefetch):
            return _EXACT  # its own queryset may hold values too
        params: list[Any] = []
        for one, other in zip(first.params, second.params, strict=True):
            name = names.get(one) if isinstance(one, Hashable) else None
            if name is not None and others.get(other) == name:
                params.append(_Slot(name))
            elif one == other:
                params.append(one)
            else:
                return _EXACT
        return replace(first, params=tuple(params))


#: Numbers from here on do not fit into every column; they are asked for as ever.
_BEYOND = 2**31
_VALUES = frozenset({int, str, date})
#: Name of the parameter that says how many rows: it stands in the statement itself.
_CHOICE = "limit"
_UNKNOWN = _Statement("unknown", ())
#: Says of a shape that its statements hold for exact values only.
_EXACT = _Statement("exact", ())
