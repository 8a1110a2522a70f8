"""A fax to send: accepted, stored and announced, once, whatever is repeated."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.decision import DELETED, Decision
from schemas.envelope import decode
from schemas.fax import FaxStatusChanged, FaxSubmitted
from schemas.identity import api_fax_id, ata_fax_id, colliding_fax_id
from schemas.keys import accepted_key
from schemas.topics import FAX_STATUS, FAX_SUBMITTED, MESSAGE_LIMIT
from services._runtime.acceptance import SourceKeyReused
from services._runtime.decision import decide_once
from services._runtime.expiry import expired_step
from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import Message, PublishUnknown
from services.ingest.submission import File, Submission, one_line
from services.ingest.submissions import Submissions
from tests.fakes import MemoryBlobs
from tests.unit.test_routing import NOW, account

FAX_ID = api_fax_id("acc-1", "key-1")
PDF = File("referral.pdf", "application/pdf", b"%PDF-1.7 content")


class Topics:
    """`Publishes` in a list; `away` leaves everything unconfirmed."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.away = False

    async def publish(self, messages: Sequence[Message]) -> None:
        if self.away:
            raise PublishUnknown("switched off in a test")
        self.messages += messages

    def submitted(self) -> list[FaxSubmitted]:
        mine = [one for one in self.messages if one.topic == FAX_SUBMITTED.name]
        events = [decode(FAX_SUBMITTED, one.headers, one.value) for one in mine]
        return [one for one in events if isinstance(one, FaxSubmitted)]

    def steps(self) -> list[FaxStatusChanged]:
        mine = [one for one in self.messages if one.topic == FAX_STATUS.name]
        events = [decode(FAX_STATUS, one.headers, one.value) for one in mine]
        return [one for one in events if isinstance(one, FaxStatusChanged)]


class World:
    def __init__(self) -> None:
        self.blobs, self.topics, self.now = MemoryBlobs(), Topics(), NOW
        self.submissions = Submissions(self.blobs, self.topics, self.clock)

    def clock(self) -> datetime:
        return self.now


def submission(**changes: Any) -> Submission:
    usual = Submission(FAX_ID, account(), "portal", "clinic-ehr", "202 555 0177", (PDF,), subject="Referral")
    return replace(usual, **changes)


async def test_all_that_the_pages_will_show_is_announced() -> None:
    world = World()
    wanted = account(header_text="CLINIC", time_zone="America/New_York", cover_page=True)
    page = File("photo.jpg", "image/jpeg", b"\xff\xd8")
    asked = submission(account=wanted, cover=True, cover_text="Please call.", files=(PDF, page), reply_to="a@b.example")
    answer = await world.submissions.submit(asked)
    assert (answer.fax_id, answer.accepted_at, answer.repeat) == (FAX_ID, NOW, False)
    (event,) = world.topics.submitted()
    assert [one.filename for one in event.attachments] == ["referral.pdf", "photo.jpg"]
    assert [world.blobs.objects[one.document.key] for one in event.attachments] == [PDF.data, page.data]
    assert event.cover is not None
    assert event.cover.text is not None
    assert world.blobs.objects[event.cover.text.key] == b"Please call."
    assert (event.header_text, event.time_zone, event.paper) == ("CLINIC", "America/New_York", "letter")
    assert (event.destination, event.subject, event.reply_to) == ("202 555 0177", "Referral", "a@b.example")
    (step,) = world.topics.steps()
    assert (step.state, step.direction, step.version, step.account_id) == ("accepted", "sent", 1, "acc-1")


async def test_a_repeat_is_the_same_fax_even_when_the_account_changed_across_midnight() -> None:
    world = World()
    await world.submissions.submit(submission())
    world.now = NOW + timedelta(days=1)
    again = await world.submissions.submit(submission(account=account(header_text="Other", version=9)))
    assert (again.fax_id, again.accepted_at, again.repeat) == (FAX_ID, NOW, True)
    first, second = world.topics.submitted()
    assert first == second
    assert len([key for key in world.blobs.objects if key.startswith("accepted/")]) == 1


