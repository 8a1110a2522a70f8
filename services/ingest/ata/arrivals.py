"""Who waits for the next fax of a device, in this process."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Arrivals:
    """Wakes the polls of a device when a fax for it arrives here; one that arrives elsewhere, they find by looking."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def arrived(self, serial: str) -> None:
        """There is a fax for a device."""
        for event in self._waiting.get(serial, ()):
            event.set()

    @contextmanager
    def waiting(self, serial: str) -> Iterator[asyncio.Event]:
        """An event that is set at each arrival for a device, as long as the block runs."""
        event = asyncio.Event()
        self._waiting[serial].add(event)
        try:
            yield event
        finally:
            self._waiting[serial].discard(event)
            if not self._waiting[serial]:
                del self._waiting[serial]
