"""The lives of an order and of what belongs to it, as tables of arrows.

"Paid" and "amount due" are not states: they are derived from payments and refunds. A pair that is missing is illegal;
``Ignored`` marks what providers, sweepers and double clicks repeat, so that a repeat is neither an error nor an effect.
"""

from collections.abc import Mapping
from enum import StrEnum

from app.states import Ignored


class OrderState(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    RETURNED = "returned"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class OrderEvent(StrEnum):
    """``LATE_MONEY`` is raised by the caller only once stock is held again at the snapshot price."""

    CONFIRM = "confirm"
    PACK = "pack"
    UNPACK = "unpack"
    SHIP = "ship"
    DELIVER = "deliver"
    RETURN = "return"
    EXPIRE = "expire"
    CANCEL = "cancel"
    LATE_MONEY = "late_money"


class PaymentState(StrEnum):
    CREATED = "created"
    PENDING = "pending"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class PaymentEvent(StrEnum):
    SUBMIT = "submit"
    CAPTURE = "capture"
    FAIL = "fail"
    CANCEL = "cancel"
    EXPIRE = "expire"


class RefundState(StrEnum):
    """``EXTERNAL`` is a refund or chargeback that already happened outside, recorded as it was found."""

    REQUESTED = "requested"
    APPROVED = "approved"
    SUBMITTED = "submitted"
    DONE = "done"
    FAILED = "failed"
    REJECTED = "rejected"
    EXTERNAL = "external"


class RefundEvent(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    SUBMIT = "submit"
    FINISH = "finish"
    FAIL = "fail"


class BankTransactionState(StrEnum):
    """``DUPLICATE`` is a second, different transfer for an order already paid; the same one again is no new row."""

    NEW = "new"
    MATCHED = "matched"
    PARTIAL = "partial"
    NEEDS_REVIEW = "needs_review"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    REFUNDED = "refunded"


class BankTransactionEvent(StrEnum):
    MATCH = "match"
    MATCH_PART = "match_part"
    ASK = "ask"
    IGNORE = "ignore"
    MARK_DUPLICATE = "mark_duplicate"
    REFUND = "refund"


class HoldState(StrEnum):
    ACTIVE = "active"
    COMMITTED = "committed"
    RELEASED = "released"
    EXPIRED = "expired"


class HoldEvent(StrEnum):
    COMMIT = "commit"
    RELEASE = "release"
    EXPIRE = "expire"


class ShipmentState(StrEnum):
    CREATED = "created"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    RETURNED = "returned"


class ShipmentEvent(StrEnum):
    SHIP = "ship"
    DELIVER = "deliver"
    RETURN = "return"


class PayoutState(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    PAID = "paid"
    FAILED = "failed"


class PayoutEvent(StrEnum):
    APPROVE = "approve"
    SEND = "send"
    PAY = "pay"
    FAIL = "fail"


_CONFIRMED_BEFORE = Ignored("Đơn đã được xác nhận từ trước.")
_HOLD_NO_LONGER_RUNS = Ignored("Đơn không còn chờ thanh toán nên giờ giữ hàng không còn tính.")

ORDER_TABLE: Mapping[tuple[OrderState, OrderEvent], OrderState | Ignored] = {
    (OrderState.PENDING, OrderEvent.CONFIRM): OrderState.CONFIRMED,
    (OrderState.PENDING, OrderEvent.EXPIRE): OrderState.EXPIRED,
    (OrderState.PENDING, OrderEvent.CANCEL): OrderState.CANCELLED,
    (OrderState.CONFIRMED, OrderEvent.PACK): OrderState.PACKED,
    (OrderState.CONFIRMED, OrderEvent.CANCEL): OrderState.CANCELLED,
    (OrderState.PACKED, OrderEvent.UNPACK): OrderState.CONFIRMED,
    (OrderState.PACKED, OrderEvent.SHIP): OrderState.SHIPPED,
    (OrderState.PACKED, OrderEvent.CANCEL): OrderState.CANCELLED,
    (OrderState.SHIPPED, OrderEvent.DELIVER): OrderState.DELIVERED,
    (OrderState.SHIPPED, OrderEvent.RETURN): OrderState.RETURNED,
    (OrderState.DELIVERED, OrderEvent.RETURN): OrderState.RETURNED,
    (OrderState.EXPIRED, OrderEvent.LATE_MONEY): OrderState.CONFIRMED,
    (OrderState.CANCELLED, OrderEvent.LATE_MONEY): OrderState.CONFIRMED,
    # Two payments that arrive together both ask to confirm; the second changes nothing.
    (OrderState.CONFIRMED, OrderEvent.CONFIRM): _CONFIRMED_BEFORE,
    (OrderState.PACKED, OrderEvent.CONFIRM): _CONFIRMED_BEFORE,
    (OrderState.SHIPPED, OrderEvent.CONFIRM): _CONFIRMED_BEFORE,
    (OrderState.DELIVERED, OrderEvent.CONFIRM): _CONFIRMED_BEFORE,
    (OrderState.CONFIRMED, OrderEvent.LATE_MONEY): _CONFIRMED_BEFORE,
    (OrderState.PACKED, OrderEvent.LATE_MONEY): _CONFIRMED_BEFORE,
    (OrderState.SHIPPED, OrderEvent.LATE_MONEY): _CONFIRMED_BEFORE,
    (OrderState.DELIVERED, OrderEvent.LATE_MONEY): _CONFIRMED_BEFORE,
    (OrderState.CONFIRMED, OrderEvent.UNPACK): Ignored("Đơn đang chờ đóng gói rồi."),
    (OrderState.PACKED, OrderEvent.PACK): Ignored("Đơn đã đóng gói rồi."),
    (OrderState.SHIPPED, OrderEvent.SHIP): Ignored("Đơn đã gửi đi rồi."),
    (OrderState.DELIVERED, OrderEvent.DELIVER): Ignored("Đơn đã giao rồi."),
    (OrderState.RETURNED, OrderEvent.RETURN): Ignored("Đơn đã ghi hàng trả về rồi."),
    (OrderState.CANCELLED, OrderEvent.CANCEL): Ignored("Đơn đã hủy rồi."),
    (OrderState.EXPIRED, OrderEvent.CANCEL): Ignored("Đơn đã hết giờ giữ hàng, không cần hủy nữa."),
    # The sweeper may look at a row that a payment or a person has just moved.
    (OrderState.CONFIRMED, OrderEvent.EXPIRE): _HOLD_NO_LONGER_RUNS,
    (OrderState.PACKED, OrderEvent.EXPIRE): _HOLD_NO_LONGER_RUNS,
    (OrderState.SHIPPED, OrderEvent.EXPIRE): _HOLD_NO_LONGER_RUNS,
    (OrderState.DELIVERED, OrderEvent.EXPIRE): _HOLD_NO_LONGER_RUNS,
    (OrderState.RETURNED, OrderEvent.EXPIRE): _HOLD_NO_LONGER_RUNS,
    (OrderState.CANCELLED, OrderEvent.EXPIRE): _HOLD_NO_LONGER_RUNS,
    (OrderState.EXPIRED, OrderEvent.EXPIRE): Ignored("Đơn đã hết giờ giữ hàng rồi."),
}

_CAPTURED_IS_FINAL = Ignored("Tiền đã nhận nên báo về sau không thay đổi gì.")
_ALREADY_CLOSED = Ignored("Lần thanh toán này đã đóng rồi.")

PAYMENT_TABLE: Mapping[tuple[PaymentState, PaymentEvent], PaymentState | Ignored] = {
    (PaymentState.CREATED, PaymentEvent.SUBMIT): PaymentState.PENDING,
    # A provider may report the money before our own commit of "pending".
    (PaymentState.CREATED, PaymentEvent.CAPTURE): PaymentState.CAPTURED,
    (PaymentState.CREATED, PaymentEvent.FAIL): PaymentState.FAILED,
    (PaymentState.CREATED, PaymentEvent.CANCEL): PaymentState.CANCELLED,
    (PaymentState.CREATED, PaymentEvent.EXPIRE): PaymentState.EXPIRED,
    (PaymentState.PENDING, PaymentEvent.CAPTURE): PaymentState.CAPTURED,
    (PaymentState.PENDING, PaymentEvent.FAIL): PaymentState.FAILED,
    (PaymentState.PENDING, PaymentEvent.CANCEL): PaymentState.CANCELLED,
    (PaymentState.PENDING, PaymentEvent.EXPIRE): PaymentState.EXPIRED,
    # Money that comes late is money all the same.
    (PaymentState.FAILED, PaymentEvent.CAPTURE): PaymentState.CAPTURED,
    (PaymentState.CANCELLED, PaymentEvent.CAPTURE): PaymentState.CAPTURED,
    (PaymentState.EXPIRED, PaymentEvent.CAPTURE): PaymentState.CAPTURED,
    (PaymentState.PENDING, PaymentEvent.SUBMIT): Ignored("Đang chờ tiền rồi."),
    (PaymentState.CAPTURED, PaymentEvent.SUBMIT): _CAPTURED_IS_FINAL,
    (PaymentState.CAPTURED, PaymentEvent.CAPTURE): _CAPTURED_IS_FINAL,
    (PaymentState.CAPTURED, PaymentEvent.FAIL): _CAPTURED_IS_FINAL,
    (PaymentState.CAPTURED, PaymentEvent.CANCEL): _CAPTURED_IS_FINAL,
    (PaymentState.CAPTURED, PaymentEvent.EXPIRE): _CAPTURED_IS_FINAL,
    # Cancelling at our side also closes the provider's page, which then reports that it expired.
    (PaymentState.FAILED, PaymentEvent.FAIL): _ALREADY_CLOSED,
    (PaymentState.FAILED, PaymentEvent.CANCEL): _ALREADY_CLOSED,
    (PaymentState.FAILED, PaymentEvent.EXPIRE): _ALREADY_CLOSED,
    (PaymentState.CANCELLED, PaymentEvent.FAIL): _ALREADY_CLOSED,
    (PaymentState.CANCELLED, PaymentEvent.CANCEL): _ALREADY_CLOSED,
    (PaymentState.CANCELLED, PaymentEvent.EXPIRE): _ALREADY_CLOSED,
    (PaymentState.EXPIRED, PaymentEvent.FAIL): _ALREADY_CLOSED,
    (PaymentState.EXPIRED, PaymentEvent.CANCEL): _ALREADY_CLOSED,
    (PaymentState.EXPIRED, PaymentEvent.EXPIRE): _ALREADY_CLOSED,
}

REFUND_TABLE: Mapping[tuple[RefundState, RefundEvent], RefundState | Ignored] = {
    (RefundState.REQUESTED, RefundEvent.APPROVE): RefundState.APPROVED,
    (RefundState.REQUESTED, RefundEvent.REJECT): RefundState.REJECTED,
    (RefundState.APPROVED, RefundEvent.SUBMIT): RefundState.SUBMITTED,
    (RefundState.SUBMITTED, RefundEvent.FINISH): RefundState.DONE,
    (RefundState.SUBMITTED, RefundEvent.FAIL): RefundState.FAILED,
    (RefundState.FAILED, RefundEvent.SUBMIT): RefundState.SUBMITTED,
    (RefundState.APPROVED, RefundEvent.APPROVE): Ignored("Khoản hoàn này đã được duyệt rồi."),
    (RefundState.REJECTED, RefundEvent.REJECT): Ignored("Khoản hoàn này đã bị từ chối rồi."),
    (RefundState.SUBMITTED, RefundEvent.SUBMIT): Ignored("Khoản hoàn này đã gửi đi rồi."),
    (RefundState.FAILED, RefundEvent.FAIL): Ignored("Đã ghi là hoàn chưa được rồi."),
    (RefundState.DONE, RefundEvent.FINISH): Ignored("Khoản hoàn này đã xong rồi."),
}

BANK_TRANSACTION_TABLE: Mapping[tuple[BankTransactionState, BankTransactionEvent], BankTransactionState | Ignored] = {
    (BankTransactionState.NEW, BankTransactionEvent.MATCH): BankTransactionState.MATCHED,
    (BankTransactionState.NEW, BankTransactionEvent.MATCH_PART): BankTransactionState.PARTIAL,
    (BankTransactionState.NEW, BankTransactionEvent.ASK): BankTransactionState.NEEDS_REVIEW,
    (BankTransactionState.NEW, BankTransactionEvent.IGNORE): BankTransactionState.IGNORED,
    (BankTransactionState.NEW, BankTransactionEvent.MARK_DUPLICATE): BankTransactionState.DUPLICATE,
    (BankTransactionState.NEW, BankTransactionEvent.REFUND): BankTransactionState.REFUNDED,
    # A person at the desk settles what the rules would not guess, and sends back what was paid twice.
    (BankTransactionState.NEEDS_REVIEW, BankTransactionEvent.MATCH): BankTransactionState.MATCHED,
    (BankTransactionState.NEEDS_REVIEW, BankTransactionEvent.MATCH_PART): BankTransactionState.PARTIAL,
    (BankTransactionState.NEEDS_REVIEW, BankTransactionEvent.IGNORE): BankTransactionState.IGNORED,
    (BankTransactionState.NEEDS_REVIEW, BankTransactionEvent.MARK_DUPLICATE): BankTransactionState.DUPLICATE,
    (BankTransactionState.NEEDS_REVIEW, BankTransactionEvent.REFUND): BankTransactionState.REFUNDED,
    (BankTransactionState.DUPLICATE, BankTransactionEvent.REFUND): BankTransactionState.REFUNDED,
    (BankTransactionState.MATCHED, BankTransactionEvent.MATCH): Ignored("Khoản này đã khớp đơn rồi."),
    (BankTransactionState.PARTIAL, BankTransactionEvent.MATCH_PART): Ignored("Khoản này đã ghi cho đơn rồi."),
    (BankTransactionState.NEEDS_REVIEW, BankTransactionEvent.ASK): Ignored("Khoản này đang chờ người xem rồi."),
    (BankTransactionState.IGNORED, BankTransactionEvent.IGNORE): Ignored("Khoản này đã bỏ qua rồi."),
    (BankTransactionState.DUPLICATE, BankTransactionEvent.MARK_DUPLICATE): Ignored("Đã ghi là chuyển trùng rồi."),
    (BankTransactionState.REFUNDED, BankTransactionEvent.REFUND): Ignored("Khoản này đã trả lại rồi."),
}

_HOLD_CLOSED = Ignored("Lượt giữ hàng này đã đóng rồi.")

HOLD_TABLE: Mapping[tuple[HoldState, HoldEvent], HoldState | Ignored] = {
    (HoldState.ACTIVE, HoldEvent.COMMIT): HoldState.COMMITTED,
    (HoldState.ACTIVE, HoldEvent.RELEASE): HoldState.RELEASED,
    (HoldState.ACTIVE, HoldEvent.EXPIRE): HoldState.EXPIRED,
    # A confirmed order that is cancelled gives its stock back.
    (HoldState.COMMITTED, HoldEvent.RELEASE): HoldState.RELEASED,
    (HoldState.COMMITTED, HoldEvent.COMMIT): Ignored("Hàng đã chốt cho đơn rồi."),
    (HoldState.COMMITTED, HoldEvent.EXPIRE): Ignored("Hàng đã chốt cho đơn nên không hết giờ nữa."),
    (HoldState.RELEASED, HoldEvent.RELEASE): _HOLD_CLOSED,
    (HoldState.RELEASED, HoldEvent.EXPIRE): _HOLD_CLOSED,
    (HoldState.EXPIRED, HoldEvent.RELEASE): _HOLD_CLOSED,
    (HoldState.EXPIRED, HoldEvent.EXPIRE): _HOLD_CLOSED,
}

SHIPMENT_TABLE: Mapping[tuple[ShipmentState, ShipmentEvent], ShipmentState | Ignored] = {
    (ShipmentState.CREATED, ShipmentEvent.SHIP): ShipmentState.SHIPPED,
    (ShipmentState.SHIPPED, ShipmentEvent.DELIVER): ShipmentState.DELIVERED,
    (ShipmentState.SHIPPED, ShipmentEvent.RETURN): ShipmentState.RETURNED,
    (ShipmentState.DELIVERED, ShipmentEvent.RETURN): ShipmentState.RETURNED,
    (ShipmentState.SHIPPED, ShipmentEvent.SHIP): Ignored("Kiện hàng đã gửi đi rồi."),
    (ShipmentState.DELIVERED, ShipmentEvent.DELIVER): Ignored("Kiện hàng đã giao rồi."),
    (ShipmentState.RETURNED, ShipmentEvent.RETURN): Ignored("Kiện hàng đã về rồi."),
}

PAYOUT_TABLE: Mapping[tuple[PayoutState, PayoutEvent], PayoutState | Ignored] = {
    (PayoutState.DRAFT, PayoutEvent.APPROVE): PayoutState.APPROVED,
    (PayoutState.APPROVED, PayoutEvent.SEND): PayoutState.SENT,
    (PayoutState.SENT, PayoutEvent.PAY): PayoutState.PAID,
    (PayoutState.SENT, PayoutEvent.FAIL): PayoutState.FAILED,
    (PayoutState.APPROVED, PayoutEvent.APPROVE): Ignored("Khoản chi này đã được duyệt rồi."),
    (PayoutState.SENT, PayoutEvent.SEND): Ignored("Khoản chi này đã gửi ngân hàng rồi."),
    (PayoutState.PAID, PayoutEvent.PAY): Ignored("Khoản chi này đã trả rồi."),
    (PayoutState.FAILED, PayoutEvent.FAIL): Ignored("Đã ghi là chi chưa được rồi."),
}
