"""The live room over real sockets: joining, speaking, ordering, coming back."""

import asyncio
import re

import pytest

from tests.live.conftest import LiveServer
from tests.live.people import connected, joined

SPACE = "\u00a0"


def test_joining_gives_the_room_as_it_stands(live_server: LiveServer) -> None:
    async def scene() -> None:
        async with joined(live_server) as (_person, view):
            assert view["state"]["state"] == "live"
            assert view["me"] == {"name": None, "buyer": False, "desk": False}
            (offer,) = view["shelf"]
            assert (offer["code"], offer["price_vnd"], offer["unit"]) == ("A1", 38_000, "kg")
            assert 0 < offer["left"] <= 500_000
            assert view["pinned"] == offer["id"]
            assert not view["resumed"]
            assert view["seq"] >= 3
            assert "order" not in view

    asyncio.run(scene())


def test_a_room_that_is_not_there_is_said_so(live_server: LiveServer) -> None:
    async def scene() -> None:
        async with connected(live_server) as person:
            answer = await person.call("join", {"session": "XXXXXXXXXX"})
            assert (answer["ok"], answer["error"]) == (False, "not_found")
            answer = await person.say("chào cả nhà")
            assert (answer["ok"], answer["error"]) == (False, "conflict")

    asyncio.run(scene())


@pytest.mark.parametrize("transports", [("websocket",), ("polling",)])
def test_an_order_by_comment_turns_green_and_the_room_hears_it(
    live_server: LiveServer, transports: tuple[str, ...]
) -> None:
    cookie = live_server.new_buyer()

    async def scene() -> None:
        async with joined(live_server, transports=transports) as (viewer, _view), joined(live_server, cookie) as (
            buyer, view,
        ):  # fmt: skip
            assert view["me"]["buyer"] is True
            before = view["shelf"][0]["left"]
            answer = await buyer.say("chốt A1 3kg nhé 0912 345 678")
            assert answer["status"] == "held"
            pattern = rf"A1 · 3{SPACE}kg · 114\.000{SPACE}₫ · giữ đến \d\d:\d\d"
            assert re.fullmatch(pattern, answer["message"])
            heard = await viewer.until(lambda p: p.talk(answer["seq"]))
            assert heard["data"]["kind"] == "order"
            assert "0912 345 678" not in heard["data"]["text"]
            assert "678" in heard["data"]["text"]
            assert "answer" not in heard["data"]
            stock = await viewer.until(lambda p: [i for i in p.items if i["type"] == "stock"])
            assert stock[-1]["data"]["left"] == before - 3_000
            mine = await buyer.call("mine")
            assert mine["order"]["goods_vnd"] == 114_000
            assert [line["quantity"] for line in mine["order"]["lines"]] == [3_000]

    asyncio.run(scene())


def test_a_comment_sent_again_is_the_same_comment(live_server: LiveServer) -> None:
    cookie = live_server.new_buyer()

    async def scene() -> None:
        async with joined(live_server, cookie) as (buyer, _view):
            first = await buyer.say("chốt A1 2kg", "same-id")
        async with joined(live_server, cookie) as (buyer, view):
            again = await buyer.say("chốt A1 2kg", "same-id")
            assert again == first
            assert view["order"]["goods_vnd"] == 76_000
            assert (await buyer.call("mine"))["order"]["goods_vnd"] == 76_000
            own = [item for item in view["messages"] if item["data"].get("cid") == "same-id"]
            assert [item["data"]["answer"]["status"] for item in own] == ["held"]

    asyncio.run(scene())
    assert live_server.rows(
        "SELECT count(*) FROM chat_message WHERE client_id = 'same-id' AND buyer_id = ?", live_server.buyer_id(cookie)
    ) == [(1,)]


