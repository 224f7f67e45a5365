"""The life of an order as the buyer reads it: five steps when all goes well, and where it left that road when not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from app.i18n import N_
from orders.models import Order, OrderEntry
from orders.states import OrderState

_ROAD = (
    (OrderState.PENDING, N_("Đã giữ hàng cho bác"), ("placed",)),
    (OrderState.CONFIRMED, N_("Đơn đã chắc chắn"), ("confirmed", "confirmed_late")),
    (OrderState.PACKED, N_("Đã cân và đóng hộp"), ("packed",)),
    (OrderState.SHIPPED, N_("Đang trên đường"), ("shipped",)),
    (OrderState.DELIVERED, N_("Đã giao"), ("delivered",)),
)
_OFF_ROAD = {
    OrderState.EXPIRED: (N_("Hết giờ giữ hàng"), "expired"),
    OrderState.CANCELLED: (N_("Đã hủy"), "cancelled"),
    OrderState.RETURNED: (N_("Hàng đã quay về"), "returned"),
}


class Step(NamedTuple):
    """One step of the road. ``sentence`` is translated where it is shown."""

    sentence: str
    at: datetime | None
    look: Literal["done", "now", "todo", "wrong"]


def order_steps(order: Order, entries: Sequence[OrderEntry]) -> list[Step]:
    """Return the steps of an order: what is done with its time, where it stands, what is to come."""
    times = {entry.kind: entry.at for entry in entries}
    state = OrderState(order.state)
    left_road = _OFF_ROAD.get(state)
    steps = []
    reached = [known for known, _, kinds in _ROAD if any(kind in times for kind in kinds)]
    current = state if left_road is None else None
    for known, sentence, kinds in _ROAD:
        at = max((times[kind] for kind in kinds if kind in times), default=None)
        if known == current:
            steps.append(Step(sentence, at, "done" if known == OrderState.DELIVERED else "now"))
        elif known in reached and (current is None or _place(known) < _place(current)):
            steps.append(Step(sentence, at, "done"))
        elif left_road is None:
            steps.append(Step(sentence, None, "todo"))
    if left_road is not None:
        sentence, kind = left_road
        steps.append(Step(sentence, times.get(kind), "wrong"))
    return steps


def _place(state: OrderState) -> int:
    return [known for known, _, _ in _ROAD].index(state)
