"""A process that relays an outbox into a file, which stands for Kafka.

A process that is killed may leave a batch cut off; the next one begins on a line of its own.

OUTBOX_DATABASE names the database, OUTBOX_FILE the file; it stops answering while OUTBOX_FILE.away exists.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import MetaData

from services._runtime import relaying
from services._runtime.database import connect
from services._runtime.outbox import Outbox, outbox_table
from services._runtime.publisher import Message, PublishUnknown
from services._runtime.relaying import Relay
from tests.fakes import Linked

TABLE = outbox_table(MetaData())


class ToFile:
    """Appends the value of each message as a line, with this process's id."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def publish(self, messages: Sequence[Message]) -> None:
        if self._file.with_suffix(".away").exists():
            raise PublishUnknown("switched off in a test")
        lines = "".join(f"{os.getpid()} {(one.value or b'').decode()}\n" for one in messages)
        with self._file.open("ab", buffering=0) as file:
            file.write(b"\n" + lines.encode())


async def main() -> None:
    relaying.IDLE_SECONDS = 0.05
    file = Path(os.environ["OUTBOX_FILE"])
    engine = connect(os.environ["OUTBOX_DATABASE"])
    with Path(os.environ["NATIVEFAX_STAGE_RUN_DIR"], f"relay-{os.getpid()}.json").open("w") as ready:  # noqa: ASYNC230 - a local file
        ready.write('{"address": ""}')
    await Relay(Outbox(engine, TABLE, ToFile(file), source="tests"), Linked()).run()


if __name__ == "__main__":
    asyncio.run(main())
