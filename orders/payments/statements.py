"""Reading the bank statements that cooperatives download as CSV: any bank's columns, the encodings Excel writes.

Nothing is guessed about money: an amount that is not a whole number of đồng, a day that cannot be, a row without
content is named by its line and left out, and the rest is read.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from app.clock import VIETNAM
from app.errors import InvalidInput
from app.text import fold
from orders.payments.transfers import StatementLine

MAX_BYTES = 1_000_000
MAX_ROWS = 5_000
_MAX_PREAMBLE = 30
"""Banks print the account's name, the period and a logo above the table."""

FIELDS = ("date", "content", "amount", "credit", "debit", "reference", "account")
_NAMES: dict[str, tuple[str, ...]] = {
    "credit": ("ghi co", "phat sinh co", "so tien co", "tien vao", "credit"),
    "debit": ("ghi no", "phat sinh no", "so tien no", "tien ra", "debit"),
    "reference": (
        "tham chieu",
        "ma giao dich",
        "so but toan",
        "so chung tu",
        "reference",
        "ref no",
        "transaction id",
        "so gd",
    ),
    "account": ("so tai khoan", "tai khoan nhan", "account"),
    "content": ("noi dung", "dien giai", "mo ta", "description", "content", "remark"),
    "date": ("ngay", "thoi gian", "date", "time"),
    "amount": ("so tien", "amount", "gia tri"),
}
"""What banks call each column, folded; the first field that fits a heading takes it."""
_NOT_OURS = ("so du", "balance", "doi ung", "nguoi chuyen", "tk chuyen")
_DAY_FORMATS = ("%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d", "%d/%m/%y", "%d.%m.%Y")
_TIME_FORMATS = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S")
_WHOLE = re.compile(
    r"(?P<sign>[+-]?)(?P<digits>[0-9]{1,13}|[0-9]{1,3}(?:(?P<dot>[.,])[0-9]{3})(?:(?P=dot)[0-9]{3})*)(?P<zero>[.,]0{1,2})?"
)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out: its line in the file and what to mend."""

    line: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as it was read. ``columns`` says which heading was taken for which field; -1 is none."""

    headings: tuple[str, ...]
    columns: dict[str, int]
    lines: tuple[StatementLine, ...]
    bad_rows: tuple[BadRow, ...]


