"""Composed questions answer as their querysets do, anew each time, and are composed once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, F, Prefetch, QuerySet
from django.test.utils import CaptureQueriesContext

from tests.factories.organisation import InstitutionFactory, UnitFactory
from xianshen.common.composed import counted, listed
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


def test_what_is_prefetched_is_there(institution: Institution) -> None:
    ask = listed(lambda pk: of(pk).prefetch_related(Prefetch("children", Unit.objects.order_by("-key"))))
    assert [child.key for child in ask(institution.pk)[0].children.all()] == ["d", "c", "b"]


def test_answers_are_never_kept_and_the_question_is_composed_once(institution: Institution) -> None:
    built: list[int] = []

    def build(pk: int) -> QuerySet[Unit]:
        built.append(pk)
        return of(pk)

    count, ask = counted(build), listed(build)
    assert (count(institution.pk), len(ask(institution.pk))) == (4, 4)
    UnitFactory(institution=institution, key="e")
    assert (count(institution.pk), len(ask(institution.pk))) == (5, 5)
    assert built == [institution.pk, institution.pk]


def test_only_models_can_be_listed(institution: Institution) -> None:
    with pytest.raises(TypeError):
        listed(lambda pk: of(pk).values_list("key"))(institution.pk)  # type: ignore[type-var]
