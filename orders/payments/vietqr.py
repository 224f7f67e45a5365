"""VietQR: the code a buyer's bank app scans, built and read by ourselves so that no outside service sees an order.

The format is EMVCo Merchant-Presented Mode with NAPAS' template 38 (NAPAS QR specification, part IV): a flat list of
two-digit tag, two-digit decimal length, value, closed by a CRC-16. Libraries differ in what they let through, and a
bank app shows nothing but "invalid code", so everything is checked before it is built and again when it is read.
"""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import segno

from app.errors import InvalidInput

ACCOUNT_SERVICE = "QRIBFTTA"
CARD_SERVICE = "QRIBFTTC"
ADDITIONAL_TAGS = {
    "bill_number": "01",
    "mobile_number": "02",
    "store": "03",
    "loyalty_number": "04",
    "reference": "05",
    "customer_label": "06",
    "terminal": "07",
    "purpose": "08",
    "data_request": "09",
}
"""Names of the sub-tags of field 62; ``purpose`` is the content of the transfer."""

_NAPAS = "A000000727"
_MAX_AMOUNT = 9_999_999_999_999
_MAX_FIELD = 99
_BANK_BIN = re.compile(r"[0-9]{6}")
_ACCOUNT = re.compile(r"[0-9A-Za-z]{6,19}")
_CARD = re.compile(r"[0-9]{16,19}")
_TEXT = re.compile(r"(?=.*[!-~])[ -~]{1,25}")
_AMOUNT = re.compile(r"[1-9][0-9]{0,12}")
_CRC = re.compile(r"[0-9A-Fa-f]{4}")
_DAMAGED = "Mã VietQR bị hỏng hoặc không phải mã chuyển khoản. Bác kiểm tra lại mã giúp em."


@dataclass(frozen=True)
class VietQr:
    """What a code says. ``amount_vnd`` is ``None`` where the payer types the amount.

    ``single_use`` is the point of initiation: made for one transfer (12) or to be used again (11). ``fields`` are all
    values by their path of tags ("38.01.00", "62.08").
    """

    bank_bin: str
    account: str
    service: str
    amount_vnd: int | None
    purpose: str | None
    single_use: bool
    fields: Mapping[str, str] = field(repr=False)


def build_payload(
    bank_bin: str,
    account: str,
    amount_vnd: int | None,
    purpose: str | None,
    service: str = ACCOUNT_SERVICE,
    *,
    additional: Mapping[str, str] | None = None,
) -> str:
    """Return the text of the code for a transfer to a bank account, or to a card with service ``QRIBFTTC``.

    ``amount_vnd`` ``None`` lets the payer type the amount; ``purpose`` is the transfer's content, at most 25 plain
    ASCII characters (bank apps drop marks and cut the rest, so they are refused here, not mended); ``additional`` are
    further sub-fields of 62 by the names of ``ADDITIONAL_TAGS``. Raises ``InvalidInput`` naming the field.
    """
    _check(bank_bin, _BANK_BIN, "bank_bin", "Mã ngân hàng gồm đúng 6 chữ số.")
    if service == CARD_SERVICE:
        _check(account, _CARD, "account", "Số thẻ gồm 16 đến 19 chữ số, viết liền.")
    elif service == ACCOUNT_SERVICE:
        _check(account, _ACCOUNT, "account", "Số tài khoản gồm 6 đến 19 chữ số hoặc chữ cái không dấu, viết liền.")
    else:
        raise InvalidInput("Chỉ nhận chuyển đến tài khoản (QRIBFTTA) hoặc đến thẻ (QRIBFTTC).", field="service")
    # A bool is an int to Python and a mistake here.
    if amount_vnd is not None and (type(amount_vnd) is not int or not 0 < amount_vnd <= _MAX_AMOUNT):
        raise InvalidInput("Số tiền là số đồng nguyên, lớn hơn 0 và không quá 13 chữ số.", field="amount")
    beneficiary = _tlv("00", bank_bin) + _tlv("01", account)
    body = _tlv("00", "01") + _tlv("01", "11" if amount_vnd is None else "12")
    body += _tlv("38", _tlv("00", _NAPAS) + _tlv("01", beneficiary) + _tlv("02", service)) + _tlv("53", "704")
    if amount_vnd is not None:
        body += _tlv("54", str(amount_vnd))
    body += _tlv("58", "VN") + _additional_field(purpose, additional or {}) + "6304"
    return body + _crc(body)


