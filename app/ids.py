"""Public identifiers: short, unguessable where they open a door, and easy to read aloud where people say them."""

import secrets

READABLE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Digits and capitals without look-alikes (no 0 O, 1 I L)."""

REFERENCE_PREFIX = "CP"
_BODY_LENGTH = 8
ORDER_CODE_LENGTH = len(REFERENCE_PREFIX) + _BODY_LENGTH + 1
"""Eleven characters: short enough for the content of a transfer, which some bank apps cut at nineteen."""


def new_token() -> str:
    """Return 192 random bits as text, for links and cookies that must not be guessed."""
    return secrets.token_urlsafe(24)


def new_public_id(length: int = 10) -> str:
    """Return a random readable id for a row that appears in URLs; not a secret."""
    return "".join(secrets.choice(READABLE_ALPHABET) for _ in range(length))


def check_character(body: str) -> str:
    """Return the check character that catches any one wrong character and any two that are swapped.

    A weighted sum modulo the size of the alphabet, as in ISBN-10 (ISO 2108): the size is the prime 31, so no error of
    one character can cancel out, and all weights differ, so no swap can. A body has at most 29 characters.
    """
    size = len(READABLE_ALPHABET)
    total = sum(weight * READABLE_ALPHABET.index(char) for weight, char in enumerate(reversed(body), start=2))
    return READABLE_ALPHABET[-total % size]


def new_order_code() -> str:
    """Return an order's code, which is also its payment reference: ``CP`` + 8 random characters + a check character."""
    body = new_public_id(_BODY_LENGTH)
    return f"{REFERENCE_PREFIX}{body}{check_character(body)}"


def is_order_code(text: str) -> bool:
    """Tell whether the text is a well-formed order code whose check character is right."""
    body, check = text[len(REFERENCE_PREFIX) : -1], text[-1:]
    return (
        text.startswith(REFERENCE_PREFIX)
        and len(body) == _BODY_LENGTH
        and all(char in READABLE_ALPHABET for char in body)
        and check == check_character(body)
    )
