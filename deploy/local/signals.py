"""How a person or a system asks the stack to stop."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, `kill` and service managers, a closed terminal


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """End the block when asked to stop, by a KeyboardInterrupt that goes no further. Main thread only."""
    before = {number: signal.signal(number, _interrupt) for number in ASKING}
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
