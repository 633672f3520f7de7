"""What pages ask in every request: the statement is composed once, the database is asked each time.

Django composes a query anew whenever it is asked, which takes many times longer than answering it. A statement
follows from the arguments of the function that builds it, so it can be kept by them; answers are never kept.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from sys import intern
from typing import Any, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet, prefetch_related_objects
from django.db.models.query import ModelIterable, get_related_populators

P = ParamSpec("P")
M = TypeVar("M", bound=Model)
#: Statements kept for each question: as many as people work at a time, and some more.
KEPT = 512


def counted(build: Callable[P, QuerySet[Any]]) -> Callable[P, int]:
    """Turn a function that returns a queryset into one that counts its rows; one query.

    Args:
        build: its queryset must follow from the arguments alone, and they must be hashable.
    """

    @lru_cache(maxsize=KEPT)
    def statement(_vendor: str, *args: Any, **kwargs: Any) -> tuple[str, tuple[object, ...]] | None:
        try:
            sql, params = build(*args, **kwargs).order_by().values("pk").query.sql_with_params()
        except EmptyResultSet:
            return None
        return intern(f"SELECT COUNT(*) FROM ({sql}) counted"), params

    @wraps(build)
    def count(*args: P.args, **kwargs: P.kwargs) -> int:
        found = statement(connection.vendor, *args, **kwargs)
        if found is None:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(*found)
            return int(cursor.fetchone()[0])

    return count


def listed(build: Callable[P, QuerySet[M]]) -> Callable[P, list[M]]:
    """Turn a function that returns a queryset of models into one that returns its rows as a list; one query.

    ``select_related``, ``defer``, ``only``, annotations and slices are kept; what is prefetched is asked as ever.

    Args:
        build: its queryset must follow from the arguments alone, and they must be hashable.
    """

    @lru_cache(maxsize=KEPT)
    def statement(_vendor: str, *args: Any, **kwargs: Any) -> "_Statement | None":
        return _compose(build(*args, **kwargs))

    @wraps(build)
    def rows(*args: P.args, **kwargs: P.kwargs) -> list[M]:
        found = statement(connection.vendor, *args, **kwargs)
        return [] if found is None else found.ask()

    return rows


class _Reader:
    """Makes models of rows as ``ModelIterable`` does, from what the compiler found out while it composed."""

    def __init__(self, compiler: Any) -> None:
        select, info = compiler.select, compiler.klass_info
        first, last = info["select_fields"][0], info["select_fields"][-1] + 1
        self.model: type[Model] = info["model"]
        self.columns = slice(first, last)
        self.names = [column[0].target.attname for column in select[first:last]]
        self.related = get_related_populators(info, select, DEFAULT_DB_ALIAS)
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


#: Readers by statement: all people's statements of one shape share one.
_readers: WeakValueDictionary[str, _Reader] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class _Statement:
    sql: str
    params: tuple[object, ...]
    reader: _Reader
    prefetch: tuple[Any, ...]

    def ask(self) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.params)
            rows = cursor.fetchall()
        found = self.reader.read(rows)
        if found and self.prefetch:
            prefetch_related_objects(found, *self.prefetch)
        return found


def _compose(queryset: QuerySet[Any]) -> _Statement | None:
    if queryset._iterable_class is not ModelIterable:
        raise TypeError("only querysets of models can be listed")
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return None
    reader = _readers.get(sql)
    if reader is None:
        reader = _readers[sql] = _Reader(compiler)
    return _Statement(intern(sql), tuple(params), reader, tuple(queryset._prefetch_related_lookups))
