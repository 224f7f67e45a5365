"""From text to tokens: words and numbers in order, each with its folded form, grouped in clauses."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from app.text import fold
from livestream.order_comments import words

MAX_CHARACTERS = 2000
"""Beyond this a comment is not an order; live comments are capped at 500."""

_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad\ufe0f\U0001f3fb-\U0001f3ff]")
_PIECE = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)*)|(?P<half>½)|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)?)|(?P<mark>[^\w\s])|(?P<line>\n)"
)
_CLAUSE_ENDS = {",", ";", "!", "…", "\n", "|"}
_LONG_LETTER = re.compile(r"([^\W\d])\1{2,}")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or a mark. ``glued`` says that nothing stood between it and the token before."""

    text: str
    folded: str
    kind: str
    """"word", "number", "mark" or "code"."""
    glued: bool
    value: Fraction | None = None
    capital: bool = False

    def means(self, word: str) -> bool:
        """Tell whether the token is this folded word, by its marks where it was typed with marks."""
        if self.folded != word:
            return False
        if self.text == self.folded or word not in words.MARKED_MEANING:
            return True
        return self.text in words.MARKED_MEANING[word]


def normalise(text: str) -> str:
    """Return the text in one form: compatibility characters and composed marks, invisible characters gone."""
    text = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def tokenise(text: str, codes: Collection[str]) -> list[Token]:
    """Split normalised text into tokens; ``codes`` are the shelf's codes, folded, so that joined forms come apart."""
    pieces: list[Token] = []
    end = -1
    for match in _PIECE.finditer(text):
        glued = match.start() == end
        end = match.end()
        raw = match[0]
        if match["number"]:
            pieces.append(Token(raw, raw, "number", glued, _decimal(raw)))
        elif match["half"]:
            pieces.append(Token(raw, "1/2", "number", glued, Fraction(1, 2)))
        elif match["word"]:
            lowered = _LONG_LETTER.sub(r"\1", raw.lower())
            pieces.append(Token(lowered, fold(lowered), "word", glued, capital=raw[0].isupper()))
        else:
            pieces.append(Token(raw, raw, "mark", glued))
    return _join_codes(pieces, set(codes))


def clauses(tokens: list[Token]) -> list[list[Token]]:
    """Split tokens into clauses at commas, line breaks and full stops; a question mark ends its clause and stays in it."""
    result: list[list[Token]] = [[]]
    for i, token in enumerate(tokens):
        stop = token.text == "." and (i + 1 == len(tokens) or not tokens[i + 1].glued)
        if token.kind == "mark" and (token.text in _CLAUSE_ENDS or stop):
            result.append([])
            continue
        result[-1].append(token)
        if token.text == "?":
            result.append([])
    return [clause for clause in result if clause]


def _decimal(raw: str) -> Fraction | None:
    """Read "1,5" and "1.5" as one and a half, "1.000" as a thousand; None for what nobody can be sure of ("2,500")."""
    groups = re.split(r"[.,]", raw)
    marks = re.sub(r"\d", "", raw)
    if not marks:
        return Fraction(int(raw)) if len(raw) <= 9 else None
    if len(groups) == 2 and (len(groups[1]) < 3 or groups[0] == "0"):
        return Fraction(f"{groups[0]}.{groups[1]}") if len(groups[0]) <= 9 and len(groups[1]) <= 3 else None
    if set(marks) == {"."} and all(len(group) == 3 for group in groups[1:]) and len(raw) <= 12:
        return Fraction(int("".join(groups)))
    return None


def _join_codes(pieces: list[Token], codes: set[str]) -> list[Token]:
    result: list[Token] = []
    i = 0
    while i < len(pieces):
        here = pieces[i]
        after = pieces[i + 1] if i + 1 < len(pieces) else None
        if here.kind == "word" and after is not None and after.kind == "number" and after.text.isdigit():
            split = _split_code(here, after, codes)
            if split:
                result.extend(split)
                i += 2
                continue
        result.append(here)
        i += 1
    return result


_UNKNOWN_CODE_LETTERS = set("abcdemnrsuvyz")


def _split_code(word: Token, number: Token, codes: set[str]) -> list[Token] | None:
    """Read "a1", "a 1", "kga2" (a unit and a code grown together) and "z9", a code that is not on the shelf."""
    for start in range(len(word.folded)):
        code = word.folded[start:] + number.text
        if code in codes and (
            start == 0 or word.folded[:start] in words.WEIGHT_KG or word.folded[:start] in ("x", "ma")
        ):
            if start == 0:
                # "A 1" apart is the code too, but "e a 1 kg" is not: a unit after it means the number counts.
                if not number.glued and len(word.folded) > 1:
                    return None
                return [Token(code, code, "code", word.glued)]
            return [Token(word.text[:start], word.folded[:start], "word", word.glued), Token(code, code, "code", True)]
    if number.glued and len(word.folded) == 1 and word.folded in _UNKNOWN_CODE_LETTERS and len(number.text) <= 2:
        code = word.folded + number.text
        return [Token(code, code, "code", word.glued)]
    return None
