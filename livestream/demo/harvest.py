"""The demo's goods: products and grades with their floors, and each day's pledges and baskets on the scale."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import VIETNAM, Clock, FrozenClock, vietnam_date
from app.ids import new_public_id
from livestream.demo.people import Cast
from shop.floor_price import set_floor
from shop.listing import Pack, SaleUnit, create_listing, put_on_sale
from shop.models import (
    Certificate,
    Cooperative,
    HarvestLot,
    Listing,
    Measure,
    Pledge,
    Product,
    ProductGrade,
    Season,
)
from shop.pledging import pledge_harvest
from shop.weighing import CoverShortfall, weigh_in_lot

SEASON_DAYS_BEFORE = 10
SEASON_DAYS_AFTER = 12
LAST_YEAR_REVENUE_VND = 1_350_000_000
BEEKEEPERS = (1, 7)
"""Households that bring honey, by their place in the list."""
PLEDGE_SALE_PERCENT = 80


@dataclass(frozen=True, slots=True)
class Goods:
    """The demo's season and listings, by short names: one, two, box and honey."""

    season: Season
    grades: dict[str, ProductGrade]
    listings: dict[str, Listing]


def at(day: date, hour: int, minute: int = 0) -> FrozenClock:
    """Return a clock that stands at a time of day in Vietnam."""
    return FrozenClock(datetime.combine(day, time(hour, minute), VIETNAM))


def find_goods(session: Session, cooperative: Cooperative) -> Goods | None:
    """Return the demo's goods when they are there already."""
    season = session.scalar(select(Season).where(Season.cooperative_id == cooperative.id).order_by(Season.id))
    if season is None:
        return None
    found = session.execute(
        select(Product.code, ProductGrade).join(Product).where(Product.cooperative_id == cooperative.id)
    )
    grades = {
        ("honey" if product == "mat-ong" else {"1": "one", "2": "two"}[grade.code]): grade for product, grade in found
    }
    by_grade = {grade.id: name for name, grade in grades.items()}
    listings: dict[str, Listing] = {}
    for listing in session.scalars(select(Listing).where(Listing.season_id == season.id).order_by(Listing.id)):
        name = "box" if listing.unit_label == "thùng" else by_grade[listing.grade_id]
        listings.setdefault(name, listing)
    return Goods(season, grades, listings)


def stock_the_shop(session: Session, cast: Cast, *, today: date) -> Goods:
    """Open the season and put two grades of lychee, a box and a honey on sale above their floors."""
    begins = today - timedelta(days=SEASON_DAYS_BEFORE)
    clock = at(begins, 8)
    season = Season(
        cooperative_id=cast.cooperative.id,
        code=str(today.year),
        name=f"Vụ vải chín sớm {today.year}",
        starts_on=begins,
        ends_on=today + timedelta(days=SEASON_DAYS_AFTER),
        last_year_revenue_vnd=LAST_YEAR_REVENUE_VND,
    )
    lychee = Product(
        public_id=new_public_id(),
        cooperative_id=cast.cooperative.id,
        code="vai",
        name="Vải chín sớm",
        name_en="Early lychee",
        measure=Measure.WEIGHT,
        keeps_days=3,
        placeholder="lychee",
        about="Quả to, hạt nhỏ, cùi dày, ngọt đậm. Hái lúc trời còn sương, đến tay khách trong ngày hôm sau.",
        about_en="Large fruit, small stone, thick sweet flesh. Picked in the dew, with you the next day.",
    )
    honey = Product(
        public_id=new_public_id(),
        cooperative_id=cast.cooperative.id,
        code="mat-ong",
        name="Mật ong hoa vải",
        name_en="Lychee blossom honey",
        measure=Measure.COUNT,
        keeps_days=365,
        placeholder="honey",
        about="Ong lấy mật lúc vải trổ hoa, chai 700 g.",
        about_en="From the weeks when the lychees blossom; jars of 700 g.",
    )
    session.add_all([season, lychee, honey])
    session.flush()
    grades = {
        "one": ProductGrade(product_id=lychee.id, code="1", name="Loại 1", name_en="Grade 1", position=1),
        "two": ProductGrade(product_id=lychee.id, code="2", name="Loại 2", name_en="Grade 2", position=2),
        "honey": ProductGrade(product_id=honey.id, code="1", name="Nguyên chất", name_en="Pure", position=1),
    }
    session.add_all(grades.values())
    session.add_all(
        [
            Certificate(product_id=lychee.id, name="VietGAP", number="VietGAP-TT-22-07-0118",
                        issuer="Chi cục Trồng trọt Quảng Ninh", expires_on=today + timedelta(days=400)),
            Certificate(product_id=lychee.id, name="OCOP 4 sao", number="OCOP-QN-2291",
                        issuer="UBND tỉnh Quảng Ninh", expires_on=today + timedelta(days=700)),
        ]
    )  # fmt: skip
    session.flush()
    for name, floor_vnd in (("one", 32_000), ("two", 22_000), ("honey", 120_000)):
        set_floor(session, grades[name], floor_vnd, valid_from=begins, actor=cast.staff, clock=clock)
    kilogram = SaleUnit("kg", 1000, divisible=True)
    listings = {}
    for name, grade, title, title_en, unit, price_vnd, packs in (
        ("one", "one", "Vải chín sớm loại 1", "Early lychee, grade 1", kilogram, 38_000, (Pack("thùng", 10),)),
        ("two", "two", "Vải chín sớm loại 2", "Early lychee, grade 2", kilogram, 26_000, ()),
        ("box", "one", "Vải loại 1 thùng 5 kg", "Early lychee, 5 kg box", SaleUnit("thùng", 5000, divisible=False), 195_000, ()),
        ("honey", "honey", "Mật ong hoa vải 700 g", "Lychee blossom honey, 700 g",
         SaleUnit("chai", 1, divisible=False, weight_grams=900), 150_000, ()),
    ):  # fmt: skip
        listings[name] = create_listing(
            session, grades[grade], season, title=title, title_en=title_en, unit=unit, price_vnd=price_vnd, packs=packs,
            actor=cast.staff, clock=clock,
        )  # fmt: skip
        put_on_sale(session, listings[name], actor=cast.staff, clock=clock)
    return Goods(season, grades, listings)