def decode_statement(data: bytes) -> str:
    """Return a file's text from UTF-8, UTF-16 or Windows-1258, composed; raises ``InvalidInput`` when it is none of them."""
    if len(data) > MAX_BYTES:
        raise InvalidInput("Tệp sao kê lớn quá. Bác tải sao kê từng tuần rồi nhập lại giúp em.", field="file")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif data[1:2] == b"\0":
        encodings = ["utf-16-le"]
    elif data[:1] == b"\0":
        encodings = ["utf-16-be"]
    else:
        encodings = ["utf-8-sig", "cp1258"]
    for encoding in encodings:
        try:
            return unicodedata.normalize("NFC", data.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise InvalidInput("Em không đọc được chữ trong tệp này. Bác lưu lại dạng CSV UTF-8 giúp em.", field="file")


def read_statement(text: str, *, default_account: str, columns: dict[str, int] | None = None) -> Statement:
    """Read a statement's rows; ``columns`` overrules the guessed fields. Raises ``InvalidInput`` without a usable table.

    A row without a reference gets one made of what it says and how often the file has said it before, so that the same
    file read twice still gives the same transfers.
    """
    start, rows = _find_table(text)
    headings = tuple(cell.strip() for cell in rows[start])
    found = columns or _guess(headings)
    if found["date"] < 0 or found["content"] < 0 or max(found["amount"], found["credit"], found["debit"]) < 0:
        raise InvalidInput("Em chưa thấy đủ cột ngày, nội dung và số tiền. Bác chọn cột giúp em.", field="columns")
    lines: list[StatementLine] = []
    bad: list[BadRow] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows[start + 1 :], start=start + 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(lines) + len(bad) >= MAX_ROWS:
            raise InvalidInput(f"Sao kê dài quá {MAX_ROWS} dòng. Bác chia nhỏ giúp em.", field="file")
        try:
            lines.append(_read_row(row, found, default_account, seen))
        except InvalidInput as refused:
            bad.append(BadRow(number, refused.message))
    if not lines and not bad:
        raise InvalidInput("Tệp này không có giao dịch nào.", field="file")
    return Statement(headings, found, tuple(lines), tuple(bad))


def read_amount(text: str) -> int:
    """Return a signed whole number of đồng; "1.234.567", "1,234,567.00", "+5000" and "5.000 VND" are read.

    Raises ``InvalidInput`` for decimals that are not 0 and for anything else.
    """
    typed = re.sub(r"\s|vnd|vnđ|đ|₫", "", text.strip().lower())
    match = _WHOLE.fullmatch(typed)
    if not match or (match["zero"] and match["zero"][0] == match["dot"]):
        raise InvalidInput(f"số tiền “{text.strip()[:30]}” không phải số đồng nguyên")
    return int(match["sign"] + re.sub(r"[.,]", "", match["digits"]))


def _find_table(text: str) -> tuple[int, list[list[str]]]:
    best: tuple[int, int, list[list[str]]] = (0, 0, [])
    for delimiter in (",", ";", "\t"):
        try:
            rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
        except csv.Error:
            continue
        for index, row in enumerate(rows[:_MAX_PREAMBLE]):
            score = sum(column >= 0 for column in _guess(row).values())
            if score > best[0]:
                best = (score, index, rows)
    if best[0] < 3:
        raise InvalidInput(
            "Em không thấy bảng giao dịch trong tệp. Bác tải sao kê dạng CSV có dòng tiêu đề giúp em.", field="file"
        )
    return best[1], best[2]


def _guess(headings: Sequence[str]) -> dict[str, int]:
    found = dict.fromkeys(FIELDS, -1)
    for index, heading in enumerate(headings):
        name = fold(heading)
        if any(word in name for word in _NOT_OURS):
            continue
        for field, words in _NAMES.items():
            if any(word in name for word in words):
                if found[field] < 0:
                    found[field] = index
                break
    return found


def _read_row(row: Sequence[str], columns: dict[str, int], default_account: str, seen: dict[str, int]) -> StatementLine:
    def cell(field: str) -> str:
        index = columns[field]
        return row[index].strip() if 0 <= index < len(row) else ""

    amount, direction = _read_sides(cell("credit"), cell("debit"), cell("amount"))
    moment = _read_moment(cell("date"))
    said = "|".join((moment.isoformat(), direction, str(amount), cell("content")))
    reference = cell("reference")
    if not reference:
        seen[said] = seen.get(said, 0) + 1
        reference = "csv:" + sha256(f"{said}|{seen[said]}".encode()).hexdigest()[:32]
    return StatementLine(
        account=cell("account") or default_account,
        bank_reference=reference,
        direction=direction,
        amount_vnd=amount,
        content=cell("content"),
        transferred_at=moment,
        raw="\t".join(row),
    )


def _read_sides(credit: str, debit: str, amount: str) -> tuple[int, Literal["in", "out"]]:
    """Read the money of a row from its two columns, or from the one signed column."""
    incoming = abs(read_amount(credit)) if credit and credit != "-" else 0
    outgoing = abs(read_amount(debit)) if debit and debit != "-" else 0
    if not incoming and not outgoing and amount:
        signed = read_amount(amount)
        incoming, outgoing = max(signed, 0), max(-signed, 0)
    if bool(incoming) == bool(outgoing):
        raise InvalidInput("dòng này không có số tiền" if not incoming else "dòng này vừa có tiền vào vừa có tiền ra")
    return (incoming, "in") if incoming else (outgoing, "out")


def _read_moment(text: str) -> datetime:
    for day in _DAY_FORMATS:
        for time in _TIME_FORMATS:
            try:
                return datetime.strptime(" ".join(text.split()), day + time).replace(tzinfo=VIETNAM)
            except ValueError:
                continue
    raise InvalidInput(f"ngày “{text[:30]}” không đọc được")
