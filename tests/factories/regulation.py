"""Stored policy versions for tests: the college's own pack, or another text of it."""

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from xianshen.regulation.loader import Pack, check_pack
from xianshen.regulation.models import PolicyVersion
from xianshen.regulation.schema import Policy
from xianshen.regulation.services import store_pack

ROOT = Path(__file__).resolve().parents[2]
SHCC = ROOT / "policies" / "shcc"
OTHER = ROOT / "tests" / "packs" / "linhai"
LOADED_AT = datetime(2026, 9, 1, 8, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def pack_at(path: Path) -> Pack:
    """Return a pack that has no mistakes, read once for every state of its files."""
    return _checked(path, tuple(sorted((str(file), file.stat().st_mtime_ns) for file in path.rglob("*"))))


@cache
def _checked(path: Path, _state: tuple[tuple[str, int], ...]) -> Pack:
    pack, mistakes = check_pack(path)
    assert pack is not None, "\n".join(str(mistake) for mistake in mistakes)
    return pack


def later_version(policy: Policy, *, label: str, effective_from: date, texts: dict[int, str] | None = None) -> Policy:
    """Return a version that reads like ``policy`` but begins later and has other texts of some articles."""
    data: dict[str, Any] = policy.model_dump(mode="json", exclude={"version_id", "digest"})
    data["label"] = label
    data["regulation"]["promulgated_on"] = data["regulation"]["effective_from"] = effective_from.isoformat()
    for chapter in data["regulation"]["chapters"]:
        for article in chapter["articles"]:
            article["text"] = (texts or {}).get(article["number"], article["text"])
    return Policy.model_validate(data)


def load(pack: Pack | None = None, *, now: datetime = LOADED_AT) -> PolicyVersion:
    """Store a pack (the college's unless given) and return the version in force."""
    result = store_pack(pack=pack or pack_at(SHCC), now=now)
    return PolicyVersion.objects.get(institution__code=result.institution, label=result.in_force)
