"""Versions: which is in force on a day, loaded whole or not at all, never changed afterwards."""

import shutil
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from tests.factories.organisation import (
    AppointmentFactory,
    InstitutionFactory,
    PersonFactory,
    PositionFactory,
    UnitFactory,
)
from tests.factories.regulation import LOADED_AT, OTHER, SHCC, later_version, load, pack_at
from tests.support.queries import count_queries
from xianshen.common.actors import Actor, ActorKind
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.ledger.models import LedgerEntry
from xianshen.organisation.models import Institution, PositionKind, UnitKind
from xianshen.organisation.selectors import actor_for
from xianshen.regulation import selectors, services
from xianshen.regulation.loader import Pack
from xianshen.regulation.models import Acknowledgement, PolicyVersion, VersionInForce
from xianshen.regulation.schema import NotInPolicy, Policy

pytestmark = pytest.mark.django_db

NEXT_YEAR = date(2027, 3, 1)


def with_later(effective_from: date = NEXT_YEAR, *, label: str = "2027", **options: Any) -> Pack:
    """Return the college's pack with a further version."""
    pack = pack_at(SHCC)
    later = later_version(pack.policies[0], label=label, effective_from=effective_from, **options)
    return Pack(pack.institution, (*pack.policies, later))


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def stored() -> list[tuple[str, str]]:
    return list(PolicyVersion.objects.order_by("label").values_list("label", "digest"))


def events() -> list[str]:
    return list(LedgerEntry.objects.order_by("institution", "sequence").values_list("event", flat=True))


def test_load_makes_institution_vocabulary_and_version() -> None:
    result = services.load_pack(path=SHCC, now=LOADED_AT)
    assert (result.loaded, result.in_force, result.entered) == (["2026"], "2026", True)
    institution = Institution.objects.get(code="shcc")
    assert institution.name == "上海海关学院"
    version = PolicyVersion.objects.get()
    assert version.title == "上海海关学院新媒体管理办法"
    assert version.effective_from == date(2026, 9, 1)
    assert VersionInForce.objects.get().version == version
    assert UnitKind.objects.get(code="class").home == ["academic_department"]
    assert "opening.apply" in PositionKind.objects.get(code="operator").capabilities
    assert {"regulation.version_loaded", "regulation.version_in_force"} <= set(events())


def test_loading_again_changes_nothing() -> None:
    services.load_pack(path=SHCC, now=LOADED_AT)
    before = events(), stored()
    result = services.load_pack(path=SHCC, now=LOADED_AT + timedelta(days=40))
    assert (result.loaded, result.unchanged, result.in_force) == ([], ["2026"], "2026")
    assert (events(), stored()) == before


def test_broken_pack_loads_nothing(tmp_path: Path) -> None:
    pack = Path(shutil.copytree(SHCC, tmp_path / "shcc"))
    path = pack / "2026" / "clocks.yaml"
    path.write_text(path.read_text().replace("consequence: expire", "consequence: nothing"))
    with pytest.raises(services.BrokenPack) as refused:
        services.load_pack(path=pack, now=LOADED_AT)
    assert [mistake.field for mistake in refused.value.mistakes] == ["clocks[7].consequence"]
    assert isinstance(refused.value, ValidationError)
    assert not Institution.objects.exists()
    assert not PolicyVersion.objects.exists()
    assert events() == []


def test_institution_keeps_its_host_when_the_pack_is_loaded_again() -> None:
    services.load_pack(path=SHCC, now=LOADED_AT)
    Institution.objects.update(host="media.example.edu.cn")
    services.load_pack(path=SHCC, now=LOADED_AT)
    assert Institution.objects.get().host == "media.example.edu.cn"


@pytest.mark.rule("regulation.in_force")
def test_day_decides_which_version_judges() -> None:
    version = load(with_later(texts={8: "新的第八条。"}))
    institution = version.institution_id
    assert selectors.policy_on(institution, date(2026, 9, 1)).label == "2026"
    assert selectors.policy_on(institution, date(2027, 2, 28)).label == "2026"
    assert selectors.policy_on(institution, NEXT_YEAR).label == "2027"
    assert selectors.policy_on(institution, date(2030, 1, 1)).article(8).text == "新的第八条。"
    with pytest.raises(selectors.NoPolicyInForce):
        selectors.policy_on(institution, date(2026, 8, 31))


def test_record_keeps_its_version_after_a_newer_one_arrives() -> None:
    first = load()
    kept = first.pk
    services.store_pack(pack=with_later(date(2026, 11, 1), texts={8: "新的第八条。"}), now=at(date(2026, 10, 1)))
    assert selectors.policy_on(first.institution_id, date(2026, 11, 2)).article(8).text == "新的第八条。"
    assert selectors.policy_version(kept).article(8).text.startswith("学校对一级、二级校园新媒体平台")
    assert selectors.policy_version(kept).version_id == kept


