"""The portal's tables, on SQLite and PostgreSQL alike. What must never happen is a constraint here (docs/adr/0011)."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from services._runtime.moments import Moment
from services._runtime.outbox import outbox_table

METADATA: Final = MetaData()
SERIAL: Final = BigInteger().with_variant(Integer, "sqlite")


def _only_one(name: str, *columns: str, where: str) -> Index:
    """A unique index of the rows that `where` chooses."""
    condition: dict[str, Any] = {"sqlite_where": text(where), "postgresql_where": text(where)}
    return Index(name, *columns, unique=True, **condition)


RESELLERS: Final = Table(
    "resellers",
    METADATA,
    Column("reseller", Text, primary_key=True),
    Column("white_label", Boolean, nullable=False, comment="may add fax accounts"),
)

BRANDS: Final = Table(
    "brands",
    METADATA,
    Column("reseller", Text, ForeignKey("resellers.reseller"), primary_key=True),
    Column("portal_host", Text, nullable=False, unique=True),
    Column("brand", Text, nullable=False, comment="schemas.accounts.Brand as JSON"),
)

DOMAINS: Final = Table(
    "domains",
    METADATA,
    Column("domain", Text, primary_key=True),
    Column("reseller", Text, ForeignKey("resellers.reseller"), nullable=False, index=True),
    Column("maximum", Integer, comment="fax numbers it may have; 0: disabled, NULL: unlimited"),
    Column("region", Text, nullable=False, comment="where numbers without a country code are read"),
    CheckConstraint("maximum >= 0", name="maximum_not_negative"),
)
"""Whoever adds a fax account locks its domain's row first, so the accounts are counted by one at a time."""

USERS: Final = Table(
    "users",
    METADATA,
    Column("user_id", Text, primary_key=True),
    Column("reseller", Text, ForeignKey("resellers.reseller"), nullable=False),
    Column("domain", Text, ForeignKey("domains.domain"), comment="NULL: of the reseller itself"),
    Column("extension", Text),
    Column("name", Text, nullable=False),
    Column("name_folded", Text, nullable=False, comment="as it is looked for"),
    Column("email", Text, nullable=False),
    Column("email_folded", Text, nullable=False, comment="as it is compared"),
    Column("role", Text, nullable=False),
    Column("fax_only", Boolean, nullable=False),
    Column("password_hash", Text),
    Column("created_at", Moment, nullable=False),
    CheckConstraint("role IN ('reseller', 'manager', 'user')", name="role_known"),
    CheckConstraint("(role = 'reseller') = (domain IS NULL)", name="reseller_has_no_domain"),
    Index("users_extension", "domain", "extension", unique=True),
    Index("users_email", "domain", "email_folded", unique=True),
    Index("users_sign_in", "email_folded"),
    Index("users_name", "domain", "name_folded"),
    _only_one("users_of_reseller", "reseller", "email_folded", where="domain IS NULL"),
)

NUMBERS: Final = Table(
    "numbers",
    METADATA,
    Column("number", Text, primary_key=True, comment="E.164"),
    Column("domain", Text, ForeignKey("domains.domain"), nullable=False),
    Column("treatment", Text, nullable=False, comment="what a call to it meets"),
    Index("numbers_of_domain", "domain", "number"),
)

QUARANTINE: Final = Table(
    "quarantine",
    METADATA,
    Column("number", Text, primary_key=True),
    Column("domain", Text, nullable=False, comment="whose it was, who may have it back at once"),
    Column("until", Moment, nullable=False),
)

