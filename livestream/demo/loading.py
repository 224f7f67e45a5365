"""Loads the demo cooperative, or brings it up to today; loading twice changes nothing.

Everything happens through the use cases of a real cooperative, at the hour it would have happened: yesterday's pledges
with a clock that stands at yesterday evening, and so on. Each step is its own transaction, as it would be in the browser.
"""

from datetime import date, timedelta

from flask import current_app
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.clock import Clock, FrozenClock, system_clock, vietnam_date
from app.db import current_policy, write_transaction
from app.outbox import OutboxMessage
from livestream.demo import fates, harvest, people, sessions, village_life
from livestream.demo.harvest import Goods
from livestream.demo.people import Cast
from livestream.demo.visits import ENDED_EVENING, LIVE_NOW, OPENING_EVENING, Visit
from livestream.models import SessionState
from livestream.states import ON_AIR
from orders.states import OrderState
from shop.weighing import cover_with

HARVEST_DAYS_AGO = (5, 2, 1, 0)
"""Which days have a harvest: those of the sessions, yesterday and today."""
OPENING_DAYS_AGO = 5
EVENING_DAYS_AGO = 2
MINUTES_ON_AIR = 20
"""How long the live session has been running when the demo is loaded."""


def load_demo(*, clock: Clock = system_clock) -> list[str]:
    """Make sure the demo stands as of today; return one line for each thing that was done, none when all was there."""
    today = vietnam_date(clock())
    with write_transaction() as session:
        cast = people.find_cast(session)
    done: list[str] = []
    first_time = cast is None
    if cast is None:
        cast = _found(today)
        done.append(f"{cast.cooperative.name}: {len(cast.households)} hộ, {len(cast.users)} người")
    with write_transaction() as session:
        goods = _goods(session, cast, today=today)
    for days_ago in HARVEST_DAYS_AGO:
        day = today - timedelta(days=days_ago)
        done += _harvest_day(cast, goods, day, all_in=days_ago > 0, clock=clock)
        if first_time and days_ago == OPENING_DAYS_AGO:
            done += _evening(cast, goods, day, "Mở vườn đầu vụ", OPENING_EVENING)
            with write_transaction() as session:
                village_life.pay_out(session, cast, policy=current_policy(), day=day + timedelta(days=3))
        if first_time and days_ago == EVENING_DAYS_AGO:
            done += _evening(cast, goods, day, "Vải Phương Nam: mẻ đầu mùa", ENDED_EVENING)
    tomorrow = today + timedelta(days=1)
    with write_transaction() as session:
        pledged = harvest.pledge_for(session, cast, goods, tomorrow, clock=clock)
        told = village_life.live_together(session, cast, goods, today=today, clock=clock)
    if pledged or told:
        done.append(f"{tomorrow:%d/%m}: {pledged} hẹn hái")
    if first_time:
        # What would have been sent on those days was sent then; the log of the first start stays short.
        with write_transaction() as session:
            session.execute(update(OutboxMessage).values(delivered_at=OutboxMessage.created_at))
    return done + _live_now(cast, goods, clock=clock) + _planned(cast, goods, tomorrow, clock=clock)


def _found(today: date) -> Cast:
    begins = today - timedelta(days=harvest.SEASON_DAYS_BEFORE)
    with write_transaction() as session:
        cast = people.found_cooperative(session, today=today, clock=harvest.at(begins, 7))
        village_life.open_accounts(session, cast, policy=current_policy(), day=begins)
    return cast


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


def _evening(cast: Cast, goods: Goods, day: date, title: str, visits: tuple[Visit, ...]) -> list[str]:
    """Sell for an evening, then pack, send and deliver the day after."""
    evening, policy = harvest.at(day, 19, 30), current_policy()
    media_root = current_app.extensions["chophien"].media_root
    with write_transaction() as session:
        before = harvest.at(day - timedelta(days=1), 10)
        live = sessions.plan(session, cast, goods, title=title, scheduled_at=evening(), clock=before)
    with write_transaction() as session:
        sessions.start(session, cast, live, clock=evening)
    with write_transaction() as session:
        buyers = sessions.let_speak(session, live, visits, policy=policy, clock=evening)
        orders = fates.orders_by_buyer(session, live, buyers)
        fates.check_out(session, cast, visits, orders, policy=policy, clock=evening)
    with write_transaction() as session:
        late = harvest.at(day, 21)
        fates.let_go(session, cast, visits, orders, clock=late)
        sessions.finish(session, cast, live, clock=late)
    with write_transaction() as session:
        after = day + timedelta(days=1)
        fates.carry_out(session, cast, visits, orders, day=after)
        fates.complain(session, cast, visits, orders, policy=policy, media_root=media_root, day=after)
        if any(order.state == OrderState.CONFIRMED for order in orders.values()):
            fates.stray_transfers(session, cast, orders, evening=harvest.at(after, 20))
    return [f"phiên tối {day:%d/%m}: {len(orders)} đơn"]


def _live_now(cast: Cast, goods: Goods, *, clock: Clock) -> list[str]:
    """Make sure that one session is on air, with a few comments and orders from its first minutes."""
    policy = current_policy()
    with write_transaction() as session:
        sessions.end_forgotten(session, cast, clock=clock)
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
