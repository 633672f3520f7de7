"""Translations of a pack: checked, loaded beside the version, shown to readers of the language, never judged by."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from xianshen.common.language import local, wording_of
from xianshen.ledger.models import LedgerEntry
from xianshen.organisation.models import Institution
from xianshen.regulation import services
from xianshen.regulation.loader import check_pack
from xianshen.regulation.models import PolicyVersion, PolicyWording
from xianshen.regulation.selectors import forget_policies
from xianshen.regulation.wording import missing

SHCC = Path(settings.POLICIES) / "shcc"
NOW = datetime(2026, 9, 1, 8, tzinfo=timezone.get_current_timezone())


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHCC, tmp_path / "shcc"))


def english(pack: Path, **texts: str) -> Path:
    """Change translations; an empty one is left out."""
    path = next(pack.glob("*/en.yaml"))
    words = {**yaml.safe_load(path.read_text()), **texts}
    path.write_text(yaml.safe_dump({key: value for key, value in words.items() if value}, allow_unicode=True))
    return path


def test_english_of_the_colleges_pack_is_complete() -> None:
    pack, mistakes = check_pack(SHCC)
    assert pack is not None, mistakes
    lacking = {policy.label: missing(policy, pack.wording[policy.label]["en"]) for policy in pack.policies}
    assert not any(lacking.values()), f"add to policies/shcc/<version>/en.yaml: {lacking}"


def test_check_names_texts_that_the_version_does_not_have(pack: Path) -> None:
    path = english(pack, 不存在的步骤="A step that is not there", 一级="")
    path.write_text(path.read_text() + "二级平台: [Tier 2]\n")
    found, mistakes = check_pack(pack)
    assert found is None
    lines = path.read_text().splitlines()
    assert {(one.file, lines[one.line - 1].partition(":")[0], one.field) for one in mistakes} == {
        (str(path), key, key) for key in ("不存在的步骤", "二级平台")
    }


def test_regulation_and_words_of_name_rules_are_not_translated(pack: Path) -> None:
    english(pack, **{"上海海关学院新媒体管理办法": "Regulation", "官方": "official", "签字（公章）": "Signature"})
    assert len(check_pack(pack)[1]) == 3


@pytest.mark.django_db
def test_wording_stands_beside_the_version_and_leaves_its_digest_alone(pack: Path) -> None:
    services.load_pack(path=pack, now=NOW)
    version = PolicyVersion.objects.get()
    digest = version.digest
    assert "Head of unit" in PolicyWording.objects.get().texts.values()
    assert "Head of unit" not in version.data
    english(pack, 主要负责人="Unit head")
    result = services.load_pack(path=pack, now=NOW + timedelta(days=30))
    assert (result.unchanged, result.worded, result.replaced) == (["2026"], ["2026 en"], [])
    assert PolicyVersion.objects.get().digest == digest
    assert PolicyWording.objects.get().texts["主要负责人"] == "Unit head"
    assert LedgerEntry.objects.filter(event="regulation.wording_loaded").count() == 2
    again = services.load_pack(path=pack, now=NOW + timedelta(days=31))
    assert again.worded == []
    assert LedgerEntry.objects.filter(event="regulation.wording_loaded").count() == 2
    next(pack.glob("*/en.yaml")).unlink()
    assert services.load_pack(path=pack, now=NOW + timedelta(days=32)).worded == ["2026 en"]
    assert not PolicyWording.objects.exists()


@pytest.mark.django_db
def test_texts_are_shown_in_the_readers_language_without_a_query_each(pack: Path) -> None:
    services.load_pack(path=pack, now=NOW)
    institution = Institution.objects.get()
    other = Institution.objects.create(code="other", name="别的学校")
    forget_policies()
    with translation.override("en"):
        assert local("一级") == "一级", "outside a request everything is as the pack says"
        with wording_of(lambda: institution.pk), CaptureQueriesContext(connection) as queries:
            assert [local("一级"), local("账号名称\n或链接地址"), local("法律系")] == [
                "Tier 1",
                "Account ID or address",
                "法律系",
            ]
        assert len(queries) == 1
        with wording_of(lambda: other.pk):
            assert local("一级") == "一级"
    with wording_of(lambda: institution.pk), CaptureQueriesContext(connection) as queries:
        assert local("一级") == "一级"
    assert len(queries) == 0
