"""VietQR against an independent library's payloads, against damage, and through a real scanner."""

import io
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import segno
import zxingcpp
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from app.errors import InvalidInput
from orders.payments.banks import bank_list, bank_of
from orders.payments.cli import vietqr_command
from orders.payments.vietqr import _crc, build_payload, decode_payload, render_svg

DATA = json.loads((Path(__file__).parent / "data" / "vietqr_vectors.json").read_text(encoding="utf-8"))
VECTORS = [pytest.param(vector, id=vector["id"]) for vector in DATA["vectors"]]
GOOD = build_payload("970416", "257678859", 10_000, "Chuyen tien")


def build(transfer):
    return build_payload(
        transfer["bank_bin"],
        transfer["account"],
        transfer["amount"],
        transfer["purpose"],
        transfer.get("service", "QRIBFTTA"),
        additional=transfer.get("additional"),
    )


def resealed(payload, old, new):
    """The payload with something changed and a CRC that fits again: only the structure can give it away."""
    assert old in payload
    body = payload.replace(old, new)[:-4]
    return body + _crc(body)


@pytest.mark.parametrize("vector", VECTORS)
def test_payloads_equal_those_of_an_independent_library(vector):
    assert build(vector["input"]) == vector["payload"]


@pytest.mark.parametrize("vector", VECTORS)
def test_payloads_are_read_back_field_by_field(vector):
    read, asked = decode_payload(vector["payload"]), vector["input"]
    assert read.fields == vector["fields"]
    assert (read.bank_bin, read.account, read.amount_vnd) == (asked["bank_bin"], asked["account"], asked["amount"])
    assert read.purpose == asked["purpose"]
    assert read.service == asked.get("service", "QRIBFTTA")
    assert read.single_use == (asked["amount"] is not None)


@pytest.mark.parametrize("vector", [pytest.param(v, id=v["id"]) for v in DATA["reader_vectors"]])
def test_reader_cases(vector):
    assert not vector["valid"]
    with pytest.raises(InvalidInput):
        decode_payload(vector["payload"])


def test_a_crc_in_lower_case_is_read():
    assert decode_payload(GOOD[:-4] + GOOD[-4:].lower()).purpose == "Chuyen tien"


def test_a_purpose_may_look_like_the_end_of_a_code():
    payload = build_payload("970416", "257678859", 10_000, "6304ABCD")
    assert decode_payload(payload).purpose == "6304ABCD"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "6304",
        "63041D0F",
        GOOD[:-1],
        GOOD[:40],
        GOOD + " ",
        GOOD + "0",
        GOOD[:-4] + "ZZZZ",
        GOOD.replace("Chuyen", "Chuyền"),
        "https://example.vn/" + GOOD,
        resealed(GOOD, "0811Chuyen", "0812Chuyen"),
        resealed(GOOD, "0811Chuyen", "0810Chuyen"),
        resealed(GOOD, "0811Chuyen", "08-1Chuyen"),
        resealed(GOOD, "5303704", "5303840"),
        resealed(GOOD, "5802VN", "5802TH"),
        resealed(GOOD, "5802VN", ""),
        resealed(GOOD, "5802VN", "5802VN5802VN"),
        resealed(GOOD, "5802VN", "5900"),
        resealed(GOOD, "540510000", "540500000"),
        resealed(GOOD, "540510000", "540510.00"),
        resealed(GOOD, "540510000", "5405-1000"),
        resealed(GOOD, "A000000727", "A000000728"),
        resealed(GOOD, "QRIBFTTA", "QRIBFTTX"),
        resealed(GOOD, "0006970416", "000697041X"),
        resealed(GOOD, "010212", "010213"),
        resealed(GOOD, "000201", "000202"),
        resealed(GOOD, "000201010212", "010212000201"),
        # A sound EMVCo code of another scheme: it has no template 38.
        "00020101021126180014vn.example.pay5303704540510000" + "5802VN6304" + "0000",
    ],
)
def test_what_is_damaged_or_foreign_is_refused(text):
    with pytest.raises(InvalidInput):
        decode_payload(text)


def test_a_sound_code_of_another_scheme_is_refused():
    body = "00020101021126190015vn.example.pay53037045405100005802VN6304"
    with pytest.raises(InvalidInput):
        decode_payload(body + _crc(body))


@pytest.mark.parametrize("not_text", [None, 5, b"0002", ["0002"]])
def test_what_is_no_text_is_refused(not_text):
    with pytest.raises(InvalidInput):
        decode_payload(not_text)


TRANSFER = {"bank_bin": "970416", "account": "257678859", "amount": 10_000, "purpose": "CP23456789E"}
BAD = [
    ("bank_bin", ["", "97041", "9704166", "97O416", "９７０４１６", None, 970416]),
    ("account", ["", "12345", "1" * 20, "2576 78859", "2576-78859", "tàikhoản", "257678859\n", None, 257678859]),
    ("amount", [0, -1, 10**13, 10_000.0, 0.5, float("nan"), "10000", True, [1], 10**400]),
    ("purpose", ["Chuyển tiền", "a" * 26, "hai\ndòng", "a\tb", "   ", 5, ["a"], "đ"]),
    ("service", ["QRPUSH", "qribftta", "", None, 1, []]),
    ("additional", [{"tip": "1"}, {"purpose": "x"}, {"store": "x" * 25, "reference": "x" * 25, "terminal": "x" * 25}]),
    ("store", [{"store": "Vải"}, {"store": 5}]),
]


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in BAD for value in values])
def test_bad_input_is_refused_by_name(field, value):
    changed = {**TRANSFER, "additional" if field == "store" else field: value}
    if "service" not in changed:
        changed["service"] = "QRIBFTTA"
    with pytest.raises(InvalidInput) as refused:
        build(changed)
    assert refused.value.details["field"] == field
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize("card", ["257678859", "97040311012345ab", "9" * 20])
def test_a_card_is_digits_only(card):
    with pytest.raises(InvalidInput):
        build_payload("970403", card, 1_000, None, "QRIBFTTC")


