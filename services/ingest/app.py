"""The document worker's wiring."""

from functools import partial

from schemas.topics import FAX_SUBMITTED, TELEPHONY_FAX_RECEIVED
from services._runtime.service import Resources, run_stages
from services._runtime.stage import Stage
from services.ingest.documents.attributed import convert_attributed
from services.ingest.documents.office import SECONDS
from services.ingest.documents.pool import DocumentPool
from services.ingest.handlers import ReceivedFaxes
from services.ingest.settings import DocumentSettings
from services.ingest.submitted import SubmittedFaxes

STORE_SECONDS = 30
"""For reading the upload and writing what is made of it."""

PATIENCE = 2
"""By the clock a document may take so many times its seconds of CPU: a busy machine is no fault of the fax's."""


async def build(resources: Resources) -> tuple[Stage, ...]:
    """The workers for received and for submitted faxes, on one pool.

    Together they take three documents a process at once: two of them may have to wait their full time. A submitted one
    may need LibreOffice before.
    """
    settings = DocumentSettings()
    workers = settings.workers
    pool = DocumentPool(workers=workers, timeout=settings.timeout_seconds, patience=PATIENCE)
    await resources.stack.enter_async_context(pool)
    longest = 3 * PATIENCE * settings.timeout_seconds + STORE_SECONDS
    received = ReceivedFaxes(resources.blobs(), pool.convert)
    submitted = SubmittedFaxes(resources.blobs(), partial(convert_attributed, pool.run))
    return (
        Stage("ingest", TELEPHONY_FAX_RECEIVED, received.handle, longest, concurrency=2 * workers, batch=2 * workers),
        Stage(
            "ingest-submitted", FAX_SUBMITTED, submitted.handle, longest + SECONDS, concurrency=workers, batch=workers
        ),
    )


def main() -> None:
    """Run the document worker."""
    run_stages("ingest", build)
