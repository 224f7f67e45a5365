"""Phone numbers in comments: everybody but staff sees them masked, because a chat is read by strangers."""

import re

_RUN = re.compile(r"(?<!\d)(?:\+?\d|\(\+?\d|[oO](?=\d))(?:[\s.,()/_-]{0,2}[\doO]){7,}(?!\d)")
"""Eight digits or more, however they are spaced and even two numbers in a row; prices and quantities are shorter."""
_MONEY = re.compile(r"\d{1,3}(?:[.,]000){1,4}")
_KEPT_AT_START = 2
_KEPT_AT_END = 3


def mask_phones(text: str) -> str:
    """Return the text with every number that could be rung shown by its first two and last three digits."""
    return _RUN.sub(_mask, text)


def _mask(match: re.Match[str]) -> str:
    found = match[0]
    if _MONEY.fullmatch(found.strip()):
        return found
    places = [i for i, char in enumerate(found) if char.isdigit() or char in "oO"]
    hidden = set(places[_KEPT_AT_START : len(places) - _KEPT_AT_END])
    return "".join("•" if i in hidden else char for i, char in enumerate(found))
