"""100 faxes flow while stages are killed and what they need goes away: nothing is lost, no mail comes twice."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import cycle, islice
from pathlib import Path

import pytest

from deploy.local.mailbox import Faults
from schemas.topics import EMAIL_REQUESTED, FAX_READY, TELEPHONY_FAX_RECEIVED, Topic
from services._runtime.settings import KafkaSettings
from services.cli.receiving import Incoming, Way
from tests.fault.pipeline import CLEAN, NORTH, SOUTH, Pipeline, account
from tests.fault.workers import Worker, eventually
from tests.providers.cluster import Cluster, Name

ATTACHED, LINKED, KEPT = "+15550100", "+15550101", "+15550102"
FAXES = 100
AT_EACH_SCALE = 48
INPUT = {"ingest": TELEPHONY_FAX_RECEIVED, "router": FAX_READY, "email_out": EMAIL_REQUESTED}


@pytest.fixture(scope="module")
def pipeline(cluster: Cluster, kafka: KafkaSettings) -> Pipeline:
    return Pipeline(cluster)


@pytest.fixture(scope="module")
def stages(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Worker]]]:
    """One process of each stage, for all that is done to them here."""
    with pipeline.stages(tmp_path_factory.mktemp("stages")) as started:
        yield started


@pytest.fixture(autouse=True)
async def accounts(pipeline: Pipeline) -> None:
    await pipeline.publish_accounts(
        account(ATTACHED, "email-with-attachment", NORTH),
        account(LINKED, "email-without-attachment", SOUTH),
        account(KEPT, "portal", NORTH),
    )


def some_faxes(number: int) -> list[Incoming]:
    data = CLEAN.read_bytes()
    return [Incoming(data, called, "+15550199", 1) for called in islice(cycle((ATTACHED, LINKED, KEPT)), number)]


def check(ways: list[Way], pipeline: Pipeline, *, repeats: int = 0) -> None:
    """Every fax ended as its account wants, and its mail is in the mailbox once, but for `repeats` of them."""
    outcomes = {(way.decision.rule, way.line()["outcome"]) for way in ways if way.decision}
    assert outcomes == {
        ("email-with-attachment", "emailed"),
        ("email-without-attachment", "emailed"),
        ("portal", "routed"),
    }
    mailbox = pipeline.mails()
    mine = [str(mail.message_id) for way in ways for mail in way.mails]
    assert len(set(mine)) == sum(way.decision.rule != "portal" for way in ways if way.decision)
    assert not [one for one in mine if mailbox[one] == 0], "a mail was lost"
    assert sum(mailbox[one] - 1 for one in set(mine)) <= repeats, "a mail came twice"


async def flowing(pipeline: Pipeline, group: str, topic: Topic, seconds: float = 30) -> int:
    """Wait until `group` has something to do, and say how many messages it hasn't committed; 0 if nothing came."""
    try:
        async with asyncio.timeout(seconds):
            while (waiting := await pipeline.uncommitted(group, topic)) == 0:  # noqa: ASYNC110 - it asks the broker
                await asyncio.sleep(0.02)
    except TimeoutError:
        return 0
    return waiting


def at_work(pipeline: Pipeline, before: int, seconds: float) -> None:
    """Wait for a mail more than there were: the others of its batch are on their way too, and their claims are open."""
    deadline = time.monotonic() + seconds
    while pipeline.mailbox() == before and time.monotonic() < deadline:
        time.sleep(0.02)


async def test_a_fax_told_of_twice_is_one_fax_with_one_mail(
    pipeline: Pipeline, stages: dict[str, list[Worker]]
) -> None:
    twice = Incoming(CLEAN.read_bytes(), ATTACHED, "+15550199", 1)
    async with pipeline.reader() as reader:
        events = await pipeline.hand_over([twice])
        await pipeline.ways(events, reader)
    before = [stages[name][0].metric("nativefax_messages_total", outcome="done") for name in stages]
    async with pipeline.reader() as reader:
        await pipeline.hand_over([twice])
        ways = await pipeline.ways(events, reader)
    after = [stages[name][0].metric("nativefax_messages_total", outcome="done") for name in stages]
    assert all(later > earlier for later, earlier in zip(after, before, strict=True)), "the repeat reached no stage"
    assert [pipeline.mails()[str(mail.message_id)] for mail in ways[0].mails] == [1]


