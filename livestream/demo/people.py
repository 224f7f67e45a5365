"""The demo's cooperative, villages, households and people.

A real cooperative is founded by an administrator and invites its people by link; here they are written in one go, with
the public demo password.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from flask_security import hash_password
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Actor
from app.accounts.models import User
from app.accounts.people import create_person, make_administrator
from app.clock import Clock
from app.demo import DEMO_PASSWORD, DEMO_SIGN_INS
from app.ids import new_public_id
from app.phones import parse_phone
from orders.models import DeliveryRate, RateCard
from shop.models import Cooperative, Household, MemberRole, Membership, Village
from shop.places import SCHEME, ward

SLUG = "phuong-nam"
WARD_CODE = "06832"
"""Phường Yên Tử, Quảng Ninh: the ward of Phương Nam's orchards since July 2025."""
VILLAGES = ("Thôn Hiệp Thanh", "Thôn Đá Bạc", "Thôn Phong Thái")
HOUSEHOLDS = (
    "Bà Mận", "Ông Tư Vải", "Chị Thắm", "Anh Quyết", "Bà Nhàn", "Ông Đoàn",
    "Chị Hường", "Anh Tuấn Ong", "Bà Lụa", "Ông Bền", "Chị Duyên", "Anh Sáng",
)  # fmt: skip
MEMBERSHIPS = {
    "Út Vườn": MemberRole.HOST,
    "Cô Lan": MemberRole.STAFF,
    "Anh Hùng": MemberRole.STAFF,
    "Bác Khải": MemberRole.VILLAGE_LEADER,
    "Em Thảo": MemberRole.COMMUNITY_TEAM,
}
ADMINISTRATOR_NAME = "Chị Vân"
DELIVERY_FEES = (
    ("22", 20_000, 20_000),
    ("01", 5_000, 30_000),
    ("01", 20_000, 55_000),
    (None, 5_000, 38_000),
    (None, 20_000, 75_000),
    (None, 60_000, 160_000),
)
"""Province (None: everywhere else), grams, đồng."""


@dataclass(frozen=True, slots=True)
class Cast:
    """The rows of the demo's people, by what they are there."""

    cooperative: Cooperative
    households: tuple[Household, ...]
    users: dict[str, User]

    def actor(self, name: str) -> Actor:
        """Return the person as use cases take them."""
        return Actor(name=name, user_id=self.users[name].id)

    @property
    def staff(self) -> Actor:
        """Cô Lan, who does the day's work."""
        return self.actor("Cô Lan")

    @property
    def second_staff(self) -> Actor:
        """Anh Hùng, the second person who approves."""
        return self.actor("Anh Hùng")

    @property
    def host(self) -> User:
        """Út Vườn, who goes live."""
        return self.users["Út Vườn"]

    def member(self, household: Household) -> Actor:
        """Return the person who pledges for a household."""
        return self.actor(household.name)


def find_cast(session: Session) -> Cast | None:
    """Return the demo's people when they are there already."""
    cooperative = session.scalar(select(Cooperative).where(Cooperative.slug == SLUG))
    if cooperative is None:
        return None
    households = session.scalars(
        select(Household).where(Household.cooperative_id == cooperative.id).order_by(Household.code)
    ).all()
    users = {user.name: user for user in session.scalars(select(User).where(User.is_demo))}
    return Cast(cooperative, tuple(households), users)


def found_cooperative(session: Session, *, today: date, clock: Clock) -> Cast:
    """Write the cooperative with its bank account, rates and delivery fees, its households, and everyone who signs in."""
    place = ward(WARD_CODE)
    assert place is not None
    where = {
        "address_scheme": SCHEME,
        "ward_code": place.code,
        "ward_name": place.name,
        "province_code": place.province_code,
        "province_name": place.province_name,
    }
    cooperative = Cooperative(
        slug=SLUG,
        name="HTX Vải chín sớm Phương Nam",
        phone=parse_phone("0203 385 4000"),
        street="Khu Hiệp Thanh",
        about="Vải chín sớm trồng theo VietGAP ở đất Phương Nam, chín trước chính vụ gần một tháng.",
        bank_bin="970436",
        bank_account="1019990000",
        bank_account_name="HTX VAI CHIN SOM PHUONG NAM",
        created_at=clock(),
        **where,
    )
    session.add(cooperative)
    session.flush()
    villages = [
        Village(cooperative_id=cooperative.id, name=name, old_local_name="Phường Phương Nam, Uông Bí", **where)
        for name in VILLAGES
    ]
    session.add_all(villages)
    session.flush()
    households = [
        Household(
            public_id=new_public_id(),
            cooperative_id=cooperative.id,
            village_id=villages[number % len(villages)].id,
            code=f"H{number + 1:02}",
            name=name,
            phone=_household_phone(number),
            growing_area_code=f"VN-QNOR-{number // 4 + 11:04}",
            created_at=clock(),
        )
        for number, name in enumerate(HOUSEHOLDS)
    ]
    session.add_all(households)
    session.add(
        RateCard(
            cooperative_id=cooperative.id,
            valid_from=today - timedelta(days=60),
            coop_bps=800,
            packing_vnd_per_kg=1_000,
            packing_vnd_per_unit=3_000,
        )
    )
    session.add_all(
        DeliveryRate(cooperative_id=cooperative.id, province_code=province, up_to_grams=grams, fee_vnd=fee)
        for province, grams, fee in DELIVERY_FEES
    )
    session.flush()
    users = _sign_everyone_up(session, cooperative, villages, households, clock=clock)
    return Cast(cooperative, tuple(households), users)


def _household_phone(number: int) -> str:
    return parse_phone(f"0900 000 1{number + 1:02}")


def _sign_everyone_up(
    session: Session,
    cooperative: Cooperative,
    villages: list[Village],
    households: list[Household],
    *,
    clock: Clock,
) -> dict[str, User]:
    users: dict[str, User] = {}
    # One slow hash serves everyone, because everyone has the same public password.
    password = hash_password(DEMO_PASSWORD)

    def add(name: str, phone: str) -> User:
        user = create_person(session, name, phone=phone, actor=SYSTEM, clock=clock)
        user.password, user.is_demo = password, True
        users[name] = user
        return user

    def join(user: User, role: MemberRole, **of: int) -> None:
        session.add(Membership(user_id=user.id, cooperative_id=cooperative.id, role=role, created_at=clock(), **of))

    for number, household in enumerate(households):
        join(add(household.name, _household_phone(number)), MemberRole.HOUSEHOLD, household_id=household.id)
    for person in DEMO_SIGN_INS:
        if person.name in users:
            continue
        user = add(person.name, person.identity)
        if person.name == ADMINISTRATOR_NAME:
            make_administrator(session, user, actor=SYSTEM, clock=clock)
            continue
        role = MEMBERSHIPS[person.name]
        of = {"village_id": villages[0].id} if role == MemberRole.VILLAGE_LEADER else {}
        join(user, role, **of)
    session.flush()
    return users
