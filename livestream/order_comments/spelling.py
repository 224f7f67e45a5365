"""Mends what a keyboard left behind: Telex letters ("choots", "nhes") and VNI digits ("cho61t") inside known words."""

import re
from dataclasses import replace

from app.text import fold
from livestream.order_comments import words
from livestream.order_comments.tokens import Token

_KNOWN = (
    words.ORDER_VERBS
    | words.FILLERS
    | words.PRONOUNS
    | words.CANCEL_VERBS
    | set(words.WEIGHT_KG)
    | words.CONTAINERS
    | words.NO_WORDS
    | {"sua", "doi", "thanh", "mot", "hai", "chuc", "nua", "ruoi", "thoi", "moi", "loai"}
)
_DOUBLED = re.compile(r"(aa|ee|oo|dd)")
_MISTYPED = {"chot": {"chôt", "chọt", "chôts", "chốp", "chot'", "chốc", "trốt", "chút_"}, "kg": {"kgs", "kí-lô"}}


def mend(tokens: list[Token]) -> list[Token]:
    """Return the tokens with Telex and VNI leftovers replaced by the word they were meant to be."""
    result: list[Token] = []
    i = 0
    while i < len(tokens):
        vni = _vni_word(tokens, i)
        if vni is not None:
            token, i = vni
            result.append(token)
            continue
        result.append(_telex(tokens[i]))
        i += 1
    return result


def _telex(token: Token) -> Token:
    if token.kind != "word" or token.folded in _KNOWN or token.text != token.folded or len(token.text) < 3:
        return token
    bare = token.folded[:-1] if token.folded[-1] in "sfrxj" else token.folded
    bare = _DOUBLED.sub(lambda match: match[0][0], bare).replace("w", "")
    for candidate in (bare, re.sub(r"[sfrxj](?=[a-z]*$)", "", bare, count=1)):
        if candidate != token.folded and candidate in _KNOWN and len(candidate) >= 2:
            return replace(token, text=candidate, folded=candidate)
    return token


def _vni_word(tokens: list[Token], i: int) -> tuple[Token, int] | None:
    """Join "cho" "61" "t" into "chot" when the letters make a word the reader knows."""
    first = tokens[i]
    if first.kind != "word" or i + 1 >= len(tokens):
        return None
    digits = tokens[i + 1]
    if digits.kind != "number" or not digits.glued or len(digits.text) > 2 or not digits.text.isdigit():
        return None
    after = tokens[i + 2] if i + 2 < len(tokens) else None
    if after is None or after.kind != "word" or not after.glued:
        return None
    joined = fold(first.text + after.text)
    if joined in _KNOWN and first.folded not in words.WEIGHT_KG:
        return replace(first, text=joined, folded=joined), i + 3
    return None
