"""Statement files as banks and Excel write them: columns are found, amounts are whole or refused, encodings are read."""

import unicodedata
from datetime import UTC, datetime

import pytest

from app.errors import InvalidInput
from orders.payments.statements import decode_statement, read_amount, read_statement


def read(text, **more):
    return read_statement(text, default_account="1012345678", **more)


@pytest.mark.parametrize(
    ("typed", "vnd"),
    [
        ("134000", 134_000),
        ("134.000", 134_000),
        ("1,234,567", 1_234_567),
        ("1,234,567.00", 1_234_567),
        ("1.234.567,00", 1_234_567),
        ("+5.000 VND", 5_000),
        ("-5000đ", -5_000),
        (" 1 234 567 ", 1_234_567),
        ("134000.00", 134_000),
        ("0", 0),
    ],
)
def test_whole_amounts_are_read(typed, vnd):
    assert read_amount(typed) == vnd


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "1.5",
        "1,5",
        "134000.50",
        "1.234,5",
        "12.34.567",
        "1.234.567.00",
        "1e6",
        "NaN",
        "１２３",
        "=1+1",
        "--5",
        "9" * 14,
    ],
)
def test_amounts_that_are_not_whole_dong_are_refused(typed):
    with pytest.raises(InvalidInput):
        read_amount(typed)


def test_banks_columns_are_found_under_their_preamble():
    statement = read(
        "NGÂN HÀNG TMCP NGOẠI THƯƠNG\nSố tài khoản,1012345678\n\n"
        "STT,Ngày giao dịch,Số tham chiếu,Số tiền ghi nợ,Số tiền ghi có,Số dư,Mô tả\n"
        '1,23/11/2026 20:05:10,FT1,,"134,000.00","9,000,000",CPABC chuyen tien\n'
        '2,23/11/2026,FT2,"11,000",,"8,989,000",phi\n'
    )
    assert statement.columns == {
        "date": 1, "content": 6, "amount": -1, "credit": 4, "debit": 3, "reference": 2, "account": -1,
    }  # fmt: skip
    first, second = statement.lines
    assert (first.direction, first.amount_vnd, first.bank_reference) == ("in", 134_000, "FT1")
    assert first.transferred_at == datetime(2026, 11, 23, 13, 5, 10, tzinfo=UTC)
    assert (first.account, first.content) == ("1012345678", "CPABC chuyen tien")
    assert (second.direction, second.amount_vnd) == ("out", 11_000)
    assert statement.bad_rows == ()


def test_one_signed_column_and_an_account_column():
    statement = read(
        "Date;Description;Amount;Account number;Transaction ID\n"
        "2026-11-23 20:05;in;+5,000;0123 456;A\n2026-11-23;out;-6,000;;B\n"
    )
    assert [(line.direction, line.amount_vnd, line.account) for line in statement.lines] == [
        ("in", 5_000, "0123 456"), ("out", 6_000, "1012345678"),
    ]  # fmt: skip


def test_rows_without_a_reference_get_one_that_a_second_reading_repeats():
    text = "Ngày\tNội dung\tSố tiền\n23/11/2026\tvai\t5.000\n23/11/2026\tvai\t5.000\n24/11/2026\tvai\t5.000\n"
    once, again = read(text), read(text)
    references = [line.bank_reference for line in once.lines]
    assert len(set(references)) == 3
    assert references == [line.bank_reference for line in again.lines]


def test_every_bad_row_is_named_by_its_line_and_the_rest_is_read():
    statement = read(
        "Ngày,Nội dung,Ghi có,Ghi nợ\n"
        "23/11/2026,tốt,5000,\n"
        "31/02/2026,ngày sai,5000,\n"
        "23/11/2026,lẻ,5000.5,\n"
        "\n"
        "23/11/2026,không tiền,,\n"
        "23/11/2026,hai bên,1000,2000\n"
        "23/11/2026\n"
        "23/11/2026,tốt nữa,,7000\n"
    )
    assert [line.content for line in statement.lines] == ["tốt", "tốt nữa"]
    assert [row.line for row in statement.bad_rows] == [3, 4, 6, 7, 8]


def test_a_person_can_say_which_column_is_which():
    text = "Ngày,Chi tiết,Số tiền\n23/11/2026,vai,5000\n"
    with pytest.raises(InvalidInput):
        read(text)
    columns = {"date": 0, "content": 1, "amount": 2, "credit": -1, "debit": -1, "reference": -1, "account": -1}
    assert read("Ngày,Nội dung khác,Số tiền\n23/11/2026,vai,5000\n", columns=columns).lines[0].content == "vai"


@pytest.mark.parametrize("text", ["", "\n\n", "xin chào", "Ngày,Nội dung,Số tiền\n", "\0\0\0", 'a,"b\n' * 50])
def test_what_is_no_statement_is_refused(text):
    with pytest.raises(InvalidInput):
        read(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_files_are_read(encoding):
    assert decode_statement("Diễn giải: vải thiều".encode(encoding)) == "Diễn giải: vải thiều"


def test_windows_1258_comes_out_composed():
    # The code page writes tone marks as characters of their own, after letters that keep their other mark.
    written = "Diễn giải".replace("ễ", "ê\u0303").replace("ả", "a\u0309")
    assert decode_statement(written.encode("cp1258")) == unicodedata.normalize("NFC", "Diễn giải")
