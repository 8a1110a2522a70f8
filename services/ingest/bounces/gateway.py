"""The answers of the SMTP server for delivery reports.

It takes mail for addresses that we signed and for no other, so it relays nothing and has nothing for spammers to guess.
It answers 250 only when the step is confirmed, else 451, and the sender keeps the report and comes again. A mail is
never answered by a mail, so no loop can form (RFC 5321, 4.5.5 and 6.3). That it says 250 to RCPT for a valid address
also answers servers that call back before they take our mail, to see whether its sender exists.
"""

import logging
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, Envelope, Session
from prometheus_client import Counter

from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import PublishUnknown
from services._runtime.verp import NotOurs, Verp
from services.ingest.bounces.handlers import Bounces

RECIPIENTS = 10
"""Of one report; it has one, unless a server puts the reports about several mails together."""

NULL_SENDERS = {"", "<>"}
TAKEN = "250 2.0.0 Taken"
NO_SUCH_ADDRESS = "550 5.1.1 No such address"
TOO_MANY = "452 4.5.3 Too many recipients"
LATER = "451 4.3.0 Not now, come again"
UNREADABLE = "501 5.5.4 That can't be read"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gateway:
    """What every connection shares: aiosmtpd calls its handle_… methods. `refused` counts unknown recipients."""

    verp: Verp
    bounces: Bounces
    refused: Counter

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient that we signed."""
        try:
            self.verp.read(address)
        except NotOurs:
            self.refused.inc()
            return NO_SUCH_ADDRESS
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return TOO_MANY
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a report."""
        mails = [self.verp.read(address) for address in dict.fromkeys(map(str.lower, envelope.rcpt_tos))]
        content = envelope.original_content or b""
        try:
            await self.bounces.take(mails, content, null_sender=envelope.mail_from in NULL_SENDERS)
        except (DependencyAway, PublishUnknown) as error:
            self.bounces.outcomes.labels("deferred").inc()
            log.warning("report deferred", extra={"reason": str(error)})
            return LATER
        except Exception:  # a fault of ours: the sender keeps the report until it is mended
            log.exception("unexpected error")
            return LATER
        return TAKEN

    async def handle_exception(self, error: Exception) -> str:
        """Answer a command that aiosmtpd fails to parse."""
        log.warning("unreadable command", extra={"reason": type(error).__name__})
        return UNREADABLE
