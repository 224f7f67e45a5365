"""Notices (thông báo): collection hour, floor price, spray ban; and who has read them."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Forbidden, InvalidInput, SignInNeeded
from app.text import clean_block, clean_line
from shop import access
from shop.models import Cooperative, Notice, NoticeReading, Village

_TITLE_LENGTH = 120
_BODY_LENGTH = 4000


def publish_notice(
    session: Session,
    cooperative: Cooperative,
    title: str,
    body: str,
    *,
    village: Village | None = None,
    actor: Actor,
    clock: Clock,
) -> Notice:
    """Publish to a village (by its leader or by staff) or to the whole cooperative (by staff).

    Raises ``InvalidInput`` for an empty or overlong text and ``Forbidden`` for another's village.
    """
    standing = access.standing_of(session, actor)
    leads = village is not None and village.id in standing.leader_of
    if cooperative.id not in standing.staff_of and not leads:
        raise Forbidden("Bác chỉ đăng được thông báo cho thôn mình phụ trách ạ.")
    if village is not None and village.cooperative_id != cooperative.id:
        raise Forbidden("Thôn này không thuộc hợp tác xã của bác.")
    title, body = clean_line(title), clean_block(body)
    if not title or len(title) > _TITLE_LENGTH:
        raise InvalidInput("Bác ghi tiêu đề ngắn gọn giúp em, ví dụ: Giờ thu mua ngày mai.", field="title")
    if not body or len(body) > _BODY_LENGTH:
        raise InvalidInput("Bác ghi nội dung thông báo giúp em, không quá 4.000 chữ cái.", field="body")
    notice = Notice(
        cooperative_id=cooperative.id,
        village_id=village.id if village else None,
        title=title,
        body=body,
        published_by_id=actor.user_id,
        published_at=clock(),
    )
    session.add(notice)
    session.flush()
    audit.record(
        session,
        "shop.notice.published",
        "notice",
        notice.id,
        actor=actor,
        clock=clock,
        cooperative_id=cooperative.id,
        village_id=notice.village_id,
    )
    return notice


def mark_read(session: Session, notice: Notice, *, actor: Actor, clock: Clock) -> None:
    """Remember that this person has seen the notice; the first time counts."""
    if actor.user_id is None:
        raise SignInNeeded("Bác đăng nhập trước giúp em.")
    known = select(NoticeReading.read_at).where(
        NoticeReading.notice_id == notice.id, NoticeReading.user_id == actor.user_id
    )
    if session.scalar(known) is None:
        session.add(NoticeReading(notice_id=notice.id, user_id=actor.user_id, read_at=clock()))
        session.flush()
