"""DOCX and ODT through LibreOffice: as text, without reach, and ended with all it started."""

import asyncio
import io
import os
import time
import zipfile
from pathlib import Path

import pypdfium2
import pytest

from services.ingest.documents import office
from services.ingest.documents.attributed import convert_attributed
from services.ingest.documents.office import OfficeKind, office_kind, pdf_of
from services.ingest.documents.pool import DocumentPool
from services.ingest.documents.refusals import RefusedFile
from services.ingest.documents.sending import Refused, Sent, SentFile
from tests.unit.submitted_pages import looks

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
WRITER = pytest.mark.needs("libreoffice-writer-nogui")


def archive(files: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(name, text, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
    return file.getvalue()


def docx(text: str) -> bytes:
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
        f'PartName="/word/document.xml" ContentType="{main}"/></Types>'
    )
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        'Target="word/document.xml"/></Relationships>'
    )
    body = f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>'
    return archive({"[Content_Types].xml": types, "_rels/.rels": relations, "word/document.xml": body})


def odt(inside: str, manifest: str = "") -> bytes:
    kind = "application/vnd.oasis.opendocument.text"
    entries = (
        f'<manifest:manifest xmlns:manifest="{OFFICE}:manifest:1.0" manifest:version="1.2"><manifest:file-entry '
        f'manifest:full-path="/" manifest:media-type="{kind}"/><manifest:file-entry manifest:full-path="content.xml" '
        f'manifest:media-type="text/xml"/>{manifest}</manifest:manifest>'
    )
    content = (
        f'<office:document-content xmlns:office="{OFFICE}:office:1.0" xmlns:text="{OFFICE}:text:1.0" '
        f'xmlns:draw="{OFFICE}:drawing:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.2">'
        f"<office:body><office:text>{inside}</office:text></office:body></office:document-content>"
    )
    return archive({"mimetype": kind, "META-INF/manifest.xml": entries, "content.xml": content})


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "".join(page.get_textpage().get_text_range() for page in document)


@WRITER
async def test_a_docx_and_an_odt_become_pages_and_no_other_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET OF THE HOST")
    linked = (
        f'<text:section text:name="s"><text:section-source xlink:type="simple" xlink:href="file://{secret}" '
        'text:filter-name="Text"/><text:p>in its place</text:p></text:section><text:p>Hello from Writer</text:p>'
    )
    said: list[str] = []

    async def heard(data: bytes, kind: OfficeKind, _: float) -> bytes:
        made = await pdf_of(data, kind, 120.0)
        said.append(text_of(made))
        return made

    files = [SentFile("x/y", docx("Hello from Word")), SentFile("x/y", odt(linked))]
    async with DocumentPool(workers=1) as pool:
        made = await convert_attributed(pool.run, files, looks(), heard)
    assert isinstance(made, Sent)
    assert made.pages == 2
    assert "Hello from Word" in said[0]
    assert "Hello from Writer" in said[1]
    assert "SECRET" not in said[1]


@WRITER
async def test_one_that_takes_too_long_is_ended_with_all_it_started() -> None:
    with pytest.raises(RefusedFile) as refused:
        await pdf_of(docx("Hello"), "docx", 0.15)
    assert refused.value.reason == "conversion-timeout"
    await until(there=False)


@WRITER
async def test_a_cancelled_conversion_leaves_nothing_running() -> None:
    task = asyncio.create_task(pdf_of(docx("Hello"), "docx"))
    await until(there=True)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(there=False)


@WRITER
async def test_what_is_no_document_inside_is_damaged() -> None:
    with pytest.raises(RefusedFile) as refused:
        await pdf_of(docx("Hello").replace(b"PK\x05\x06", b"PK\x00\x00")[:300], "docx")
    assert refused.value.reason == "damaged-document"


async def test_without_libreoffice_it_is_a_format_nobody_can_fax(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "soffice", lambda: None)

    async def never(*_: object) -> Sent | Refused:
        raise AssertionError

    files = [SentFile("x/y", b"A letter"), SentFile("x/y", docx("Hello"))]
    assert await convert_attributed(never, files, looks()) == Refused("unsupported-format", 1)


async def test_the_time_for_all_of_a_faxs_documents_is_one() -> None:
    given: list[float] = []

    async def slow(data: bytes, kind: OfficeKind, seconds: float) -> bytes:
        given.append(seconds)
        await asyncio.sleep(0.01)
        raise RefusedFile("conversion-timeout") if len(given) > 1 else RefusedFile("damaged-document")

    async def never(*_: object) -> Sent | Refused:
        raise AssertionError

    files = [SentFile("x/y", docx("one"))]
    assert await convert_attributed(never, files, looks(), slow) == Refused("damaged-document", 0)
    assert 0 < given[0] <= office.SECONDS


def test_office_documents_are_known_by_their_bytes() -> None:
    assert office_kind(docx("x")) == "docx"
    assert office_kind(odt("")) == "odt"
    assert office_kind(archive({"word/document2.xml": "x"})) == "docx"
    assert office_kind(archive({"photo.raw": "x"})) is None
    assert office_kind(b"%PDF-1.4") is None
    locked = odt("", '<manifest:encryption-data manifest:checksum-type="SHA1/1K"/>')
    for data in (locked, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")):
        with pytest.raises(RefusedFile) as refused:
            office_kind(data)
        assert refused.value.reason == "password-protected"


def running() -> list[str]:
    """LibreOffice's processes that are children of this one, or of init."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if b"nativefax-office-" in command and parent in {os.getpid(), 1}:
            found.append(entry.name)
    return found


async def until(*, there: bool) -> None:
    deadline = time.monotonic() + 10
    while bool(running()) != there:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
