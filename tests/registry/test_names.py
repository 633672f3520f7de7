"""Names as people read and hear them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xianshen.registry import names

SCHOOL = "上海海关学院"
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@pytest.mark.parametrize(
    "name",
    [
        "上海海\u200b关学院招生",
        "上海海關學院招生",
        "上 海 海 关 学 院 招生",
        "上海·海关·学院",
        "⼟海海关学院".replace("⼟", "上"),
        "上海海关学阮",
        "尚海海关学院",
        "上海海\u0301关学院",
        "上海海関学院",
    ],
)
def test_imitations_of_the_school_are_seen(name: str) -> None:
    assert names.imitates(name, SCHOOL) or names.starts_like(name, SCHOOL)


@pytest.mark.parametrize("name", ["海关管理系", "图书馆服务", "上海海事大学", "关务协会", "海院", "上海"])
def test_other_names_are_left_alone(name: str) -> None:
    assert not names.imitates(name, SCHOOL)
    assert not names.starts_like(name, SCHOOL)


def test_latin_look_alikes_fold_together() -> None:
    assert names.fold("ЅНСС".lower()) == names.fold("sнсс")
    assert names.fold("ＳＨＣＣ") == names.fold("shcc") == "shcc"


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("外语青年", "外语 青年", "same"),
        ("外语青年", "外语清年", "sound"),
        ("外语系青年", "外语青年", "one_off"),
        ("法律系青年之声", "法律系青年", "contains"),
        ("法律系", "外语系", ""),
        ("图书馆服务", "教务处通知", ""),
    ],
)
def test_likeness(one: str, other: str, how: str) -> None:
    a, b = names.fold(one), names.fold(other)
    assert names.likeness(a, b, names.sound(one), names.sound(other)) == how


@given(text)
def test_folding_is_stable_and_invisible_free(name: str) -> None:
    folded = names.fold(name)
    assert names.fold(folded) == folded
    assert not names.invisible_characters(folded)


@given(text, text)
def test_likeness_is_symmetric(one: str, other: str) -> None:
    a, b, c, d = names.fold(one), names.fold(other), names.sound(one), names.sound(other)
    assert names.likeness(a, b, c, d) == names.likeness(b, a, d, c)


@given(text, text)
def test_shared_passages_stand_in_both(one: str, other: str) -> None:
    for passage in names.shared_passages(one, other):
        assert passage in one
        assert passage in other
