"""A household's page: tomorrow's harvest in two taps, its bank account, its log, and nobody else's."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import system_clock, vietnam_date
from app.db import db, write_transaction
from app.outbox import OutboxMessage
from shop.models import HarvestLot, Household, PayoutAccount, Pledge
from shop.stock import LotChange, move_stock
from tests.clients import Browser
from tests.web.conftest import MAX_QUERIES
from tests.world import World

stock_without_orders = pytest.mark.breaks_invariants
"""The shop is tested alone: stock is held here for orders that are not there."""

BANKS = [("970436", "Vietcombank"), ("970405", "Agribank")]


@pytest.fixture
def member(world: World, signed_in) -> Browser:
    return signed_in(world.household_users[0])


@pytest.fixture
def banks(app, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of banks that the room above gives, cut to two."""
    monkeypatch.setitem(app.extensions, "chophien_banks", lambda: BANKS)


def now() -> Session:
    """Return the session with a fresh look at the database; the page before was another transaction."""
    db.session.rollback()
    db.session.expire_all()
    return db.session()


def tomorrow(days: int = 1) -> str:
    return (vietnam_date(system_clock()) + timedelta(days=days)).isoformat()


def pledge_form(world: World, **changes: str) -> dict[str, str]:
    return {"grade_id": str(world.grade_one.id), "for_date": tomorrow(), "quantity": "", **changes}


def pledge_url(world: World, household: int = 0) -> str:
    return f"/ho/{world.households[household].public_id}/hen-hai"


def test_one_press_on_a_chip_pledges_and_another_changes_it(world: World, member: Browser) -> None:
    assert 'name="chip" value="100"' in member.get("/ho").text
    assert member.post(pledge_url(world), data=pledge_form(world, chip="100")).location == "/ho"
    page = member.get("/ho").text
    assert "Đã hẹn 100\u00a0kg" in page
    assert member.post(pledge_url(world), data=pledge_form(world, chip="200")).status_code == 302
    assert now().scalars(select(Pledge.quantity)).all() == [200_000]
    assert now().scalar(select(HarvestLot.qty_total).where(HarvestLot.state == "pledged")) == 160_000


def test_any_other_amount_is_typed_and_offered_as_a_chip_next_time(world: World, member: Browser) -> None:
    member.post(pledge_url(world), data=pledge_form(world, quantity="75"))
    assert 'name="chip" value="75"' in member.get("/ho").text
    jars = pledge_form(world, grade_id=str(world.honey_grade.id), quantity="12")
    member.post(pledge_url(world), data=jars)
    assert sorted(now().scalars(select(Pledge.quantity))) == [12, 75_000]


@pytest.mark.parametrize("typed", ["", "0", "-3", "NaN", "inf", "1e3", "nhiều", "9" * 25, "<script>x</script>", "1;--"])
def test_a_wrong_amount_is_refused_and_given_back(world: World, member: Browser, typed: str) -> None:
    response = member.post(pledge_url(world), data=pledge_form(world, quantity=typed))
    assert response.status_code == 422
    assert 'role="alert"' in response.text
    assert "<script>x" not in response.text
    assert now().scalar(select(Pledge.id)) is None


def test_jars_are_not_cut(world: World, member: Browser) -> None:
    jars = pledge_form(world, grade_id=str(world.honey_grade.id), quantity="1,5")
    assert member.post(pledge_url(world), data=jars).status_code == 422


@pytest.mark.parametrize(
    "changes", [{"for_date": "x"}, {"for_date": ""}, {"grade_id": ""}, {"grade_id": "99999"}, {"grade_id": "1 OR 1=1"}]
)
def test_a_forged_form_changes_nothing(world: World, member: Browser, changes: dict[str, str]) -> None:
    assert member.post(pledge_url(world), data=pledge_form(world, quantity="5", **changes)).status_code in {404, 422}
    assert now().scalar(select(Pledge.id)) is None


