"""Models out of the rows of a query that is written by hand.

For the few questions that nearly every request asks: there, composing the query anew each time costs several times
what the database needs to answer it.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from django.db import connection, models
from django.db.models.expressions import Col


class RowReader:
    """Reads models that stand side by side in the rows of a query.

    Args:
        parts: table alias in the query → model, in the order in which their columns are selected.
    """

    def __init__(self, **parts: type[models.Model]) -> None:
        self.parts = parts

    def columns(self, *, without: Sequence[str] = ()) -> str:
        """Return the columns of all parts as SQL; those of the aliases in ``without`` are NULL."""
        return ", ".join(
            "NULL" if alias in without else f'{alias}."{field.column}"'
            for alias, model in self.parts.items()
            for field in model._meta.concrete_fields
        )

    @cached_property
    def _plan(
        self,
    ) -> list[tuple[type[models.Model], list[str], slice, list[tuple[int, list[Callable[..., Any]], Col]]]]:
        plan, start = [], 0
        for alias, model in self.parts.items():
            fields = list(model._meta.concrete_fields)
            converters = []
            for place, field in enumerate(fields):
                column = Col(alias, field)
                wanted = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
                if wanted:
                    converters.append((place, wanted, column))
            plan.append((model, [field.attname for field in fields], slice(start, start + len(fields)), converters))
            start += len(fields)
        return plan

    @property
    def width(self) -> int:
        """How many columns the parts take; whatever else the query selects comes after them."""
        return sum(len(model._meta.concrete_fields) for model in self.parts.values())

    def read(self, row: Sequence[Any]) -> list[Any]:
        """Return the row's models in the order of the parts; None for a part whose columns are all NULL."""
        found: list[Any] = []
        for model, names, columns, converters in self._plan:
            values = list(row[columns])
            if values[0] is None:
                found.append(None)
                continue
            for place, wanted, column in converters:
                for convert in wanted:
                    values[place] = convert(values[place], column, connection)
            found.append(model.from_db(connection.alias, names, values))
        return found
