"""Attaches the orders package to the application."""

from typing import Any

from flask import Flask, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts.current import current_buyer
from app.clock import system_clock
from app.db import current_policy, db, run_in_write_transaction
from app.jobs import Chore
from orders import cli
from orders.covering import cover_shortfall
from orders.expiring import expire_due_orders
from orders.intake import PlaceOrderCommand, place_submitted
from orders.payments.banks import bank_list
from orders.queries import any_order_due
from orders.views import (
    books,
    cart,
    checkout,
    fulfilment,
    order_desk,
    order_page,
    refunds,
    reports,
    settlement,
    statement,
    transfers,
)
from shop.views.common import own_standing

BLUEPRINTS = (
    cart.blueprint,
    checkout.blueprint,
    order_page.blueprint,
    order_desk.blueprint,
    fulfilment.blueprint,
    transfers.blueprint,
    refunds.blueprint,
    settlement.blueprint,
    books.blueprint,
    reports.blueprint,
    statement.blueprint,
)


def register(app: Flask) -> None:
    """Register this package's routes, commands and subscriptions."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    cli.register(app)
    app.extensions.setdefault("chophien_intake_handlers", {})[PlaceOrderCommand] = _place
    app.extensions["chophien_navigation"].append(_places)
    app.extensions["chophien_shortfall_handlers"].append(cover_shortfall)
    app.extensions["chophien_banks"] = _banks
    app.extensions["chophien_staff_sections"].extend([order_desk.staff_section, transfers.staff_section])
    app.extensions["chophien_household_sections"].append(statement.money_section)
    app.extensions.setdefault("chophien_desk_sections", [])


def chores(app: Flask) -> list[Chore]:  # noqa: ARG001 -- Every package's chores are asked for alike.
    """Return what this package must do on time."""
    return [Chore("expire_orders", 1.0, _expire_due)]


def _banks() -> list[tuple[str, str]]:
    return [(bank.bin, bank.name) for bank in bank_list().banks]


def _place(session: Session, commands: Any) -> Any:
    return place_submitted(session, commands, policy=current_policy(), clock=system_clock)


def _expire_due() -> None:
    if any_order_due(db.session(), system_clock()):
        run_in_write_transaction(lambda session: expire_due_orders(session, clock=system_clock))


def _places() -> list[tuple[str, str, str]]:
    """Offer the desk to staff, the cart to everybody else, and their own orders to those who have bought."""
    standing = own_standing()
    if standing.staff_of:
        return [
            (_("Bàn chốt đơn"), url_for("order_desk.desk"), "bell"),
            (_("Đơn hàng"), url_for("order_desk.orders"), "box"),
            (_("Chuyển khoản"), url_for("payments.index"), "bank"),
            (_("Báo cáo"), url_for("reports.index"), "chart"),
        ]
    if standing.household_ids or standing.host_of or standing.team_of or standing.leader_of:
        return []
    places = [(_("Giỏ hàng"), url_for("cart.cart"), "cart")]
    if current_buyer() is not None:
        places.append((_("Đơn của bác"), url_for("order_page.own_orders"), "basket"))
    return places
