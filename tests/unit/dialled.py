"""Faxes to dial and what telephony says of them, for the dialer's tests."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from schemas.accounts import Brand
from schemas.base import StoredObject
from schemas.fax import CancelRequested, FaxToDial
from schemas.identity import attempt_id
from schemas.telephony import CallReport, TelephonyDialResult

NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
ACCEPTED = NOW - timedelta(seconds=5)
FAX_ID = UUID("7c9e6679-7425-50de-944b-e07fc1f90ae7")
DESTINATION = "+12025550177"
BRAND = Brand(name="Northwind", portal_host="portal.northwind.example", from_address="fax@northwind.example")
TIFF = StoredObject(key="fax/d/dialled.tif", size=2000, media_type="image/tiff")
PREVIEW = StoredObject(key="fax/d/document.pdf", size=2100, media_type="application/pdf")
PAGES = 3


def to_dial(number: int = 0, **changes: Any) -> FaxToDial:
    """The `number`-th fax; the same number is the same fax."""
    fields: dict[str, Any] = {
        "fax_id": uuid5(FAX_ID, str(number)),
        "version": 4,
        "account_id": "acc-1",
        "fax_number": "+12025550111",
        "accepted_at": ACCEPTED,
        "method": "email",
        "sender": "desk@clinic.example",
        "destination": DESTINATION,
        "document": TIFF,
        "preview": PREVIEW,
        "pages": PAGES,
        "subject": "Referral for M. Jones",
        "reply_to": "desk@clinic.example",
        "policy": "attachment",
        "brand": BRAND,
        "time_zone": "America/New_York",
    }
    return FaxToDial.model_validate(fields | changes)


def result(
    fax: FaxToDial, attempt: int = 1, outcome: Any = "ended", *, pages_total: int | None = None, **call: Any
) -> TelephonyDialResult:
    return TelephonyDialResult(
        fax_id=fax.fax_id,
        attempt_id=attempt_id(fax.fax_id, attempt),
        outcome=outcome,
        pages_total=pages_total,
        ended_at=NOW,
        call=CallReport.model_validate(call),
    )


def delivered(fax: FaxToDial, attempt: int = 1) -> TelephonyDialResult:
    return result(
        fax, attempt, pages_total=fax.pages, result_code=0, hangup_cause=16, sip_status=200, pages_transferred=fax.pages
    )


def busy(fax: FaxToDial, attempt: int = 1) -> TelephonyDialResult:
    return result(fax, attempt, hangup_cause=17, sip_status=486, pages_transferred=0)


def not_started(fax: FaxToDial, attempt: int = 1) -> TelephonyDialResult:
    return result(fax, attempt, "not-started")


def cancelled(fax: FaxToDial, **changes: Any) -> CancelRequested:
    fields: dict[str, Any] = {
        "fax_id": fax.fax_id,
        "version": fax.version,
        "account_id": fax.account_id,
        "accepted_at": fax.accepted_at,
        "destination": fax.destination,
        "requested_at": NOW,
    }
    return CancelRequested.model_validate(fields | changes)
