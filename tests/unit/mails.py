"""Requests for mails, as the router makes them, for the tests of outgoing mail."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from schemas.accounts import Brand
from schemas.base import StoredObject
from schemas.fax import EmailRequested

FAX = UUID("6f1c9a52-7d3e-5b7e-9a0e-0d3c1f1f2a11")
AT = datetime(2026, 11, 24, 14, 40, tzinfo=UTC)
KEY = f"fax/2026/11/24/{FAX}/document.pdf"
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 20

NORTHWIND = Brand(
    name="Northwind Fax",
    colour="#0b7a75",
    portal_host="fax.northwind.example",
    from_address="fax@northwind.example",
    support="help@northwind.example",
)
CONTOSO = Brand(
    name="Contoso Telecom",
    colour="#ffd400",
    portal_host="portal.contoso.example",
    from_address="noreply@contoso.example",
    support="https://contoso.example/help",
)


def request(**changed: Any) -> EmailRequested:
    usual: dict[str, Any] = {
        "fax_id": FAX,
        "version": 3,
        "purpose": "received",
        "account_id": "acc-1",
        "accepted_at": AT,
        "requested_at": AT,
        "recipient": "front.desk@clinic.example",
        "policy": "attachment",
        "brand": NORTHWIND,
        "fax_number": "+12125550100",
        "other_party": "+12125550199",
        "time_zone": "America/New_York",
        "pages": 3,
        "pages_announced": 3,
        "document": StoredObject(key=KEY, size=len(PDF), media_type="application/pdf"),
    }
    return EmailRequested(**(usual | changed))
