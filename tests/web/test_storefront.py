"""What anyone may look at: the market, a listing with its origin, a lot; and what nobody may."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from app.clock import system_clock, vietnam_date
from app.db import write_transaction
from shop.models import Certificate, HarvestLot, Listing, ListingLot, Product, Village
from shop.pledging import pledge_harvest
from shop.stock import LotChange, move_stock
from tests.clients import Browser
from tests.web.conftest import MAX_QUERIES
from tests.world import World

stock_without_orders = pytest.mark.breaks_invariants
"""The shop is tested alone: stock is held here for orders that are not there."""


@pytest.fixture
def world(world: World) -> World:
    """The small cooperative, its boxes filled from the same lots as its kilograms."""
    with write_transaction() as session:
        session.add_all(ListingLot(listing_id=world.box_listing.id, lot_id=lot.id) for lot in world.lots)
    return world


def test_the_market_shows_price_per_kilogram_and_true_stock(client: Browser, world: World) -> None:
    page = client.get("/").text
    assert "Vải chín sớm loại 1" in page
    assert "38.000\u00a0₫" in page
    assert "150\u00a0kg" in page
    assert "40.000\u00a0₫/kg" in page, "the box shows its price per kilogram"
    assert "30\u00a0thùng" in page
    assert "Của 2 hộ" in page


@stock_without_orders
def test_held_stock_is_not_offered_and_broken_packs_are_not_counted(client: Browser, world: World) -> None:
    with write_transaction() as session:
        change = LotChange(world.lots[0].id, "hold", "order:1", delta_held=98_500)
        move_stock(session, [change], actor=world.actor(world.staff), clock=system_clock)
    page = client.get("/").text
    assert "51,5\u00a0kg" in page
    assert "10\u00a0thùng" in page, "1,5 kg of one household and 50 kg of another make ten boxes of 5 kg"


def test_tomorrows_pledge_is_offered_and_named_so(client: Browser, world: World) -> None:
    with write_transaction() as session:
        pledge_harvest(
            session, world.households[2], world.grade_one, 100_000,
            for_date=vietnam_date(system_clock()) + timedelta(days=1), sale_percent=80,
            actor=world.actor(world.staff), clock=system_clock,
        )  # fmt: skip
    page = client.get(f"/mat-hang/{world.listing.public_id}").text
    assert "230\u00a0kg" in page
    assert "80\u00a0kg" in page
    assert "Chị Thắm" in page


def test_what_is_past_its_best_is_not_offered(client: Browser, world: World) -> None:
    with write_transaction() as session:
        for lot in world.lots:
            session.get_one(HarvestLot, lot.id).best_before = vietnam_date(system_clock()) - timedelta(days=1)
    assert "Vừa hết hàng" in client.get("/").text


def test_a_listing_tells_whose_harvest_it_is(client: Browser, world: World) -> None:
    with write_transaction() as session:
        session.get_one(Village, world.villages[0].id).old_local_name = "Phương Nam"
        day = vietnam_date(system_clock())
        session.add_all(
            [
                Certificate(product_id=world.lychee.id, name="VietGAP", number="VG-1", issuer="Chi cục", expires_on=day),
                Certificate(
                    product_id=world.lychee.id, name="OCOP cũ", number="O-1", issuer="Tỉnh",
                    expires_on=day - timedelta(days=1),
                ),
            ]
        )  # fmt: skip
    page = client.get(f"/mat-hang/{world.listing.public_id}").text
    for words in ("Bà Mận", "Ông Tư", "Thôn Đá Bạc", "Phương Nam", "VietGAP", f"/lo/{world.lots[0].public_id}"):
        assert words in page
    assert "OCOP cũ" not in page


def test_a_lot_tells_its_orchard(client: Browser, world: World) -> None:
    page = client.get(f"/lo/{world.lots[0].public_id}").text
    for words in ("Bà Mận", "Thôn Đá Bạc", "Phường Yên Tử", "Vụ vải chín sớm 2026", world.lots[0].public_id):
        assert words in page


def test_drafts_and_made_up_addresses_are_not_found(client: Browser, world: World) -> None:
    with write_transaction() as session:
        session.get_one(Listing, world.listing.id).state = "draft"
        session.get_one(Listing, world.box_listing.id).state = "draft"
    for path in (
        f"/mat-hang/{world.listing.public_id}",
        f"/lo/{world.lots[0].public_id}",
        "/mat-hang/NOPE",
        "/lo/' OR 1=1 --",
        "/anh/nope",
        "/anh/..%2f..%2fetc%2fpasswd",
    ):
        assert client.get(path).status_code == 404, path


def test_a_closed_listing_can_still_be_read_but_not_ordered(client: Browser, world: World) -> None:
    with write_transaction() as session:
        session.get_one(Listing, world.listing.id).state = "closed"
    page = client.get(f"/mat-hang/{world.listing.public_id}").text
    assert "đã ngừng bán" in page
    assert "Thêm vào giỏ" not in page
    assert "Vải chín sớm loại 1" not in client.get("/").text


def test_html_in_names_is_text(client: Browser, world: World) -> None:
    with write_transaction() as session:
        session.get_one(Listing, world.listing.id).title = "<script>alert(1)</script>"
        session.get_one(Product, world.lychee.id).about = "<img src=x onerror=alert(1)>"
    for path in ("/", f"/mat-hang/{world.listing.public_id}", f"/lo/{world.lots[0].public_id}"):
        page = client.get(path).text
        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page


def test_english_visitors_read_english_names(client: Browser, world: World) -> None:
    with write_transaction() as session:
        session.get_one(Listing, world.listing.id).title_en = "Early lychee, grade 1"
    client.post("/ngon-ngu", data={"language": "en"})
    assert "Early lychee, grade 1" in client.get("/").text


@pytest.mark.parametrize("path", ["/", "/mat-hang/{listing}", "/lo/{lot}"])
def test_pages_ask_little_of_the_database(client: Browser, world: World, count_queries, path: str) -> None:
    with count_queries() as count:
        response = client.get(path.format(listing=world.listing.public_id, lot=world.lots[0].public_id))
    assert response.status_code == 200
    assert 0 < int(count) <= MAX_QUERIES, count.statements


def test_the_browser_sends_whatever_amount_the_buyer_wrote(client: Browser, world: World) -> None:
    """The browser's own validation would refuse 1 kg between 0.1 and 0.6 with no word of ours; the server answers."""
    for listing, divisible in ((world.listing, True), (world.box_listing, False)):
        page = client.get(f"/mat-hang/{listing.public_id}").text
        form = re.search(r'<form[^>]*action="/gio-hang/them"[^>]*>.*?</form>', page, re.DOTALL)[0]
        assert " novalidate" in form.split(">")[0]
        field = re.search(r'<input[^>]*name="quantity"[^>]*>', form)[0]
        value, minimum, step = (
            Decimal(re.search(rf'\b{name}="([^"]+)"', field)[1]) for name in ("value", "min", "step")
        )
        assert (minimum, step) == ((Decimal("0.5"), Decimal("0.5")) if divisible else (1, 1))
        assert (value - minimum) % step == 0, "the steps lead through the amount that is offered first"
