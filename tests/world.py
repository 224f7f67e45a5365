"""A small cooperative for tests: two villages, three households, staff, a host, lychee in two grades and honey.

Rows are written straight to the tables where a use case is not what is being tested; stock goes through movements, so that
the invariants hold from the start.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.models import Buyer, User
from app.clock import Clock, vietnam_date
from app.ids import new_public_id, new_token
from orders.models import DeliveryRate, RateCard
from shop.models import (
    Cooperative,
    FloorPrice,
    HarvestLot,
    Household,
    Listing,
    ListingLot,
    ListingPack,
    Membership,
    Product,
    ProductGrade,
    Season,
    StockMovement,
    Village,
)

YEN_TU = {
    "address_scheme": "2025-07",
    "ward_code": "06832",
    "ward_name": "Phường Yên Tử",
    "province_code": "22",
    "province_name": "Tỉnh Quảng Ninh",
}


@dataclass
class World:
    """The rows of the small cooperative, by name."""

    cooperative: Cooperative
    season: Season
    villages: list[Village]
    households: list[Household]
    staff: User
    staff_two: User
    host: User
    household_users: list[User]
    lychee: Product
    honey: Product
    grade_one: ProductGrade
    grade_two: ProductGrade
    honey_grade: ProductGrade
    listing: Listing
    box_listing: Listing
    honey_listing: Listing
    lots: list[HarvestLot] = field(default_factory=list)

    def actor(self, user: User) -> Actor:
        return Actor(name=user.name, user_id=user.id)


def make_user(session: Session, name: str, *, clock: Clock, phone: str | None = None) -> User:
    user = User(
        name=name,
        email=None if phone else f"{new_public_id().lower()}@example.com",
        us_phone_number=phone,
        fs_uniquifier=new_token(),
        created_at=clock(),
    )
    session.add(user)
    session.flush()
    return user


def make_buyer(session: Session, *, clock: Clock, name: str = "Chị Hoa", phone: str = "+84912345678") -> Buyer:
    buyer = Buyer(token=new_token(), name=name, phone=phone, created_at=clock())
    session.add(buyer)
    session.flush()
    return buyer


def add_lot(
    session: Session,
    world: World,
    household: Household,
    quantity: int,
    *,
    clock: Clock,
    listing: Listing | None = None,
    best_before: date | None = None,
) -> HarvestLot:
    """Weigh a lot in and feed a listing (the kilogram listing unless told) with it."""
    listing = listing or world.listing
    today = vietnam_date(clock())
    lot = HarvestLot(
        public_id=new_public_id(),
        cooperative_id=world.cooperative.id,
        household_id=household.id,
        product_id=listing.product_id,
        grade_id=listing.grade_id,
        season_id=world.season.id,
        harvested_on=today,
        best_before=best_before or today + timedelta(days=3),
        state="weighed",
        qty_total=quantity,
        created_at=clock(),
        weighed_at=clock(),
    )
    session.add(lot)
    session.flush()
    session.add_all(
        [
            StockMovement(lot_id=lot.id, kind="weigh_in", reference=f"test:{lot.id}", delta_total=quantity, at=clock()),
            ListingLot(listing_id=listing.id, lot_id=lot.id),
        ]
    )
    session.flush()
    world.lots.append(lot)
    return lot


def make_world(session: Session, *, clock: Clock, lots_kg: tuple[int, ...] = (100, 50)) -> World:
    """Build the cooperative; ``lots_kg`` gives the first households one lot each of grade one, in kilograms."""
    now, today = clock(), vietnam_date(clock())
    cooperative = Cooperative(
        slug="htx-thu", name="HTX Thử", bank_bin="970436", bank_account="1012345678", bank_account_name="HTX THU",
        phone="+84203385123", created_at=now, **YEN_TU,
    )  # fmt: skip
    session.add(cooperative)
    session.flush()
    villages = [
        Village(cooperative_id=cooperative.id, name=name, **YEN_TU) for name in ("Thôn Đá Bạc", "Thôn Hiệp Thanh")
    ]
    season = Season(
        cooperative_id=cooperative.id, code="2026", name="Vụ vải chín sớm 2026",
        starts_on=today - timedelta(days=5), ends_on=today + timedelta(days=15), last_year_revenue_vnd=1_000_000,
    )  # fmt: skip
    session.add_all([*villages, season])
    session.flush()
    households = [
        Household(
            public_id=new_public_id(), cooperative_id=cooperative.id, village_id=villages[i % 2].id, code=f"H{i + 1:02}",
            name=name, phone=f"+8491200000{i}", created_at=now,
        )
        for i, name in enumerate(("Bà Mận", "Ông Tư", "Chị Thắm"))
    ]  # fmt: skip
    lychee = Product(
        public_id=new_public_id(), cooperative_id=cooperative.id, code="vai", name="Vải chín sớm", name_en="Early lychee",
        measure="weight", keeps_days=3, placeholder="lychee",
    )  # fmt: skip
    honey = Product(
        public_id=new_public_id(), cooperative_id=cooperative.id, code="mat-ong", name="Mật ong hoa vải",
        name_en="Lychee honey", measure="count", keeps_days=365, placeholder="honey",
    )  # fmt: skip
    session.add_all([*households, lychee, honey])
    session.flush()
    grade_one = ProductGrade(product_id=lychee.id, code="1", name="Loại 1", position=1)
    grade_two = ProductGrade(product_id=lychee.id, code="2", name="Loại 2", position=2)
    honey_grade = ProductGrade(product_id=honey.id, code="1", name="Nguyên chất", position=1)
    session.add_all([grade_one, grade_two, honey_grade])
    session.flush()
    common = {"cooperative_id": cooperative.id, "season_id": season.id, "state": "on_sale", "created_at": now}
    listing = Listing(
        public_id=new_public_id(), product_id=lychee.id, grade_id=grade_one.id, title="Vải chín sớm loại 1",
        unit_label="kg", unit_quantity=1000, divisible=True, weight_grams=1000, price_vnd=38_000, **common,
    )  # fmt: skip
    box_listing = Listing(
        public_id=new_public_id(), product_id=lychee.id, grade_id=grade_one.id, title="Vải U hồng thùng 5kg",
        unit_label="thùng", unit_quantity=5000, divisible=False, weight_grams=5000, price_vnd=200_000, **common,
    )  # fmt: skip
    honey_listing = Listing(
        public_id=new_public_id(), product_id=honey.id, grade_id=honey_grade.id, title="Mật ong hoa vải",
        unit_label="chai", unit_quantity=1, divisible=False, weight_grams=None, price_vnd=150_000, **common,
    )  # fmt: skip
    session.add_all([listing, box_listing, honey_listing])
    session.flush()
    session.add_all(
        [
            ListingPack(listing_id=listing.id, label="thùng", units=10),
            FloorPrice(grade_id=grade_one.id, valid_from=today - timedelta(days=10), price_vnd=30_000),
            RateCard(cooperative_id=cooperative.id, valid_from=today - timedelta(days=30), coop_bps=800),
            DeliveryRate(cooperative_id=cooperative.id, province_code="22", up_to_grams=20_000, fee_vnd=20_000),
            DeliveryRate(cooperative_id=cooperative.id, province_code=None, up_to_grams=5_000, fee_vnd=35_000),
            DeliveryRate(cooperative_id=cooperative.id, province_code=None, up_to_grams=30_000, fee_vnd=60_000),
        ]
    )
    people = {
        "staff": make_user(session, "Cô Lan", clock=clock),
        "staff_two": make_user(session, "Anh Hùng", clock=clock),
        "host": make_user(session, "Út Vườn", clock=clock),
    }
    household_users = [make_user(session, h.name, clock=clock, phone=h.phone) for h in households]
    roles = [("staff", people["staff"], None), ("staff", people["staff_two"], None), ("host", people["host"], None)]
    roles += [("household", user, home.id) for user, home in zip(household_users, households, strict=True)]
    for role, user, household_id in roles:
        session.add(
            Membership(
                user_id=user.id, cooperative_id=cooperative.id, role=role, household_id=household_id, created_at=now
            )
        )
    session.flush()
    world = World(
        cooperative=cooperative, season=season, villages=villages, households=households, household_users=household_users,
        lychee=lychee, honey=honey, grade_one=grade_one, grade_two=grade_two, honey_grade=honey_grade,
        listing=listing, box_listing=box_listing, honey_listing=honey_listing, **people,
    )  # fmt: skip
    for household, kilograms in zip(households, lots_kg, strict=False):
        add_lot(session, world, household, kilograms * 1000, clock=clock)
    return world
