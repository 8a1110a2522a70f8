"""A page at the fax machine, or a mail, says that a fax from there wasn't delivered; never both. On both databases."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest

from schemas.base import StoredObject
from schemas.decision import DELETED, Decision
from schemas.retention import DeletionRequested
from services._runtime.decision import decide_once
from services._runtime.expiry import expired_step
from services._runtime.outcomes import Done
from services.ingest.documents.png import encode_png
from tests.integration.ata_world import World, notice_requested
from tests.unit.submitted_pages import bitmaps


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    world = await World.on(database)
    await world.enrol()
    yield world
    await world.engine.dispose()


async def test_a_page_is_drawn_once_held_and_printed(world: World) -> None:
    request = notice_requested()
    await world.receiving.handle(request)
    await world.receiving.handle(request)
    (listed,) = await world.received()
    assert (listed["kind"], listed["pages"], listed["media_type"]) == ("notice", 1, "image/tiff")
    page = await world.ask("GET", f"/v1/ata/received/{listed['id']}/document")
    assert len(page.content) == listed["bytes"]
    (shown,) = bitmaps(page.content)
    assert shown.shape == (2156, 1728)
    for _ in range(2):
        assert (await world.acknowledge(UUID(str(listed["id"])))).json()["state"] == "printed"
    world.now += timedelta(days=2)
    await world.sweeper.sweep()
    assert (await world.drained()).mails() == []
    steps = world.topics.steps()
    told = [(one.state, one.version, one.direction) for one in steps]
    assert told == [("at-device", 9, "sent"), ("printed", 11, "sent")]
    assert {one.fax_id for one in steps} == {request.fax_id}
    assert {one.pages for one in steps} == {None}, "the page's own are not the fax's"


async def test_a_page_nobody_takes_becomes_its_mail_once(world: World) -> None:
    request = notice_requested()
    await world.receiving.handle(request)
    (listed,) = await world.received()
    world.now = request.deadline
    assert [await world.sweeper.sweep() for _ in range(2)] == [1, 0]
    (mail,) = (await world.drained()).mails()
    assert mail == request.mail.model_copy(update={"requested_at": request.deadline})
    assert (await world.acknowledge(UUID(str(listed["id"])))).json()["state"] == "mailed"
    waiting, mailed = world.topics.steps()
    assert (mailed.state, mailed.rule) == ("at-device", None), "the fax stands as it ended"
    assert "by mail" in mailed.detail
    assert mailed.version > waiting.version


async def test_of_a_fax_that_was_deleted_there_is_no_page(world: World) -> None:
    request = notice_requested()
    gone = expired_step(request.fax_id, 20, request.accepted_at, world.now, received=False)
    note = Decision(rule=DELETED, why="", account_id=request.account_id, decided_at=world.now, status=gone)
    await decide_once(world.blobs, request.accepted_at, request.fax_id, note)
    outcome = await world.receiving.handle(request)
    assert await world.received() == []
    assert isinstance(outcome, Done)
    (again,) = outcome.events
    assert isinstance(again, DeletionRequested), "what was drawn goes too"


async def test_a_corrected_end_is_a_page_of_its_own_after_the_first(world: World) -> None:
    doubt = notice_requested()
    corrected = doubt.model_copy(update={"version": 11, "mail": doubt.mail.model_copy(update={"version": 11})})
    for request in (corrected, doubt):
        await world.receiving.handle(request)
    first, second = await world.received()
    documents = [await world.ask("GET", f"/v1/ata/received/{one['id']}/document") for one in (first, second)]
    assert [one.status_code for one in documents] == [200, 200]
    assert sorted(key.rpartition("/")[2] for key in world.blobs.objects if "notice" in key) == [
        "notice-11.tif",
        "notice-9.tif",
    ]


async def test_the_first_page_is_shown_if_its_picture_is_there(world: World) -> None:
    key = "fax/2026/11/24/thumbnail.png"
    request = notice_requested(thumbnail=StoredObject(key=key, size=1, media_type="image/png"))
    await world.receiving.handle(request)
    without = next(data for name, data in world.blobs.objects.items() if "notice" in name)
    world.blobs.objects[key] = encode_png(np.zeros((280, 216), np.uint8))
    await world.receiving.handle(request)
    shown = next(data for name, data in world.blobs.objects.items() if "notice" in name)
    assert bitmaps(shown)[0].sum() > bitmaps(without)[0].sum() + 100_000
