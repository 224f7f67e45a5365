"""The intake of a room: what was said, read, ordered, numbered and stored in one transaction."""

from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.actor import SYSTEM
from app.accounts.models import Buyer
from app.clock import FrozenClock
from app.db import db, write_transaction
from app.errors import Conflict
from app.policy import SalePolicy
from livestream import desk, hosting, shelf
from livestream.commands import OrderButton, PostComment, Sender
from livestream.desk_queries import desk_view
from livestream.intake import process_intake
from livestream.models import ChatMessage, LiveSession
from livestream.room_queries import items_since, own_order
from orders.lifecycle import cancel_order
from orders.models import Order, OrderLine
from shop.models import HarvestLot
from tests.services.test_shelf import plan
from tests.world import World, make_buyer, make_world

SPACE = "\u00a0"


class Room:
    """A live session with A1 (kilograms) and M1 (jars, none left), and the intake in a test's hands."""

    def __init__(self, world: World, live: LiveSession, a1: int, clock: FrozenClock) -> None:
        self.world, self.live, self.a1, self.clock = world, live, a1, clock
        self.said = 0

    def buyer(self, name: str = "Chị Hoa") -> Sender:
        with write_transaction() as session:
            buyer = make_buyer(session, clock=self.clock, name=name, phone=f"+8491{self.said:07}")
            self.said += 1
        return sender_of(buyer)

    def comment(self, sender: Sender, text: str, client_id: str | None = None) -> PostComment:
        self.said += 1
        return PostComment(self.live.id, sender, client_id or f"c{self.said}", text, self.clock())

    def tap(self, sender: Sender, op: str, offer_id: int | None, quantity: int | None, **more: Any) -> OrderButton:
        self.said += 1
        client_id = more.pop("client_id", f"t{self.said}")
        return OrderButton(self.live.id, sender, client_id, op, offer_id, quantity, self.clock(), **more)  # type: ignore[arg-type]

    def take(self, *commands: Any) -> list[Any]:
        with write_transaction() as session:
            return process_intake(session, commands, handlers={}, policy=SalePolicy(), clock=self.clock)

    def say(self, sender: Sender, text: str, client_id: str | None = None) -> dict[str, Any]:
        return self.take(self.comment(sender, text, client_id))[0]

    def held(self) -> int:
        return db.session.scalar(select(func.sum(HarvestLot.qty_held))) or 0


def sender_of(buyer: Buyer) -> Sender:
    return Sender(key=f"b{buyer.id}", name=buyer.name, buyer_id=buyer.id, network_key="net")


@pytest.fixture
def room(app: Flask, clock: FrozenClock) -> Room:
    with write_transaction() as session:
        world = make_world(session, clock=clock)
        live = plan(session, world, clock)
        host = world.actor(world.host)
        offer = shelf.put_offer(session, live, world.listing.id, code="A1", price_vnd=38_000, actor=host, clock=clock)
        shelf.put_offer(session, live, world.honey_listing.id, code="M1", price_vnd=150_000, actor=host, clock=clock)
        shelf.pin_offer(session, live, offer.id, actor=host, clock=clock)
        hosting.go_live(session, live, actor=host, clock=clock)
    return Room(world, live, offer.id, clock)


def test_an_order_is_answered_with_its_exact_reading(room: Room) -> None:
    answer = room.say(room.buyer(), "chốt A1 3kg")
    assert answer["message"] == f"A1 · 3{SPACE}kg · 114.000{SPACE}₫ · giữ đến 19:30"
    assert answer["status"] == "held"
    order = db.session.scalars(select(Order)).one()
    assert (order.session_id, order.host_user_id, order.commission_bps) == (room.live.id, room.world.host.id, 500)
    assert order.lines[0].host_bps == 500
    message = db.session.scalars(select(ChatMessage)).one()
    assert (message.order_id, message.seq, message.kind) == (order.id, answer["seq"], "order")


def test_a_batch_is_one_call_in_arrival_order_with_unbroken_numbers(room: Room) -> None:
    buyers = [room.buyer(f"Khách {i}") for i in range(10)]
    commands = [room.comment(buyer, text) for buyer in buyers for text in ("chào cả nhà", "chốt A1 2kg")]
    answers = room.take(*commands)
    seqs = [answer["seq"] for answer in answers]
    assert seqs == list(range(seqs[0], seqs[0] + 20))
    assert room.held() == 20_000
    assert [item["seq"] for item in items_since(db.session(), room.live.id, 0, None)] == list(range(1, seqs[-1] + 1))


def test_resent_in_the_same_batch_and_later_is_the_same(room: Room) -> None:
    buyer = room.buyer()
    once = room.comment(buyer, "chốt A1 2kg", "same")
    answers = room.take(once, once, room.comment(buyer, "khác hẳn", "same"))
    assert answers[0] == answers[1] == answers[2]
    assert room.say(buyer, "chốt A1 2kg", "same") == answers[0]
    assert room.held() == 2_000
    assert db.session.scalar(select(func.count()).select_from(ChatMessage)) == 1


