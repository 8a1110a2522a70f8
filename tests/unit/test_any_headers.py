"""Headers that no client of ours writes: names that aren't UTF-8, values that are null."""

from typing import Any

import pytest
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from schemas.topics import FAX_EXPIRED
from services._runtime.header_names import Records
from services._runtime.outcomes import DeadLetter, RetryLater
from services._runtime.publisher import Message
from services._runtime.retries import after, attempt_of, dead_letter, not_before
from tests.unit.records import NOW, FakeRecord, sound_record

GZIP = 1


class Raw(str):
    """A header's name as other bytes than its own."""

    __slots__ = ()

    def encode(self, *_how: str) -> bytes:
        return b"\xff\xfe-" + super().encode()


def batch(*names: str, codec: int = 0, start: int = 0) -> bytes:
    """A record batch as the broker sends it, one record for each header name."""
    builder = _DefaultRecordBatchBuilderPy(2, codec, 0, -1, -1, 0, 1_000_000)
    for offset, name in enumerate(names):
        value = f"value {start + offset}".encode()
        builder.append(offset, None, b"key", value, [("before", b"1"), (name, b"it"), ("null", None)])
    data = bytearray(builder.build())
    data[:8] = start.to_bytes(8, "big")
    return bytes(data)


def read(data: bytes) -> list[tuple[int, bytes, str]]:
    records: Any = Records(data)
    found = []
    while records.has_next():
        one = records.next_batch()
        assert one.validate_crc()
        found += [(record.offset, record.value, record.headers[1][0]) for record in one]
    return found


@pytest.mark.parametrize("codec", [0, GZIP])
def test_a_name_that_is_not_utf8_is_read_with_its_bytes_written_out(codec: int) -> None:
    names = ["good", Raw("x"), "ü", Raw("y")]
    data = batch(*names, codec=codec) + batch("next", codec=codec, start=4)
    assert read(data) == [
        (0, b"value 0", "good"),
        (1, b"value 1", r"\xff\xfe-x"),
        (2, b"value 2", "ü"),
        (3, b"value 3", r"\xff\xfe-y"),
        (4, b"value 4", "next"),
    ]


@pytest.mark.parametrize("name", ["nf-topic", "nf-partition", "nf-offset", "nf-attempt", "nf-not-before", "ce_type"])
def test_a_header_without_a_value(name: str) -> None:
    good = sound_record(7)
    record = FakeRecord(7, value=good.value, headers=((name, None), *good.headers))
    assert attempt_of(record) == 1
    assert not_before(record) == 0
    letter = dead_letter(DeadLetter("malformed-headers"), record, FAX_EXPIRED, "stage", NOW)
    deferred = after(RetryLater("object-missing"), record, FAX_EXPIRED, NOW)
    assert isinstance(deferred, Message)
    for message in (letter, deferred):
        assert dict(message.headers)["nf-offset"] == b"7"
        assert all(isinstance(value, bytes) for _, value in message.headers)
