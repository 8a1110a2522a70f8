"""The document worker's handler for submitted faxes: what it reads, stores and says."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import ValidationError

from schemas.accounts import Brand
from schemas.base import StoredObject
from schemas.fax import Attachment, Cover, FaxStatusChanged, FaxSubmitted, SubmittedFaxReady
from schemas.keys import DIALLED, DOCUMENT, THUMBNAIL, fax_prefix
from services._runtime.outcomes import Done, RetryLater
from services.ingest.documents.attributed import convert_attributed
from services.ingest.documents.refusals import Refusal
from services.ingest.documents.sending import ALL, COVER, Pages, Refused, Sent, SentFile, convert_submitted
from services.ingest.documents.unreadable import Reason, UnreadableDocument
from services.ingest.submitted import SubmittedFaxes
from tests.data.submissions import text_pdf
from tests.fakes import MemoryBlobs
from tests.unit.submitted_pages import AT, bitmaps, looks

FAX = UUID("6f1c2f4e-2d0b-5d7e-9a51-0d6a3f0f4c11")
BRAND = Brand(name="Northwind Voice", portal_host="fax.example", from_address="fax@northwind.example")


def event(*files: bytes, **changes: object) -> tuple[FaxSubmitted, MemoryBlobs]:
    blobs = MemoryBlobs()
    attachments = []
    for number, data in enumerate(files, 1):
        key = f"fax/2026/11/24/{FAX}/attachments/{number:02}"
        blobs.objects[key] = data
        stored = StoredObject(key=key, size=len(data), media_type="application/octet-stream")
        attachments.append(Attachment(filename=f"file {number}", document=stored))
    said = {
        "fax_id": FAX,
        "version": 1,
        "account_id": "account",
        "fax_number": "+13125550100",
        "method": "email",
        "sender": "jane@clinic.example",
        "destination": "(312) 555-3260",
        "subject": "Results",
        "reply_to": "jane@clinic.example",
        "accepted_at": AT,
        "attachments": tuple(attachments),
        "header_text": "Riverside Clinic",
        "time_zone": "America/Chicago",
    }
    return FaxSubmitted.model_validate(said | changes), blobs


async def converted_here(files: Sequence[SentFile], pages: Pages) -> Sent | Refused:
    return convert_submitted(files, pages)


async def handled(submitted: FaxSubmitted, blobs: MemoryBlobs) -> tuple[SubmittedFaxReady, FaxStatusChanged]:
    outcome = await SubmittedFaxes(blobs, converted_here, now=lambda: AT).handle(submitted)
    assert isinstance(outcome, Done)
    ready, status = outcome.events
    assert isinstance(ready, SubmittedFaxReady)
    assert isinstance(status, FaxStatusChanged)
    return ready, status


async def test_a_fax_is_stored_and_handed_on() -> None:
    submitted, blobs = event(text_pdf(2), b"Hello", subaddress="42", resolution="standard")
    ready, status = await handled(submitted, blobs)
    prefix = fax_prefix(AT, submitted.fax_id)
    stored = {prefix + DIALLED: "image/tiff", prefix + DOCUMENT: "application/pdf", prefix + THUMBNAIL: "image/png"}
    assert {key: blobs.media_types[key] for key in stored} == stored
    assert ready.document == StoredObject(
        key=prefix + DIALLED, size=len(blobs.objects[prefix + DIALLED]), media_type="image/tiff"
    )
    assert ready.preview is not None
    assert ready.preview.key == prefix + DOCUMENT
    same = {"account_id", "fax_number", "method", "sender", "destination", "subject", "subaddress", "reply_to"}
    assert {name: getattr(ready, name) for name in same} == {name: getattr(submitted, name) for name in same}
    assert (ready.version, ready.pages, ready.failure, ready.resolution) == (2, 3, None, "standard")
    assert (status.state, status.stage, status.direction, status.version) == ("ready", "ingest", "sent", 2)
    assert (status.pages, status.accepted_at, status.other_party) == (3, AT, "(312) 555-3260")
    assert len(bitmaps(blobs.objects[prefix + DIALLED])[0]) < 1200


async def test_the_same_event_gives_the_same_bytes_and_events() -> None:
    submitted, blobs = event(text_pdf(1), b"Hello")
    first = await handled(submitted, blobs)
    objects = dict(blobs.objects)
    assert await handled(submitted, blobs) == first
    assert blobs.objects == objects


async def test_what_cannot_be_faxed_is_told_with_the_files_name() -> None:
    submitted, blobs = event(text_pdf(1), b"\x7fELF" + bytes(99))
    kept = dict(blobs.objects)
    ready, status = await handled(submitted, blobs)
    assert (ready.failure, ready.failed_file, ready.document, ready.pages) == ("unsupported-format", "file 2", None, 0)
    assert (status.state, status.reason, status.detail) == ("unreadable", "unsupported-format", "file 2")
    assert blobs.objects == kept


async def test_a_fax_too_large_is_refused_unread() -> None:
    submitted, blobs = event(b"x", b"y")
    large = submitted.attachments[1].document.model_copy(update={"size": 50_000_001})
    parts = (submitted.attachments[0], submitted.attachments[1].model_copy(update={"document": large}))
    blobs.away = True
    ready, _ = await handled(submitted.model_copy(update={"attachments": parts}), blobs)
    assert (ready.failure, ready.failed_file) == ("too-large", "file 2")


async def test_a_missing_attachment_is_tried_again() -> None:
    submitted, blobs = event(b"Hello")
    blobs.objects.clear()
    outcome = await SubmittedFaxes(blobs, converted_here).handle(submitted)
    assert isinstance(outcome, RetryLater)
    assert (outcome.reason, outcome.attempts) == ("object-missing", 2)


async def test_the_cover_page_has_the_stored_text() -> None:
    key = f"fax/2026/11/24/{FAX}/cover.txt"
    text = StoredObject(key=key, size=5, media_type="text/plain")
    submitted, blobs = event(b"Hello", cover=Cover(brand=BRAND, text=text))
    blobs.objects[key] = b"See enclosed."
    assert (await handled(submitted, blobs))[0].pages == 2
    with_text = blobs.objects[fax_prefix(AT, submitted.fax_id) + DIALLED]
    await handled(submitted.model_copy(update={"cover": Cover(brand=BRAND)}), blobs)
    assert blobs.objects[fax_prefix(AT, submitted.fax_id) + DIALLED] != with_text
    blobs.objects[key] = "こんにちは".encode()
    assert (await handled(submitted, blobs))[0].failed_file == "cover page"


@pytest.mark.parametrize(
    ("reason", "told"), [("conversion-timeout", "conversion-timeout"), ("conversion-crashed", "conversion-crashed")]
)
async def test_a_crash_is_laid_to_the_file_at_hand(reason: Reason, told: Refusal) -> None:
    async def crashing(
        job: object, files: Sequence[SentFile], pages: Pages, progress: Path | None, /
    ) -> Sent | Refused:
        assert progress is not None
        convert_submitted(files[:2], pages, progress)
        progress.write_text("1")  # noqa: ASYNC240  # in the pool this is another process
        raise UnreadableDocument(reason)

    files = [SentFile("x/y", b"one"), SentFile("x/y", b"two")]
    assert await convert_attributed(crashing, files, looks()) == Refused(told, 1)


async def test_a_crash_before_any_file_is_nobodys() -> None:
    async def crashing(*_: object) -> Sent | Refused:
        raise UnreadableDocument("conversion-crashed")

    assert await convert_attributed(crashing, [SentFile("x/y", b"one")], looks()) == Refused("conversion-crashed", ALL)


def test_progress_is_noted(tmp_path: Path) -> None:
    convert_submitted([SentFile("x/y", b"one"), SentFile("x/y", b"")], looks(cover="x"), tmp_path / "file")
    assert (tmp_path / "file").read_text() == "1"
    convert_submitted([SentFile("x/y", b"one")], looks(cover="こ"), tmp_path / "file")
    assert (tmp_path / "file").read_text() == str(COVER)


def test_an_event_without_files_cannot_be() -> None:
    with pytest.raises(ValidationError):
        event()
