"""Phone numbers inside a comment: taken out first, so that none of their digits is ever read as a quantity."""

import re

_LONG_ENOUGH = re.compile(r"\d(?:\D{0,4}[\doO]){7}")
_GAP = r"[ .\-–_]{0,3}"
_DIGIT = r"[\doO]"
_START = r"(?<![\d@])(?:\(?\+?84\)?" + _GAP + r"(?:\(?0\)?)?|(?:(?<![^\W_])[oO]|\(?0\)?))" + _GAP
_MOBILE = re.compile(_START + r"([35789](?:" + _GAP + _DIGIT + r"){8})(?![\d])")
_LANDLINE = re.compile(_START + r"(2(?:" + _GAP + r"\d){2,3}(?:\)?" + _GAP + r"\d){7})(?!\d)")


def take_phones(text: str) -> tuple[str, str | None]:
    """Return the text with phone numbers blanked out, and the number in national form.

    Two different numbers give None: nobody guesses which one is the buyer's. A letter o inside a number is a zero; a landline
    counts; an account number or an order number does not.
    """
    found: list[str] = []
    if _LONG_ENOUGH.search(text) is None:
        return text, None

    def blank(match: re.Match[str]) -> str:
        national = "0" + re.sub(r"\D", "", match[1].replace("o", "0").replace("O", "0"))
        if len(national) != (11 if national[1] == "2" else 10):
            return match[0]
        found.append(national)
        return " | "

    rest = _LANDLINE.sub(blank, _MOBILE.sub(blank, text))
    return rest, found[0] if len(set(found)) == 1 else None
