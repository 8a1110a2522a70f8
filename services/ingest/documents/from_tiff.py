"""TIFF → pages: a fax's own pixels are taken over as they are, everything else is drawn like a picture."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from PIL import Image

from services.ingest.documents.from_picture import check_size, levelled, opened, picture_sheet
from services.ingest.documents.geometry import FINE, LONGEST, STANDARD, WIDTH, X_DPI, placed
from services.ingest.documents.libtiff import Pixels
from services.ingest.documents.page import page_of
from services.ingest.documents.raster import Raster, decode_page
from services.ingest.documents.refusals import Refusal, RefusedFile
from services.ingest.documents.sheet import PAPER_WHITE, Opened, Setup, Sheet, on_sheet
from services.ingest.documents.tiff import Directory, read_directories
from services.ingest.documents.unreadable import UnreadableDocument, UnreadablePage

_FAX_ROWS: Final = (STANDARD, FINE, 391)
"""Rows an inch of a fax page: standard, fine, superfine (T.30)."""
_SAME: Final = 0.03
"""T.30 takes 200 dots an inch for 204, and 100, 200 and 400 rows for 98, 196 and 391."""
_EXACT: Final = 0.005
"""A narrower page is a scan, and is taken by its word."""


def open_tiff(data: bytes, setup: Setup) -> Opened:
    """Count a TIFF's pages.

    Raises:
        RefusedFile: "damaged-document" (also where the chain of its pages breaks off) or "too-many-pages".
    """
    try:
        directories = read_directories(data)
    except UnreadableDocument as unreadable:
        raise RefusedFile(_refusal(unreadable.reason)) from unreadable
    if directories.broken:
        raise RefusedFile("damaged-document")
    return Opened(len(directories.found), lambda: _sheets(directories.found, data, setup))


def _refusal(reason: str) -> Refusal:
    known: dict[str, Refusal] = {"too-many-pages": "too-many-pages", "page-too-large": "page-too-large"}
    return known.get(reason, "damaged-document")


def _sheets(directories: tuple[Directory, ...], data: bytes, setup: Setup) -> Iterator[Sheet]:
    pictures: Image.Image | None = None
    for directory in directories:
        try:
            page = page_of(directory, data)
        except UnreadablePage as unreadable:
            if unreadable.reason != "unsupported-coding":
                raise RefusedFile(_refusal(unreadable.reason)) from unreadable
            pictures = pictures or opened(data, "tiff")
            yield _picture(pictures, directory.index, setup)
            continue
        try:
            raster = decode_page(page)
        except UnreadablePage as unreadable:
            raise RefusedFile("damaged-document") from unreadable
        if raster.bad_rows or raster.lost_rows:
            raise RefusedFile("damaged-document")
        yield _sheet(raster, setup)


def _picture(pictures: Image.Image, number: int, setup: Setup) -> Sheet:
    try:
        pictures.seek(number)
    except Exception as error:
        raise RefusedFile("damaged-document") from error
    check_size(pictures)
    return picture_sheet(pictures, setup)


def _sheet(raster: Raster, setup: Setup) -> Sheet:
    rows_an_inch = _fax_resolution(raster)
    return _taken_over(raster.pixels, rows_an_inch, setup) if rows_an_inch else _resampled(raster, setup)


def _fax_resolution(raster: Raster) -> int | None:
    """Give a fax page's rows an inch; None for any other page, which a fax machine would show stretched."""
    width = raster.pixels.shape[1]
    if raster.pixels.dtype != np.bool_ or width > WIDTH:
        return None
    within = _SAME if width == WIDTH else _EXACT
    near = [dpi for dpi in _FAX_ROWS if abs(raster.y_dpi / dpi - 1) < within]
    return near[0] if near and abs(raster.x_dpi / X_DPI - 1) < within else None


def _taken_over(pixels: Pixels, rows_an_inch: int, setup: Setup) -> Sheet:
    """Keep a fax page's pixels and its own resolution; only if that is finer than wanted, two rows become one."""
    if len(pixels) > LONGEST * rows_an_inch:
        raise RefusedFile("page-too-large")
    while rows_an_inch > setup.y_dpi:
        pixels, rows_an_inch = _paired(pixels), rows_an_inch // 2
    missing = WIDTH - pixels.shape[1]
    if missing:
        pixels = np.pad(pixels, ((0, 0), (missing // 2, missing - missing // 2)))
    return Sheet(np.ascontiguousarray(pixels), STANDARD if rows_an_inch < FINE - 1 else FINE)


def _paired(pixels: Pixels) -> Pixels:
    """Make one row of two: black where either is, so that no line is lost."""
    even = pixels if len(pixels) % 2 == 0 else np.pad(pixels, ((0, 1), (0, 0)))
    return even[::2] | even[1::2]


def _resampled(raster: Raster, setup: Setup) -> Sheet:
    rows, width = raster.pixels.shape
    place = placed(width / raster.x_dpi, rows / raster.y_dpi, setup.y_dpi)
    bilevel = raster.pixels.dtype == np.bool_
    grey = np.where(raster.pixels, 0, PAPER_WHITE).astype(np.uint8) if bilevel else raster.pixels
    picture = Image.fromarray(np.ascontiguousarray(grey))
    if place.turned:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    picture = picture.resize((place.across, place.down), Image.Resampling.BICUBIC)
    return Sheet(on_sheet(np.asarray(picture if bilevel else levelled(picture)), place), setup.y_dpi)