def test_the_same_words_within_a_minute_are_one_order_and_a_change_is_not(live_server: LiveServer) -> None:
    cookie = live_server.new_buyer()

    async def scene() -> None:
        async with joined(live_server, cookie) as (buyer, _view):
            await buyer.say("chốt A1 2kg")
            repeated = await buyer.say("CHỐT a1 2KG")
            assert repeated["repeat"] is True
            assert (await buyer.call("mine"))["order"]["lines"][0]["quantity"] == 2_000
            changed = await buyer.say("sửa A1 thành 5kg")
            assert changed["message"].startswith(f"A1 · 5{SPACE}kg · 190.000{SPACE}₫")
            cancelled = await buyer.say("hủy đơn")
            assert cancelled["status"] == "cancelled"
            assert (await buyer.call("mine"))["order"] is None
            again = await buyer.say("chốt A1 2kg")
            assert (again["status"], again.get("repeat")) == ("held", None)

    asyncio.run(scene())


def test_buttons_do_what_comments_do(live_server: LiveServer) -> None:
    cookie = live_server.new_buyer()
    offer = live_server.room()["offer"]

    async def scene() -> None:
        async with joined(live_server, cookie) as (buyer, _view):
            tap = {"client_id": "tap-1", "op": "add", "offer_id": offer, "quantity": 1_500}
            answer = await buyer.call("order", tap)
            assert answer["message"].startswith(f"A1 · 1,5{SPACE}kg · 57.000{SPACE}₫")
            assert await buyer.call("order", tap) == answer
            line = await buyer.until(lambda p: p.talk(answer["seq"]))
            assert line["data"]["text"] == f"Chốt A1 1,5{SPACE}kg"
            gone = await buyer.call("order", {"client_id": "tap-2", "op": "cancel"})
            assert gone["status"] == "cancelled"
            refused = await buyer.call("order", {"client_id": "tap-3", "op": "add", "offer_id": 10**9, "quantity": 1})
            assert refused["status"] == "refused"

    asyncio.run(scene())


def test_short_stock_says_what_is_left_with_one_tap(live_server: LiveServer) -> None:
    cookie = live_server.new_buyer()
    room = live_server.room("other")

    async def scene() -> None:
        async with joined(live_server, live_server.seed["users"]["host"], room="other"):
            pass
        async with joined(live_server, cookie, room="other") as (buyer, _view):
            # More than the desk's limit goes to a person; the boxes of this listing hold nothing at all.
            answer = await buyer.say("chốt A1 900kg")
            assert answer["status"] == "desk"
            assert "hợp tác xã" in answer["message"]

    asyncio.run(scene())
    state = live_server.rows("SELECT desk_state FROM chat_message WHERE session_id = ? ORDER BY id DESC", room["id"])
    assert state[0] == ("needs_person",)


def test_a_returning_viewer_gets_what_was_missed_and_nothing_twice(live_server: LiveServer) -> None:
    cookie = live_server.new_buyer()

    async def scene() -> None:
        async with joined(live_server) as (_viewer, view):
            left_at = view["seq"]
        async with joined(live_server, cookie) as (buyer, _view):
            said = [(await buyer.say(f"tin số {i}"))["seq"] for i in range(4)]
            async with joined(live_server, since=left_at) as (viewer, back):
                assert back["resumed"]
                seqs = [item["seq"] for item in back["items"]]
                assert seqs == list(range(left_at + 1, back["seq"] + 1))
                assert set(said) <= set(seqs)
                later = await buyer.say("tin sau")
                await viewer.until(lambda p: p.talk(later["seq"]))
                gap = await viewer.call("gap", {"since": said[1]})
                assert [item["seq"] for item in gap["items"]][:2] == [said[1] + 1, said[1] + 2]
                assert gap["items"][-1]["seq"] == later["seq"]
        async with joined(live_server, cookie, since=left_at) as (_buyer, back):
            own = [item["seq"] for item in back["items"] if "answer" in item["data"]]
            assert set(said) <= set(own)

    asyncio.run(scene())


def test_numbers_from_the_future_and_the_far_past_get_the_whole_room(live_server: LiveServer) -> None:
    async def scene() -> None:
        for since in (10**12, 0):
            async with joined(live_server, room="storm", since=since) as (_viewer, view):
                assert view["resumed"] is (since == 0)
                assert view["shelf"]

    asyncio.run(scene())


