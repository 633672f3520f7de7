import pytest

from xianshen.regulation.numerals import article_label, chinese_numeral


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "一"),
        (8, "八"),
        (10, "十"),
        (11, "十一"),
        (20, "二十"),
        (21, "二十一"),
        (99, "九十九"),
        (100, "一百"),
        (105, "一百零五"),
        (110, "一百一十"),
        (211, "二百一十一"),
    ],
)
def test_numeral_reads_as_law_does(number: int, text: str) -> None:
    assert chinese_numeral(number) == text
    assert article_label(number) == f"第{text}条"


def test_numerals_are_all_different() -> None:
    assert len({chinese_numeral(number) for number in range(1, 1000)}) == 999


@pytest.mark.parametrize("number", [0, -1, 1000])
def test_number_without_numeral_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="numeral"):
        chinese_numeral(number)
