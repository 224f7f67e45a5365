"""Secrets at rest: bank accounts and second factors are encrypted, one-time codes only kept as keyed hashes.

Keys come from ``CHOPHIEN_DATA_KEYS`` (Fernet keys, newest first), apart from the secret key of cookies, so that each can
be changed without the other. The newest key encrypts; older ones still decrypt, until nothing of theirs is left.
"""

import hmac
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app


class UnreadableSecret(RuntimeError):
    """A stored secret was encrypted with a key that is no longer configured, or the row was tampered with."""


def encrypt_text(text: str) -> bytes:
    """Return the text encrypted under the newest data key; ``decrypt_text`` reads it back."""
    return _box().encrypt(text.encode())


def decrypt_text(stored: bytes) -> str:
    """Return what ``encrypt_text`` was given. Raises ``UnreadableSecret`` when no configured key opens it."""
    try:
        return _box().decrypt(bytes(stored)).decode()
    except InvalidToken:
        raise UnreadableSecret("a stored secret cannot be read with the keys in CHOPHIEN_DATA_KEYS") from None


def keyed_hash(text: str) -> str:
    """Return a hash nobody can compute without the newest data key: six digits hashed plainly would be guessed at once."""
    return hmac.new(_keys()[0].encode(), text.encode(), sha256).hexdigest()


def same_hash(one: str, other: str) -> bool:
    """Compare two hashes in a time that tells nothing about where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def _keys() -> tuple[str, ...]:
    keys: tuple[str, ...] = current_app.extensions["chophien"].data_keys
    return keys


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in _keys()])
