"""What a device submits and takes. On both databases."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update

from schemas.fax import EmailRequested
from schemas.identity import ata_fax_id
from services._runtime.database import transaction
from services.ingest.ata.handlers import AT_ONCE
from services.ingest.ata.tables import FAXES
from tests.integration.ata_world import (
    AT,
    BOOTED,
    PDF,
    SERIAL,
    TIFF,
    TO,
    World,
    enrolment,
    requested,
    with_ata,
)


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    world = await World.on(database)
    await world.enrol()
    yield world
    await world.engine.dispose()


@pytest.mark.parametrize(
    ("document", "kind"), [(TIFF, "image/tiff"), (b"MM\0* x", "image/tiff"), (PDF, "application/pdf")]
)
async def test_a_submitted_document_is_stored_and_announced(world: World, document: bytes, kind: str) -> None:
    answer = await world.submit(document)
    assert answer.status_code == 202, answer.text
    (fax,) = world.topics.submitted()
    assert answer.json() == {"id": str(fax.fax_id), "accepted_at": AT.isoformat(), "repeat": False}
    assert (fax.method, fax.sender, fax.destination, fax.account_id) == ("ata", SERIAL, TO, "acc-1")
    assert fax.reply_to == "desk@clinic.example"
    (attached,) = fax.attachments
    assert attached.document.media_type == kind
    assert world.blobs.objects[attached.document.key] == document
    assert fax.fax_id == ata_fax_id(SERIAL, BOOTED.isoformat(), "1")


async def test_a_repeat_is_the_same_fax(world: World) -> None:
    first, again = await world.submit(), await world.submit()
    assert first.json()["id"] == again.json()["id"]
    assert (again.status_code, again.json()["repeat"]) == (202, True)
    assert world.reused._value.get() == 0


async def test_a_time_written_with_another_offset_is_the_same_time(world: World) -> None:
    first = await world.submit(booted_at="2026-11-21T12:00:00Z")
    again = await world.submit(booted_at="2026-11-21T14:00:00+02:00")
    assert first.json()["id"] == again.json()["id"]


async def test_a_counter_that_starts_again_makes_another_fax(world: World) -> None:
    first = await world.submit()
    other = await world.submit(booted_at=(BOOTED + timedelta(hours=1)).isoformat())
    assert other.status_code == 202
    assert first.json()["id"] != other.json()["id"]
    assert world.reused._value.get() == 0


@pytest.mark.parametrize(("document", "to"), [(b"II*\0 another", TO), (TIFF, "12025550178")])
async def test_another_fax_as_the_same_job_is_another_fax_and_an_alarm(world: World, document: bytes, to: str) -> None:
    first = await world.submit()
    other, again = await world.submit(document, to=to), await world.submit(document, to=to)
    assert (other.status_code, other.json()["repeat"], again.json()["repeat"]) == (202, False, True)
    assert first.json()["id"] != other.json()["id"] == again.json()["id"]
    assert world.reused._value.get() == 2
    assert len({one.fax_id for one in world.topics.submitted()}) == 2


async def test_two_devices_may_use_one_job_id(world: World) -> None:
    world.accounts.known.append(with_ata(enrolment(serial="other"), account_id="acc-2", fax_number="+12025550112"))
    first = await world.submit()
    await world.enrol(serial="other")
    query = {"to": TO, "job": "1", "booted_at": BOOTED.isoformat()}
    second = await world.ask("POST", "/v1/ata/faxes", params=query, content=TIFF, auth=("other", world.secret))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] != second.json()["id"]


async def test_what_was_not_confirmed_is_submitted_again_as_the_same_fax(world: World) -> None:
    world.topics.away = True
    assert (await world.submit()).json()["type"] == "/problems/unconfirmed"
    world.topics.away = False
    assert (await world.submit()).json()["repeat"] is True
    assert len(world.topics.submitted()) == 1


async def test_a_fax_is_held_listed_fetched_and_printed(world: World) -> None:
    event = requested()
    world.blobs.objects[event.document.key] = TIFF
    await world.receiving.handle(event)
    (listed,) = await world.received()
    assert listed == {
        "id": str(event.fax_id),
        "kind": "received",
        "accepted_at": AT.isoformat(),
        "deadline": event.deadline.isoformat(),
        "pages": 2,
        "bytes": len(TIFF),
        "media_type": "image/tiff",
    }
    document = await world.ask("GET", f"/v1/ata/received/{event.fax_id}/document")
    assert (document.content, document.headers["Content-Type"]) == (TIFF, "image/tiff")
    for _ in range(2):
        answer = await world.acknowledge(event.fax_id)
        assert (answer.status_code, answer.json()["state"]) == (200, "printed")
    assert await world.received() == []
    assert [one.state for one in (await world.drained()).steps()] == ["at-device", "printed"]
    world.now = AT + timedelta(days=2)
    await world.sweeper.sweep()
    assert (await world.drained()).mails() == []


async def test_a_repeated_request_changes_nothing(world: World) -> None:
    event = requested()
    await world.receiving.handle(event)
    await world.acknowledge(event.fax_id)
    await world.receiving.handle(event)
    assert await world.state(event.fax_id) == "printed"
    assert [one.state for one in (await world.drained()).steps()] == ["at-device", "printed"]


async def test_at_its_deadline_a_fax_is_mailed_once(world: World) -> None:
    event = requested(minutes=30, mails=2)
    await world.receiving.handle(event)
    world.now = event.deadline - timedelta(microseconds=1)
    assert await world.sweeper.sweep() == 0
    world.now = event.deadline
    assert await world.received() == []
    assert await world.sweeper.sweep() == 1
    assert await world.sweeper.sweep() == 0
    assert await world.state(event.fax_id) == "mailed"
    mails = (await world.drained()).mails()
    assert [one.model_copy(update={"requested_at": AT}) for one in mails] == list(event.fallback)
    assert [one.requested_at for one in mails] == [event.deadline] * 2


async def test_a_device_that_comes_too_late_is_told_that_it_was_mailed(world: World) -> None:
    event = requested()
    await world.receiving.handle(event)
    world.now = event.deadline
    await world.sweeper.sweep()
    answer = await world.acknowledge(event.fax_id)
    assert (answer.status_code, answer.json()["state"]) == (200, "mailed")
    assert "mail as well" in answer.json()["detail"]
    assert len((await world.drained()).mails()) == 1


async def test_after_the_deadline_but_before_the_sweep_a_device_may_still_acknowledge(world: World) -> None:
    event = requested()
    await world.receiving.handle(event)
    world.now = event.deadline + timedelta(minutes=1)
    assert (await world.acknowledge(event.fax_id)).json()["state"] == "printed"
    assert await world.sweeper.sweep() == 0


async def test_a_fax_without_a_fallback_lapses_and_may_be_printed_late(world: World) -> None:
    event = requested(mails=0)
    await world.receiving.handle(event)
    world.now = event.deadline
    await world.sweeper.sweep()
    assert await world.state(event.fax_id) == "lapsed"
    assert (await world.acknowledge(event.fax_id)).json()["state"] == "printed"
    assert (await world.drained()).mails() == []


async def test_a_request_that_came_after_its_deadline_is_mailed_at_the_next_sweep(world: World) -> None:
    event = requested(minutes=-60)
    await world.receiving.handle(event)
    assert await world.sweeper.sweep() == 1
    assert len((await world.drained()).mails()) == 1


async def test_acknowledged_at_the_very_deadline_a_fax_is_printed_or_mailed_never_neither(world: World) -> None:
    """Two sweepers and a device that acknowledges twice race for each of many faxes."""
    events = [requested() for _ in range(15)]
    for event in events:
        await world.receiving.handle(event)
    world.now = events[0].deadline
    racing = [world.acknowledge(one.fax_id) for one in events for _ in range(2)]
    sweeps = asyncio.gather(world.sweeper.sweep(), world.sweeper.sweep())
    told = [one.json() for one in await asyncio.gather(*racing)]
    await sweeps
    topics = await world.drained()
    for event in events:
        mails = [one for one in topics.mails() if one.fax_id == event.fax_id]
        prints = [one for one in topics.steps() if one.fax_id == event.fax_id and one.state == "printed"]
        assert len(mails) + len(prints) == 1
        assert {one["state"] for one in told if one["id"] == str(event.fax_id)} == {"mailed" if mails else "printed"}


async def test_a_poll_that_waits_is_answered_when_a_fax_arrives(world: World) -> None:
    polling = asyncio.create_task(world.ask("GET", "/v1/ata/received", params={"wait": 20}))
    async with asyncio.timeout(10):
        while not world.receiving.arrivals._waiting:  # noqa: ASYNC110 - a poll with a bound
            await asyncio.sleep(0.01)
        event = requested()
        await world.receiving.handle(event)
        answer = await polling
    assert [one["id"] for one in answer.json()["faxes"]] == [str(event.fax_id)]
    assert not world.receiving.arrivals._waiting


async def test_a_poll_that_waits_ends_empty(world: World) -> None:
    assert (await world.ask("GET", "/v1/ata/received", params={"wait": 0.05})).json() == {"faxes": []}


async def test_the_oldest_faxes_come_first_and_not_all_at_once(world: World) -> None:
    events = [requested(accepted_at=AT + timedelta(seconds=one)) for one in range(AT_ONCE + 2)]
    for event in reversed(events):
        await world.receiving.handle(event)
    assert [one["id"] for one in await world.received()] == [str(one.fax_id) for one in events[:AT_ONCE]]


async def test_a_fax_of_another_device_or_account_is_none_of_its_business(world: World) -> None:
    for event in (requested(serial="other"), requested(account_id="acc-before")):
        world.blobs.objects[event.document.key] = TIFF
        await world.receiving.handle(event)
        assert await world.received() == []
        assert (await world.acknowledge(event.fax_id)).json()["type"] == "/problems/no-such-fax"
        document = await world.ask("GET", f"/v1/ata/received/{event.fax_id}/document")
        assert document.json()["type"] == "/problems/no-such-fax"
        assert await world.state(event.fax_id) == "waiting"


async def test_what_is_over_365_days_old_is_forgotten(world: World) -> None:
    old, young = requested(), requested(accepted_at=AT + timedelta(days=1))
    for event in (old, young):
        await world.receiving.handle(event)
        await world.acknowledge(event.fax_id)
    world.now = AT + timedelta(days=365, microseconds=1)
    await world.sweeper.sweep()
    assert [await world.state(old.fax_id), await world.state(young.fax_id)] == [None, "printed"]


async def test_a_fax_that_everybody_forgot_is_mailed_before_it_goes(world: World) -> None:
    event = requested()
    await world.receiving.handle(event)
    world.now = AT + timedelta(days=400)
    await world.sweeper.sweep()
    assert [type(one) for one in (await world.drained()).mails()] == [EmailRequested]


async def test_a_fax_that_cannot_be_read_holds_up_no_other(world: World) -> None:
    broken, good = requested(minutes=29), requested()
    for event in (broken, good):
        await world.receiving.handle(event)
    async with transaction(world.engine) as connection:
        await connection.execute(update(FAXES).where(FAXES.c.fax_id == broken.fax_id).values(fallback="?"))
    world.now = good.deadline
    assert await world.sweeper.sweep() == 1
    assert [one.fax_id for one in (await world.drained()).mails()] == [good.fax_id]


@pytest.mark.parametrize("minutes", [29, 30])
async def test_what_the_mail_would_say_is_kept_no_longer_than_needed(world: World, minutes: int) -> None:
    event = requested()
    await world.receiving.handle(event)
    world.now = AT + timedelta(minutes=minutes)
    await world.sweeper.sweep()
    await world.acknowledge(event.fax_id)
    fax = await world.faxes.find(event.fax_id)
    assert fax is not None
    assert (fax.state != "waiting", fax.fallback) == (True, ())


async def test_one_fax_is_held_once_whoever_hands_it_over(world: World) -> None:
    event = requested(uuid4())
    await asyncio.gather(*(world.receiving.handle(event) for _ in range(8)))
    assert len(await world.received()) == 1
    assert [one.state for one in (await world.drained()).steps()] == ["at-device"]


async def test_a_poll_waits_for_no_writer(world: World) -> None:
    fax = requested()
    await world.receiving.handle(fax)
    async with transaction(world.engine), asyncio.timeout(2):
        assert [one["id"] for one in await world.received()] == [str(fax.fax_id)]
