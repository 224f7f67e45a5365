"""What anyone may look at: what is in season, a listing with its origin, a lot's orchard, and pictures."""

from flask import Blueprint, Response, current_app, render_template, send_file

from app.accounts.current import current_actor
from app.demo import DEMO_SIGN_INS
from app.errors import NotFound
from shop import access
from shop.photos import photo_path
from shop.queries import in_season, item_page, lot_page
from shop.views.common import reading, sections, settings, today

blueprint = Blueprint("storefront", __name__)


@blueprint.get("/")
def home() -> str:
    """Show what is in season, and what the other rooms have to say: sessions live and coming."""
    return render_template(
        "shop/home.html",
        items=in_season(reading(), today()),
        sections=sections("chophien_home_sections"),
        demo_sign_ins=DEMO_SIGN_INS if settings().demo else (),
    )


@blueprint.get("/mat-hang/<public_id>")
def listing(public_id: str) -> str:
    """Show one listing: price, what is left, and whose harvest it is."""
    session = reading()
    page = item_page(session, access.public_listing(session, public_id), today())
    return render_template(
        "shop/listing.html", page=page, item=page.item, can_order="cart.add_to_cart" in current_app.view_functions
    )


@blueprint.get("/lo/<public_id>")
def lot(public_id: str) -> str:
    """Show whose orchard a lot came from; the address printed on its box."""
    session = reading()
    return render_template("shop/lot.html", lot=lot_page(session, access.public_lot(session, public_id), today()))


@blueprint.get("/anh/<public_id>")
def photo(public_id: str) -> Response:
    """Send a picture to whoever may see it."""
    return _send(public_id, thumb=False)


@blueprint.get("/anh/<public_id>/nho")
def thumb(public_id: str) -> Response:
    """Send a picture's 4:3 thumbnail."""
    return _send(public_id, thumb=True)


def _send(public_id: str, *, thumb: bool) -> Response:
    found = access.photo_for(reading(), current_actor(), public_id)
    path = photo_path(settings().media_root, found.public_id, thumb=thumb)
    if not path.is_file():
        raise NotFound("Không tìm thấy ảnh này.")
    response = send_file(path.resolve(), mimetype="image/webp", max_age=0)
    # A picture never changes under its name, so a public one may be kept for good; a private one by its viewer only.
    response.headers["Cache-Control"] = f"{'public' if found.is_public else 'private'}, max-age=31536000, immutable"
    return response
