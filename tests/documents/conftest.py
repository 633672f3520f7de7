"""Keys and files of their own for every test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from xianshen.documents import access, signing


@pytest.fixture(scope="session")
def _authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Making RSA keys takes a second: one set for the whole run."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Path, _authority: Path) -> Iterator[None]:
    settings.FILES = tmp_path / "files"
    settings.KEYS = _authority
    settings.SIGNING_KEY = settings.SIGNING_CERT = ""
    settings.PUBLIC_URL = "https://xianshen.example.edu.cn"
    yield
    signing._own.cache_clear()
    signing._configured.cache_clear()


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The registered predicates, to be filled by a test; emptied afterwards."""
    known: dict[str, Any] = {}
    monkeypatch.setattr(access, "_predicates", known)
    return known
