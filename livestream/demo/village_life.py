"""What else goes on in the demo's cooperative: notices, payout accounts, a price that waits for a second person, payouts."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import Clock
from app.policy import SalePolicy
from livestream.demo.harvest import Goods, at
from livestream.demo.people import Cast
from orders.models import Payout
from orders.settlement.paying import approve_batch, draft_batch, mark_paid, send_batch
from shop.floor_price import propose_price_below_floor
from shop.households import give_helper_consent
from shop.models import Notice, Village
from shop.notices import mark_read, publish_notice
from shop.payout_accounts import approve_payout_account, propose_payout_account

BANKS = ("970436", "970405", "970415", "970422")
"""Vietcombank, Agribank, VietinBank and MB, where the households have their accounts."""
WITHOUT_ACCOUNT = ("Anh Sáng",)
"""A household nobody has asked yet, so that the payout page has somebody it cannot pay."""
CHANGED_ACCOUNT = "Chị Duyên"
"""A household whose new account waits for its second person."""
LETS_TEAM_HELP = ("Ông Tư Vải", "Bà Nhàn", "Anh Tuấn Ong", "Bà Lụa")
NOTICES = (
    (9, None, "Giờ cân nhập", "Từ mai cân từ 5 giờ 30 đến 8 giờ ở nhà văn hóa thôn. Vải hái xong để chỗ mát, đừng dội nước."),
    (3, None, "Giá sàn hôm nay", "Loại 1 từ 32.000 ₫/kg, loại 2 từ 22.000 ₫/kg. Ai hỏi mua rẻ hơn, bác gọi cô Lan."),
    (1, 0, "Ngừng phun thuốc", "Vườn nào còn hái trong 10 ngày tới thì ngừng phun từ hôm nay, giữ sổ ghi chép."),
)  # fmt: skip
"""Days ago, village (its place in the list, None for everybody), title, text."""


def open_accounts(session: Session, cast: Cast, *, policy: SalePolicy, day: date) -> None:
    """Let every household give its bank account and a second person approve it, in the season's first days."""
    wait = timedelta(hours=policy.payout_account_wait_hours)
    for number, household in enumerate(cast.households):
        if household.name in WITHOUT_ACCOUNT:
            continue
        account = propose_payout_account(
            session,
            household,
            bank_bin=BANKS[number % len(BANKS)],
            account_number=f"19{number + 10:02}{number * 7919 % 10**8:08}",
            holder_name=household.name.upper(),
            actor=cast.member(household),
            clock=at(day, 9, number),
        )
        approve_payout_account(session, account, wait=wait, actor=cast.second_staff, clock=at(day, 14, number))


def live_together(session: Session, cast: Cast, goods: Goods, *, today: date, clock: Clock) -> bool:
    """Publish notices and leave what waits for a second person; return False when all of it was there already."""
    if session.scalar(select(Notice.id).where(Notice.cooperative_id == cast.cooperative.id).limit(1)) is not None:
        return False
    villages = session.scalars(
        select(Village).where(Village.cooperative_id == cast.cooperative.id).order_by(Village.id)
    ).all()
    for days_ago, place, title, body in NOTICES:
        when = at(today - timedelta(days=days_ago), 18)
        by = cast.staff if place is None else cast.actor("Bác Khải")
        village = None if place is None else villages[place]
        notice = publish_notice(session, cast.cooperative, title, body, village=village, actor=by, clock=when)
        for number, household in enumerate(cast.households):
            concerned = village is None or household.village_id == village.id
            if concerned and number % 3 != days_ago % 3:
                mark_read(session, notice, actor=cast.member(household), clock=when)
    for household in cast.households:
        if household.name in LETS_TEAM_HELP:
            give_helper_consent(session, household, actor=cast.member(household), clock=clock)
    _ask_for_second_person(session, cast, goods, today=today, clock=clock)
    return True


def pay_out(session: Session, cast: Cast, *, policy: SalePolicy, day: date) -> None:
    """Settle the first session: one person drafts, another approves, the bank pays all but one by the next morning."""
    drafted = draft_batch(session, cast.cooperative, policy=policy, actor=cast.staff, clock=at(day, 17))
    batch = drafted[0].batch
    approve_batch(session, cast.cooperative, batch, actor=cast.second_staff, clock=at(day, 17, 20))
    send_batch(session, cast.cooperative, batch, actor=cast.staff, clock=at(day, 17, 30))
    payouts = session.scalars(select(Payout).where(Payout.batch == batch).order_by(Payout.id)).all()
    for payout in payouts[:-1]:
        mark_paid(session, cast.cooperative, payout.id, actor=cast.staff, clock=at(day + timedelta(days=1), 9))


def _ask_for_second_person(session: Session, cast: Cast, goods: Goods, *, today: date, clock: Clock) -> None:
    household = next(home for home in cast.households if home.name == CHANGED_ACCOUNT)
    propose_payout_account(
        session,
        household,
        bank_bin=BANKS[3],
        account_number="0866123456789",
        holder_name=household.name.upper(),
        actor=cast.member(household),
        clock=clock,
    )
    propose_price_below_floor(
        session,
        goods.listings["two"],
        20_000,
        "Quả mưa bị nứt cuống, bán nhanh trong ngày",
        for_date=today,
        actor=cast.staff,
        clock=clock,
    )
