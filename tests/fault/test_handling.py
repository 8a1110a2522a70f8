"""What people do with faxes, through the whole cluster: released twice it is delivered once; deleted it is gone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar
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
from services._runtime.service import Build, StageService
from services._runtime.settings import KafkaSettings, StageSettings
from services.cli.main import app as command
from services.cli.receiving import Incoming
from services.email_out import app as email_out
from services.ingest import app as ingest
from services.ingest.domain import fax_id_of
from services.portal.history import app as history
from services.retention import app as retention
from services.router import app as router
from tests.fault.pipeline import CLEAN, NORTH, Pipeline, account
from tests.providers.cluster import Cluster

UNKNOWN, TAKER = "+15550171", "+15550172"
STAGES: Final[dict[str, Build]] = {
    "ingest": ingest.build,
    "router": router.build,
    "email_out": email_out.build,
    "retention": retention.build,
    "history": history.build,
}

T = TypeVar("T")


@asynccontextmanager
async def history_at(url: str) -> AsyncIterator[History]:
    engine = connect(url)
    yield History(engine)
    await engine.dispose()


@asynccontextmanager
async def running(cluster: Cluster, environment: dict[str, str]) -> AsyncIterator[dict[str, StageService]]:
    """The stages, in this process, each with the rights of its own."""
    async with AsyncExitStack() as stack:
        services = {}
        for name, build in STAGES.items():
            with pytest.MonkeyPatch.context() as patch:
                for key, value in {**environment, **cluster.settings_of(name)}.items():
                    patch.setenv(key, value)
                services[name] = StageService(name, build, KafkaSettings(), StageSettings())
                await services[name].start()
                stack.push_async_callback(services[name].stop)
        yield services


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


async def deletions(retention: StageService) -> float:
    """How many the stage has handled."""
    samples = [sample for metric in retention.registry.collect() for sample in metric.samples]
    return sum(
        one.value
        for one in samples
        if one.name == "nativefax_messages_total" and one.labels["stage"] == "retention-deletions"
    )


async def test_released_twice_a_fax_is_mailed_once_and_deleted_it_is_gone_unless_on_hold(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {**cluster.environment, "NATIVEFAX_HISTORY_DATABASE": f"sqlite:///{tmp_path}/history.sqlite"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    await topic_admin.apply(KafkaSettings())
    pipeline = Pipeline(cluster)
    await pipeline.publish_accounts(account(TAKER, "email-with-attachment", NORTH))
    async with (
        running(cluster, environment) as services,
        pipeline.reader() as reader,
        history_at(environment["NATIVEFAX_HISTORY_DATABASE"]) as told,
    ):
        events = await pipeline.hand_over([Incoming(CLEAN.read_bytes(), UNKNOWN)])
        await pipeline.ways(events, reader)
        fax_id = fax_id_of(events[0])
        row = await until(
            "unclaimed", lambda: told.fax(fax_id), lambda one: one is not None and one.state == "unclaimed"
        )
        assert row is not None
        assert row.account_id is None

        asked = ["unclaimed", "release", str(fax_id), "--to", TAKER]
        done = await asyncio.to_thread(lambda: CliRunner().invoke(command, asked))
        assert done.exit_code == 0, done.output
        await publish(pipeline, released(row, "Nora Wind"), released(row, "Ada Okafor"))
        row = await until("mailed", lambda: told.fax(fax_id), lambda one: one is not None and one.state == "emailed")
        assert row is not None
        assert (row.account_id, row.fax_number, row.rule) == (f"account-{TAKER}", TAKER, "released")
        for group, topic in (("router", FAX_READY), ("email_out", EMAIL_REQUESTED)):
            await until("all handled", lambda g=group, t=topic: pipeline.uncommitted(g, t), lambda left: not left)  # type: ignore[misc]
        mails = [step.message_id for step in await told.steps(fax_id) if step.message_id]
        assert len(set(mails)) == 1
        assert pipeline.mails()[str(mails[0])] == 1
        assert [one.fax_id for one in (await told.faxes(f"account-{TAKER}")).rows] == [fax_id]

        prefix = fax_prefix(row.accepted_at, fax_id)
        before = await pipeline.blobs.keys(prefix)
        assert prefix + RELEASE in before
        await publish(pipeline, held(fax_id, on=True), deleted(row))
        await until("the hold was seen", lambda: deletions(services["retention"]), bool)
        assert set(before) <= set(await pipeline.blobs.keys(prefix)), "its record may have come meanwhile"
        assert await told.fax(fax_id) is not None

        await publish(pipeline, held(fax_id, on=False), deleted(row))
        await until("gone from the history", lambda: told.fax(fax_id), lambda one: one is None)
        assert await pipeline.blobs.keys(prefix) == [prefix + DECISION]
        assert await was_deleted(pipeline.blobs, row.accepted_at, fax_id)
        assert await pipeline.blobs.get(events[0].object_key) is None
        note = Decision.model_validate_json(await pipeline.blobs.get(prefix + DECISION) or b"")
        assert (note.received, note.emails, note.status.other_party) == (None, (), None)
        assert (await told.faxes(Whose(accounts=(f"account-{TAKER}",)))).rows == []
