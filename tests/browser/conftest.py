"""The college in which the stories of these tests happen."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from tests.support.college import College, build_college
from xianshen.__main__ import main


@pytest.fixture
def school(transactional_db: None) -> College:
    """Return the college as of this moment, for the live server reads the clock."""
    return build_college(timezone.now())


@pytest.fixture
def ledger_report(capsys: pytest.CaptureFixture[str]) -> Callable[[], dict[str, Any]]:
    """Return a function that runs ``ledger verify --json``, asserts success, and returns the report."""

    def run() -> dict[str, Any]:
        capsys.readouterr()
        code = main(["ledger", "verify", "--json"])
        out = capsys.readouterr().out
        assert code == 0, out
        report: dict[str, Any] = json.loads(out)
        return report

    return run
