"""The dialer, dying by SIGKILL at its transitions: before a commit, after it, before and after a publish.

DYING_FOLDER holds a file for each death; when a point has had DYING_TIMES, it is survived.
"""

import os
import random
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from services._runtime.publisher import Message, Publisher
from services.dialer import handlers
from services.dialer.app import main

ODDS = {"before-commit": 60, "after-commit": 30, "before-publish": 4, "after-publish": 4}
"""One in so many; commits are more frequent than publishes."""

_publish = Publisher.publish
_moved = handlers.Dialer._moved
_rolls = random.Random(os.getpid())


def maybe_die(point: str) -> None:
    folder = Path(os.environ["DYING_FOLDER"])
    deaths = list(folder.glob(f"{point}-*"))
    if _rolls.randrange(ODDS[point]) == 0 and len(deaths) < int(os.environ["DYING_TIMES"]):
        (folder / f"{point}-{os.getpid()}").touch()
        os.kill(os.getpid(), signal.SIGKILL)


async def _dying_publish(self: Publisher, messages: Sequence[Message]) -> None:
    if messages:
        maybe_die("before-publish")
    await _publish(self, messages)
    if messages:
        maybe_die("after-publish")


def _dying_moved(self: handlers.Dialer) -> None:
    maybe_die("after-commit")
    _moved(self)


def _written(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    if statement.startswith(("INSERT INTO faxes", "UPDATE faxes SET version", "INSERT INTO outbox")):
        maybe_die("before-commit")


if __name__ == "__main__":
    Publisher.publish = _dying_publish  # type: ignore[method-assign]
    handlers.Dialer._moved = _dying_moved  # type: ignore[method-assign]
    event.listen(Engine, "after_cursor_execute", _written)
    main()
