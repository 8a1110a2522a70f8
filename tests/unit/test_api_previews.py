"""Previews: the very pages that would be dialled, the same refusals, and nothing stored or sent."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.keys import DOCUMENT, fax_prefix
from services.ingest.api.previewing import EACH, WAITING
from services.ingest.submitted import SubmittedFaxes
from tests.unit.api_world import World, account_of, problem

SAMPLES = Path(__file__).parents[1] / "data" / "submitted"
LETTER, LOCKED = ((SAMPLES / name).read_bytes() for name in ("letter.pdf", "locked.pdf"))
TEXT = b"Please call me back."


@pytest.mark.parametrize(
    ("fields", "pages"),
    [
        ({}, 3),
        ({"to": "(202) 555-0177", "subject": "Lab   results", "cover_text": "For Dr Adams\n\nUrgent."}, 4),
        ({"resolution": "standard", "cover": "true"}, 4),
    ],
)
async def test_it_is_byte_for_byte_what_the_document_worker_makes(fields: dict[str, Any], pages: int) -> None:
    """At the same instant: later, only the time in the header line and on the cover is another."""
    world = World()
    shown = await world.preview(LETTER, TEXT, **fields)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "application/pdf")
    assert (await world.send(LETTER, TEXT, **fields)).status_code == 202
    (event,) = world.submitted
    await SubmittedFaxes(world.blobs, world.convert, world.now).handle(event)
    dialled = world.blobs.objects[fax_prefix(event.accepted_at, event.fax_id) + DOCUMENT]
    assert shown.content == dialled
    assert shown.headers["fax-pages"] == str(pages)


async def test_nothing_is_stored_or_announced() -> None:
    world = World()
    assert (await world.preview(TEXT, token=world.portal, account_id="acc-1", on_behalf_of="jo@x.example")).is_success
    assert (await world.preview(LOCKED)).status_code == 422
    assert not world.blobs.objects
    assert not world.kafka.messages


async def test_a_single_file_may_be_the_whole_body() -> None:
    world = World()
    kind = {"Content-Type": "text/plain", **world.headers()}
    answer = await world.client.post("/v1/previews", params={"to": "+12025550177"}, content=TEXT, headers=kind)
    assert answer.headers["fax-pages"] == "1"


@pytest.mark.parametrize(
    ("files", "fields", "failure", "where"),
    [
        ((TEXT, LOCKED), {}, "password-protected", "form.file.2"),
        ((b"%PDF-1.7 broken", TEXT), {}, "damaged-document", "form.file.1"),
        ((TEXT,), {"cover_text": "שלום"}, "unsupported-format", "form.cover_text"),
        ((b" ",), {}, "nothing-to-fax", None),
    ],
)
async def test_what_could_not_be_faxed_is_named(
    files: tuple[bytes, ...], fields: dict[str, Any], failure: str, where: str | None
) -> None:
    answer = await World().preview(*files, **fields)
    assert problem(answer) == (422, "file-refused")
    told = answer.json()
    assert told["failure"] == failure
    assert [one["where"] for one in told.get("errors", [])] == ([where] if where else [])


@pytest.mark.parametrize(
    ("changes", "fields", "code"),
    [
        ({"methods": ("email",)}, {}, "method-not-enabled"),
        ({}, {"to": "911"}, "destination-refused"),
        ({}, {"reply_to": "else@where.example"}, "reply-to-not-allowed"),
        ({}, {"on_behalf_of": "jo@x.example"}, "invalid-request"),
        ({}, {"format": "tiff"}, "invalid-request"),
    ],
)
async def test_what_would_be_refused_is_refused(changes: dict[str, Any], fields: dict[str, Any], code: str) -> None:
    world = World()
    world.change("acc-1", **changes)
    assert problem(await world.preview(TEXT, **fields))[1] == code


async def test_it_needs_the_scope_to_send() -> None:
    world = World()
    assert problem(await world.preview(TEXT, token=world.reading)) == (403, "scope-missing")


async def test_as_many_are_made_at_once_as_there_are_workers() -> None:
    """And a few wait; more are told to come again, before their conversion has cost anything."""
    world = World(preview_workers=2)
    room = 2 * (1 + WAITING)
    for number in range(room + 2):
        world.keep(account_of(f"acc-x{number}", f"+1212555{number + 200:04}"))
    world.convert.going_on.clear()
    asking = [asyncio.create_task(_ask(world, f"acc-x{number}")) for number in range(room + 2)]
    done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    assert {problem(one.result()) for one in done} == {(503, "busy")}
    world.convert.going_on.set()
    answers = [await one for one in asking]
    assert sorted(one.status_code for one in answers) == [200] * room + [503] * 2
    assert world.convert.most_under_way == 2
    assert (await _ask(world, "acc-x0")).status_code == 200


async def test_one_account_leaves_room_for_others() -> None:
    world = World(preview_workers=2)
    world.convert.going_on.clear()
    asking = [asyncio.create_task(_ask(world, "acc-1")) for _ in range(EACH + 1)]
    done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    assert [problem(one.result()) for one in done] == [(429, "too-many-uploads")]
    other = asyncio.create_task(_ask(world, "acc-2"))
    world.convert.going_on.set()
    assert (await other).status_code == 200
    assert sorted([(await one).status_code for one in asking]) == [200] * EACH + [429]


async def _ask(world: World, account_id: str) -> httpx.Response:
    return await world.preview(TEXT, token=world.portal, account_id=account_id)
