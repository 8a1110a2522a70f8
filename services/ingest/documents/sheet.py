"""A page on its way to the fax, and what a file gives of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.ingest.documents.geometry import FINE, STANDARD, WIDTH, Paper, Placement
from services.ingest.documents.halftone import Bilevel, Grey, bilevel
from services.ingest.documents.libtiff import Pixels

PAPER_WHITE: Final = 255


@dataclass(frozen=True, slots=True)
class Setup:
    """What all pages of a fax have in common.

    Attributes:
        paper: of pages made of text and pictures.
        y_dpi: rows an inch, FINE or STANDARD.
    """

    paper: Paper
    y_dpi: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page as wide as a fax page.

    Attributes:
        pixels: rows x WIDTH; bilevel: True is black; grey: 0 is black.
        y_dpi: rows an inch, FINE or STANDARD.
    """

    pixels: Pixels
    y_dpi: int

    def bilevel(self) -> Bilevel:
        """The page in black and white."""
        if self.pixels.dtype == np.bool_:
            return self.pixels.view(np.bool_)
        return bilevel(self.pixels.view(np.uint8), self.y_dpi)


@dataclass(frozen=True, slots=True)
class Opened:
    """A file whose pages are counted but not yet made.

    Attributes:
        pages: how many there are.
        sheets: makes them, one at a time; raises `RefusedFile`.
    """

    pages: int
    sheets: Callable[[], Iterator[Sheet]]


def on_sheet(picture: Grey, place: Placement) -> Grey:
    """Lay a picture of the placement's size on a white page."""
    sheet = np.full((place.down, WIDTH), PAPER_WHITE, np.uint8)
    sheet[:, place.left : place.left + place.across] = picture
    return sheet


def halved(grey: Grey) -> Grey:
    """Make STANDARD rows of FINE ones: each is the mean of two."""
    assert FINE == 2 * STANDARD  # noqa: S101  # what this rests on
    even = grey if len(grey) % 2 == 0 else np.pad(grey, ((0, 1), (0, 0)), constant_values=PAPER_WHITE)
    return ((even[::2].astype(np.uint16) + even[1::2]) // 2).astype(np.uint8)
