"""The cooperative's rules of sale that are a matter of choice, as one value that use cases are given."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SalePolicy:
    """Every number a cooperative may set for itself. Weights in grams, times in minutes, hours or days."""

    hold_minutes: int = 30
    hold_ceiling_minutes: int = 60
    """Adding to an order renews its clock, but never beyond this long after the first hold."""
    staff_extension_minutes: int = 30
    pledge_sale_percent: int = 80
    """How much of a pledge may be sold before it is weighed in."""
    desk_order_grams: int = 50_000
    """An order above this goes to the desk without holding stock."""
    desk_order_pieces: int = 50
    unpaid_grams_per_buyer: int = 60_000
    unpaid_grams_per_phone: int = 60_000
    unpaid_grams_per_address: int = 200_000
    """Caps on unpaid held weight behind one network address; a village shares one, so it is wider than a person's."""
    unpaid_grams_per_session: int = 50_000_000
    cod_needs_delivered_orders: int = 1
    cod_max_refusals: int = 0
    cod_max_vnd: int = 5_000_000
    claim_window_hours: int = 48
    payout_account_wait_hours: int = 48
    settle_after_hours: int = 48