def expected(number: int, name: str, day: date) -> int:
    """Return what a household picks of a grade on a day, in base units: uneven, and the same at every load."""
    swing = (number * 37 + day.toordinal() * 13) % 9
    if name == "honey":
        return 12 + swing if number in BEEKEEPERS else 0
    if name == "two":
        return (20 + 6 * swing) * 1000 if number % 2 else 0
    return (45 + 11 * swing) * 1000


def pledge_for(session: Session, cast: Cast, goods: Goods, day: date, *, clock: Clock) -> int:
    """Let the households say what they will pick on ``day``; return how many pledges were made. Twice is once."""
    made = 0
    statement = select(Pledge.household_id, Pledge.grade_id).where(Pledge.for_date == day)
    known = {(household_id, grade_id) for household_id, grade_id in session.execute(statement)}
    for number, household in enumerate(cast.households):
        for name in ("one", "two"):
            quantity = expected(number, name, day)
            # A few say nothing tonight, so that "who has not pledged yet" has somebody to show.
            silent = day > vietnam_date(clock()) and number % 5 == 4
            if quantity == 0 or silent or (household.id, goods.grades[name].id) in known:
                continue
            pledge_harvest(
                session, household, goods.grades[name], quantity, for_date=day, sale_percent=PLEDGE_SALE_PERCENT,
                actor=cast.member(household), clock=clock,
            )  # fmt: skip
            made += 1
    return made


def weigh_in_day(
    session: Session,
    cast: Cast,
    goods: Goods,
    day: date,
    *,
    cover_shortfall: CoverShortfall,
    clock: Clock,
    all_in: bool,
) -> int:
    """Put the day's baskets on the scale, a little off what was pledged; return how many weighings. Twice is once.

    With ``all_in`` false the last three households are still picking, so that staff have somebody to weigh in.
    """
    weighed = 0
    statement = select(HarvestLot.household_id, HarvestLot.grade_id).where(
        HarvestLot.harvested_on == day, HarvestLot.weighed_at.is_not(None)
    )
    known = {(household_id, grade_id) for household_id, grade_id in session.execute(statement)}
    comers = cast.households if all_in else cast.households[:-3]
    for number, household in enumerate(comers):
        for name in ("one", "two", "honey"):
            quantity = expected(number, name, day)
            if quantity == 0 or (household.id, goods.grades[name].id) in known:
                continue
            if name != "honey":
                quantity = quantity * (97 + (number + day.toordinal()) % 7) // 100 // 100 * 100
            weigh_in_lot(
                session, household, goods.grades[name], quantity, harvested_on=day,
                reference=f"demo:{day}:{household.code}:{name}", cover_shortfall=cover_shortfall,
                actor=cast.staff, clock=clock,
            )  # fmt: skip
            weighed += 1
    return weighed