@stock_without_orders
def test_a_pledge_is_taken_back_until_buyers_hold_some(world: World, member: Browser) -> None:
    cancel = f"/ho/{world.households[0].public_id}/huy-hen"
    member.post(pledge_url(world), data=pledge_form(world, chip="100"))
    assert member.post(cancel, data=pledge_form(world)).status_code == 302
    assert now().scalars(select(Pledge.state)).all() == ["cancelled"]
    member.post(pledge_url(world), data=pledge_form(world, chip="100"))
    with write_transaction() as session:
        lot = session.scalars(select(HarvestLot).where(HarvestLot.state == "pledged")).one()
        change = LotChange(lot.id, "hold", "order:1", delta_held=41_000)
        move_stock(session, [change], actor=world.actor(world.staff), clock=system_clock)
    member.post(cancel, data=pledge_form(world))
    assert now().scalars(select(Pledge.state)).all() == ["open"]
    refused = member.post(pledge_url(world), data=pledge_form(world, quantity="50"))
    assert refused.status_code == 409
    assert "51,25" in refused.text


def test_another_households_page_and_forms_are_not_there(world: World, member: Browser) -> None:
    other = world.households[1].public_id
    assert member.get(f"/ho/{other}").status_code == 404
    assert member.post(pledge_url(world, 1), data=pledge_form(world, chip="100")).status_code == 404
    assert member.post(f"/ho/{other}/huy-hen", data=pledge_form(world)).status_code == 404
    assert now().scalar(select(Pledge.id)) is None


@pytest.mark.parametrize("path", ["/ho", "/ho/tai-khoan", "/ho/nhat-ky", "/thong-bao"])
def test_pages_open_for_members_with_few_queries_and_lead_guests_to_sign_in(
    world: World, member: Browser, client: Browser, signed_in, count_queries, banks, path: str
) -> None:
    with count_queries() as count:
        assert member.get(path).status_code == 200
    assert int(count) <= MAX_QUERIES, count.statements
    assert client.get(path).status_code == 302
    if path.startswith("/ho"):
        assert signed_in(world.host).get(path).status_code == 403


def test_a_payout_account_is_proposed_and_stopped_by_the_household(
    world: World, member: Browser, signed_in, banks
) -> None:
    form = {"bank_bin": "970436", "account_number": "1012 345 678", "holder_name": "Nguyễn Thị Mận"}
    assert member.post("/ho/tai-khoan", data=form | {"bank_bin": "000000"}).status_code == 422
    refused = member.post("/ho/tai-khoan", data=form | {"account_number": "12"})
    assert refused.status_code == 422
    assert "Nguyễn Thị Mận" in refused.text
    assert member.post("/ho/tai-khoan", data=form).status_code == 302
    page = member.get("/ho/tai-khoan").text
    assert "Vietcombank ••• 5678" in page
    assert "1012345678" not in page
    account_id = now().scalars(select(PayoutAccount.id)).one()
    assert signed_in(world.household_users[1]).post(f"/ho/tai-khoan/{account_id}/dung").status_code == 404
    assert member.post(f"/ho/tai-khoan/{account_id}/dung").status_code == 302
    assert now().scalars(select(PayoutAccount.state)).all() == ["rejected"]
    assert [row.kind for row in now().scalars(select(OutboxMessage))] == ["sms"]


def test_staff_acting_for_a_household_is_in_its_log(world: World, member: Browser, signed_in) -> None:
    staff = signed_in(world.staff)
    assert "làm thay" in staff.get(f"/ho/{world.households[0].public_id}").text
    response = staff.post(pledge_url(world), data=pledge_form(world, chip="100"))
    assert response.location == f"/ho/{world.households[0].public_id}"
    page = member.get("/ho/nhat-ky").text
    assert "Cô Lan" in page
    assert "hẹn hái" in page


def test_consent_is_given_and_withdrawn_on_the_log_page(world: World, member: Browser) -> None:
    for answer, agreed in (("1", True), ("0", False)):
        member.post("/ho/nho-giup", data={"dong_y": answer})
        assert (now().get_one(Household, world.households[0].id).helper_consent_at is not None) is agreed


def test_sections_of_other_rooms_stand_on_the_page(app, world: World, member: Browser, monkeypatch) -> None:
    monkeypatch.setitem(
        app.extensions, "chophien_household_sections", [lambda household: f"<p>Của {household.code}</p>", lambda _: ""]
    )
    assert "<p>Của H01</p>" in member.get("/ho").text
