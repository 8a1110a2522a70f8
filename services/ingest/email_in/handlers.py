"""A mail in, one submission for each destination out."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from schemas.accounts import FaxAccount
from services.ingest.email_in.addresses import Destination
from services.ingest.email_in.domain import account_for, refuse_automatic, submissions
from services.ingest.email_in.reading import read_mail
from services.ingest.email_in.relays import Relay
from services.ingest.email_in.sender import proven_sender
from services.ingest.submissions import Submissions

log = logging.getLogger(__name__)


class Accounts(Protocol):
    """Finds active accounts by the address that may send (`AccountTable`)."""

    async def find(self, by: Literal["sender"], value: str) -> tuple[FaxAccount, ...]:
        """By number; raises `DependencyAway` if nobody can tell."""


@dataclass(frozen=True)
class Mails:
    """Takes mails. A repeat is the same faxes, whatever was settled of it before."""

    accounts: Accounts
    submissions: Submissions

    async def account_of(self, sender: str) -> FaxAccount:
        """The account that a proven sender faxes from.

        Raises:
            Refused: There is none.
            DependencyAway: The accounts aren't known at the moment.
        """
        return account_for(sender, await self.accounts.find("sender", sender))

    async def take(
        self, content: bytes, relay: Relay, mail_from: str, destinations: Sequence[Destination]
    ) -> tuple[int, int]:
        """Return, when every fax is stored and announced, how many there are and how many of those are repeats.

        A mail is read in a thread, so that others go on meanwhile.

        Raises:
            Refused: Nothing of it is faxed.
            DependencyAway: The store doesn't answer, or the accounts aren't known. The relay may come again.
            PublishUnknown: Kafka didn't confirm. The relay may come again.
        """
        mail = await asyncio.to_thread(read_mail, content)
        refuse_automatic(mail)
        sender = proven_sender(mail.header, relay, mail_from)
        account = await self.account_of(sender)
        repeats = 0
        wanted = submissions(mail, sender, account, destinations)
        for one in wanted:
            submitted = await self.submissions.submit(one)
            repeats += submitted.repeat
            about = {"fax_id": str(submitted.fax_id), "account_id": account.account_id, "repeat": submitted.repeat}
            log.info("accepted", extra=about)
        return len(wanted), repeats
