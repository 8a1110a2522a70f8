"""When an account is live: every table that is heard of has read its newest record."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas.base import Event
from schemas.fax import Stage, TablePositionReported
from services._runtime import account_positions
from services._runtime.account_positions import reporting
from services._runtime.publisher import PublishUnknown
from services.portal.inventory.forms import FaxSettings
from services.portal.inventory.live import SILENT, Published, Tables, live_state
from services.portal.inventory.views import Account

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
LONG = SILENT.total_seconds() + 1
RECORD = Published(version=2, partition="0", offset=7)
ACCOUNT = Account("a", "+1202", "d", "r", "active", 2, None, ("email",), "portal", FaxSettings(), None, (), NOW, NOW)


def heard(*told: tuple[str, Stage, int, float]) -> Tables:
    tables = Tables()
    for instance, stage, position, at in told:
        event = TablePositionReported(instance=instance, stage=stage, at=NOW, positions={"0": position})
        tables.hear(event, at)
    return tables


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([], "becoming live"),
        ([("r1", "router", 8, 0.0)], "live"),
        ([("r1", "router", 7, 0.0)], "becoming live"),
        ([("r1", "router", 8, 0.0), ("a1", "ata", 7, 0.0)], "becoming live"),
        ([("r1", "router", 8, 0.0), ("a1", "ata", 9, 0.0)], "live"),
        ([("r1", "router", 8, 0.0), ("r2", "router", 3, -LONG)], "live"),
        ([("r1", "router", 8, -LONG)], "becoming live"),
        ([("a1", "ata", 8, 0.0)], "becoming live"),
        ([("r1", "router", 3, 0.0), ("r1", "router", 8, 0.0)], "live"),
    ],
)
def test_live_is_what_every_table_has_passed(told: list[tuple[str, Stage, int, float]], state: str) -> None:
    assert live_state(ACCOUNT, RECORD, heard(*told), 0.0) == state


def test_a_change_that_is_not_published_yet_is_not_live() -> None:
    passed = heard(("r1", "router", 99, 0.0))
    assert live_state(ACCOUNT, None, passed, 0.0) == "becoming live"
    assert live_state(replace(ACCOUNT, version=3), RECORD, passed, 0.0) == "becoming live"
    assert live_state(replace(ACCOUNT, version=1), RECORD, passed, 0.0) == "live"


class Table:
    """A table that reads on."""

    def __init__(self) -> None:
        self.positions = {"0": 1}


class Topic:
    """Takes events; the first can't be confirmed."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self.tries = 0

    async def publish_events(self, events: Sequence[Event]) -> None:
        self.tries += 1
        if self.tries == 1:
            raise PublishUnknown("switched off in a test")
        self.told += [one.positions["0"] for one in events if isinstance(one, TablePositionReported)]


async def test_a_position_is_told_when_it_moves_and_again_if_that_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_positions, "LOOK_SECONDS", 0.001)
    table, topic = Table(), Topic()

    async def told(positions: list[int]) -> None:
        async with asyncio.timeout(20):
            while topic.told != positions:  # noqa: ASYNC110 - a poll with a bound
                await asyncio.sleep(0.001)

    async with reporting(table, topic, "router", "router"):
        await told([1])
        table.positions = {"0": 5}
        await told([1, 5])
        for _ in range(50):
            await asyncio.sleep(0)
    assert topic.told == [1, 5]


async def test_a_position_that_stays_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_positions, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(account_positions, "AGAIN_SECONDS", 0.002)
    topic = Topic()
    async with reporting(Table(), topic, "router", "router"), asyncio.timeout(20):
        while len(topic.told) < 3:  # noqa: ASYNC110 - a poll with a bound
            await asyncio.sleep(0.001)
