"""``flask vietqr``: transfers in, codes out, to print price cards and to check our codes against other tools."""

import json
import sys
from typing import Any

import click

from app.errors import InvalidInput
from orders.payments.vietqr import ACCOUNT_SERVICE, build_payload

_KEYS = {"bank_bin", "account", "amount", "purpose", "service", "additional"}
_MAX_LINE_BYTES = 10_000


@click.command("vietqr")
def vietqr_command() -> None:
    """Read JSON lines {"bank_bin", "account", "amount", "purpose"} and print one VietQR payload a line.

    "service" (QRIBFTTA or QRIBFTTC) and "additional" (sub-fields of 62) are optional. A line that cannot be used gives
    a line beginning "error:" and the next one is read, so that lines in and out always pair.
    """
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(f"{_payload_or_error(line)}\n".encode())
    sys.stdout.buffer.flush()


def _payload_or_error(line: bytes) -> str:
    try:
        return _payload(line)
    except InvalidInput as refused:
        return f"error: {refused.message}"


def _payload(line: bytes) -> str:
    if len(line) > _MAX_LINE_BYTES:
        raise InvalidInput("Dòng này dài quá.")
    try:
        transfer: Any = json.loads(line)
    except (ValueError, RecursionError):
        raise InvalidInput("Dòng này không phải JSON.") from None
    if not isinstance(transfer, dict) or not {"bank_bin", "account"} <= transfer.keys() <= _KEYS:
        raise InvalidInput('Mỗi dòng là một {"bank_bin", "account", "amount", "purpose"}, thêm "service" nếu cần.')
    additional = transfer.get("additional")
    if additional is not None and not isinstance(additional, dict):
        raise InvalidInput('"additional" là một đối tượng gồm các mục của trường 62.')
    return build_payload(
        transfer["bank_bin"],
        transfer["account"],
        transfer.get("amount"),
        transfer.get("purpose"),
        transfer.get("service", ACCOUNT_SERVICE),
        additional=additional,
    )
