"""Loads the demo cooperative, or brings it up to today; loading twice changes nothing.

Everything happens through the use cases of a real cooperative, at the hour it would have happened: yesterday's pledges with a
clock that stands at yesterday evening, and so on. Each step is its own transaction, as it would be in the browser.
"""

from datetime import date, timedelta

from flask import current_app
from sqlalchemy.orm import Session

from app.clock import Clock, system_clock, vietnam_date
from app.db import write_transaction
from livestream.demo import harvest, people
from livestream.demo.harvest import Goods
from livestream.demo.people import Cast
from shop.weighing import cover_with

DAYS_OF_HARVEST = 3
"""How many days before today have a harvest; enough for fruit that was delivered and fruit that is on its way."""


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
        done += _harvest_day(cast, goods, today - timedelta(days=days_ago), all_in=days_ago > 0, clock=clock)
    tomorrow = today + timedelta(days=1)
    with write_transaction() as session:
        pledged = harvest.pledge_for(session, cast, goods, tomorrow, clock=clock)
    if pledged:
        done.append(f"{tomorrow:%d/%m}: {pledged} hẹn hái")
    return done


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


def _goods(session: Session, cast: Cast, *, today: date) -> Goods:
    goods = harvest.find_goods(session, cast.cooperative)
    if goods is None:
        return harvest.stock_the_shop(session, cast, today=today)
    goods.season.ends_on = max(goods.season.ends_on, today + timedelta(days=harvest.SEASON_DAYS_AFTER))
    return goods