def test_version_with_a_last_day_ends() -> None:
    pack = pack_at(SHCC)
    data = pack.policies[0].model_dump(mode="json", exclude={"version_id", "digest"})
    data["regulation"]["effective_until"] = "2026-12-31"
    version = load(Pack(pack.institution, (Policy.model_validate(data),)))
    assert selectors.policy_on(version.institution_id, date(2026, 12, 31)).label == "2026"
    with pytest.raises(selectors.NoPolicyInForce):
        selectors.policy_on(version.institution_id, date(2027, 1, 1))


def test_version_in_force_cannot_be_changed() -> None:
    load()
    before = stored(), events()
    pack = pack_at(SHCC)
    changed = later_version(pack.policies[0], label="2026", effective_from=date(2026, 9, 1), texts={8: "改了。"})
    with pytest.raises(TransitionNotAllowed, match="已经施行"):
        services.store_pack(pack=Pack(pack.institution, (changed,)), now=at(date(2026, 9, 1)))
    assert (stored(), events()) == before


def test_version_not_yet_in_force_may_be_replaced() -> None:
    load(with_later(texts={8: "草稿。"}))
    draft = PolicyVersion.objects.get(label="2027")
    reader = PersonFactory(institution=draft.institution)
    services.acknowledge(actor=actor_for(reader, date(2026, 10, 1)), version_id=draft.pk, now=at(date(2026, 10, 1)))
    result = services.store_pack(pack=with_later(texts={8: "定稿。"}), now=at(date(2026, 10, 1)))
    assert (result.replaced, result.unchanged) == (["2027"], ["2026"])
    assert selectors.policy_on(draft.institution_id, NEXT_YEAR).article(8).text == "定稿。"
    assert not Acknowledgement.objects.exists(), "what was read is no longer what will be in force"
    assert "regulation.version_replaced" in events()


def test_version_may_not_reach_back_into_judged_days() -> None:
    load()
    before = stored()
    with pytest.raises(TransitionNotAllowed, match="已经过去"):
        services.store_pack(pack=with_later(date(2026, 10, 1)), now=at(date(2026, 10, 2)))
    assert stored() == before


def test_version_may_begin_today() -> None:
    load()
    result = services.store_pack(pack=with_later(date(2026, 10, 2)), now=at(date(2026, 10, 2)))
    assert (result.loaded, result.in_force, result.entered) == (["2027"], "2027", True)


def test_version_may_not_overlap_a_stored_one() -> None:
    load(with_later(label="2027"))
    with pytest.raises(TransitionNotAllowed, match="重叠"):
        services.store_pack(pack=with_later(label="2027-b"), now=at(date(2026, 10, 1)))
    assert [label for label, __ in stored()] == ["2026", "2027"]


