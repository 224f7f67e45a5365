"""Weights and counts as integers: grams for what is weighed, pieces for what is counted.

Vietnamese weight words and their exact factors are a table here; the comment reader and the forms share it.
"""

import re
import unicodedata
from fractions import Fraction

from app.errors import InvalidInput
from app.money import format_number

GRAMS_PER_KG = 1000
MAX_GRAMS = 1_000_000_000
"""A thousand tonnes: no single weight typed into the system can truthfully be more."""

WEIGHT_WORD_GRAMS = {
    "g": 1,
    "gr": 1,
    "gam": 1,
    "gram": 1,
    "lạng": 100,
    "kg": 1000,
    "ký": 1000,
    "kí": 1000,
    "cân": 1000,
    "kilo": 1000,
    "ki": 1000,
    "yến": 10_000,
    "tạ": 100_000,
    "tấn": 1_000_000,
}
"""Vietnamese weight words and their grams (metric sense)."""

_DECIMAL = re.compile(r"(\d{1,9})(?:[.,](\d{1,3}))?")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3}){1,3}")
_MONEY = re.compile(r"(\d{1,12}|[1-9]\d{0,2}([.,])\d{3}(?:\2\d{3}){0,2})\s*(?:đồng|vnđ|vnd|đ|₫)?")


def parse_kilograms(text: str) -> int:
    """Read a weight in kilograms as farmers type it, and return grams.

    "1.5" and "1,5" are both one and a half; "1.000" is a thousand (a dot before exactly three digits separates
    thousands, unless the number starts with 0). At most three decimals. Raises ``InvalidInput`` for anything else,
    for 0 and for more than ``MAX_GRAMS``.
    """
    typed = text.strip().lower().removesuffix("kg").strip()
    whole_kg: str | None = None
    if _THOUSANDS.fullmatch(typed):
        whole_kg = typed.replace(".", "")
    match = _DECIMAL.fullmatch(typed) if whole_kg is None else None
    if whole_kg is not None:
        grams = int(whole_kg) * GRAMS_PER_KG
    elif match:
        grams = int(match[1]) * GRAMS_PER_KG + int((match[2] or "").ljust(3, "0") or 0)
    else:
        raise InvalidInput("Bác ghi số cân giúp em, ví dụ 12 hoặc 12,5.", typed=text[:40])
    if not 0 < grams <= MAX_GRAMS:
        raise InvalidInput("Số cân phải lớn hơn 0 và không quá một nghìn tấn.", typed=text[:40])
    return grams


def parse_count(text: str) -> int:
    """Read a positive whole number as people type it ("12", "1.200"); raises ``InvalidInput``."""
    typed = text.strip()
    if _THOUSANDS.fullmatch(typed):
        typed = typed.replace(".", "")
    if not re.fullmatch(r"\d{1,9}", typed) or int(typed) == 0:
        raise InvalidInput("Bác ghi một số nguyên lớn hơn 0 giúp em.", typed=text[:40])
    return int(typed)


def parse_vnd(text: str) -> int:
    """Read an amount of money and return đồng ≥ 0: digits with optional thousands dots or commas, then "đ" or the like.

    At most twelve digits. A mixture of dots and commas is refused, since one of them may be meant as a decimal sign.
    Raises ``InvalidInput``.
    """
    match = _MONEY.fullmatch(unicodedata.normalize("NFC", text).strip().lower())
    if not match:
        raise InvalidInput("Bác ghi số tiền bằng đồng giúp em, ví dụ 38.000.", typed=text[:40])
    return int(match[1].replace(".", "").replace(",", ""))


def format_kilograms(grams: int) -> str:
    """Write grams as kilograms with a decimal comma and no trailing zeros: ``2500`` → ``2,5``."""
    sign, grams = ("-" if grams < 0 else ""), abs(grams)
    whole, rest = divmod(grams, GRAMS_PER_KG)
    decimals = f"{rest:03d}".rstrip("0")
    return f"{sign}{format_number(whole)}" + (f",{decimals}" if decimals else "")


def format_units(quantity: int, unit_quantity: int, unit_label: str) -> str:
    """Write base units in a listing's sale unit: ``(3000, 1000, "kg")`` → ``3 kg``; ``(10, 5, "hộp")`` → ``2 hộp``.

    At most three decimals, as for kilograms.
    """
    number = format_kilograms(round(Fraction(quantity * GRAMS_PER_KG, unit_quantity)))
    return f"{number}\u00a0{unit_label}"
