"""Two processes joined by Redis: one room, one order of events, wherever one is connected."""

import asyncio

from tests.live.conftest import LiveServer
from tests.live.people import joined


def test_a_room_is_one_room_across_processes(two_servers: tuple[LiveServer, LiveServer]) -> None:
    here, there = two_servers
    one, two = here.new_buyer(), here.new_buyer()

    async def scene() -> None:
        async with joined(here, one) as (first, view), joined(there, two) as (second, _):
            assert view["ask_again"] is True
            answers = [await (first, second)[turn % 2].say(f"tin {turn}") for turn in range(6)]
            held = await first.say("chốt A1 3kg")
            assert held["status"] == "held"
            seqs = [answer["seq"] for answer in answers] + [held["seq"]]
            assert seqs == list(range(seqs[0], seqs[0] + 7)), "one numbering for both"
            for person in (first, second):
                await person.until(lambda p: {i["seq"] for i in p.items if "seq" in i} >= set(seqs))
            stock = await second.until(lambda p: [i for i in p.items if i["type"] == "stock"])
            assert stock[-1]["data"]["left"] == view["shelf"][0]["left"] - 3_000
            gap = await second.call("gap", {"since": seqs[0]})
            assert [item["seq"] for item in gap["items"]] == seqs[1:]

    asyncio.run(scene())


def test_the_same_comment_sent_to_both_is_one(two_servers: tuple[LiveServer, LiveServer]) -> None:
    here, there = two_servers
    cookie = here.new_buyer()

    async def scene() -> None:
        async with joined(here, cookie) as (first, _), joined(there, cookie) as (second, _view):
            answers = await asyncio.gather(
                *(person.say("chốt A1 2kg", "both") for _ in range(3) for person in (first, second))
            )
            assert {answer["seq"] for answer in answers} == {answers[0]["seq"]}
            assert {answer["status"] for answer in answers} == {"held"}
            assert (await second.call("mine"))["order"]["goods_vnd"] == 76_000

    asyncio.run(scene())


def test_the_desk_hears_buyers_of_the_other_process(two_servers: tuple[LiveServer, LiveServer]) -> None:
    here, there = two_servers
    cookie = here.new_buyer()

    async def scene() -> None:
        async with joined(here, here.seed["users"]["host"]) as (host, _), joined(there, cookie) as (buyer, _view):
            answer = await buyer.say("chốt Z9")
            await host.until(
                lambda p: [row for event, data in p.told if event == "desk" and data["event"] == "comments"
                           for row in data["data"] if row["seq"] == answer["seq"]]
            )  # fmt: skip
            wish = {
                "client_id": "d", "op": "add", "offer_id": here.room()["offer"], "quantity": 1_000, "answers": answer["seq"]
            }  # fmt: skip
            assert (await host.call("desk_order", wish))["status"] == "held"
            await buyer.until(lambda p: [data for event, data in p.told if event == "answer"])

    asyncio.run(scene())
