"""Confined worker processes that convert documents: `services._runtime.confined`, with this package's exception."""

from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from services._runtime.confined import ConfinedPool, JobFailed
from services.ingest.documents.conversion import Converted, convert_received
from services.ingest.documents.unreadable import Reason, UnreadableDocument

TIMEOUT_SECONDS: Final = 30.0
"""Of CPU for one document. 350 dense pages, each coded anew, take about 4 s; as many damaged ones up to 13 s."""

_SENDING: Final = "services.ingest.documents.sending"
"""Loaded once, before workers are forked, though nothing here calls it: it takes a second."""

_P = ParamSpec("_P")
_R = TypeVar("_R")


class DocumentPool(ConfinedPool):
    """Converts documents in guarded worker processes.

    Usage::

        async with DocumentPool(workers=2) as pool:
            converted = await pool.convert(data, pages_announced=3)

    Args:
        workers: processes, at most so many documents at a time.
        timeout: seconds of CPU for one document; a worker that takes more is killed.
        patience: how many times as long it may take by the clock.
    """

    def __init__(self, *, workers: int = 2, timeout: float = TIMEOUT_SECONDS, patience: float = 1.0) -> None:
        super().__init__(
            workers=workers,
            timeout=timeout,
            patience=patience,
            preload=(__name__, _SENDING),
            answers=(UnreadableDocument,),
        )

    async def convert(self, data: bytes, pages_announced: int | None, bad_rows_reported: int = 0) -> Converted:
        """Convert a received fax.

        Args:
            data: the TIFF file as it was received.
            pages_announced: pages the sender announced or telephony counted; None if nobody did.
            bad_rows_reported: damaged rows of all pages that the call's result counts.

        Raises:
            UnreadableDocument: nothing of it can be delivered, or the worker crashed or ran out of time or memory.
        """
        return await self.run(convert_received, data, pages_announced, bad_rows_reported)

    async def run(self, job: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run any function of a module in a worker, under the same guard.

        Raises:
            UnreadableDocument: the function raised it, or "conversion-crashed" or "conversion-timeout".
            BrokenProcessPool: no worker can be started, or the pool is closed; this says nothing of the document.
        """
        try:
            return await super().run(job, *args, **kwargs)
        except JobFailed as failed:
            reason: Reason = "conversion-timeout" if failed.reason == "timeout" else "conversion-crashed"
            raise UnreadableDocument(reason) from failed
