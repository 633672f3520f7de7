"""Every public function of every room's services is an act, or says why it is none."""

import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest
from django.conf import settings

from xianshen.ledger.services import marked_services


def service_modules(room: str) -> list[ModuleType]:
    """Return a room's ``services`` module, or all public modules of its ``services`` package."""
    name = f"xianshen.{room}.services"
    if importlib.util.find_spec(name) is None:
        return []
    root = importlib.import_module(name)
    inside = pkgutil.walk_packages(root.__path__, f"{name}.") if hasattr(root, "__path__") else ()
    return [root, *(importlib.import_module(found.name) for found in inside if "._" not in found.name)]


def public_functions(module: ModuleType) -> list[str]:
    """Return the public functions that the module defines itself, by full name."""
    return [
        f"{function.__module__}.{function.__qualname__}"
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if not name.startswith("_") and function.__module__ == module.__name__
    ]


@pytest.mark.parametrize("room", settings.ROOMS)
def test_every_public_service_is_an_act_or_says_why_not(room: str) -> None:
    functions = [name for module in service_modules(room) for name in public_functions(module)]
    unmarked = sorted(set(functions) - marked_services().keys())
    assert unmarked == [], "decorate with act, act(records=False, why=…), within_act or no_act(why=…)"


def test_exceptions_give_reasons() -> None:
    assert [name for name, mark in marked_services().items() if mark.kind != "act" and not mark.why.strip()] == []


def test_walk_sees_the_ledgers_own_services() -> None:
    [module] = service_modules("ledger")
    assert public_functions(module) == ["xianshen.ledger.services.record"]
