"""The document worker's handler for submitted faxes: what it reads, stores and says."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from pydantic import ValidationError

from schemas.accounts import Brand
from schemas.base import StoredObject
from schemas.fax import (
    Attachment,
    Cover,
    FaxRendered,
    FaxStatusChanged,
    FaxSubmitted,
    RenderRequested,
    SubmittedFaxReady,
)
from schemas.keys import DIALLED, DIALLED_STANDARD, DOCUMENT, SUBMISSION, THUMBNAIL, fax_prefix
from services._runtime.outcomes import Done, RetryLater
from services.ingest.documents.attributed import convert_attributed
from services.ingest.documents.fitting import A4_ROWS, fitted
from services.ingest.documents.libtiff import encode_g4_file
from services.ingest.documents.page import page_of
from services.ingest.documents.refusals import Refusal
from services.ingest.documents.sending import ALL, COVER, Pages, Refused, Sent, SentFile, convert_submitted
from services.ingest.documents.tiff import read_directories
from services.ingest.documents.unreadable import Reason, UnreadableDocument
from services.ingest.submitted import SubmittedFaxes
from tests.data.submissions import text_pdf
from tests.fakes import MemoryBlobs
from tests.unit.submitted_pages import AT, bitmaps, inked_box, looks

FAX = UUID("6f1c2f4e-2d0b-5d7e-9a51-0d6a3f0f4c11")
FINE_PAGE = (Path(__file__).parents[1] / "data" / "pages" / "itu1.tif").read_bytes()
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
    blobs.objects.clear()
    ready, _ = await handled(submitted.model_copy(update={"attachments": parts}), blobs)
    assert (ready.failure, ready.failed_file) == ("too-large", "file 2")


def anew(submitted: FaxSubmitted, *, a4: bool = False) -> RenderRequested:
    return RenderRequested(
        fax_id=submitted.fax_id,
        version=6,
        account_id=submitted.account_id,
        accepted_at=AT,
        destination="+13125553260",
        a4=a4,
    )


async def made_anew(event: RenderRequested, blobs: MemoryBlobs) -> FaxRendered:
    outcome = await SubmittedFaxes(blobs, converted_here, now=lambda: AT).handle(event)
    assert isinstance(outcome, Done)
    (answer,) = outcome.events
    assert isinstance(answer, FaxRendered)
    return answer


async def test_pages_are_made_anew_at_standard_resolution() -> None:
    submitted, blobs = event(text_pdf(2), FINE_PAGE, cover=Cover(brand=BRAND))
    prefix = fax_prefix(AT, submitted.fax_id)
    blobs.objects[prefix + SUBMISSION] = submitted.model_dump_json(exclude_none=True).encode()
    ready, _ = await handled(submitted, blobs)
    before = dict(blobs.objects)
    answer = await made_anew(anew(submitted), blobs)
    assert answer == await made_anew(anew(submitted), blobs)
    assert (answer.pages, answer.destination, answer.version) == (ready.pages, "+13125553260", 6)
    assert answer.document is not None
    assert answer.document.key == prefix + DIALLED_STANDARD
    coarse = blobs.objects.pop(answer.document.key)
    assert answer.document.size == len(coarse)
    assert blobs.objects == before, "what was dialled before, and its preview, stay"
    pages = read_directories(coarse).found
    assert {round(page_of(page, coarse).y_dpi) for page in pages} == {98}
    assert len(pages) == ready.pages


async def test_pages_for_a_machine_that_takes_none_longer_are_a4() -> None:
    long = encode_g4_file(np.arange(1728 * 5000).reshape(5000, 1728) % 7 == 0)
    submitted, blobs = event(text_pdf(1), long)
    blobs.objects[fax_prefix(AT, submitted.fax_id) + SUBMISSION] = submitted.model_dump_json().encode()
    answer = await made_anew(anew(submitted, a4=True), blobs)
    assert answer.document is not None
    short, shrunk = bitmaps(blobs.objects[answer.document.key])
    assert max(len(short), len(shrunk)) <= A4_ROWS
    assert answer.pages == 2


async def test_what_cannot_be_made_anew_is_answered_too() -> None:
    submitted, blobs = event(b"\x7fELF" + bytes(99))
    assert (await made_anew(anew(submitted), blobs)).document is None, "nobody knows what was submitted"
    blobs.objects[fax_prefix(AT, submitted.fax_id) + SUBMISSION] = submitted.model_dump_json().encode()
    assert (await made_anew(anew(submitted), blobs)).document is None


def test_a_page_is_made_smaller_only_if_it_has_to() -> None:
    page = np.zeros((1200, 1728), np.bool_)
    page[100:900, 200:1500] = True
    assert fitted(page, 1200) is page
    assert np.array_equal(fitted(page, 1000), page[:1000]), "what is left out is white"
    smaller = fitted(page, 450)
    across, down = inked_box(smaller)
    assert abs(across / down - 1300 / 800) < 0.02, "in proportion"
    assert smaller.shape == (450, 1728)


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
