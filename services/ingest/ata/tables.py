"""The tables of the ATA gateway, on SQLite and PostgreSQL alike."""

from typing import Final

from sqlalchemy import Column, Index, Integer, MetaData, Table, Text, Uuid

from services._runtime.moments import Moment
from services._runtime.outbox import outbox_table

METADATA: Final = MetaData()

DEVICES: Final = Table(
    "devices",
    METADATA,
    Column("serial", Text, primary_key=True),
    Column("account_id", Text, nullable=False, comment="whose it was when it enrolled"),
    Column("enrolment_sha256", Text, nullable=False, comment="of the code that it enrolled with, which is used up"),
    Column("secret_sha256", Text, comment="none: revoked"),
    Column("previous_sha256", Text, comment="works until the new secret is first used"),
    Column("enrolled_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)
"""One row for each device that ever enrolled. Secrets have 256 random bits, so a plain hash is enough."""

FAXES: Final = Table(
    "faxes",
    METADATA,
    Column("fax_id", Uuid, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("state", Text, nullable=False, comment="waiting, printed, mailed or lapsed; all but the first are final"),
    Column("version", Integer, nullable=False, comment="of the row: grows with each change"),
    Column("request_version", Integer, nullable=False, comment="of the event that brought it"),
    Column("accepted_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False, comment="the device's deadline"),
    Column("pages", Integer, nullable=False),
    Column("document", Text, nullable=False, comment="StoredObject as JSON"),
    Column("fallback", Text, nullable=False, comment="list of EmailRequested as JSON"),
    Column("changed_at", Moment, nullable=False),
    Column("sent_fax_id", Uuid, comment="of a page that tells how a sent fax ended: which fax"),
    Index("faxes_due", "state", "due_at"),
    Index("faxes_of_device", "serial", "state", "accepted_at"),
    Index("faxes_age", "accepted_at"),
)
"""One row for each received fax, and each page about a sent one, that waits, or waited, for a device."""

OUTBOX: Final = outbox_table(METADATA)
