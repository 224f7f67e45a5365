"""The ways to pay, behind one small interface: what is offered, and what the buyer does next.

Money never enters the books here. A provider only starts a payment; ``capturing`` records what really came.
"""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from app.errors import Conflict
from app.i18n import N_
from orders.models import Order
from orders.payments.banks import bank_of
from orders.payments.vietqr import build_payload, render_svg
from shop.models import Cooperative


@dataclass(frozen=True, slots=True)
class VietQrView:
    """What a buyer needs to transfer: the code as SVG, and each thing it says to copy by hand."""

    svg: str
    payload: str
    account: str
    account_name: str
    bank_name: str
    amount_vnd: int
    reference: str


@dataclass(frozen=True, slots=True)
class PaymentStart:
    """What the order page shows next: a code to scan, an address to go to, or nothing but a sentence."""

    sentence: str
    vietqr: VietQrView | None = None
    redirect_url: str | None = None


class PaymentProvider(Protocol):
    """One way to pay. ``code`` is what ``Payment.provider`` and ``Order.payment_method`` hold."""

    code: str
    label: str

    def is_offered(self, cooperative: Cooperative) -> bool:
        """Tell whether this cooperative can take money this way at all."""
        ...

    def begin(self, session: Session, order: Order, due_vnd: int) -> PaymentStart:
        """Start paying what is due on an order, in đồng; raises ``Conflict`` where it cannot."""
        ...


class VietQrTransfer:
    """A bank transfer to the cooperative's own account; its content is the order's code."""

    code = "vietqr"
    label = N_("Chuyển khoản (quét mã VietQR)")

    def is_offered(self, cooperative: Cooperative) -> bool:
        """Tell whether the cooperative has written down the account that buyers pay into."""
        return bool(cooperative.bank_bin and cooperative.bank_account)

    def begin(self, session: Session, order: Order, due_vnd: int) -> PaymentStart:
        """Draw the code for what is due."""
        cooperative = session.get_one(Cooperative, order.cooperative_id)
        return PaymentStart(
            N_("Bác mở ứng dụng ngân hàng, quét mã và giữ nguyên nội dung chuyển khoản giúp em."),
            vietqr=vietqr_for_order(order, cooperative, due_vnd),
        )


class CashOnDelivery:
    """Cash at the door; it is captured when the parcel is delivered."""

    code = "cod"
    label = N_("Trả tiền khi nhận hàng")

    def is_offered(self, cooperative: Cooperative) -> bool:  # noqa: ARG002 -- Who may use it is a matter of the order.
        """Cash can always be taken; whether from this buyer is decided at checkout."""
        return True

    def begin(self, session: Session, order: Order, due_vnd: int) -> PaymentStart:  # noqa: ARG002 -- Nothing starts before the door.
        """Say what will be collected."""
        return PaymentStart(N_("Bác chuẩn bị tiền mặt và trả cho người giao khi nhận hàng giúp em."))


def vietqr_for_order(order: Order, cooperative: Cooperative, due_vnd: int) -> VietQrView:
    """Return the VietQR code and its parts for what is still due; a part-paid order gets a code for the rest.

    Raises ``Conflict`` when nothing is due or the cooperative has no account yet.
    """
    if due_vnd <= 0:
        raise Conflict("Đơn này đã đủ tiền rồi ạ.")
    if not cooperative.bank_bin or not cooperative.bank_account:
        raise Conflict("Hợp tác xã chưa ghi tài khoản nhận tiền. Bác gọi hợp tác xã giúp em.")
    payload = build_payload(cooperative.bank_bin, cooperative.bank_account, due_vnd, order.code)
    bank = bank_of(cooperative.bank_bin)
    return VietQrView(
        svg=render_svg(payload),
        payload=payload,
        account=cooperative.bank_account,
        account_name=cooperative.bank_account_name or cooperative.name,
        bank_name=bank.name if bank else cooperative.bank_bin,
        amount_vnd=due_vnd,
        reference=order.code,
    )


PROVIDERS: dict[str, PaymentProvider] = {provider.code: provider for provider in (VietQrTransfer(), CashOnDelivery())}
"""The ways to pay of this installation, in the order they are offered; a card gateway adds itself here."""
