"""A report in, `FaxStatusChanged` out."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Counter

from schemas.fax import EmailRequested
from schemas.keys import RELEASE
from services._runtime.blobs import Blobs
from services._runtime.claims import utc_now
from services._runtime.decision import decision_key
from services._runtime.expiry import is_expired
from services._runtime.publisher import Publishes, message_of
from services._runtime.verp import SentMail, forwarded_key
from services.ingest.bounces.domain import forward_of, is_gone, request_of, step
from services.ingest.bounces.report import Report, read

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bounces:
    """Marks faxes whose mail came back; `outcomes` counts reports by outcome."""

    blobs: Blobs
    publisher: Publishes
    outcomes: Counter
    now: Callable[[], datetime] = utc_now

    async def take(self, mails: Sequence[SentMail], content: bytes, *, null_sender: bool) -> None:
        """Return when all that the report causes is confirmed. No mail is ever sent in answer.

        Raises:
            DependencyAway: The store doesn't answer.
            PublishUnknown: Kafka didn't confirm.
        """
        report = read(content, null_sender=null_sender)
        for mail in mails:
            outcome = await self._settle(mail, report)
            self.outcomes.labels(outcome).inc()
            log.info("report", extra={"fax_id": str(mail.fax_id), "outcome": outcome, "detail": report.detail})

    async def _settle(self, mail: SentMail, report: Report) -> str:
        now = self.now()
        if report.outcome == "ignored":
            return report.outcome
        decision = await self.blobs.get(decision_key(mail.accepted_at, mail.fax_id))
        if is_expired(mail.accepted_at, now) or is_gone(decision):
            return "expired"
        event = step(mail, await self._request(mail, decision), report, now)
        await self.publisher.publish([message_of(event, source="bounces", at=now)])
        return report.outcome

    async def _request(self, mail: SentMail, decision: bytes | None) -> EmailRequested | None:
        """What asked for the mail: a person who forwarded the fax, or the router, at once or when it was released."""
        key = forwarded_key(mail.fax_id, mail.accepted_at, mail.version, mail.recipient_digest)
        if forward := forward_of(await self.blobs.get(key)):
            return forward
        if request := request_of(mail, decision):
            return request
        return request_of(mail, await self.blobs.get(decision_key(mail.accepted_at, mail.fax_id, RELEASE)))
