"""Who leads under a name shuts out whoever led before, on real Kafka: also what was sent and not yet committed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from aiokafka.errors import KafkaError

from schemas.retention import HoldChanged
from services._runtime.fenced import FencedPublisher
from services._runtime.hold_table import HoldTable
from services._runtime.publisher import Message, Publisher, PublishUnknown, confirmed, message_of
from services._runtime.settings import KafkaSettings

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
async def shared(kafka: KafkaSettings) -> AsyncIterator[Publisher]:
    publisher = Publisher(kafka, source="tests", confirm_seconds=20)
    await publisher.start()
    yield publisher
    await publisher.stop()


def leader(kafka: KafkaSettings, shared: Publisher) -> FencedPublisher:
    return FencedPublisher(kafka, shared, name="portal", confirm_seconds=20)


def word(scope: str, *, held: bool) -> Message:
    event = HoldChanged(scope=scope, held=held, reason="r", by="b", at=NOW)
    return message_of(event, source="tests", at=NOW)


async def held(kafka: KafkaSettings, scope: str) -> bool:
    """Whether a table says so that is built now, to the topic's very end."""
    table = HoldTable(kafka)
    await table.start()
    try:
        await table.read_to_end()
        return scope in {one.scope for one in table.held}
    finally:
        await table.stop()


async def test_what_was_not_committed_by_a_leader_that_was_replaced_never_counts(
    kafka: KafkaSettings, shared: Publisher
) -> None:
    scope = f"fax:{uuid4()}"
    first, second = leader(kafka, shared), leader(kafka, shared)
    async with first.leading():
        assert first._producer is not None
        await first._producer.begin_transaction()
        await confirmed([word(scope, held=True)], first._producer)
        async with second.leading():
            assert not await held(kafka, scope), "the log ends with what was undone"
            await second.publish([word(scope, held=True)])
            assert await held(kafka, scope)
            await second.publish([word(scope, held=False)])
            with pytest.raises(KafkaError):
                await first._producer.commit_transaction()
            with pytest.raises(PublishUnknown):
                await first.publish([word(scope, held=True)])
            assert not await held(kafka, scope)
    with pytest.raises(PublishUnknown):
        await second.publish([word(scope, held=True)])
    assert not await held(kafka, scope)