def test_additional_fields_come_in_ascending_order():
    payload = build_payload(
        "970416", "257678859", 1, "x", additional={"terminal": "T1", "bill_number": "B1", "reference": "R1"}
    )
    assert "62230102B10502R10702T10801x6304" in payload


@given(
    st.from_regex(r"[0-9]{6}", fullmatch=True),
    st.from_regex(r"[0-9A-Za-z]{6,19}", fullmatch=True),
    st.one_of(st.none(), st.integers(1, 9_999_999_999_999)),
    st.one_of(st.none(), st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=25)),
)
def test_what_is_built_is_read_back(bank_bin, account, amount_vnd, purpose):
    read = decode_payload(build_payload(bank_bin, account, amount_vnd, purpose))
    assert (read.bank_bin, read.account, read.amount_vnd, read.purpose) == (bank_bin, account, amount_vnd, purpose)


@given(st.integers(0, len(GOOD) - 1), st.characters(min_codepoint=32, max_codepoint=126))
def test_any_one_changed_character_is_noticed(position, char):
    damaged = GOOD[:position] + char + GOOD[position + 1 :]
    if (damaged[:-4], damaged[-4:].upper()) == (GOOD[:-4], GOOD[-4:]):
        assert decode_payload(damaged).account == "257678859"
    else:
        with pytest.raises(InvalidInput):
            decode_payload(damaged)


@given(st.text(max_size=200))
def test_any_text_with_a_right_crc_is_read_or_refused(text):
    body = text.encode("ascii", "ignore").decode() + "6304"
    with pytest.raises(InvalidInput):
        decode_payload(body + _crc(body))


def image_of(svg):
    """Draw the SVG's one path of horizontal runs ("M4 4.5h7m1 0h1…") as a scanner sees it: eight pixels a module."""
    root = ET.fromstring(svg)
    width = int(root.attrib["viewBox"].split()[2])
    image = Image.new("L", (width * 8, width * 8), 255)
    draw = ImageDraw.Draw(image)
    (modules,) = [path for path in root.iter() if path.tag.endswith("path") and path.attrib.get("stroke")]
    x = y = 0.0
    for part in modules.attrib["d"].replace("M", "|M").replace("m", "|m").replace("h", "|h").strip("|").split("|"):
        command, numbers = part[0], [float(number) for number in part[1:].replace("-", " -").split()]
        if command == "h":
            draw.rectangle([x * 8, (y - 0.5) * 8, (x + numbers[0]) * 8 - 1, (y + 0.5) * 8 - 1], fill=0)
            x += numbers[0]
        elif command == "M":
            x, y = numbers
        else:
            x, y = x + numbers[0], y + numbers[1]
    return image


@pytest.mark.parametrize("vector", VECTORS)
def test_a_scanner_reads_the_drawn_code(vector):
    (found,) = zxingcpp.read_barcodes(image_of(render_svg(vector["payload"])))
    assert found.text == vector["payload"]


def test_the_drawing_fits_its_box_and_carries_no_style():
    svg = render_svg(GOOD)
    root = ET.fromstring(svg)
    assert root.attrib["class"] == "vietqr"
    assert not {"width", "height"} & set(root.attrib)
    assert "style" not in svg
    assert segno.make_qr(GOOD, error="m", boost_error=False).error == "M"


def test_banks_are_found_by_bin():
    assert bank_of("970436").name == "Vietcombank"
    assert bank_of("000000") is None
    banks = bank_list().banks
    assert len({bank.bin for bank in banks}) == len(banks) > 50
    assert all(len(bank.bin) == 6 and bank.bin.isdigit() and bank.name for bank in banks)
    assert bank_list().as_of.year == 2026


def run(data):
    result = CliRunner().invoke(vietqr_command, input=data)
    assert result.exit_code == 0, result.output
    assert result.exception is None
    return result.output.splitlines()


def test_the_command_prints_one_payload_a_line():
    lines = "".join(json.dumps(vector["input"]) + "\n" for vector in DATA["vectors"])
    assert run(lines) == [vector["payload"] for vector in DATA["vectors"]]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b"5",
        b"{",
        b"{}",
        b"\xff\xfe\xfa",
        b'{"bank_bin":"970416"}',
        b'{"bank_bin":"970416","account":"257678859","amount":NaN,"purpose":null}',
        b'{"bank_bin":"970416","account":"257678859","amount":"10000","purpose":null}',
        b'{"bank_bin":"970416","account":"257678859","amount":1e400,"purpose":null}',
        b'{"bank_bin":"970416","account":"257678859","amount":1,"purpose":"\\ud800"}',
        b'{"bank_bin":"970416","account":"257678859","amount":1,"purpose":null,"tip":5}',
        b'{"bank_bin":"970416","account":"257678859","additional":"x"}',
        b'{"bank_bin":{"a":1},"account":[1]}',
        b'{"bank_bin":"970416","account":"257678859","amount":' + b"9" * 5_000 + b"}",
        b"[" * 9_000,
        b"x" * 100_000,
    ],
)
def test_a_bad_line_is_an_error_line_and_the_next_is_read(line):
    good = json.dumps(TRANSFER).encode()
    bad, payload = run(io.BytesIO(line + b"\n" + good))
    assert bad.startswith("error: ")
    assert decode_payload(payload).purpose == "CP23456789E"
