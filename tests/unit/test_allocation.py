"""The published rule that fills an order from many households' lots."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InsufficientStock
from shop.allocation import AllocationPlanner, Demand, LotShare, LotSupply, explain_share, plan_allocation

TODAY, TOMORROW = date(2026, 6, 10), date(2026, 6, 11)


def lot(lot_id, household_id=1, available=10_000, best_before=TODAY, sold=0, brought=100_000, rank=0):
    return LotSupply(lot_id, household_id, available, best_before, sold, brought, rank)


def kilograms(grams):
    return Demand(grams, 1_000, whole_units_from_one_lot=False)


def boxes(count, grams=5_000):
    return Demand(count * grams, grams, whole_units_from_one_lot=True)


def test_the_earliest_best_before_goes_first_even_from_a_household_that_sold_much():
    lots = [lot(1, 1, best_before=TOMORROW), lot(2, 2, best_before=TODAY, sold=99_000)]
    assert plan_allocation(lots, kilograms(3_000)) == [LotShare(2, 3_000)]


def test_then_the_household_that_sold_the_smallest_share_not_the_smallest_weight():
    # 30 of 40 kg is a larger share than 60 of 100 kg.
    lots = [lot(1, 1, sold=30_000, brought=40_000), lot(2, 2, sold=60_000, brought=100_000)]
    assert plan_allocation(lots, kilograms(1_000)) == [LotShare(2, 1_000)]


def test_shares_are_compared_exactly():
    # 1/3 and 333,333,333/1,000,000,000 agree in nine decimals; only exact arithmetic tells them apart.
    lots = [lot(1, 1, sold=1, brought=3), lot(2, 2, sold=333_333_333, brought=1_000_000_000)]
    assert plan_allocation(lots, kilograms(1_000)) == [LotShare(2, 1_000)]


def test_then_the_smaller_lot_id():
    assert plan_allocation([lot(9, 1), lot(4, 2)], kilograms(1_000)) == [LotShare(4, 1_000)]


def test_staff_may_put_a_lot_first():
    lots = [lot(1, 1), lot(2, 2, best_before=TOMORROW, rank=-1)]
    assert plan_allocation(lots, kilograms(1_000)) == [LotShare(2, 1_000)]


def test_a_line_in_kilograms_is_cut_at_any_gram():
    lots = [lot(1, 1, available=1_234), lot(2, 2, available=5_000, sold=1)]
    assert plan_allocation(lots, kilograms(3_000)) == [LotShare(1, 1_234), LotShare(2, 1_766)]


def test_a_box_never_mixes_lots_but_an_order_of_boxes_may():
    lots = [lot(1, 1, available=9_999), lot(2, 2, available=10_000, sold=1)]
    assert plan_allocation(lots, boxes(3)) == [LotShare(1, 5_000), LotShare(2, 10_000)]


def test_remainders_that_fill_no_box_are_not_left():
    lots = [lot(1, 1, available=4_999), lot(2, 2, available=9_999)]
    with pytest.raises(InsufficientStock) as refused:
        plan_allocation(lots, boxes(2))
    assert refused.value.details == {"left": 5_000}


def test_what_is_left_is_told():
    with pytest.raises(InsufficientStock) as refused:
        plan_allocation([lot(1, available=2_000), lot(2, 2, available=500)], kilograms(3_000))
    assert refused.value.details == {"left": 2_500}
    with pytest.raises(InsufficientStock, match="vừa hết") as refused:
        plan_allocation([], kilograms(1))
    assert refused.value.details == {"left": 0}


@pytest.mark.parametrize(
    ("quantity", "unit", "whole"), [(0, 1_000, False), (-1, 1_000, False), (1, 0, False), (7_000, 5_000, True)]
)
def test_senseless_demands_are_bugs(quantity, unit, whole):
    with pytest.raises(ValueError):
        Demand(quantity, unit, whole)


def test_a_batch_is_shared_between_equal_households_in_turn():
    planner = AllocationPlanner([lot(1, 1), lot(2, 2)])
    served = [planner.plan(kilograms(1_000))[0].lot_id for _ in range(4)]
    assert served == [1, 2, 1, 2]
    assert planner.available(1) == planner.available(2) == 8_000


def test_two_lots_of_a_household_share_its_running_figures():
    # The household of lots 1 and 2 must not be served twice before the other.
    planner = AllocationPlanner([lot(1, 1), lot(2, 1), lot(3, 2)])
    assert [planner.plan(kilograms(1_000))[0].lot_id for _ in range(3)] == [1, 3, 1]


def test_a_household_that_has_brought_nothing_and_sold_nothing_is_first():
    lots = [lot(1, 1, sold=1), lot(2, 2, brought=0), lot(3, 3, sold=10, brought=0)]
    planner = AllocationPlanner(lots)
    assert planner.plan(kilograms(25_000)) == [LotShare(2, 10_000), LotShare(1, 10_000), LotShare(3, 5_000)]


def test_a_refused_demand_takes_nothing_and_a_plan_can_be_given_back():
    planner = AllocationPlanner([lot(1, 1), lot(2, 2)])
    with pytest.raises(InsufficientStock):
        planner.plan(kilograms(20_001))
    taken = planner.plan(kilograms(20_000))
    planner.give_back(taken)
    assert planner.plan(kilograms(20_000)) == taken


def test_a_listing_uses_only_its_lots_at_its_own_ranks():
    planner = AllocationPlanner([lot(1, 1), lot(2, 2), lot(3, 3)])
    assert planner.plan(kilograms(12_000), ranks={2: 1, 3: 0}) == [LotShare(3, 10_000), LotShare(2, 2_000)]
    with pytest.raises(InsufficientStock) as refused:
        planner.plan(kilograms(9_000), ranks={2: 0})
    assert refused.value.details == {"left": 8_000}


def test_a_farmer_is_told_the_first_reason_that_decided():
    here = lot(12, 1, sold=40_500, best_before=TODAY)
    explain = [
        explain_share("2 kg", here, other)
        for other in (
            None,
            replace(here, lot_id=13, rank=1),
            replace(here, lot_id=13, best_before=TOMORROW),
            replace(here, lot_id=13, household_id=2, season_sold=55_000),
            replace(here, lot_id=13, household_id=2),
            replace(here, lot_id=13),
        )
    ]
    assert explain == [
        "Lấy 2 kg từ lô 12 của nhà bác vì lúc ấy chỉ còn lô này có hàng.",
        "Lấy 2 kg từ lô 12 của nhà bác vì hợp tác xã xếp lô này bán trước.",
        "Lấy 2 kg từ lô 12 của nhà bác vì lô này phải bán sớm hơn: trước ngày 10/06, lô kế tiếp trước ngày 11/06.",
        (
            "Lấy 2 kg từ lô 12 của nhà bác vì cùng hạn bán, mà nhà bác mới bán được 40,5% số hàng mang đến vụ này, "
            "nhà kế tiếp đã bán 55,0%."
        ),
        "Lấy 2 kg từ lô 12 của nhà bác vì cùng hạn bán, hai nhà bán được như nhau, và lô này được ghi vào sổ trước.",
        "Lấy 2 kg từ lô 12 của nhà bác vì lô kế tiếp cũng của nhà bác, cùng hạn bán, và lô này được ghi vào sổ trước.",
    ]


supplies = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 12_000), st.sampled_from([TODAY, TOMORROW]), st.integers(-1, 1)),
    max_size=8,
).map(
    # One pair of season figures a household, as the callers promise.
    lambda rows: [
        LotSupply(lot_id, household, available, best_before, household * 7_919, household * 31_337, rank)
        for lot_id, (household, available, best_before, rank) in enumerate(rows, 1)
    ]
)
demands = st.lists(
    st.one_of(st.integers(1, 9_000).map(kilograms), st.integers(1, 4).map(boxes)), min_size=1, max_size=12
)


@given(supplies, demands)
def test_a_batch_follows_the_rule_never_oversells_and_refuses_only_what_is_short(lots, batch):
    """The planner against a slow, literal reading of the rule with exact fractions."""
    planner = AllocationPlanner(lots)
    left = {supply.lot_id: supply.available for supply in lots}
    sold = {supply.household_id: supply.season_sold for supply in lots}
    for demand in batch:
        unit = demand.unit_quantity if demand.whole_units_from_one_lot else 1
        usable = {lot_id: quantity // unit * unit for lot_id, quantity in left.items()}
        if sum(usable.values()) < demand.quantity:
            with pytest.raises(InsufficientStock) as refused:
                planner.plan(demand)
            assert refused.value.details["left"] == sum(usable.values())
            continue
        expected, missing = [], demand.quantity
        for supply in sorted(
            lots,
            key=lambda s: (s.rank, s.best_before, Fraction(sold[s.household_id], s.season_brought), s.lot_id),
        ):
            taken = min(missing, usable[supply.lot_id])
            if taken:
                expected.append(LotShare(supply.lot_id, taken))
                missing -= taken
        assert planner.plan(demand) == expected
        household_of = {supply.lot_id: supply.household_id for supply in lots}
        for share in expected:
            left[share.lot_id] -= share.quantity
            sold[household_of[share.lot_id]] += share.quantity
            assert left[share.lot_id] >= 0
            assert share.quantity % unit == 0
        assert {lot_id: planner.available(lot_id) for lot_id in left} == left
