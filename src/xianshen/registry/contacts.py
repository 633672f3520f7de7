"""Mobile numbers and e-mail addresses, checked and shown with care."""

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

REGION = "CN"


def valid_mobile(number: str) -> bool:
    """Say whether the number is a mobile number that can exist in China (or is given with a country code)."""
    try:
        parsed = phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException:
        return False
    kind = phonenumbers.number_type(parsed)
    return phonenumbers.is_valid_number(parsed) and kind in {
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }


def valid_email(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True
