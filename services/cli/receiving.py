"""Handing faxes over exactly as telephony does, and waiting for what becomes of them."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

from schemas.decision import Decision
from schemas.fax import FaxStatusChanged
from schemas.keys import DECISION, fax_prefix
from schemas.telephony import CallReport, TelephonyFaxReceived
from services._runtime.blobs import Blobs
from services._runtime.publisher import Publisher
from services.cli.following import StatusReader, ends
from services.ingest.domain import fax_id_of

MAIL_ENDS = {"emailed", "mail-failed", "mail-bounced"}


@dataclass(frozen=True)
class Incoming:
    """One received fax as telephony has it: the file it wrote and what it knows of the call."""

    data: bytes
    called_number: str
    caller_number: str | None = None
    pages_announced: int | None = None
    call: CallReport = field(default_factory=CallReport)
    switch_id: str = "nativefax-cli"
    call_id: str = field(default_factory=lambda: str(uuid4()))


@dataclass
class Way:
    """One fax's way so far."""

    fax_id: UUID
    steps: list[FaxStatusChanged] = field(default_factory=list)
    decision: Decision | None = None

    @property
    def mails(self) -> list[FaxStatusChanged]:
        """The last word on each recipient's mail."""
        return list({step.recipient: step for step in self.steps if step.state in MAIL_ENDS}.values())

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.decision is not None and len(self.mails) >= len(self.decision.emails)

    def line(self) -> dict[str, object]:
        """The JSON line for people and scripts."""
        last = self.steps[-1] if self.steps else None
        told = next((step for step in self.steps if step.pages is not None), None)
        failed = next((mail for mail in self.mails if mail.state != "emailed"), None)
        routed = next((step for step in self.steps if step.stage == "router"), None)
        return {
            "fax_id": str(self.fax_id),
            "pages": told.pages if told else None,
            "partial": told.partial if told else None,
            "outcome": self._outcome(failed, last),
            "rule": self.decision.rule if self.decision else None,
            "reason": (failed and failed.reason) or (routed and routed.reason),
            "message_ids": [mail.message_id for mail in self.mails if mail.message_id],
        }

    def _outcome(self, failed: FaxStatusChanged | None, last: FaxStatusChanged | None) -> str:
        if failed is not None:
            return failed.state
        if not self.ended:
            return "waiting" if last else "unknown"
        if self.mails:
            return "emailed"
        return self.decision.status.state if self.decision else "unknown"


async def hand_over(faxes: Iterable[Incoming], blobs: Blobs, publisher: Publisher) -> list[TelephonyFaxReceived]:
    """Upload each file, then publish its event: the order every switch must keep."""
    events = []
    for fax in faxes:
        now = datetime.now(UTC)
        key = f"incoming/{now:%Y/%m/%d}/{uuid4()}.tif"
        await blobs.put(key, fax.data, "image/tiff")
        event = TelephonyFaxReceived(
            switch_id=fax.switch_id,
            call_id=fax.call_id,
            called_number=fax.called_number,
            caller_number=fax.caller_number,
            received_at=now,
            object_key=key,
            pages_announced=fax.pages_announced,
            call=fax.call,
        )
        await publisher.publish_events([event])
        events.append(event)
    return events


def follow(
    events: Iterable[TelephonyFaxReceived], reader: StatusReader, blobs: Blobs, seconds: float
) -> AsyncIterator[Way]:
    """Each fax's way as it ends; after `seconds`, the ways of those that haven't ended."""

    async def heard(way: Way, step: FaxStatusChanged) -> bool:
        if step.stage == "router":
            raw = await blobs.get(fax_prefix(step.accepted_at, step.fax_id) + DECISION)
            way.decision = Decision.model_validate_json(raw) if raw else None
        return way.ended

    return ends({fax_id_of(event): Way(fax_id_of(event)) for event in events}, reader, seconds, heard)
