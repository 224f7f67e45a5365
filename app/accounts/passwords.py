"""What makes a password too easy to guess, said so that the person can choose a better one."""

import re

from app.text import fold

MIN_LENGTH = 8
MAX_LENGTH = 128
"""Hashing is slow by design; nobody types more than this, and a megabyte would be a way to keep the server busy."""
_COMMON = frozenset(
    (
        "password", "passw0rd", "p@ssw0rd", "matkhau", "matkhau1", "matkhau123", "123456789", "1234567890", "12345678",
        "123456789a", "11111111", "00000000", "88888888", "66666666", "99999999", "87654321", "0123456789", "abcd1234",
        "abc12345", "a1234567", "qwerty12", "qwerty123", "qwertyuiop", "iloveyou", "anhyeuem", "emyeuanh", "yeuemnhieu",
        "iloveyou1", "admin123", "administrator", "hoptacxa", "hoptacxa1", "vaithieu", "vaithieu1", "vaichinsom",
        "chophien", "chophien1", "vietnam1", "vietnam123", "sinhnhat", "khongbiet", "khongcopass",
    )
)  # fmt: skip
_SEQUENCES = (
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
)


def password_faults(password: str, *, known: tuple[str | None, ...] = ()) -> list[str]:
    """Return one sentence for each reason the password is too easy; empty when it is good enough.

    ``known`` holds what others know of the person: name, phone, e-mail. Length counts more than odd characters do
    (NIST SP 800-63B, 3.1.1.2), so nothing else is asked for.
    """
    if len(password) < MIN_LENGTH:
        return [f"Mật khẩu cần ít nhất {MIN_LENGTH} ký tự. Bác ghép ba bốn từ dễ nhớ cũng được."]
    if len(password) > MAX_LENGTH:
        return [f"Mật khẩu dài quá {MAX_LENGTH} ký tự, bác chọn ngắn hơn giúp em."]
    plain = fold(password).replace(" ", "")
    if plain in _COMMON or len(set(plain)) <= 2 or any(plain in sequence for sequence in _SEQUENCES):
        return ["Mật khẩu này nhiều người dùng nên dễ đoán, bác chọn mật khẩu khác giúp em."]
    if any(_gives_away(plain, fact) for fact in known if fact):
        return ["Mật khẩu đừng giống tên, số điện thoại hay e-mail, bác chọn mật khẩu khác giúp em."]
    return []


def _gives_away(plain: str, fact: str) -> bool:
    name = fold(fact.split("@", maxsplit=1)[0]).replace(" ", "")
    digits = re.sub(r"\D", "", fact)
    own_digits = digits[-9:] if len(digits) >= 9 else ""
    if own_digits and own_digits in plain:
        return True
    return len(name) >= 4 and (plain.strip("0123456789!@#.") == name or plain == name)
