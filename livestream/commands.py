"""What people in a room ask for, as values that wait in the intake for the next commit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.accounts.actor import Actor

MAX_COMMENT = 500
"""Characters; a longer comment is no comment."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who speaks: ``key`` is "b<buyer id>", "u<user id>" or "g<guest>", the scope in which a resent comment is the same one."""

    key: str
    name: str
    buyer_id: int | None = None
    user_id: int | None = None
    network_key: str | None = None
    at_desk: bool = False
    """Host or staff: what they write is never an order of theirs."""
    is_host: bool = False


@dataclass(frozen=True, slots=True)
class PostComment:
    """A comment as typed. ``client_id`` is chosen by the sender's page, so that sending again is safe."""

    session_id: int
    sender: Sender
    client_id: str
    text: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class OrderButton:
    """A tap that does what a comment could: ``quantity`` in base units, absent on cancel; no offer means the whole order.

    ``answers`` is the number of the sender's own unclear comment that this tap settles.
    """

    session_id: int
    sender: Sender
    client_id: str
    op: Literal["add", "set", "cancel"]
    offer_id: int | None
    quantity: int | None
    received_at: datetime
    answers: int | None = None
    by: Actor | None = None
    """The person at the desk who ordered for the buyer, for the audit; None when the buyer tapped."""


RoomCommand = PostComment | OrderButton
