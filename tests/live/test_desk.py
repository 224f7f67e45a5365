"""The host's desk over real sockets: lanes that survive a reload, and orders made for a buyer in two taps."""

import asyncio

from tests.live.conftest import LiveServer
from tests.live.people import joined


def test_only_host_and_staff_are_at_the_desk(live_server: LiveServer) -> None:
    users = live_server.seed["users"]

    async def scene() -> None:
        for cookie, at_desk in ((users["host"], True), (users["staff"], True), (users["stranger"], False), ("", False)):
            async with joined(live_server, cookie, room="other") as (person, view):
                assert view["me"]["desk"] is at_desk
                for event, data in (
                    ("desk", None),
                    ("desk_order", {"client_id": "x", "op": "add", "offer_id": 1, "quantity": 1, "answers": 1}),
                ):
                    answer = await person.call(event, data)
                    assert (answer.get("error") == "forbidden") is (not at_desk), answer

    asyncio.run(scene())


def test_an_unclear_comment_waits_for_a_person_who_orders_in_two_taps(live_server: LiveServer) -> None:
    cookie = live_server.new_buyer()
    room = live_server.room("other")

    async def scene() -> None:
        async with (
            joined(live_server, live_server.seed["users"]["host"], room="other") as (host, _),
            joined(live_server, cookie, room="other") as (buyer, _view),
        ):
            answer = await buyer.say("chốt Z9 2kg, gọi 0912 000 111")
            assert answer["status"] == "ask"
            told = await host.until(
                lambda p: [row for event, data in p.told if event == "desk" and data["event"] == "comments"
                           for row in data["data"] if row["seq"] == answer["seq"]]
            )  # fmt: skip
            assert told[0]["state"] == "needs_person"
            assert "0912 000 111" in told[0]["text"]
            assert told[0]["reasons"]
            lane = (await host.call("desk"))["person"]
            assert answer["seq"] in [row["seq"] for row in lane]
            wish = {
                "client_id": "d1",
                "op": "add",
                "offer_id": room["offer"],
                "quantity": 2_000,
                "answers": answer["seq"],
            }
            made = await host.call("desk_order", wish)
            assert made["status"] == "held"
            assert await host.call("desk_order", wish) == made
            told = await buyer.until(lambda p: [data for event, data in p.told if event == "answer"])
            assert told[0]["seq"] == answer["seq"]
            assert told[0]["answer"]["status"] == "held"
            assert (await buyer.call("mine"))["order"]["lines"][0]["quantity"] == 2_000
            desk = await host.call("desk")
            assert answer["seq"] not in [row["seq"] for row in desk["person"]]
            assert made["seq"] in [row["seq"] for row in desk["orders"]]
            assert desk["money"]["held_vnd"] >= 76_000

    asyncio.run(scene())
    audited = live_server.rows("SELECT actor_name FROM audit_entry WHERE action = 'livestream.comment.order'")
    assert audited[-1] == ("Út Vườn",)


def test_questions_have_a_lane_of_their_own(live_server: LiveServer) -> None:
    cookie = live_server.new_buyer()

    async def scene() -> None:
        async with (
            joined(live_server, live_server.seed["users"]["staff"], room="other") as (staff, _),
            joined(live_server, cookie, room="other") as (buyer, _view),
        ):
            answer = await buyer.say("bao giờ giao tới Hà Nội vậy shop?")
            assert answer["status"] == "question"
            desk = await staff.call("desk")
            assert answer["seq"] in [row["seq"] for row in desk["questions"]]

    asyncio.run(scene())


def test_what_the_host_says_is_never_an_order(live_server: LiveServer) -> None:
    async def scene() -> None:
        async with joined(live_server, live_server.seed["users"]["host"], room="other") as (host, _view):
            answer = await host.say("chốt A1 3kg đi bà con ơi")
            assert answer["status"] == "talk"
            line = await host.until(lambda p: p.talk(answer["seq"]))
            assert line["data"]["host"] is True

    asyncio.run(scene())
