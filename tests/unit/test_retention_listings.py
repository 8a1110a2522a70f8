"""How many listings it takes to find what is stored of a day's faxes."""

from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from schemas.keys import (
    ATTACHMENTS,
    DECISION,
    DIALLED,
    DOCUMENT,
    FAXES,
    ORIGINAL,
    RECORD,
    SUBMISSION,
    THUMBNAIL,
    fax_prefix,
)
from services.retention.adapters import Bucket
from services.retention.files import File, Marker, Page
from services.retention.remains import remains

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
BOTH = (DOCUMENT, THUMBNAIL, DECISION, RECORD)
RECEIVED, SENT = (ORIGINAL, *BOTH), (SUBMISSION, f"{ATTACHMENTS}1-letter.pdf", DIALLED, *BOTH)


class Shelf:
    """A bucket that counts its listings of faxes."""

    def __init__(self, keys: list[str]) -> None:
        self.keys = sorted(keys)
        self.listings = 0

    async def page(self, prefix: str, start: Marker, *, versions: bool, most: int) -> Page:
        del versions
        self.listings += prefix.startswith(FAXES)
        found = [File(key) for key in self.keys if key.startswith(prefix) and key > start.key]
        return Page(found[:most], Marker(found[most - 1].key) if len(found) > most else None)


async def test_a_day_of_received_and_sent_faxes_is_one_listing() -> None:
    faxes = {UUID(int=number): SENT if number % 2 else RECEIVED for number in range(60)}
    shelf = Shelf([fax_prefix(AT, fax_id) + name for fax_id, names in faxes.items() for name in names])
    found = await remains(cast("Bucket", cast("Any", shelf)), AT.date(), list(faxes), versions=False)
    assert {one.fax_id: len(one.in_place) for one in found} == {one: len(names) for one, names in faxes.items()}
    assert shelf.listings == 1