def test_midnight_in_shanghai_brings_the_version_into_force() -> None:
    version = load(with_later())
    last = datetime(2027, 2, 28, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    assert services.bring_into_force(now=last) == []
    assert services.bring_into_force(now=last + timedelta(minutes=1)) == ["shcc 2027"]
    assert VersionInForce.objects.get().version.label == "2027"
    assert services.bring_into_force(now=last + timedelta(minutes=2)) == []
    assert selectors.version_on(version.institution_id, NEXT_YEAR) is not None


def test_entering_into_force_brings_the_new_vocabulary() -> None:
    pack = pack_at(SHCC)
    data = pack.policies[0].model_dump(mode="json", exclude={"version_id", "digest"})
    data["label"], data["regulation"]["effective_from"] = "2027", NEXT_YEAR.isoformat()
    data["organisation"]["unit_kinds"].append({"code": "museum", "title": "校史馆", "rule": "tier.classification"})
    load(Pack(pack.institution, (*pack.policies, Policy.model_validate(data))))
    assert not UnitKind.objects.filter(code="museum").exists()
    services.bring_into_force(now=at(NEXT_YEAR))
    assert UnitKind.objects.get(code="museum").title == "校史馆"


def test_two_institutions_have_their_own_versions() -> None:
    college = load()
    group = load(pack_at(OTHER))
    assert selectors.policy_on(college.institution_id, date(2026, 9, 1)).institution.code == "shcc"
    assert selectors.policy_on(group.institution_id, date(2026, 9, 1)).institution.code == "linhai"
    with pytest.raises(PolicyVersion.DoesNotExist):
        selectors.version_of(college.institution_id, group.pk)
    assert {version.label for version in selectors.versions_of(group.institution_id)} == {"2025-r3"}


@pytest.mark.parametrize("field", ["data", "digest", "effective_from", "label", "loaded_at"])
def test_database_refuses_to_change_a_version(field: str) -> None:
    version = load()
    value = LOADED_AT + timedelta(days=1) if field in {"effective_from", "loaded_at"} else "x"
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(**{field: value})
    fresh = PolicyVersion.objects.get()
    assert getattr(fresh, field) == getattr(version, field)


def test_stored_text_is_what_the_digest_says() -> None:
    version = load()
    from xianshen.regulation.schema import digest_of

    assert digest_of(version.data) == version.digest
    assert selectors.policy_version(version.pk).canonical() == version.data


def test_policy_costs_no_query_once_known() -> None:
    version = load(with_later())
    selectors.policy_on(version.institution_id, date(2026, 9, 1))
    selectors.policy_on(version.institution_id, NEXT_YEAR)
    statements = count_queries(
        lambda: [
            selectors.policy_on(version.institution_id, date(2026, 9, 2)),
            selectors.policy_on(version.institution_id, NEXT_YEAR),
            selectors.policy_version(version.pk),
            selectors.cite(version.institution_id, "opening.prior_approval", date(2026, 9, 2)),
        ]
    )
    assert statements == []


def test_cold_process_asks_twice() -> None:
    version = load()
    selectors.forget_policies()
    selectors._cache.parsed.clear()
    assert len(count_queries(lambda: selectors.policy_on(version.institution_id, date(2026, 9, 2)))) == 2


def test_version_loaded_elsewhere_is_seen_when_the_list_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    version = load()
    assert selectors.policy_on(version.institution_id, NEXT_YEAR).label == "2026"
    monkeypatch.setattr(selectors, "forget_policies", lambda: None)
    monkeypatch.setattr(services, "forget_policies", lambda: None)
    services.store_pack(pack=with_later(), now=at(date(2026, 10, 1)))
    assert selectors.policy_on(version.institution_id, NEXT_YEAR).label == "2026"
    late = selectors.time.monotonic() + selectors.LIST_LIFETIME + 1
    monkeypatch.setattr(selectors.time, "monotonic", lambda: late)
    assert selectors.policy_on(version.institution_id, NEXT_YEAR).label == "2027"


def test_lookups_of_what_a_policy_lacks_say_so() -> None:
    policy = pack_at(SHCC).policies[0]
    for look in (policy.rule, policy.platform, policy.form, policy.clock, policy.chain, policy.unit_kind):
        with pytest.raises(NotInPolicy, match="nothing.such"):
            look("nothing.such")
    with pytest.raises(NotInPolicy):
        policy.article(22)
    with pytest.raises(NotInPolicy):
        policy.chain_for(subject="opening_application", tier=3, unit_kind="department", platform="weibo")


def test_citation_leads_to_the_text_of_the_day() -> None:
    version = load()
    citation = selectors.cite(version.institution_id, "filing.within_week", date(2026, 11, 23))
    assert citation is not None
    assert (citation.article, citation.label) == (9, "第九条")
    assert citation.url == "/regulation/articles/9/?on=2026-11-23"
    assert selectors.cite(version.institution_id, "no.such_rule", date(2026, 11, 23)) is None
    assert selectors.cite(version.institution_id, "", date(2026, 11, 23)) is None
    assert selectors.cite(version.institution_id, "filing.within_week", date(2020, 1, 1)) is None


def manager(institution: Institution) -> Actor:
    position = PositionFactory(unit=UnitFactory(institution=institution, kind="office"), kind="office_media_officer")
    return actor_for(AppointmentFactory(position=position).person, date(2026, 9, 1))


def test_whoever_keeps_the_policy_may_load_a_version() -> None:
    actor = manager(load().institution)
    result = services.store_pack(pack=with_later(), now=at(date(2026, 10, 1)), actor=actor)
    assert result.loaded == ["2027"]
    assert LedgerEntry.objects.filter(event="regulation.version_loaded").latest("sequence").actor_name == actor.name


def test_others_may_not_load_a_version() -> None:
    version = load()
    stranger = manager(load(pack_at(OTHER)).institution)
    member = actor_for(PersonFactory(institution=version.institution), date(2026, 10, 1))
    nobody = Actor(ActorKind.PUBLIC, version.institution_id, "shcc")
    before = stored(), events()
    for actor in (stranger, member, nobody):
        with pytest.raises(PermissionDenied):
            services.store_pack(pack=with_later(), now=at(date(2026, 10, 1)), actor=actor)
    new = Pack(pack_at(OTHER).institution.model_copy(update={"code": "new"}), pack_at(OTHER).policies)
    with pytest.raises(PermissionDenied):
        services.store_pack(pack=new, now=at(date(2026, 10, 1)), actor=member)
    assert (stored(), events()) == before


def test_institution_without_versions_has_no_policy() -> None:
    institution = InstitutionFactory()
    with pytest.raises(selectors.NoPolicyInForce) as refused:
        selectors.policy_on(institution.pk, date(2026, 9, 1))
    assert refused.value.status == 409


@pytest.mark.django_db(transaction=True)
def test_same_pack_loaded_twice_at_once_is_stored_once() -> None:
    start, problems = threading.Barrier(2), []

    def run() -> None:
        try:
            start.wait()
            services.load_pack(path=SHCC, now=LOADED_AT)
        except Exception as error:
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for __ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stored()) == 1
    assert VersionInForce.objects.count() == 1
    assert all(isinstance(problem, ValidationError | DatabaseError) for problem in problems), problems
