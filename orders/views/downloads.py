"""Files that pages offer for download."""

from collections.abc import Iterable, Sequence

from flask import Response
from flask_babel import gettext as _

from app.clock import VIETNAM, system_clock
from app.i18n import local_datetime
from orders.reports.csv_text import Cell, csv_text


def csv_download(
    filename: str, definition: str, chosen: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> Response:
    """Return a table with what its numbers mean, what was chosen, when it was made and in which time zone."""
    notes = [
        (_("Định nghĩa"), definition),
        (_("Bộ lọc"), chosen),
        (_("Lập lúc"), local_datetime(system_clock())),
        (_("Múi giờ"), VIETNAM.key),
    ]
    return csv_file(filename, csv_text(notes, columns, rows))


def csv_file(filename: str, text: str) -> Response:
    """Return a CSV text as a download."""
    return Response(
        text,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )
