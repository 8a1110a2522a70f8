"""A history and a store of faxes for tests of the portal's pages: SQLite, and objects in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from schemas.decision import Decision
from schemas.fax import FaxState, FaxStatusChanged
from schemas.keys import DECISION, DIALLED, DOCUMENT, ORIGINAL, THUMBNAIL, fax_prefix
from services._runtime.database import connect, migrate
from services._runtime.history import History
from services.portal.faxes.faxes import Faxes
from services.portal.faxes.pictures import Pictures
from services.portal.history.adapters import Projection
from tests.fakes import MemoryBlobs

CALLER, NUMBER = "+12025550177", "+12025550101"
WHOSE: dict[str, Any] = {"reseller": "reseller", "domain": "clinic.example"}

LAST = {"reason", "detail", "recipient", "seconds", "rule"}
"""What is said by the last step only."""


class Directly:
    """`Runs` in this process, for tests whose documents are our own."""

    async def run(self, job: Any, *args: Any, **kwargs: Any) -> Any:
        return job(*args, **kwargs)


@dataclass
class StoredFaxes:
    """What is behind the fax pages of a portal, and ways to put faxes there."""

    projection: Projection
    faxes: Faxes
    blobs: MemoryBlobs

    async def put(
        self,
        *states: FaxState,
        direction: str = "received",
        at: datetime | None = None,
        documents: dict[str, bytes] | None = None,
        **said: Any,
    ) -> UUID:
        """A fax that went through `states`; what is said of it, its steps say."""
        fax_id, moment = uuid4(), at or datetime.now(UTC) - timedelta(minutes=5)
        given = {"fax_number": NUMBER, "other_party": CALLER, "pages": 1, **WHOSE, **said}
        steps = [
            FaxStatusChanged.model_validate(
                {
                    "fax_id": fax_id,
                    "version": number,
                    "state": state,
                    "stage": "ingest" if number == 1 else "router",
                    "at": moment + timedelta(seconds=number),
                    "direction": direction,
                    "accepted_at": moment,
                    **{name: value for name, value in given.items() if number == len(states) or name not in LAST},
                }
            )
            for number, state in enumerate(states, 1)
        ]
        await self.projection.write(steps)
        for name, data in (documents or {}).items():
            self.blobs.objects[fax_prefix(moment, fax_id) + name] = data
        return fax_id

    def decide(self, row_at: datetime, fax_id: UUID, decision: Decision) -> None:
        """Put a decision beside a fax."""
        self.blobs.objects[fax_prefix(row_at, fax_id) + DECISION] = decision.model_dump_json(exclude_none=True).encode()


def received(pdf: bytes, tiff: bytes = b"II*\0", thumbnail: bytes | None = None) -> dict[str, bytes]:
    """The documents of a received fax."""
    return {DOCUMENT: pdf, ORIGINAL: tiff, **({THUMBNAIL: thumbnail} if thumbnail else {})}


def sent(pdf: bytes, tiff: bytes, thumbnail: bytes | None = None) -> dict[str, bytes]:
    """The documents of a sent fax."""
    return {DOCUMENT: pdf, DIALLED: tiff, **({THUMBNAIL: thumbnail} if thumbnail else {})}


@asynccontextmanager
async def stored_faxes(folder: Path) -> AsyncIterator[StoredFaxes]:
    """An empty history, and an empty store."""
    database = folder / "history.sqlite"
    if not _PREPARED:
        engine = connect(f"sqlite:///{database}")
        await migrate(engine, "services._runtime.history")
        await engine.dispose()  # the last connection's end writes the log into the file
        _PREPARED.append(database.read_bytes())
    database.write_bytes(_PREPARED[0])
    engine = connect(f"sqlite:///{database}")
    blobs = MemoryBlobs()
    try:
        yield StoredFaxes(Projection(engine), Faxes(History(engine), blobs, Pictures(blobs, Directly())), blobs)
    finally:
        await engine.dispose()


_PREPARED: list[bytes] = []
"""The database that each history begins with, made once."""
