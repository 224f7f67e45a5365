"""What the order desk reads: orders by state, the tasks that wait, what is to be packed and what is on its way."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session, selectinload

from app.accounts.models import User
from orders.balances import captured_vnd, refunded_vnd
from orders.models import Allocation, Claim, DeskTask, Order, OrderLine, Shipment
from orders.queries import Origin, load_origins
from orders.states import OrderState
from shop.models import Household, Photo, Village

PAGE = 30
MAX_ON_A_LIST = 200
"""Orders on a packing or shipping page at once; the oldest come first, so nothing is forgotten."""
_FEWEST_DIGITS = 4


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order on a list, with what it holds and what is still to be collected, in đồng."""

    order: Order
    lines: tuple[OrderLine, ...]
    due_vnd: int = 0
    origins: dict[int, list[Origin]] = field(default_factory=dict)
    shipment: Shipment | None = None


@dataclass(frozen=True, slots=True)
class HouseholdLoad:
    """What one household has in the boxes to be packed: quantity in base units of one kind of goods."""

    household: str
    village: str
    title: str
    quantity: int
    unit_quantity: int
    unit_label: str
    orders: int


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task on the desk, whose order it is about and who has taken it."""

    task: DeskTask
    order: Order | None
    claimed_by: str | None


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """An open complaint with its order and its photo."""

    claim: Claim
    order: Order
    photo: str | None


def find_orders(
    session: Session, cooperative_id: int, *, state: str | None, text: str, page: int
) -> tuple[list[OrderRow], int]:
    """Return one page of orders, the newest first, and how many pages there are.

    ``text`` finds by code, by digits of a phone, or by part of a name.
    """
    condition = [Order.cooperative_id == cooperative_id]
    if state:
        condition.append(Order.state == state)
    if text:
        condition.append(_matching(text))
    total = session.scalar(select(func.count(Order.id)).where(*condition)) or 0
    orders = session.scalars(
        select(Order)
        .where(*condition)
        .order_by(Order.id.desc())
        .offset(PAGE * (page - 1))
        .limit(PAGE)
        .options(selectinload(Order.lines))
    ).all()
    return _rows(session, orders), max(1, -(-total // PAGE))


def orders_to_pack(session: Session, cooperative_id: int) -> list[OrderRow]:
    """Return the confirmed orders with whose fruit goes into each, the longest waiting first."""
    return _with_origins(session, _listed(session, cooperative_id, (OrderState.CONFIRMED,), Order.confirmed_at))


def packed_orders(session: Session, cooperative_id: int) -> list[OrderRow]:
    """Return what is packed and waits for its carrier, with its origins for the labels."""
    return _with_origins(session, _listed(session, cooperative_id, (OrderState.PACKED,), Order.updated_at))


def orders_on_the_way(session: Session, cooperative_id: int) -> list[OrderRow]:
    """Return the sent orders with their carriers, the longest on the way first."""
    rows = _listed(session, cooperative_id, (OrderState.SHIPPED,), Order.updated_at)
    found = session.scalars(select(Shipment).where(Shipment.order_id.in_([row.order.id for row in rows])))
    shipments = {shipment.order_id: shipment for shipment in found}
    return [OrderRow(row.order, row.lines, row.due_vnd, shipment=shipments.get(row.order.id)) for row in rows]


def loads_by_household(session: Session, cooperative_id: int) -> list[HouseholdLoad]:
    """Return what each household must bring to the packing table for the confirmed orders."""
    rows = session.execute(
        select(
            Household.name,
            Village.name,
            OrderLine.title,
            func.sum(Allocation.quantity),
            OrderLine.unit_quantity,
            OrderLine.unit_label,
            func.count(Order.id.distinct()),
        )
        .join(OrderLine, OrderLine.id == Allocation.order_line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .join(Household, Household.id == Allocation.household_id)
        .join(Village, Village.id == Household.village_id)
        .where(Order.cooperative_id == cooperative_id, Order.state == OrderState.CONFIRMED, Allocation.quantity > 0)
        .group_by(
            Village.name, Household.name, Household.id, OrderLine.title, OrderLine.unit_quantity, OrderLine.unit_label
        )
        .order_by(Village.name, Household.name, OrderLine.title)
    )
    return [HouseholdLoad(row[0], row[1], row[2], int(row[3]), *row[4:]) for row in rows]


def open_tasks(session: Session, cooperative_id: int) -> dict[str, list[TaskRow]]:
    """Return the open tasks by kind, the oldest first."""
    rows = session.execute(
        select(DeskTask, Order, User.name)
        .outerjoin(Order, Order.id == DeskTask.order_id)
        .outerjoin(User, User.id == DeskTask.claimed_by_id)
        .where(DeskTask.cooperative_id == cooperative_id, DeskTask.state == "open")
        .order_by(DeskTask.id)
        .limit(MAX_ON_A_LIST)
    )
    tasks: dict[str, list[TaskRow]] = defaultdict(list)
    for task, order, claimed_by in rows:
        tasks[task.kind].append(TaskRow(task, order, claimed_by))
    return dict(tasks)


def tasks_of_order(session: Session, order: Order) -> Sequence[DeskTask]:
    """Return every task there ever was about an order, the newest first."""
    return session.scalars(select(DeskTask).where(DeskTask.order_id == order.id).order_by(DeskTask.id.desc())).all()


def open_claims(session: Session, cooperative_id: int) -> list[ClaimRow]:
    """Return the complaints that wait for an answer, the oldest first."""
    rows = session.execute(
        select(Claim, Order, Photo.public_id)
        .join(Order, Order.id == Claim.order_id)
        .outerjoin(Photo, Photo.id == Claim.photo_id)
        .where(Order.cooperative_id == cooperative_id, Claim.state == "open")
        .order_by(Claim.id)
        .limit(MAX_ON_A_LIST)
    )
    return [ClaimRow(*row) for row in rows]


def count_waiting(session: Session, cooperative_id: int) -> tuple[int, int]:
    """Return how many tasks and how many claims wait for somebody."""
    tasks = select(func.count(DeskTask.id)).where(DeskTask.cooperative_id == cooperative_id, DeskTask.state == "open")
    claims = (
        select(func.count(Claim.id))
        .join(Order, Order.id == Claim.order_id)
        .where(Order.cooperative_id == cooperative_id, Claim.state == "open")
    )
    both = select(tasks.scalar_subquery(), claims.scalar_subquery())
    waiting_tasks, waiting_claims = session.execute(both).one()
    return int(waiting_tasks), int(waiting_claims)


def _matching(text: str) -> ColumnElement[bool]:
    digits = re.sub(r"\D", "", text).removeprefix("84").lstrip("0")
    ways = [
        Order.code == text.upper().replace(" ", "")[:12],
        Order.buyer_name.icontains(text, autoescape=True),
        Order.recipient_name.icontains(text, autoescape=True),
    ]
    if len(digits) >= _FEWEST_DIGITS and not re.search(r"[^\W\d_]", text):
        ways += [Order.buyer_phone.contains(digits), Order.recipient_phone.contains(digits)]
    return or_(false(), *ways)


def _listed(session: Session, cooperative_id: int, states: Sequence[OrderState], oldest: Any) -> list[OrderRow]:
    statement = (
        select(Order)
        .where(Order.cooperative_id == cooperative_id, Order.state.in_(states))
        .order_by(oldest, Order.id)
        .limit(MAX_ON_A_LIST)
        .options(selectinload(Order.lines))
    )
    return _rows(session, session.scalars(statement).all())


def _rows(session: Session, orders: Sequence[Order]) -> list[OrderRow]:
    ids = [order.id for order in orders]
    captured, refunded = captured_vnd(session, ids), refunded_vnd(session, ids)
    return [
        OrderRow(
            order=order,
            lines=tuple(line for line in order.lines if line.quantity),
            due_vnd=max(0, order.total_vnd - captured.get(order.id, 0) + refunded.get(order.id, 0)),
        )
        for order in orders
    ]


def _with_origins(session: Session, rows: Sequence[OrderRow]) -> list[OrderRow]:
    origins = load_origins(session, [line.id for row in rows for line in row.lines])
    return [OrderRow(row.order, row.lines, row.due_vnd, origins=origins) for row in rows]
