"""Attaches the orders package to the application."""

from typing import Any

from flask import Flask
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts.current import current_actor, current_buyer
from app.clock import system_clock
from app.db import current_policy, db, run_in_write_transaction
from app.jobs import Chore
from orders import cli
from orders.expiring import expire_due_orders
from orders.intake import PlaceOrderCommand, place_submitted
from orders.queries import any_order_due
from orders.views import cart, checkout, order_page
from shop.access import standing_of

BLUEPRINTS = (cart.blueprint, checkout.blueprint, order_page.blueprint)


def register(app: Flask) -> None:
    """Register this package's routes, commands and subscriptions."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    cli.register(app)
    app.extensions.setdefault("chophien_intake_handlers", {})[PlaceOrderCommand] = _place
    app.extensions["chophien_navigation"].append(_places)


def chores(app: Flask) -> list[Chore]:  # noqa: ARG001 -- Every package's chores are asked for alike.
    """Return what this package must do on time."""
    return [Chore("expire_orders", 1.0, _expire_due)]


def _place(session: Session, commands: Any) -> Any:
    return place_submitted(session, commands, policy=current_policy(), clock=system_clock)


def _expire_due() -> None:
    if any_order_due(db.session(), system_clock()):
        run_in_write_transaction(lambda session: expire_due_orders(session, clock=system_clock))


def _places() -> list[tuple[str, str, str]]:
    """Offer the cart and one's own orders to who buys, and the desk to staff."""
    actor = current_actor()
    if standing_of(db.session(), actor).staff_of:
        return []
    places = [(_("Giỏ hàng"), "/gio-hang", "cart")]
    if current_buyer() is not None:
        places.append((_("Đơn của bác"), "/don", "basket"))
    return places
