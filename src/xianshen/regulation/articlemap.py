"""The article map (条款对照): article → rules → who carries them out → screens → tests.

It is built from the code: rules from the rooms' ``rules.py``, screens from templates that cite a rule
and from ``registry.shown_on``, tests from the ``rule`` marker. What tests prove is written into
``article_tests.json``, so that an installation without tests can show it.
"""

import ast
import inspect
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.apps import apps
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils.translation import gettext as _

from xianshen.common.rules import registry
from xianshen.regulation.enums import CarriedOut
from xianshen.regulation.numerals import article_label
from xianshen.regulation.schema import Article, Policy, PolicyRule

STORED_TESTS = Path(__file__).with_name("article_tests.json")
PACKAGE = "xianshen"
CITED = re.compile(r"""\brule=(["'])(?P<rule>[a-z0-9_.]+)\1""")
TITLE_BLOCK = re.compile(r"{%\s*block title\s*%}(?P<inside>.*?){%\s*endblock", re.DOTALL)
TRANSLATED = re.compile(r"""{%\s*translate\s+(["'])(?P<title>.+?)\1""")
TEMPLATE = re.compile(r"""["'](?P<name>[\w/]+\.html)["']""")
NOT_FOR_PEOPLE = frozenset({"web/gallery.html"})

Tests = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Screen:
    """A page that shows or enforces a rule.

    Args:
        label: its title, or its path.
        url: its address, or "" when it needs a record.
    """

    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in the map.

    Args:
        rule: the rule.
        room: room that carries it out, or "".
        screens: pages that show or enforce it.
        tests: tests that prove it, e.g. ``tests/articles/test_08.py::test_x``.
    """

    rule: PolicyRule
    room: str
    screens: tuple[Screen, ...]
    tests: tuple[str, ...]

    @property
    def by_software(self) -> bool:
        return self.rule.carried_out == CarriedOut.SOFTWARE


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """An article with the rules that follow from it."""

    article: Article
    rules: tuple[RuleRow, ...]


def build(policy: Policy, tests: Tests | None = None) -> list[ArticleRow]:
    """Build the map of a policy.

    Args:
        policy: the policy whose articles are mapped.
        tests: tests by rule; what the product carries with it unless given.
    """
    proven = stored_tests() if tests is None else tests
    return [
        ArticleRow(
            article,
            tuple(
                RuleRow(
                    rule,
                    registry.rules[rule.id].room if rule.id in registry.rules else "",
                    screens_of(rule.id),
                    proven.get(rule.id, ()),
                )
                for rule in policy.rules_of(number)
            ),
        )
        for number, article in policy.articles.items()
    ]


def problems(policy: Policy, tests: Tests) -> list[str]:
    """Return what is missing from the map, one line each; empty when it is complete.

    Args:
        policy: the policy whose articles are mapped.
        tests: tests by rule.
    """
    found = []
    for number in policy.articles:
        if not policy.rules_of(number):
            found.append(f"{article_label(number)}: no rule follows from it")
    for rule_id in sorted(registry.rules):
        if not policy.has_rule(rule_id):
            found.append(f"{rule_id}: declared in room {registry.rules[rule_id].room}, missing from the pack")
    for rule in policy.rules:
        if rule.carried_out != CarriedOut.SOFTWARE:
            continue
        if rule.id not in registry.rules:
            found.append(f"{rule.id}: carried out by software, but no room declares it")
        if not tests.get(rule.id):
            found.append(f"{rule.id}: no test is marked with it")
    found += [
        f"{rule_id}: tests are marked with it, but the pack has no such rule"
        for rule_id in sorted(tests)
        if not policy.has_rule(rule_id)
    ]
    return found


# ── tests ────────────────────────────────────────────


def tests_in(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return the tests that are marked with a rule, by rule: ``@pytest.mark.rule("id", …)``.

    Marks on classes and in ``pytestmark`` count for every test below them.

    Args:
        folder: folder of the tests, e.g. ``tests``.
    """
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for rule_id, test in _marked(tree, path.relative_to(folder.parent).as_posix(), ()):
            found.setdefault(rule_id, set()).add(test)
    return {rule_id: tuple(sorted(tests)) for rule_id, tests in sorted(found.items())}


