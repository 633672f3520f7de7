"""Chinese numerals for article and form labels."""

from django.utils.translation import get_language
from django.utils.translation import gettext as _

DIGITS = "零一二三四五六七八九"
LIMIT = 999


def chinese_numeral(number: int) -> str:
    """Write a number from 1 to 999 as Chinese law does: 8 → 八, 10 → 十, 21 → 二十一, 105 → 一百零五.

    Raises:
        ValueError: the number is outside 1–999.
    """
    if not 1 <= number <= LIMIT:
        raise ValueError(f"no article numeral for {number}")
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += "十" if tens == 1 and not hundreds else f"{DIGITS[tens]}十"
    elif hundreds and ones:
        text += "零"
    return text + (DIGITS[ones] if ones else "")


def article_label(number: int) -> str:
    """Return how an article is cited in the language of the interface: 第八条, Article 8."""
    chinese = (get_language() or "zh").startswith("zh")
    return _("第%(number)s条") % {"number": chinese_numeral(number) if chinese else number}