@pytest.mark.parametrize("victim", ["ingest", "router", "email_out"])
async def test_a_stage_killed_while_faxes_flow(
    pipeline: Pipeline, stages: dict[str, list[Worker]], victim: str
) -> None:
    if victim == "email_out":
        pipeline.cluster.show_faults(Faults(delay_seconds=0.05))
    hit = 0
    async with pipeline.reader() as reader:
        events = await pipeline.hand_over(some_faxes(FAXES))
        for seconds in (30, 3) if victim == "email_out" else (30,):  # the second time all may be done already
            before = pipeline.mailbox()
            hit += await flowing(pipeline, victim, INPUT[victim], seconds)
            if victim == "email_out":
                await asyncio.to_thread(at_work, pipeline, before, seconds)
            stages[victim][0].kill()
            await asyncio.to_thread(eventually, "the stage is back", stages[victim][0].ready)
        pipeline.cluster.show_faults(Faults())
        ways = await pipeline.ways(events, reader)
    deferred = stages[victim][0].metric("nativefax_messages_total", reason="claim-held")
    assert hit, "the kill hit nothing"
    assert deferred or victim != "email_out", "no claim was open when the mail stage was killed"
    check(ways, pipeline, repeats=32 if victim == "email_out" else 0)


@asynccontextmanager
async def supervised(workers: list[Worker]) -> AsyncIterator[None]:
    """Start whichever ends by itself: a stage does if Kafka takes longer to come back than a confirmation may."""

    async def look() -> None:
        while True:
            for one in workers:
                one.ready()
            await asyncio.sleep(0.2)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("part", ["kafka", "store", "mailbox"])
async def test_a_part_away_for_a_while(pipeline: Pipeline, stages: dict[str, list[Worker]], part: Name) -> None:
    every = [worker for one in stages.values() for worker in one]
    async with pipeline.reader() as reader:
        events = await pipeline.hand_over(some_faxes(FAXES))
        waiting = await flowing(pipeline, "email_out", EMAIL_REQUESTED)
        await asyncio.to_thread(pipeline.cluster.kill, part)
        if part != "kafka":
            await asyncio.to_thread(eventually, f"a stage waits for the {part}", lambda: any_paused(every))
        await asyncio.to_thread(pipeline.cluster.start, part)
        async with supervised(every):
            ways = await pipeline.ways(events, reader, 120)
    await asyncio.to_thread(eventually, "every stage is there", lambda: all(one.ready() for one in every))
    exhausted = sum(one.metric("nativefax_messages_total", outcome="dead-letter") for one in every)
    assert waiting, "nothing was under way"
    assert not exhausted
    check(ways, pipeline, repeats=16 if part == "mailbox" else 0)


def any_paused(workers: list[Worker]) -> bool:
    return any(one.metric("nativefax_paused") for one in workers if one.ready())


@pytest.mark.usefixtures("stages")
async def test_a_stage_scaled_up_and_down_under_load(pipeline: Pipeline, tmp_path: Path) -> None:
    async with pipeline.reader() as reader:
        events = await pipeline.hand_over(some_faxes(AT_EACH_SCALE))
        with pipeline.stages(tmp_path, email_out=3) as more:
            events += await pipeline.hand_over(some_faxes(AT_EACH_SCALE))
            await asyncio.to_thread(
                eventually,
                "the new ones share the work",
                lambda: all(one.metric("nativefax_messages_total") > 0 for one in more["email_out"]),
            )
            events += await pipeline.hand_over(some_faxes(AT_EACH_SCALE))
        ways = await pipeline.ways(events, reader, 120)
    assert len(ways) == 3 * AT_EACH_SCALE
    check(ways, pipeline)
