"""What happened to orders and stock, published after the commit for whoever shows it (the live room, metrics)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OrderHeld:
    """An order was placed or changed and its stock is held."""

    order_id: int
    code: str
    session_id: int | None
    buyer_id: int
    goods_vnd: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderConfirmed:
    """An order is paid or promised (COD): its stock is committed."""

    order_id: int
    code: str
    session_id: int | None
    buyer_id: int
    total_vnd: int


@dataclass(frozen=True, slots=True)
class OrderReleased:
    """An order expired or was cancelled and its stock can be sold again; ``state`` says which."""

    order_id: int
    code: str
    session_id: int | None
    buyer_id: int
    state: str


@dataclass(frozen=True, slots=True)
class PaymentReceived:
    """Money arrived for an order; its page turns "đã nhận tiền" by itself."""

    order_id: int
    code: str
    session_id: int | None
    buyer_id: int
    amount_vnd: int
    due_vnd: int


@dataclass(frozen=True, slots=True)
class StockChanged:
    """What is left of these listings may have changed; only the transaction decides, this only refreshes pages."""

    listing_ids: frozenset[int]