def test_same_words_are_one_order_for_a_minute(room: Room) -> None:
    buyer = room.buyer()
    batch = room.take(room.comment(buyer, "chốt A1 2kg"), room.comment(buyer, "Chot a1 2KG"))
    assert batch[1]["repeat"] is True
    assert batch[1]["message"] == batch[0]["message"]
    room.clock.advance(seconds=59)
    assert room.say(buyer, "chốt A1 2kg")["repeat"] is True
    assert room.held() == 2_000
    room.clock.advance(seconds=61)
    assert "repeat" not in room.say(buyer, "chốt A1 2kg")
    assert room.held() == 4_000


def test_the_same_words_after_the_order_ended_are_a_new_wish(room: Room) -> None:
    buyer = room.buyer()
    first = room.say(buyer, "chốt A1 3kg")
    with write_transaction() as session:
        order = session.scalars(select(Order)).one()
        cancel_order(session, order.id, reason="Khách hủy trên trang đơn", actor=SYSTEM, clock=room.clock)
    assert room.held() == 0
    room.clock.advance(seconds=10)
    again = room.say(buyer, "chốt A1 3kg")
    assert again["status"] == "held"
    assert "repeat" not in again
    assert again["seq"] > first["seq"]
    assert room.held() == 3_000
    assert room.say(buyer, "chốt A1 3kg")["repeat"] is True
    assert room.held() == 3_000


def test_a_tap_between_the_same_words_makes_them_two_wishes_in_one_batch_and_across(room: Room) -> None:
    buyer = room.buyer()
    answers = room.take(
        room.comment(buyer, "chốt A1 3kg"), room.tap(buyer, "cancel", room.a1, None), room.comment(buyer, "chốt A1 3kg")
    )
    assert answers[2]["status"] == "held"
    assert "repeat" not in answers[2]
    assert room.held() == 3_000
    answers = room.take(room.tap(buyer, "cancel", room.a1, None), room.comment(buyer, "chốt A1 3kg"))
    assert "repeat" not in answers[1]
    assert room.held() == 3_000


def test_add_set_and_cancel_act_on_the_buyers_order(room: Room) -> None:
    buyer = room.buyer()
    room.say(buyer, "chốt A1 2kg")
    assert room.say(buyer, "thêm A1 1kg nữa")["message"].startswith(f"A1 · 3{SPACE}kg")
    assert room.say(buyer, "A1 lấy 5kg thôi")["message"].startswith(f"A1 · 5{SPACE}kg · 190.000")
    assert room.say(buyer, "hủy đơn")["status"] == "cancelled"
    assert room.held() == 0
    assert own_order(db.session(), room.live.id, buyer.buyer_id or 0) is None
    assert room.say(buyer, "hủy đơn")["status"] == "refused"


def test_a_packed_quantity_becomes_kilograms(room: Room) -> None:
    assert room.say(room.buyer(), "cho em 1 thùng A1")["message"].startswith(f"A1 · 10{SPACE}kg · 380.000")


def test_short_stock_says_what_is_left_and_offers_it(room: Room) -> None:
    for name in ("a", "b", "c"):
        room.say(room.buyer(name), "chốt A1 49kg")
    answer = room.say(room.buyer(), "chốt A1 5kg")
    assert (answer["status"], answer["left"]) == ("short", 3_000)
    (choice,) = answer["choices"]
    assert choice["label"] == f"Lấy 3{SPACE}kg"
    buyer = room.buyer()
    taken = room.take(room.tap(buyer, choice["op"], choice["offer_id"], choice["quantity"], answers=answer["seq"]))[0]
    assert taken["status"] == "held"
    assert room.say(room.buyer(), "chốt A1 1kg")["message"].endswith("hết mất rồi ạ.")
    assert room.held() == 150_000


def test_strangers_are_asked_and_nothing_is_kept_until_they_answer(room: Room) -> None:
    guest = Sender(key="gabc", name="Khách", network_key="net")
    asked = room.say(guest, "chốt A1 2kg 0912345678", "mine")
    assert (asked["status"], asked["phone"]) == ("contact", "0912345678")
    assert room.take(room.tap(guest, "add", room.a1, 1_000))[0]["status"] == "contact"
    assert db.session.scalars(select(ChatMessage)).all() == []
    assert room.held() == 0
    buyer = room.buyer()
    assert room.say(buyer, "chốt A1 2kg 0912345678", "mine")["status"] == "held"
    assert "0912345678" not in db.session.scalars(select(ChatMessage.shown_text)).one()


