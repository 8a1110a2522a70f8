"""What `/ready` says of a process that isn't: why it can't start, and what the store refuses it."""

import asyncio
from collections.abc import Callable, Iterator
from time import monotonic

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from services._runtime.access import refusals
from services._runtime.access.missing import RightsMissing
from services._runtime.process import Process
from services._runtime.settings import StageSettings


class Locked:
    """A service that may start once it has its rights."""

    name = "locked"

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.lacks = True

    async def start(self) -> None:
        if self.lacks:
            raise RightsMissing("nativefax-locked", [f"read topic-{number}" for number in range(9)])

    async def stop(self) -> None:
        """Nothing."""

    def ailments(self) -> list[str]:
        return []

    def waits(self) -> list[str]:
        return []


@pytest.fixture(autouse=True)
def nothing_refused(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(refusals, "_refused", {})
    return iter([None])


async def test_a_process_without_its_rights_says_which_and_what_to_do_and_starts_when_it_has_them() -> None:
    service = Locked()
    process = Process(service, StageSettings())
    async with process._lifespan(Starlette()), client(process) as asking:
        await until(asking, lambda told: told.startswith("starting: RightsMissing"))
        [told] = (await asking.get("/ready")).json()["waits"]
        assert "nativefax-locked may not read topic-0" in told
        assert "and 5 more" in told
        assert "`nativefax topics apply`" in told
        assert (await asking.get("/live")).status_code == 200, "a new process wouldn't have more rights"
        service.lacks = False
        await until(asking, lambda told: told == "")


async def test_what_the_store_refuses_is_told_for_a_minute_without_the_names_of_objects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Locked()
    service.lacks = False
    process = Process(service, StageSettings())
    async with process._lifespan(Starlette()), client(process) as asking:
        await until(asking, lambda told: told == "")
        refusals.note("write", "fax/2026/11/28/0a1b/decision.json")
        [told] = (await asking.get("/ready")).json()["waits"]
        assert told.startswith("the object store refuses to write fax/…: ")
        assert "nativefax store policy" in told
        later = monotonic() + refusals.LATELY_SECONDS + 1
        monkeypatch.setattr(refusals, "monotonic", lambda: later)
        assert (await asking.get("/ready")).status_code == 200


def client(process: Process) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(process.web), base_url="http://stage")


async def until(asking: httpx.AsyncClient, check: Callable[[str], bool]) -> None:
    async with asyncio.timeout(30):
        while not check("".join((await asking.get("/ready")).json()["waits"])):  # noqa: ASYNC110 - time does it
            await asyncio.sleep(0.01)
