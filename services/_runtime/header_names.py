r"""Records whose headers have names that aren't UTF-8: a C client may write any bytes there.

aiokafka's consumer raises on one and never gets past it, so a single message would stop a stage, or every process that
reads accounts. Here such a batch is read again with ``\xff`` and the like written out, and the stage sets it aside.
"""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

LENGTH_AT, AFTER_LENGTH = 8, 12
"""Where a batch tells its length, and where what it counts begins (Kafka protocol, record batch)."""


def read_any_header_name() -> None:
    """Have every consumer of this process read such records."""
    fetcher.MemoryRecords = Records


class Records:
    """Stands in for aiokafka's `MemoryRecords`: the batches of one partition in one fetch."""

    def __init__(self, data: bytes) -> None:
        self._records = MemoryRecords(data)
        self._data = data
        self._at = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    def next_batch(self) -> "Batch":
        """The next one."""
        (length,) = struct.unpack_from(">i", self._data, self._at + LENGTH_AT)
        start, self._at = self._at, self._at + AFTER_LENGTH + length
        return Batch(self._records.next_batch(), self._data[start : self._at])


class Batch:
    """Stands in for aiokafka's batch, and reads its rest in Python when a name can't be decoded."""

    def __init__(self, batch: Any, data: bytes) -> None:
        self._batch = batch
        self._data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        read = 0
        try:
            for record in self._batch:
                yield record
                read += 1
        except UnicodeDecodeError:
            yield from islice(_Lenient(self._data), read, None)


class _Lenient(_DefaultRecordBatchPy):  # type: ignore[misc]  # aiokafka has no types
    def __iter__(self) -> Iterator[Any]:
        super().__iter__()
        self._buffer: bytearray = _Buffer(self._buffer)
        return self


class _Buffer(bytearray):
    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return found if isinstance(found, int) else _Bytes(found)


class _Bytes(bytes):
    def decode(self, encoding: str = "utf-8", _errors: str = "strict") -> str:
        return super().decode(encoding, "backslashreplace")
