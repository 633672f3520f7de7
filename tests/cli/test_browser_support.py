"""The browser fixtures notice what they promise to notice."""

from typing import Any

import pytest

from tests.support.browser import DESKTOP, PHONE, Pages

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_page_has_the_width_and_speaks_chinese(pages: Pages, width: int) -> None:
    page = pages(width=width)
    page.goto("/")
    assert page.evaluate("[innerWidth, navigator.language]") == [width, "zh-CN"]
    assert page.evaluate("document.documentElement.lang") == "zh-Hans"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("location.href = 'https://example.org/'", "external request: https://example.org/"),
        ("new Image().src = 'https://example.org/pixel.png'", "console: Loading the image 'https://example.org"),
        ("new Image().src = '/static/nothing-here.png'", "404: "),
        ("console.error('broken')", "console: broken"),
        ("setTimeout(() => { throw new Error('oops') })", "script error: oops"),
    ],
)
def test_what_goes_wrong_in_a_page_is_noted(pages: Pages, script: str, problem: str) -> None:
    page: Any = pages()
    page.goto("/")
    assert pages.problems == []
    page.evaluate(script)
    for _moment in range(200):
        if any(noted.startswith(problem) for noted in pages.problems):
            break
        page.wait_for_timeout(100)
    assert any(noted.startswith(problem) for noted in pages.problems), pages.problems
    pages.problems.clear()
