"""Whatever is done to a fax's bytes, it is converted, in part perhaps, or refused with a reason; the pool lives on."""

import asyncio
import io
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import get_args

import numpy as np
import pypdfium2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from services.ingest.documents.conversion import Converted, convert_received
from services.ingest.documents.pool import DocumentPool
from services.ingest.documents.unreadable import Reason, UnreadableDocument
from tests.data.documents.build import coded, tiff_of

DATA = Path(__file__).parents[1] / "data"
BUILT = [tiff_of(coded(name), coded("mmr_1728"), order=order) for name in ("mh_1728", "mr_2432") for order in "<>"]
FILES = BUILT + [
    (DATA / path).read_bytes()
    for path in (
        "received/g3-1d_short_1p.tif",
        "received/g3-2d_short_1p.tif",
        "received/g4_standard_3p_ecm.tif",
        "rewritten/many_strips.tif",
        "rewritten/tiled.tif",
        "rewritten/lzw.tif",
        "rewritten/packbits.tif",
        "rewritten/uncompressed.tif",
        "rewritten/big_endian.tif",
    )
]
INTERESTING = [0, 1, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]


def examples(count: int) -> settings:
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good file with octets, words or whole stretches replaced, moved, or cut off; most hits are on directories."""
    data = bytearray(draw(st.sampled_from(FILES)))
    for _ in range(draw(st.integers(1, 6))):
        if not data:
            break
        at = draw(st.one_of(st.integers(0, len(data) - 1), st.integers(max(0, len(data) - 400), len(data) - 1)))
        match draw(st.integers(0, 5)):
            case 0:
                data[at] ^= 1 << draw(st.integers(0, 7))
            case 1:
                data[at : at + 4] = struct.pack(draw(st.sampled_from("<>")) + "I", draw(st.sampled_from(INTERESTING)))
            case 2:
                data[at : at + 2] = struct.pack(
                    draw(st.sampled_from("<>")) + "H", draw(st.sampled_from(INTERESTING)) & 0xFFFF
                )
            case 3:
                del data[at : at + draw(st.integers(1, 2000))]
            case 4:
                data[at:at] = draw(st.binary(max_size=40))
            case _:
                start = draw(st.integers(0, len(data) - 1))
                data[at : at + 60] = data[start : start + 60]
    return bytes(data)


def check(data: bytes) -> None:
    outcome = outcome_of(data)
    if isinstance(outcome, Converted):
        check_whole(outcome)
    else:
        assert outcome in get_args(Reason)


def outcome_of(data: bytes) -> Converted | Reason:
    try:
        return convert_received(data, 1)
    except UnreadableDocument as refused:
        return refused.reason


def check_whole(converted: Converted) -> None:
    found = converted.inspection
    assert found.partial == bool(found.missing)
    assert found.pages >= 1
    document = pypdfium2.PdfDocument(converted.pdf)
    assert len(document) == found.pages
    sizes = [leaf.get_size() for leaf in document]
    assert all(0 < side <= 14_400 for size in sizes for side in size)
    with Image.open(io.BytesIO(converted.thumbnail)) as image:
        assert np.asarray(image).ndim == 2
    document.close()


@examples(100)
@given(mutated())
def test_a_mutated_fax_is_converted_or_refused(data: bytes) -> None:
    check(data)


@pytest.mark.chaos
@examples(1000)
@given(mutated())
def test_a_thousand_mutated_faxes_are_converted_or_refused(data: bytes) -> None:
    check(data)


@examples(100)
@given(st.binary(max_size=300))
@example(b"")
@example(b"II*\0\x08\0\0\0")
def test_any_bytes_are_refused_or_converted(data: bytes) -> None:
    check(data)
    check(b"II*\0\x08\0\0\0" + data)
    check(b"MM\0*\0\0\0\x08" + data)


@pytest.mark.parametrize(
    "name", ["received/g4_standard_3p_ecm.tif", "rewritten/tiled.tif", "received/g3-2d_short_1p.tif"]
)
def test_a_fax_cut_anywhere_is_converted_or_refused(name: str) -> None:
    data = (DATA / name).read_bytes()
    for length in {*range(0, len(data), len(data) // 60 + 1), *range(len(data) - 40, len(data))}:
        check(data[:length])


@examples(30)
@given(st.lists(mutated(), min_size=1, max_size=3))
async def test_the_pool_outlives_them(documents: list[bytes]) -> None:
    good = FILES[0]
    for data in documents:
        here = outcome_of(data)
        there = await asyncio.gather(POOL[0].convert(data, 1), return_exceptions=True)
        assert (there[0].reason if isinstance(there[0], UnreadableDocument) else there[0]) == here
    assert (await POOL[0].convert(good, 2)).inspection.partial is False


POOL: list[DocumentPool] = []


@pytest.fixture(scope="module", autouse=True)
async def pool() -> AsyncIterator[None]:
    async with DocumentPool(workers=1, timeout=10) as opened:
        POOL.append(opened)
        yield
        POOL.clear()
