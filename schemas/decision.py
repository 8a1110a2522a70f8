"""The router's decision about one fax, stored beside it as JSON (`schemas.keys.DECISION`)."""

from schemas.base import Event, Frozen, Instant, Name
from schemas.fax import AtaRequested, EmailRequested, FaxStatusChanged, FaxToDial


class Decision(Frozen):
    """What was decided about one fax, and why."""

    rule: Name
    why: str
    account_id: Name | None = None
    account_version: int | None = None
    reseller: Name | None = None
    domain: Name | None = None
    decided_at: Instant
    emails: tuple[EmailRequested, ...] = ()
    ata: AtaRequested | None = None
    dial: FaxToDial | None = None
    status: FaxStatusChanged

    @property
    def events(self) -> tuple[Event, ...]:
        """What the decision causes."""
        return (*self.emails, *((self.ata,) if self.ata else ()), *((self.dial,) if self.dial else ()), self.status)
