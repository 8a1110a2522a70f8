"""What people do with faxes, through the whole cluster: released twice it is delivered once; deleted it is gone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest
from typer.testing import CliRunner

from schemas.base import Event
from schemas.decision import Decision
from schemas.fax import ReleaseRequested
from schemas.keys import DECISION, RELEASE, fax_prefix
from schemas.retention import DeletionRequested, HoldChanged
from schemas.topics import EMAIL_REQUESTED, FAX_READY
from services._runtime import topic_admin
from services._runtime.database import connect
from services._runtime.decision import was_deleted
from services._runtime.history import FaxRow, History, Whose
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings
from services.cli.main import app
from services.cli.receiving import Incoming
from services.ingest.domain import fax_id_of
from tests.fault.pipeline import CLEAN, NORTH, Pipeline, account
from tests.fault.workers import eventually, workers
from tests.providers.cluster import Cluster

UNKNOWN, TAKER = "+15550171", "+15550172"
STAGES = ("ingest", "router", "email_out", "retention", "history")

T = TypeVar("T")


@asynccontextmanager
async def history_at(url: str) -> AsyncIterator[History]:
    engine = connect(url)
    yield History(engine)
    await engine.dispose()


async def publish(pipeline: Pipeline, *events: Event) -> None:
    publisher = Publisher(pipeline.kafka, source="portal", confirm_seconds=20)
    await publisher.start()
    await publisher.publish_events(events)
    await publisher.stop()


async def until(what: str, ask: Callable[[], Awaitable[T]], seen: Callable[[T], bool]) -> T:
    """The answer once it is `seen`; not within a minute: fail saying `what` was waited for."""
    deadline = asyncio.get_running_loop().time() + 60
    while not seen(answer := await ask()):
        assert asyncio.get_running_loop().time() < deadline, f"not within a minute: {what}"
        await asyncio.sleep(0.1)
    return answer


def released(row: FaxRow, by: str) -> ReleaseRequested:
    return ReleaseRequested(
        fax_id=row.fax_id,
        version=row.version + 1,
        accepted_at=row.accepted_at,
        account_id=f"account-{TAKER}",
        fax_number=TAKER,
        by=by,
        requested_at=datetime.now(UTC),
    )


def deleted(row: FaxRow) -> DeletionRequested:
    return DeletionRequested(
        fax_id=row.fax_id,
        accepted_at=row.accepted_at,
        account_id=row.account_id or "",
        by="Ada Okafor",
        requested_at=datetime.now(UTC),
    )


def held(fax_id: UUID, *, on: bool) -> HoldChanged:
    return HoldChanged(scope=f"fax:{fax_id}", held=on, reason="Case", by="Ada Okafor", at=datetime.now(UTC))


async def test_released_twice_a_fax_is_mailed_once_and_deleted_it_is_gone_unless_on_hold(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {**cluster.environment, "NATIVEFAX_HISTORY_DATABASE": f"sqlite:///{tmp_path}/history.sqlite"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    await topic_admin.apply(KafkaSettings())
    pipeline = Pipeline(cluster)
    await pipeline.publish_accounts(account(TAKER, "email-with-attachment", NORTH))
    commands = [["-m", "services", name] for name in STAGES]
    with workers(tmp_path, environment, commands) as started:
        retention = started[STAGES.index("retention")]
        async with pipeline.reader() as reader, history_at(environment["NATIVEFAX_HISTORY_DATABASE"]) as history:
            events = await pipeline.hand_over([Incoming(CLEAN.read_bytes(), UNKNOWN)])
            await pipeline.ways(events, reader)
            fax_id = fax_id_of(events[0])
            row = await until(
                "unclaimed", lambda: history.fax(fax_id), lambda one: one is not None and one.state == "unclaimed"
            )
            assert row is not None
            assert row.account_id is None

            asked = ["unclaimed", "release", str(fax_id), "--to", TAKER]
            done = await asyncio.to_thread(lambda: CliRunner().invoke(app, asked))
            assert done.exit_code == 0, done.output
            await publish(pipeline, released(row, "Nora Wind"), released(row, "Ada Okafor"))
            row = await until(
                "mailed", lambda: history.fax(fax_id), lambda one: one is not None and one.state == "emailed"
            )
            assert row is not None
            assert (row.account_id, row.fax_number, row.rule) == (f"account-{TAKER}", TAKER, "released")
            for group, topic in (("router", FAX_READY), ("email_out", EMAIL_REQUESTED)):
                await until("all handled", lambda g=group, t=topic: pipeline.uncommitted(g, t), lambda left: not left)  # type: ignore[misc]
            mails = [step.message_id for step in await history.steps(fax_id) if step.message_id]
            assert len(set(mails)) == 1
            assert pipeline.mails()[str(mails[0])] == 1
            assert [one.fax_id for one in (await history.faxes(f"account-{TAKER}")).rows] == [fax_id]

            prefix = fax_prefix(row.accepted_at, fax_id)
            before = await pipeline.blobs.keys(prefix)
            assert prefix + RELEASE in before
            await publish(pipeline, held(fax_id, on=True), deleted(row))
            await asyncio.to_thread(
                eventually,
                "the hold was seen",
                lambda: retention.metric("nativefax_messages_total", stage="retention-deletions") >= 1,
            )
            assert set(before) <= set(await pipeline.blobs.keys(prefix)), "its record may have come meanwhile"
            assert await history.fax(fax_id) is not None

            await publish(pipeline, held(fax_id, on=False), deleted(row))
            await until("gone from the history", lambda: history.fax(fax_id), lambda one: one is None)
            assert await pipeline.blobs.keys(prefix) == [prefix + DECISION]
            assert await was_deleted(pipeline.blobs, row.accepted_at, fax_id)
            assert await pipeline.blobs.get(events[0].object_key) is None
            note = Decision.model_validate_json(await pipeline.blobs.get(prefix + DECISION) or b"")
            assert (note.received, note.emails, note.status.other_party) == (None, (), None)
            assert (await history.faxes(Whose(accounts=(f"account-{TAKER}",)))).rows == []
