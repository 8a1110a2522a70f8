"""The audit log's lines of reading: who opened or kept which fax. Written before anything of it is shown."""

from typing import Literal

from services._runtime.history import FaxRow
from services.portal.faxes.reading import TooManyDocuments
from services.portal.inventory.store import Change, Entry
from services.portal.web.fax_pages.finding import faxes_of
from services.portal.web.gate import Visit

Deed = Literal["fax.viewed", "fax.downloaded"]


async def record(visit: Visit, row: FaxRow, what: Deed) -> None:
    """Write that the visit's person reads a fax; viewed again within the hour, it is written.

    Raises:
        TooManyDocuments: They have read as many as they may.
        DependencyAway: It can't be written, so nothing may be shown.
    """
    store, viewings = visit.services.inventory.lists.store, faxes_of(visit).viewings
    reader, now = visit.person.user_id, store.now()
    if what == "fax.viewed" and viewings.is_known(reader, row.fax_id, now):
        return
    entry = Entry(what, str(row.fax_id), visit.person.domain or row.domain)

    async def work(change: Change) -> int:
        return await visit.services.reading.read(change, entry)

    if seconds := await store.change(visit.actor, work):
        raise TooManyDocuments(seconds)
    if what == "fax.viewed":
        viewings.remember(reader, row.fax_id, now)
