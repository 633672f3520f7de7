"""What docs/architecture.md promises and neither import-linter nor ruff can see."""

import ast
import importlib
import inspect
import pkgutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.template import TemplateSyntaxError, engines
from django.template.base import Node
from django.urls import URLPattern, URLResolver, get_resolver

from tests.support import writes
from xianshen.ledger.services import marked_services

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "xianshen"
#: High to low; the same order as the import contract, which pyproject.toml holds.
LEVELS = (
    "cli",
    "web",
    "directory",
    "assessment",
    "registry",
    "approvals",
    "clocks",
    "documents",
    "connectors",
    "notices",
    "regulation",
    "organisation",
    "workflow",
    "ledger",
    "common",
)
#: Models that belong to no institution, each with the reason.
WITHOUT_INSTITUTION = {
    "organisation.Institution": "is the institution",
    "organisation.Lockout": "counts attempts by digest, before anybody is known",
}
#: Model parts that reach their institution through the record they belong to, with the field that leads there.
THROUGH: dict[str, str] = {}
#: Modules of a room that other rooms may not import (the ledger's vocabulary is made to be imported).
PRIVATE = ("models", "transitions", "permissions", "forms", "views", "events", "rules", "notices", "chain")
PUBLIC_EXCEPTIONS = {"xianshen.ledger.events"}
#: Modules that may read the clock: what starts from outside, and dates as people read them (今天, 还剩 7 天).
CLOCK_READERS = (
    "views",
    "api",
    "admin",
    "tasks",
    "commands",
    "management",
    "middleware",
    "context",
    "cli",
    "web",
    "zhdates",
)


def rooms() -> list[str]:
    return [room for room in LEVELS if room != "cli"]


def room_models() -> list[type[models.Model]]:
    return [model for room in rooms() for model in apps.get_app_config(room).get_models(include_auto_created=False)]


def modules(suffix: str) -> Iterator[ModuleType]:
    """Yield every room's module of that name, a package's submodules included."""
    for room in rooms():
        name = f"xianshen.{room}.{suffix}"
        if importlib.util.find_spec(name) is None:
            continue
        module = importlib.import_module(name)
        yield module
        for info in pkgutil.iter_modules(getattr(module, "__path__", []), f"{name}."):
            if not info.name.rsplit(".", 1)[1].startswith("_"):
                yield importlib.import_module(info.name)


def contracts() -> list[dict[str, object]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]  # type: ignore[no-any-return]


def test_levels_are_those_of_the_import_contract() -> None:
    contract = next(one for one in contracts() if one["id"] == "rooms")
    assert contract["layers"] == list(LEVELS)
    assert set(settings.ROOMS) == set(rooms())


@pytest.mark.parametrize("model", room_models(), ids=lambda model: model._meta.label)
def test_foreign_keys_point_downwards(model: type[models.Model]) -> None:
    level = LEVELS.index(model._meta.app_label)
    for field in model._meta.get_fields():
        target = field.related_model
        if not field.auto_created and isinstance(target, type) and target._meta.app_label in LEVELS:
            assert LEVELS.index(target._meta.app_label) >= level, f"{field} points up to {target._meta.label}"


@pytest.mark.parametrize("model", room_models(), ids=lambda model: model._meta.label)
def test_every_model_belongs_to_an_institution(model: type[models.Model]) -> None:
    label = model._meta.label
    if label in WITHOUT_INSTITUTION:
        return
    if model._meta.app_label == "ledger":
        assert model._meta.get_field("institution"), "the ledger keeps the institution's code, it holds no foreign keys"
        return
    field = model._meta.get_field(THROUGH.get(label, "institution"))
    assert isinstance(field, models.ForeignKey), f"{label}.{field.name} is no foreign key"
    assert not field.null, f"{label}.{field.name} may be empty"
    if label not in THROUGH:
        assert field.related_model._meta.label == "organisation.Institution"


def test_lists_of_exceptions_name_existing_models() -> None:
    labels = {model._meta.label for model in room_models()}
    assert set(WITHOUT_INSTITUTION) | set(THROUGH) <= labels


def public_services() -> list[str]:
    found = {}
    for module in modules("services"):
        for name, function in vars(module).items():
            if name.startswith("_") or not inspect.isfunction(function):
                continue
            if inspect.unwrap(function).__module__ == module.__name__:
                found[f"{module.__name__}.{function.__qualname__}"] = function
    return sorted(found)


@pytest.mark.parametrize("service", public_services())
def test_every_service_is_an_act_or_says_why_not(service: str) -> None:
    mark = marked_services().get(service)
    assert mark is not None, f"{service} needs @act, @act(records=False, why=…), @within_act or @no_act(why=…)"
    assert mark.kind == "act" or mark.why


