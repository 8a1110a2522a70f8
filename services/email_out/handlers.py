"""`EmailRequested` in, one mail to one recipient, `FaxStatusChanged` out (docs/adr/0002)."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from schemas.failures import FaxFailure
from schemas.fax import EmailRequested
from schemas.keys import claim_prefix
from services._runtime.blobs import Blobs
from services._runtime.claims import JSON, Busy, Claims, Completed, Held, utc_now
from services._runtime.decision import was_deleted
from services._runtime.deleted import deletion_again
from services._runtime.expiry import expired_by
from services._runtime.outcomes import DependencyAway, Done, Outcome, RetryLater
from services._runtime.verp import Verp, digest, forwarded_key
from services.email_out.domain import HORIZON, Ending, Way, message_id, news, status, way
from services.email_out.letters import Letters
from services.email_out.mailer import Answer, Deferred, Mail, Mailer, Refused, Sent, TooLarge, Unknown
from services.email_out.mime import compose

WAITED = timedelta(minutes=1)
"""A mail with a link that has waited for longer may be of a fax that was deleted meanwhile: then it isn't sent."""


@dataclass(frozen=True)
class EmailOut:
    """The stage.

    Attributes:
        blobs: Where the documents are.
        claims: Its lease must be longer than `MailSettings.lease` says.
        mailer: The relay.
        letters: Writes the mails.
        max_attachment: Bytes of the largest PDF that is attached; larger ones go as a link.
        envelope_sender: Where bounces go; None for the brand's own address.
        verp: Makes an envelope sender for each mail instead, so that a bounce tells which mail it was.
    """

    blobs: Blobs
    claims: Claims
    mailer: Mailer
    letters: Letters
    max_attachment: int
    envelope_sender: str | None = None
    verp: Verp | None = None
    now: Callable[[], datetime] = utc_now

    async def handle(self, event: EmailRequested) -> Outcome:
        """Send it once.

        Raises:
            DependencyAway: The store or the relay is away. Nothing was sent.
        """
        kind = f"email-{news(event)}"
        claim = await self.claims.take(claim_prefix(event.accepted_at, event.fax_id, kind, event.recipient))
        match claim:
            case Busy(until=until):
                return RetryLater("claim-held", not_before=until)
            case Completed(result=result):
                return Done((status(event, Ending.read(result)),))
            case Held():
                return await self._act(event, claim)

    async def _act(self, event: EmailRequested, claim: Held) -> Outcome:
        way_ = way(event, self.max_attachment)
        try:
            if gone := await self._remember(event):
                await claim.release()
                return gone
            pdf = await self._document(event, way_)
            if pdf is None:
                await claim.release()
                return await self._without_document(event)
            answer, way_ = await self._send(event, way_, pdf)
        except DependencyAway:
            with suppress(DependencyAway):
                await claim.release()
            raise
        return await self._settle(event, claim, answer, way_)

    async def _without_document(self, event: EmailRequested) -> Outcome:
        """Whoever deleted the fax wants no mail of it."""
        if await was_deleted(self.blobs, event.accepted_at, event.fax_id):
            return Done((expired_by(event, self.now()),))
        return RetryLater("object-missing")

    async def _document(self, event: EmailRequested, way_: Way) -> bytes | None:
        """What is attached; None if it, or all of the fax that a mail has waited with, isn't there."""
        if way_.delivery != "attachment" or event.document is None:
            waited = self.now() - event.requested_at > WAITED
            return None if waited and await was_deleted(self.blobs, event.accepted_at, event.fax_id) else b""
        return await self.blobs.get(event.document.key)

    async def _remember(self, event: EmailRequested) -> Outcome | None:
        """Keep what tells of the mail if it comes back: of one that somebody forwards no decision does.

        What to do in place of sending it, if the fax was deleted meanwhile.
        """
        if event.forward is None:
            return None
        key = forwarded_key(event.fax_id, event.accepted_at, event.version, digest(event.recipient))
        await self.blobs.create(key, event.model_dump_json(exclude_none=True).encode(), JSON)
        again = await deletion_again(self.blobs, event.accepted_at, event.fax_id, self.now())
        return Done((expired_by(event, self.now()), again)) if again else None

    async def _send(self, event: EmailRequested, way_: Way, pdf: bytes) -> tuple[Answer, Way]:
        """Send the document, or a link if the server says that it is too large."""
        answer = await self.mailer.send(self._mail(event, way_, pdf))
        if isinstance(answer, TooLarge) and way_.delivery == "attachment":
            way_ = Way(delivery="link", why="too-large-for-server")
            answer = await self.mailer.send(self._mail(event, way_, b""))
        return answer, way_

    def _mail(self, event: EmailRequested, way_: Way, pdf: bytes) -> Mail:
        letter = self.letters.write(event, way_)
        attached = pdf if way_.delivery == "attachment" else None
        return Mail(self._sender(event), event.recipient, compose(letter, attached))

    def _sender(self, event: EmailRequested) -> str:
        return self.verp.address(event) if self.verp else self.envelope_sender or event.brand.from_address

    async def _settle(self, event: EmailRequested, claim: Held, answer: Answer, way_: Way) -> Outcome:
        match answer:
            case Sent():
                return await self._end(event, claim, "emailed", None, way_.told)
            case Refused(code=code, text=text):
                return await self._end(event, claim, "mail-failed", "mail-refused", f"{code} {text}".strip())
            case TooLarge(limit=limit, said=said):
                return await self._end(event, claim, "mail-failed", "mail-refused", said or f"552 over {limit} bytes")
            case Deferred(code=code, text=text):
                return await self._defer(event, claim, f"{code or ''} {text}".strip())
            case Unknown():
                # The claim stays open: after its lease the same mail goes out with the same Message-ID. It spends an
                # attempt, so that a server which never answers a final dot doesn't get the mail for ever.
                return RetryLater("claim-held", detail="connection lost after the final dot")

    async def _defer(self, event: EmailRequested, claim: Held, detail: str) -> Outcome:
        horizon = event.requested_at + HORIZON
        if self.now() >= horizon:
            return await self._end(event, claim, "mail-failed", "mail-deferred-too-long", detail)
        await claim.release()
        return RetryLater("mail-deferred", horizon, detail)

    async def _end(
        self,
        event: EmailRequested,
        claim: Held,
        state: Literal["emailed", "mail-failed"],
        reason: FaxFailure | None,
        detail: str,
    ) -> Outcome:
        ending = Ending(state=state, at=self.now(), message_id=message_id(event), reason=reason, detail=detail)
        await claim.complete(ending.stored())
        return Done((status(event, ending),))
