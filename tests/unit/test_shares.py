"""The worked examples of docs/money.md to the đồng, and what must hold for every split and every chain of refunds."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from orders.ledger.shares import FrozenRates, LineShares, reverse_part, split_line

LOT_A, LOT_B = 1, 2
PLAIN = FrozenRates(
    coop_bps=800, host_bps=500, packing_vnd_per_kg=0, packing_vnd_per_unit=0, fee_bps=400, fee_bearer="cooperative"
)
FULL = replace(PLAIN, packing_vnd_per_kg=1_000, fee_bps=200, fee_bearer="pool")
ALLOCATIONS = ((LOT_A, 2_000), (LOT_B, 1_000))


def parts_of(shares: LineShares) -> list[int]:
    return [
        shares.cooperative_vnd,
        shares.host_vnd,
        shares.packing_vnd,
        shares.fee_vnd,
        *(vnd for _, vnd in shares.households),
    ]


def test_first_worked_example():
    shares = split_line(150_000, 3_000, 1_000, 1_000, PLAIN, ALLOCATIONS)
    assert shares == LineShares(
        goods_vnd=150_000,
        cooperative_vnd=12_000,
        host_vnd=7_500,
        packing_vnd=0,
        fee_vnd=0,
        households=((LOT_A, 87_000), (LOT_B, 43_500)),
        pool_vnd=130_500,
    )


def test_second_worked_example_with_packing_a_charged_fee_and_a_refund():
    shares = split_line(150_000, 3_000, 1_000, 1_000, FULL, ALLOCATIONS)
    assert shares == LineShares(
        goods_vnd=150_000,
        cooperative_vnd=12_000,
        host_vnd=7_500,
        packing_vnd=3_000,
        fee_vnd=3_000,
        households=((LOT_A, 83_000), (LOT_B, 41_500)),
        pool_vnd=124_500,
    )
    assert reverse_part(shares, ALLOCATIONS, [], [(LOT_A, 1_000)]) == LineShares(
        goods_vnd=50_000,
        cooperative_vnd=4_000,
        host_vnd=2_500,
        packing_vnd=1_000,
        fee_vnd=1_000,
        households=((LOT_A, 41_500),),
        pool_vnd=41_500,
    )


def test_refunding_the_rest_after_the_second_example_gives_back_everything():
    shares = split_line(150_000, 3_000, 1_000, 1_000, FULL, ALLOCATIONS)
    rest = reverse_part(shares, ALLOCATIONS, [[(LOT_A, 1_000)]], [(LOT_A, 1_000), (LOT_B, 1_000)])
    assert rest == LineShares(100_000, 8_000, 5_000, 2_000, 2_000, ((LOT_A, 41_500), (LOT_B, 41_500)), 83_000)


def test_odd_example():
    shares = split_line(50_050, 1_300, 1_000, 1_000, PLAIN, ((LOT_A, 800), (LOT_B, 500)))
    assert (shares.cooperative_vnd, shares.host_vnd, shares.pool_vnd) == (4_004, 2_502, 43_544)
    assert shares.households == ((LOT_A, 26_796), (LOT_B, 16_748))


def test_packing_per_sale_unit_where_nothing_is_weighed():
    jars = replace(FULL, packing_vnd_per_unit=5_000)
    assert split_line(240_000, 2, 1, None, jars, [(7, 2)]).packing_vnd == 10_000


def test_packing_of_a_box_follows_its_weight():
    # Three boxes of 5 kg at 1,000 đ a kilogram; the base unit is the gram.
    assert split_line(600_000, 15_000, 5_000, 5_000, FULL, [(7, 15_000)]).packing_vnd == 15_000
    # A counted unit may have a shipping weight too: a bunch of about 1.5 kg.
    assert split_line(90_000, 2, 1, 1_500, FULL, [(7, 2)]).packing_vnd == 3_000


def test_odd_dong_of_the_pool_goes_to_the_smaller_lot_id_whatever_the_order_given():
    free = FrozenRates(0, 0, 0, 0, 0, "cooperative")
    assert split_line(101, 2, 1, None, free, [(9, 1), (4, 1)]).households == ((4, 51), (9, 50))


def test_deductions_never_exceed_the_goods_and_are_cut_from_the_last():
    greedy = FrozenRates(6_000, 3_000, 0, 500, 1_000, "pool")
    shares = split_line(1_000, 1, 1, None, greedy, [(1, 1)])
    assert parts_of(shares) == [600, 300, 100, 0, 0]


@pytest.mark.parametrize("allocations", [[(1, 999)], [(1, 500), (1, 500)], []])
def test_allocations_must_be_the_line(allocations):
    with pytest.raises(ValueError):
        split_line(38_000, 1_000, 1_000, 1_000, PLAIN, allocations)


@pytest.mark.parametrize("refunded", [[(LOT_A, 2_001)], [(3, 1)], [(LOT_A, -1)]])
def test_more_than_is_left_cannot_be_refunded(refunded):
    shares = split_line(150_000, 3_000, 1_000, 1_000, FULL, ALLOCATIONS)
    with pytest.raises(InvalidInput):
        reverse_part(shares, ALLOCATIONS, [], refunded)


def test_a_lot_named_twice_in_a_refund_is_a_bug():
    shares = split_line(150_000, 3_000, 1_000, 1_000, FULL, ALLOCATIONS)
    with pytest.raises(ValueError):
        reverse_part(shares, ALLOCATIONS, [], [(LOT_A, 500), (LOT_A, 500)])


def test_refunded_before_counts():
    shares = split_line(150_000, 3_000, 1_000, 1_000, FULL, ALLOCATIONS)
    with pytest.raises(InvalidInput):
        reverse_part(shares, ALLOCATIONS, [[(LOT_A, 1_500)]], [(LOT_A, 501)])


def test_refunding_nothing_takes_nothing():
    shares = split_line(150_000, 3_000, 1_000, 1_000, FULL, ALLOCATIONS)
    assert reverse_part(shares, ALLOCATIONS, [], []) == LineShares(0, 0, 0, 0, 0, (), 0)
    empty = split_line(0, 0, 1_000, 1_000, FULL, [(LOT_A, 0)])
    assert reverse_part(empty, [(LOT_A, 0)], [], [(LOT_A, 0)]) == LineShares(0, 0, 0, 0, 0, (), 0)


basis_points = st.integers(0, 4_000)
rate_cards = st.builds(
    FrozenRates,
    basis_points,
    basis_points,
    st.integers(0, 20_000),
    st.integers(0, 20_000),
    basis_points,
    st.sampled_from(["cooperative", "pool"]),
)
allocation_lists = st.dictionaries(st.integers(1, 50), st.integers(1, 20_000), min_size=1, max_size=6).map(
    lambda lots: tuple(lots.items())
)
# Prices from absurd (a đồng for a sack) to dear, because rounding breaks at the edges first.
goods_values = st.one_of(st.integers(0, 50), st.integers(0, 50_000_000))
weights = st.one_of(st.none(), st.integers(1, 5_000))


@given(goods_values, allocation_lists, st.sampled_from([1, 1_000, 5_000]), weights, rate_cards)
def test_every_split_adds_up_and_rounds_in_favour_of_the_households(goods_vnd, allocations, unit, weight, rates):
    quantity = sum(taken for _, taken in allocations)
    shares = split_line(goods_vnd, quantity, unit, weight, rates, allocations)
    assert sum(parts_of(shares)) == goods_vnd
    assert sum(vnd for _, vnd in shares.households) == shares.pool_vnd
    assert min(parts_of(shares)) >= 0
    assert shares.cooperative_vnd * 10_000 <= goods_vnd * rates.coop_bps
    assert shares.host_vnd * 10_000 <= goods_vnd * rates.host_bps
    for lot_id, vnd in shares.households:
        assert abs(vnd * quantity - shares.pool_vnd * dict(allocations)[lot_id]) < quantity


@given(goods_values, allocation_lists, rate_cards, st.data())
def test_any_chain_of_refunds_telescopes(goods_vnd, allocations, rates, data):
    quantity = sum(taken for _, taken in allocations)
    original = split_line(goods_vnd, quantity, 1_000, 1_000, rates, allocations)
    left = dict(allocations)
    before = []
    common = [0, 0, 0, 0]
    households = dict.fromkeys(left, 0)
    refunded_vnd = 0
    while any(left.values()):
        step = [(lot, data.draw(st.integers(0, most))) for lot, most in left.items()]
        if len(before) == 5 or not sum(taken for _, taken in step):
            step = list(left.items())
        back = reverse_part(original, allocations, before, step)
        assert sum(parts_of(back)) == back.goods_vnd
        assert min(parts_of(back), default=0) >= 0
        assert {lot for lot, _ in back.households} == {lot for lot, taken in step if taken}
        before.append(step)
        refunded_vnd += back.goods_vnd
        common = [a + b for a, b in zip(common, parts_of(back)[:4], strict=True)]
        for lot, vnd in back.households:
            households[lot] += vnd
        for lot, taken in step:
            left[lot] -= taken
            assert households[lot] <= dict(original.households)[lot]
            # A household whose fruit is wholly refunded owes nothing more and keeps nothing.
            assert left[lot] or households[lot] == dict(original.households)[lot]
        assert all(taken <= given for taken, given in zip(common, parts_of(original)[:4], strict=True))
        # The buyer's money follows the price of what was refunded, within a đồng a lot and a step.
        exact = goods_vnd * (quantity - sum(left.values()))
        assert abs(refunded_vnd * quantity - exact) <= quantity * (len(allocations) + 4) * len(before)
    assert refunded_vnd == goods_vnd
    assert common == parts_of(original)[:4]
    assert tuple(households.items()) == tuple((lot, dict(original.households)[lot]) for lot in households)


@given(st.integers(1, 30_000), st.integers(1, 300_000), st.integers(1, 30_000), rate_cards)
def test_a_buyer_gets_the_price_of_the_refunded_quantity(quantity, price_vnd, refunded, rates):
    refunded = min(refunded, quantity)
    goods_vnd = (2 * quantity * price_vnd + 1_000) // 2_000
    original = split_line(goods_vnd, quantity, 1_000, 1_000, rates, [(1, quantity)])
    back = reverse_part(original, [(1, quantity)], [], [(1, refunded)])
    assert back.goods_vnd == (2 * goods_vnd * refunded + quantity) // (2 * quantity)
