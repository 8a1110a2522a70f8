"""Whatever is done to a document's bytes, it becomes pages or is refused by name; the pool outlives all of them."""

from collections.abc import AsyncIterator
from typing import get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.ingest.documents.attributed import convert_attributed
from services.ingest.documents.geometry import WIDTH
from services.ingest.documents.pool import DocumentPool
from services.ingest.documents.refusals import Refusal
from services.ingest.documents.sending import Refused, Sent, SentFile, convert_submitted
from tests.data import pages as charts
from tests.data.hostile_submissions import HOSTILE
from tests.data.submissions import circle, encoded, locked, pdf, text_pdf
from tests.unit.submitted_pages import bitmaps, looks, picture

SMALL = np.arange(64 * 96, dtype=np.uint8).reshape(64, 96)
COLOUR = np.dstack([SMALL] * 3)
FILES = [
    text_pdf(1),
    pdf([circle(300, 300, 100), ""]),
    locked(pdf([""]), ""),
    *(encoded(COLOUR, kind) for kind in ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF")),
    (charts.FOLDER / "short.tif").read_bytes(),
    b"<!DOCTYPE html><table><tr><td><p>One<td>two</table><ul><li>three<pre>four</pre>",
    b"Plain text\twith tabs\fand a page\n" * 5,
]


def examples(count: int) -> settings:
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(FILES)))
    for _ in range(draw(st.integers(1, 5))):
        if not data:
            break
        at = draw(st.one_of(st.integers(0, len(data) - 1), st.integers(0, min(len(data) - 1, 120))))
        match draw(st.integers(0, 4)):
            case 0:
                data[at] ^= 1 << draw(st.integers(0, 7))
            case 1:
                data[at : at + 4] = draw(st.sampled_from([bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff", b"9999"]))
            case 2:
                del data[at : at + draw(st.integers(1, 400))]
            case 3:
                data[at:at] = draw(st.one_of(st.binary(max_size=20), st.sampled_from([b"<td>" * 30, b"/Kids", b"\f"])))
            case _:
                start = draw(st.integers(0, len(data) - 1))
                data[at : at + 60] = data[start : start + 60]
    return bytes(data)


def check(outcome: Sent | Refused) -> None:
    if isinstance(outcome, Refused):
        assert outcome.reason in get_args(Refusal)
        return
    pages = bitmaps(outcome.fax)
    assert len(pages) == outcome.pages > 0
    assert all(page.shape[1] == WIDTH for page in pages)
    with picture(outcome.thumbnail) as thumbnail:
        assert thumbnail.width == 216


@examples(60)
@given(mutated())
async def test_a_mutated_document_becomes_pages_or_is_refused(data: bytes) -> None:
    check(await convert_attributed(POOL[0].run, [SentFile("x/y", data)], looks()))


@pytest.mark.chaos
@examples(3000)
@given(mutated())
async def test_three_thousand_mutated_documents_become_pages_or_are_refused(data: bytes) -> None:
    check(await convert_attributed(POOL[0].run, [SentFile("x/y", data)], looks()))


@examples(150)
@given(st.text(max_size=2000), st.sampled_from(["text/plain", "text/html"]))
@example("\x0c\x0c\x0c", "text/plain")
@example("<li><li></ul><tr></td></table><p>x", "text/html")
def test_any_text_is_set(text: str, media_type: str) -> None:
    check(convert_submitted([SentFile(media_type, text.encode())], looks()))


ENDLESS = {"self-calling form", "form expanding 10^9 times"}
"""Only the pool's time limit ends them."""


async def survived(name: str, pool: DocumentPool) -> None:
    data, ends = HOSTILE[name]
    media_type = "text/html" if "HTML" in name or "row" in name else "x/y"
    files = [SentFile("text/plain", b"A good letter"), SentFile(media_type, data)]
    outcome = await convert_attributed(pool.run, files, looks())
    assert (outcome.reason if isinstance(outcome, Refused) else None) in ends
    assert not isinstance(outcome, Refused) or outcome.file == 1
    check(outcome)
    after = await convert_attributed(pool.run, [SentFile("x/y", text_pdf(1))], looks())
    assert after == convert_submitted([SentFile("x/y", text_pdf(1))], looks())


@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in ENDLESS])
async def test_a_hostile_document_ends_by_name_and_the_next_converts(name: str) -> None:
    await survived(name, POOL[0])


@pytest.mark.parametrize("name", sorted(ENDLESS))
async def test_an_endless_document_ends_by_name_and_the_next_converts(name: str) -> None:
    async with DocumentPool(workers=1, timeout=4) as impatient:
        await survived(name, impatient)


POOL: list[DocumentPool] = []


@pytest.fixture(scope="module", autouse=True)
async def pool() -> AsyncIterator[None]:
    async with DocumentPool(workers=1, timeout=90) as opened:
        POOL.append(opened)
        yield
        POOL.clear()
