"""What the pages ask that send a fax."""

from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID

from services._runtime.translating import N_
from services.portal.inventory.views import Account
from services.portal.sending.api import FaxApi, Outgoing, Problem
from services.portal.sending.domain import Draft
from services.portal.sending.drafts import Drafts
from services.portal.sending.refusals import Refusal, Refused
from services.portal.sending.words import refused_of
from services.portal.turns import Turns

AT_ONCE: Final = 4
"""Faxes that one process holds in memory to have them previewed, one of each person; so many more to send them.
Others wait."""

GONE = Refused((Refusal("files", N_("A file of this draft is gone. Remove it and add it once more.")),))

MAY_BE_UNDER_WAY = Refused(
    (
        Refusal(
            "account",
            N_(
                "This fax may be on its way already, from the number that was chosen before. Look at the sent faxes; "
                "to send it from another number, begin a new fax."
            ),
        ),
    )
)


class Draws(Protocol):
    """Draws a page of a document in the store, as `services.portal.faxes.pictures.Pictures` does."""

    async def page(self, key: str, number: int, width: int) -> bytes:
        """A PNG."""


@dataclass(frozen=True)
class Sender:
    """Who sends a fax, from which account."""

    user_id: str
    email: str
    account: Account

    @property
    def told(self) -> str:
        """Where a mail goes that tells how the fax ends; empty: nowhere, for this account has no such address."""
        settings, user = self.account.settings, self.account.user
        own = {*settings.allowed_senders, *settings.notify, *((user.email,) if user else ())}
        return self.email if self.email.casefold() in {one.casefold() for one in own} else ""


@dataclass(frozen=True)
class Sending:
    """Drafts, and what becomes of them. Every method raises `ApiAway` and `DependencyAway`."""

    drafts: Drafts
    api: FaxApi
    pictures: Draws
    _previewed: Turns = field(default_factory=lambda: Turns(AT_ONCE))
    _sent: Turns = field(default_factory=lambda: Turns(AT_ONCE))

    async def pages(self, sender: Sender, draft: Draft) -> int | Refused:
        """How many pages this version of a draft has. They are made if they aren't there, and then kept beside it."""
        known = await self.drafts.previewed(sender.user_id, draft)
        if known is not None:
            return known
        async with self._previewed.taken(sender.user_id):
            outgoing = await self._outgoing(sender, draft)
            made = await self.api.preview(outgoing) if outgoing else GONE
        if isinstance(made, Refused):
            return made
        if isinstance(made, Problem):
            return refused_of(made, draft)
        await self.drafts.keep_preview(sender.user_id, draft, made.pdf, made.pages)
        return made.pages

    async def send(self, sender: Sender, draft: Draft) -> UUID | Refused:
        """The fax that it became. However often a draft is sent, it becomes one.

        The key holds within an account, so what may have been taken from one isn't handed over from another.
        """
        async with self._sent.taken(sender.user_id):
            outgoing = await self._outgoing(sender, draft)
            if outgoing is None:  # unless it was sent meanwhile, by another click
                latest = await self.drafts.find(sender.user_id, draft.draft_id)
                return latest.sent if latest and latest.sent else GONE
            account_id = sender.account.account_id
            before = await self.drafts.hand_over(sender.user_id, draft, account_id)
            if before not in {None, account_id}:
                return MAY_BE_UNDER_WAY
            sent = await self.api.send(outgoing, draft.key)
        if isinstance(sent, Problem):
            if before is None:
                await self.drafts.take_back(sender.user_id, draft)
            return refused_of(sent, draft)
        await self.drafts.end(sender.user_id, draft.draft_id, sent)
        return sent

    async def _outgoing(self, sender: Sender, draft: Draft) -> Outgoing | None:
        files = await self.drafts.content(sender.user_id, draft)
        if files is None:
            return None
        return Outgoing(
            account_id=sender.account.account_id,
            to=draft.to,
            files=files,
            sender=sender.email,
            subject=draft.subject,
            cover=draft.cover,
            cover_text=draft.cover_text,
            resolution=draft.resolution,
            reply_to=sender.told,
        )
