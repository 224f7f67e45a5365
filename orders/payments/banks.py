"""The banks by their BIN, the six digits that a VietQR code names a bank by.

Banks merge and are renamed, so the list is a data file with a date and not code.
"""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Bank:
    """A bank as payers know it. ``transfers`` is false where its own app cannot send by VietQR, only receive."""

    bin: str
    name: str
    transfers: bool


@dataclass(frozen=True)
class BankList:
    """All banks in the order they are offered in forms (the widely used ones first), and the day the list was true."""

    as_of: date
    banks: tuple[Bank, ...]


@cache
def bank_list() -> BankList:
    """Return the list that ships with the product."""
    data = json.loads(Path(__file__).with_name("banks.json").read_text(encoding="utf-8"))
    return BankList(date.fromisoformat(data["as_of"]), tuple(Bank(**row) for row in data["banks"]))


def bank_of(bank_bin: str) -> Bank | None:
    """Return the bank with this BIN, or ``None`` for one that the list does not know (which may be a new bank)."""
    return next((bank for bank in bank_list().banks if bank.bin == bank_bin), None)