def decode_payload(text: str) -> VietQr:
    """Read a VietQR code, as a scanner or a copied text gives it.

    A CRC in lower-case digits is accepted. Raises ``InvalidInput`` for anything damaged, tampered with, out of form, or
    of another scheme than a NAPAS transfer in đồng.
    """
    if not isinstance(text, str) or not text.isascii() or not text.isprintable() or text[-8:-4] != "6304":
        raise InvalidInput(_DAMAGED)
    body, crc = text[:-4], text[-4:]
    if not _CRC.fullmatch(crc) or crc.upper() != _crc(body):
        raise InvalidInput(_DAMAGED)
    top = _parse(text)
    napas = _parse(top.get("38", ""))
    beneficiary = _parse(napas.get("01", ""))
    additional = _parse(top.get("62", ""))
    bank_bin, account, service = beneficiary.get("00", ""), beneficiary.get("01", ""), napas.get("02", "")
    amount = top.get("54")
    sound = (
        next(iter(top)) == "00"
        and next(reversed(top)) == "63"
        and top["00"] == "01"
        and top.get("01") in {"11", "12"}
        and napas.get("00") == _NAPAS
        and _BANK_BIN.fullmatch(bank_bin)
        and service in {ACCOUNT_SERVICE, CARD_SERVICE}
        and (_CARD if service == CARD_SERVICE else _ACCOUNT).fullmatch(account)
        and top.get("53") == "704"
        and top.get("58") == "VN"
        and (amount is None or _AMOUNT.fullmatch(amount))
    )
    if not sound:
        raise InvalidInput(_DAMAGED)
    levels = {"": top, "38.": napas, "38.01.": beneficiary, "62.": additional}
    return VietQr(
        bank_bin=bank_bin,
        account=account,
        service=service,
        amount_vnd=int(amount) if amount else None,
        purpose=additional.get("08"),
        single_use=top["01"] == "12",
        fields={
            prefix + tag: value
            for prefix, level in levels.items()
            for tag, value in level.items()
            if f"{prefix}{tag}." not in levels
        },
    )


def render_svg(payload: str) -> str:
    """Return the code as an inline SVG that takes the size of its box, with the quiet zone that scanners need.

    Error level M: a code that is read from a phone screen or a printed card needs no more, and stays coarse enough to
    be read by a weak camera.
    """
    code = segno.make_qr(payload, error="m", boost_error=False)
    return code.svg_inline(border=4, omitsize=True, svgclass="vietqr", lineclass=None, dark="#000", light="#fff")


def _check(value: object, pattern: re.Pattern[str], name: str, message: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidInput(message, field=name)


def _additional_field(purpose: str | None, additional: Mapping[str, str]) -> str:
    if additional.keys() - (ADDITIONAL_TAGS.keys() - {"purpose"}):
        raise InvalidInput("Phần thông tin thêm có mục không có trong chuẩn VietQR.", field="additional")
    values = {**additional, "purpose": purpose}
    content = ""
    for name, tag in ADDITIONAL_TAGS.items():
        value = values.get(name)
        if value is None or value == "":
            continue
        _check(value, _TEXT, name, "Nội dung chuyển khoản và thông tin thêm gồm tối đa 25 ký tự không dấu.")
        content += _tlv(tag, value)
    if len(content) > _MAX_FIELD:
        raise InvalidInput(f"Thông tin thêm cộng lại không quá {_MAX_FIELD} ký tự.", field="additional")
    return _tlv("62", content) if content else ""


def _tlv(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"


def _parse(text: str) -> dict[str, str]:
    """Return tag → value in order; refuses lengths that do not fit, empty values and a tag that comes twice."""
    fields: dict[str, str] = {}
    position = 0
    while position < len(text):
        tag, length = text[position : position + 2], text[position + 2 : position + 4]
        if not (len(length) == 2 and tag.isdigit() and length.isdigit()) or tag in fields:
            raise InvalidInput(_DAMAGED)
        position += 4 + int(length)
        value = text[position - int(length) : position]
        if not value or position > len(text):
            raise InvalidInput(_DAMAGED)
        fields[tag] = value
    return fields


def _crc(body: str) -> str:
    # CRC-16/CCITT-FALSE, as EMVCo asks: polynomial 0x1021, initial value 0xFFFF, over everything including "6304".
    return f"{binascii.crc_hqx(body.encode('ascii'), 0xFFFF):04X}"
