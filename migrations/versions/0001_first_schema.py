"""first schema

Revision: 0001
Follows:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


APPEND_ONLY = (
    "ledger_transaction",
    "ledger_posting",
    "stock_movement",
    "audit_entry",
    "weigh_in",
    "order_entry",
    "session_event",
)
"""Tables of what happened: rows may be added, never changed or removed."""


def refuse_changes() -> None:
    """Let the database itself refuse UPDATE and DELETE on the append-only tables."""
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def allow_changes() -> None:
    """Take the triggers away before the tables go."""
    if op.get_bind().dialect.name == "sqlite":
        return
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    op.execute("DROP FUNCTION refuse_change()")


def upgrade() -> None:
    op.create_table(
        "buyer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("phone_verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("network_key", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buyer")),
        sa.UniqueConstraint("token", name=op.f("uq_buyer_token")),
    )
    with op.batch_alter_table("buyer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_buyer_network_key"), ["network_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_buyer_phone"), ["phone"], unique=False)

    op.create_table(
        "cooperative",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("tax_code", sa.String(length=20), nullable=True),
        sa.Column("address_scheme", sa.String(length=10), nullable=False),
        sa.Column("ward_code", sa.String(length=8), nullable=False),
        sa.Column("ward_name", sa.String(length=80), nullable=False),
        sa.Column("province_code", sa.String(length=4), nullable=False),
        sa.Column("province_name", sa.String(length=80), nullable=False),
        sa.Column("street", sa.String(length=160), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("bank_bin", sa.String(length=6), nullable=True),
        sa.Column("bank_account", sa.String(length=19), nullable=True),
        sa.Column("bank_account_name", sa.String(length=120), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cooperative")),
        sa.UniqueConstraint("slug", name=op.f("uq_cooperative_slug")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_key")),
        sa.UniqueConstraint("scope", "key", name=op.f("uq_idempotency_key_scope_key")),
    )
    with op.batch_alter_table("idempotency_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_key_created_at"), ["created_at"], unique=False)

    op.create_table(
        "outbox_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_message_due", ["delivered_at", "available_at"], unique=False)

    op.create_table(
        "role",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("name", name=op.f("uq_role_name")),
    )
    op.create_table(
        "sale_limit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("qty_limit", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("qty_taken", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("per_buyer", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("per_buyer IS NULL OR per_buyer > 0", name=op.f("ck_sale_limit_per_buyer_positive")),
        sa.CheckConstraint("qty_taken >= 0 AND qty_taken <= qty_limit", name=op.f("ck_sale_limit_never_exceeded")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale_limit")),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("us_phone_number", sa.String(length=32), nullable=True),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("us_totp_secrets", sa.Text(), nullable=True),
        sa.Column("tf_primary_method", sa.String(length=64), nullable=True),
        sa.Column("tf_totp_secret", sa.String(length=255), nullable=True),
        sa.Column("tf_phone_number", sa.String(length=32), nullable=True),
        sa.Column("mf_recovery_codes", sa.UnicodeText(), nullable=True),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("email IS NOT NULL OR us_phone_number IS NOT NULL", name=op.f("ck_user_reachable")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email", name=op.f("uq_user_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_user_fs_uniquifier")),
        sa.UniqueConstraint("us_phone_number", name=op.f("uq_user_us_phone_number")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("actor_name", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("object_type", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.String(length=40), nullable=False),
        sa.Column("cooperative_id", sa.Integer(), nullable=True),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_user_id"], ["user.id"], name=op.f("fk_audit_entry_actor_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_action"), ["action"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_cooperative_id"), ["cooperative_id"], unique=False)
        batch_op.create_index("ix_audit_entry_household", ["household_id", "at"], unique=False)
        batch_op.create_index("ix_audit_entry_object", ["object_type", "object_id"], unique=False)

    op.create_table(
        "delivery_rate",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("province_code", sa.String(length=4), nullable=True),
        sa.Column("up_to_grams", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fee_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("up_to_grams > 0 AND fee_vnd >= 0", name=op.f("ck_delivery_rate_sane")),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_delivery_rate_cooperative_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_rate")),
        sa.UniqueConstraint(
            "cooperative_id",
            "province_code",
            "up_to_grams",
            name=op.f("uq_delivery_rate_cooperative_id_province_code_up_to_grams"),
        ),
    )
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("type", sa.String(length=10), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "type IN ('asset', 'liability', 'income', 'expense')", name=op.f("ck_ledger_account_type_known")
        ),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_ledger_account_cooperative_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
    )
    with op.batch_alter_table("ledger_account", schema=None) as batch_op:
        batch_op.create_index("uq_ledger_account_code", ["cooperative_id", "code"], unique=True)

    op.create_table(
        "ledger_transaction",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("reverses_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["actor_user_id"], ["user.id"], name=op.f("fk_ledger_transaction_actor_user_id")),
        sa.ForeignKeyConstraint(
            ["cooperative_id"], ["cooperative.id"], name=op.f("fk_ledger_transaction_cooperative_id")
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["ledger_transaction.id"], name=op.f("fk_ledger_transaction_reverses_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transaction")),
        sa.UniqueConstraint("reference", name=op.f("uq_ledger_transaction_reference")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_ledger_transaction_reverses_id")),
    )
    with op.batch_alter_table("ledger_transaction", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_transaction_effective", ["cooperative_id", "effective_at"], unique=False)

    op.create_table(
        "one_time_code",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("buyer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["buyer_id"], ["buyer.id"], name=op.f("fk_one_time_code_buyer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_code")),
    )
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_one_time_code_buyer_id"), ["buyer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_one_time_code_phone"), ["phone"], unique=False)

    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("link_token", sa.String(length=40), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("buyer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("host_user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("commission_bps", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("goods_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_fee_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("total_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payment_method", sa.String(length=10), nullable=True),
        sa.Column("hold_attempt", sa.Integer(), nullable=False),
        sa.Column("first_held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("staff_extended", sa.Boolean(), nullable=False),
        sa.Column("buyer_name", sa.String(length=80), nullable=False),
        sa.Column("buyer_phone", sa.String(length=20), nullable=False),
        sa.Column("recipient_name", sa.String(length=80), nullable=True),
        sa.Column("recipient_phone", sa.String(length=20), nullable=True),
        sa.Column("address_scheme", sa.String(length=10), nullable=True),
        sa.Column("ward_code", sa.String(length=8), nullable=True),
        sa.Column("ward_name", sa.String(length=80), nullable=True),
        sa.Column("province_code", sa.String(length=4), nullable=True),
        sa.Column("province_name", sa.String(length=80), nullable=True),
        sa.Column("street", sa.String(length=160), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "payment_method IS NULL OR payment_method IN ('vietqr', 'cod', 'card')", name=op.f("ck_orders_method_known")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'confirmed', 'packed', 'shipped', 'delivered', 'returned', 'expired', 'cancelled')",
            name=op.f("ck_orders_state_known"),
        ),
        sa.CheckConstraint("commission_bps BETWEEN 0 AND 10000", name=op.f("ck_orders_commission")),
        sa.CheckConstraint(
            "goods_vnd >= 0 AND delivery_fee_vnd >= 0 AND total_vnd = goods_vnd + delivery_fee_vnd",
            name=op.f("ck_orders_total_adds_up"),
        ),
        sa.ForeignKeyConstraint(["buyer_id"], ["buyer.id"], name=op.f("fk_orders_buyer_id")),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_orders_cooperative_id")),
        sa.ForeignKeyConstraint(["host_user_id"], ["user.id"], name=op.f("fk_orders_host_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("code", name=op.f("uq_orders_code")),
        sa.UniqueConstraint("link_token", name=op.f("uq_orders_link_token")),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_orders_buyer_id"), ["buyer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_buyer_phone"), ["buyer_phone"], unique=False)
        batch_op.create_index("ix_orders_cooperative_state", ["cooperative_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_delivered_at"), ["delivered_at"], unique=False)
        batch_op.create_index("ix_orders_session", ["session_id", "state"], unique=False)
        batch_op.create_index("ix_orders_state_expiry", ["state", "hold_expires_at"], unique=False)
        batch_op.create_index(
            "uq_orders_unpaid_live_order",
            ["buyer_id", "session_id"],
            unique=True,
            sqlite_where=sa.text("state = 'pending' AND session_id IS NOT NULL"),
            postgresql_where=sa.text("state = 'pending' AND session_id IS NOT NULL"),
        )

    op.create_table(
        "photo",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=40), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_photo_cooperative_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
        sa.UniqueConstraint("public_id", name=op.f("uq_photo_public_id")),
    )
    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_photo_cooperative_id"), ["cooperative_id"], unique=False)

    op.create_table(
        "rate_card",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("coop_bps", sa.Integer(), nullable=False),
        sa.Column("packing_vnd_per_kg", sa.Integer(), nullable=False),
        sa.Column("packing_vnd_per_unit", sa.Integer(), nullable=False),
        sa.Column("fee_bps", sa.Integer(), nullable=False),
        sa.Column("fee_bearer", sa.String(length=12), nullable=False),
        sa.CheckConstraint("fee_bearer IN ('cooperative', 'pool')", name=op.f("ck_rate_card_fee_bearer_known")),
        sa.CheckConstraint(
            "coop_bps >= 0 AND fee_bps >= 0 AND coop_bps + fee_bps <= 10000", name=op.f("ck_rate_card_basis_points")
        ),
        sa.CheckConstraint(
            "packing_vnd_per_kg >= 0 AND packing_vnd_per_unit >= 0", name=op.f("ck_rate_card_packing_not_negative")
        ),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_rate_card_cooperative_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_card")),
        sa.UniqueConstraint("cooperative_id", "valid_from", name=op.f("uq_rate_card_cooperative_id_valid_from")),
    )
    op.create_table(
        "season",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("last_year_revenue_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("last_year_revenue_vnd >= 0", name=op.f("ck_season_last_year_not_negative")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_season_dates_in_order")),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_season_cooperative_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_season")),
        sa.UniqueConstraint("cooperative_id", "code", name=op.f("uq_season_cooperative_id_code")),
    )
    op.create_table(
        "user_role",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_user_role_role_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_user_role_user_id")),
        sa.PrimaryKeyConstraint("user_id", "role_id", name=op.f("pk_user_role")),
    )
    op.create_table(
        "village",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("old_local_name", sa.String(length=120), nullable=False),
        sa.Column("address_scheme", sa.String(length=10), nullable=False),
        sa.Column("ward_code", sa.String(length=8), nullable=False),
        sa.Column("ward_name", sa.String(length=80), nullable=False),
        sa.Column("province_code", sa.String(length=4), nullable=False),
        sa.Column("province_name", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_village_cooperative_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_village")),
        sa.UniqueConstraint("cooperative_id", "name", name=op.f("uq_village_cooperative_id_name")),
    )
    op.create_table(
        "bank_transaction",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("account", sa.String(length=24), nullable=False),
        sa.Column("bank_reference", sa.String(length=80), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("amount_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("transferred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=14), nullable=False),
        sa.Column("state_reason", sa.String(length=200), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_bank_transaction_direction_known")),
        sa.CheckConstraint(
            "state IN ('new', 'matched', 'partial', 'needs_review', 'ignored', 'duplicate', 'refunded')",
            name=op.f("ck_bank_transaction_state_known"),
        ),
        sa.CheckConstraint("amount_vnd > 0", name=op.f("ck_bank_transaction_positive")),
        sa.ForeignKeyConstraint(
            ["cooperative_id"], ["cooperative.id"], name=op.f("fk_bank_transaction_cooperative_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_bank_transaction_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_transaction")),
        sa.UniqueConstraint(
            "cooperative_id",
            "account",
            "bank_reference",
            name=op.f("uq_bank_transaction_cooperative_id_account_bank_reference"),
        ),
    )
    with op.batch_alter_table("bank_transaction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bank_transaction_order_id"), ["order_id"], unique=False)
        batch_op.create_index("ix_bank_transaction_state", ["cooperative_id", "state"], unique=False)

    op.create_table(
        "desk_task",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("buyer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("state IN ('open', 'done', 'dropped')", name=op.f("ck_desk_task_state_known")),
        sa.ForeignKeyConstraint(["buyer_id"], ["buyer.id"], name=op.f("fk_desk_task_buyer_id")),
        sa.ForeignKeyConstraint(["claimed_by_id"], ["user.id"], name=op.f("fk_desk_task_claimed_by_id")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["user.id"], name=op.f("fk_desk_task_closed_by_id")),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_desk_task_cooperative_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_desk_task_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_task")),
        sa.UniqueConstraint("kind", "reference", name=op.f("uq_desk_task_kind_reference")),
    )
    with op.batch_alter_table("desk_task", schema=None) as batch_op:
        batch_op.create_index("ix_desk_task_open", ["cooperative_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_desk_task_order_id"), ["order_id"], unique=False)

    op.create_table(
        "household",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("village_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("growing_area_code", sa.String(length=40), nullable=True),
        sa.Column("helper_consent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_household_cooperative_id")),
        sa.ForeignKeyConstraint(["village_id"], ["village.id"], name=op.f("fk_household_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household")),
        sa.UniqueConstraint("cooperative_id", "code", name=op.f("uq_household_cooperative_id_code")),
        sa.UniqueConstraint("public_id", name=op.f("uq_household_public_id")),
    )
    with op.batch_alter_table("household", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_household_cooperative_id"), ["cooperative_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_household_village_id"), ["village_id"], unique=False)

    op.create_table(
        "live_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("season_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("host_user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=14), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("commission_bps", sa.Integer(), nullable=False),
        sa.Column("video_engine", sa.String(length=10), nullable=False),
        sa.Column("embed_url", sa.String(length=300), nullable=True),
        sa.Column("taking_orders", sa.Boolean(), nullable=False),
        sa.Column("pinned_offer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("last_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "state IN ('scheduled', 'live', 'reconnecting', 'ended', 'cancelled')",
            name=op.f("ck_live_session_state_known"),
        ),
        sa.CheckConstraint(
            "video_engine IN ('poster', 'external', 'embedded', 'webhook')",
            name=op.f("ck_live_session_video_engine_known"),
        ),
        sa.CheckConstraint("commission_bps BETWEEN 0 AND 10000", name=op.f("ck_live_session_commission")),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_live_session_cooperative_id")),
        sa.ForeignKeyConstraint(["host_user_id"], ["user.id"], name=op.f("fk_live_session_host_user_id")),
        sa.ForeignKeyConstraint(["pinned_offer_id"], ["offer.id"], name="fk_live_session_pinned_offer", use_alter=True),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_live_session_season_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_session")),
        sa.UniqueConstraint("public_id", name=op.f("uq_live_session_public_id")),
    )
    with op.batch_alter_table("live_session", schema=None) as batch_op:
        batch_op.create_index("ix_live_session_cooperative", ["cooperative_id", "state", "scheduled_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_live_session_host_user_id"), ["host_user_id"], unique=False)

    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("village_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("published_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_notice_cooperative_id")),
        sa.ForeignKeyConstraint(["published_by_id"], ["user.id"], name=op.f("fk_notice_published_by_id")),
        sa.ForeignKeyConstraint(["village_id"], ["village.id"], name=op.f("fk_notice_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_cooperative_id"), ["cooperative_id"], unique=False)

    op.create_table(
        "order_command",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scope", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_command_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_command")),
        sa.UniqueConstraint("scope", "key", name=op.f("uq_order_command_scope_key")),
    )
    with op.batch_alter_table("order_command", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_command_order_id"), ["order_id"], unique=False)

    op.create_table(
        "order_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("actor_name", sa.String(length=120), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_entry_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_entry")),
    )
    with op.batch_alter_table("order_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_entry_order_id"), ["order_id"], unique=False)

    op.create_table(
        "product",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("measure", sa.String(length=8), nullable=False),
        sa.Column("keeps_days", sa.Integer(), nullable=False),
        sa.Column("placeholder", sa.String(length=20), nullable=False),
        sa.Column("photo_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("about_en", sa.Text(), nullable=False),
        sa.CheckConstraint("measure IN ('weight', 'count')", name=op.f("ck_product_measure_known")),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_product_cooperative_id")),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name=op.f("fk_product_photo_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("cooperative_id", "code", name=op.f("uq_product_cooperative_id_code")),
        sa.UniqueConstraint("public_id", name=op.f("uq_product_public_id")),
    )
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_product_cooperative_id"), ["cooperative_id"], unique=False)

    op.create_table(
        "refund",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("amount_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("line_quantities", sa.JSON(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'submitted', 'done', 'failed', 'rejected', 'external')",
            name=op.f("ck_refund_state_known"),
        ),
        sa.CheckConstraint("amount_vnd > 0", name=op.f("ck_refund_positive")),
        sa.ForeignKeyConstraint(["approved_by_id"], ["user.id"], name=op.f("fk_refund_approved_by_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refund_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("order_id", "reference", name=op.f("uq_refund_order_id_reference")),
    )
    op.create_table(
        "shipment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("carrier", sa.String(length=60), nullable=False),
        sa.Column("tracking_number", sa.String(length=60), nullable=False),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('created', 'shipped', 'delivered', 'returned')", name=op.f("ck_shipment_state_known")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_shipment_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment")),
        sa.UniqueConstraint("order_id", name=op.f("uq_shipment_order_id")),
    )
    op.create_table(
        "stock_hold",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('active', 'committed', 'released', 'expired')", name=op.f("ck_stock_hold_state_known")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_stock_hold_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_hold")),
        sa.UniqueConstraint("order_id", "attempt", name=op.f("uq_stock_hold_order_id_attempt")),
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("issuer", sa.String(length=120), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_certificate_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificate_product_id"), ["product_id"], unique=False)

    op.create_table(
        "chat_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sender_key", sa.String(length=40), nullable=False),
        sa.Column("buyer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("client_id", sa.String(length=60), nullable=False),
        sa.Column("sender_name", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("shown_text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("reading", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("desk_state", sa.String(length=14), nullable=False),
        sa.Column("claimed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "desk_state IN ('none', 'needs_person', 'claimed', 'resolved', 'dropped')",
            name=op.f("ck_chat_message_desk_state_known"),
        ),
        sa.ForeignKeyConstraint(["buyer_id"], ["buyer.id"], name=op.f("fk_chat_message_buyer_id")),
        sa.ForeignKeyConstraint(["claimed_by_id"], ["user.id"], name=op.f("fk_chat_message_claimed_by_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_chat_message_order_id")),
        sa.ForeignKeyConstraint(["session_id"], ["live_session.id"], name=op.f("fk_chat_message_session_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_chat_message_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_message")),
        sa.UniqueConstraint(
            "session_id", "sender_key", "client_id", name=op.f("uq_chat_message_session_id_sender_key_client_id")
        ),
    )
    with op.batch_alter_table("chat_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chat_message_buyer_id"), ["buyer_id"], unique=False)
        batch_op.create_index("ix_chat_message_desk", ["session_id", "desk_state"], unique=False)
        batch_op.create_index(batch_op.f("ix_chat_message_order_id"), ["order_id"], unique=False)
        batch_op.create_index("ix_chat_message_seq", ["session_id", "seq"], unique=False)

    op.create_table(
        "invitation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("household_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("village_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("invited_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "role IN ('household', 'host', 'staff', 'village_leader', 'community_team')",
            name=op.f("ck_invitation_role_known"),
        ),
        sa.ForeignKeyConstraint(["accepted_by_id"], ["user.id"], name=op.f("fk_invitation_accepted_by_id")),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_invitation_cooperative_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_invitation_household_id")),
        sa.ForeignKeyConstraint(["invited_by_id"], ["user.id"], name=op.f("fk_invitation_invited_by_id")),
        sa.ForeignKeyConstraint(["village_id"], ["village.id"], name=op.f("fk_invitation_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_cooperative_id"), ["cooperative_id"], unique=False)

    op.create_table(
        "membership",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("household_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("village_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(role = 'household') = (household_id IS NOT NULL)",
            name=op.f("ck_membership_household_member_has_household"),
        ),
        sa.CheckConstraint(
            "role IN ('household', 'host', 'staff', 'village_leader', 'community_team')",
            name=op.f("ck_membership_role_known"),
        ),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_membership_cooperative_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_membership_household_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_membership_user_id")),
        sa.ForeignKeyConstraint(["village_id"], ["village.id"], name=op.f("fk_membership_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "user_id",
            "cooperative_id",
            "role",
            "household_id",
            name=op.f("uq_membership_user_id_cooperative_id_role_household_id"),
        ),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index("ix_membership_cooperative_role", ["cooperative_id", "role"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_household_id"), ["household_id"], unique=False)

    op.create_table(
        "notice_reading",
        sa.Column("notice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_reading_notice_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notice_reading_user_id")),
        sa.PrimaryKeyConstraint("notice_id", "user_id", name=op.f("pk_notice_reading")),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("amount_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider_reference", sa.String(length=120), nullable=True),
        sa.Column("bank_transaction_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'captured') = (captured_at IS NOT NULL)", name=op.f("ck_payment_captured_has_time")
        ),
        sa.CheckConstraint(
            "state IN ('created', 'pending', 'captured', 'failed', 'cancelled', 'expired')",
            name=op.f("ck_payment_state_known"),
        ),
        sa.CheckConstraint("amount_vnd > 0", name=op.f("ck_payment_positive")),
        sa.ForeignKeyConstraint(
            ["bank_transaction_id"], ["bank_transaction.id"], name=op.f("fk_payment_bank_transaction_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payment_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("bank_transaction_id", name=op.f("uq_payment_bank_transaction_id")),
        sa.UniqueConstraint("provider_reference", name=op.f("uq_payment_provider_reference")),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index("ix_payment_order", ["order_id", "state"], unique=False)

    op.create_table(
        "payout_account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("household_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bank_bin", sa.String(length=6), nullable=False),
        sa.Column("account_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("account_last4", sa.String(length=4), nullable=False),
        sa.Column("holder_name", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("usable_from", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'rejected', 'replaced')", name=op.f("ck_payout_account_state_known")
        ),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> proposed_by_id", name=op.f("ck_payout_account_second_person")
        ),
        sa.ForeignKeyConstraint(["approved_by_id"], ["user.id"], name=op.f("fk_payout_account_approved_by_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_payout_account_household_id")),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["user.id"], name=op.f("fk_payout_account_proposed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_account")),
    )
    with op.batch_alter_table("payout_account", schema=None) as batch_op:
        batch_op.create_index("ix_payout_account_household", ["household_id", "state"], unique=False)

    op.create_table(
        "product_grade",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_grade_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_grade")),
        sa.UniqueConstraint("product_id", "code", name=op.f("uq_product_grade_product_id_code")),
    )
    op.create_table(
        "session_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("at_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["live_session.id"], name=op.f("fk_session_event_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_event")),
        sa.UniqueConstraint("session_id", "seq", name=op.f("uq_session_event_session_id_seq")),
    )
    op.create_table(
        "floor_price",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("grade_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("price_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("set_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("price_vnd > 0", name=op.f("ck_floor_price_positive")),
        sa.ForeignKeyConstraint(["grade_id"], ["product_grade.id"], name=op.f("fk_floor_price_grade_id")),
        sa.ForeignKeyConstraint(["set_by_id"], ["user.id"], name=op.f("fk_floor_price_set_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_floor_price")),
        sa.UniqueConstraint("grade_id", "valid_from", name=op.f("uq_floor_price_grade_id_valid_from")),
    )
    op.create_table(
        "harvest_lot",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("household_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("grade_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("season_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("harvested_on", sa.Date(), nullable=False),
        sa.Column("best_before", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("qty_total", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("qty_held", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("qty_sold", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("qty_lost", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("weighed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('pledged', 'weighed', 'closed')", name=op.f("ck_harvest_lot_state_known")),
        sa.CheckConstraint("qty_held + qty_sold + qty_lost <= qty_total", name=op.f("ck_harvest_lot_never_oversold")),
        sa.CheckConstraint(
            "qty_total >= 0 AND qty_held >= 0 AND qty_sold >= 0 AND qty_lost >= 0",
            name=op.f("ck_harvest_lot_not_negative"),
        ),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_harvest_lot_cooperative_id")),
        sa.ForeignKeyConstraint(["grade_id"], ["product_grade.id"], name=op.f("fk_harvest_lot_grade_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_harvest_lot_household_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_harvest_lot_product_id")),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_harvest_lot_season_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_harvest_lot")),
        sa.UniqueConstraint("public_id", name=op.f("uq_harvest_lot_public_id")),
    )
    with op.batch_alter_table("harvest_lot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_harvest_lot_cooperative_id"), ["cooperative_id"], unique=False)
        batch_op.create_index("ix_harvest_lot_grade_state", ["grade_id", "state"], unique=False)
        batch_op.create_index("ix_harvest_lot_household_day", ["household_id", "harvested_on"], unique=False)

    op.create_table(
        "listing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("grade_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("season_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("title_en", sa.String(length=120), nullable=False),
        sa.Column("unit_label", sa.String(length=20), nullable=False),
        sa.Column("unit_quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("divisible", sa.Boolean(), nullable=False),
        sa.Column("weight_grams", sa.Integer(), nullable=True),
        sa.Column("price_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'on_sale', 'closed')", name=op.f("ck_listing_state_known")),
        sa.CheckConstraint("unit_quantity > 0 AND price_vnd > 0", name=op.f("ck_listing_positive")),
        sa.CheckConstraint("weight_grams IS NULL OR weight_grams > 0", name=op.f("ck_listing_weight_positive")),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_listing_cooperative_id")),
        sa.ForeignKeyConstraint(["grade_id"], ["product_grade.id"], name=op.f("fk_listing_grade_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_listing_product_id")),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_listing_season_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing")),
        sa.UniqueConstraint("public_id", name=op.f("uq_listing_public_id")),
    )
    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.create_index("ix_listing_cooperative_state", ["cooperative_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_listing_product_id"), ["product_id"], unique=False)

    op.create_table(
        "payout",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch", sa.String(length=40), nullable=False),
        sa.Column("payee_type", sa.String(length=12), nullable=False),
        sa.Column("payee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payout_account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("amount_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("drafted_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("payee_type IN ('household', 'host', 'courier')", name=op.f("ck_payout_payee_type_known")),
        sa.CheckConstraint(
            "state IN ('draft', 'approved', 'sent', 'paid', 'failed')", name=op.f("ck_payout_state_known")
        ),
        sa.CheckConstraint("amount_vnd > 0", name=op.f("ck_payout_positive")),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> drafted_by_id", name=op.f("ck_payout_second_person")
        ),
        sa.ForeignKeyConstraint(["approved_by_id"], ["user.id"], name=op.f("fk_payout_approved_by_id")),
        sa.ForeignKeyConstraint(["cooperative_id"], ["cooperative.id"], name=op.f("fk_payout_cooperative_id")),
        sa.ForeignKeyConstraint(["drafted_by_id"], ["user.id"], name=op.f("fk_payout_drafted_by_id")),
        sa.ForeignKeyConstraint(["payout_account_id"], ["payout_account.id"], name=op.f("fk_payout_payout_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout")),
        sa.UniqueConstraint("batch", "payee_type", "payee_id", name=op.f("uq_payout_batch_payee_type_payee_id")),
    )
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payout_cooperative_id"), ["cooperative_id"], unique=False)
        batch_op.create_index("ix_payout_payee", ["payee_type", "payee_id", "state"], unique=False)

    op.create_table(
        "listing_lot",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_listing_lot_listing_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["harvest_lot.id"], name=op.f("fk_listing_lot_lot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_lot")),
        sa.UniqueConstraint("listing_id", "lot_id", name=op.f("uq_listing_lot_listing_id_lot_id")),
    )
    with op.batch_alter_table("listing_lot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_listing_lot_lot_id"), ["lot_id"], unique=False)

    op.create_table(
        "listing_pack",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("label", sa.String(length=20), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.CheckConstraint("units > 0", name=op.f("ck_listing_pack_positive")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_listing_pack_listing_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_pack")),
        sa.UniqueConstraint("listing_id", "label", name=op.f("uq_listing_pack_listing_id_label")),
    )
    op.create_table(
        "offer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("price_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sale_limit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.CheckConstraint("price_vnd > 0", name=op.f("ck_offer_positive")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_offer_listing_id")),
        sa.ForeignKeyConstraint(["sale_limit_id"], ["sale_limit.id"], name=op.f("fk_offer_sale_limit_id")),
        sa.ForeignKeyConstraint(["session_id"], ["live_session.id"], name=op.f("fk_offer_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint("session_id", "code", name=op.f("uq_offer_session_id_code")),
        sa.UniqueConstraint("session_id", "listing_id", name=op.f("uq_offer_session_id_listing_id")),
    )
    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offer_listing_id"), ["listing_id"], unique=False)

    op.create_table(
        "order_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sale_limit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("offer_code", sa.String(length=10), nullable=True),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("unit_label", sa.String(length=20), nullable=False),
        sa.Column("unit_quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("weight_grams", sa.Integer(), nullable=True),
        sa.Column("divisible", sa.Boolean(), nullable=False),
        sa.Column("price_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("packed_quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("billed_quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("goods_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("coop_bps", sa.Integer(), nullable=False),
        sa.Column("host_bps", sa.Integer(), nullable=False),
        sa.Column("packing_vnd_per_kg", sa.Integer(), nullable=False),
        sa.Column("packing_vnd_per_unit", sa.Integer(), nullable=False),
        sa.Column("fee_bps", sa.Integer(), nullable=False),
        sa.Column("fee_bearer", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "billed_quantity IS NULL OR billed_quantity <= quantity", name=op.f("ck_order_line_never_overcharged")
        ),
        sa.CheckConstraint("coop_bps + host_bps + fee_bps <= 10000", name=op.f("ck_order_line_basis_points")),
        sa.CheckConstraint(
            "packed_quantity IS NULL OR packed_quantity >= 0", name=op.f("ck_order_line_packed_not_negative")
        ),
        sa.CheckConstraint("quantity >= 0 AND goods_vnd >= 0", name=op.f("ck_order_line_not_negative")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_order_line_listing_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_line_order_id")),
        sa.ForeignKeyConstraint(["sale_limit_id"], ["sale_limit.id"], name=op.f("fk_order_line_sale_limit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint(
            "order_id",
            "listing_id",
            "price_vnd",
            "sale_limit_id",
            name=op.f("uq_order_line_order_id_listing_id_price_vnd_sale_limit_id"),
        ),
    )
    with op.batch_alter_table("order_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_line_listing_id"), ["listing_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_order_line_sale_limit_id"), ["sale_limit_id"], unique=False)

    op.create_table(
        "pledge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("household_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("grade_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("season_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("for_date", sa.Date(), nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("made_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("state IN ('open', 'weighed', 'cancelled')", name=op.f("ck_pledge_state_known")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_pledge_positive")),
        sa.ForeignKeyConstraint(["grade_id"], ["product_grade.id"], name=op.f("fk_pledge_grade_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_pledge_household_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["harvest_lot.id"], name=op.f("fk_pledge_lot_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_pledge_made_by_id")),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_pledge_season_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge")),
        sa.UniqueConstraint(
            "household_id", "grade_id", "for_date", name=op.f("uq_pledge_household_id_grade_id_for_date")
        ),
        sa.UniqueConstraint("lot_id", name=op.f("uq_pledge_lot_id")),
    )
    with op.batch_alter_table("pledge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pledge_for_date"), ["for_date"], unique=False)

    op.create_table(
        "price_approval",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("price_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("for_date", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('proposed', 'approved', 'rejected')", name=op.f("ck_price_approval_state_known")),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> proposed_by_id", name=op.f("ck_price_approval_second_person")
        ),
        sa.CheckConstraint("price_vnd > 0", name=op.f("ck_price_approval_positive")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user.id"], name=op.f("fk_price_approval_decided_by_id")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_price_approval_listing_id")),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["user.id"], name=op.f("fk_price_approval_proposed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_approval")),
    )
    with op.batch_alter_table("price_approval", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_price_approval_listing_id"), ["listing_id"], unique=False)

    op.create_table(
        "stock_movement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("delta_total", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delta_held", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delta_sold", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delta_lost", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "delta_total <> 0 OR delta_held <> 0 OR delta_sold <> 0 OR delta_lost <> 0",
            name=op.f("ck_stock_movement_moves_something"),
        ),
        sa.ForeignKeyConstraint(["actor_user_id"], ["user.id"], name=op.f("fk_stock_movement_actor_user_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["harvest_lot.id"], name=op.f("fk_stock_movement_lot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movement")),
        sa.UniqueConstraint("reference", "lot_id", "kind", name=op.f("uq_stock_movement_reference_lot_id_kind")),
    )
    with op.batch_alter_table("stock_movement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stock_movement_lot_id"), ["lot_id"], unique=False)

    op.create_table(
        "weigh_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("photo_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("weighed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("weighed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["harvest_lot.id"], name=op.f("fk_weigh_in_lot_id")),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name=op.f("fk_weigh_in_photo_id")),
        sa.ForeignKeyConstraint(["weighed_by_id"], ["user.id"], name=op.f("fk_weigh_in_weighed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weigh_in")),
        sa.UniqueConstraint("lot_id", "reference", name=op.f("uq_weigh_in_lot_id_reference")),
    )
    op.create_table(
        "allocation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("household_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_allocation_not_negative")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_allocation_household_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["harvest_lot.id"], name=op.f("fk_allocation_lot_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_allocation_order_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
        sa.UniqueConstraint("order_line_id", "lot_id", name=op.f("uq_allocation_order_line_id_lot_id")),
    )
    with op.batch_alter_table("allocation", schema=None) as batch_op:
        batch_op.create_index("ix_allocation_household", ["household_id", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_allocation_lot_id"), ["lot_id"], unique=False)

    op.create_table(
        "claim",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("photo_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("answer", sa.String(length=300), nullable=False),
        sa.CheckConstraint("state IN ('open', 'accepted', 'rejected')", name=op.f("ck_claim_state_known")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user.id"], name=op.f("fk_claim_decided_by_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_claim_order_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_claim_order_line_id")),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name=op.f("fk_claim_photo_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
    )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_order_id"), ["order_id"], unique=False)

    op.create_table(
        "ledger_posting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("transaction_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("debit_account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("credit_account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount_vnd", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("order_line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("amount_vnd > 0", name=op.f("ck_ledger_posting_positive")),
        sa.CheckConstraint("debit_account_id <> credit_account_id", name=op.f("ck_ledger_posting_two_accounts")),
        sa.ForeignKeyConstraint(
            ["credit_account_id"], ["ledger_account.id"], name=op.f("fk_ledger_posting_credit_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["debit_account_id"], ["ledger_account.id"], name=op.f("fk_ledger_posting_debit_account_id")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["harvest_lot.id"], name=op.f("fk_ledger_posting_lot_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_ledger_posting_order_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_ledger_posting_order_line_id")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["ledger_transaction.id"], name=op.f("fk_ledger_posting_transaction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_posting")),
    )
    with op.batch_alter_table("ledger_posting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_posting_credit_account_id"), ["credit_account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_posting_debit_account_id"), ["debit_account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_posting_lot_id"), ["lot_id"], unique=False)
        batch_op.create_index("ix_ledger_posting_order", ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_posting_transaction_id"), ["transaction_id"], unique=False)

    op.create_table(
        "stock_hold_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hold_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sale_limit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_stock_hold_line_not_negative")),
        sa.ForeignKeyConstraint(["hold_id"], ["stock_hold.id"], name=op.f("fk_stock_hold_line_hold_id")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_stock_hold_line_listing_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["harvest_lot.id"], name=op.f("fk_stock_hold_line_lot_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_stock_hold_line_order_line_id")),
        sa.ForeignKeyConstraint(["sale_limit_id"], ["sale_limit.id"], name=op.f("fk_stock_hold_line_sale_limit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_hold_line")),
        sa.UniqueConstraint(
            "hold_id", "order_line_id", "lot_id", name=op.f("uq_stock_hold_line_hold_id_order_line_id_lot_id")
        ),
    )
    with op.batch_alter_table("stock_hold_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stock_hold_line_lot_id"), ["lot_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stock_hold_line_order_line_id"), ["order_line_id"], unique=False)

    if op.get_bind().dialect.name != "sqlite":
        # A session points at its pinned offer and an offer at its session; SQLite took the key inside CREATE TABLE.
        op.create_foreign_key("fk_live_session_pinned_offer", "live_session", "offer", ["pinned_offer_id"], ["id"])
    refuse_changes()


def downgrade() -> None:
    allow_changes()
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint("fk_live_session_pinned_offer", "live_session", type_="foreignkey")
    with op.batch_alter_table("stock_hold_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stock_hold_line_order_line_id"))
        batch_op.drop_index(batch_op.f("ix_stock_hold_line_lot_id"))

    op.drop_table("stock_hold_line")
    with op.batch_alter_table("ledger_posting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_posting_transaction_id"))
        batch_op.drop_index("ix_ledger_posting_order")
        batch_op.drop_index(batch_op.f("ix_ledger_posting_lot_id"))
        batch_op.drop_index(batch_op.f("ix_ledger_posting_debit_account_id"))
        batch_op.drop_index(batch_op.f("ix_ledger_posting_credit_account_id"))

    op.drop_table("ledger_posting")
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_claim_order_id"))

    op.drop_table("claim")
    with op.batch_alter_table("allocation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_allocation_lot_id"))
        batch_op.drop_index("ix_allocation_household")

    op.drop_table("allocation")
    op.drop_table("weigh_in")
    with op.batch_alter_table("stock_movement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stock_movement_lot_id"))

    op.drop_table("stock_movement")
    with op.batch_alter_table("price_approval", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_price_approval_listing_id"))

    op.drop_table("price_approval")
    with op.batch_alter_table("pledge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pledge_for_date"))

    op.drop_table("pledge")
    with op.batch_alter_table("order_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_line_sale_limit_id"))
        batch_op.drop_index(batch_op.f("ix_order_line_listing_id"))

    op.drop_table("order_line")
    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offer_listing_id"))

    op.drop_table("offer")
    op.drop_table("listing_pack")
    with op.batch_alter_table("listing_lot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_listing_lot_lot_id"))

    op.drop_table("listing_lot")
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.drop_index("ix_payout_payee")
        batch_op.drop_index(batch_op.f("ix_payout_cooperative_id"))

    op.drop_table("payout")
    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_listing_product_id"))
        batch_op.drop_index("ix_listing_cooperative_state")

    op.drop_table("listing")
    with op.batch_alter_table("harvest_lot", schema=None) as batch_op:
        batch_op.drop_index("ix_harvest_lot_household_day")
        batch_op.drop_index("ix_harvest_lot_grade_state")
        batch_op.drop_index(batch_op.f("ix_harvest_lot_cooperative_id"))

    op.drop_table("harvest_lot")
    op.drop_table("floor_price")
    op.drop_table("session_event")
    op.drop_table("product_grade")
    with op.batch_alter_table("payout_account", schema=None) as batch_op:
        batch_op.drop_index("ix_payout_account_household")

    op.drop_table("payout_account")
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.drop_index("ix_payment_order")

    op.drop_table("payment")
    op.drop_table("notice_reading")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_household_id"))
        batch_op.drop_index("ix_membership_cooperative_role")

    op.drop_table("membership")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitation_cooperative_id"))

    op.drop_table("invitation")
    with op.batch_alter_table("chat_message", schema=None) as batch_op:
        batch_op.drop_index("ix_chat_message_seq")
        batch_op.drop_index(batch_op.f("ix_chat_message_order_id"))
        batch_op.drop_index("ix_chat_message_desk")
        batch_op.drop_index(batch_op.f("ix_chat_message_buyer_id"))

    op.drop_table("chat_message")
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certificate_product_id"))

    op.drop_table("certificate")
    op.drop_table("stock_hold")
    op.drop_table("shipment")
    op.drop_table("refund")
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_product_cooperative_id"))

    op.drop_table("product")
    with op.batch_alter_table("order_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_entry_order_id"))

    op.drop_table("order_entry")
    with op.batch_alter_table("order_command", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_command_order_id"))

    op.drop_table("order_command")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_cooperative_id"))

    op.drop_table("notice")
    with op.batch_alter_table("live_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_live_session_host_user_id"))
        batch_op.drop_index("ix_live_session_cooperative")

    op.drop_table("live_session")
    with op.batch_alter_table("household", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_household_village_id"))
        batch_op.drop_index(batch_op.f("ix_household_cooperative_id"))

    op.drop_table("household")
    with op.batch_alter_table("desk_task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_desk_task_order_id"))
        batch_op.drop_index("ix_desk_task_open")

    op.drop_table("desk_task")
    with op.batch_alter_table("bank_transaction", schema=None) as batch_op:
        batch_op.drop_index("ix_bank_transaction_state")
        batch_op.drop_index(batch_op.f("ix_bank_transaction_order_id"))

    op.drop_table("bank_transaction")
    op.drop_table("village")
    op.drop_table("user_role")
    op.drop_table("season")
    op.drop_table("rate_card")
    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_photo_cooperative_id"))

    op.drop_table("photo")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_orders_unpaid_live_order",
            sqlite_where=sa.text("state = 'pending' AND session_id IS NOT NULL"),
            postgresql_where=sa.text("state = 'pending' AND session_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_orders_state_expiry")
        batch_op.drop_index("ix_orders_session")
        batch_op.drop_index(batch_op.f("ix_orders_delivered_at"))
        batch_op.drop_index(batch_op.f("ix_orders_created_at"))
        batch_op.drop_index("ix_orders_cooperative_state")
        batch_op.drop_index(batch_op.f("ix_orders_buyer_phone"))
        batch_op.drop_index(batch_op.f("ix_orders_buyer_id"))

    op.drop_table("orders")
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_one_time_code_phone"))
        batch_op.drop_index(batch_op.f("ix_one_time_code_buyer_id"))

    op.drop_table("one_time_code")
    with op.batch_alter_table("ledger_transaction", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_transaction_effective")

    op.drop_table("ledger_transaction")
    with op.batch_alter_table("ledger_account", schema=None) as batch_op:
        batch_op.drop_index("uq_ledger_account_code")

    op.drop_table("ledger_account")
    op.drop_table("delivery_rate")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_object")
        batch_op.drop_index("ix_audit_entry_household")
        batch_op.drop_index(batch_op.f("ix_audit_entry_cooperative_id"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_action"))

    op.drop_table("audit_entry")
    op.drop_table("user")
    op.drop_table("sale_limit")
    op.drop_table("role")
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_message_due")

    op.drop_table("outbox_message")
    with op.batch_alter_table("idempotency_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_key_created_at"))

    op.drop_table("idempotency_key")
    op.drop_table("cooperative")
    with op.batch_alter_table("buyer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_buyer_phone"))
        batch_op.drop_index(batch_op.f("ix_buyer_network_key"))

    op.drop_table("buyer")
