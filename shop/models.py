"""What is for sale and whose it is.

Quantities are integers in base units: grams for what is weighed, pieces for what is counted (``Product.measure``).
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import BigId, UtcDateTime, db, one_of


class MemberRole(StrEnum):
    """What a person is to a cooperative. A person may be several things, one membership each."""

    HOUSEHOLD = "household"
    HOST = "host"
    STAFF = "staff"
    VILLAGE_LEADER = "village_leader"
    COMMUNITY_TEAM = "community_team"


class Measure(StrEnum):
    """Whether a product is weighed (base unit: gram) or counted (base unit: piece)."""

    WEIGHT = "weight"
    COUNT = "count"


class LotState(StrEnum):
    PLEDGED = "pledged"
    WEIGHED = "weighed"
    CLOSED = "closed"


class ListingState(StrEnum):
    DRAFT = "draft"
    ON_SALE = "on_sale"
    CLOSED = "closed"


class PledgeState(StrEnum):
    OPEN = "open"
    WEIGHED = "weighed"
    CANCELLED = "cancelled"


class PayoutAccountState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    REPLACED = "replaced"


class PriceApprovalState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


class Cooperative(db.Model):
    """The seller: the party on the order, the owner of the bank account that buyers pay into."""

    __tablename__ = "cooperative"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(20))
    tax_code: Mapped[str | None] = mapped_column(String(20))
    address_scheme: Mapped[str] = mapped_column(String(10))
    ward_code: Mapped[str] = mapped_column(String(8))
    ward_name: Mapped[str] = mapped_column(String(80))
    province_code: Mapped[str] = mapped_column(String(4))
    province_name: Mapped[str] = mapped_column(String(80))
    street: Mapped[str] = mapped_column(String(160), default="")
    about: Mapped[str] = mapped_column(Text, default="")
    bank_bin: Mapped[str | None] = mapped_column(String(6))
    bank_account: Mapped[str | None] = mapped_column(String(19))
    bank_account_name: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Village(db.Model):
    """A village (thôn). The commune is kept as scheme, code and text, because codes were re-used in the 2025 reform."""

    __tablename__ = "village"
    __table_args__ = (UniqueConstraint("cooperative_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"))
    name: Mapped[str] = mapped_column(String(80))
    old_local_name: Mapped[str] = mapped_column(String(120), default="")
    """The name people still use for the place, "Phương Nam" say, which the reform abolished."""
    address_scheme: Mapped[str] = mapped_column(String(10))
    ward_code: Mapped[str] = mapped_column(String(8))
    ward_name: Mapped[str] = mapped_column(String(80))
    province_code: Mapped[str] = mapped_column(String(4))
    province_name: Mapped[str] = mapped_column(String(80))


class Household(db.Model):
    """A producing household (hộ): the owner of lots, the creditor of its share of every kilogram sold."""

    __tablename__ = "household"
    __table_args__ = (UniqueConstraint("cooperative_id", "code"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(12), unique=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"), index=True)
    village_id: Mapped[int] = mapped_column(ForeignKey("village.id"), index=True)
    code: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(20))
    growing_area_code: Mapped[str | None] = mapped_column(String(40))
    helper_consent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the household agreed that the community team may act for it; None means nobody may."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    village: Mapped[Village] = relationship()


class Membership(db.Model):
    """A user's role in a cooperative; of one household for household members, of one village for its leader."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("user_id", "cooperative_id", "role", "household_id"),
        one_of("role", MemberRole),
        CheckConstraint("(role = 'household') = (household_id IS NOT NULL)", name="household_member_has_household"),
        Index("ix_membership_cooperative_role", "cooperative_id", "role"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"))
    role: Mapped[str] = mapped_column(String(20))
    household_id: Mapped[int | None] = mapped_column(ForeignKey("household.id"), index=True)
    village_id: Mapped[int | None] = mapped_column(ForeignKey("village.id"))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Invitation(db.Model):
    """A link that lets a person join with a role. Only a hash of the link's secret is stored."""

    __tablename__ = "invitation"
    __table_args__ = (one_of("role", MemberRole),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    household_id: Mapped[int | None] = mapped_column(ForeignKey("household.id"))
    village_id: Mapped[int | None] = mapped_column(ForeignKey("village.id"))
    invited_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class PayoutAccount(db.Model):
    """The bank account a household is paid into, encrypted at rest.

    A changed account is the classic theft: it needs a second person, the household is told, and it pays out only from
    ``usable_from`` on (48 hours after approval).
    """

    __tablename__ = "payout_account"
    __table_args__ = (
        one_of("state", PayoutAccountState),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> proposed_by_id", name="second_person"),
        Index("ix_payout_account_household", "household_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id"))
    bank_bin: Mapped[str] = mapped_column(String(6))
    account_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    account_last4: Mapped[str] = mapped_column(String(4))
    holder_name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(12))
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    usable_from: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Season(db.Model):
    """A harvest season (vụ) of a cooperative: what reports compare year against year."""

    __tablename__ = "season"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "code"),
        CheckConstraint("starts_on <= ends_on", name="dates_in_order"),
        CheckConstraint("last_year_revenue_vnd >= 0", name="last_year_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"))
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    last_year_revenue_vnd: Mapped[int | None] = mapped_column(BigId)


