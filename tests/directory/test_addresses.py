"""Web addresses: equal when they lead to the same account, never because they look alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xianshen.directory.addresses import find_address, parse_address
from xianshen.directory.texts import handle_of, one_line, plain, storable


def key(text: str) -> str:
    address = parse_address(text)
    assert address is not None
    return address.key


@pytest.mark.parametrize(
    "other",
    [
        "http://weibo.com/n/上海海关学院",
        "https://www.weibo.com/n/上海海关学院/",
        "https://m.weibo.cn/n/上海海关学院?from=share&spm=a.b",
        "weibo.com/n/%E4%B8%8A%E6%B5%B7%E6%B5%B7%E5%85%B3%E5%AD%A6%E9%99%A2",
        "HTTPS://WEIBO.COM//n/上海海关学院#top",
    ],
)
def test_address_written_otherwise_is_the_same(other: str) -> None:
    assert key(other) == key("https://weibo.com/n/上海海关学院")
    address = parse_address(other)
    assert address is not None
    assert address.nickname == "上海海关学院"


@pytest.mark.parametrize(
    "other",
    [
        "https://weibo.com.evil.cn/n/上海海关学院",
        "https://weibo.com@evil.cn/n/上海海关学院",
        "https://weibо.com/n/上海海关学院",
        "https://weibo.com/n/上海海关学完",
        "https://weibo.com/n/上海海关\u200b学院",
        "https://weibo.com:8443/n/上海海关学院",
        "https://sub.weibo.com/n/上海海关学院",
        "https://weibo.com/上海海关学院",
    ],
)
def test_address_of_another_place_differs(other: str) -> None:
    assert key(other) != key("https://weibo.com/n/上海海关学院")


def test_article_of_a_public_account_names_the_account() -> None:
    home = "https://mp.weixin.qq.com/mp/profile_ext?action=home&__biz=MzA3NDU+Mg==&scene=124"
    article = "http://mp.weixin.qq.com/s?__biz=MzA3NDU%2BMg%3D%3D&mid=2650&idx=1&sn=ab#rd"
    assert key(home) == key(article)
    assert key(home) != key(home.replace("MzA3", "MzA4"))


def test_parameters_that_identify_are_kept() -> None:
    assert key("https://apps.example.cn/d?id=1&utm_source=x") == key("https://apps.example.cn/d?id=1")
    assert key("https://apps.example.cn/d?id=1") != key("https://apps.example.cn/d?id=2")


@pytest.mark.parametrize(
    "text",
    ["", "   ", "javascript:alert(1)", "ftp://weibo.com/a", "http://[::1", "http://a:b:c/", "法律系", "https://x"],
)
def test_no_address(text: str) -> None:
    assert parse_address(text) is None


def test_address_is_found_in_what_somebody_pasted() -> None:
    assert find_address("快看 https://weibo.com/n/上海海关学院，是真的吗") == "https://weibo.com/n/上海海关学院"
    assert find_address("weibo.com/n/abc") == "weibo.com/n/abc"
    assert find_address("flx_shcc") == ""
    assert find_address("法律系。cn") == ""


@given(st.text(max_size=200))
def test_any_text_is_read_without_error(text: str) -> None:
    address = parse_address(text)
    if address is not None:
        again = parse_address(f"https://{address.host}")
        assert again is not None
        assert again.host == address.host
    find_address(text)


@given(st.text(max_size=200))
def test_cleaned_texts_can_be_stored_and_stay_as_they_are(text: str) -> None:
    clean = storable(text)
    assert "\x00" not in clean
    clean.encode()
    assert storable(clean) == clean
    assert len(one_line(text, 50)) <= 50
    assert plain(plain(text)) == plain(text)


def test_plain_lowers_ascii_only() -> None:
    assert plain(" Shcc_法律 ") == "shcc_法律"
    assert plain("\u212aelvin") != plain("kelvin")  # the Kelvin sign case-folds to k
    assert plain("\uf9d1") != plain("六")  # a compatibility ideograph
    assert handle_of("@上海海关学院") == "上海海关学院"
