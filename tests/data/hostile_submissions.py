"""Documents that no worker may stumble over, with the reasons by which each may end; None: it may be converted."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from tests.data.submissions import assembled, encoded, locked, pdf, text_pdf

_PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</XObject<</X 4 0 R>>>>/Contents 5 0 R>>"
_TREE = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[3 0 R]>>", _PAGE]


def _form(content: bytes, resources: bytes = b"") -> bytes:
    head = b"<</Type/XObject/Subtype/Form/BBox[0 0 612 792]%s/Length %d>>" % (resources, len(content))
    return head + b"stream\n" + content + b"\nendstream"


def self_calling_form() -> bytes:
    """A form that draws itself twice."""
    content = b"<</Length 4>>stream\n/X Do\nendstream"
    return assembled([*_TREE, _form(b"/X Do /X Do", b"/Resources<</XObject<</X 4 0 R>>>>"), content])


def billion_forms(each: int = 10, levels: int = 9) -> bytes:
    """Nine forms, each of which draws the next ten times: 10^9 rectangles."""
    content = b"<</Length 5>>stream\n/X Do\nendstream"
    forms = []
    for level in range(levels):
        number = 6 + level
        resources = b"/Resources<</XObject<</X %d 0 R>>>>" % number
        forms.append(_form(b"/X Do " * each, resources))
    first, *others = forms
    return assembled([*_TREE, first, content, *others, _form(b"0 0 600 700 re f")])


def flate_bomb(megabytes: int = 1100) -> bytes:
    """A content stream of spaces that unpacks to more than a worker may hold."""
    spaces, check = b" " * (1 << 20), 1
    for _ in range(megabytes):
        check = zlib.adler32(spaces, check)
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(spaces) + packer.flush(zlib.Z_FULL_FLUSH)  # after which the same bytes come out again
    packed = b"\x78\xda" + block * megabytes + packer.flush() + struct.pack(">I", check)
    content = b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed)
    return assembled([*_TREE, _form(b""), content])


def cyclic_page_tree() -> bytes:
    """A page tree that is its own child."""
    return assembled([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1000000/Kids[2 0 R 2 0 R]>>"])


def claimed_pages(count: int = 1_000_000) -> bytes:
    """A PDF that claims a million pages and has one."""
    return pdf(["0 0 m"]).replace(b"/Count 1", b"/Count %d" % count)


def png_bomb(side: int = 40_000) -> bytes:
    """A PNG whose header claims 1.6 thousand million pixels."""
    good = encoded(np.zeros((8, 8), np.uint8), "PNG")
    header = struct.pack(">II", side, side) + good[24:29]
    return good[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + good[33:]


def png_within_limits(width: int = 8000, height: int = 8000) -> bytes:
    """A PNG of 64 million pixels with transparency, in a quarter of a megabyte."""
    row = bytes(1 + 4 * width)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    chunks = ((b"IHDR", struct.pack(">II5B", width, height, 8, 6, 0, 0, 0)), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def jpeg_bomb(side: int = 65_500) -> bytes:
    """A JPEG whose header claims four thousand million pixels."""
    good = bytearray(encoded(np.zeros((16, 16, 3), np.uint8), "JPEG"))
    at = good.index(b"\xff\xc0") + 5
    good[at : at + 4] = struct.pack(">HH", side, side)
    return bytes(good)


def tiff_bomb(side: int = 100_000) -> bytes:
    """A colour TIFF that claims ten thousand million pixels."""
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "TIFF")
    data = bytearray(file.getvalue())
    (directory,) = struct.unpack_from("<I", data, 4)
    for entry in range(struct.unpack_from("<H", data, directory)[0]):
        at = directory + 2 + 12 * entry
        if struct.unpack_from("<H", data, at)[0] in {256, 257}:
            struct.pack_into("<HII", data, at + 2, 4, 1, side)
    return bytes(data)


def nested_html(depth: int = 40_000) -> bytes:
    """HTML as deep as it is long."""
    return b"<div><b>" * depth + b"deep"


def crossed_html(count: int = 20_000) -> bytes:
    """HTML whose ends match nothing near."""
    return b"<html>" + b"<a><i>" * count + b"</b></i>" * count + b"end"


def endless_row_html(cells: int = 60_000) -> bytes:
    """A table's row of as many cells as it takes."""
    return b"<table><tr>" + b"<td>x" * cells


def unclosed_html(count: int = 1_500) -> bytes:
    """Comments, declarations and tags that never close."""
    return b"<html>" + b"<!-- <!x <?y <z a='" * count


HOSTILE: dict[str, tuple[bytes, frozenset[str | None]]] = {
    "self-calling form": (self_calling_form(), frozenset({None, "conversion-crashed", "conversion-timeout"})),
    "form expanding 10^9 times": (billion_forms(), frozenset({"conversion-crashed", "conversion-timeout"})),
    "flate bomb": (flate_bomb(), frozenset({None, "conversion-crashed", "damaged-document", "page-too-large"})),
    "cyclic page tree": (cyclic_page_tree(), frozenset({"empty", "damaged-document", "too-many-pages"})),
    "a million claimed pages": (claimed_pages(), frozenset({"damaged-document", "too-many-pages", None})),
    "encrypted": (locked(text_pdf(1), "secret"), frozenset({"password-protected"})),
    "empty": (b"", frozenset({"empty"})),
    "cut off": (text_pdf(3)[:1000], frozenset({"damaged-document", "empty"})),
    "PNG bomb": (png_bomb(), frozenset({"page-too-large"})),
    "PNG within limits": (png_within_limits(), frozenset({None})),
    "JPEG bomb": (jpeg_bomb(), frozenset({"page-too-large"})),
    "TIFF bomb": (tiff_bomb(), frozenset({"page-too-large"})),
    "deep HTML": (nested_html(), frozenset({None, "conversion-timeout"})),
    "crossed HTML": (crossed_html(), frozenset({None, "conversion-timeout"})),
    "endless row": (endless_row_html(), frozenset({"too-many-pages", "conversion-timeout"})),
    "unclosed HTML": (unclosed_html(), frozenset({None, "nothing-to-fax", "conversion-timeout"})),
    "megabytes of text": (b"line of text\n" * 160_000, frozenset({"too-many-pages"})),
    "one word of megabytes": (b"x" * 3_000_000, frozenset({"too-many-pages", "conversion-timeout"})),
}
