"""Dead letters that can be mended, and the operator's hands on them. What is set aside: test_bad_topics.py."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from schemas.topics import EMAIL_REQUESTED, FAX_READY, TELEPHONY_FAX_RECEIVED, Topic
from services._runtime.dead_letters import DeadLetterRecord, read, resolve
from services._runtime.publisher import Message, Publisher
from services._runtime.settings import KafkaSettings
from services.cli.main import app
from services.cli.receiving import Incoming
from tests.fault.pipeline import CLEAN, NORTH, STAGES, Pipeline, account
from tests.providers.cluster import Cluster
from tests.providers.stages import running


@pytest.fixture(scope="module")
def pipeline(cluster: Cluster, kafka: KafkaSettings) -> Pipeline:
    return Pipeline(cluster)


@contextlib.asynccontextmanager
async def publishing(pipeline: Pipeline) -> AsyncIterator[Publisher]:
    publisher = Publisher(pipeline.kafka, source="tests", confirm_seconds=20)
    await publisher.start()
    yield publisher
    await publisher.stop()


async def letters(pipeline: Pipeline, topic: Topic, mark: bytes) -> list[DeadLetterRecord]:
    return [one for one in await read(pipeline.kafka, [topic.name]) if one.key == mark]


async def test_an_upload_that_isnt_there_is_set_aside_and_replayed_once_mended(
    pipeline: Pipeline,
) -> None:
    await pipeline.publish_accounts(account("+15550131", "email-with-attachment", NORTH))
    fax = Incoming(CLEAN.read_bytes(), "+15550131")
    async with pipeline.reader() as reader:
        (event,) = await pipeline.hand_over([fax])
        data = await pipeline.blobs.get(event.object_key)
        assert data is not None
        await pipeline.remove(event.object_key)
        async with running(pipeline.kafka, STAGES):
            found: list[DeadLetterRecord] = []
            async with asyncio.timeout(60):
                while not found:
                    await asyncio.sleep(0.5)
                    found = await letters(pipeline, TELEPHONY_FAX_RECEIVED, event.call_id.encode())
            (letter,) = found
            assert letter.told("nf-reason") == "object-missing"
            await pipeline.blobs.put(event.object_key, data, "image/tiff")
            async with publishing(pipeline) as publisher:
                await resolve(letter, "replayed", publisher, "a test")
                await resolve(letter, "replayed", publisher, "a test")
            ways = await pipeline.ways([event], reader)
            assert not await letters(pipeline, TELEPHONY_FAX_RECEIVED, event.call_id.encode())
            message_id = str(ways[0].mails[0].message_id)
            async with asyncio.timeout(60):
                for stage, topic in (
                    ("ingest", TELEPHONY_FAX_RECEIVED),
                    ("router", FAX_READY),
                    ("email_out", EMAIL_REQUESTED),
                ):
                    while await pipeline.uncommitted(stage, topic):  # noqa: ASYNC110 - the stage does
                        await asyncio.sleep(0.1)
    assert pipeline.mails()[message_id] == 1


async def test_the_operators_commands(pipeline: Pipeline) -> None:
    mark = f"operator-{uuid4()}".encode()
    async with publishing(pipeline) as publisher:
        letter = Message(
            EMAIL_REQUESTED.dead_letters,
            mark,
            b"{not json",
            (("nf-reason", b"malformed-json"), ("nf-stage", b"email_out")),
        )
        await publisher.publish([letter])
    (one,) = await letters(pipeline, EMAIL_REQUESTED, mark)

    async def run(arguments: list[str]) -> Result:
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, arguments))

    listed = await run(["dlq", "list", "--topic", "email-requested"])
    assert one.name in listed.output
    assert "malformed-json" in listed.output
    shown = await run(["dlq", "show", one.name])
    assert "{not json" in shown.output
    assert "nf-stage: email_out" in shown.output
    dropped = await run(["dlq", "drop", one.name])
    assert "1 dropped" in dropped.output
    assert not await letters(pipeline, EMAIL_REQUESTED, mark)
    again = await run(["dlq", "drop", one.name])
    assert again.exit_code != 0
    lag = await run(["lag"])
    assert lag.exit_code == 0
