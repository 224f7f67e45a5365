"""How a bank transfer finds its order: by the order's code in the content, and by nothing weaker.

Banks insert spaces and words, drop marks and punctuation, change case, cut tails and sometimes lose the content. So
both sides are reduced to A–Z and 0–9 before the code is searched, its check character tells a code from chance, and
whatever is not certain goes to a person. An amount is never used to guess an order, only to suggest one.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Literal

from app.ids import ORDER_CODE_LENGTH, REFERENCE_PREFIX, is_order_code
from orders.states import BankTransactionState, OrderState

_D_WITH_STROKE = str.maketrans({"đ": "d", "Đ": "D"})
_NOT_CODE = re.compile(r"[^A-Z0-9]")
_MISREAD = {"0": "QD", "O": "QD", "1": "JT7", "I": "JT7", "L": "JT7"}
"""Characters that codes never contain, and what a person may have seen when they typed one from a screen."""
_MAX_MISREAD = 3
_MAX_CONTENT = 4_000
_OPEN_STATES = {OrderState.PENDING, OrderState.CONFIRMED, OrderState.PACKED, OrderState.SHIPPED, OrderState.DELIVERED}
_LATE_STATES = {OrderState.EXPIRED, OrderState.CANCELLED}


class MatchReason(StrEnum):
    """Why a transfer got its state: the lane of the desk it appears in."""

    EXACT = "exact"
    UNDER = "under"
    OVER = "over"
    LATE = "late"
    LATE_UNDER = "late_under"
    ALREADY_PAID = "already_paid"
    ORDER_CLOSED = "order_closed"
    SEVERAL_ORDERS = "several_orders"
    UNKNOWN_CODE = "unknown_code"
    SAME_AMOUNT = "same_amount"
    NO_CODE = "no_code"
    OTHER_CURRENCY = "other_currency"
    OTHER_ACCOUNT = "other_account"
    NOT_RECEIVED = "not_received"


REASON_SENTENCES = {
    MatchReason.EXACT: "Đủ tiền, đã khớp đơn.",
    MatchReason.UNDER: "Chuyển thiếu: đơn vẫn giữ, mời người mua chuyển nốt phần còn lại.",
    MatchReason.OVER: "Chuyển thừa: đơn đã đủ tiền, phần thừa cần trả lại người mua.",
    MatchReason.LATE: "Tiền đến khi đơn đã đóng: giữ lại được hàng thì xác nhận, không thì hoàn tiền.",
    MatchReason.LATE_UNDER: "Tiền đến khi đơn đã đóng và còn thiếu: gọi hỏi người mua.",
    MatchReason.ALREADY_PAID: "Đơn đã đủ tiền từ trước: khoản này cần trả lại người mua.",
    MatchReason.ORDER_CLOSED: "Đơn đã trả hàng: khoản này cần người xem.",
    MatchReason.SEVERAL_ORDERS: "Nội dung có mã của nhiều đơn: cần người chia giúp.",
    MatchReason.UNKNOWN_CODE: "Có mã đơn nhưng không có đơn nào như vậy: cần người xem.",
    MatchReason.SAME_AMOUNT: "Không có mã đơn, nhưng chỉ một đơn đang chờ đúng số tiền này: cần người xác nhận.",
    MatchReason.NO_CODE: "Không có mã đơn trong nội dung: cần người tìm giúp.",
    MatchReason.OTHER_CURRENCY: "Không phải tiền đồng: cần người xem.",
    MatchReason.OTHER_ACCOUNT: "Tiền vào tài khoản khác, không phải tài khoản bán hàng.",
    MatchReason.NOT_RECEIVED: "Không phải tiền vào.",
}
"""What the desk shows beside each transfer, and so what to do next."""


@dataclass(frozen=True)
class IncomingTransfer:
    """One line of a bank statement or webhook, as far as matching needs it; ``amount_vnd`` is in đồng."""

    direction: Literal["in", "out"]
    account: str
    amount_vnd: int
    content: str
    currency: str = "VND"


@dataclass(frozen=True)
class PayableOrder:
    """An order that a transfer may be for: open ones, and the closed ones that its content names."""

    code: str
    state: OrderState
    total_vnd: int
    captured_vnd: int

    @property
    def due_vnd(self) -> int:
        """What is still to pay; derived, never stored."""
        return max(self.total_vnd - self.captured_vnd, 0)


@dataclass(frozen=True)
class MatchDecision:
    """What becomes of a transfer. ``capture_vnd`` pays the order, ``excess_vnd`` stays unmatched, to be sent back.

    ``order_code`` is the order the transfer certainly names; ``suggested_code`` is only an idea for a person.
    """

    state: BankTransactionState
    order_code: str | None
    reason: MatchReason
    capture_vnd: int = 0
    excess_vnd: int = 0
    suggested_code: str | None = None


def normalise_content(text: str) -> str:
    """Return the content as matching sees it: no marks, upper case, only A–Z and 0–9."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_D_WITH_STROKE))
    return _NOT_CODE.sub("", decomposed.upper())


