"""The audit log's lines of links in mails: which fax was opened by its link, not by whom, which nobody knows."""

from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from services._runtime.links import Link
from services.portal.faxes.viewings import Viewings
from services.portal.inventory import rows
from services.portal.inventory.actors import Actor
from services.portal.inventory.store import Change, Entry, Store
from services.portal.inventory.tables import ACCOUNTS

Use = Literal["fax.link-opened", "fax.link-pictured", "fax.link-read", "fax.link-downloaded"]
"""The page was opened, its picture of the first page was looked at alone, the document was read, or kept."""


class AsksToSignIn(Exception):  # noqa: N818 - it says what it is
    """The link was made when its account let links open by themselves; by now the account wants a sign-in."""

    def __init__(self, link: Link) -> None:
        super().__init__("sign-in")
        self.link = link


SOMEBODY: Final = "Somebody with the link in a mail"


class LinkUses:
    """Writes each use down before anything of the fax is shown."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._openings = Viewings()

    async def record(self, link: Link, use: Use) -> None:
        """Write it for those who look after the account's domain; an account of no domain here has nobody to read it.

        Raises:
            AsksToSignIn: The account has been set to that since. It is written, and nothing may be shown.
            DependencyAway: It can't be written, so nothing may be shown.
        """
        now = self._store.now()
        found = await self._store.read(lambda connection: _somebody(connection, link.account_id))
        if found is None:
            return
        somebody, signs_in = found
        if not signs_in and use == "fax.link-pictured" and self._openings.is_known(link.account_id, link.fax_id, now):
            return  # a part of the page
        what = "fax.link-refused" if signs_in else use
        entry = Entry(what, str(link.fax_id), somebody.domain, after={"account_id": link.account_id})

        async def work(change: Change) -> None:
            await change.record(entry)

        await self._store.change(somebody, work)
        if signs_in:
            raise AsksToSignIn(link)
        if use == "fax.link-opened":
            self._openings.remember(link.account_id, link.fax_id, now)


async def _somebody(connection: AsyncConnection, account_id: str) -> tuple[Actor, bool] | None:
    """In whose log it stands, and whether the account wants a sign-in."""
    found = await rows.accounts(connection, ACCOUNTS.c.account_id == account_id)
    if not found:
        return None
    account = found[0]
    return Actor("", SOMEBODY, "user", account.reseller, account.domain), account.settings.link_access == "sign-in"
