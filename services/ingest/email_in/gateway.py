"""The answers of the email gateway.

A relay is known before its first MAIL. What can be refused is refused as early as it is known: a foreign domain and
what is no number at RCPT; an account at MAIL if the relay vouches for its envelope's sender, else after DATA, when From
and Authentication-Results are known. 250 is said when every fax is stored and announced, else nothing was promised: the
relay comes again with the same mail, which is the same faxes. The gateway itself writes no mail, ever.
"""

import logging
from collections.abc import Awaitable
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from prometheus_client import Counter

from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import PublishUnknown
from services._runtime.rates import Buckets
from services.ingest.email_in.addresses import fax_destination
from services.ingest.email_in.domain import NULL_SENDERS, refuse_undiallable
from services.ingest.email_in.handlers import Mails
from services.ingest.email_in.refusals import (
    AUTOMATIC,
    LATER,
    NOT_A_RELAY,
    TOO_MANY_MAILS,
    TOO_MANY_RECIPIENTS,
    UNREADABLE_COMMAND,
    WRONG_SECRET,
    Refused,
    name_of,
)
from services.ingest.email_in.relays import Relay, signed_in, trusted
from services.ingest.email_in.sender import in_ascii
from services.ingest.email_in.settings import EmailInSettings

TAKEN = "250 2.0.0 Taken"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gateway:
    """What every connection shares: aiosmtpd calls its handle_… methods. `outcomes` counts mails and refusals."""

    settings: EmailInSettings
    mails: Mails
    outcomes: Counter
    rate: Buckets = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", Buckets(self.settings.mails_per_minute / 60, self.settings.mails_per_minute))

    def authenticate(
        self, _server: SMTP, session: Session, _envelope: Envelope, _how: str, given: object
    ) -> AuthResult:
        """Who signs in, for aiosmtpd's AUTH PLAIN and LOGIN."""
        assert isinstance(given, LoginPassword)  # noqa: S101 - aiosmtpd's two mechanisms give nothing else
        relay = signed_in(self.settings.relays, given.login, given.password, _peer(session))
        if relay is None:
            self.outcomes.labels(name_of(WRONG_SECRET)).inc()
            log.warning("a relay failed to sign in", extra={"peer": _peer(session)})
            return AuthResult(success=False, handled=False, message=WRONG_SECRET.answer)
        return AuthResult(success=True, auth_data=relay)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a relay's envelope sender."""
        return await self._answered(self._mail(session, envelope, address, options))

    async def _mail(self, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        relay = self._relay(session)
        if self.rate.take(_peer(session)):
            raise Refused(TOO_MANY_MAILS)
        if address in NULL_SENDERS:
            raise Refused(AUTOMATIC)
        if relay.vouches_for == "envelope-sender":
            await self.mails.account_of(in_ascii(address).lower())
        envelope.mail_from = in_ascii(address).lower() or address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a fax number."""
        return await self._answered(self._rcpt(session, envelope, address))

    async def _rcpt(self, session: Session, envelope: Envelope, address: str) -> str:
        where = fax_destination(address, self.settings.domains)
        if self._relay(session).vouches_for == "envelope-sender":
            refuse_undiallable(where, await self.mails.account_of(str(envelope.mail_from)))
        if len(envelope.rcpt_tos) >= self.settings.recipients:
            raise Refused(TOO_MANY_RECIPIENTS)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail."""
        return await self._answered(self._data(session, envelope))

    async def _data(self, session: Session, envelope: Envelope) -> str:
        destinations = [fax_destination(one, self.settings.domains) for one in envelope.rcpt_tos]
        content, envelope.original_content = envelope.original_content or b"", None
        taken, repeats = await self.mails.take(content, self._relay(session), str(envelope.mail_from), destinations)
        self.outcomes.labels("accepted").inc(taken - repeats)
        self.outcomes.labels("repeated").inc(repeats)
        return TAKEN

    async def handle_exception(self, error: Exception) -> str:
        """Answer a command that aiosmtpd fails to parse."""
        log.warning("unreadable command", extra={"reason": type(error).__name__})
        return UNREADABLE_COMMAND.answer

    def _relay(self, session: Session) -> Relay:
        if session.authenticated and isinstance(session.auth_data, Relay):
            return session.auth_data
        relay = trusted(self.settings.relays, _peer(session))
        if relay is None:
            raise Refused(NOT_A_RELAY)
        return relay

    async def _answered(self, answering: Awaitable[str]) -> str:
        try:
            return await answering
        except Refused as refused:
            self.outcomes.labels(name_of(refused.refusal)).inc()
            log.info("refused", extra={"reason": name_of(refused.refusal)})
            return refused.refusal.answer
        except (DependencyAway, PublishUnknown) as error:
            log.warning("deferred", extra={"reason": str(error)})
        except Exception:  # a fault of ours: the relay keeps the mail until it is mended
            log.exception("unexpected error")
        self.outcomes.labels(name_of(LATER)).inc()
        return LATER.answer


def _peer(session: Session) -> str:
    return str((session.peer or ("unknown",))[0])
