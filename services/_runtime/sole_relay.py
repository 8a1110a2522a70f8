"""Which of the processes on one database relays its outbox: one at a time, and none that has fallen silent.

PostgreSQL: a session's advisory lock; the server ends a session that is silent (`idle_session_timeout`, since 14).
SQLite: a lock on a file beside it, whose time the holder keeps fresh; another process removes a stale one and makes its
own. So a process that was stopped, or whose host hangs, holds up nobody for long. When it goes on it finds that it was
replaced; the batch it had at hand may then be published twice, which consumers know by version, and which compacted
topics don't take from it any more (`services._runtime.fenced`, docs/adr/0008).
"""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

SILENT_SECONDS: Final = 60.0
"""After so long without a sign of the relay another may take its place: longer than a batch waits to be confirmed."""

_KEY: Final = 0x6E666F78

StillAlone = Callable[[], Awaitable[bool]]


@asynccontextmanager
async def alone(engine: AsyncEngine, silent_seconds: float = SILENT_SECONDS) -> AsyncIterator[StillAlone]:
    """Tells, as often as asked, whether this process is the one that relays; it may be as long as the block runs."""
    if engine.dialect.name == "postgresql":
        async with engine.connect() as connection:
            taken = True  # until the server says otherwise: whatever fails, the session ends, or its lock would stay
            try:
                taken = await _session_lock(connection, silent_seconds)
                yield lambda: _answers(connection, taken=taken)
            finally:
                if taken:
                    await connection.invalidate()  # a session's lock ends with its session
    else:
        lock = _LockFile(Path(f"{engine.url.database}-relay.lock"), silent_seconds)
        try:
            yield lambda: asyncio.sleep(0, lock.is_mine())
        finally:
            lock.close()


async def _session_lock(connection: AsyncConnection, silent_seconds: float) -> bool:
    taken = bool(await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY}))
    if taken:
        bounding = "SELECT set_config(name, :ms, false) FROM pg_settings WHERE name = 'idle_session_timeout'"
        await connection.execute(text(bounding), {"ms": str(round(silent_seconds * 1000))})
    await connection.commit()
    return taken


async def _answers(connection: AsyncConnection, *, taken: bool) -> bool:
    """Whether the session that holds the lock is alive; raises what the database raises if it isn't."""
    if taken:
        await connection.execute(text("SELECT 1"))
        await connection.commit()
    return taken


class _LockFile:
    """A lock on a file, as long as it stays in its place."""

    def __init__(self, path: Path, silent_seconds: float) -> None:
        self._path = path
        self._file = path.open("a")  # not "w": that would freshen its time
        self._taken = self._lock()
        if not self._taken and time.time() - self._known().st_mtime > silent_seconds and self._in_place():
            path.unlink(missing_ok=True)  # the next to look makes a new one, which nobody holds

    def is_mine(self) -> bool:
        if not self._taken or not self._in_place():
            return False
        os.utime(self._file.fileno())
        return True

    def close(self) -> None:
        self._file.close()

    def _lock(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        os.utime(self._file.fileno())
        return True

    def _in_place(self) -> bool:
        try:
            return self._path.stat().st_ino == self._known().st_ino
        except FileNotFoundError:
            return False

    def _known(self) -> os.stat_result:
        return os.fstat(self._file.fileno())
