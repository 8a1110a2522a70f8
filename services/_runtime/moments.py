"""Instants in a database."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, TypeDecorator


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC.

    Raises:
        ValueError: There it is before the year 1 or after the year 9999.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no moment of the years 1 to 9999 in UTC") from error


class Moment(TypeDecorator[datetime]):
    """An instant in UTC: PostgreSQL's timestamptz; on SQLite, which knows no zones, text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """See `TypeDecorator`."""
        if value is None:
            return None
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """See `TypeDecorator`."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)
