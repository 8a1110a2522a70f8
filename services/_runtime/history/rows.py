"""What the history says of faxes: one row each, in pages, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from schemas.failures import FaxFailure
from schemas.fax import Direction, FaxState

__all__ = ["Cursor", "Direction", "FaxRow", "Page", "Usage", "Whose"]

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class FaxRow:
    """One fax as it stands.

    Attributes:
        fax_id: Of the fax.
        account_id: Whose it is; None while it is nobody's.
        direction: Which way it went.
        state: How it stands: see `services.portal.history.domain.row_of`.
        accepted_at: The fax's date, in UTC.
        updated_at: When its latest step happened, in UTC.
        version: The highest of its steps.
        fax_number: The account's number, E.164.
        other_party: The caller of a received fax, the destination of a sent one.
        pages: How many there are, if that is known.
        pages_announced: How many the far machine meant to send.
        partial: Whether something is missing.
        reason: Why it stands so, if it isn't as hoped.
        rule: The routing rule that decided.
        reseller: Whose customer the account is; of an unclaimed fax, who is to look for its owner, if that is known.
        domain: The account's, or that of the number when it was removed.
        seconds: Line time of all its calls; None if none told.
    """

    fax_id: UUID
    account_id: str | None
    direction: Direction
    state: FaxState
    accepted_at: datetime
    updated_at: datetime
    version: int
    fax_number: str | None
    other_party: str | None
    pages: int | None
    pages_announced: int | None
    partial: bool
    reason: FaxFailure | None
    rule: str | None
    reseller: str | None = None
    domain: str | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose faxes are asked for: those of some accounts, of a domain, or of a reseller.

    The faxes of a domain and of a reseller are also those that are unclaimed. None of the three: nobody's faxes.

    Raises:
        ValueError: More than one of them is given.
    """

    accounts: tuple[str, ...] = ()
    domain: str | None = None
    reseller: str | None = None

    def __post_init__(self) -> None:
        if sum((bool(self.accounts), self.domain is not None, self.reseller is not None)) > 1:
            raise ValueError("faxes are asked for by accounts, by domain or by reseller")

    @property
    def keys(self) -> Sequence[tuple[Literal["account_id", "domain", "reseller"], str]]:
        """Each column with a value that a fax may have in it."""
        if self.domain is not None:
            return (("domain", self.domain),)
        if self.reseller is not None:
            return (("reseller", self.reseller),)
        return tuple(("account_id", one) for one in dict.fromkeys(self.accounts))


@dataclass(frozen=True, slots=True)
class Usage:
    """What an account's faxes of one direction came to in a month; also of those that have expired or were deleted.

    Attributes:
        domain: None of a fax that is nobody's.
        account_id: None of a fax that is unclaimed.
        month: Its first day. A fax belongs to the month of its acceptance, in UTC.
        direction: Which way they went.
        faxes: Those that were received, or sent and delivered.
        pages: Of these.
        seconds: Line time of all calls, also of those that delivered nothing.
    """

    domain: str | None
    account_id: str | None
    month: date
    direction: Direction
    faxes: int
    pages: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last fax of a page: the next page goes on after it, whatever came meanwhile. As text, part of an address."""

    accepted_at: datetime
    fax_id: UUID

    def __str__(self) -> str:
        return f"{(self.accepted_at - _EPOCH) // _MICROSECOND}-{self.fax_id.hex}"

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """The cursor that is written so.

        Raises:
            ValueError: It is none.
        """
        moment, _, fax_id = text.rpartition("-")
        try:
            cursor = cls(_EPOCH + int(moment) * _MICROSECOND, UUID(hex=fax_id))
        except OverflowError as error:
            raise ValueError("no moment of a calendar") from error
        if str(cursor) != text:
            raise ValueError("no cursor of ours")
        return cursor


@dataclass(frozen=True, slots=True)
class Page:
    """Faxes, newest first; `next` is None on the last page."""

    rows: Sequence[FaxRow]
    next: Cursor | None
