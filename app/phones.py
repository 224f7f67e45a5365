"""Phone numbers as people in Việt Nam type them: stored as E.164, shown as "0912 345 678", masked in public.

Metadata about number ranges lags behind the carriers, so a Vietnamese number of the right shape is accepted even when
the library does not know its range yet; what is refused are numbers nobody could ring.
"""

import re
import unicodedata

import phonenumbers

from app.errors import InvalidInput

_REGION = "VN"
_COUNTRY_CODE = 84
_MAX_TYPED_CHARS = 60
_ONE_NUMBER = re.compile(r"\d[\d\s.()/-]*")
_PLUS_BEFORE = re.compile(r"\D*\+[\s(]*\d")
_ZERO_AS_LETTER = re.compile(r"(?<![^\W\d_])[oO]+(?=[\d\s.()/-])|(?<=\d)[oO]+")
_LETTERS_INSIDE = re.compile(r"\d[^\W\d_]+\d")
_MAX_DIGITS = 18
"""Fifteen of E.164 and what people dial before them."""
_NATIONAL_SHAPE = re.compile(r"[35789]\d{8}|2\d{9}|1[89]00\d{4,6}")
"""Mobiles, landlines since 2017 and hotlines, without the leading 0; mobiles are the only ones with nine digits."""
_MOBILE = re.compile(r"\+84[35789]\d{8}")
_BEFORE_2018 = re.compile(r"1(?:2\d|6[2-9]|8[68]|99)\d{7}")
_ASK = "Bác ghi số điện thoại giúp em, ví dụ 0912 345 678."
_ONLY_ONE = "Bác chỉ ghi một số điện thoại thôi ạ, ví dụ 0912 345 678."
_SHOWN_AT_START = 2
_SHOWN_AT_END = 3


def parse_phone(text: str) -> str:
    """Read a phone number as typed and return it as E.164 ("0912.345.678", "84 912345678", "+84…" → "+84912345678").

    The letter O counts as zero, a lost leading zero is put back, words around the number are dropped; foreign numbers
    need their "+" or "00". Raises ``InvalidInput`` for what cannot be rung, for two numbers in one field and for the
    eleven-digit mobiles that ended in 2018.
    """
    if len(text) > _MAX_TYPED_CHARS:
        raise InvalidInput(_ONLY_ONE, field="phone")
    digits = _only_digits(text)
    if not digits.startswith("+"):
        digits = _with_country_code(digits)
    try:
        number = phonenumbers.parse(digits, _REGION)
    except phonenumbers.NumberParseException as error:
        raise InvalidInput(_ASK, field="phone") from error
    national = phonenumbers.national_significant_number(number)
    if number.country_code != _COUNTRY_CODE:
        if not phonenumbers.is_valid_number(number):
            raise InvalidInput(
                "Số điện thoại nước ngoài này thiếu hoặc thừa chữ số, bác xem lại giúp em.", field="phone"
            )
    elif _BEFORE_2018.fullmatch(national):
        raise InvalidInput("Số 11 chữ số đã đổi từ năm 2018, bác ghi số mới 10 chữ số giúp em.", field="phone")
    elif not _NATIONAL_SHAPE.fullmatch(national):
        raise InvalidInput(
            "Số điện thoại này thiếu hoặc thừa chữ số, bác xem lại giúp em, ví dụ 0912 345 678.", field="phone"
        )
    return f"+{number.country_code}{national}"


def is_mobile(e164: str) -> bool:
    """Tell whether a stored number can get an SMS or a Zalo message, going by its shape."""
    if e164.startswith(f"+{_COUNTRY_CODE}"):
        return _MOBILE.fullmatch(e164) is not None
    kind = phonenumbers.number_type(phonenumbers.parse(e164))
    return kind in {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}


def format_phone(e164: str) -> str:
    """Write a stored number for reading aloud: "+84912345678" → "0912 345 678"; foreign ones keep their "+"."""
    if _MOBILE.fullmatch(e164):
        return f"0{e164[3:6]} {e164[6:9]} {e164[9:]}"
    number = phonenumbers.parse(e164)
    at_home = number.country_code == _COUNTRY_CODE
    style = phonenumbers.PhoneNumberFormat.NATIONAL if at_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def mask_phone(e164: str) -> str:
    """Write a stored number for the eyes of others: first two and last three digits ("09•• ••• 678")."""
    shown = format_phone(e164)
    total = sum(char.isdigit() for char in shown)
    masked, position = [], 0
    for char in shown:
        if char.isdigit():
            position += 1
            hidden = _SHOWN_AT_START < position <= total - _SHOWN_AT_END
            masked.append("•" if hidden else char)
        else:
            masked.append(char)
    return "".join(masked)


def _only_digits(text: str) -> str:
    """Return the digits of the one number in the text, with a leading "+" where one was typed."""
    plain = "".join(
        str(unicodedata.decimal(char)) if char.isdecimal() else char
        for char in unicodedata.normalize("NFKC", text)
        if unicodedata.category(char) not in {"Cc", "Cf"}
    )
    typed = _ZERO_AS_LETTER.sub(lambda match: "0" * len(match[0]), plain)
    numbers = _ONE_NUMBER.findall(typed)
    if not numbers or _LETTERS_INSIDE.search(typed):
        raise InvalidInput(_ASK, field="phone")
    digits = re.sub(r"\D", "", numbers[0])
    if len(numbers) > 1 or len(digits) > _MAX_DIGITS:
        raise InvalidInput(_ONLY_ONE, field="phone")
    return f"+{digits}" if _PLUS_BEFORE.match(typed) else digits


def _with_country_code(digits: str) -> str:
    """Return the digits as a dialable number: "00…" and "84…" become "+…", a lost leading zero is left to the shape."""
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    if digits.startswith(str(_COUNTRY_CODE)) and _NATIONAL_SHAPE.fullmatch(digits[2:].removeprefix("0")):
        return f"+{digits}"
    return digits
