"""The labelled comments of this folder: one a line, grouped by phenomenon, in a form that a person reads at a glance.

[vải]                                 the shelf that the lines below are read against
chốt A1 3kg nhé → A1 +3               add three units; ``=3`` sets, ``-`` cancels, ``*`` is "no offer named"
A1 2kg, B1 1 thùng → A1 +2, B1 +1     several operations
A1 còn không → question               no operation; also ``other`` and ``unsure``
A1 2kg 0912345678 → A1 +2 ☎ 0912345678
"""

import json
from dataclasses import dataclass
from pathlib import Path

from livestream.order_comments import Reading, Shelf, plain_number, shelf_from_dict

HERE = Path(__file__).parent
SHELVES: dict[str, Shelf] = {
    name: shelf_from_dict(row) for name, row in json.loads((HERE / "shelves.json").read_text("utf-8")).items()
}
_SIGNS = {"add": "+", "set": "=", "cancel": "-"}


@dataclass(frozen=True)
class Case:
    """A labelled comment: what is typed, on which shelf, and what it must be read as."""

    group: str
    shelf: str
    text: str
    expected: str
    phone: str | None


def load_cases() -> list[Case]:
    """Return every case of every table, in file order."""
    cases: list[Case] = []
    for path in sorted((HERE / "cases").glob("*.txt")):
        shelf = "vải"
        for line in path.read_text("utf-8").splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("[") and line.endswith("]"):
                shelf = line[1:-1]
                continue
            text, _, label = line.rpartition("→")
            expected, _, phone = label.partition("☎")
            cases.append(
                Case(path.stem, shelf, text.strip().replace("⏎", "\n"), expected.strip(), phone.strip() or None)
            )
    return cases


def written(reading: Reading) -> str:
    """Write a reading the way the tables write it."""
    if reading.kind != "order":
        return reading.kind
    return ", ".join(
        f"{op.code or '*'} {_SIGNS[op.op]}" + ("" if op.quantity is None else plain_number(op.quantity))
        for op in reading.ops
    )
