"""A report in, one step of the fax's history out; nothing is confirmed to the sender before Kafka has it."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.base import Event
from schemas.decision import Decision
from schemas.fax import FaxStatusChanged
from services._runtime.notices import notice
from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import PublishUnknown
from services.ingest.bounces.gateway import LATER, TAKEN
from tests.unit.bounces import DECISION_KEY, RELEASE_KEY, VERP, World, sample
from tests.unit.mails import AT, FAX, request

OTHER = "nurse@clinic.example"


async def told(world: World, name: str = "postfix-failed", *, null_sender: bool = True) -> FaxStatusChanged:
    await world.bounces.take([VERP.read(VERP.address(request()))], sample(name), null_sender=null_sender)
    return world.published.steps[-1]


async def test_a_failed_mail_is_a_step_of_its_fax() -> None:
    world = World()
    world.decided(request(recipient=OTHER), request())
    assert await told(world) == FaxStatusChanged(
        fax_id=FAX,
        version=5,
        state="mail-bounced",
        stage="ingest",
        at=datetime(2026, 11, 24, 14, 41, 7, tzinfo=UTC),
        direction="received",
        accepted_at=AT,
        account_id="acc-1",
        fax_number="+12125550100",
        other_party="+12125550199",
        pages=3,
        pages_announced=3,
        partial=False,
        reason="mail-bounced",
        detail="5.1.1 550 5.1.1 <front.desk@clinic.example>: user unknown in the mailbox table",
        recipient="front.desk@clinic.example",
    )


async def test_the_mail_of_a_fax_that_was_set_aside_first_is_told_by_its_release() -> None:
    world = World()
    world.decided(request(recipient=OTHER))
    world.decided(request(), key=RELEASE_KEY)
    assert (await told(world)).recipient == "front.desk@clinic.example"


async def test_the_mail_that_went_in_place_of_a_page_at_a_fax_machine() -> None:
    world = World()
    world.decided(request(recipient=OTHER))
    decision = Decision.model_validate_json(world.blobs.objects[DECISION_KEY])
    page = notice(request(purpose="refused"), "SERIAL-1", None)
    world.blobs.objects[DECISION_KEY] = decision.model_copy(update={"notice": page}).model_dump_json().encode()
    assert (await told(world)).recipient == "front.desk@clinic.example"


async def test_the_same_report_again_is_the_same_event() -> None:
    world = World()
    await told(world)
    world.clock += timedelta(hours=5)
    await told(world)
    first, again = world.published.messages
    assert dict(first.headers)["ce_id"] == dict(again.headers)["ce_id"]
    assert first.value == again.value


@pytest.mark.parametrize("decision", [b"{}", b"not JSON", b'{"emails": [{"purpose": "of another age"}]}'])
async def test_where_the_decision_tells_nothing_the_address_alone_tells_enough(decision: bytes) -> None:
    world = World()
    world.blobs.objects[DECISION_KEY] = decision
    step = await told(world)
    assert (step.fax_id, step.state, step.recipient, step.accepted_at) == (FAX, "mail-bounced", None, AT)


async def test_a_report_from_the_future_is_dated_by_its_arrival() -> None:
    world = World()
    world.clock = AT
    assert (await told(world)).at == AT


async def test_a_report_from_before_the_fax_is_dated_by_the_fax() -> None:
    world = World()
    earlier = sample("postfix-failed").replace(b"Date: Tue, 24 Nov 2026", b"Date: Tue, 24 Nov 1970", 1)
    await world.bounces.take([VERP.read(VERP.address(request()))], earlier, null_sender=True)
    assert world.published.steps[0].at == AT


@pytest.mark.parametrize("name", ["postfix-delayed", "exchange-out-of-office", "sendmail-delivered"])
async def test_what_changes_nothing_is_taken_and_not_published(name: str) -> None:
    world = World()
    answer = await world.answer(sample(name))
    assert answer == TAKEN
    assert not world.published.messages
    assert world.outcomes.labels("ignored")._value.get() == 1


async def test_a_persons_answer_is_taken_and_not_published() -> None:
    world = World()
    assert await world.answer(sample("qmail-in-own-words"), sender="front.desk@clinic.example") == TAKEN
    assert not world.published.messages
    assert await world.answer(sample("qmail-in-own-words")) == TAKEN
    assert world.published.steps[0].detail == "undetermined"


async def test_nothing_is_told_of_a_fax_older_than_anything_may_be() -> None:
    world = World()
    world.clock = AT + timedelta(days=365, seconds=1)
    await world.bounces.take([VERP.read(VERP.address(request()))], sample("postfix-failed"), null_sender=True)
    assert not world.published.messages


@pytest.mark.parametrize("left", [None, b'{"rule": "deleted"}'], ids=["by age", "by a person"])
async def test_nothing_is_told_of_a_fax_that_was_deleted(left: bytes | None) -> None:
    world = World()
    del world.blobs.objects[DECISION_KEY]
    if left:
        world.blobs.objects[DECISION_KEY] = left
    assert await world.answer(sample("postfix-failed")) == TAKEN
    assert not world.published.messages
    assert world.outcomes.labels("expired")._value.get() == 1


async def test_nothing_is_taken_while_kafka_or_the_store_is_away() -> None:
    world = World()
    mail = sample("postfix-failed")
    world.published.away = True
    assert await world.answer(mail) == LATER
    with pytest.raises(PublishUnknown):
        await told(world)
    world.published.away, world.blobs.away = False, True
    assert await world.answer(mail) == LATER
    with pytest.raises(DependencyAway):
        await told(world)
    world.blobs.away = False
    assert await world.answer(mail) == TAKEN
    assert [step.state for step in world.published.steps] == ["mail-bounced"]


async def test_a_fault_of_ours_is_not_the_senders_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    async def broken(_key: str) -> Event:
        raise RuntimeError

    monkeypatch.setattr(world.blobs, "get", broken)
    mail = sample("postfix-failed")
    assert await world.answer(mail) == LATER


async def test_a_report_about_two_mails_is_a_step_for_each() -> None:
    world = World()
    world.decided(request(), request(recipient=OTHER))
    addresses = [VERP.address(request()), VERP.address(request(recipient=OTHER)), VERP.address(request()).upper()]
    assert await world.answer(sample("postfix-failed"), *addresses) == TAKEN
    assert [step.recipient for step in world.published.steps] == ["front.desk@clinic.example", OTHER]
