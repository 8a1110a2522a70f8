"""How a person or a system asks the stack to stop."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, `kill` and service managers, a closed terminal

_Handler = Callable[[int, FrameType | None], None]


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """End the block when asked to stop, by a KeyboardInterrupt that goes no further. Main thread only."""
    with _handled_by(_interrupt), contextlib.suppress(KeyboardInterrupt):
        yield


@contextlib.contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Tell the block, each time it asks, whether it was asked to stop. Main thread only.

    For a block that must not be interrupted: an exception in the midst of `Popen.poll` leaves its lock taken for ever.
    """
    received: list[int] = []
    with _handled_by(lambda number, _frame: received.append(number)):
        yield lambda: bool(received)


@contextlib.contextmanager
def _handled_by(handler: _Handler) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in ASKING}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
