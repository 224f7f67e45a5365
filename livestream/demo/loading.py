"""Loads the demo cooperative, or brings it up to today; loading twice changes nothing.

Everything happens through the use cases of a real cooperative, at the hour it would have happened: yesterday's pledges
with a clock that stands at yesterday evening, and so on. Each step is its own transaction, as it would be in the browser.
"""

from datetime import date, timedelta

from flask import current_app
from sqlalchemy.orm import Session

from app.clock import Clock, FrozenClock, system_clock, vietnam_date
from app.db import current_policy, write_transaction
from livestream.demo import fates, harvest, people, sessions
from livestream.demo.harvest import Goods
from livestream.demo.people import Cast
from livestream.demo.visits import ENDED_EVENING, LIVE_NOW
from livestream.models import SessionState
from livestream.states import ON_AIR
from shop.weighing import cover_with

DAYS_OF_HARVEST = 3
"""How many days before today have a harvest; enough for fruit that was delivered and fruit that is on its way."""
EVENING_DAYS_AGO = 2
MINUTES_ON_AIR = 20
"""How long the live session has been running when the demo is loaded."""


def load_demo(*, clock: Clock = system_clock) -> list[str]:
    """Make sure the demo stands as of today; return one line for each thing that was done, none when all was there."""
    today = vietnam_date(clock())
    done: list[str] = []
    with write_transaction() as session:
        cast = people.find_cast(session)
        if cast is None:
            founding = harvest.at(today - timedelta(days=harvest.SEASON_DAYS_BEFORE), 7)
            cast = people.found_cooperative(session, today=today, clock=founding)
            done.append(f"{cast.cooperative.name}: {len(cast.households)} hộ, {len(cast.users)} người")
    with write_transaction() as session:
        goods = _goods(session, cast, today=today)
    for days_ago in range(DAYS_OF_HARVEST, -1, -1):
        day = today - timedelta(days=days_ago)
        done += _harvest_day(cast, goods, day, all_in=days_ago > 0, clock=clock)
        if days_ago == EVENING_DAYS_AGO:
            done += _ended_evening(cast, goods, day)
    tomorrow = today + timedelta(days=1)
    with write_transaction() as session:
        pledged = harvest.pledge_for(session, cast, goods, tomorrow, clock=clock)
    if pledged:
        done.append(f"{tomorrow:%d/%m}: {pledged} hẹn hái")
    return done + _live_now(cast, goods, clock=clock) + _planned(cast, goods, tomorrow, clock=clock)


def _harvest_day(cast: Cast, goods: Goods, day: date, *, all_in: bool, clock: Clock) -> list[str]:
    """Pledge on the evening before and weigh in the next morning, or now where that morning is still to come."""
    cover = cover_with(current_app.extensions.get("chophien_shortfall_handlers", ()))
    evening, morning = harvest.at(day - timedelta(days=1), 20), harvest.at(day, 6, 30)
    with write_transaction() as session:
        pledged = harvest.pledge_for(session, cast, goods, day, clock=evening)
    with write_transaction() as session:
        weighed = harvest.weigh_in_day(
            session,
            cast,
            goods,
            day,
            cover_shortfall=cover,
            clock=morning if morning() <= clock() else clock,
            all_in=all_in,
        )
    return [f"{day:%d/%m}: {pledged} hẹn hái, {weighed} lần cân"] if pledged or weighed else []


def _ended_evening(cast: Cast, goods: Goods, day: date) -> list[str]:
    """Sell for an evening, then pack, send and deliver the day after; once, whenever the demo is first loaded."""
    evening, policy = harvest.at(day, 19, 30), current_policy()
    with write_transaction() as session:
        if sessions.find_session(session, cast, SessionState.ENDED) is not None:
            return []
        title = "Vải Phương Nam: mẻ đầu mùa"
        live = sessions.plan(
            session, cast, goods, title=title, scheduled_at=evening(), clock=harvest.at(day - timedelta(days=1), 10)
        )
    with write_transaction() as session:
        sessions.start(session, cast, live, clock=evening)
    with write_transaction() as session:
        buyers = sessions.let_speak(session, live, ENDED_EVENING, policy=policy, clock=evening)
        orders = fates.orders_by_buyer(session, live, buyers)
        fates.check_out(session, cast, ENDED_EVENING, orders, policy=policy, clock=evening)
        fates.stray_transfers(session, cast, orders, evening=evening)
    with write_transaction() as session:
        late = harvest.at(day, 21)
        fates.let_go(session, cast, ENDED_EVENING, orders, clock=late)
        sessions.finish(session, cast, live, clock=late)
    with write_transaction() as session:
        fates.carry_out(session, cast, ENDED_EVENING, orders, day=day + timedelta(days=1))
    return [f"phiên tối {day:%d/%m}: {len(orders)} đơn"]


def _live_now(cast: Cast, goods: Goods, *, clock: Clock) -> list[str]:
    """Make sure that one session is on air, with a few comments and orders from its first minutes."""
    policy = current_policy()
    with write_transaction() as session:
        sessions.end_forgotten(session, cast, today=vietnam_date(clock()), clock=clock)
        if sessions.find_session(session, cast, *ON_AIR) is not None:
            return []
        past = FrozenClock(clock() - timedelta(minutes=MINUTES_ON_AIR))
        title = "Vải chín sớm hái sáng nay, chốt tại vườn"
        live = sessions.plan(session, cast, goods, title=title, scheduled_at=past(), clock=past)
    with write_transaction() as session:
        sessions.start(session, cast, live, clock=past)
    with write_transaction() as session:
        buyers = sessions.let_speak(session, live, LIVE_NOW, policy=policy, clock=past)
        orders = fates.orders_by_buyer(session, live, buyers)
        fates.check_out(session, cast, LIVE_NOW, orders, policy=policy, clock=past)
    return [f"phiên đang phát: {live.title}"]


def _planned(cast: Cast, goods: Goods, day: date, *, clock: Clock) -> list[str]:
    with write_transaction() as session:
        if sessions.find_session(session, cast, SessionState.SCHEDULED) is not None:
            return []
        begins = harvest.at(day, 19, 30)()
        title = "Vải U hồng và mật ong hoa vải"
        sessions.plan(session, cast, goods, title=title, scheduled_at=begins, clock=clock)
    return [f"phiên hẹn {day:%d/%m} 19:30"]


def _goods(session: Session, cast: Cast, *, today: date) -> Goods:
    goods = harvest.find_goods(session, cast.cooperative)
    if goods is None:
        return harvest.stock_the_shop(session, cast, today=today)
    goods.season.ends_on = max(goods.season.ends_on, today + timedelta(days=harvest.SEASON_DAYS_AFTER))
    return goods