def _marked(node: ast.Module | ast.ClassDef, where: str, outer: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    marks = outer + tuple(
        rule
        for item in node.body
        if isinstance(item, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in item.targets)
        for rule in _rules_in(item.value)
    )
    for item in node.body:
        if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        own = marks + tuple(rule for decorator in item.decorator_list for rule in _rules_in(decorator))
        if isinstance(item, ast.ClassDef):
            yield from _marked(item, f"{where}::{item.name}", own)
        elif item.name.startswith("test"):
            yield from ((rule, f"{where}::{item.name}") for rule in own)


def _rules_in(node: ast.AST) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "rule":
            for argument in call.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def stored_tests() -> dict[str, tuple[str, ...]]:
    """Return the tests by rule as the product carries them."""
    if not STORED_TESTS.exists():
        return {}
    return {rule: tuple(tests) for rule, tests in json.loads(STORED_TESTS.read_text(encoding="utf-8")).items()}


def _stored_text(tests: Tests) -> str:
    return json.dumps({rule: list(names) for rule, names in tests.items()}, indent=1, sort_keys=True) + "\n"


def store_tests(tests: Tests) -> None:
    """Write the tests by rule into the product."""
    STORED_TESTS.write_text(_stored_text(tests), encoding="utf-8")


# ── screens ──────────────────────────────────────────


def _titles() -> Iterator[tuple[str, str, str]]:
    """Yield name, title (or "") and text of every template of the product."""
    for config in apps.get_app_configs():
        if not config.name.startswith(f"{PACKAGE}."):
            continue
        root = Path(config.path) / "templates"
        for path in sorted(root.rglob("*.html")):
            text = path.read_text(encoding="utf-8")
            block = TITLE_BLOCK.search(text)
            title = TRANSLATED.search(block["inside"]) if block else None
            yield path.relative_to(root).as_posix(), title["title"] if title else "", text


@lru_cache(maxsize=1)
def _citing_templates() -> dict[str, set[str]]:
    """Return the pages whose templates cite a rule by name: rule → titles."""
    found: dict[str, set[str]] = {}
    for name, title, text in _titles():
        if title and name not in NOT_FOR_PEOPLE:
            for match in CITED.finditer(text):
                found.setdefault(match["rule"], set()).add(title)
    return found


@lru_cache(maxsize=1)
def _routes() -> dict[str, tuple[str, str]]:
    """Return title (or "") and path of every named page: the title of the template that its view names."""
    titles = {name: title for name, title, __ in _titles() if title}
    found: dict[str, tuple[str, str]] = {}

    def walk(patterns: Iterable[URLPattern | URLResolver], path: str, names: tuple[str, ...]) -> None:
        for entry in patterns:
            here = path + str(entry.pattern).removeprefix("^")
            if isinstance(entry, URLResolver):
                walk(entry.url_patterns, here, (*names, entry.namespace) if entry.namespace else names)
            elif entry.name:
                shown = [titles[match["name"]] for match in _templates_of(entry.callback) if match["name"] in titles]
                found[":".join((*names, entry.name))] = (shown[0] if shown else "", f"/{here}")

    walk(get_resolver().url_patterns, "", ())
    return found


def _templates_of(view: Callable[..., object]) -> list[re.Match[str]]:
    try:
        return list(TEMPLATE.finditer(inspect.getsource(inspect.unwrap(view))))
    except (OSError, TypeError):
        return []


def screens_of(rule_id: str) -> tuple[Screen, ...]:
    """Return the pages that show or enforce a rule, by title."""
    screens = {title: Screen(_(title)) for title in _citing_templates().get(rule_id, ())}
    for name in registry.screens.get(rule_id, ()):
        title, path = _routes().get(name, ("", name))
        try:
            url = reverse(name)
        except NoReverseMatch:
            url = ""
        screens[title or path] = Screen(_(title) if title else path, url)
    return tuple(sorted(screens.values(), key=lambda screen: (screen.label, screen.url)))


# ── the document ─────────────────────────────────────


def document(policy: Policy, tests: Tests) -> str:
    """Return the article map as Markdown (docs/article-map.md)."""
    lines = [
        "# Article map",
        "",
        f"《{policy.title}》, version {policy.label}. Generated by `xianshen policy map --write`; do not edit.",
        "Software rules are carried out by the platform and proven by tests; the others are shown to people.",
        "",
        "| Article | Rule | What it says | Carried out by | Screens | Tests |",
        "|---|---|---|---|---|---|",
    ]
    for row in build(policy, tests):
        for position, item in enumerate(row.rules):
            label = row.article.label if position == 0 else ""
            by = f"software ({item.room or 'nobody yet'})" if item.by_software else "people"
            screens = "<br>".join(screen.label for screen in item.screens)
            proofs = "<br>".join(f"`{test.rpartition('/')[2]}`" for test in item.tests)
            lines.append(f"| {label} | `{item.rule.id}` | {item.rule.text} | {by} | {screens} | {proofs} |")
    return "\n".join(lines) + "\n"


def stale(policy: Policy, tests: Tests, output: Path) -> list[str]:
    """Return which generated files are not what would be written now."""
    found = []
    wanted = {output: document(policy, tests), STORED_TESTS: _stored_text(tests)}
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            found.append(f"{os.path.relpath(path)}: out of date; run xianshen policy map PACK --write")
    return found
