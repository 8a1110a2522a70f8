"""One record to its end: every outcome becomes messages, and nothing but `DependencyAway` comes out."""

import asyncio
import logging
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from schemas.base import Event
from schemas.envelope import decode
from schemas.retention import FaxExpired, HoldChanged
from schemas.topics import FAX_EXPIRED, MESSAGE_LIMIT
from services._runtime.metrics import Metrics, StageMetrics
from services._runtime.outcomes import DeadLetter, DependencyAway, Done, Outcome, RetryLater
from services._runtime.publisher import Message
from services._runtime.settling import Settling, current_event
from services._runtime.stage import Handler, Stage
from tests.unit.records import EVENT, NOW, FakeRecord, sound_record


class Harness:
    """A stage of one function, and its metrics."""

    def __init__(self, handle: Handler, timeout: float = 5.0) -> None:
        self.registry = CollectorRegistry()
        stage = Stage("retention", FAX_EXPIRED, handle, timeout=timeout)
        self.settle = Settling(stage, StageMetrics("retention", Metrics(self.registry)), now=lambda: NOW)

    async def messages(self, record: FakeRecord | None = None) -> list[Message]:
        return await self.settle(record or sound_record())

    async def message(self, record: FakeRecord | None = None) -> Message:
        (message,) = await self.messages(record)
        return message

    def counted(self, outcome: str, reason: str = "") -> float | None:
        labels = {"stage": "retention", "outcome": outcome, "reason": reason}
        return self.registry.get_sample_value("nativefax_messages_total", labels)


def answers(outcome: Outcome) -> Harness:
    async def handle(_event: Event) -> Outcome:
        return outcome

    return Harness(handle)


def raises(error: BaseException) -> Harness:
    async def handle(_event: Event) -> Outcome:
        raise error

    return Harness(handle)


def told(message: Message) -> dict[str, str]:
    return {name: value.decode() for name, value in message.headers}


async def test_the_handler_gets_the_event() -> None:
    seen: list[Event] = []

    async def handle(event: Event) -> Outcome:
        seen.append(event)
        return Done()

    harness = Harness(handle)
    assert await harness.messages() == []
    assert seen == [EVENT]
    assert harness.counted("done") == 1


async def test_what_was_caused_is_published_in_order_on_its_topics() -> None:
    hold = HoldChanged(scope="fax:1", held=True, reason="r", by="b", at=NOW)
    first, second = await answers(Done((hold, EVENT))).messages()
    assert (first.topic, first.key, second.topic, second.key) == (
        "fax-holds",
        b"fax:1",
        "fax-expired",
        str(EVENT.fax_id).encode(),
    )
    assert decode(FAX_EXPIRED, second.headers, second.value) == EVENT
    assert told(second)["ce_source"] == "nativefax/retention"


async def test_retry_later_is_a_deferral() -> None:
    harness = answers(RetryLater("object-missing"))
    message = await harness.message()
    assert (message.topic, told(message)["nf-attempt"]) == ("fax-expired-retry-10s", "2")
    assert harness.counted("retry", "object-missing") == 1


async def test_the_last_attempt_is_a_dead_letter() -> None:
    harness = answers(RetryLater("mail-deferred"))
    message = await harness.message(sound_record(4, ("nf-attempt", b"6")))
    assert (message.topic, told(message)["nf-reason"]) == ("fax-expired-dlq", "attempts-exhausted")
    assert harness.counted("dead-letter", "attempts-exhausted") == 1
    assert harness.counted("retry", "mail-deferred") is None


async def test_a_dead_letter() -> None:
    message = await answers(DeadLetter("object-missing", "no upload")).message()
    assert (message.topic, told(message)["nf-detail"], told(message)["nf-stage"]) == (
        "fax-expired-dlq",
        "no upload",
        "retention",
    )


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (FakeRecord(headers=()), "malformed-headers"),
        (replace(sound_record(), value=b"{"), "malformed-json"),
        (replace(sound_record(), value=None), "malformed-json"),
        (replace(sound_record(), value=b"{}"), "schema-violation"),
        (replace(sound_record(), value=b" " * (MESSAGE_LIMIT + 1)), "message-too-large"),
    ],
)
async def test_poison_never_reaches_the_handler(record: FakeRecord, reason: str) -> None:
    message = await raises(AssertionError("the handler was called")).message(record)
    assert (message.topic, told(message)["nf-reason"]) == ("fax-expired-dlq", reason)
    assert message.value == record.value


@pytest.mark.parametrize(
    "error", [RuntimeError("patient 4711"), KeyError("patient 4711"), ExceptionGroup("g", [ValueError()])]
)
async def test_an_unexpected_error_is_tried_again_and_not_quoted(error: Exception) -> None:
    harness = raises(error)
    message = await harness.message()
    assert (message.topic, told(message)["nf-reason"]) == ("fax-expired-retry-10s", "unexpected-error")
    assert "4711" not in str(message)
    assert harness.counted("retry", "unexpected-error") == 1


async def test_a_handler_that_hangs_is_ended() -> None:
    ended = asyncio.Event()

    async def handle(_event: Event) -> Outcome:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return Done()

    message = await Harness(handle, timeout=0.01).message()
    assert told(message)["nf-reason"] == "handler-timeout"
    assert ended.is_set()


async def test_a_dependency_that_is_away_is_nobodys_attempt() -> None:
    harness = raises(DependencyAway("object-store"))
    with pytest.raises(DependencyAway):
        await harness.messages()
    assert harness.counted("retry", "unexpected-error") is None


async def test_being_cancelled_is_no_outcome() -> None:
    with pytest.raises(asyncio.CancelledError):
        await raises(asyncio.CancelledError()).messages()


async def test_an_event_too_large_to_publish_is_set_aside() -> None:
    """It would otherwise end the process, come again after the restart, and end it again."""
    large = HoldChanged.model_construct(scope="fax:1", held=True, reason="x" * MESSAGE_LIMIT, by="b", at=NOW)
    harness = answers(Done((EVENT, large)))
    message = await harness.message()
    assert (message.topic, told(message)["nf-reason"]) == ("fax-expired-dlq", "unexpected-error")
    assert "16384" in told(message)["nf-detail"]
    assert harness.counted("done") is None


async def test_log_lines_carry_the_fax_id_while_it_is_handled(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Event | None] = []

    async def handle(event: FaxExpired) -> Outcome:
        seen.append(current_event.get())
        return DeadLetter("object-missing")

    with caplog.at_level(logging.WARNING):
        await Harness(handle).messages()
    assert seen == [EVENT]
    assert current_event.get() is None
    assert [record.message for record in caplog.records] == ["dead letter"]


async def test_in_flight_returns_to_zero() -> None:
    for harness in (answers(Done()), raises(RuntimeError())):
        await harness.messages()
        assert harness.registry.get_sample_value("nativefax_in_flight", {"stage": "retention"}) == 0
