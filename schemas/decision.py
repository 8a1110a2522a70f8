"""The router's decision about one fax, stored beside it as JSON (`schemas.keys.DECISION`)."""

from typing import Final

from schemas.base import Event, Frozen, Instant, Name, ObjectKey, Text
from schemas.fax import (
    AtaNoticeRequested,
    AtaRequested,
    EmailRequested,
    FaxStatusChanged,
    FaxToDial,
    Missing,
    ReceivedFaxReady,
)

DELETED: Final = "deleted"
"""The rule of the decision that stands in place of the first one once a person deleted the fax."""

RELEASED: Final = "released"
"""The rule by which a fax that had been set aside went on."""


class Decision(Frozen):
    """What was decided about one fax, and why.

    Attributes:
        received: Of a fax that was set aside: what is known of it, so that it can be released.
        upload: The key of telephony's upload, which goes with the fax if somebody deletes it.
        released_by: Who released it.
        missing: What the line took from a received fax; its page says so even where no mail does.
    """

    rule: Name
    why: str
    account_id: Name | None = None
    account_version: int | None = None
    reseller: Name | None = None
    domain: Name | None = None
    decided_at: Instant
    emails: tuple[EmailRequested, ...] = ()
    ata: AtaRequested | None = None
    notice: AtaNoticeRequested | None = None
    dial: FaxToDial | None = None
    status: FaxStatusChanged
    received: ReceivedFaxReady | None = None
    upload: ObjectKey | None = None
    released_by: Text | None = None
    missing: tuple[Missing, ...] = ()

    @property
    def events(self) -> tuple[Event, ...]:
        """What the decision causes."""
        caused = (*self.emails, self.ata, self.notice, self.dial, self.status)
        return tuple(one for one in caused if one is not None)
