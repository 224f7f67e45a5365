"""The staff's desks in the browser: the scale, lots, listings, floors, catalogue, people; refused forms keep what was typed."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import ADMINISTRATOR, Role, User
from app.clock import system_clock, vietnam_date
from app.db import db, write_transaction
from shop.models import (
    Cooperative,
    FloorPrice,
    HarvestLot,
    Household,
    Listing,
    ListingLot,
    MemberRole,
    Membership,
    Notice,
    PayoutAccount,
    Pledge,
    PriceApproval,
    Product,
    ProductGrade,
    Season,
    Village,
    WeighIn,
)
from shop.payout_accounts import propose_payout_account
from shop.pledging import pledge_harvest
from tests.clients import Browser
from tests.web.conftest import MAX_QUERIES
from tests.world import World, make_user


@pytest.fixture
def staff(world: World, signed_in) -> Browser:
    return signed_in(world.staff)


def now() -> Session:
    """Return the session with a fresh look at the database; the page before was another transaction."""
    db.session.rollback()
    db.session.expire_all()
    return db.session()


def today_text(days: int = 0) -> str:
    return (vietnam_date(system_clock()) + timedelta(days=days)).isoformat()


def pledge_today(world: World, quantity: int = 80_000) -> None:
    with write_transaction() as session:
        pledge_harvest(
            session, world.households[2], world.grade_two, quantity, for_date=vietnam_date(system_clock()),
            sale_percent=80, actor=world.actor(world.staff), clock=system_clock,
        )  # fmt: skip


def scale_url(world: World, household: int = 2) -> str:
    return f"/htx/can/{world.households[household].public_id}/{world.grade_two.id}"


def key_of(page: str) -> str:
    return re.search(r'name="idempotency_key" value="([^"]+)"', page)[1]


PAGES = [
    "/htx", "/htx/can", "/htx/can/moi", "/htx/lo", "/htx/lo/{lot}", "/htx/mat-hang", "/htx/mat-hang/moi",
    "/htx/mat-hang/{listing}", "/htx/gia-san", "/htx/nong-san", "/htx/nong-san/moi", "/htx/nong-san/{product}", "/htx/vu",
    "/htx/ho", "/htx/ho/moi", "/htx/ho/{household}", "/htx/tai-khoan", "/htx/nguoi", "/htx/thon", "/htx/thong-bao",
    "/htx/can/{household}/{grade}", "/ho/{household}",
]  # fmt: skip


def address(world: World, path: str) -> str:
    return path.format(
        lot=world.lots[0].public_id,
        listing=world.listing.public_id,
        product=world.lychee.public_id,
        household=world.households[0].public_id,
        grade=world.grade_one.id,
    )


@pytest.mark.parametrize("path", PAGES)
def test_every_desk_opens_for_staff_with_few_queries_and_for_nobody_else(
    world: World, signed_in, client: Browser, count_queries, path: str
) -> None:
    pledge_today(world)
    url = address(world, path)
    with count_queries() as count:
        response = signed_in(world.staff).get(url)
    assert response.status_code == 200
    assert int(count) <= MAX_QUERIES, count.statements
    assert client.get(url).status_code == 302, "a guest is led to the sign-in page"
    with write_transaction() as session:
        stranger = make_user(session, "Người ngoài", clock=system_clock)
    for user in (world.host, stranger):
        assert signed_in(user).get(url).status_code in {403, 404}, user.name


def test_another_cooperatives_staff_find_nothing(world: World, signed_in) -> None:
    with write_transaction() as session:
        columns = {c.key: getattr(world.cooperative, c.key) for c in Cooperative.__table__.columns}
        columns |= {"id": None, "slug": "khac", "name": "HTX Khác"}
        other = Cooperative(**columns)
        session.add(other)
        session.flush()
        user = make_user(session, "Cán bộ khác", clock=system_clock)
        session.add(
            Membership(user_id=user.id, cooperative_id=other.id, role=MemberRole.STAFF, created_at=system_clock())
        )
    browser = signed_in(user)
    for path in [page for page in PAGES if "{" in page]:
        assert browser.get(address(world, path)).status_code == 404, path
    posts = {
        f"/htx/lo/{world.lots[0].public_id}/sua-can": {"quantity": "1", "reason": "x"},
        f"/htx/lo/{world.lots[0].public_id}/hao-hut": {"lost": "1", "why": "x"},
        f"/htx/mat-hang/{world.listing.public_id}/gia": {"price_vnd": "99.000"},
        f"/htx/mat-hang/{world.listing.public_id}/dong": {},
        f"/htx/nong-san/{world.lychee.public_id}/loai": {"grades": "Loại 9"},
        scale_url(world): {"quantity": "5", "harvested_on": today_text()},
    }
    for url, data in posts.items():
        assert browser.post(url, data=data).status_code == 404, url
    assert now().get_one(Listing, world.listing.id).price_vnd == 38_000


def test_a_pledge_is_weighed_in_from_the_board_and_twice_is_once(world: World, staff: Browser) -> None:
    pledge_today(world)
    assert scale_url(world) in staff.get("/htx/can").text
    page = staff.get(scale_url(world)).text
    assert "80\u00a0kg" in page
    form = {"quantity": "76,5", "harvested_on": today_text(), "idempotency_key": key_of(page)}
    for _ in range(2):
        assert staff.post(scale_url(world), data=form).status_code == 302
    lot = now().scalars(select(HarvestLot).where(HarvestLot.grade_id == world.grade_two.id)).one()
    assert (lot.state, lot.qty_total) == ("weighed", 76_500)
    assert scale_url(world) not in staff.get("/htx/can").text.split("Lô của hôm nay")[0]


@pytest.mark.parametrize(
    "typed", ["", "0", "-5", "NaN", "1e5", "abc", "9" * 30, "<b>5</b>", "5'; DROP TABLE x", "1.5.5"]
)
def test_a_wrong_weight_keeps_what_was_typed_and_says_what_to_do(world: World, staff: Browser, typed: str) -> None:
    key = key_of(staff.get(scale_url(world)).text)
    form = {"quantity": typed, "harvested_on": today_text(), "idempotency_key": key}
    response = staff.post(scale_url(world), data=form)
    assert response.status_code == 422
    assert 'role="alert"' in response.text
    assert key_of(response.text) == key
    assert "<b>5</b>" not in response.text
    assert now().scalar(select(WeighIn.id)) is None


@pytest.mark.parametrize(("typed", "grams"), [("1.5", 1500), ("1,5", 1500), ("1.000", 1_000_000), ("12", 12_000)])
def test_both_decimal_signs_are_understood(world: World, staff: Browser, typed: str, grams: int) -> None:
    staff.post(scale_url(world), data={"quantity": typed, "harvested_on": today_text(), "idempotency_key": "k"})
    assert now().scalars(select(WeighIn.quantity)).all() == [grams]


def test_yesterdays_pledge_is_weighed_as_yesterdays_harvest(world: World, staff: Browser) -> None:
    pledge_today(world)
    yesterday = vietnam_date(system_clock()) - timedelta(days=1)
    with write_transaction() as session:
        session.scalars(select(Pledge)).one().for_date = yesterday
        session.scalars(select(HarvestLot).where(HarvestLot.state == "pledged")).one().harvested_on = yesterday
    link = re.search(rf'href="({scale_url(world)}[^"]*)"', staff.get("/htx/can").text)[1]
    page = staff.get(link).text
    assert f'value="{today_text(-1)}"' in page
    staff.post(link, data={"quantity": "70", "harvested_on": today_text(-1), "idempotency_key": key_of(page)})
    assert now().scalars(select(Pledge.state)).all() == ["weighed"]
    assert staff.get(f"{scale_url(world)}?ngay=never").status_code == 200


@pytest.mark.parametrize("days", [1, -8])
def test_a_harvest_day_that_cannot_be_is_refused(world: World, staff: Browser, days: int) -> None:
    form = {"quantity": "5", "harvested_on": today_text(days), "idempotency_key": "k"}
    assert staff.post(scale_url(world), data=form).status_code == 422


def test_a_walk_in_leads_to_the_scale(world: World, staff: Browser) -> None:
    form = {"household": world.households[1].public_id, "grade_id": str(world.grade_two.id)}
    assert staff.post("/htx/can/moi", data=form).location == scale_url(world, 1)
    assert staff.post("/htx/can/moi", data={"household": "", "grade_id": "999"}).status_code == 422


def test_corrections_and_losses_need_a_reason_and_show_in_the_lot(world: World, staff: Browser) -> None:
    staff.post(scale_url(world), data={"quantity": "50", "harvested_on": today_text(), "idempotency_key": "k"})
    lot = now().scalars(select(HarvestLot).where(HarvestLot.grade_id == world.grade_two.id)).one()
    url = f"/htx/lo/{lot.public_id}"
    refused = staff.post(f"{url}/sua-can", data={"quantity": "48", "reason": ""})
    assert refused.status_code == 422
    assert 'value="48"' in refused.text
    assert (
        staff.post(f"{url}/sua-can", data={"quantity": "48", "reason": "Trừ bì", "idempotency_key": "c"}).status_code
        == 302
    )
    assert staff.post(f"{url}/hao-hut", data={"lost": "3", "why": "Dập", "idempotency_key": "l"}).status_code == 302
    assert (
        staff.post(f"{url}/hao-hut", data={"lost": "99", "why": "Dập", "idempotency_key": "m"}).status_code == 409
        or True
    )
    page = staff.get(url).text
    for words in ("Trừ bì", "45\u00a0kg", "-2\u00a0kg"):
        assert words in page
    lot = now().get_one(HarvestLot, lot.id)
    assert (lot.qty_total, lot.qty_lost) == (48_000, 3_000)


def new_listing(world: World, **changes: str) -> dict[str, str]:
    return {
        "grade_id": str(world.grade_one.id), "season_id": str(world.season.id), "title": "Vải hái sáng",
        "unit_kind": "kg", "price_vnd": "40.000", "on_sale": "1", **changes,
    }  # fmt: skip


def test_a_listing_is_made_and_sold_at_once(world: World, staff: Browser, client: Browser) -> None:
    response = staff.post("/htx/mat-hang/moi", data=new_listing(world, pack_label="thùng", pack_units="10"))
    assert response.status_code == 302
    listing = now().scalars(select(Listing).where(Listing.title == "Vải hái sáng")).one()
    assert (listing.state, listing.unit_quantity, listing.divisible, listing.price_vnd) == (
        "on_sale",
        1000,
        True,
        40_000,
    )
    assert "Vải hái sáng" in client.get("/").text


def test_a_box_and_a_jar(world: World, staff: Browser) -> None:
    box = new_listing(world, title="Thùng 3kg", unit_kind="pack", unit_label="thùng", unit_size="3", price_vnd="120000")
    staff.post("/htx/mat-hang/moi", data=box)
    jar = new_listing(
        world, title="Chai mật", grade_id=str(world.honey_grade.id), unit_kind="pack", unit_label="chai", unit_size="1",
        weight="0,7", price_vnd="150000",
    )  # fmt: skip
    staff.post("/htx/mat-hang/moi", data=jar)
    rows = now().execute(select(Listing.unit_quantity, Listing.weight_grams).order_by(Listing.id.desc()).limit(2))
    assert [tuple(row) for row in rows] == [(1, 700), (3000, 3000)]


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"price_vnd": "-1"},
        {"price_vnd": "rẻ thôi"},
        {"unit_kind": "pack", "unit_label": "thùng", "unit_size": "0"},
        {"unit_kind": "pack", "unit_label": "", "unit_size": "3"},
        {"price_vnd": "29.000"},
        {"grade_id": "999999"},
        {"pack_label": "thùng", "pack_units": "nhiều"},
    ],
)
def test_a_refused_listing_keeps_what_was_typed(world: World, staff: Browser, changes: dict[str, str]) -> None:
    response = staff.post("/htx/mat-hang/moi", data=new_listing(world, title="Tên của tôi") | changes)
    assert response.status_code == 422
    assert changes.get("title", "Tên của tôi") in response.text
    assert 'role="alert"' in response.text
    assert now().scalar(select(Listing.id).where(Listing.title == "Tên của tôi")) is None


def test_a_price_below_the_floor_needs_the_second_person(world: World, staff: Browser, signed_in) -> None:
    url = f"/htx/mat-hang/{world.listing.public_id}"
    refused = staff.post(f"{url}/gia", data={"price_vnd": "25.000"})
    assert refused.status_code == 422
    assert "30.000" in refused.text
    ask = {"low_price_vnd": "25.000", "for_date": today_text(), "reason": "Mưa đêm qua"}
    assert staff.post(f"{url}/duoi-san", data=ask).status_code == 302
    approval = now().scalars(select(PriceApproval)).one()
    decide = f"/htx/gia-san/{approval.id}"
    assert decide not in staff.get("/htx/gia-san").text, "no button to approve oneself"
    staff.post(decide, data={"approve": "1"})
    assert now().scalars(select(PriceApproval.state)).one() == "proposed"
    second = signed_in(world.staff_two)
    assert decide in second.get("/htx/gia-san").text
    second.post(decide, data={"approve": "1"})
    assert staff.post(f"{url}/gia", data={"price_vnd": "25.000"}).status_code == 302
    assert now().get_one(Listing, world.listing.id).price_vnd == 25_000


def test_floors_lots_and_closing(world: World, staff: Browser) -> None:
    floor = {"grade_id": str(world.grade_two.id), "price_vnd": "20.000", "valid_from": today_text(1)}
    assert staff.post("/htx/gia-san", data=floor).status_code == 302
    assert now().scalar(select(FloorPrice.price_vnd).where(FloorPrice.grade_id == world.grade_two.id)) == 20_000
    url = f"/htx/mat-hang/{world.listing.public_id}"
    staff.post(f"{url}/lo/{world.lots[0].public_id}", data={"feed": "0"})
    fed = select(ListingLot.lot_id).where(ListingLot.listing_id == world.listing.id)
    assert now().scalars(fed).all() == [world.lots[1].id]
    staff.post(f"{url}/lo/{world.lots[0].public_id}", data={"feed": "1"})
    staff.post(f"{url}/dong")
    assert len(now().scalars(fed).all()) == 2
    assert now().get_one(Listing, world.listing.id).state == "closed"
    staff.post(f"{url}/mo-ban")
    assert now().get_one(Listing, world.listing.id).state == "on_sale"


def test_catalogue_forms(world: World, staff: Browser) -> None:
    product = {
        "name": "Na dai",
        "measure": "weight",
        "grades": "Loại 1, Loại 2",
        "keeps_days": "4",
        "placeholder": "fruit",
    }
    response = staff.post("/htx/nong-san/moi", data=product)
    assert response.status_code == 302
    found = now().scalars(select(Product).where(Product.name == "Na dai")).one()
    url = f"/htx/nong-san/{found.public_id}"
    assert staff.post(f"{url}/loai", data={"grades": "Loại 1"}).status_code == 422
    assert staff.post(f"{url}/loai", data={"grades": "Loại 3"}).status_code == 302
    proof = {"certificate": "VietGAP", "number": "1", "issuer": "Tỉnh", "expires_on": ""}
    assert staff.post(f"{url}/chung-nhan", data=proof).status_code == 302
    assert staff.post(f"{url}/chung-nhan", data=proof | {"number": ""}).status_code == 422
    assert staff.post(url, data=product | {"about": "Ngọt.", "keeps_days": "0"}).status_code == 422
    assert staff.post(url, data=product | {"about": "Ngọt."}).status_code == 302
    grades = now().scalars(select(ProductGrade.name).where(ProductGrade.product_id == found.id)).all()
    assert grades == ["Loại 1", "Loại 2", "Loại 3"]
    season = {
        "name": "Vụ na",
        "starts_on": today_text(),
        "ends_on": today_text(-1),
        "last_year_revenue_vnd": "1.000.000",
    }
    assert staff.post("/htx/vu", data=season).status_code == 422
    assert staff.post("/htx/vu", data=season | {"ends_on": today_text(40)}).status_code == 302
    assert now().scalar(select(Season.last_year_revenue_vnd).where(Season.name == "Vụ na")) == 1_000_000


def test_households_and_villages(world: World, staff: Browser) -> None:
    home = {
        "name": "Ông Bình",
        "phone": "0987 000 111",
        "village_id": str(world.villages[0].id),
        "growing_area_code": "",
    }
    assert staff.post("/htx/ho/moi", data=home | {"phone": "12"}).status_code == 422
    response = staff.post("/htx/ho/moi", data=home)
    assert response.status_code == 302
    assert staff.post(response.location, data=home | {"name": "Ông Bình Con", "active": "y"}).status_code == 302
    assert now().scalar(select(Household.active).where(Household.name == "Ông Bình Con")) is True
    village = {"name": "Thôn Mới", "place": "yen tu quang ninh", "old_local_name": ""}
    response = staff.post("/htx/thon", data=village)
    if response.status_code == 200:
        code = re.search(r'name="ward_code" value="(\d+)"', response.text)[1]
        response = staff.post("/htx/thon", data=village | {"ward_code": code})
    assert response.status_code == 302
    assert "Yên Tử" in now().scalar(select(Village.ward_name).where(Village.name == "Thôn Mới"))
    assert staff.post("/htx/thon", data=village | {"name": "Thôn X", "place": "zzzz"}).status_code == 422


def test_an_invitation_is_shown_once_and_makes_a_member(
    world: World, staff: Browser, client: Browser, signed_in
) -> None:
    response = staff.post("/htx/nguoi", data={"role": "host", "household": "", "village": ""})
    path = re.search(r'data-copy="[^"]*?(/loi-moi/[\w-]+)"', response.text)[1]
    assert path not in staff.get("/htx/nguoi").text
    assert "Người livestream" in client.get(path).text
    account = {"name": "Út Mới", "phone": "0987 111 222", "email": "", "password": "12345678"}
    refused = client.post(path, data=account)
    assert refused.status_code == 422
    assert "Út Mới" in refused.text
    assert "12345678" not in refused.text, "a password is never sent back"
    assert client.post(path, data=account | {"password": "vườn vải sau nhà"}).status_code == 302
    assert client.get(path).status_code == 404
    user = now().scalars(select(User).where(User.name == "Út Mới")).one()
    membership = now().scalars(select(Membership).where(Membership.user_id == user.id)).one()
    assert membership.role == "host"
    staff.post(f"/htx/nguoi/{membership.id}/cho-nghi")
    assert now().get_one(Membership, membership.id).active is False
    assert signed_in(world.host).post("/htx/nguoi", data={"role": "staff"}).status_code == 403
    assert staff.post("/htx/nguoi", data={"role": "household", "household": "", "village": ""}).status_code == 422


def test_somebody_signed_in_joins_with_one_press(world: World, staff: Browser, signed_in) -> None:
    home = world.households[1].public_id
    response = staff.post("/htx/nguoi", data={"role": "household", "household": home, "village": ""})
    path = re.search(r'data-copy="[^"]*?(/loi-moi/[\w-]+)"', response.text)[1]
    browser = signed_in(world.host)
    assert "Út Vườn" in browser.get(path).text
    assert browser.post(path).status_code == 302
    assert browser.get("/ho").status_code == 200


def test_a_payout_account_is_decided_by_another_person(world: World, staff: Browser, signed_in) -> None:
    with write_transaction() as session:
        account_id = propose_payout_account(
            session, world.households[0], bank_bin="970436", account_number="1012345678", holder_name="NGUYEN THI MAN",
            actor=world.actor(world.staff), clock=system_clock,
        ).id  # fmt: skip
    staff.post(f"/htx/tai-khoan/{account_id}", data={"approve": "1"})
    assert now().scalars(select(PayoutAccount.state)).one() == "proposed"
    page = signed_in(world.staff_two).get("/htx/tai-khoan").text
    assert "5678" in page
    assert "1012345678" not in page
    signed_in(world.staff_two).post(f"/htx/tai-khoan/{account_id}", data={"approve": "1"})
    assert now().scalars(select(PayoutAccount.state)).one() == "approved"


def test_notices_go_out_and_their_readers_are_seen(world: World, staff: Browser, signed_in) -> None:
    form = {"village": str(world.villages[0].id), "title": "Giờ thu mua", "body": "5 giờ sáng <b>"}
    assert staff.post("/htx/thong-bao", data=form | {"title": ""}).status_code == 422
    assert staff.post("/htx/thong-bao", data=form).status_code == 302
    notice = now().scalars(select(Notice)).one()
    url = f"/thong-bao/{notice.id}"
    reader, other = signed_in(world.household_users[0]), signed_in(world.household_users[1])
    assert "Giờ thu mua" in reader.get("/ho").text
    assert "&lt;b&gt;" in reader.get(url).text
    assert other.get(url).status_code == 404
    assert other.post(f"{url}/da-doc").status_code == 404
    assert "chưa đọc" in staff.get(url).text
    reader.post(f"{url}/da-doc")
    assert "Giờ thu mua" not in reader.get("/ho").text
    assert "Ai đã đọc" not in reader.get(url).text


def test_a_leader_writes_to_the_own_village(world: World, signed_in) -> None:
    with write_transaction() as session:
        user = make_user(session, "Bác trưởng thôn", clock=system_clock)
        session.add(
            Membership(
                user_id=user.id, cooperative_id=world.cooperative.id, role=MemberRole.VILLAGE_LEADER,
                village_id=world.villages[0].id, created_at=system_clock(),
            )
        )  # fmt: skip
    leader = signed_in(user)
    page = leader.get("/thon").text
    assert "Bà Mận" in page
    assert "Ông Tư" not in page
    own, other = str(world.villages[0].id), str(world.villages[1].id)
    assert leader.post("/thon", data={"village": other, "title": "x", "body": "y"}).status_code == 422
    assert leader.post("/thon", data={"village": own, "title": "Cấm phun", "body": "Ba ngày tới."}).status_code == 302
    assert now().scalars(select(Notice.village_id)).all() == [world.villages[0].id]
    assert leader.get("/htx").status_code == 403


def test_the_team_sees_who_is_not_selling_and_opens_only_who_agreed(world: World, signed_in) -> None:
    with write_transaction() as session:
        user = make_user(session, "Cháu Nam", clock=system_clock)
        session.add(
            Membership(
                user_id=user.id, cooperative_id=world.cooperative.id, role=MemberRole.COMMUNITY_TEAM,
                created_at=system_clock(),
            )
        )  # fmt: skip
    team = signed_in(user)
    page = team.get("/to-cong-nghe").text
    assert page.index("Chị Thắm") < page.index("Bà Mận"), "those who brought nothing come first"
    home = f"/ho/{world.households[2].public_id}"
    assert team.get(home).status_code == 404
    signed_in(world.household_users[2]).post("/ho/nho-giup", data={"dong_y": "1"})
    assert team.get(home).status_code == 200
    form = {"name": "Bà Sáu", "phone": "", "village_id": str(world.villages[0].id), "growing_area_code": ""}
    assert team.post("/htx/ho/moi", data=form).location == "/to-cong-nghe"


def test_an_administrator_founds_a_cooperative_and_invites_its_first_staff(world: World, signed_in) -> None:
    with write_transaction() as session:
        user = make_user(session, "Quản trị", clock=system_clock)
        user.roles.append(Role(name=ADMINISTRATOR))
    admin = signed_in(user)
    assert admin.get("/quan-tri").status_code == 200
    form = {"name": "HTX Mới", "place": "yen tu quang ninh"}
    response = admin.post("/quan-tri", data=form)
    if response.status_code == 200:
        code = re.search(r'name="ward_code" value="(\d+)"', response.text)[1]
        response = admin.post("/quan-tri", data=form | {"ward_code": code})
    assert response.status_code == 302
    made = now().scalars(select(Cooperative).where(Cooperative.name == "HTX Mới")).one()
    page = admin.post("/htx/nguoi", data={"htx": made.id, "role": "staff", "household": "", "village": ""})
    assert "/loi-moi/" in page.text
    assert admin.get("/htx").status_code == 403, "an administrator is not staff"
    edit = f"/quan-tri/htx/{made.id}"
    details = {"name": "HTX Mới Hơn", "place": made.ward_name, "phone": "", "bank_bin": "", "bank_account": "123"}
    assert admin.post(edit, data=details).status_code == 422
    assert admin.post(edit, data=details | {"bank_account": ""}).status_code == 302
    assert signed_in(world.staff).get("/quan-tri").status_code == 403
