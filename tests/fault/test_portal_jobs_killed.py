"""A portal process that is killed while it imports leaves nothing; another one does it all, once."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from services.portal.inventory.working import LEASE
from tests.fault.workers import REPOSITORY
from tests.integration.inventory_world import RESELLER, World, world

COUNT = 1_200
DOMAIN = "big.example"
HEADER = "Phone Number,Name,Email,Enabled Methods,Inbound Fax Handling"


@pytest.fixture
async def data(database: str) -> AsyncIterator[World]:
    async with world(database) as made:
        made.at = datetime.now(UTC)
        yield made


@pytest.mark.chaos  # test_portal_jobs.py has the same without a process
async def test_a_killed_import_leaves_nothing_and_is_done_once(data: World, database: str) -> None:
    jobs, lists = data.inventory.jobs, data.inventory.lists
    numbers = [f"+1303{5550000 + one}" for one in range(COUNT)]
    await data.inventory.numbers.add_domain(RESELLER, DOMAIN, None)
    await data.inventory.numbers.add_numbers(RESELLER, DOMAIN, numbers)
    rows = "\n".join((HEADER, *(f"{one},P,p{one[1:]}@big.example,Email,Portal" for one in numbers)))
    job_id = await jobs.ask(RESELLER, "import", DOMAIN, rows.encode())
    await data.inventory.worker().step()
    await jobs.take(RESELLER, DOMAIN, job_id, "all-or-nothing")
    await asyncio.to_thread(_killed_while_it_writes, database)
    assert await lists.accounts(RESELLER, DOMAIN) == ()
    assert (await jobs.job(RESELLER, DOMAIN, job_id)).state == "running"
    data.at = datetime.now(UTC) + LEASE
    assert await data.inventory.worker().step()
    found = await jobs.job(RESELLER, DOMAIN, job_id)
    assert found.result
    assert (found.state, found.result.good, found.result.written) == ("done", COUNT, True)
    assert (await lists.domain(RESELLER, DOMAIN)).usage.used == COUNT
    assert len(await data.published()) == COUNT


def _killed_while_it_writes(database: str) -> None:
    command = [sys.executable, "-m", "tests.fault.portal_worker", database]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "writing\n"
        process.kill()
