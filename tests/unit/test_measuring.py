"""What stages tell Prometheus of what stands still: rows past their deadline, and groups that are behind."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import MetaData, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services._runtime.database import connect
from services._runtime.lag import Lag
from services._runtime.metrics import shown_in
from services._runtime.outcomes import DependencyAway
from services._runtime.overdue import overdue
from services.dialer import adapters as dialer
from services.dialer import tables as dialers
from services.ingest.ata import adapters as ata
from services.ingest.ata import tables as atas
from services.portal.operating import measuring
from services.portal.operating.measuring import Measuring

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


async def database(folder: Path, metadata: MetaData) -> AsyncEngine:
    engine = connect(f"sqlite:///{folder / 'rows.sqlite'}")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    return engine


async def test_the_dialer_tells_what_is_past_its_deadline(tmp_path: Path) -> None:
    engine = await database(tmp_path, dialers.METADATA)

    async def add(state: str, *, due: float, give_up: float) -> None:
        row = {"fax_id": str(uuid4()), "version": 1, "state": state, "attempt": 0, "since": NOW, "accepted_at": NOW}
        moments = {"due_at": NOW + timedelta(seconds=due), "give_up_at": NOW + timedelta(seconds=give_up)}
        async with engine.begin() as connection:
            await connection.execute(insert(dialers.FAXES).values(row | moments))

    assert await overdue(engine, dialer.deadlines(), NOW) == {"requested": 0, "unanswered": 0, "waiting": 0}
    await add("requested", due=-90, give_up=3600)
    await add("requested", due=-30, give_up=3600)
    await add("unanswered", due=60, give_up=3600)
    await add("waiting", due=-600, give_up=3600)  # for a free line
    await add("failed", due=-86_400, give_up=-86_400)
    assert await overdue(engine, dialer.deadlines(), NOW) == {"requested": 90, "unanswered": 0, "waiting": 0}
    await add("waiting", due=-600, give_up=-5)
    assert (await overdue(engine, dialer.deadlines(), NOW))["waiting"] == 5
    await engine.dispose()


async def test_the_ata_gateway_tells_what_no_device_took_in_time(tmp_path: Path) -> None:
    engine = await database(tmp_path, atas.METADATA)
    row = {
        "account_id": "a",
        "serial": "s",
        "version": 1,
        "request_version": 1,
        "pages": 1,
        "document": "",
        "fallback": "",
    }
    at = {"accepted_at": NOW, "changed_at": NOW, "due_at": NOW - timedelta(seconds=45)}
    async with engine.begin() as connection:
        await connection.execute(insert(atas.FAXES).values({**row, **at, "fax_id": uuid4(), "state": "waiting"}))
        await connection.execute(insert(atas.FAXES).values({**row, **at, "fax_id": uuid4(), "state": "printed"}))
    assert await overdue(engine, ata.deadlines(), NOW) == {"waiting": 45}
    await engine.dispose()


class Kafka:
    """Answers once, and is away from then on."""

    def __init__(self, lags: Sequence[Lag], asked: Callable[[], None]) -> None:
        self._answers = [lags]
        self._asked = asked

    async def lags(self) -> Sequence[Lag]:
        if not self._answers:
            self._asked()
            raise DependencyAway("kafka", "KafkaConnectionError")
        return self._answers.pop()


class Enough(Exception):  # noqa: N818 - it ends a loop that has no end
    pass


async def test_the_portal_measures_every_group_and_keeps_what_it_knew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "LOOK_SECONDS", 0)
    registry = CollectorRegistry()
    away = 0

    def enough() -> None:
        nonlocal away
        away += 1
        if away > 2:
            raise Enough

    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    lags = [Lag("router", "fax-ready", 7, hour_ago, 0), Lag("dialer", "fax-to-dial", 0, None, 2)]
    began = time.time()
    with shown_in(registry) as own:
        with pytest.raises(Enough):
            await Measuring(own, Kafka(lags, enough).lags).run()
        router = {"group": "router", "topic": "fax-ready"}
        assert registry.get_sample_value("nativefax_group_messages", router) == 7
        assert 3600 <= (registry.get_sample_value("nativefax_group_oldest_seconds", router) or 0) < 3700
        assert registry.get_sample_value("nativefax_group_processes", {"group": "router"}) == 0
        assert registry.get_sample_value("nativefax_group_processes", {"group": "dialer"}) == 2
        assert (registry.get_sample_value("nativefax_groups_measured_seconds") or 0) >= began
    assert registry.get_sample_value("nativefax_group_messages", router) is None
