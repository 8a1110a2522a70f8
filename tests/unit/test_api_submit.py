"""Submitting a fax over HTTP: what is taken, and that the same key makes one fax whatever happens between."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from schemas.fax import FaxStatusChanged
from schemas.identity import api_fax_id
from schemas.keys import ATTACHMENTS, COVER_TEXT, accepted_key, fax_prefix
from services._runtime.publisher import Message, PublishUnknown
from services.ingest.api.confirming import Confirming
from tests.unit.api_world import AT, PDF, TO, KeptMessages, World, problem


async def test_a_submission_is_stored_and_announced_before_it_is_answered() -> None:
    world = World()
    answer = await world.send(PDF, b"second", subject="Results", subaddress="12#", resolution="standard")
    fax_id = api_fax_id("acc-1", "key-1")
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/faxes/{fax_id}"
    assert answer.json() == {
        "id": str(fax_id),
        "state": "accepted",
        "accepted_at": "2026-11-24T09:30:00Z",
        "account_id": "acc-1",
        "fax_number": "+12125550100",
        "to": TO,
    }
    (event,) = world.submitted
    assert (event.fax_id, event.method, event.sender, event.destination) == (fax_id, "portal", "mine", TO)
    assert (event.subject, event.subaddress, event.resolution) == ("Results", "12#", "standard")
    assert [one.filename for one in event.attachments] == ["page1.pdf", "page2.pdf"]
    assert [world.blobs.objects[one.document.key] for one in event.attachments] == [PDF, b"second"]
    assert [one.state for one in world.kafka.events if isinstance(one, FaxStatusChanged)] == ["accepted"]


async def test_one_file_may_be_the_whole_body() -> None:
    world = World()
    headers = {**world.headers(key="k"), "Content-Type": "image/tiff"}
    answer = await world.client.post("/v1/faxes", params={"to": TO, "subject": "S"}, content=b"II*", headers=headers)
    assert answer.status_code == 202
    (event,) = world.submitted
    (file,) = event.attachments
    assert (file.filename, file.document.media_type, event.subject) == ("document.tif", "image/tiff", "S")
    assert world.blobs.objects[file.document.key] == b"II*"


@pytest.mark.parametrize(
    ("fields", "covered", "text"),
    [
        ({}, False, None),
        ({"cover_text": "Dear\nall"}, True, b"Dear\nall"),
        ({"cover": "true"}, True, None),
        ({"cover": "false"}, False, None),
    ],
)
async def test_a_cover_page_is_made_if_it_has_something_to_say(
    fields: dict[str, Any], covered: bool, text: bytes | None
) -> None:
    world = World()
    assert (await world.send(**fields)).status_code == 202
    (event,) = world.submitted
    assert (event.cover is not None) == covered
    assert world.blobs.objects.get(fax_prefix(AT, event.fax_id) + COVER_TEXT) == text


async def test_the_same_again_has_the_same_answer_and_is_one_fax() -> None:
    world = World()
    first = await world.send()
    world.clock += timedelta(hours=3)
    again = await world.send()
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert len(world.stored) == 1
    assert world.submitted[0] == world.submitted[1]


async def test_repeated_across_midnight_it_keeps_its_date() -> None:
    world = World()
    world.clock = AT.replace(hour=23, minute=59, second=59)
    first = await world.send()
    world.clock += timedelta(seconds=2)
    again = await world.send()
    assert world.clock.date() != AT.date()
    assert again.json() == first.json()
    assert world.stored == {f"fax/2026/11/24/{api_fax_id('acc-1', 'key-1')}"}
    assert {one.accepted_at.date() for one in world.submitted} == {AT.date()}


async def test_a_repeat_across_midnight_after_a_crash_keeps_the_date_of_the_acceptance() -> None:
    world = World()
    world.clock, world.kafka.away = AT.replace(hour=23, minute=59, second=59), True
    assert problem(await world.send()) == (503, "unconfirmed")
    world.clock, world.kafka.away = world.clock + timedelta(seconds=2), False
    assert (await world.send()).json()["accepted_at"] == "2026-11-24T23:59:59Z"
    assert len(world.stored) == 1


async def test_the_same_key_of_two_tenants_is_two_faxes() -> None:
    world = World()
    mine, theirs = await world.send(), await world.send(token=world.theirs)
    assert (mine.status_code, theirs.status_code) == (202, 202)
    assert mine.json()["id"] != theirs.json()["id"]
    assert [one.account_id for one in world.submitted] == ["acc-1", "acc-2"]
    assert len(world.stored) == 2


async def test_without_a_key_the_same_again_is_another_fax() -> None:
    world = World()
    answers = [await world.send(key=None) for _ in range(2)]
    assert len({one.json()["id"] for one in answers}) == 2


@pytest.mark.parametrize("changed", [{"to": "+12025550178"}, {"subject": "Other"}, {"cover_text": "Other"}])
async def test_another_fax_under_the_same_key_is_refused(changed: dict[str, Any]) -> None:
    world = World()
    await world.send()
    assert problem(await world.send(**changed)) == (409, "key-reused")
    assert problem(await world.send(b"other pages")) == (409, "key-reused")
    assert len(world.submitted) == len(world.stored) == 1


async def test_a_repeat_has_the_first_answer_whatever_the_account_says_by_then() -> None:
    world = World()
    first = await world.send()
    world.change("acc-1", methods=("email",), blocked_destinations=("+1202",))
    assert (await world.send()).json() == first.json()
    assert problem(await world.send(key="another")) == (403, "method-not-enabled")


async def test_a_key_of_an_expired_fax_is_not_taken_for_sent() -> None:
    world = World()
    await world.send()
    world.clock += timedelta(days=365, seconds=1)
    assert problem(await world.send()) == (410, "key-expired")
    assert len(world.submitted) == 1


class Killed(BaseException):
    """The process is gone."""


async def test_killed_at_any_step_the_repeat_makes_one_fax() -> None:
    steps, ended = 0, False
    while not ended:
        world = World()
        ended = await _dies_after(world, steps)
        answer = await world.send(PDF, b"second", cover_text="Hello")
        fax_id = api_fax_id("acc-1", "key-1")
        assert (answer.status_code, answer.json()["id"]) == (202, str(fax_id))
        assert len(world.stored) == 1
        assert {one.fax_id for one in world.submitted} == {fax_id}
        assert len({one.model_dump_json() for one in world.submitted}) == 1
        prefix = fax_prefix(AT, fax_id)
        assert world.blobs.objects[f"{prefix}{ATTACHMENTS}01"] == PDF
        assert world.blobs.objects[f"{prefix}{ATTACHMENTS}02"] == b"second"
        assert accepted_key(fax_id) in world.blobs.objects
        steps += 1
    assert steps > 6


async def _dies_after(world: World, effects: int) -> bool:
    """Submit, and die after so many effects on the world; whether it had come through before."""
    left = effects
    write, publish = world.blobs.put, world.kafka.publish

    async def dying_put(key: str, data: bytes, media_type: str) -> None:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        await write(key, data, media_type)

    async def dying_publish(messages: Sequence[Message]) -> None:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        await publish(messages)

    world.blobs.put, world.kafka.publish = dying_put, dying_publish  # type: ignore[method-assign]
    try:
        await world.send(PDF, b"second", cover_text="Hello")
    except Killed:
        return False
    finally:
        world.blobs.put, world.kafka.publish = write, publish  # type: ignore[method-assign]
    return True


async def test_the_same_at_the_same_moment_is_one_fax() -> None:
    world = World()
    answers = await asyncio.gather(*(world.send() for _ in range(5)))
    assert len({one.text for one in answers}) == 1
    assert len(world.stored) == 1
    assert len({one.model_dump_json() for one in world.submitted}) == 1


async def test_a_service_names_the_account_and_who_sends() -> None:
    world = World()
    answer = await world.send(token=world.portal, account_id="acc-2", on_behalf_of="jo@clinic.example")
    assert answer.json()["account_id"] == "acc-2"
    (event,) = world.submitted
    assert (event.account_id, event.sender) == ("acc-2", "jo@clinic.example")
    again = await world.send(token=world.theirs)
    assert again.json() == answer.json(), "the key is the account's, not the token's"


async def test_mail_about_it_goes_to_the_accounts_own_addresses_only() -> None:
    world = World()
    assert (await world.send(reply_to="ACC-1@clinic.example")).status_code == 202
    assert problem(await world.send(key="2", reply_to="else@where.example")) == (422, "reply-to-not-allowed")


async def test_names_of_files_are_kept_short_and_without_folders() -> None:
    world = World()
    names = ["C:\\secret\\scan.pdf", "../../etc/passwd", "😀" * 80 + ".pdf", "a\r\nb.pdf", ""]
    parts = [("file", (name or " ", PDF, "application/pdf")) for name in names]
    answer = await world.client.post("/v1/faxes", data={"to": TO}, files=parts, headers=world.headers(key="k"))
    assert answer.status_code == 202
    kept = [one.filename for one in world.submitted[0].attachments]
    assert kept[:2] == ["scan.pdf", "passwd"]
    assert kept[2].endswith("😀.pdf")
    assert all(len(one.encode()) <= 90 for one in kept)


async def test_thirty_files_with_the_longest_of_everything_fit_into_an_event() -> None:
    world = World()
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    account = world.accounts.known["acc-1"]
    brand = account.brand.model_copy(
        update={
            "name": "ß" * 128,
            "logo_url": "https://" + "l" * 500,
            "portal_host": "p" * 253,
            "from_address": "f" * 64 + "@" + "d" * 180,
            "support": "€" * 200,
        }
    )
    world.change("acc-1", brand=brand, header_text="€" * 200)
    parts = [("file", ("€" * 80, PDF, word)) for _ in range(30)]
    data = {"to": TO, "subject": "€" * 200, "cover_text": "€" * 4000}
    answer = await world.client.post("/v1/faxes", data=data, files=parts, headers=world.headers(key="k"))
    assert answer.status_code == 202
    assert max(len(one.value or b"") for one in world.kafka.messages) < 16 * 1024


async def test_a_publisher_that_never_confirms_any_more_is_broken_and_one_that_does_is_not() -> None:
    kafka, clock = KeptMessages(), [1.0]
    watched = Confirming(kafka, lambda: clock[0])
    kafka.away = True
    for moment in (1.0, 100.0, 120.0):
        clock[0] = moment
        with pytest.raises(PublishUnknown):
            await watched.publish([])
        assert not watched.broken
    clock[0] = 122.0
    assert watched.broken
    kafka.away = False
    await watched.publish([])
    assert not watched.broken


@pytest.mark.parametrize("kind", ["application/x-" + "odd" * 3000, "a" * 9000 + "/b", "text/html", "", "pdf"])
async def test_a_kind_of_file_that_nobody_knows_is_only_bytes(kind: str) -> None:
    world = World()
    parts = [("file", ("a.pdf", PDF, kind))]
    answer = await world.client.post("/v1/faxes", data={"to": TO}, files=parts, headers=world.headers(key="k"))
    if answer.status_code != 400:  # a part's header has an end, too
        assert answer.status_code == 202
        assert world.submitted[0].attachments[0].document.media_type == "application/octet-stream"


async def test_room_is_given_back_however_a_submission_ends() -> None:
    world = World(uploads_per_token=1, upload_bytes=60_000_000)
    for _ in range(3):
        assert (await world.send(key=None)).status_code == 202
        assert problem(await world.send(to="911")) == (422, "destination-refused")
        kind = {"Content-Type": "multipart/form-data; boundary=b", **world.headers(key="k")}
        assert (await world.client.post("/v1/faxes", content=b"--b", headers=kind)).status_code == 400
    assert world.desk is not None
    assert world.desk.budget._held == 0
    assert not world.desk.budget._mine
