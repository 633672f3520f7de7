"""Every notice says of what kind it is, so that people can choose by it."""

import ast
from pathlib import Path

from xianshen.notices.enums import NoticeKind

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "xianshen"


def test_every_notice_has_a_kind() -> None:
    without = []
    for path in PACKAGE.rglob("*.py"):
        if path.is_relative_to(PACKAGE / "notices"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in {"notify", "Told"}:
                continue
            if not any(keyword.arg == "kind" for keyword in node.keywords):
                without.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert without == []


def test_a_kind_nobody_knows_counts_as_general() -> None:
    assert NoticeKind.known("of.tomorrow") == NoticeKind.GENERAL
    assert NoticeKind.known(NoticeKind.STOP_ORDER) == NoticeKind.STOP_ORDER
