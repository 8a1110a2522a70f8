"""Resellers, domains, users, numbers, fax accounts, holds, the audit log and the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "portal_0001"
down_revision = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _audit()
    _device_types()
    _outbox()
    _quarantine()
    _resellers()
    _brands()
    _domains()
    _holds()
    _numbers()
    _users()
    _accounts()
    _devices()


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("reseller", sa.Text, nullable=False),
        sa.Column("domain", sa.Text),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_of_domain", "audit", ["domain", "id"])
    op.create_index("audit_of_reseller", "audit", ["reseller", "id"])


def _device_types() -> None:
    op.create_table(
        "device_types", sa.Column("device_type", sa.Text, nullable=False), sa.PrimaryKeyConstraint("device_type")
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )


def _quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def _resellers() -> None:
    op.create_table(
        "resellers",
        sa.Column("reseller", sa.Text, nullable=False),
        sa.Column("white_label", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("reseller"),
    )


def _brands() -> None:
    op.create_table(
        "brands",
        sa.Column("reseller", sa.Text, nullable=False),
        sa.Column("portal_host", sa.Text, nullable=False),
        sa.Column("brand", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["reseller"], ["resellers.reseller"]),
        sa.PrimaryKeyConstraint("reseller"),
        sa.UniqueConstraint("portal_host"),
    )


def _domains() -> None:
    op.create_table(
        "domains",
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("reseller", sa.Text, nullable=False),
        sa.Column("maximum", sa.Integer),
        sa.Column("region", sa.Text, nullable=False),
        sa.CheckConstraint("maximum >= 0", name="maximum_not_negative"),
        sa.ForeignKeyConstraint(["reseller"], ["resellers.reseller"]),
        sa.PrimaryKeyConstraint("domain"),
    )
    op.create_index("ix_domains_reseller", "domains", ["reseller"])


def _holds() -> None:
    op.create_table(
        "holds",
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("reseller", sa.Text, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["domain"], ["domains.domain"]),
        sa.ForeignKeyConstraint(["reseller"], ["resellers.reseller"]),
        sa.PrimaryKeyConstraint("scope"),
    )
    op.create_index("ix_holds_domain", "holds", ["domain"])


def _numbers() -> None:
    op.create_table(
        "numbers",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("treatment", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["domain"], ["domains.domain"]),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("numbers_of_domain", "numbers", ["domain", "number"])


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("reseller", sa.Text, nullable=False),
        sa.Column("domain", sa.Text),
        sa.Column("extension", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_folded", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("email_folded", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("fax_only", sa.Boolean, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(role = 'reseller') = (domain IS NULL)", name="reseller_has_no_domain"),
        sa.CheckConstraint("role IN ('reseller', 'manager', 'user')", name="role_known"),
        sa.ForeignKeyConstraint(["domain"], ["domains.domain"]),
        sa.ForeignKeyConstraint(["reseller"], ["resellers.reseller"]),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_index("users_email", "users", ["domain", "email_folded"], unique=True)
    op.create_index("users_extension", "users", ["domain", "extension"], unique=True)
    op.create_index("users_name", "users", ["domain", "name_folded"])
    op.create_index(
        "users_of_reseller",
        "users",
        ["reseller", "email_folded"],
        unique=True,
        sqlite_where=sa.text("domain IS NULL"),
        postgresql_where=sa.text("domain IS NULL"),
    )
    op.create_index("users_sign_in", "users", ["email_folded"])


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("reseller", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("methods", sa.Text, nullable=False),
        sa.Column("handling", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("tokens", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("methods <> ''", name="at_least_one_method"),
        sa.CheckConstraint("state = 'removed' OR user_id IS NOT NULL", name="active_has_user"),
        sa.CheckConstraint("state IN ('active', 'removed')", name="state_known"),
        sa.CheckConstraint("version >= 1", name="version_counts"),
        sa.ForeignKeyConstraint(["domain"], ["domains.domain"]),
        sa.ForeignKeyConstraint(["number"], ["numbers.number"]),
        sa.ForeignKeyConstraint(["reseller"], ["resellers.reseller"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"]),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_index(
        "accounts_active",
        "accounts",
        ["number"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index("accounts_of_domain", "accounts", ["domain", "state", "number"])
    op.create_index("accounts_of_reseller", "accounts", ["reseller", "state", "account_id"])
    op.create_index("accounts_of_user", "accounts", ["user_id"])


def _devices() -> None:
    op.create_table(
        "devices",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("device_type", sa.Text, nullable=False),
        sa.Column("serial", sa.Text, nullable=False),
        sa.Column("serial_folded", sa.Text, nullable=False),
        sa.Column("enrolment_sha256", sa.Text),
        sa.Column("enrolment_until", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"]),
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("serial_folded"),
    )
