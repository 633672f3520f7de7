"""Personal data stays erasable: digests instead of values, and no contact details in what is hashed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xianshen.ledger.privacy import holds_contact, mask, mask_text, new_salt, salted_digest


@pytest.mark.parametrize(
    ("text", "masked"),
    (
        ("13812345678", "138****5678"),
        ("手机13812345678。", "手机138****5678。"),
        ("+86 138 1234 5678", "138****5678"),
        ("138-1234-5678、wang@shcc.edu.cn", "138****5678、***@shcc.edu.cn"),
        ("１３８１２３４５６７８", "１３８****５６７８"),
        ("a.b+c_d@mail.shcc.edu.cn", "***@mail.shcc.edu.cn"),
        ("邮箱是wang@qq.com", "邮箱是***@qq.com"),
        ("2381234567890", "2381234567890"),
        ("138123456789", "138123456789"),
        ("e13812345678f", "e13812345678f"),
        ("20070007", "20070007"),
        ("@法律系", "@法律系"),
        ("https://mp.weixin.qq.com/s?__biz=MzA5", "https://mp.weixin.qq.com/s?__biz=MzA5"),
    ),
)
def test_contact_details_are_masked_and_nothing_else(text: str, masked: str) -> None:
    assert mask_text(text) == masked
    assert holds_contact(text) == (text != masked)


@settings(deadline=None)
@given(st.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask_text(mask_text(text)) == mask_text(text)


def test_masking_long_text_takes_no_time() -> None:
    """No pattern tries every part of a long run of letters again and again."""
    long = "a" * 200_000
    assert mask_text(long) == long
    assert mask_text("1" * 200_000) == "1" * 200_000
    assert mask_text("x@" + "a." * 100_000) == "***@" + "a." * 100_000


def test_masking_leaves_keys_and_numbers_alone() -> None:
    assert mask({"13812345678": [13812345678, 1.5, None, True, "13812345678"]}) == {
        "13812345678": [13812345678, 1.5, None, True, "138****5678"]
    }


def test_digest_depends_on_value_and_salt_only() -> None:
    salt = new_salt()
    assert salted_digest("13812345678", salt) == salted_digest("13812345678", salt)
    assert salted_digest("13812345678", salt) != salted_digest("13812345679", salt)
    assert salted_digest("13812345678", salt) != salted_digest("13812345678", new_salt())
    assert len(salted_digest("", salt)) == 64


def test_digest_takes_composed_and_decomposed_text_as_the_same() -> None:
    salt = new_salt()
    assert salted_digest("é", salt) == salted_digest("e\u0301", salt)


def test_digest_refuses_a_salt_that_can_be_guessed() -> None:
    with pytest.raises(ValueError, match="16 characters"):
        salted_digest("13812345678", "salt")
