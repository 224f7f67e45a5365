"""Payout accounts for tests of settlement."""

from datetime import timedelta

from app.db import write_transaction
from shop.models import Household, PayoutAccount
from shop.payout_accounts import approve_payout_account, propose_payout_account
from tests.ledger.selling import POLICY, Market


def give_account(market: Market, household: Household, number: str = "0123456789") -> PayoutAccount:
    """Give a household an account by the two people it takes; it is usable 48 hours later."""
    with write_transaction() as session:
        account = propose_payout_account(
            session,
            session.get_one(Household, household.id),
            bank_bin="970405",
            account_number=number,
            holder_name="Nguyễn Thị Mận",
            actor=market.staff,
            clock=market.clock,
        )
        approve_payout_account(
            session,
            account,
            wait=timedelta(hours=POLICY.payout_account_wait_hours),
            actor=market.staff_two,
            clock=market.clock,
        )
        return account
