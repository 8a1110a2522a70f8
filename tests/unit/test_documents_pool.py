"""A document can end its worker, never the pool: crashes, hangs, memory; and what a worker may not do."""

import asyncio
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures.process import BrokenProcessPool
from itertools import repeat
from pathlib import Path

import pytest

from services._runtime.confined.confinement import FILE_SIZE, MEMORY
from services.ingest.documents.conversion import convert_received
from services.ingest.documents.pool import DocumentPool
from services.ingest.documents.unreadable import Reason, UnreadableDocument
from tests.data.documents import probes
from tests.data.documents.build import RECEIVED, coded, tiff_of

FAX = (RECEIVED / "g3-1d_short_1p.tif").read_bytes()
SECRET = "a password nobody must see"
TIMEOUT = 1.0


@pytest.fixture(scope="module")
async def pool() -> AsyncIterator[DocumentPool]:
    async with DocumentPool(workers=1, timeout=TIMEOUT) as pool:
        yield pool


async def still_converts(pool: DocumentPool) -> bool:
    return await pool.convert(FAX, 1) == convert_received(FAX, 1)


async def missed(pool: DocumentPool, data: bytes) -> bool:
    """Whether something is said to be missing, or all of it."""
    try:
        return (await pool.convert(data, 3)).inspection.partial
    except UnreadableDocument as refused:
        return refused.reason in {"empty", "damaged-tiff", "no-readable-page"}


async def ended(pool: DocumentPool, job: Callable[..., object], *args: object) -> Reason:
    with pytest.raises(UnreadableDocument) as caught:
        await pool.run(job, *args)
    return caught.value.reason


async def test_a_worker_gives_what_the_function_gives(pool: DocumentPool) -> None:
    assert await pool.convert(FAX, 2) == convert_received(FAX, 2)
    assert await pool.convert(FAX, 1, 7) == convert_received(FAX, 1, 7)


@pytest.mark.parametrize(
    ("job", "argument", "reason"),
    [
        (ctypes.string_at, 0, "conversion-crashed"),  # reads address 0: a segmentation fault
        (os._exit, 3, "conversion-crashed"),
        (os.abort, None, "conversion-crashed"),
        (int, "a fault of ours", "conversion-crashed"),
        (bytes, 2 * MEMORY, "conversion-crashed"),
        (time.sleep, 60, "conversion-timeout"),
    ],
)
async def test_a_job_that_ends_its_worker_ends_alone(
    pool: DocumentPool, job: Callable[..., object], argument: object, reason: Reason
) -> None:
    began = time.monotonic()
    assert await ended(pool, job, *([] if argument is None else [argument])) == reason
    assert time.monotonic() - began < TIMEOUT + 2
    assert await still_converts(pool)


async def test_what_counts_is_the_work_not_the_clock_of_a_machine_that_has_others() -> None:
    async with DocumentPool(workers=1, timeout=0.2, patience=100) as patient:
        await patient.run(time.sleep, 0.4)
        assert await ended(patient, sum, repeat(1)) == "conversion-timeout"  # in C: no signal handler would end it


