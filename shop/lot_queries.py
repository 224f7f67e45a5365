"""Which lots can still be sold: one rule for what a page shows and for what the transaction takes."""

from datetime import date

from sqlalchemy import ColumnElement, and_, or_

from shop.models import HarvestLot, LotState


def can_still_be_sold(on: date) -> ColumnElement[bool]:
    """Return the condition on ``HarvestLot`` for a day: weighed and not past its best, or pledged for then or later.

    A pledge whose day has gone by without a weighing is fruit that never came; it leaves the shop by itself.
    """
    weighed = HarvestLot.state == LotState.WEIGHED
    promised = and_(HarvestLot.state == LotState.PLEDGED, HarvestLot.harvested_on >= on)
    return and_(or_(weighed, promised), HarvestLot.best_before >= on)