class Photo(db.Model):
    """An uploaded picture, re-encoded without its EXIF data; the files lie under the media root by ``public_id``."""

    __tablename__ = "photo"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(40), unique=True)
    cooperative_id: Mapped[int | None] = mapped_column(ForeignKey("cooperative.id"), index=True)
    width: Mapped[int]
    height: Mapped[int]
    is_public: Mapped[bool] = mapped_column(default=True)
    """Product pictures are public; basket and claim photos are for those concerned."""
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Product(db.Model):
    """A kind of produce (nông sản): early lychee, honey. Sold in grades."""

    __tablename__ = "product"
    __table_args__ = (UniqueConstraint("cooperative_id", "code"), one_of("measure", Measure))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(12), unique=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"), index=True)
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    measure: Mapped[str] = mapped_column(String(8))
    keeps_days: Mapped[int] = mapped_column(default=3)
    """How many days after harvest it is at its best; a lot's best-before date follows from it."""
    placeholder: Mapped[str] = mapped_column(String(20), default="fruit")
    """Which drawn picture stands in where there is no photo: lychee, honey or fruit."""
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("photo.id"))
    about: Mapped[str] = mapped_column(Text, default="")
    about_en: Mapped[str] = mapped_column(Text, default="")

    photo: Mapped[Photo | None] = relationship()
    grades: Mapped[list["ProductGrade"]] = relationship(order_by="ProductGrade.position")


class ProductGrade(db.Model):
    """A grade (loại) of a product; the unit of pledging, weighing, floor prices and fairness."""

    __tablename__ = "product_grade"
    __table_args__ = (UniqueConstraint("product_id", "code"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80), default="")
    position: Mapped[int] = mapped_column(default=0)

    product: Mapped[Product] = relationship(back_populates="grades")


class Certificate(db.Model):
    """VietGAP, OCOP, a growing-area code: shown on product pages until it expires."""

    __tablename__ = "certificate"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    number: Mapped[str] = mapped_column(String(60))
    issuer: Mapped[str] = mapped_column(String(120))
    expires_on: Mapped[date | None] = mapped_column(Date)


