"""CSV files that open right in Excel and LibreOffice, and that do nothing when they are opened.

UTF-8 with a byte order mark, so that Vietnamese letters survive; what a file means stands above its table; text that a
spreadsheet would take for a formula is neutralised.
"""

import csv
import io
from collections.abc import Iterable, Sequence

Cell = str | int
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_text(notes: Iterable[tuple[str, str]], columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return the file's text: notes as pairs and an empty line (if there are any), the headings, the rows."""
    out = io.StringIO()
    writer = csv.writer(out)
    above = [[neutral(name), neutral(text)] for name, text in notes]
    writer.writerows([*above, []] if above else [])
    writer.writerow([neutral(column) for column in columns])
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return "\ufeff" + out.getvalue()


def neutral(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet runs: a text that begins like a formula gets an apostrophe before it."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA_STARTS):
        return f"'{cell}"
    return cell