@pytest.mark.parametrize("data", [b"", b"XX*\0", FAX[: len(FAX) // 2], tiff_of(coded("mmr_1728").with_(rows=0))])
async def test_what_cannot_be_read_says_why(pool: DocumentPool, data: bytes) -> None:
    with pytest.raises(UnreadableDocument) as here:
        convert_received(data, 1)
    with pytest.raises(UnreadableDocument) as there:
        await pool.convert(data, 1)
    assert (there.value.reason, there.value.sentence) == (here.value.reason, here.value.sentence)


async def test_every_cut_of_a_fax_is_converted_or_refused(pool: DocumentPool) -> None:
    data = (RECEIVED / "g4_standard_3p_ecm.tif").read_bytes()
    for tenth in range(10):
        assert await missed(pool, data[: len(data) * tenth // 10])
    assert await still_converts(pool)


async def test_documents_wait_for_each_other_without_blocking_the_loop(pool: DocumentPool) -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    beating = asyncio.create_task(beat())
    await asyncio.gather(pool.run(time.sleep, 0.3), *(pool.convert(FAX, 1) for _ in range(20)))
    beating.cancel()
    assert beats > 10


async def test_a_cancelled_document_frees_its_worker(pool: DocumentPool) -> None:
    waiting = asyncio.create_task(pool.run(time.sleep, 60))
    await asyncio.sleep(0.1)
    waiting.cancel()
    assert await asyncio.wait_for(still_converts(pool), TIMEOUT)


async def test_a_worker_is_limited(pool: DocumentPool) -> None:
    limits = await pool.run(probes.limits)
    assert limits["RLIMIT_AS"] == (MEMORY, MEMORY)
    assert limits["RLIMIT_FSIZE"] == (FILE_SIZE, FILE_SIZE)
    assert limits["RLIMIT_CORE"] == (0, 0)
    assert limits["RLIMIT_CPU"][0] < 60
    status = await pool.run(probes.status)
    assert status["NoNewPrivs"] == "1"
    assert status["Umask"] == "0077"
    assert status["Threads"] == "1"
    assert await pool.run(probes.open_sockets) == 0


async def test_a_worker_cannot_fill_the_disk(pool: DocumentPool, tmp_path: Path) -> None:
    with pytest.raises((UnreadableDocument, OSError)):
        await pool.run(probes.writes, str(tmp_path / "large"), FILE_SIZE + 1)
    assert await still_converts(pool)


async def test_a_worker_knows_no_settings() -> None:
    script = f"""
import asyncio
from services.ingest.documents.pool import DocumentPool
from tests.data.documents import probes

async def main():
    async with DocumentPool(workers=1) as pool:
        print(await pool.run(probes.settings_left), await pool.run(probes.kernel_shows, {SECRET.encode()!r}))

asyncio.run(main())
"""
    environment = {**os.environ, "NATIVEFAX_S3_SECRET_KEY": SECRET}
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[] False"


async def test_a_worker_has_no_network(pool: DocumentPool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert probes.reaches(port)
        if not networks_can_be_had():
            pytest.skip("this system lets no process have a network of its own")
        assert await pool.run(probes.has_own_network)
        assert not await pool.run(probes.reaches, port)


def test_no_process_outlives_a_killed_parent() -> None:
    script = """
import asyncio, itertools, os, signal
from services.ingest.documents.pool import DocumentPool

async def main():
    async with DocumentPool(workers=2, timeout=60) as pool:
        print(await pool.run(os.getpid), await pool.run(os.getppid), flush=True)
        busy = asyncio.create_task(pool.run(sum, itertools.repeat(1)))
        await asyncio.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = [int(number) for number in process.stdout.readline().split()]
        assert len(left) == 2
        process.wait(10)
        deadline = time.monotonic() + 3
        while any(is_running(number) for number in left) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not any(is_running(number) for number in left)


async def test_a_killed_idle_worker_is_replaced() -> None:
    async with DocumentPool(workers=2) as pool:
        for _ in range(3):
            os.kill(await pool.run(os.getpid), signal.SIGKILL)
            await asyncio.sleep(0.3)  # pebble looks every 0.1 s, and then gives up
            assert all(await asyncio.gather(*(still_converts(pool) for _ in range(4))))


async def test_a_closed_pool_says_so() -> None:
    async with DocumentPool(workers=1) as pool:
        pass
    with pytest.raises(BrokenProcessPool):
        await pool.convert(FAX, 1)


async def test_closing_ends_the_workers() -> None:
    async with DocumentPool(workers=2) as pool:
        process = await pool.run(os.getpid)
        assert is_running(process)
    assert not is_running(process)


async def test_a_worker_is_replaced_after_its_share_of_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services._runtime.confined.pool.JOBS_A_WORKER", 3)
    async with DocumentPool(workers=1) as pool:
        processes = {await pool.run(os.getpid) for _ in range(9)}
    assert len(processes) >= 3


def networks_can_be_had() -> bool:
    tries = [subprocess.run(["unshare", how, "true"], check=False, capture_output=True) for how in ("-n", "-Un")]
    return any(done.returncode == 0 for done in tries)


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
