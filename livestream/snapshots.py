"""What a viewer gets on joining: the room as it stands, or what was missed since a number."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import Clock, epoch_ms, vietnam_date
from app.errors import NotFound
from livestream.models import ChatMessage, LiveSession
from livestream.room_queries import items_since, last_messages, load_shelves, own_order, stock_left
from livestream.sessions import state_data

TAIL = 200
"""How many numbers back a returning viewer is given the missing items instead of the whole room."""


def shared_snapshot(session: Session, session_id: int, *, clock: Clock) -> dict[str, Any]:
    """Return what is the same for every viewer of the room: state, shelf with true stock, last comments, recent items.

    The number is read first, so that nothing with a higher number is promised; what is newer arrives by itself.
    """
    live = session.get(LiveSession, session_id, populate_existing=True)
    if live is None:
        raise NotFound("Không tìm thấy phiên này. Có thể đường dẫn đã cũ.")
    seq = live.last_seq
    shelf = load_shelves(session, [session_id])[session_id]
    left = stock_left(session, shelf, on=vietnam_date(clock()))
    since = max(0, seq - TAIL)
    return {
        "seq": seq,
        "state": state_data(live),
        "shelf": [entry.to_dict(left[entry.offer_id]) for entry in shelf],
        "pinned": live.pinned_offer_id,
        "messages": [item for item in last_messages(session, session_id, None) if item["seq"] <= seq],
        "tail_from": since,
        "tail": [item for item in items_since(session, session_id, since, None) or [] if item["seq"] <= seq],
    }


def view_for(
    session: Session,
    shared: dict[str, Any],
    session_id: int,
    *,
    since: int | None,
    buyer_id: int | None,
    sender_key: str | None,
    clock: Clock,
) -> dict[str, Any]:
    """Return one viewer's answer to joining: the items after ``since`` when that is enough, else the snapshot.

    A buyer's own comments carry the answers they got, and their unpaid order comes along.
    """
    resumed = since is not None and shared["tail_from"] <= since <= shared["seq"]
    view: dict[str, Any] = {"seq": shared["seq"], "now": epoch_ms(clock()), "resumed": resumed}
    if resumed:
        view["items"] = [item for item in shared["tail"] if item["seq"] > (since or 0)]
        view["shelf"], view["pinned"], view["state"] = shared["shelf"], shared["pinned"], shared["state"]
    else:
        view |= {key: shared[key] for key in ("state", "shelf", "pinned", "messages")}
    if buyer_id is not None and sender_key is not None:
        place = "items" if resumed else "messages"
        view[place] = _with_own_answers(session, session_id, sender_key, view[place])
        view["order"] = own_order(session, session_id, buyer_id)
    return view


def _with_own_answers(
    session: Session, session_id: int, sender_key: str, items: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    if not items:
        return items
    own = {
        row.seq: row
        for row in session.execute(
            select(ChatMessage.seq, ChatMessage.client_id, ChatMessage.outcome).where(
                ChatMessage.session_id == session_id,
                ChatMessage.sender_key == sender_key,
                ChatMessage.seq >= items[0]["seq"],
            )
        )
    }
    return [
        {**item, "data": {**item["data"], "cid": own[item["seq"]].client_id, "answer": own[item["seq"]].outcome}}
        if item["type"] == "talk" and item["seq"] in own
        else item
        for item in items
    ]
