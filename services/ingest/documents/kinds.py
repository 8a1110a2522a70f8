"""What kind of file it is: told from its bytes; what its sender calls it decides only where bytes can't."""

import codecs
from typing import Final, Literal

Kind = Literal["pdf", "tiff", "jpeg", "png", "gif", "bmp", "webp", "heic", "html", "csv", "text"]

_SIGNATURES: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
)
_BMP_HEADERS: Final = frozenset(size.to_bytes(4, "little") for size in (12, 16, 40, 52, 56, 64, 108, 124))
"""The sizes of a bitmap's second header; a letter may begin with BM, too."""
_PDF_WITHIN: Final = 1024
"""A PDF's header may stand anywhere in so many bytes (PDF 32000-1 annex H, note 13)."""
_HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"hevc", b"msf1"})
_SOURCES: Final = ("{\\rtf", "%!ps", "\x1b%-12345x", "from: <saved by ")
"""Begins what is written for a program and no reader: RTF, PostScript, a printer's job, a saved web page (MHTML)."""
_HTML_STARTS: Final = ("<!doctype html", "<html", "<head", "<body")
_LOOKED_AT: Final = 4096
_CONTROLS: Final = frozenset(range(0x20)) - frozenset(b"\t\n\v\f\r\b\x1a\x1b")
"""What no text has, but for backspaces of typewriters, Escape of terminals, and the end of a DOS file."""
_BOMS: Final = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def kind_of(data: bytes, media_type: str) -> Kind | None:
    """Say what kind of file it is.

    Args:
        data: the whole file.
        media_type: what its sender calls it.

    Returns:
        None for a kind that can't be faxed.
    """
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if data.startswith(b"BM") and data[14:18] in _BMP_HEADERS:
        return "bmp"
    if b"%PDF-" in data[:_PDF_WITHIN]:
        return "pdf"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return "heic" if data[8:12] in _HEIF_BRANDS else None
    return _written(data, media_type)


def _written(data: bytes, media_type: str) -> Kind | None:
    text = written(data)
    if text is None:
        return None
    start = text[:_LOOKED_AT].lstrip("\ufeff \t\r\n").lower()
    marked = start.startswith("<")
    if start.startswith(_HTML_STARTS) or (marked and "<html" in start) or media_type == "text/html":
        return "html"
    if start.startswith(_SOURCES) or (marked and "<svg" in start):
        return None
    return "csv" if media_type == "text/csv" else "text"


def written(data: bytes, otherwise: str = "cp1252") -> str | None:
    """Read bytes as text: UTF-8, UTF-16, else what Windows calls 1252, or `otherwise`; None if they are no text."""
    start = data[:_LOOKED_AT]
    if start.startswith(_BOMS[1:]):
        return data.decode("utf-16", "replace")
    if encoding := _utf_16(start):
        return data.decode(encoding, "replace")
    if b"\0" in start or sum(byte in _CONTROLS for byte in start) > len(start) // 100:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode(otherwise, "replace")


def _utf_16(start: bytes) -> str | None:
    """Recognise UTF-16 without a mark by the zeros of its Latin letters."""
    pairs = len(start) // 2
    if pairs < 2:  # noqa: PLR2004  # one letter is no evidence
        return None
    for encoding, zeros, others in (("utf-16-le", start[1::2], start[::2]), ("utf-16-be", start[::2], start[1::2])):
        if zeros.count(0) > pairs * 0.7 and not others.count(0):
            return encoding
    return None