def test_a_forged_cookie_is_a_stranger_who_is_asked_who_they_are(live_server: LiveServer) -> None:
    real = live_server.new_buyer()
    forged = real[:-4] + "AAAA"

    async def scene() -> None:
        for cookie in (forged, "chophien_buyer=1", "chophien=eyJfdXNlcl9pZCI6IjEifQ.aaaa.bbbb"):
            async with joined(live_server, cookie) as (person, view):
                assert view["me"] == {"name": None, "buyer": False, "desk": False}
                answer = await person.say("chốt A1 1kg 0987654321")
                assert (answer["status"], answer["phone"]) == ("contact", "0987654321")
                assert (await person.call("mine"))["order"] is None

    asyncio.run(scene())
    assert live_server.rows("SELECT count(*) FROM orders WHERE buyer_id = ?", live_server.buyer_id(real)) == [(0,)]


def test_another_buyers_client_id_opens_nothing(live_server: LiveServer) -> None:
    first, second = live_server.new_buyer(), live_server.new_buyer()

    async def scene() -> None:
        async with joined(live_server, first) as (one, _), joined(live_server, second) as (two, _view):
            mine = await one.say("chốt A1 4kg", "guessed")
            other = await two.say("đẹp quá", "guessed")
            assert other["status"] == "talk"
            assert other["seq"] != mine["seq"]
            assert (await two.call("mine"))["order"] is None

    asyncio.run(scene())


def test_guests_may_talk_and_ask(live_server: LiveServer) -> None:
    async def scene() -> None:
        async with joined(live_server) as (guest, _view):
            assert (await guest.say("chào cả nhà"))["status"] == "talk"
            assert (await guest.say("còn hàng không ạ?"))["status"] == "question"

    asyncio.run(scene())


def test_a_flood_is_slowed_and_the_room_goes_on(live_server: LiveServer) -> None:
    cookie, calm = live_server.new_buyer(), live_server.new_buyer()

    async def scene() -> None:
        async with joined(live_server, cookie) as (buyer, _), joined(live_server, calm) as (other, _view):
            answers = await asyncio.gather(*(buyer.say(f"spam {i}") for i in range(30)))
            refused = [answer for answer in answers if not answer["ok"]]
            assert {answer["error"] for answer in refused} == {"too_many_requests"}
            assert 20 <= len(refused) <= 26
            assert (await other.say("vẫn nói được"))["ok"]

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("comment", {"client_id": "x", "text": "a" * 501}),
        ("comment", {"client_id": "x", "text": "   "}),
        ("comment", {"client_id": "", "text": "a"}),
        ("comment", {"client_id": "x", "text": 5}),
        ("comment", {"client_id": "x", "text": "a", "buyer_id": 1}),
        ("comment", ["a"]),
        ("comment", None),
        ("order", {"client_id": "x", "op": "add", "offer_id": 1, "quantity": -5}),
        ("order", {"client_id": "x", "op": "add", "offer_id": 1, "quantity": 1.5}),
        ("order", {"client_id": "x", "op": "drop table"}),
        ("order", {"client_id": "x", "op": "add", "offer_id": "1 OR 1=1", "quantity": 1}),
        ("gap", {"since": -1}),
        ("join", {"session": "x" * 400}),
    ],
)
def test_bad_input_gets_a_sentence(live_server: LiveServer, event: str, data: object) -> None:
    cookie = live_server.seed["buyers"][-1]

    async def scene() -> None:
        async with joined(live_server, cookie, room="storm") as (person, _view):
            answer = await person.call(event, data)
            assert (answer["ok"], answer["error"]) == (False, "invalid_input")
            assert answer["message"].endswith(("ạ.", "em."))

    asyncio.run(scene())


def test_hostile_words_are_only_words(live_server: LiveServer) -> None:
    cookie = live_server.new_buyer()
    text = "<script>alert(1)</script> '); DROP TABLE offer; -- \u202e\x00 🍒"

    async def scene() -> None:
        async with joined(live_server, cookie) as (person, _view):
            answer = await person.say(text)
            assert answer["ok"]
            line = await person.until(lambda p: p.talk(answer["seq"]))
            assert line["data"]["text"].startswith("<script>alert(1)</script> ')")
            assert "\x00" not in line["data"]["text"]

    asyncio.run(scene())
    assert live_server.rows("SELECT count(*) FROM offer") == [(3,)]