def test_services_take_the_time_as_an_argument() -> None:
    """``localdate()`` or ``now()`` without an argument reads the clock: views, tasks and commands only."""
    offences = []
    for path in PACKAGE.rglob("*.py"):
        parts = {part.removesuffix(".py") for part in path.relative_to(PACKAGE).parts}
        if parts & {*CLOCK_READERS, "migrations"}:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and not node.args and not node.keywords:
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in {"localdate", "localtime", "today", "utcnow"}:
                    offences.append(f"{path.relative_to(ROOT)}:{node.lineno}: {name}()")
    assert not offences, "\n".join(offences)


def test_private_modules_of_every_room_are_protected() -> None:
    protected = {
        name: one["allowed_importers"]
        for one in contracts()
        if one["type"] == "protected"
        for name in one["protected_modules"]  # type: ignore[attr-defined]
    }
    wanted = {
        f"xianshen.{room}.{name}"
        for room in rooms()
        for name in PRIVATE
        if (PACKAGE / room / f"{name}.py").exists() or (PACKAGE / room / name / "__init__.py").exists()
    } - PUBLIC_EXCEPTIONS
    assert {name for name in wanted if not name.startswith(("xianshen.common.", "xianshen.workflow."))} == set(
        protected
    )
    for name, importers in protected.items():
        assert set(importers) - {"xianshen.urls"} == {name.rsplit(".", 1)[0]}  # type: ignore[call-overload]


def test_every_room_is_a_package() -> None:
    """import-linter does not see modules in directories without ``__init__``."""
    for path in PACKAGE.rglob("*.py"):
        assert (path.parent / "__init__.py").exists(), path.parent.relative_to(ROOT)


def template_names() -> list[str]:
    return sorted(
        str(path.relative_to(folder))
        for folder in PACKAGE.glob("*/templates")
        for path in folder.rglob("*")
        if path.suffix in {".html", ".txt", ".xml", ".svg"}
    )


@pytest.mark.parametrize("name", template_names())
def test_template_compiles(name: str) -> None:
    """Every tag, filter, included and extended template exists."""
    try:
        template = engines["django"].get_template(name)
    except TemplateSyntaxError as error:
        pytest.fail(f"{name}: {error}")
    for node in template.template.nodelist.get_nodes_by_type(Node):
        for attribute in ("template", "parent_name"):
            if other := literal(getattr(node, attribute, None)):
                engines["django"].get_template(other)


def url_patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from url_patterns(pattern)
        else:
            yield pattern


def url_names(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from url_names(pattern, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace)
        elif pattern.name:
            yield f"{namespace}{pattern.name}"


def literal(expression: object) -> str | None:
    """Return the text of a template expression that is a plain string, else None."""
    text = getattr(expression, "var", None)
    return text if isinstance(text, str) and not getattr(expression, "filters", None) else None


@pytest.mark.parametrize("name", template_names())
def test_template_names_existing_urls(name: str) -> None:
    known = set(url_names(get_resolver()))
    template = engines["django"].get_template(name)
    for node in template.template.nodelist.get_nodes_by_type(Node):
        if name_of_view := literal(getattr(node, "view_name", None)):
            assert name_of_view in known, f"{name}: no URL is named {name_of_view}"


def test_every_address_has_a_name_and_a_view() -> None:
    patterns = list(url_patterns(get_resolver()))
    assert patterns
    for pattern in patterns:
        assert callable(pattern.callback), pattern
        assert pattern.name or pattern.lookup_str.startswith(("allauth.", "django.", "ninja.")), pattern


def test_watch_over_writes_knows_writing_statements() -> None:
    tables = frozenset({"registry_mediaaccount", "notices_notice"})
    assert writes.offence('INSERT INTO "registry_mediaaccount" ("name") VALUES (%s)', tables)
    assert writes.offence('UPDATE "registry_mediaaccount" SET "name" = %s WHERE "id" = %s', tables)
    assert writes.offence('DELETE FROM "registry_mediaaccount" WHERE "id" = %s', tables)
    assert writes.offence('SELECT 1 FROM "registry_mediaaccount"', tables) is None
    assert writes.offence('INSERT INTO "django_session" ("session_key") VALUES (%s)', tables) is None
    assert writes.offence('UPDATE "notices_notice" SET "read_at" = %s WHERE "id" = %s', tables) is None
    assert writes.offence('UPDATE "notices_notice" SET "read_at" = %s, "text" = %s WHERE 1', tables)


def test_watch_covers_every_room() -> None:
    tables = {model._meta.db_table for model in room_models() if model._meta.app_label != "ledger"}
    assert tables <= writes.watched_tables()
