"""Messages that nobody can handle, on every topic that a stage reads today; and the operator's hands on them."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from schemas.topics import EMAIL_REQUESTED, FAX_READY, TELEPHONY_FAX_RECEIVED, Topic
from services._runtime import topic_admin
from services._runtime.publisher import Message, Publisher
from services._runtime.settings import KafkaSettings
from services.cli.deadletters import DeadLetterRecord, read, resolve
from services.cli.main import app
from services.cli.receiving import Incoming
from tests.fault.pipeline import CLEAN, NORTH, Pipeline, account
from tests.fault.workers import eventually
from tests.providers.cluster import Cluster

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
SETTLED = "nativefax_messages_total"
READ = {"ingest": TELEPHONY_FAX_RECEIVED, "router": FAX_READY, "email_out": EMAIL_REQUESTED}


@pytest.fixture(scope="module")
def pipeline(cluster: Cluster) -> Iterator[Pipeline]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        topic_admin.apply_now(KafkaSettings())
        yield Pipeline(cluster)


@contextlib.asynccontextmanager
async def publishing(pipeline: Pipeline) -> AsyncIterator[Publisher]:
    publisher = Publisher(pipeline.kafka, source="tests", confirm_seconds=20)
    await publisher.start()
    yield publisher
    await publisher.stop()


async def letters(pipeline: Pipeline, topic: Topic, mark: bytes) -> list[DeadLetterRecord]:
    return [one for one in await read(pipeline.kafka, [topic.name]) if one.key == mark]


def poison(topic: Topic, mark: bytes) -> dict[str, Message]:
    """One message for each way to be wrong, by the reason it must be set aside with."""
    stored = json.loads((EXAMPLES / f"{topic.events[0].__name__}.json").read_text())
    headers = tuple((name, text.encode()) for name, text in stored["headers"].items())
    value = json.dumps(stored["value"]).encode()
    good = Message(topic.name, mark, value, headers)
    told = json.loads(value)
    wrong = {name: (5 if isinstance(field, str) else "5") for name, field in told.items()}
    return {
        "malformed-json": replace(good, value=value[:-1]),
        "schema-violation": replace(good, value=json.dumps({**told, "unknown": 1}).encode()),
        "schema-violation (types)": replace(good, value=json.dumps(wrong).encode()),
        "message-too-large": replace(good, value=value + b" " * 17 * 1024),
        "unknown-event-type": replace(good, headers=(("ce_specversion", b"1.0"), ("ce_type", b"nativefax.Other.v1"))),
        "malformed-headers": replace(good, headers=(("ce_type", b"\xff\xfe"),)),
        "malformed-headers (none)": replace(good, headers=()),
    }


async def test_what_cant_be_read_is_set_aside_on_every_topic_and_the_next_good_fax_goes_through(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    await pipeline.publish_accounts(account("+15550130", "email-with-attachment", NORTH))
    mark = f"poison-{uuid4()}".encode()
    with pipeline.stages(tmp_path):
        async with publishing(pipeline) as publisher, pipeline.reader() as reader:
            for topic in READ.values():
                await publisher.publish(list(poison(topic, mark).values()))
            events = await pipeline.hand_over([Incoming(CLEAN.read_bytes(), "+15550130")])
            ways = await pipeline.ways(events, reader)
        assert ways[0].line()["outcome"] == "emailed"
        for stage, topic in READ.items():
            sent = poison(topic, mark)
            async with asyncio.timeout(30):
                while len(found := await letters(pipeline, topic, mark)) < len(sent):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            assert sorted(one.told("nf-reason") for one in found) == sorted(name.split(" ")[0] for name in sent)
            assert {one.value for one in found} == {one.value for one in sent.values()}
            assert {one.told("nf-stage") for one in found} == {stage}


async def test_an_upload_that_isnt_there_is_set_aside_and_replayed_once_mended(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    await pipeline.publish_accounts(account("+15550131", "email-with-attachment", NORTH))
    fax = Incoming(CLEAN.read_bytes(), "+15550131")
    async with pipeline.reader() as reader:
        (event,) = await pipeline.hand_over([fax])
        data = await pipeline.blobs.get(event.object_key)
        assert data is not None
        await pipeline.remove(event.object_key)
        with pipeline.stages(tmp_path) as stages:
            worker = stages["ingest"][0]
            await asyncio.to_thread(
                eventually, "it is set aside", lambda: worker.metric(SETTLED, reason="object-missing") >= 2, 40
            )
            (letter,) = await letters(pipeline, TELEPHONY_FAX_RECEIVED, event.call_id.encode())
            assert letter.told("nf-reason") == "object-missing"
            await pipeline.blobs.put(event.object_key, data, "image/tiff")
            async with publishing(pipeline) as publisher:
                await resolve(letter, "replayed", publisher)
                await resolve(letter, "replayed", publisher)
            ways = await pipeline.ways([event], reader)
            assert not await letters(pipeline, TELEPHONY_FAX_RECEIVED, event.call_id.encode())
            message_id = str(ways[0].mails[0].message_id)
            await asyncio.to_thread(eventually, "both replays", lambda: worker.metric(SETTLED, outcome="done") >= 2)
            await asyncio.to_thread(eventually, "the mail", lambda: pipeline.mails()[message_id] >= 1)
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
