"""The intake of a room: everything that waited is read, ordered, numbered and stored in one transaction.

Up to 64 comments and taps of any sessions become one call of ``place_orders`` and a few multi-row inserts. A comment sent
again is the same comment: it gets the answer it got before and leaves no second line. Numbers are taken last, because
they lock the session row.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, tuple_, update
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import SYSTEM
from app.accounts.models import Buyer
from app.clock import Clock, epoch_ms
from app.errors import Conflict, DomainError
from app.events import publish
from app.policy import SalePolicy
from app.text import clean_line, fold
from livestream import answers, reading
from livestream.commands import MAX_COMMENT, OrderButton, PostComment, RoomCommand
from livestream.desk_queries import desk_item
from livestream.masking import mask_phones
from livestream.models import ChatMessage, ChatState, LiveSession
from livestream.order_comments import read_comment, reading_to_dict
from livestream.room_log import BuyerNews, DeskNews, RoomNews, allot_numbers, room_item
from livestream.room_queries import ShelfEntry, load_shelves, reader_shelf
from livestream.states import ON_AIR, TALKING
from orders.models import Order
from orders.placing import place_orders
from orders.requests import Attribution, BuyerRef, LineChange, OrderRequest, OrderResult
from orders.states import OrderState

SAME_TEXT_SECONDS = 60
"""The same words by the same buyer within this time are one order: a second press, not a second wish."""

# The table and not the class: a row of a batch is plain values, and building objects of them would cost more than storing.
_INSERT_MESSAGES = insert(ChatMessage.__table__)

_KEY = (ChatMessage.session_id, ChatMessage.sender_key, ChatMessage.client_id)
_KNOWN_MESSAGES = select(*_KEY, ChatMessage.outcome, ChatMessage.seq).where(
    tuple_(*_KEY).in_(bindparam("keys", expanding=True))
)

Handler = Callable[[Session, Sequence[Any]], Sequence[Any]]
"""Carries out all commands of one type of a batch; one outcome each, in order."""


@dataclass(slots=True)
class _Said:
    """One comment or tap on its way through the batch."""

    command: RoomCommand
    live: LiveSession
    text: str
    kind: str = "other"
    read: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    changes: tuple[LineChange, ...] = ()
    desk_state: str = ChatState.NONE
    order_id: int | None = None
    seq: int = 0
    kept: bool = True
    """False for a comment that is not stored: it comes again once the sender has left name and phone."""


@dataclass(frozen=True, slots=True)
class _Book:
    """What the batch decides with, read once."""

    sessions: Mapping[int, LiveSession]
    shelves: Mapping[int, list[ShelfEntry]]
    buyers: Mapping[int, Buyer]


def process_intake(
    session: Session,
    commands: Sequence[Any],
    *,
    handlers: Mapping[type, Handler],
    policy: SalePolicy,
    clock: Clock,
) -> list[Any]:
    """Carry out one batch and return one outcome a command, in order: an answer, or the ``DomainError`` that refuses it.

    Other packages' commands go to the ``handlers`` registered for their type; a plain callable is called with the session.
    """
    outcomes: list[Any] = [None] * len(commands)
    groups: dict[type, list[int]] = defaultdict(list)
    for i, command in enumerate(commands):
        groups[PostComment if isinstance(command, RoomCommand) else type(command)].append(i)
    said = groups.pop(PostComment, [])
    for kind, places in groups.items():
        if kind in handlers:
            results = handlers[kind](session, [commands[i] for i in places])
        else:
            results = [commands[i](session) for i in places]
        for i, result in zip(places, results, strict=True):
            outcomes[i] = result
    if said:
        answered = _take_said(session, [commands[i] for i in said], policy=policy, clock=clock)
        for i, answer in zip(said, answered, strict=True):
            outcomes[i] = answer
    return outcomes


def _take_said(session: Session, commands: Sequence[RoomCommand], *, policy: SalePolicy, clock: Clock) -> list[Any]:
    outcomes: list[Any] = [None] * len(commands)
    known = _known_answers(session, commands)
    book = _read_book(session, commands)
    first_of: dict[tuple[int, str, str], int] = {}
    fresh: dict[int, _Said] = {}
    for i, command in enumerate(commands):
        key = (command.session_id, command.sender.key, command.client_id)
        if key in known:
            outcomes[i] = known[key]
        elif key in first_of:
            continue
        else:
            first_of[key] = i
            said = _read(command, book)
            if isinstance(said, DomainError):
                outcomes[i] = said
            else:
                fresh[i] = said
    _answer_repeats(session, fresh.values(), clock=clock)
    _place(session, list(fresh.values()), book, policy=policy, clock=clock)
    _store(session, [said for said in fresh.values() if said.kept], book, clock=clock)
    for i, said in fresh.items():
        outcomes[i] = {**said.answer, "seq": said.seq} if said.kept else said.answer
    for i, command in enumerate(commands):
        if outcomes[i] is None:
            outcomes[i] = outcomes[first_of[command.session_id, command.sender.key, command.client_id]]
    return outcomes


def _known_answers(session: Session, commands: Sequence[RoomCommand]) -> dict[tuple[int, str, str], dict[str, Any]]:
    keys = {(c.session_id, c.sender.key, c.client_id) for c in commands}
    rows = session.execute(_KNOWN_MESSAGES, {"keys": list(keys)}).all()
    return {(row[0], row[1], row[2]): {**row.outcome, "seq": row.seq} for row in rows}


def _read_book(session: Session, commands: Sequence[RoomCommand]) -> _Book:
    session_ids = {command.session_id for command in commands}
    buyer_ids = {command.sender.buyer_id for command in commands if command.sender.buyer_id is not None}
    sessions = session.scalars(
        select(LiveSession).where(LiveSession.id.in_(session_ids)).execution_options(populate_existing=True)
    ).all()
    buyers = session.scalars(
        select(Buyer).where(Buyer.id.in_(buyer_ids)).execution_options(populate_existing=True)
    ).all()
    return _Book(
        sessions={live.id: live for live in sessions},
        shelves=load_shelves(session, session_ids),
        buyers={buyer.id: buyer for buyer in buyers},
    )


def _read(command: RoomCommand, book: _Book) -> _Said | DomainError:
    live = book.sessions.get(command.session_id)
    if live is None or live.state not in TALKING:
        return Conflict("Phiên này đã kết thúc, bác ghé gian hàng để mua tiếp nhé.")
    shelf = book.shelves[live.id]
    said = _read_tap(command, live, shelf) if isinstance(command, OrderButton) else _read_text(command, live, shelf)
    if said.changes and not said.answer:
        closed = (live.state not in ON_AIR or not live.taking_orders) and any(c.op != "cancel" for c in said.changes)
        if closed:
            said.changes = ()
            said.answer = answers.refused(Conflict("Phiên chưa mở chốt đơn, bác chờ em một chút nhé."), shelf)
    return said


def _read_tap(command: OrderButton, live: LiveSession, shelf: Sequence[ShelfEntry]) -> _Said:
    text = reading.button_text(command.op, command.offer_id, command.quantity, shelf)
    said = _Said(command, live, text, kind="order", read={"button": command.op, "answers": command.answers})
    if command.sender.buyer_id is None:
        said.answer, said.kept = answers.contact(None), False
        return said
    try:
        said.changes = (reading.button_change(command.op, command.offer_id, command.quantity, shelf),)
    except DomainError as error:
        said.answer = answers.refused(error, shelf)
    return said


def _read_text(command: PostComment, live: LiveSession, shelf: Sequence[ShelfEntry]) -> _Said:
    text = clean_line(command.text)[:MAX_COMMENT]
    read = read_comment(text, reader_shelf(shelf, live.pinned_offer_id))
    said = _Said(command, live, text, kind=read.kind, read={**reading_to_dict(read), "reasons": list(read.reasons)})
    sender = command.sender
    if sender.at_desk:
        said.kind, said.answer = "other", answers.talk("other")
    elif read.kind in ("question", "other"):
        said.answer = answers.talk(read.kind)
        if read.kind == "question":
            said.desk_state = ChatState.NEEDS_PERSON
    elif sender.buyer_id is None:
        said.answer, said.kept = answers.contact(read.phone), False
    elif read.kind == "unsure":
        said.answer = answers.unclear(reading.choices_of(read.candidates, shelf))
        said.desk_state = ChatState.NEEDS_PERSON
    else:
        try:
            said.changes = reading.changes_of(read.ops, shelf)
        except DomainError as error:
            said.answer = answers.refused(error, shelf)
    return said


def _answer_repeats(session: Session, batch: Iterable[_Said], *, clock: Clock) -> None:
    """Give the same words by the same buyer within a minute the answer of the first time, in the batch and before it.

    Only a comment can be a repeat, but every wish counts as the newest one: "A1 2kg", a tap on cancel and "A1 2kg" are
    three wishes. A first time whose order no longer waits holds nothing any more, and so it is not repeated but asked anew.
    """
    wishes = [said for said in batch if said.changes]
    asking = [said for said in wishes if isinstance(said.command, PostComment)]
    if not asking:
        return
    since = clock() - timedelta(seconds=SAME_TEXT_SECONDS)
    rows = session.execute(
        select(ChatMessage.session_id, ChatMessage.sender_key, ChatMessage.text, ChatMessage.outcome, Order.state)
        .outerjoin(Order, Order.id == ChatMessage.order_id)
        .where(
            ChatMessage.session_id.in_({said.live.id for said in asking}),
            ChatMessage.sender_key.in_({said.command.sender.key for said in asking}),
            ChatMessage.kind == "order",
            ChatMessage.at > since,
        )
        .order_by(ChatMessage.id)
    ).all()
    # A repeat is no wish of its own: the minute and the order are those of the first time.
    newest = {(row.session_id, row.sender_key): row for row in rows if not row.outcome.get("repeat")}
    first: dict[tuple[int, str], tuple[str, _Said]] = {}
    for said in wishes:
        key, words = (said.live.id, said.command.sender.key), fold(said.text)
        if isinstance(said.command, PostComment):
            if key in first:
                same, earlier = first[key]
                if same == words:
                    said.changes, said.answer = (), {"status": "repeat", "first": earlier.command.client_id}
                    continue
            elif key in newest and _still_held(newest[key], words):
                said.changes, said.answer = (), {**newest[key].outcome, "repeat": True}
                continue
        first[key] = (words, said)


def _still_held(row: Row[Any], words: str) -> bool:
    """Tell whether an earlier comment said the same words and its order still waits with the goods held."""
    return fold(row.text) == words and row.outcome.get("status") == "held" and row.state == OrderState.PENDING


def _place(session: Session, batch: Sequence[_Said], book: _Book, *, policy: SalePolicy, clock: Clock) -> None:
    asking = [said for said in batch if said.changes]
    if not asking:
        _copy_repeats(batch)
        return
    requests = [_request(said, book) for said in asking]
    for said, outcome in zip(
        asking, place_orders(session, requests, policy=policy, actor=SYSTEM, clock=clock), strict=True
    ):
        shelf = book.shelves[said.live.id]
        if isinstance(outcome, OrderResult):
            said.answer = answers.held(outcome, {entry.listing_id: entry.code for entry in shelf})
            said.order_id = outcome.order_id
        else:
            said.answer = answers.refused(outcome, shelf)
            if said.answer["status"] == "desk":
                said.desk_state = ChatState.NEEDS_PERSON
    _copy_repeats(batch)


def _copy_repeats(batch: Sequence[_Said]) -> None:
    by_client = {(said.command.sender.key, said.command.client_id): said for said in batch}
    for said in batch:
        if said.answer.get("status") == "repeat":
            earlier = by_client[said.command.sender.key, said.answer["first"]]
            said.answer = {**earlier.answer, "repeat": True}


def _request(said: _Said, book: _Book) -> OrderRequest:
    command, live = said.command, said.live
    buyer = book.buyers[command.sender.buyer_id or 0]
    return OrderRequest(
        scope=f"comment:{live.id}:{buyer.id}",
        key=command.client_id,
        cooperative_id=live.cooperative_id,
        buyer=BuyerRef(
            id=buyer.id,
            name=buyer.name,
            phone=buyer.phone,
            phone_verified=buyer.phone_verified_at is not None,
            network_key=command.sender.network_key,
        ),
        changes=said.changes,
        attribution=Attribution(live.id, live.host_user_id, live.commission_bps),
    )


def _store(session: Session, batch: Sequence[_Said], book: _Book, *, clock: Clock) -> None:
    """Number and insert what was said, settle the unclear comments that taps answered, and tell room and desk."""
    if not batch:
        return
    session.flush()
    settled = [said for said in batch if isinstance(said.command, OrderButton) and said.command.answers is not None]
    for said in settled:
        _settle(session, said, clock=clock)
    now = clock()
    by_session: dict[int, list[_Said]] = defaultdict(list)
    for said in batch:
        by_session[said.live.id].append(said)
    rows: list[dict[str, Any]] = []
    for session_id in sorted(by_session):
        group = by_session[session_id]
        for said, seq in zip(group, allot_numbers(session, session_id, len(group)), strict=True):
            said.seq = seq
            rows.append(_row(said, book, now))
    session.execute(_INSERT_MESSAGES, rows)
    shown = {(row["session_id"], row["seq"]): row for row in rows}
    for session_id, group in by_session.items():
        items = tuple(_talk_item(shown[session_id, said.seq], epoch_ms(now)) for said in group)
        publish(session, RoomNews(session_id, items))
        told = [desk_item(shown[session_id, said.seq]) for said in group]
        publish(session, DeskNews(session_id, "comments", told))


def _settle(session: Session, said: _Said, *, clock: Clock) -> None:
    """Close the question an unclear comment had opened, whether the buyer tapped an answer or the desk ordered for them."""
    command = said.command
    if not isinstance(command, OrderButton) or said.answer.get("status") not in ("held", "cancelled"):
        return
    session.execute(
        update(ChatMessage)
        .where(
            ChatMessage.session_id == said.live.id,
            ChatMessage.seq == command.answers,
            ChatMessage.sender_key == command.sender.key,
            ChatMessage.desk_state.in_((ChatState.NEEDS_PERSON, ChatState.CLAIMED)),
        )
        .values(desk_state=ChatState.RESOLVED)
        .execution_options(synchronize_session=False)
    )
    lane = {"seq": command.answers, "state": str(ChatState.RESOLVED), "by": command.by.name if command.by else ""}
    publish(session, DeskNews(said.live.id, "lane", lane))
    if command.by is None or command.sender.buyer_id is None:
        return
    audit.record(
        session,
        "livestream.comment.order",
        "live_session",
        said.live.public_id,
        actor=command.by,
        clock=clock,
        cooperative_id=said.live.cooperative_id,
        seq=command.answers,
        buyer_id=command.sender.buyer_id,
        order_id=said.order_id,
    )
    publish(session, BuyerNews(command.sender.buyer_id, "answer", {"seq": command.answers, "answer": said.answer}))


def _row(said: _Said, book: _Book, now: Any) -> dict[str, Any]:
    sender = said.command.sender
    buyer = book.buyers.get(sender.buyer_id) if sender.buyer_id is not None else None
    return {
        "session_id": said.live.id,
        "seq": said.seq,
        "sender_key": sender.key,
        "buyer_id": sender.buyer_id,
        "user_id": sender.user_id if sender.at_desk else None,
        "client_id": said.command.client_id,
        "sender_name": buyer.name if buyer is not None else sender.name,
        "text": said.text,
        "shown_text": mask_phones(said.text),
        "kind": said.kind,
        "reading": said.read,
        "outcome": said.answer,
        "order_id": said.order_id,
        "desk_state": str(said.desk_state),
        "at": now,
    }


def _talk_item(row: dict[str, Any], at_ms: int) -> dict[str, Any]:
    data = {
        "name": row["sender_name"],
        "text": row["shown_text"],
        "kind": row["kind"],
        "cid": row["client_id"],
        "host": row["user_id"] is not None,
    }
    return room_item("talk", row["seq"], at_ms, data)