def test_a_typed_phone_of_another_buyer_gives_nothing_of_theirs(room: Room) -> None:
    known = room.buyer()
    room.say(known, "chốt A1 2kg")
    phone = db.session.get_one(Buyer, known.buyer_id).phone.replace("+84", "0")
    stranger = room.buyer("Kẻ lạ")
    answer = room.say(stranger, f"hủy đơn {phone}")
    assert answer["status"] == "refused"
    assert room.held() == 2_000


def test_unclear_comments_and_questions_wait_in_lanes_until_a_person_settles_them(room: Room) -> None:
    buyer, host = room.buyer(), room.world.actor(room.world.host)
    unclear = room.say(buyer, "chốt Z9")
    question = room.say(buyer, "ngày mai còn hàng không ạ?")
    view = desk_view(db.session(), room.live.id)
    assert [row["seq"] for row in view["person"]] == [unclear["seq"]]
    assert [row["seq"] for row in view["questions"]] == [question["seq"]]
    with write_transaction() as session:
        live = session.get_one(LiveSession, room.live.id)
        desk.claim_comment(session, live, unclear["seq"], actor=host, clock=room.clock)
    with pytest.raises(Conflict), write_transaction() as session:
        live = session.get_one(LiveSession, room.live.id)
        desk.claim_comment(session, live, unclear["seq"], actor=room.world.actor(room.world.staff), clock=room.clock)
    assert desk_view(db.session(), room.live.id)["person"][0]["by"] == "Út Vườn"
    with write_transaction() as session:
        live = session.get_one(LiveSession, room.live.id)
        desk.drop_comment(session, live, unclear["seq"], actor=host, clock=room.clock)
        desk.resolve_comment(session, live, question["seq"], actor=host, clock=room.clock)
    view = desk_view(db.session(), room.live.id)
    assert (view["person"], view["questions"]) == ([], [])
    with pytest.raises(Conflict), write_transaction() as session:
        desk.resolve_comment(session, live, question["seq"], actor=host, clock=room.clock)


def test_the_buyers_own_tap_settles_their_unclear_comment_and_nobody_elses(room: Room) -> None:
    buyer, other = room.buyer(), room.buyer("Khác")
    unclear = room.say(buyer, "chốt Z9")
    room.take(room.tap(other, "add", room.a1, 1_000, answers=unclear["seq"]))
    assert len(desk_view(db.session(), room.live.id)["person"]) == 1
    room.take(room.tap(buyer, "add", room.a1, 1_000, answers=unclear["seq"]))
    assert desk_view(db.session(), room.live.id)["person"] == []


def test_before_the_start_after_the_end_and_while_closed_nothing_is_ordered(room: Room) -> None:
    host, buyer = room.world.actor(room.world.host), room.buyer()
    room.say(buyer, "chốt A1 2kg")
    with write_transaction() as session:
        live = session.get_one(LiveSession, room.live.id)
        hosting.take_orders(session, live, open_for_orders=False, actor=host, clock=room.clock)
    assert room.say(buyer, "chốt A1 3kg")["status"] == "refused"
    assert room.say(buyer, "hủy đơn")["status"] == "cancelled"
    with write_transaction() as session:
        live = session.get_one(LiveSession, room.live.id)
        hosting.end_session(session, live, actor=host, clock=room.clock)
    assert isinstance(room.take(room.comment(buyer, "chào"))[0], Conflict)


def test_a_closed_offer_takes_no_orders(room: Room) -> None:
    host = room.world.actor(room.world.host)
    with write_transaction() as session:
        live = session.get_one(LiveSession, room.live.id)
        shelf.close_offer(session, live, room.a1, actor=host, clock=room.clock)
    assert room.say(room.buyer(), "chốt A1 1kg")["status"] == "refused"


def test_the_live_price_of_the_moment_is_frozen_on_the_line(room: Room) -> None:
    host, buyer = room.world.actor(room.world.host), room.buyer()
    room.say(buyer, "chốt A1 1kg")
    with write_transaction() as session:
        live = session.get_one(LiveSession, room.live.id)
        shelf.reprice_offer(session, live, room.a1, 35_000, actor=host, clock=room.clock)
    room.say(buyer, "thêm A1 2kg")
    prices = db.session.execute(select(OrderLine.price_vnd, OrderLine.quantity).order_by(OrderLine.id)).all()
    assert [tuple(row) for row in prices] == [(38_000, 1_000), (35_000, 2_000)]


def test_registered_and_plain_commands_share_the_batch(room: Room) -> None:
    class Other:
        pass

    def handler(session: Any, commands: Sequence[Any]) -> list[str]:
        return ["done"] * len(commands)

    buyer = room.buyer()
    with write_transaction() as session:
        outcomes = process_intake(
            session,
            [Other(), room.comment(buyer, "chào"), lambda _session: "called", Other()],
            handlers={Other: handler}, policy=SalePolicy(), clock=room.clock,
        )  # fmt: skip
    assert outcomes[0] == outcomes[3] == "done"
    assert outcomes[1]["status"] == "talk"
    assert outcomes[2] == "called"
