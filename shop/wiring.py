"""Attaches the shop package to the application."""

from flask import Flask, g, url_for
from flask_babel import gettext as _

from app.accounts.current import current_actor
from app.db import db
from shop.queries import house_name
from shop.views import (
    administration,
    catalogue,
    community,
    household,
    listings,
    people,
    storefront,
    supply,
)
from shop.views.common import own_standing

HOOKS = (
    "chophien_home_sections",
    "chophien_household_sections",
    "chophien_staff_sections",
    "chophien_shortfall_handlers",
)
"""Lists that rooms above the shop append to: sections of pages, and what makes orders give way to a short weighing."""

_VIEWS = (storefront, household, supply, listings, catalogue, people, community, administration)


def register(app: Flask) -> None:
    """Register this package's routes, its navigation, and the hooks that higher rooms fill."""
    for hook in HOOKS:
        app.extensions.setdefault(hook, [])
    app.extensions.setdefault("chophien_banks", list)
    for module in _VIEWS:
        app.register_blueprint(module.blueprint)
    app.extensions["chophien_navigation"].append(_navigation)
    app.extensions["chophien_landing"].append(_landing)
    app.context_processor(_house)


def _house() -> dict[str, str | None]:
    """Give every page the name over the door."""
    if "house_name" not in g:
        g.house_name = house_name(db.session())
    return {"cooperative_name": g.house_name}


def _navigation() -> list[tuple[str, str, str]]:
    """Return the shop's places for who this is: everybody's market, then what each role works with."""
    places = [(_("Chợ"), url_for("storefront.home"), "shop")]
    standing = own_standing()
    if standing.household_ids:
        places.append((_("Nhà tôi"), url_for("household.home"), "orchard"))
    if standing.staff_of:
        places += [
            (_("Hợp tác xã"), url_for("supply.home"), "home"),
            (_("Cân nhập"), url_for("supply.board"), "scale"),
            (_("Mặt hàng"), url_for("listings.index"), "basket"),
            (_("Hộ"), url_for("people.households"), "people"),
        ]
    if standing.leader_of:
        places.append((_("Thôn"), url_for("community.village"), "place"))
    if standing.team_of:
        places.append((_("Tổ công nghệ"), url_for("community.team"), "phone"))
    if standing.user_id is not None:
        places.append((_("Thông báo"), url_for("community.notices"), "bell"))
    if current_actor().is_administrator:
        places.append((_("Quản trị"), url_for("administration.home"), "settings"))
    return places


def _landing() -> str | None:
    """Return where somebody who just signed in has their work in the shop; None for whom it has none."""
    standing = own_standing()
    doors = (
        (standing.household_ids, "household.home"),
        (standing.staff_of, "supply.home"),
        (standing.leader_of, "community.village"),
        (standing.team_of, "community.team"),
        (standing.is_administrator, "administration.home"),
    )
    return next((url_for(door) for theirs, door in doors if theirs), None)
