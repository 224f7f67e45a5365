"""Every (state, event) pair of every machine, against grids written by hand and not read from the tables."""

import pytest

from app.errors import IllegalTransition
from app.states import Ignored, next_state
from orders import states

# A cell is the state that follows, "=" where the event is a repeat without effect, "!" where it is refused.
GRIDS = {
    "ORDER": (
        states.ORDER_TABLE,
        states.OrderState,
        states.OrderEvent,
        """
                   confirm    pack    unpack     ship     deliver    return    expire   cancel     late_money
        pending    confirmed  !       !          !        !          !         expired  cancelled  !
        confirmed  =          packed  =          !        !          !         =        cancelled  =
        packed     =          =       confirmed  shipped  !          !         =        cancelled  =
        shipped    =          !       !          =        delivered  returned  =        !          =
        delivered  =          !       !          !        =          returned  =        !          =
        returned   !          !       !          !        !          =         =        !          !
        expired    !          !       !          !        !          !         =        =          confirmed
        cancelled  !          !       !          !        !          !         =        =          confirmed
        """,
    ),
    "PAYMENT": (
        states.PAYMENT_TABLE,
        states.PaymentState,
        states.PaymentEvent,
        """
                   submit   capture   fail    cancel     expire
        created    pending  captured  failed  cancelled  expired
        pending    =        captured  failed  cancelled  expired
        captured   =        =         =       =          =
        failed     !        captured  =       =          =
        cancelled  !        captured  =       =          =
        expired    !        captured  =       =          =
        """,
    ),
    "REFUND": (
        states.REFUND_TABLE,
        states.RefundState,
        states.RefundEvent,
        """
                   approve   reject    submit     finish  fail
        requested  approved  rejected  !          !       !
        approved   =         !         submitted  !       !
        submitted  !         !         =          done    failed
        done       !         !         !          =       !
        failed     !         !         submitted  !       =
        rejected   !         =         !          !       !
        external   !         !         !          !       !
        """,
    ),
    "BANK_TRANSACTION": (
        states.BANK_TRANSACTION_TABLE,
        states.BankTransactionState,
        states.BankTransactionEvent,
        """
                      match    match_part  ask           ignore   mark_duplicate  refund
        new           matched  partial     needs_review  ignored  duplicate       refunded
        matched       =        !           !             !        !               !
        partial       !        =           !             !        !               !
        needs_review  matched  partial     =             ignored  duplicate       refunded
        ignored       !        !           !             =        !               !
        duplicate     !        !           !             !        =               refunded
        refunded      !        !           !             !        !               =
        """,
    ),
    "HOLD": (
        states.HOLD_TABLE,
        states.HoldState,
        states.HoldEvent,
        """
                   commit     release   expire
        active     committed  released  expired
        committed  =          released  =
        released   !          =         =
        expired    !          =         =
        """,
    ),
    "SHIPMENT": (
        states.SHIPMENT_TABLE,
        states.ShipmentState,
        states.ShipmentEvent,
        """
                   ship     deliver    return
        created    shipped  !          !
        shipped    =        delivered  returned
        delivered  !        =          returned
        returned   !        !          =
        """,
    ),
    "PAYOUT": (
        states.PAYOUT_TABLE,
        states.PayoutState,
        states.PayoutEvent,
        """
                  approve   send  pay   fail
        draft     approved  !     !     !
        approved  =         sent  !     !
        sent      !         =     paid  failed
        paid      !         !     =     !
        failed    !         !     !     =
        """,
    ),
}


def _cells():
    for name, (table, state_type, event_type, grid) in GRIDS.items():
        header, *rows = [line.split() for line in grid.strip().splitlines()]
        for state, *cells in rows:
            for event, expected in zip(header, cells, strict=True):
                yield pytest.param(
                    table, state_type(state), event_type(event), expected, id=f"{name.lower()}-{state}-{event}"
                )


@pytest.mark.parametrize(("table", "state", "event", "expected"), list(_cells()))
def test_every_pair(table, state, event, expected):
    if expected == "!":
        with pytest.raises(IllegalTransition) as refused:
            next_state(table, state, event)
        assert refused.value.details == {"state": state, "event": event}
        assert refused.value.message.endswith(".")
        return
    result = next_state(table, state, event)
    if expected == "=":
        assert isinstance(result, Ignored)
        assert result.reason.endswith(".")
    else:
        assert result is type(state)(expected)


@pytest.mark.parametrize("name", GRIDS)
def test_the_grids_leave_nothing_out(name):
    table, state_type, event_type, grid = GRIDS[name]
    header, *rows = [line.split() for line in grid.strip().splitlines()]
    assert sorted(header) == sorted(event_type)
    assert sorted(row[0] for row in rows) == sorted(state_type)
    assert all(isinstance(state, state_type) and isinstance(event, event_type) for state, event in table)


def test_the_test_covers_every_table():
    tables = {name.removesuffix("_TABLE") for name in vars(states) if name.endswith("_TABLE")}
    assert tables == set(GRIDS)


def test_a_state_read_from_the_database_is_plain_text():
    assert next_state(states.ORDER_TABLE, "pending", states.OrderEvent.CONFIRM) is states.OrderState.CONFIRMED
