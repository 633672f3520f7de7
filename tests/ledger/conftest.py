from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> Path:
    """A data directory of the test's own, for keys and checkpoint files."""
    settings.DATA = tmp_path / "data"
    settings.KEYS = settings.DATA / "keys"
    return settings.DATA
