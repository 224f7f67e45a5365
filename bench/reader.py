"""How many live comments the reader reads in a second on one core, and that its time grows with their length and no faster.

Usage: ``python -m bench.reader [--quick] [--json FILE]``. Needs nothing but the package.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from livestream.order_comments import Shelf, read_comment, shelf_from_dict

SHELF = shelf_from_dict(
    {
        "pinned": "A1",
        "offers": [
            {"code": "A1", "name": "Vải chín sớm loại 1", "unit": "kg", "kg_per_unit": "1", "packs": {"thùng": "10"}},
            {"code": "A2", "name": "Vải chín sớm loại 2", "unit": "kg", "kg_per_unit": "1", "packs": {"thùng": "10"}},
            {"code": "B1", "name": "Vải U hồng thùng 5kg", "unit": "thùng", "kg_per_unit": "5", "packs": {}},
            {"code": "M1", "name": "Mật ong hoa vải", "unit": "chai", "kg_per_unit": None, "packs": {}},
        ],
    }
)
COMMENTS = (
    "chốt A1 3kg nhé 0912 345 678", "cho em 2 cân", "A1 còn không shop", "B1 2 thùng gửi về 12 Hàng Bông Hà Nội ạ",
    "hôm qua lấy 3kg ngon lắm", "đẹp quá", "hủy A1 giúp em", "sửa A1 thành 5kg", "ship bao nhiêu vậy shop", "❤️❤️❤️",
    "lay chi 5 can a2 nha", "a1x2, b1 1 thung, 2 chai mat ong", "chúc shop đắt hàng nha", "45k/kg rẻ quá", "1 tạ 2 A1 nhé",
)  # fmt: skip
LENGTHS = (1_000, 2_000, 10_000, 100_000, 1_000_000)
HOSTILE: dict[str, Callable[[int], str]] = {
    "orders": lambda length: "A1 2kg, " * (length // 8),
    "digits": lambda length: "0912345678 " * (length // 11),
    "one number": lambda length: "9" * length,
    "one word": lambda length: "không " * (length // 6),
    "marks": lambda length: "\u0301" * length,
}


def comments_per_second(seconds: float, shelf: Shelf) -> tuple[float, float]:
    """Return comments a second of processor time, and the slowest batch in microseconds a comment."""
    for comment in COMMENTS:
        read_comment(comment, shelf)
    count, slowest, used = 0, 0.0, 0.0
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = time.process_time()
        for comment in COMMENTS:
            read_comment(comment, shelf)
        batch = time.process_time() - start
        count, used, slowest = count + len(COMMENTS), used + batch, max(slowest, batch)
    return count / used, slowest / len(COMMENTS) * 1e6


def milliseconds(text: str, rounds: int) -> float:
    """Return the best of several readings of one text, in milliseconds of processor time."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        read_comment(text, SHELF)
        best = min(best, time.process_time() - start)
    return best * 1e3


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the tables, and write the JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two seconds instead of ten")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args(arguments)
    machine = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    rate, slowest = comments_per_second(2 if options.quick else 10, SHELF)
    print(f"comment reader on one core ({machine})")
    print(f"{rate:,.0f} comments/s, {1e6 / rate:,.0f} µs a comment; slowest batch {slowest:,.0f} µs a comment")
    print("\nmilliseconds by length" + "".join(f"{length:>12,}" for length in LENGTHS))
    table: dict[str, dict[str, float]] = {}
    for name, build in HOSTILE.items():
        table[name] = {str(length): milliseconds(build(length), 2 if options.quick else 5) for length in LENGTHS}
        print(f"{name:<22}" + "".join(f"{value:>12.2f}" for value in table[name].values()))
    figures: dict[str, Any] = {
        "bench": "reader",
        "machine": machine,
        "comments_per_second": round(rate),
        "microseconds_per_comment": round(1e6 / rate, 1),
        "milliseconds_by_length": table,
    }
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
