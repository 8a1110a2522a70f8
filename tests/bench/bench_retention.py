"""Retention beside a bare boto3 loop of listing and DeleteObjects on as many objects in the same run; and its memory.

python -m tests.bench retention        NATIVEFAX_BENCH_QUICK=1 takes a tenth of the objects
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psutil
from aiokafka import AIOKafkaConsumer

from schemas.keys import ACCEPTED, CLAIMS, FAXES, day_prefix
from schemas.retention import RetentionRequested
from schemas.topics import FAX_EXPIRED
from services._runtime.kafka import client_options
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings, StoreSettings
from tests.fault.workers import Worker, workers
from tests.integration.stored_faxes import StoredFaxes, empty, new_bucket, s3_client

QUICK = bool(os.environ.get("NATIVEFAX_BENCH_QUICK"))
OBJECTS_PER_FAX = 6
RATE_OBJECTS = 6_000 if QUICK else 24_000
SMALL, LARGE = 1_000, 10_000 if QUICK else 100_000
DAYS = 8
LEAST, MOST_GROWTH = 0.8, 1.15
SECONDS = 600.0


@dataclass(frozen=True)
class Measured:
    """One sweep: objects a second, and CPU of whoever asked the store, in milliseconds an object."""

    per_second: float
    cpu_ms: float


def measurements() -> Iterator[dict[str, object]]:
    """Rates and CPU of one and of four workers beside the loop; peak memory at two sizes."""
    bare = _bare()
    one = _workers(1)
    four = _workers(4)
    yield _line(
        "retention, one worker", "objects/s", one.per_second, "boto3 list + DeleteObjects", bare.per_second, LEAST
    )
    yield _line("retention, four workers", "objects/s", four.per_second, "retention, one worker", one.per_second, 1.0)
    ratio = one.cpu_ms / bare.cpu_ms
    yield {
        "name": "retention, CPU of one worker",
        "value": round(one.cpu_ms, 3),
        "unit": "ms/object",
        "reference": "boto3 list + DeleteObjects",
        "reference_value": round(bare.cpu_ms, 3),
        "ratio": round(ratio, 2),
        "bound": None,
        "ok": True,
    }
    small, large = _peak(SMALL), _peak(LARGE)
    yield {
        "name": f"retention, peak memory at {LARGE} objects",
        "value": round(large, 1),
        "unit": "MB",
        "reference": f"at {SMALL} objects",
        "reference_value": round(small, 1),
        "ratio": round(large / small, 3),
        "bound": MOST_GROWTH,
        "ok": large / small <= MOST_GROWTH,
    }


def _line(name: str, unit: str, value: float, reference: str, other: float, bound: float) -> dict[str, object]:
    return {
        "name": name,
        "value": round(value),
        "unit": unit,
        "reference": reference,
        "reference_value": round(other),
        "ratio": round(value / other, 2),
        "bound": bound,
        "ok": value / other >= bound,
    }


def _bare() -> Measured:
    """The same objects by the shortest code there is; it asks for nothing and tells nobody."""
    with new_bucket(dict(os.environ), versioned=False) as bucket:
        days = asyncio.run(_fill(bucket, RATE_OBJECTS))
        client = s3_client(bucket)
        began, cpu = time.perf_counter(), time.process_time()
        deleted = 0
        for prefix in [day_prefix(root, day) for root in (FAXES, CLAIMS) for day in days] + [ACCEPTED]:
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket.bucket, Prefix=prefix):
                deleted += _delete(client, bucket.bucket, page.get("Contents", []))
        seconds, used = time.perf_counter() - began, time.process_time() - cpu
        assert deleted == RATE_OBJECTS, deleted
        return Measured(deleted / seconds, used * 1000 / deleted)


def _delete(client: Any, bucket: str, entries: Sequence[Any]) -> int:
    if entries:
        client.delete_objects(
            Bucket=bucket, Delete={"Objects": [{"Key": one["Key"]} for one in entries], "Quiet": True}
        )
    return len(entries)


def _workers(number: int) -> Measured:
    with _running(number) as (bucket, started):
        days = asyncio.run(_fill(bucket, RATE_OBJECTS))
        processes = [psutil.Process(worker.pid) for worker in started]
        before = sum(sum(one.cpu_times()[:2]) for one in processes)
        seconds = asyncio.run(_sweep(StoredFaxes(bucket), days, RATE_OBJECTS // OBJECTS_PER_FAX))
        used = sum(sum(one.cpu_times()[:2]) for one in processes) - before
        left = StoredFaxes(bucket).by_fax()
        assert not left, f"{len(left)} faxes are left"
        return Measured(RATE_OBJECTS / seconds, used * 1000 / RATE_OBJECTS)


def _peak(objects: int) -> float:
    """The highest resident memory of one worker so far, in MB."""
    with _running(1) as (bucket, started):
        days = asyncio.run(_fill(bucket, objects))
        asyncio.run(_sweep(StoredFaxes(bucket), days, objects // OBJECTS_PER_FAX))
        status = Path(f"/proc/{started[0].pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1000


@contextmanager
def _running(number: int) -> Iterator[tuple[StoreSettings, list[Worker]]]:
    """Workers on an empty bucket, without a limit on their rate, after their scheduler found nothing to do."""
    with new_bucket(dict(os.environ), versioned=False) as bucket, tempfile.TemporaryDirectory() as folder:
        environment = {
            "NATIVEFAX_STORE_BUCKET": bucket.bucket,
            "NATIVEFAX_RETENTION_OBJECTS_PER_SECOND": "1000000",
            "NATIVEFAX_RETENTION_VERIFY": "false",
        }
        with workers(Path(folder), environment, [["-m", "services", "retention"]] * number) as started:
            yield bucket, started
            empty(bucket)


async def _fill(bucket: StoreSettings, objects: int) -> list[date]:
    stored = StoredFaxes(bucket)
    moments = [stored.oldest - timedelta(days=2 + number % DAYS) for number in range(objects // OBJECTS_PER_FAX)]
    await stored.put_faxes(moments)
    return sorted({moment.date() for moment in moments})


async def _sweep(stored: StoredFaxes, days: Sequence[date], faxes: int) -> float:
    """Ask for `days` and wait for a tombstone of each fax, in seconds."""
    kafka = KafkaSettings()
    publisher = Publisher(kafka, source="bench", confirm_seconds=30)
    await publisher.start()
    gone: set[bytes] = set()
    async with AIOKafkaConsumer(FAX_EXPIRED.name, **client_options(kafka), auto_offset_reset="latest") as consumer:
        for partition in consumer.assignment():
            await consumer.position(partition)
        began = time.perf_counter()
        await publisher.publish_events([RetentionRequested(day=day, due_before=stored.oldest) for day in days])
        async with asyncio.timeout(SECONDS):
            while len(gone) < faxes:
                records = await consumer.getmany(timeout_ms=200)
                gone |= {record.key for batch in records.values() for record in batch}
        seconds = time.perf_counter() - began
    await publisher.stop()
    return seconds
