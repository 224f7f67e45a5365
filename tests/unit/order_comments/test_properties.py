"""What holds for every comment, labelled or not."""

import json
import unicodedata

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from livestream.order_comments import Shelf, read_comment, reading_to_dict
from livestream.order_comments.cli import read_comments_command
from tests.unit.order_comments.tables import HERE, SHELVES, written

SHELF = SHELVES["vải"]
PIECES = (
    *(
        "chốt",
        "lấy",
        "cho",
        "em",
        "chị",
        "A1",
        "a2",
        "b1",
        "M1",
        "Z9",
        "3kg",
        "2 cân rưỡi",
        "thùng",
        "hộp",
        "chai",
        "5 ký",
    ),
    *("nửa tạ", "vài", "mấy", "45k", "38 nghìn", "không", "ko", "k", "hủy", "bỏ", "sửa", "thành", "thôi", "còn", "giá"),
    *(
        "bao nhiêu",
        "?",
        ",",
        ".",
        "+",
        "-",
        "x",
        "=",
        "/",
        "0912345678",
        "hôm qua",
        "nếu",
        "ai",
        "kìa",
        "mật ong",
        "loại 2",
    ),
    *("vải", "chín", "năm", "ba", "12", "20", "mã", "số", "nha", "😍"),
)
comments = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
)
shelves = st.sampled_from(list(SHELVES.values()))


@example("A0:00)1G", SHELF)
@given(comments, shelves)
def test_every_comment_gets_a_well_formed_answer(text: str, shelf: Shelf) -> None:
    reading = read_comment(text, shelf)
    assert (reading.kind == "order") == bool(reading.ops)
    codes = {offer.code for offer in shelf.offers}
    for operation in reading.ops:
        assert operation.code in codes or (operation.code is None and operation.op != "add")
        assert (operation.quantity is None) == (operation.op == "cancel")
        assert operation.quantity is None or operation.quantity > 0
    assert reading.phone is None or (
        reading.phone.isascii() and reading.phone.isdecimal() and len(reading.phone) in (10, 11)
    )
    assert json.loads(json.dumps(reading_to_dict(reading)))["kind"] == reading.kind


@given(comments, shelves)
def test_the_same_comment_is_read_the_same_in_every_form(text: str, shelf: Shelf) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert read_comment(composed, shelf) == read_comment(unicodedata.normalize("NFD", text), shelf)
    assert read_comment(text, shelf) == read_comment(text, shelf)


@given(st.integers(1, 999), st.sampled_from(["k", " nghìn", ".000đ", " triệu", "k/kg", "tr"]), shelves)
def test_a_price_is_never_a_quantity(amount: int, unit: str, shelf: Shelf) -> None:
    for text in (f"{amount}{unit}", f"giá {amount}{unit} rẻ quá", f"{amount}{unit} 1kg", f"lấy {amount}{unit}"):
        assert read_comment(text, shelf).kind != "order", text
    reading = read_comment(f"chốt A1 3kg {amount}{unit}", SHELF)
    assert written(reading) == "A1 +3"


@given(
    st.sampled_from("35789"),
    st.text("0123456789", min_size=8, max_size=8),
    st.sampled_from(["", " ", ".", "-"]),
    shelves,
)
def test_a_phone_number_is_found_and_never_a_quantity(network: str, rest: str, gap: str, shelf: Shelf) -> None:
    number = f"0{network}{rest}"
    spaced = gap.join((number[:4], number[4:7], number[7:]))
    alone = read_comment(f"{spaced}", shelf)
    assert (alone.kind, alone.phone) == ("other", number)
    beside = read_comment(f"chốt A1 2kg {spaced} nhé", SHELF)
    assert (written(beside), beside.phone) == ("A1 +2", number)


@given(st.integers(1, 28), st.integers(1, 12))
def test_dates_and_times_are_never_quantities(day: int, month: int) -> None:
    for text in (
        f"mai {day}/{month} live nhé",
        f"ngày {day} tháng {month}",
        f"{day % 12 + 1}h tối live nha",
        f"năm {2000 + day}",
    ):
        assert read_comment(text, SHELF).kind == "other", text
    assert written(read_comment(f"A1 3kg giao ngày {day}/{month} nhé", SHELF)) == "A1 +3"


@given(
    st.integers(1, 500),
    st.sampled_from(["kg", " kg", " ký", " cân", "kí", " Kg"]),
    st.sampled_from(["A1", "a2", "A 1"]),
)
def test_a_code_and_a_weight_are_that_weight(amount: int, unit: str, code: str) -> None:
    for text in (f"{code} {amount}{unit}", f"chốt {code} {amount}{unit} nhé", f"cho em {amount}{unit} {code}"):
        assert written(read_comment(text, SHELF)) == f"{code.replace(' ', '').upper()} +{amount}", text


@pytest.mark.parametrize(
    "piece", ["A1 2kg ", "9", "không ", "\u0301", "0912345678 ", "1/", "a", "😍", "2kg5 ", "(", "x", "\ud800"]
)
def test_very_long_comments_are_answered(piece: str) -> None:
    reading = read_comment(piece * (1_000_000 // len(piece)), SHELF)
    assert reading.kind in ("order", "question", "other", "unsure")


def test_the_command_answers_every_line() -> None:
    lines = [
        '{"id": "a", "text": "chốt A1 3kg", "shelf": "vải"}',
        "not json",
        "[]",
        '{"id": "b", "text": 5, "shelf": "vải"}',
    ]
    lines += [
        '{"id": "c", "text": "A1 3kg", "shelf": "no such shelf"}',
        '{"id": "d", "text": "đổi lại 5kg", "shelf": "vải"}',
    ]
    result = CliRunner().invoke(
        read_comments_command, ["--shelves", str(HERE / "shelves.json")], input="\n".join(lines)
    )
    assert result.exit_code == 0
    answers = [json.loads(line) for line in result.output.splitlines()]
    assert [answer["id"] for answer in answers] == ["a", None, None, "b", "c", "d"]
    assert answers[0]["ops"] == [{"op": "add", "code": "A1", "quantity": "3"}]
    assert answers[5]["ops"] == [{"op": "set", "code": None, "quantity": "5", "unit": "kg"}]
    assert {answer["kind"] for answer in answers[1:4]} == {"other"}


def test_every_reading_says_why() -> None:
    assert read_comment("chốt B1 10kg", SHELF).reasons == ("B1: 10 kg → 2 thùng",)
    assert "không có mã Z9" in read_comment("chốt Z9", SHELF).reasons[0]
