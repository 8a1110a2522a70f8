"""What was handed over, and what should become of it: the checker's only input besides the world."""

from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class HandedOver(BaseModel):
    """One fax that telephony handed over; handed over again, it is still one.

    Attributes:
        name: For people.
        file: The TIFF as it was handed over.
        called_number: The number that was called.
        recipients: Who should get a mail about it; nobody where there should be none.
        way: How its document should travel; ``kept`` is in the store only, for nobody yet (unclaimed, junk).
        end: Whether it is whole, came in part, or can't be read.
        call: A T.30 call placed for this run, a stored one, or a file without a call.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    file: Path
    called_number: str
    recipients: tuple[str, ...] = ()
    way: Literal["attachment", "link", "portal", "kept"]
    end: Literal["delivered", "partial", "set-aside"] = "delivered"
    call: Literal["t30", "scripted", "none"] = "none"


class Submitted(BaseModel):
    """One fax that a user submitted.

    Attributes:
        name: For people.
        fax_id: As the gateway told it.
        way: How it was submitted.
        destination: The number to dial; None where none should be.
        pages: How many the far end should get.
        end: Whether it arrives, fails after a call, or is refused and never dialled.
        told: Who should get exactly one mail about its end; None: nobody.
        page: The page about its end that the sender's fax machine should have printed, in place of a mail.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    fax_id: UUID
    way: Literal["email", "api", "ata"]
    destination: str | None
    pages: int
    end: Literal["sent", "failed", "refused"] = "sent"
    told: str | None = None
    page: Path | None = None


class Manifest(BaseModel):
    """Everything that was handed over since `started_at`, and the Maildir the mails go to.

    `far_end` is the telephony simulator's folder: see `deploy.local.telephony.kept`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    started_at: datetime
    maildir: Path
    faxes: tuple[HandedOver, ...]
    submitted: tuple[Submitted, ...] = ()
    far_end: Path | None = None
