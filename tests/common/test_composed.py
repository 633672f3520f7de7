"""Composed questions answer as their querysets do, anew each time, and are composed once."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, F, Prefetch, QuerySet
from django.test.utils import CaptureQueriesContext

from tests.factories.organisation import InstitutionFactory, UnitFactory
from xianshen.common.composed import Keyed, counted, listed, picked
from xianshen.organisation.models import Institution, Unit

pytestmark = pytest.mark.django_db


def of(institution_id: int) -> QuerySet[Unit]:
    return Unit.objects.filter(institution_id=institution_id).order_by("key")


SHAPES: dict[str, Callable[[int], QuerySet[Any]]] = {
    "plain": of,
    "related": lambda pk: of(pk).select_related("institution", "parent"),
    "deferred": lambda pk: of(pk).select_related("parent").defer("seal_text", "parent__name"),
    "annotated": lambda pk: of(pk).annotate(below=Count("children"), title=F("institution__name")),
    "sliced": lambda pk: of(pk)[1:3],
    "nothing": lambda pk: of(pk).filter(pk__in=[]),
}


@pytest.fixture
def institution() -> Institution:
    institution: Institution = InstitutionFactory()
    top = UnitFactory(institution=institution, key="a")
    for key in "bcd":
        UnitFactory(institution=institution, key=key, parent=top, closed_on="2026-02-28" if key == "c" else None)
    return institution


def seen(unit: Unit) -> dict[str, Any]:
    parts = {name: getattr(unit, name) for name in ("below", "title") if hasattr(unit, name)}
    cached = {name: getattr(unit, name) for name in unit._state.fields_cache}
    return {"loaded": {key: value for key, value in vars(unit).items() if key != "_state"}, **parts, **cached}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_list_holds_what_the_queryset_holds(institution: Institution, shape: str) -> None:
    build = SHAPES[shape]
    ask = listed(build)
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            found = ask(institution.pk)
        assert [seen(unit) for unit in found] == [seen(unit) for unit in build(institution.pk)]
        assert len(captured) == (0 if shape == "nothing" else 1)
    assert ask(institution.pk + 1) == []


def test_what_is_prefetched_is_there_anew(institution: Institution) -> None:
    def build(pk: int, key: str) -> QuerySet[Unit]:
        return of(pk).prefetch_related(Prefetch("children", Unit.objects.filter(key__gt=key).order_by("-key")))

    ask = listed(build)
    assert [child.key for child in ask(institution.pk, "b")[0].children.all()] == ["d", "c"]
    assert [child.key for child in ask(institution.pk, "a")[0].children.all()] == ["d", "c", "b"]
    Unit.objects.filter(institution=institution, key="d").update(key="e")
    assert [child.key for child in ask(institution.pk, "a")[0].children.all()] == ["e", "c", "b"]


def test_answers_are_never_kept_and_the_question_is_composed_once(institution: Institution) -> None:
    built: list[int] = []

    def build(pk: int, on: date | None = None) -> QuerySet[Unit]:
        built.append(pk)
        return of(pk).filter(closed_on__lte=on) if on else of(pk)

    count, ask = counted(build), listed(build)
    assert (count(institution.pk), len(ask(institution.pk))) == (4, 4)
    assert (count(institution.pk, date(2026, 2, 28)), count(institution.pk, on=date(2026, 2, 27))) == (1, 0)
    once = len(built)
    UnitFactory(institution=institution, key="e")
    assert (count(institution.pk), len(ask(institution.pk))) == (5, 5)
    other = InstitutionFactory()
    assert (count(other.pk), ask(other.pk), count(other.pk, date(2026, 3, 1))) == (0, [], 0)
    assert len(built) == once


def test_values_that_shape_the_statement_are_told_apart(institution: Institution) -> None:
    def build(pk: int, limit: int, text: str, keys: frozenset[str]) -> QuerySet[Unit]:
        return of(pk).filter(name__contains=text, key__in=keys)[:limit]

    ask = listed(build)
    Unit.objects.filter(institution=institution).update(name="学院")
    keys = frozenset("abcd")
    assert [len(ask(institution.pk, limit, "学", keys)) for limit in (1, 3, 1)] == [1, 3, 1]
    assert [len(ask(institution.pk, 9, text, keys)) for text in ("学", "系", "%")] == [4, 0, 0]
    assert [len(ask(institution.pk, 9, "学", frozenset(some))) for some in ("ab", "", "d")] == [2, 0, 1]


def test_values_are_picked_as_rows_or_flat(institution: Institution) -> None:
    pairs = picked(lambda pk, text: of(pk).filter(key__gte=text).values_list("key", "pk"))
    keys = picked(lambda pk, limit: of(pk).values_list("key", flat=True)[:limit])
    assert pairs(institution.pk, "c") == list(of(institution.pk).filter(key__gte="c").values_list("key", "pk"))
    assert (keys(institution.pk, 2), keys(institution.pk, 9)) == (["a", "b"], ["a", "b", "c", "d"])
    with pytest.raises(TypeError):
        picked(lambda pk: of(pk))(institution.pk)


def test_what_cannot_be_hashed_goes_by_its_key(institution: Institution) -> None:
    ask = listed(lambda some: of(institution.pk).filter(key__in=some.value["keys"]))
    assert [unit.key for unit in ask(Keyed("ab", {"keys": ["a", "b"]}))] == ["a", "b"]
    assert [unit.key for unit in ask(Keyed("d", {"keys": ["d"]}))] == ["d"]


def test_only_models_can_be_listed(institution: Institution) -> None:
    with pytest.raises(TypeError):
        listed(lambda pk: of(pk).values_list("key"))(institution.pk)  # type: ignore[type-var]
