"""How one mail about a fax travels and how it ends: pure functions of the event."""

import json
from datetime import timedelta
from hashlib import sha256
from typing import Literal

from schemas.base import Frozen, Instant, Text
from schemas.failures import FaxFailure
from schemas.fax import EmailRequested, FaxStatusChanged

HORIZON = timedelta(hours=48)
"""How long a mail that the server defers is tried again. A relay's own queue may go on for 5 days (RFC 5321, 4.5.4.1);
this is for mails it didn't even take, and a person should hear sooner."""

Delivery = Literal["attachment", "link", "none"]
Why = Literal["wished", "too-large-to-attach", "too-large-for-server"]

_TOLD: dict[tuple[Delivery, Why], str] = {
    ("attachment", "wished"): "with the document",
    ("link", "wished"): "with a link",
    ("link", "too-large-to-attach"): "with a link: the document is too large to attach",
    ("link", "too-large-for-server"): "with a link: the document is too large for the mail server",
}


class Way(Frozen):
    """How the document travels, and why so."""

    delivery: Delivery
    why: Why = "wished"

    @property
    def told(self) -> str:
        """In words, for the fax's history."""
        return _TOLD.get((self.delivery, self.why), "without the document")


class Ending(Frozen):
    """How a mail ended: what its claim remembers, and all that its event needs beside the request."""

    state: Literal["emailed", "mail-failed"]
    at: Instant
    message_id: Text
    reason: FaxFailure | None = None
    detail: Text = ""

    def stored(self) -> dict[str, str]:
        """As a claim's result."""
        return dict(self.model_dump(mode="json", exclude_none=True))

    @classmethod
    def read(cls, result: dict[str, str]) -> "Ending":
        """From a claim's result."""
        return cls.model_validate_json(json.dumps(result))


def way(event: EmailRequested, max_attachment: int) -> Way:
    """How the document of `event` travels; `max_attachment` in bytes."""
    if event.document is None:
        return Way(delivery="none")
    if event.policy == "link":
        return Way(delivery="link")
    if event.document.size > max_attachment:
        return Way(delivery="link", why="too-large-to-attach")
    return Way(delivery="attachment")


def news(event: EmailRequested) -> str:
    """What the mail tells: a fax has one mail to a recipient for each. A doubt may be corrected by a later one.

    Somebody may forward a fax to the same person again, and mean it.
    """
    if event.forward is not None:
        return f"forwarded-{event.forward.forward_id.hex}"
    return "unknown" if event.failure == "outcome-unknown" else event.purpose


def message_id(event: EmailRequested) -> str:
    """The mail's Message-ID: the same for every repeat, so mail programs can show it once (RFC 5322, 3.6.4)."""
    digest = sha256(event.recipient.encode()).hexdigest()[:16]
    domain = event.brand.from_address.rsplit("@", 1)[1][-100:].strip("-.") or "localhost"
    return f"<{event.fax_id}.{news(event)}.{digest}@{domain}>"


def status(event: EmailRequested, ending: Ending) -> FaxStatusChanged:
    """The step in the fax's history: a function of request and result, so a repeat publishes the same event."""
    return FaxStatusChanged(
        fax_id=event.fax_id,
        version=event.version + 1,
        state=ending.state,
        stage="email_out",
        at=ending.at,
        direction=event.direction,
        accepted_at=event.accepted_at,
        account_id=event.account_id,
        fax_number=event.fax_number,
        other_party=event.other_party,
        pages=event.pages,
        pages_announced=event.pages_announced,
        partial=event.partial,
        reason=ending.reason,
        detail=ending.detail,
        message_id=ending.message_id,
        recipient=event.recipient,
        forwarded_by=event.forward.by if event.forward else None,
    )
