"""A submission or a wish to cancel in; events out, and an answer when they are safe."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from schemas.accounts import FaxAccount
from schemas.identity import api_fax_id
from schemas.keys import accepted_key
from services._runtime.acceptance import Accepted, SourceKeyReused
from services._runtime.blobs import Blobs
from services._runtime.claims import utc_now
from services._runtime.decision import decide_once
from services._runtime.destinations import NotDiallable, destination
from services._runtime.expiry import is_expired
from services._runtime.problems import Wrong
from services._runtime.publisher import Publishes, message_of
from services.ingest.api.domain import CANCELLED, ENDED, cancel_request, cancellation
from services.ingest.api.faxes import Faxes
from services.ingest.api.form import FaxForm
from services.ingest.api.gate import Caller
from services.ingest.api.problems import DESTINATIONS, Refused
from services.ingest.api.upload import Upload
from services.ingest.api.views import AcceptedFax, Cancellation
from services.ingest.submission import Submission
from services.ingest.submissions import Submissions, Submitted

log = logging.getLogger(__name__)

METHOD: Final = "portal"
"""What the API counts as (`schemas.fax.SubmissionMethod`)."""


@dataclass(frozen=True)
class Sending:
    """Takes submissions."""

    submissions: Submissions
    blobs: Blobs

    async def send(
        self, caller: Caller, account: FaxAccount, key: str, form: FaxForm, upload: Upload
    ) -> tuple[AcceptedFax, bool]:
        """The answer to a submission that is stored and announced, and whether it is a repeat.

        Raises:
            Refused: It can't be sent; nothing is stored then.
            DependencyAway, PublishUnknown: It may be stored; the same again makes one fax.
        """
        submission = submission_of(caller, account, key, form, upload)
        try:
            check(submission)
        except Refused:
            if not await self._accepted_before(submission):
                raise
        submitted = await self._submit(submission)
        told = {"fax_id": str(submitted.fax_id), "sender": caller.name, "repeat": submitted.repeat}
        log.info("accepted", extra=told)
        answer = AcceptedFax(
            id=submitted.fax_id,
            accepted_at=submitted.accepted_at,
            account_id=account.account_id,
            fax_number=account.fax_number,
            to=form.to,
        )
        return answer, submitted.repeat

    async def _submit(self, submission: Submission) -> Submitted:
        try:
            submitted = await self.submissions.submit(submission, refuse_other=True)
        except SourceKeyReused as reused:
            raise Refused("key-reused", failure="source-key-reused") from reused
        if is_expired(submitted.accepted_at, self.submissions.now()):  # then it wasn't announced
            raise Refused("key-expired", failure="expired")
        return submitted

    async def _accepted_before(self, submission: Submission) -> bool:
        """Whether it is a repeat: that has the first answer, whatever the account says by now."""
        raw = await self.blobs.get(accepted_key(submission.fax_id))
        return raw is not None and Accepted.model_validate_json(raw).sha256 == submission.digest


@dataclass(frozen=True)
class Cancelling:
    """Takes faxes back before they are dialled."""

    faxes: Faxes
    blobs: Blobs
    publisher: Publishes
    now: Callable[[], datetime] = utc_now

    async def cancel(self, account: FaxAccount, fax_id: UUID) -> Cancellation:
        """What became of the wish; asked again, it is the same.

        The first decision about a fax counts (`decide_once`), so either the router's is stored first, and the dialer
        is asked, or ours is, and the router finds it and dials nothing.

        Raises:
            Refused: There is no such fax, or it has ended otherwise.
            DependencyAway, PublishUnknown: It may be cancelled; ask again.
        """
        row = (await self.faxes.find(account.account_id, fax_id)).row
        if row.direction != "sent":
            raise Refused("not-cancellable", "It was received, not sent.")
        if row.state in ENDED and row.state != CANCELLED:
            raise Refused("not-cancellable", f"Its state is {row.state}.")
        submission = await self.faxes.submission(fax_id)
        if submission is None:
            raise Refused("no-such-fax")
        mine = cancellation(submission, account, self.now())
        counted = await decide_once(self.blobs, row.accepted_at, fax_id, mine)
        if counted.rule == CANCELLED:
            await self.publisher.publish([message_of(counted.status, source="api", at=self.now())])
            return Cancellation(id=fax_id, state="cancelled")
        if row.state == CANCELLED:  # the dialer has
            return Cancellation(id=fax_id, state="cancelled")
        if counted.dial is None:
            raise Refused("not-cancellable", f"Its state is {counted.status.state}.")
        request = cancel_request(counted.dial, self.now())
        await self.publisher.publish([message_of(request, source="api", at=self.now())])
        return Cancellation(id=fax_id, state="cancelling")


def fresh_key(given: list[str]) -> str:
    """The Idempotency-Key of a submission; a random one if its sender gave none: then a repeat is another fax.

    Raises:
        Refused: There are several, or it isn't 1 to 255 printable ASCII characters.
    """
    if not given:
        return str(uuid4())
    if len(given) > 1 or not re.fullmatch(r"[\x20-\x7e]{1,255}", given[0]):
        raise Refused("invalid-key")
    return given[0]


def submission_of(caller: Caller, account: FaxAccount, key: str, form: FaxForm, upload: Upload) -> Submission:
    """What was sent in, as any gateway has it.

    Raises:
        Refused: A token of an account speaks for somebody else.
    """
    if form.on_behalf_of and caller.account is not None:
        raise Refused("invalid-request", errors=(Wrong("form.on_behalf_of", "is for service tokens"),))
    return Submission(
        fax_id=api_fax_id(account.account_id, key),
        account=account,
        method=METHOD,
        sender=form.on_behalf_of or caller.name,
        destination=form.to,
        files=upload.files,
        subject=form.subject,
        subaddress=form.subaddress,
        cover=form.covered,
        cover_text=form.cover_text,
        reply_to=form.reply_to,
        resolution=form.resolution,
    )


def check(submission: Submission) -> None:
    """Refuse at the door what the router would refuse, and what no document could be made of.

    Raises:
        Refused: It can't be sent.
    """
    account = submission.account
    if not submission.files:
        raise Refused("nothing-to-fax", failure="nothing-to-fax")
    if not all(file.data for file in submission.files):
        raise Refused("empty-file", failure="empty")
    if METHOD not in account.methods:
        raise Refused("method-not-enabled", failure="method-not-enabled")
    own = {account.primary_user.email, *account.allowed_senders, *account.notify}
    if submission.reply_to and submission.reply_to.lower() not in {one.lower() for one in own}:
        raise Refused("reply-to-not-allowed")
    try:
        destination(submission.destination, account)
    except NotDiallable as error:
        words = DESTINATIONS[error.failure]
        wrong = (Wrong("form.to", words),)
        raise Refused("destination-refused", words, failure=error.failure, errors=wrong) from error