async def test_a_repeat_brings_back_nothing_of_a_fax_that_somebody_deleted() -> None:
    world = World()
    await world.submissions.submit(submission())
    gone = expired_step(FAX_ID, 9, NOW, NOW, received=False)
    world.blobs.objects = {accepted_key(FAX_ID): world.blobs.objects[accepted_key(FAX_ID)]}
    await decide_once(world.blobs, NOW, FAX_ID, Decision(rule=DELETED, why="", decided_at=NOW, status=gone))
    left = dict(world.blobs.objects)
    again = await world.submissions.submit(submission())
    assert (again.fax_id, again.repeat) == (FAX_ID, True)
    assert world.blobs.objects == left
    assert len(world.topics.submitted()) == 1


async def test_another_fax_under_the_same_key_is_refused_or_a_fax_of_its_own() -> None:
    world = World()
    await world.submissions.submit(submission())
    other = submission(destination="202 555 0178")
    with pytest.raises(SourceKeyReused):
        await world.submissions.submit(other, refuse_other=True)
    assert len(world.topics.submitted()) == 1
    answer = await world.submissions.submit(other)
    assert answer.fax_id == colliding_fax_id(FAX_ID, other.digest)


@pytest.mark.parametrize(
    "changes",
    [
        {"destination": "1"},
        {"subject": "x"},
        {"subaddress": "1"},
        {"cover": True},
        {"cover_text": "x"},
        {"resolution": "standard"},
        {"files": (PDF, PDF)},
        {"files": (replace(PDF, filename="x"),)},
        {"files": (replace(PDF, data=b"x"),)},
    ],
)
def test_whatever_makes_another_fax_makes_another_digest(changes: dict[str, Any]) -> None:
    assert submission(**changes).digest != submission().digest
    assert submission(**changes).digest == submission(**changes).digest


async def test_nothing_is_answered_while_kafka_or_the_store_is_away_and_the_retry_is_the_same_fax() -> None:
    world = World()
    world.topics.away = True
    with pytest.raises(PublishUnknown):
        await world.submissions.submit(submission())
    world.topics.away, world.blobs.away = False, True
    with pytest.raises(DependencyAway):
        await world.submissions.submit(submission())
    world.blobs.away = False
    answer = await world.submissions.submit(submission())
    assert (answer.fax_id, answer.repeat) == (FAX_ID, True)
    assert len(world.topics.submitted()) == 1


async def test_a_repeat_after_a_death_at_any_write_ends_the_same() -> None:
    whole = World()
    await whole.submissions.submit(submission())
    for survived in range(len(whole.blobs.objects) + 1):
        world = World()
        world.blobs.objects = dict(list(whole.blobs.objects.items())[:survived])
        await world.submissions.submit(submission())
        assert world.blobs.objects == whole.blobs.objects
        assert world.topics.messages == whole.topics.messages


async def test_a_repeat_of_an_expired_fax_stores_and_announces_nothing() -> None:
    world = World()
    await world.submissions.submit(submission())
    kept = {accepted_key(FAX_ID): world.blobs.objects[accepted_key(FAX_ID)]}
    world.blobs.objects, world.now = dict(kept), NOW + timedelta(days=366)
    assert (await world.submissions.submit(submission())).repeat
    assert world.blobs.objects == kept
    assert len(world.topics.submitted()) == 1


async def test_hostile_names_fit_an_event() -> None:
    world = World()
    nasty = File("../../\x00\r\nBcc: x\u202e" + "界" * 300 + ".pdf", "TEXT/<script>", b"x")
    asked = submission(files=(nasty,) * 30, subject="a\r\nb\x00" + "界" * 500, destination="+1" + "\n" * 300)
    await world.submissions.submit(asked)
    (event,) = world.topics.submitted()
    assert {one.document.media_type for one in event.attachments} == {"application/octet-stream"}
    assert all(one.filename.endswith(".pdf") for one in event.attachments)
    assert max(len(one.value or b"") for one in world.topics.messages) <= MESSAGE_LIMIT


def test_one_line() -> None:
    assert one_line(" a\r\n\tb\x00c  ") == "a b c"


def test_a_devices_counter_that_starts_again_is_another_job() -> None:
    assert ata_fax_id("A1", "2026-03-01T00:00:00Z", "1") != ata_fax_id("A1", "2026-03-02T00:00:00Z", "1")
    assert api_fax_id("one", "key") != api_fax_id("two", "key")
