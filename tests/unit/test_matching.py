"""Order codes in what banks make of a transfer's content, and the one decision that follows."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ids import READABLE_ALPHABET, check_character
from orders.payments.matching import (
    REASON_SENTENCES,
    IncomingTransfer,
    MatchDecision,
    MatchReason,
    PayableOrder,
    decide_match,
    find_order_codes,
    normalise_content,
)
from orders.states import BankTransactionState, OrderState


def code_of(body):
    return f"CP{body}{check_character(body)}"


CODE = code_of("7K3M9QXA")
OTHER = code_of("2B4D6F8H")
ACCOUNT = "1012345678"

# The shapes are what public code reports of real statements; names and numbers are made up.
CONTENTS = [
    "{code}",
    "MBVCB.4125261053.047334.{code}.CT tu 9000006789 P HAM DUC TUAN toi 1123355589 tai MB- Ma GD ACSP/ cw047334",
    "{code} GD 464434-080625 10:55:18",
    "ACB;1012345678;{code}",
    "CT DEN:123456789012 {code}",
    "{code} FT26024971003124",
    "123456789012-0912345678-{code}",
    "IBFT QR - {code}",
    "QR-{code}-CHUYEN TIEN",
    "Chuyển tiền vải thiều {code} cho HTX Phương Nam",
    "CPCP{code}CP",
]


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize(
    "change",
    [
        str,
        str.lower,
        lambda text: text.replace(CODE, f"{CODE[:4]} {CODE[4:8]}  {CODE[8:]}"),
        lambda text: text.replace(CODE, ".".join(CODE)),
        lambda text: text.replace(CODE, f"{CODE[:2]}-{CODE[2:6]}_{CODE[6:]}"),
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: text.replace(CODE, f"{CODE[:5]}\n{CODE[5:]}"),
    ],
)
def test_a_code_survives_what_banks_do(content, change):
    assert find_order_codes(change(content.format(code=CODE))) == [CODE]


@pytest.mark.parametrize(
    "content", ["", "Chuyen tien", CODE[:-1], CODE[2:], f"{CODE[:-1]}2", f"{CODE[:6]}{CODE[7:]}", "CP" * 50, "đồng ₫"]
)
def test_what_is_cut_or_mistyped_is_not_a_code(content):
    assert find_order_codes(content) == []


def test_look_alikes_are_read_as_what_they_look_like():
    # 7K3M9QXA holds a 7 and a Q: "I" for the one, "0" for the other.
    assert find_order_codes(CODE.replace("7", "I").replace("Q", "0")) == [CODE]
    assert find_order_codes(code_of("DDQQ2345").replace("D", "O").replace("Q", "0")) == []


def test_several_codes_come_in_order_and_once():
    assert find_order_codes(f"{OTHER} va {CODE} va {OTHER.lower()}") == [OTHER, CODE]


def test_a_huge_content_is_not_read_to_its_end():
    assert find_order_codes("x" * 3_900 + CODE) == [CODE]
    assert find_order_codes("CP0OIL" * 200_000 + CODE) == []


def test_normalised_content():
    assert normalise_content("Đơn hàng-số 5 ＣＰ½ đ") == "DONHANGSO5CP12D"


@given(
    st.text(READABLE_ALPHABET, min_size=8, max_size=8),
    st.lists(st.sampled_from(["", " ", ".", "-", "_", "/", "\u00a0", "\u0323"]), min_size=11, max_size=11),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
def test_any_code_is_found_between_any_blanks(body, gaps, lower, before):
    code = code_of(body)
    written = "".join(gap + char for gap, char in zip(gaps, code, strict=True))
    assert code in find_order_codes(before + (written.lower() if lower else written))


def order(code=CODE, state=OrderState.PENDING, total=134_000, captured=0):
    return PayableOrder(code, state, total, captured)


def decide(content=CODE, amount=134_000, orders=(), direction="in", account=ACCOUNT, currency="VND"):
    transfer = IncomingTransfer(direction, account, amount, content, currency)
    return decide_match(transfer, orders or [order()], our_accounts=[ACCOUNT])


STATE = BankTransactionState


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        (decide(), MatchDecision(STATE.MATCHED, CODE, MatchReason.EXACT, 134_000)),
        (decide(amount=133_999), MatchDecision(STATE.PARTIAL, CODE, MatchReason.UNDER, 133_999)),
        (decide(amount=150_000), MatchDecision(STATE.MATCHED, CODE, MatchReason.OVER, 134_000, 16_000)),
        (
            decide(amount=34_000, orders=[order(captured=100_000)]),
            MatchDecision(STATE.MATCHED, CODE, MatchReason.EXACT, 34_000),
        ),
        (
            decide(orders=[order(captured=100_000)]),
            MatchDecision(STATE.MATCHED, CODE, MatchReason.OVER, 34_000, 100_000),
        ),
        (
            decide(orders=[order(state=OrderState.CONFIRMED)]),
            MatchDecision(STATE.MATCHED, CODE, MatchReason.EXACT, 134_000),
        ),
        (
            decide(orders=[order(state=OrderState.CONFIRMED, captured=134_000)]),
            MatchDecision(STATE.DUPLICATE, CODE, MatchReason.ALREADY_PAID, 0, 134_000),
        ),
        (
            decide(orders=[order(state=OrderState.EXPIRED)]),
            MatchDecision(STATE.MATCHED, CODE, MatchReason.LATE, 134_000),
        ),
        (
            decide(amount=135_000, orders=[order(state=OrderState.CANCELLED)]),
            MatchDecision(STATE.MATCHED, CODE, MatchReason.LATE, 134_000, 1_000),
        ),
        (
            decide(amount=1_000, orders=[order(state=OrderState.EXPIRED)]),
            MatchDecision(STATE.NEEDS_REVIEW, CODE, MatchReason.LATE_UNDER),
        ),
        (
            decide(orders=[order(state=OrderState.EXPIRED, captured=134_000)]),
            MatchDecision(STATE.DUPLICATE, CODE, MatchReason.ALREADY_PAID, 0, 134_000),
        ),
        (
            decide(orders=[order(state=OrderState.RETURNED)]),
            MatchDecision(STATE.NEEDS_REVIEW, CODE, MatchReason.ORDER_CLOSED),
        ),
        (
            decide(f"{CODE} {OTHER}", 268_000, [order(), order(OTHER)]),
            MatchDecision(STATE.NEEDS_REVIEW, None, MatchReason.SEVERAL_ORDERS),
        ),
        (decide(f"{CODE} {OTHER}"), MatchDecision(STATE.MATCHED, CODE, MatchReason.EXACT, 134_000)),
        (decide(OTHER), MatchDecision(STATE.NEEDS_REVIEW, None, MatchReason.UNKNOWN_CODE)),
        (
            decide("Chuyen tien"),
            MatchDecision(STATE.NEEDS_REVIEW, None, MatchReason.SAME_AMOUNT, suggested_code=CODE),
        ),
        (decide(""), MatchDecision(STATE.NEEDS_REVIEW, None, MatchReason.SAME_AMOUNT, suggested_code=CODE)),
        (decide("", 134_001), MatchDecision(STATE.NEEDS_REVIEW, None, MatchReason.NO_CODE)),
        (
            decide("", orders=[order(), order(OTHER)]),
            MatchDecision(STATE.NEEDS_REVIEW, None, MatchReason.NO_CODE),
        ),
        (
            decide("", orders=[order(state=OrderState.EXPIRED)]),
            MatchDecision(STATE.NEEDS_REVIEW, None, MatchReason.NO_CODE),
        ),
        (decide(direction="out"), MatchDecision(STATE.IGNORED, None, MatchReason.NOT_RECEIVED)),
        (decide(amount=0), MatchDecision(STATE.IGNORED, None, MatchReason.NOT_RECEIVED)),
        (decide(amount=-5), MatchDecision(STATE.IGNORED, None, MatchReason.NOT_RECEIVED)),
        (decide(account="999"), MatchDecision(STATE.IGNORED, None, MatchReason.OTHER_ACCOUNT)),
        (decide(account="1012 345 678"), MatchDecision(STATE.MATCHED, CODE, MatchReason.EXACT, 134_000)),
        (decide(currency="USD"), MatchDecision(STATE.NEEDS_REVIEW, None, MatchReason.OTHER_CURRENCY)),
    ],
)
def test_each_case_has_its_state_and_its_lane(decision, expected):
    assert decision == expected


def test_every_reason_tells_the_desk_what_to_do():
    assert set(REASON_SENTENCES) == set(MatchReason)
    assert all(sentence.endswith(".") for sentence in REASON_SENTENCES.values())


@given(
    st.integers(-10, 10**9),
    st.lists(
        st.builds(
            PayableOrder,
            st.sampled_from([CODE, OTHER]),
            st.sampled_from(list(OrderState)),
            st.integers(0, 10**9),
            st.integers(0, 10**9),
        ),
        max_size=2,
        unique_by=lambda known: known.code,
    ),
    st.lists(st.sampled_from([CODE, OTHER, "Chuyen tien"]), max_size=3).map(" ".join),
)
def test_money_is_never_guessed_and_never_lost(amount, orders, content):
    decision = decide_match(IncomingTransfer("in", ACCOUNT, amount, content), orders, our_accounts=[ACCOUNT])
    by_code = {known.code: known for known in orders}
    if decision.order_code is not None:
        assert decision.order_code in content
    if decision.capture_vnd:
        assert decision.capture_vnd <= by_code[decision.order_code].due_vnd
        assert decision.state in {STATE.MATCHED, STATE.PARTIAL}
    if decision.state in {STATE.MATCHED, STATE.PARTIAL, STATE.DUPLICATE}:
        assert decision.capture_vnd + decision.excess_vnd == amount
    assert (decision.state == STATE.IGNORED) == (amount <= 0)
