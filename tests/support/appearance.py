"""What is to be seen of a page: axe finds nothing in it, in light and dark, and it fits the window."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: What axe looks for in each theme: the markup is the same in both, so that only colours need a second look.
RULES: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},
}
AXE = Axe().axe_script
RUN = "([part, options]) => axe.run(part || document, options)"


def faults(page: Page, part: str = "") -> list[str]:
    """Return what is wrong with the page as it looks now, in both themes. The theme is put back afterwards.

    Args:
        page: an open page.
        part: selector of the part to look at; the frame around it is looked at where it is made.
    """
    found = []
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(AXE)
    before = page.evaluate("document.documentElement.dataset.bsTheme")
    for theme, rules in RULES.items():
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
        response = page.evaluate(RUN, [part, {"resultTypes": ["violations"], "preload": False, **rules}])
        assert response["passes"], "axe has not looked"
        found += [
            f"{theme}: {one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
            for one in response["violations"]
        ]
    page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", before)
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("scrolls sideways")
    return found


def assert_faultless(page: Page, part: str = "") -> None:
    """Fail with what :func:`faults` finds."""
    found = faults(page, part)
    assert not found, "\n".join([page.url, *found])
