"""Jobs of the portal: tried out, taken, done once whoever dies, and seen by whom they concern."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from services._runtime.database import transaction
from services.portal.inventory.actors import Actor, NotAllowed, NotThere
from services.portal.inventory.files import Progress
from services.portal.inventory.forms import MoveForm, PrimaryUser, ReassignForm
from services.portal.inventory.jobs import GOING, Job, JobResult, TooManyJobs
from services.portal.inventory.kinds import MOVE, REASSIGN
from services.portal.inventory.seeding import DOMAIN
from services.portal.inventory.tables import JOBS
from services.portal.inventory.working import KEPT, LEASE, OUT_OF_REACH, SORRY, Finish, Worker
from tests.integration.inventory_world import MANAGER, NUMBERS, RESELLER, STRANGER, World, world

HEADER = "Phone Number,Primary User,Enabled Methods,Inbound Fax Handling,Device Type,Serial Number"
FILE = f"{HEADER}\n{NUMBERS[0]},1001,Email,Portal,,\n{NUMBERS[1]},1001,ATA,Portal,Grandstream HT801,A-1\n".encode()
BAD = FILE + f"{NUMBERS[2]},9999,Email,Portal,,\n".encode()


@pytest.fixture
async def data(tmp_path: Path) -> AsyncIterator[World]:
    async with world(f"sqlite:///{tmp_path}/portal.sqlite") as made:
        yield made


@pytest.fixture
async def on_both(database: str) -> AsyncIterator[World]:
    async with world(database) as made:
        yield made


async def asked(data: World, payload: bytes = FILE) -> str:
    return await data.inventory.jobs.ask(RESELLER, "import", DOMAIN, payload)


async def job(data: World, job_id: str, actor: Actor = RESELLER) -> Job:
    return await data.inventory.jobs.job(actor, DOMAIN, job_id)


async def tried(data: World, payload: bytes = FILE) -> str:
    job_id = await asked(data, payload)
    assert await data.inventory.worker().step()
    assert (await job(data, job_id)).state == "tried"
    return job_id


async def numbers(data: World) -> list[str]:
    return [one.number for one in await data.inventory.lists.accounts(RESELLER, DOMAIN)]


async def test_a_file_is_tried_out_then_taken(on_both: World) -> None:
    data = on_both
    job_id = await tried(data, BAD)
    found = await job(data, job_id)
    assert found.result
    assert (found.result.rows, found.result.good, found.result.written, found.going) == (3, 2, False, False)
    assert [(one.line, one.number, "no user “9999”" in one.why[0]) for one in found.result.refused] == [
        (4, NUMBERS[2], True)
    ]
    assert await numbers(data) == []
    taken = await data.inventory.jobs.take(RESELLER, DOMAIN, job_id, "good-rows")
    assert (taken.state, taken.going) == ("waiting", True)
    assert await data.inventory.worker().step()
    result = (await job(data, job_id)).result
    assert result
    assert (result.good, result.written, len(result.devices)) == (2, True, 1)
    assert await numbers(data) == list(NUMBERS[:2])
    assert not await data.inventory.worker().step()


async def test_all_or_nothing_is_done_with_nothing_written(data: World) -> None:
    job_id = await tried(data, BAD)
    await data.inventory.jobs.take(RESELLER, DOMAIN, job_id, "all-or-nothing")
    await data.inventory.worker().step()
    found = await job(data, job_id)
    assert found.result
    assert (found.state, found.result.written, len(found.result.refused)) == ("done", False, 1)
    assert await numbers(data) == []


async def test_a_form_that_is_sent_twice_is_taken_once(data: World) -> None:
    job_id = await tried(data)
    for _ in range(2):
        await data.inventory.jobs.take(RESELLER, DOMAIN, job_id, "good-rows")
    await data.inventory.worker().step()
    assert (await data.inventory.jobs.take(RESELLER, DOMAIN, job_id, "good-rows")).state == "done"
    assert not await data.inventory.worker().step()
    assert len(await data.published()) == 2


async def test_enrolment_codes_are_made_when_they_are_shown(data: World) -> None:
    job_id = await tried(data)
    await data.inventory.jobs.take(RESELLER, DOMAIN, job_id, "good-rows")
    await data.inventory.worker().step()
    result = (await job(data, job_id)).result
    assert result
    (saved,) = await data.inventory.secrets.new_codes(RESELLER, DOMAIN, [*result.devices, "nobody"])
    assert saved.secret
    assert saved.account.device
    assert (saved.account.device.serial, saved.account.version, len(saved.secret.text)) == ("A-1", 2, 16)


async def test_moves_are_jobs_too(data: World) -> None:
    await data.inventory.numbers.add_domain(RESELLER, "second.example", None)
    form = MoveForm(NUMBERS[:2], "second.example", goes_on=True)
    result = await data.inventory.moves.try_move(RESELLER, DOMAIN, form)
    assert isinstance(result, JobResult)
    job_id = await data.inventory.jobs.ask(RESELLER, "move", DOMAIN, MOVE.dump_json(form), result)
    assert (await job(data, job_id)).result == result
    await data.inventory.jobs.take(RESELLER, DOMAIN, job_id, "all-or-nothing")
    await data.inventory.worker().step()
    found = await job(data, job_id)
    assert found.result
    assert (found.state, found.result.written, found.result.good) == ("done", True, 2)


async def test_what_a_killed_process_left_is_done_by_another_once_its_lease_has_ended(on_both: World) -> None:
    data = on_both
    job_id = await tried(data)
    await data.inventory.jobs.take(RESELLER, DOMAIN, job_id, "good-rows")
    left = await data.inventory.worker()._claim("killed")
    assert left
    assert not await data.inventory.worker().step()
    data.later(seconds=LEASE.total_seconds() + 1)
    assert await data.inventory.worker().step()
    assert (await job(data, job_id)).state == "done"
    assert await numbers(data) == list(NUMBERS[:2])


async def test_whoever_lost_the_lease_commits_nothing(on_both: World) -> None:
    """A process that slept: another took the job up and did it meanwhile. Its own work is rolled back."""
    data = on_both
    job_id = await tried(data)
    await data.inventory.jobs.take(RESELLER, DOMAIN, job_id, "good-rows")
    other = data.inventory.worker()

    async def slow(mine: Job, progress: Progress, finish: Finish) -> JobResult:
        data.later(seconds=LEASE.total_seconds() + 1)
        assert await other.step()
        return await other.kinds["import"](mine, progress, finish)

    sleeper = Worker(data.inventory.jobs, {"import": slow}, beat_seconds=60)
    await sleeper.step()
    assert (await job(data, job_id)).state == "done"
    assert len(await data.published()) == 2
    assert len(await data.inventory.audit.entries(RESELLER, DOMAIN)) == 2


async def test_progress_is_told_while_it_works(data: World) -> None:
    job_id, seen = await asked(data), asyncio.Event()

    async def slow(_job: Job, progress: Progress, _finish: Finish) -> JobResult:
        progress(1_234, 10_000)
        await seen.wait()
        return JobResult(rows=10_000)

    working = asyncio.create_task(Worker(data.inventory.jobs, {"import": slow}, beat_seconds=0.01).step())
    async with asyncio.timeout(10):
        while (found := await job(data, job_id)).done == 0:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.01)
    assert (found.state, found.done, found.steps) == ("running", 1_234, 10_000)
    seen.set()
    assert await working


async def test_a_job_that_fails_says_so_and_does_not_stop_the_next(data: World) -> None:
    job_id, after = await asked(data), await asked(data)

    async def broken(_job: Job, _progress: Progress, _finish: Finish) -> JobResult:
        raise ZeroDivisionError

    await Worker(data.inventory.jobs, {"import": broken}).step()
    found = await job(data, job_id)
    assert found.result
    assert (found.state, found.result.problem) == ("failed", SORRY)
    await data.inventory.worker().step()
    assert (await job(data, after)).state == "tried"


async def test_somebody_who_lost_the_domain_meanwhile_changes_nothing(data: World) -> None:
    job_id = await tried(data)
    await data.inventory.jobs.take(RESELLER, DOMAIN, job_id, "good-rows")
    async with transaction(data.engine) as connection:
        await connection.execute(update(JOBS).values(reseller="stranger"))
    await data.inventory.worker().step()
    async with transaction(data.engine) as connection:
        await connection.execute(update(JOBS).values(reseller="reseller"))
    found = await job(data, job_id)
    assert found.result
    assert (found.state, found.result.problem) == ("failed", OUT_OF_REACH)


async def test_a_job_is_seen_by_those_who_may_do_it_within_its_domain(data: World) -> None:
    await data.stranger()
    job_id = await asked(data)
    with pytest.raises(NotThere):
        await job(data, job_id, STRANGER)
    with pytest.raises(NotAllowed):
        await job(data, job_id, MANAGER)
    for place in ("other.example", "nowhere.example"):
        with pytest.raises(NotThere):
            await data.inventory.jobs.job(RESELLER, place, job_id)
    with pytest.raises(NotThere):
        await data.inventory.jobs.take(STRANGER, DOMAIN, job_id, "good-rows")
    assert await data.inventory.jobs.recent(STRANGER, DOMAIN, "import") == []
    assert [one.job_id for one in await data.inventory.jobs.recent(RESELLER, DOMAIN, "import")] == [job_id]
    with pytest.raises(NotThere):
        await data.inventory.jobs.ask(replace(MANAGER, domain="next.example"), "reassign", DOMAIN, b"")


async def test_a_job_is_done_in_the_name_of_whoever_took_it(data: World) -> None:
    form = ReassignForm((NUMBERS[0],), PrimaryUser(written="1001"))
    job_id = await data.inventory.jobs.ask(RESELLER, "reassign", DOMAIN, REASSIGN.dump_json(form), JobResult())
    await data.inventory.jobs.take(MANAGER, DOMAIN, job_id, "all-or-nothing")
    asker = (await job(data, job_id)).asker
    assert (asker.user_id, asker.name, asker.role) == (MANAGER.user_id, MANAGER.name, "manager")


async def test_one_reseller_does_not_fill_the_queue(data: World) -> None:
    await data.stranger()
    ready = await tried(data)
    for _ in range(GOING):
        await asked(data)
    with pytest.raises(TooManyJobs):
        await asked(data)
    with pytest.raises(TooManyJobs):
        await data.inventory.jobs.take(RESELLER, DOMAIN, ready, "good-rows")
    assert await data.inventory.jobs.ask(STRANGER, "import", "other.example", FILE)
    await data.inventory.worker().step()
    assert await asked(data)


async def test_old_jobs_are_forgotten(data: World) -> None:
    job_id = await tried(data)
    data.later(seconds=(KEPT + timedelta(minutes=1)).total_seconds())
    await data.inventory.worker()._tidy()
    with pytest.raises(NotThere):
        await job(data, job_id)
