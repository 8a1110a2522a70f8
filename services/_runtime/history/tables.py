"""The tables of the history, on SQLite and PostgreSQL alike."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from services._runtime.moments import Moment

METADATA: Final = MetaData()


DIGITS: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Text whose order is that of its bytes, so that a beginning is a range of an index."""

FAXES: Final = Table(
    "faxes",
    METADATA,
    Column("fax_id", Uuid, primary_key=True),
    Column("account_id", Text),
    Column("direction", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("accepted_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    Column("fax_number", Text),
    Column("other_party", Text),
    Column("pages", Integer),
    Column("pages_announced", Integer),
    Column("partial", Boolean, nullable=False),
    Column("reason", Text),
    Column("rule", Text),
    Column("reseller", Text),
    Column("domain", Text),
    Column("seconds", Float),
    Column("other_digits", DIGITS, comment="the digits of other_party, last first: who ends in 0123 begins 3210"),
    *(
        Index(f"faxes_{of}{index}", column, *columns)
        for of, column in (("", "account_id"), ("domain_", "domain"), ("reseller_", "reseller"))
        for index, columns in (
            ("newest", ("accepted_at", "fax_id")),
            ("direction", ("direction", "accepted_at", "fax_id")),
            ("state", ("state", "direction", "accepted_at", "fax_id")),
            ("other_party", ("other_digits",)),
        )
    ),
)
"""One row for each fax; it follows from the fax's steps."""

STEPS: Final = Table(
    "steps",
    METADATA,
    Column("fax_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("stage", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("recipient", Text, nullable=False, comment="of a mail; else empty"),
    Column("at", Moment, nullable=False),
    Column("event", Text, nullable=False, comment="FaxStatusChanged as JSON"),
    PrimaryKeyConstraint("fax_id", "version", "stage", "state", "recipient"),
)
"""Each step once: a stage that repeats one says the same but for the time, and the earliest is kept."""

GONE: Final = Table(
    "gone",
    METADATA,
    Column("fax_id", Uuid, primary_key=True),
    Column("until", Moment, nullable=False, index=True),
)
"""Faxes that expired: a step that comes late must not bring one back. Forgotten after `until`."""

USED: Final = Table(
    "used",
    METADATA,
    Column("day", Date, nullable=False, comment="of acceptance, in UTC"),
    Column("reseller", Text, nullable=False, comment="empty if it isn't known; so are domain and account_id"),
    Column("domain", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("faxes", BigInteger, nullable=False),
    Column("pages", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
    PrimaryKeyConstraint("day", "reseller", "domain", "account_id", "direction"),
    Index("used_account", "account_id", "day"),
    Index("used_domain", "domain", "day"),
    Index("used_reseller", "reseller", "day"),
)
"""What the faxes came to that have left `FAXES`, added up: a bill needs it after a fax is gone."""

UNRECORDED: Final = Table(
    "unrecorded",
    METADATA,
    Column("fax_id", Uuid, primary_key=True),
    Column("accepted_at", Moment, nullable=False),
    Column("times", Integer, nullable=False, comment="how often it changed since it was last recorded"),
    Column("taken_until", Moment, comment="until when a process is at it"),
)
"""Faxes whose ``record.json`` doesn't say yet what is here: to be written, or, of a fax that is gone, deleted."""

BUILT: Final = Table(
    "built",
    METADATA,
    Column("at", Moment, primary_key=True),
)
"""When this database had first read all that there was before it; without a row it is new."""

READ_DAYS: Final = Table(
    "read_days",
    METADATA,
    Column("day", Date, primary_key=True),
    Column("at", Moment, nullable=False),
)
"""Days whose records were read by a rebuilding that is not over: one that was killed goes on from there."""
