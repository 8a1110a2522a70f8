"""The document worker's wiring."""

from schemas.topics import TELEPHONY_FAX_RECEIVED
from services._runtime.service import Resources, run_stages
from services._runtime.stage import Stage
from services.ingest.documents.pool import DocumentPool
from services.ingest.handlers import ReceivedFaxes
from services.ingest.settings import DocumentSettings

STORE_SECONDS = 30
"""For reading the upload and writing what is made of it."""


async def build(resources: Resources) -> tuple[Stage, ...]:
    """The worker for received faxes; twice as many at once as there are processes, so that none waits for the store."""
    settings = DocumentSettings()
    pool = DocumentPool(workers=settings.workers, timeout=settings.timeout_seconds)
    await resources.stack.enter_async_context(pool)
    handler = ReceivedFaxes(resources.blobs(), pool.convert)
    at_once = 2 * settings.workers
    timeout = 2 * settings.timeout_seconds + STORE_SECONDS
    return (Stage("ingest", TELEPHONY_FAX_RECEIVED, handler.handle, timeout, concurrency=at_once, batch=3 * at_once),)


def main() -> None:
    """Run the document worker."""
    run_stages("ingest", build)
