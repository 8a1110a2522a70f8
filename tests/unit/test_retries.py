"""Where a message goes that isn't done: tiers by attempt, the horizon, dead letters, its origin."""

from datetime import timedelta

import pytest

from schemas.topics import FAX_EXPIRED as TOPIC
from services._runtime.outcomes import DeadLetter, RetryLater
from services._runtime.publisher import Message
from services._runtime.retries import after, attempt_of, dead_letter, not_before
from tests.unit.records import NOW, FakeRecord, delivered, sound_record


def again(outcome: RetryLater, record: FakeRecord | None = None) -> Message:
    message = after(outcome, record or sound_record(7), TOPIC, NOW)
    assert isinstance(message, Message)
    return message


def headers(message: Message) -> dict[str, str]:
    return {name: value.decode() for name, value in message.headers}


def test_the_first_deferral() -> None:
    record = sound_record(7)
    message = again(RetryLater("object-missing"), record)
    assert (message.topic, message.key, message.value) == ("fax-expired-retry-10s", record.key, record.value)
    told = headers(message)
    assert told["nf-attempt"] == "2"
    assert told["nf-reason"] == "object-missing"
    assert int(told["nf-not-before"]) == int((NOW + timedelta(seconds=10)).timestamp() * 1000)
    assert (told["nf-topic"], told["nf-partition"], told["nf-offset"]) == ("fax-expired", "0", "7")
    assert message.headers[: len(record.headers)] == record.headers


def test_tiers_by_attempt_then_a_dead_letter() -> None:
    record, places = sound_record(7), []
    for _ in range(10):
        outcome = after(RetryLater("mail-deferred", detail="450"), record, TOPIC, NOW)
        if isinstance(outcome, DeadLetter):
            break
        places.append(outcome.topic.removeprefix("fax-expired-retry-"))
        record = delivered(outcome, offset=len(places) + 100)
    assert places == ["10s", "2m", "15m", "15m", "15m"]
    assert outcome == DeadLetter("attempts-exhausted", "mail-deferred 450")
    assert attempt_of(record) == 6


@pytest.mark.parametrize("reason", ["object-missing", "unexpected-error"])
def test_what_is_a_dead_letters_reason_itself_stays_so(reason: str) -> None:
    outcome = RetryLater(reason, attempts=1, detail="why")  # type: ignore[arg-type]
    assert after(outcome, sound_record(), TOPIC, NOW) == DeadLetter(outcome.reason, "why")  # type: ignore[arg-type]


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_a_handler_may_allow_fewer_attempts(attempts: int) -> None:
    record = sound_record(0, ("nf-attempt", str(attempts).encode()))
    assert isinstance(after(RetryLater("object-missing", attempts=attempts), record, TOPIC, NOW), DeadLetter)
    assert isinstance(after(RetryLater("object-missing", attempts=attempts + 1), record, TOPIC, NOW), Message)


def test_until_a_horizon_no_attempt_is_the_last() -> None:
    record = sound_record(0, ("nf-attempt", b"400"))
    message = again(RetryLater("mail-deferred", horizon=NOW + timedelta(hours=48)), record)
    assert message.topic == "fax-expired-retry-15m"
    assert headers(message)["nf-attempt"] == "401"


@pytest.mark.parametrize(
    ("seconds", "tier"), [(-5, "10s"), (0, "10s"), (11, "10s"), (119, "10s"), (120, "2m"), (899, "2m"), (5000, "15m")]
)
def test_waiting_for_a_moment_takes_the_longest_tier_that_is_not_too_long(seconds: int, tier: str) -> None:
    message = again(RetryLater("claim-held", not_before=NOW + timedelta(seconds=seconds)))
    assert message.topic == f"fax-expired-retry-{tier}"


def test_waiting_for_a_moment_spends_no_attempt() -> None:
    record = sound_record(0, ("nf-attempt", b"6"))
    message = again(RetryLater("claim-held", not_before=NOW + timedelta(seconds=30)), record)
    assert headers(message)["nf-attempt"] == "6"


def test_the_origin_is_kept_through_deferrals_and_into_the_dead_letter() -> None:
    first = delivered(again(RetryLater("object-missing"), sound_record(7)), offset=55)
    second = delivered(again(RetryLater("object-missing"), first), offset=66)
    message = dead_letter(DeadLetter("object-missing"), second, TOPIC, "retention", NOW)
    told = headers(message)
    assert (told["nf-topic"], told["nf-partition"], told["nf-offset"]) == ("fax-expired", "0", "7")
    names = [name for name, _ in message.headers]
    assert len(names) == len(set(names))


def test_a_dead_letter_tells_what_went_wrong() -> None:
    record = sound_record(7)
    message = dead_letter(DeadLetter("schema-violation", "pages: missing"), record, TOPIC, "retention", NOW)
    assert (message.topic, message.key, message.value) == ("fax-expired-dlq", record.key, record.value)
    told = headers(message)
    assert (told["nf-stage"], told["nf-reason"], told["nf-detail"], told["nf-failed-at"]) == (
        "retention",
        "schema-violation",
        "pages: missing",
        NOW.isoformat(),
    )


def test_a_dead_letter_keeps_bytes_and_headers_as_they_came() -> None:
    strange = (("traceparent", b"\xff\xfe\x00"), ("ce_type", b"\xc3\x28"), ("twice", b"1"), ("twice", b"2"), ("", b""))
    record = FakeRecord(3, partition=4, key=b"\xff", value=b"\x00\xff{", headers=strange)
    message = dead_letter(DeadLetter("malformed-headers"), record, TOPIC, "retention", NOW)
    assert (message.key, message.value) == (b"\xff", b"\x00\xff{")
    assert message.headers[: len(strange)] == strange


@pytest.mark.parametrize("value", [None, b""])
def test_a_message_without_content_stays_so(value: bytes | None) -> None:
    message = dead_letter(DeadLetter("malformed-json"), FakeRecord(key=None, value=value), TOPIC, "s", NOW)
    assert (message.key, message.value) == (None, value)


def test_a_long_detail_is_cut() -> None:
    message = dead_letter(DeadLetter("unexpected-error", "x" * 5000), sound_record(), TOPIC, "s", NOW)
    assert len(headers(message)["nf-detail"]) == 500


@pytest.mark.parametrize("given", [b"", b"x", b"-1", b"1.5", b"\xff", "²".encode(), b"9" * 5000])
def test_numbers_in_headers_that_are_none(given: bytes) -> None:
    record = sound_record(0, ("nf-attempt", given), ("nf-not-before", given), ("nf-offset", given))
    assert attempt_of(record) == 1
    assert not_before(record) == 0
    assert headers(again(RetryLater("object-missing"), record))["nf-attempt"] == "2"


def test_nobody_can_hold_a_partition_for_longer_than_the_longest_tier() -> None:
    """A header from elsewhere, or a producer whose clock is wrong, doesn't pause a partition for ever."""
    record = sound_record(0, ("nf-not-before", b"99999999999999"))
    assert not_before(record) <= (NOW + timedelta(minutes=30)).timestamp()
