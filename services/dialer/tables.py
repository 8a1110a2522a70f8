"""The dialer's tables. Moments are microseconds since 1970 in UTC, the same in SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Dialect, Index, Integer, MetaData, Table, Text, TypeDecorator

from services._runtime.outbox import outbox_table

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """A moment with its zone; it comes back in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        """To microseconds."""
        del dialect
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """From microseconds."""
        del dialect
        return None if value is None else _EPOCH + value * _MICROSECOND


METADATA: Final = MetaData()

FAXES: Final = Table(
    "faxes",
    METADATA,
    Column("fax_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False, comment="compared and set by each transition"),
    Column("state", Text, nullable=False, comment="of services/dialer/sending.py; recalled: cancelled before it came"),
    Column("attempt", Integer, nullable=False),
    Column("account_id", Text),
    Column("destination", Text),
    Column("line", Text, unique=True, comment="the destination, while a call to it may be going on"),
    Column("since", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("give_up_at", Moment, nullable=False),
    Column("heard_at", Moment, index=True),
    Column("accepted_at", Moment, nullable=False, index=True),
    Column("sending", Text, comment="the whole row as JSON; NULL once it ended 30 days ago"),
    Index("faxes_state_due", "state", "due_at"),
    Index("faxes_destination", "destination"),
)

EVERYBODY: Final = ""
"""In place of the account for which a number is dead."""

DEAD_NUMBERS: Final = Table(
    "dead_numbers",
    METADATA,
    Column("destination", Text, primary_key=True),
    Column("account_id", Text, primary_key=True, comment="to whom it is known; empty: to everybody"),
    Column("said_at", Moment, nullable=False, comment="when a call was first told so"),
    Column("until", Moment, nullable=False),
)

OUTBOX: Final = outbox_table(METADATA)
