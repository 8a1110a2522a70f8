"""A clinic's day of faxes, in every state a person may meet, with real pages: for pages that show them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from schemas.decision import Decision
from schemas.fax import FaxStatusChanged, Missing
from services.ingest.documents.conversion import Converted, convert_received
from services.ingest.documents.sending import Sent
from services.portal.inventory.actors import Actor
from services.portal.inventory.forms import AddAccount, PrimaryUser
from services.portal.inventory.views import Saved
from tests.providers.faxes import NUMBER, StoredFaxes, received, sent
from tests.providers.portal import DOMAIN, Portal
from tests.unit.submitted_pages import sent as converted

DATA = Path(__file__).parents[1] / "data"
OWNER = Actor("owner", "Nora Wind", "reseller", "reseller")
COURT, LAB, PHARMACY = "+12025550187", "+442079460123", "+12025550142"


@dataclass(frozen=True)
class Office:
    """The fax account of the clinic's user, and its faxes by name."""

    account: str
    faxes: dict[str, UUID]


@cache
def came(name: str, announced: int | None = None) -> tuple[bytes, Converted]:
    """A fax as it came over the line, and converted."""
    data = (DATA / "received" / f"{name}.tif").read_bytes()
    return data, convert_received(data, announced)


@cache
def went() -> Sent:
    """A submitted letter, converted."""
    return converted((DATA / "submitted" / "letter.pdf").read_bytes(), media_type="application/pdf")


def documents(name: str, announced: int | None = None) -> dict[str, bytes]:
    """What is stored of a received fax."""
    data, made = came(name, announced)
    return received(made.pdf, data, made.thumbnail)


async def account(site: Portal, number: str = NUMBER, user: str = "1003") -> str:
    """A fax account of the clinic."""
    form = AddAccount(DOMAIN, number, PrimaryUser(written=user), ("email", "portal"), "portal")
    made = await site.services.inventory.accounts.add(OWNER, form)
    assert isinstance(made, Saved), made
    return made.account.account_id


def ago(**how_long: float) -> datetime:
    return datetime.now(UTC) - timedelta(**how_long)


async def open_office(site: Portal) -> Office:
    """Fill the portal's history and store."""
    mine = await account(site)
    faxes = {**await _received(site.stored, mine), **await _sent(site.stored, mine)}
    return Office(mine, faxes)


async def _received(stored: StoredFaxes, mine: str) -> dict[str, UUID]:
    letter, dense, cut = documents("g4_standard_3p_ecm"), documents("g4_fine_1p_dense_ecm"), "g3-1d_standard_3p_hangup"
    at = ago(minutes=52)
    partial = await stored.put(
        "accepted",
        "routed",
        at=at,
        account_id=mine,
        other_party=PHARMACY,
        pages=came(cut, 3)[1].inspection.pages,
        pages_announced=3,
        partial=True,
        rule="portal",
        documents=documents(cut, 3),
    )
    status = FaxStatusChanged(
        fax_id=partial, version=2, state="routed", stage="router", at=at, direction="received", accepted_at=at
    )
    decision = Decision(
        rule="portal",
        why="The account wants its faxes in the portal only.",
        account_id=mine,
        account_version=1,
        decided_at=at,
        status=status,
        missing=(Missing(page=3, what="was not received"), Missing(page=2, what="12 damaged lines")),
    )
    stored.decide(at, partial, decision)
    return {
        "partial": partial,
        "letter": await stored.put(
            "accepted", "ready", "routed", "emailed", at=ago(minutes=4), account_id=mine, other_party=COURT, pages=3,
            recipient="ben.ruiz@clinic.example", documents=letter,
        ),
        "arriving": await stored.put("accepted", at=ago(seconds=8), account_id=mine, other_party=LAB, pages=None),
        "dense": await stored.put("accepted", "routed", "printed", at=ago(hours=3), account_id=mine, documents=dense),
        "bounced": await stored.put(
            "accepted", "routed", "mail-bounced", at=ago(hours=26), account_id=mine, reason="mail-bounced",
            recipient="old@clinic.example", documents=dense,
        ),
        "unreadable": await stored.put(
            "accepted", "unreadable", at=ago(days=2), account_id=mine, pages=0, reason="damaged-tiff",
            other_party="ANONYMOUS",
        ),
        "junk": await stored.put("accepted", "junk", at=ago(days=1), account_id=mine, rule="caller-blocked",
                                 reason="caller-blocked", documents=dense),
        "unclaimed": await stored.put("accepted", "unclaimed", at=ago(days=3), fax_number="+12025550109",
                                      reason="number-removed", rule="number-removed", documents=dense),
        "rivals": await stored.put("accepted", "routed", account_id="rivals", reseller="rival", domain="rival.example",
                                   documents=dense),
    }  # fmt: skip


async def _sent(stored: StoredFaxes, mine: str) -> dict[str, UUID]:
    made = went()
    pages: dict[str, Any] = {"pages": made.pages, "direction": "sent", "account_id": mine}
    kept = sent(made.pdf, made.fax, made.thumbnail)
    return {
        "delivered": await stored.put(
            "accepted", "ready", "routed", "dialling", "delivered", at=ago(minutes=31), other_party=COURT, seconds=48.0,
            documents=kept, **pages,
        ),
        "failed": await stored.put(
            "accepted", "routed", "dialling", "failed", at=ago(hours=5), other_party=LAB, reason="busy",
            documents=kept, **pages,
        ),
        "redial": await stored.put(
            "accepted", "routed", "dialling", "waiting-to-redial", at=ago(minutes=2), other_party=PHARMACY,
            reason="no-answer", detail="no answer; next call after 24 November 2026, 10:12 (EST)", documents=kept,
            **pages,
        ),
        "refused": await stored.put(
            "accepted", "refused", at=ago(days=4), other_party="+19005550100", reason="destination-premium",
            documents=kept, **pages,
        ),
        "unknown": await stored.put(
            "accepted", "routed", "dialling", "outcome-unknown", at=ago(days=6), other_party=COURT,
            reason="outcome-unknown", documents=kept, **pages,
        ),
    }  # fmt: skip