def find_order_codes(text: str) -> list[str]:
    """Return the well-formed order codes in a transfer's content, each once, in the order they appear.

    Up to three characters that codes never contain (0 O 1 I L) are read as what they look like where that makes the
    check character right; such a reading can give several codes, of which at most one is likely to exist. Only the
    first 4,000 characters are read: no bank sends more, and a forged message must not keep the server busy.
    """
    content = normalise_content(text[:_MAX_CONTENT])
    found: dict[str, None] = {}
    start = content.find(REFERENCE_PREFIX)
    while start >= 0:
        window = content[start : start + ORDER_CODE_LENGTH]
        if len(window) == ORDER_CODE_LENGTH:
            found.update(dict.fromkeys(code for code in _readings(window) if is_order_code(code)))
        start = content.find(REFERENCE_PREFIX, start + 1)
    return list(found)


def decide_match(
    transaction: IncomingTransfer, open_orders: Sequence[PayableOrder], *, our_accounts: Collection[str]
) -> MatchDecision:
    """Decide which order a transfer pays, and how much of it.

    ``open_orders`` are the orders still to be paid and every order, in whatever state, whose code the content holds.
    ``our_accounts`` are the account numbers, virtual ones included, that buyers pay into. The same transfer arriving
    again is caught before, by the uniqueness of the bank's reference.
    """
    refusal = _refuse(transaction, our_accounts)
    if refusal:
        return refusal
    codes = find_order_codes(transaction.content)
    named = [order for order in open_orders if order.code in codes]
    if len(named) == 1:
        return _settle(named[0], transaction.amount_vnd)
    if codes:
        return _ask(MatchReason.SEVERAL_ORDERS if named else MatchReason.UNKNOWN_CODE)
    waiting = [
        order.code
        for order in open_orders
        if order.state == OrderState.PENDING and order.due_vnd == transaction.amount_vnd
    ]
    if len(waiting) == 1:
        return _ask(MatchReason.SAME_AMOUNT, suggested_code=waiting[0])
    return _ask(MatchReason.NO_CODE)


def _refuse(transaction: IncomingTransfer, our_accounts: Collection[str]) -> MatchDecision | None:
    if transaction.direction != "in" or transaction.amount_vnd <= 0:
        return MatchDecision(BankTransactionState.IGNORED, None, MatchReason.NOT_RECEIVED)
    if normalise_content(transaction.account) not in {normalise_content(account) for account in our_accounts}:
        return MatchDecision(BankTransactionState.IGNORED, None, MatchReason.OTHER_ACCOUNT)
    if transaction.currency.upper() != "VND":
        return _ask(MatchReason.OTHER_CURRENCY)
    return None


def _settle(order: PayableOrder, amount_vnd: int) -> MatchDecision:
    if order.state not in _OPEN_STATES | _LATE_STATES:
        return _ask(MatchReason.ORDER_CLOSED, order_code=order.code)
    late = order.state in _LATE_STATES
    due_vnd = order.due_vnd
    if due_vnd == 0:
        return MatchDecision(
            BankTransactionState.DUPLICATE, order.code, MatchReason.ALREADY_PAID, excess_vnd=amount_vnd
        )
    if amount_vnd < due_vnd:
        if late:
            return _ask(MatchReason.LATE_UNDER, order_code=order.code)
        return MatchDecision(BankTransactionState.PARTIAL, order.code, MatchReason.UNDER, capture_vnd=amount_vnd)
    in_time = MatchReason.EXACT if amount_vnd == due_vnd else MatchReason.OVER
    reason = MatchReason.LATE if late else in_time
    return MatchDecision(
        BankTransactionState.MATCHED, order.code, reason, capture_vnd=due_vnd, excess_vnd=amount_vnd - due_vnd
    )


def _ask(reason: MatchReason, order_code: str | None = None, suggested_code: str | None = None) -> MatchDecision:
    return MatchDecision(BankTransactionState.NEEDS_REVIEW, order_code, reason, suggested_code=suggested_code)


def _readings(window: str) -> Iterator[str]:
    if sum(char in _MISREAD for char in window) <= _MAX_MISREAD:
        yield from map("".join, product(*(_MISREAD.get(char, char) for char in window)))
