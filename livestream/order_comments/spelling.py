"""Mends what a keyboard left behind: Telex letters ("choots", "nhes") and VNI digits ("cho61t") inside known words."""

from livestream.order_comments.lexicon import folded, senses_of
from livestream.order_comments.tokens import Token, word_token

_TELEX_TONES = "sfrxj"
_BEFORE_TONES = frozenset("aeiouyw")
_TELEX_DOUBLES = {"aa": "â", "ee": "ê", "oo": "ô", "dd": "đ", "aw": "ă", "ow": "ơ", "uw": "ư"}
_MENDED = {
    "order",
    "give",
    "cancel",
    "change",
    "weight",
    "container",
    "digit",
    "polite",
    "no",
    "only",
    "more",
    "half",
    "and a half",
}
"""Only words of these meanings are mended: the others change no decision."""


def mend(tokens: list[Token]) -> list[Token]:
    """Return the tokens with Telex and VNI leftovers replaced by the word they were meant to be."""
    result: list[Token] = []
    i = 0
    while i < len(tokens):
        joined = _vni(tokens, i)
        if joined is not None:
            result.append(joined)
            i += 3 if i + 2 < len(tokens) and tokens[i + 2].kind == "word" and tokens[i + 2].glued else 2
            continue
        result.append(_telex(tokens[i]))
        i += 1
    return result


def _telex(token: Token) -> Token:
    if token.kind != "word" or token.senses or len(token.text) < 3:
        return token
    for n, letter in enumerate(token.text):
        if letter in _TELEX_TONES and n and (token.text[n - 1] in _BEFORE_TONES or n == len(token.text) - 1):
            candidate = _hatted(token.text[:n] + token.text[n + 1 :])
            if senses_of(folded(candidate)) & _MENDED:
                return word_token(folded(candidate), glued=token.glued, capital=token.capital)
    if token.text[-1] == token.text[-2] and senses_of(token.text[:-1]) & _MENDED:
        return word_token(token.text[:-1], glued=token.glued, capital=token.capital)
    candidate = _hatted(token.text)
    if candidate != token.text and senses_of(candidate) & _MENDED:
        return word_token(candidate, glued=token.glued, capital=token.capital)
    return token


def _hatted(text: str) -> str:
    for typed, letter in _TELEX_DOUBLES.items():
        text = text.replace(typed, letter)
    return text


def _vni(tokens: list[Token], i: int) -> Token | None:
    """Join "cho" "61" "t" into "chot", and "nhe" "1" into "nhe", when the letters make a word the reader knows."""
    first = tokens[i]
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    if first.kind != "word" or after is None or after.kind != "number" or not after.glued or not after.text.isdecimal():
        return None
    if len(after.text) > 2 or first.senses & {"weight", "container", "code marker"} or len(first.text) < 2:
        return None
    last = tokens[i + 2] if i + 2 < len(tokens) else None
    if last is not None and last.kind == "word" and last.glued:
        joined = first.text + last.text
    elif len(after.text) == 1 and "order" not in first.senses:
        joined = first.text
    else:
        return None
    known = senses_of(joined) & _MENDED
    return word_token(joined, glued=first.glued, capital=first.capital) if known else None
