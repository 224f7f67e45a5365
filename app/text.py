"""Folding Vietnamese: one normal form to store, one folded form to search and compare."""

import re
import unicodedata

_D_WITH_STROKE = str.maketrans({"đ": "d", "Đ": "D", "ð": "d", "Ð": "D"})
_BLANKS = re.compile(r"\s+")
_CONTROL = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}
# Direction overrides and zero-width marks let one name pass for another; a lone surrogate cannot be stored as UTF-8.
_UNSEEN = {0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF, *range(0xD800, 0xE000)}
_DROPPED = _CONTROL | dict.fromkeys(_UNSEEN)


def fold(text: str) -> str:
    """Return the text lower-cased and without marks ("Đặng Thị Mận" → "dang thi man"); blanks become one space.

    Used for search and for comparing what people typed; never stored in place of the original.
    """
    decomposed = unicodedata.normalize("NFD", text.translate(_D_WITH_STROKE))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _BLANKS.sub(" ", unicodedata.normalize("NFC", bare).casefold()).strip()


def clean_line(text: str) -> str:
    """Return what a person typed into a one-line field: NFC, nothing that cannot be seen, blanks collapsed."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFC", text.translate(_DROPPED))).strip()


def clean_block(text: str) -> str:
    """Return what a person typed into a many-line field: as ``clean_line``, but the line breaks stay."""
    joined = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").translate(_DROPPED))
    return "\n".join(line.strip() for line in joined.split("\n")).strip()
