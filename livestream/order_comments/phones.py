"""Phone numbers inside a comment: taken out first, so that none of their digits is ever read as a quantity."""

import re

_CANDIDATE = re.compile(r"(?<![\w@])(?:\+?84|0|[oO])(?:[ .\-]{0,2}[\doO]){8,10}(?![\w])")
_MOBILE = re.compile(r"0[35789]\d{8}")
_LANDLINE = re.compile(r"02\d{9}")


def take_phones(text: str) -> tuple[str, str | None]:
    """Return the text with phone numbers blanked out, and the number in national form.

    Two different numbers give None: nobody guesses which one is the buyer's. A letter o inside a number is a zero; a landline
    counts; an account number or an order number does not.
    """
    found: list[str] = []

    def blank(match: re.Match[str]) -> str:
        number = _national(match[0])
        if number is None:
            return match[0]
        found.append(number)
        return " | "

    rest = _CANDIDATE.sub(blank, text)
    return rest, found[0] if len(set(found)) == 1 else None


def _national(typed: str) -> str | None:
    digits = re.sub(r"[^\d]", "", typed.replace("o", "0").replace("O", "0"))
    if digits.startswith("84"):
        digits = "0" + digits[2:].removeprefix("0")
    if _MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits):
        return digits
    return None
