"""Where objects live. A fax's date is the instant of its acceptance, in UTC (docs/adr/0003)."""

from datetime import UTC, date, datetime
from hashlib import sha256
from uuid import UUID


def fax_prefix(accepted_at: datetime, fax_id: UUID) -> str:
    """``fax/YYYY/MM/DD/<fax id>/``: everything we keep of one fax."""
    return f"fax/{accepted_at.astimezone(UTC):%Y/%m/%d}/{fax_id}/"


def accepted_key(fax_id: UUID) -> str:
    """The acceptance of one fax id: content digest and our clock."""
    return f"accepted/{fax_id}"


def claim_prefix(accepted_at: datetime, fax_id: UUID, kind: str, recipient: str) -> str:
    """Below which the generations of one effect's claim lie; the recipient appears only as a digest."""
    day = f"{accepted_at.astimezone(UTC):%Y/%m/%d}"
    return f"claims/{day}/{fax_id}/{kind}/{sha256(recipient.encode()).hexdigest()[:32]}/"


def day_prefix(root: str, day: date) -> str:
    """``<root>YYYY/MM/DD/``, where `root` is one of the prefixes below that are kept by day."""
    return f"{root}{day:%Y/%m/%d}/"


FAXES, CLAIMS, INCOMING = "fax/", "claims/", "incoming/"
ACCEPTED = "accepted/"
LOGOS = "logos/"
"""The logos of resellers, by digest. Of no fax: nothing sweeps them, since mails that were sent show them."""
HELD = "held/"
"""Before the whole key of each object of a fax that is on hold and would be gone without."""
DRAFTS = "drafts/"
"""Faxes that somebody prepares in the portal, by person; they are no faxes yet, and are gone within two days."""

ORIGINAL = "original.tif"
DOCUMENT = "document.pdf"
DIALLED = "dialled.tif"
"""The pages of a sent fax as they are dialled; `DOCUMENT` shows the same."""
DIALLED_STANDARD = "dialled-standard.tif"
"""The same made anew for a machine that can't take those."""
NOTICE = "notice-"
"""Before the version of a page that tells the sender at a fax machine how the fax ended."""
SUBMISSION = "submission.json"
"""The `FaxSubmitted` event of a sent fax."""
ATTACHMENTS = "attachments/"
COVER_TEXT = "cover.txt"
THUMBNAIL = "thumbnail.png"
DECISION = "decision.json"
RECORD = "record.json"
"""How a fax ended and how it came there: `schemas.record.Record`."""
FORWARDED = "forwarded-"
"""Before the version and the recipient's digest of a mail by which somebody forwarded the fax: its `EmailRequested`."""
RELEASE = "decision-release.json"
"""The decision about a fax that had been set aside and was released, beside the one that set it aside."""
