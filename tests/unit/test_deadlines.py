"""Many calls under one timer: each ends at its limit, and nobody else is touched."""

import asyncio

import pytest

from services._runtime.deadlines import Deadlines


async def answer(after: float, what: str) -> str:
    await asyncio.sleep(after)
    return what


async def test_a_call_within_its_limit_answers() -> None:
    assert await Deadlines(5).limited(answer(0, "yes")) == "yes"


async def test_a_call_past_its_limit_ends_and_the_others_go_on() -> None:
    deadlines = Deadlines(0.4)
    outcomes = await asyncio.gather(
        deadlines.limited(answer(60, "never")),
        deadlines.limited(answer(0.2, "in time")),
        deadlines.limited(answer(60, "never")),
        return_exceptions=True,
    )
    assert [type(one) for one in outcomes] == [TimeoutError, str, TimeoutError]


async def test_the_task_goes_on_after_a_limit() -> None:
    deadlines = Deadlines(0.1)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await deadlines.limited(answer(60, "never"))
        assert await deadlines.limited(answer(0, "again")) == "again"
    await asyncio.sleep(0)


async def test_a_cancellation_from_outside_is_not_a_limit() -> None:
    task = asyncio.create_task(Deadlines(60).limited(answer(60, "never")))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_call_comes_through() -> None:
    async def fail() -> None:
        raise LookupError("no")

    with pytest.raises(LookupError):
        await Deadlines(5).limited(fail())
