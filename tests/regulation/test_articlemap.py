"""The article map: what is missing from it is found; what it shows is what the code says."""

from pathlib import Path

import pytest

from tests.factories.regulation import SHCC, pack_at
from xianshen.common.rules import registry
from xianshen.regulation import articlemap
from xianshen.regulation.schema import Policy

MARKED = """
import pytest

pytestmark = [pytest.mark.django_db, pytest.mark.rule("a.module")]


@pytest.mark.rule("a.one", "a.two")
def test_function(): ...


class TestClass:
    pytestmark = pytest.mark.rule("a.class")

    @pytest.mark.rule("a.method")
    @pytest.mark.parametrize("x", ["a.parameter"])
    async def test_method(self): ...


@pytest.mark.rule("a.helper")
def helper(): ...
"""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return pack_at(SHCC).policies[0]


@pytest.fixture
def proven(policy: Policy) -> dict[str, tuple[str, ...]]:
    return {rule.id: ("tests/test_x.py::test_y",) for rule in policy.rules}


def changed(policy: Policy, **changes: object) -> Policy:
    # Made anew: a copy would take over the look-ups that the policy has prepared already.
    return Policy.model_construct(**{name: getattr(policy, name) for name in Policy.model_fields} | changes)


def test_markers_are_read_from_functions_classes_and_modules(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_marked.py").write_text(MARKED)
    tests = articlemap.tests_in(tmp_path / "tests")
    function, method = "tests/test_marked.py::test_function", "tests/test_marked.py::TestClass::test_method"
    assert tests == {
        "a.class": (method,),
        "a.method": (method,),
        "a.module": (method, function),
        "a.one": (function,),
        "a.two": (function,),
    }


def test_article_without_rule_is_a_problem(policy: Policy, proven: dict[str, tuple[str, ...]]) -> None:
    rules = tuple(rule for rule in policy.rules if rule.article != 16)
    assert "第十六条: no rule follows from it" in articlemap.problems(changed(policy, rules=rules), proven)


def test_rule_that_the_pack_lacks_is_a_problem(policy: Policy, proven: dict[str, tuple[str, ...]]) -> None:
    rules = tuple(rule for rule in policy.rules if rule.id != "regulation.basis")
    found = articlemap.problems(changed(policy, rules=rules), proven)
    assert "regulation.basis: declared in room regulation, missing from the pack" in found


def test_software_rule_without_test_is_a_problem(policy: Policy, proven: dict[str, tuple[str, ...]]) -> None:
    del proven["regulation.basis"]
    assert "regulation.basis: no test is marked with it" in articlemap.problems(policy, proven)


def test_software_rule_that_no_room_declares_is_a_problem(
    policy: Policy, proven: dict[str, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(registry.rules, "regulation.basis")
    found = articlemap.problems(policy, proven)
    assert "regulation.basis: carried out by software, but no room declares it" in found


def test_marker_of_an_unknown_rule_is_a_problem(policy: Policy, proven: dict[str, tuple[str, ...]]) -> None:
    proven["no.such_rule"] = ("tests/test_x.py::test_y",)
    found = articlemap.problems(policy, proven)
    assert "no.such_rule: tests are marked with it, but the pack has no such rule" in found


def test_rules_for_people_need_no_test(policy: Policy, proven: dict[str, tuple[str, ...]]) -> None:
    del proven["secrecy.never_online"]
    assert not any("secrecy" in problem for problem in articlemap.problems(policy, proven))


def test_screens_come_from_templates_and_declarations() -> None:
    assert {screen.url for screen in articlemap.screens_of("regulation.basis")} >= {"/regulation/"}
    assert "管理办法" in {screen.label for screen in articlemap.screens_of("regulation.basis")}


def test_document_holds_every_rule_in_the_order_of_articles(policy: Policy) -> None:
    document = articlemap.document(policy, {})
    places = [document.index(f"`{rule.id}`") for number in policy.articles for rule in policy.rules_of(number)]
    assert places == sorted(places)


def test_stale_document_is_found(policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(articlemap, "STORED_TESTS", tmp_path / "tests.json")
    document, tests = tmp_path / "map.md", {"regulation.basis": ("tests/test_x.py::test_y",)}
    assert len(articlemap.stale(policy, tests, document)) == 2
    articlemap.store_tests(tests)
    document.write_text(articlemap.document(policy, tests), encoding="utf-8")
    assert articlemap.stale(policy, tests, document) == []
    assert articlemap.stored_tests() == tests
