"""What a buyer asks for and what they are answered: the values that go into and come out of placing."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from app.errors import DomainError


class SentToDesk(DomainError):
    """A person must look before stock is taken (a very large order, a change to a paid one); the desk has the task."""

    code = "sent_to_desk"
    status = 409


@dataclass(frozen=True, slots=True)
class BuyerRef:
    """The buyer as known from the signed cookie; the name and phone are what the order will show."""

    id: int
    name: str
    phone: str
    phone_verified: bool = False
    network_key: str | None = None


@dataclass(frozen=True, slots=True)
class Attribution:
    """Where an order was won: the session, its host, and the commission frozen on the order's lines."""

    session_id: int
    host_user_id: int | None
    commission_bps: int


@dataclass(frozen=True, slots=True)
class LineChange:
    """One operation on the buyer's order. ``quantity`` is in base units (grams, pieces), absent on ``cancel``.

    ``listing_id`` None means the buyer's latest line on ``set`` and the whole order on ``cancel``; such a ``set`` carries
    ``grams`` instead when a weight was typed, or ``units`` of the line's own sale unit. ``price_vnd`` is the live price of
    the offer; None takes the listing's own.
    """

    op: Literal["add", "set", "cancel"]
    listing_id: int | None = None
    quantity: int | None = None
    price_vnd: int | None = None
    offer_code: str | None = None
    sale_limit_id: int | None = None
    grams: int | None = None
    milliunits: int | None = None
    """Thousandths of the line's sale unit, for a ``set`` without a listing and without a weight."""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One command. ``scope`` + ``key`` make it idempotent ("comment:<session>:<buyer>" + client id, "cart:<buyer>" + form key).

    With an ``attribution`` it works on the buyer's unpaid order of that session, or opens one; without, it opens a new order.
    """

    scope: str
    key: str
    cooperative_id: int
    buyer: BuyerRef
    changes: tuple[LineChange, ...]
    attribution: Attribution | None = None

    @property
    def reference(self) -> str:
        """A short name of the command for stock movements and desk tasks; as unique as scope and key together."""
        return "command:" + sha256(f"{self.scope}\n{self.key}".encode()).hexdigest()[:32]

    def body(self) -> dict[str, Any]:
        """Return what the idempotency hash covers: what is asked, not who the network says is asking."""
        return {"buyer": self.buyer.id, "changes": [_values(change) for change in self.changes]}


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """One line of the order after the command. Quantities in base units, amounts in đồng."""

    line_id: int
    listing_id: int
    offer_code: str | None
    title: str
    quantity: int
    unit_quantity: int
    unit_label: str
    price_vnd: int
    goods_vnd: int
    touched: bool


@dataclass(frozen=True, slots=True)
class OrderResult:
    """The buyer's order after the command: what the green line and the order bar show."""

    order_id: int
    code: str
    link_token: str
    state: str
    goods_vnd: int
    total_vnd: int
    expires_at: datetime | None
    lines: tuple[OrderedLine, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-able values, for storing under its idempotency key."""
        values = _values(self)
        values["expires_at"] = self.expires_at.isoformat() if self.expires_at else None
        values["lines"] = [_values(line) for line in self.lines]
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "OrderResult":
        """Return the result that ``to_dict`` wrote."""
        expires_at = datetime.fromisoformat(values["expires_at"]) if values["expires_at"] else None
        lines = tuple(OrderedLine(**line) for line in values["lines"])
        return cls(**{**values, "expires_at": expires_at, "lines": lines})


Outcome = OrderResult | DomainError


def _values(record: LineChange | OrderedLine | OrderResult) -> dict[str, Any]:
    # dataclasses.asdict copies deeply, which at thousands of orders a second costs more than planning them.
    return {name: getattr(record, name) for name in record.__slots__}