ACCOUNTS: Final = Table(
    "accounts",
    METADATA,
    Column("account_id", Text, primary_key=True),
    Column("number", Text, ForeignKey("numbers.number"), nullable=False),
    Column("domain", Text, ForeignKey("domains.domain"), nullable=False),
    Column("reseller", Text, ForeignKey("resellers.reseller"), nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("user_id", Text, ForeignKey("users.user_id"), comment="the primary user; NULL: removed with the account"),
    Column("methods", Text, nullable=False, comment="separated by spaces"),
    Column("handling", Text, nullable=False),
    Column("settings", Text, nullable=False, comment="the optional ones, as JSON"),
    Column("tokens", Text, nullable=False, comment="of the HTTP API: schemas.accounts.ApiToken, a JSON list"),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    CheckConstraint("state IN ('active', 'removed')", name="state_known"),
    CheckConstraint("state = 'removed' OR user_id IS NOT NULL", name="active_has_user"),
    CheckConstraint("methods <> ''", name="at_least_one_method"),
    CheckConstraint("version >= 1", name="version_counts"),
    _only_one("accounts_active", "number", where="state = 'active'"),
    Index("accounts_of_domain", "domain", "state", "number"),
    Index("accounts_of_reseller", "reseller", "state", "account_id"),
    Index("accounts_of_user", "user_id"),
)

DEVICES: Final = Table(
    "devices",
    METADATA,
    Column("account_id", Text, ForeignKey("accounts.account_id"), primary_key=True),
    Column("device_type", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("serial_folded", Text, nullable=False, unique=True, comment="as it is compared"),
    Column("enrolment_sha256", Text),
    Column("enrolment_until", Moment),
)
"""The ATAs of active accounts; a row goes with its account."""

DEVICE_TYPES: Final = Table(
    "device_types",
    METADATA,
    Column("reseller", Text, nullable=False),
    Column("device_type", Text, nullable=False),
    PrimaryKeyConstraint("reseller", "device_type", name="device_types_by_reseller"),
)
"""A reseller's own; others come with the portal: see device_types.py."""

HOLDS: Final = Table(
    "holds",
    METADATA,
    Column("scope", Text, primary_key=True, comment="fax:…, account:… or domain:…"),
    Column("reseller", Text, ForeignKey("resellers.reseller"), nullable=False),
    Column("domain", Text, ForeignKey("domains.domain"), nullable=False, index=True),
    Column("held", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

AUDIT: Final = Table(
    "audit",
    METADATA,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("name", Text, nullable=False, comment="of the user, as it was then"),
    Column("reseller", Text, nullable=False),
    Column("domain", Text, comment="NULL: of the reseller itself"),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="a number, a user's email, a serial …"),
    Column("before", Text, comment="JSON"),
    Column("after", Text, comment="JSON"),
    Index("audit_of_domain", "domain", "id"),
    Index("audit_of_reseller", "reseller", "id"),
    Index("audit_of_user", "user_id", "at"),
    sqlite_autoincrement=True,
)

FORWARDS: Final = Table(
    "forwards",
    METADATA,
    Column("mail_id", Text, primary_key=True, comment="of a form and who it is for"),
    Column("fax_id", Text, nullable=False),
    Column("version", Integer, nullable=False, comment="of the request: each of a fax has its own"),
    Column("user_id", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index("forwards_of_domain", "domain", "at"),
)
"""Mails of the last day by which faxes were forwarded: none is asked for twice, and nobody forwards without end."""

JOBS: Final = Table(
    "jobs",
    METADATA,
    Column("job_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("reseller", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("user_id", Text, nullable=False, comment="who asked for it, with name and role as they were then"),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("mode", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False, comment="the file, or the form as JSON"),
    Column("state", Text, nullable=False),
    Column("done", Integer, nullable=False, comment="steps so far, of `steps`"),
    Column("steps", Integer, nullable=False),
    Column("result", Text, comment="JSON; without secrets"),
    Column("lease", Text, comment="of the process that works on it"),
    Column("lease_until", Moment),
    CheckConstraint("state IN ('waiting', 'running', 'tried', 'done', 'failed')", name="job_state_known"),
    Index("jobs_to_do", "state", "asked_at"),
    Index("jobs_of_domain", "domain", "asked_at"),
)
"""Work off the request, done by any portal process."""

OUTBOX: Final = outbox_table(METADATA)