class FloorPrice(db.Model):
    """The lowest price per kilogram (or per piece) of a grade on a day, agreed by the cooperative."""

    __tablename__ = "floor_price"
    __table_args__ = (UniqueConstraint("grade_id", "valid_from"), CheckConstraint("price_vnd > 0", name="positive"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    grade_id: Mapped[int] = mapped_column(ForeignKey("product_grade.id"))
    valid_from: Mapped[date] = mapped_column(Date)
    """In force from this day until a later row of the grade begins."""
    price_vnd: Mapped[int] = mapped_column(BigId)
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class PriceApproval(db.Model):
    """A price below the floor that one person proposed and another must approve before it may be used."""

    __tablename__ = "price_approval"
    __table_args__ = (
        one_of("state", PriceApprovalState),
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> proposed_by_id", name="second_person"),
        CheckConstraint("price_vnd > 0", name="positive"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"), index=True)
    price_vnd: Mapped[int] = mapped_column(BigId)
    reason: Mapped[str] = mapped_column(String(200))
    for_date: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(12))
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Pledge(db.Model):
    """What a household says tonight it will pick tomorrow (hẹn hái). One per household, grade and day."""

    __tablename__ = "pledge"
    __table_args__ = (
        UniqueConstraint("household_id", "grade_id", "for_date"),
        CheckConstraint("quantity > 0", name="positive"),
        one_of("state", PledgeState),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id"))
    grade_id: Mapped[int] = mapped_column(ForeignKey("product_grade.id"))
    season_id: Mapped[int] = mapped_column(ForeignKey("season.id"))
    for_date: Mapped[date] = mapped_column(Date, index=True)
    quantity: Mapped[int] = mapped_column(BigId)
    state: Mapped[str] = mapped_column(String(12))
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("harvest_lot.id"), unique=True)


class HarvestLot(db.Model):
    """One household's harvest of one grade on one day: the lockable truth of what can still be sold.

    ``qty_total`` of a pledged lot is the part of the pledge that may be sold before weighing (80%); of a weighed lot the
    weight. ``stock_movement`` is the truth of history; ``check-invariants`` compares the two.
    """

    __tablename__ = "harvest_lot"
    __table_args__ = (
        CheckConstraint("qty_total >= 0 AND qty_held >= 0 AND qty_sold >= 0 AND qty_lost >= 0", name="not_negative"),
        CheckConstraint("qty_held + qty_sold + qty_lost <= qty_total", name="never_oversold"),
        one_of("state", LotState),
        Index("ix_harvest_lot_household_day", "household_id", "harvested_on"),
        Index("ix_harvest_lot_grade_state", "grade_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(12), unique=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"), index=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    grade_id: Mapped[int] = mapped_column(ForeignKey("product_grade.id"))
    season_id: Mapped[int] = mapped_column(ForeignKey("season.id"))
    harvested_on: Mapped[date] = mapped_column(Date)
    best_before: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10))
    qty_total: Mapped[int] = mapped_column(BigId, default=0)
    qty_held: Mapped[int] = mapped_column(BigId, default=0)
    qty_sold: Mapped[int] = mapped_column(BigId, default=0)
    qty_lost: Mapped[int] = mapped_column(BigId, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    weighed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    household: Mapped[Household] = relationship()
    product: Mapped[Product] = relationship()
    grade: Mapped[ProductGrade] = relationship()


class WeighIn(db.Model):
    """A weighing at the collection point, as it was read off the scale; corrections are further rows."""

    __tablename__ = "weigh_in"
    __table_args__ = (UniqueConstraint("lot_id", "reference"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("harvest_lot.id"))
    reference: Mapped[str] = mapped_column(String(60))
    """The form's idempotency key: a weighing sent twice is one."""
    quantity: Mapped[int] = mapped_column(BigId)
    reason: Mapped[str] = mapped_column(String(200), default="")
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("photo.id"))
    weighed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    weighed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StockMovement(db.Model):
    """One change of one lot's counters by one command; append-only.

    ``reference`` names the command ("order:<id>:hold:<n>", "weigh_in:<id>"); the unique key makes a repeat impossible.
    The sum of a lot's deltas equals its counters.
    """

    __tablename__ = "stock_movement"
    __table_args__ = (
        UniqueConstraint("reference", "lot_id", "kind"),
        CheckConstraint(
            "delta_total <> 0 OR delta_held <> 0 OR delta_sold <> 0 OR delta_lost <> 0", name="moves_something"
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("harvest_lot.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(80))
    delta_total: Mapped[int] = mapped_column(BigId, default=0)
    delta_held: Mapped[int] = mapped_column(BigId, default=0)
    delta_sold: Mapped[int] = mapped_column(BigId, default=0)
    delta_lost: Mapped[int] = mapped_column(BigId, default=0)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class SaleLimit(db.Model):
    """A quota, taken and released with the hold: an offer's quota, a flash price's total. The offer only points at it."""

    __tablename__ = "sale_limit"
    __table_args__ = (
        CheckConstraint("qty_taken >= 0 AND qty_taken <= qty_limit", name="never_exceeded"),
        CheckConstraint("per_buyer IS NULL OR per_buyer > 0", name="per_buyer_positive"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    qty_limit: Mapped[int] = mapped_column(BigId)
    qty_taken: Mapped[int] = mapped_column(BigId, default=0)
    per_buyer: Mapped[int | None] = mapped_column(BigId)
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Listing(db.Model):
    """What a buyer sees (mặt hàng): a title, a sale unit and its price, fed by one or many households' lots.

    ``unit_quantity`` is how many base units one sale unit holds: 1000 for a kilogram, 5000 for a 5 kg box, 1 for a jar.
    ``divisible`` listings sell parts of the unit (kilograms to 100 g) and may be filled from several lots; the others sell
    whole packs, each from one lot. ``weight_grams`` is what one unit weighs for shipping and for the price per kilogram.
    """

    __tablename__ = "listing"
    __table_args__ = (
        CheckConstraint("unit_quantity > 0 AND price_vnd > 0", name="positive"),
        CheckConstraint("weight_grams IS NULL OR weight_grams > 0", name="weight_positive"),
        one_of("state", ListingState),
        Index("ix_listing_cooperative_state", "cooperative_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(12), unique=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    grade_id: Mapped[int] = mapped_column(ForeignKey("product_grade.id"))
    season_id: Mapped[int] = mapped_column(ForeignKey("season.id"))
    title: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str] = mapped_column(String(120), default="")
    unit_label: Mapped[str] = mapped_column(String(20))
    unit_quantity: Mapped[int] = mapped_column(BigId)
    divisible: Mapped[bool]
    weight_grams: Mapped[int | None]
    price_vnd: Mapped[int] = mapped_column(BigId)
    state: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    product: Mapped[Product] = relationship()
    grade: Mapped[ProductGrade] = relationship()
    packs: Mapped[list["ListingPack"]] = relationship(order_by="ListingPack.id")


class ListingPack(db.Model):
    """Another container a listing is asked for in: "1 thùng A1" is ``units`` = 10 sale units."""

    __tablename__ = "listing_pack"
    __table_args__ = (UniqueConstraint("listing_id", "label"), CheckConstraint("units > 0", name="positive"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"))
    label: Mapped[str] = mapped_column(String(20))
    units: Mapped[int]


class ListingLot(db.Model):
    """Which lots feed a listing. ``rank`` is staff's override of the allocation order (lower goes first)."""

    __tablename__ = "listing_lot"
    __table_args__ = (UniqueConstraint("listing_id", "lot_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"))
    lot_id: Mapped[int] = mapped_column(ForeignKey("harvest_lot.id"), index=True)
    rank: Mapped[int] = mapped_column(default=0)


class Notice(db.Model):
    """A notice (thông báo) from the cooperative or a village leader: collection hour, floor price, spray ban."""

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"), index=True)
    village_id: Mapped[int | None] = mapped_column(ForeignKey("village.id"))
    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NoticeReading(db.Model):
    """That a person has seen a notice."""

    __tablename__ = "notice_reading"

    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)
