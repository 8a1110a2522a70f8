"""The line on top of each page: who sends it, from which number, when, to whom, and which page of how many.

US law wants date, time, sender and the sending number on every fax (47 CFR 68.318(d)).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from PIL import Image, ImageDraw

from services.ingest.documents.fonts import Style, font_of, settable, width_of
from services.ingest.documents.geometry import WIDTH
from services.ingest.documents.halftone import Bilevel
from services.ingest.documents.limits import MAX_PAGES
from services.ingest.documents.sheet import PAPER_WHITE
from services.ingest.documents.typesetting import inked

ROWS: Final = 36
"""Rows of the line at FINE: 4.7 mm."""
_STYLE: Final = Style(8.5, bold=True)
_BASELINE: Final = 26
_EDGE: Final = 40
"""Pixels left and right, which fax machines don't print on."""
_GAP: Final = 36
_LONGEST_COUNT: Final = f"Page {MAX_PAGES}/{MAX_PAGES}"
_COUNT_WIDTH: Final = 220
"""Pixels at the right end of the line that are the count's alone: the edge, the longest count, most of the gap."""
_CUT: Final = "…"


@dataclass(frozen=True)
class Heading:
    """What the line says.

    Attributes:
        sender: who the sender is; may be empty.
        number: the sending number.
        destination: where the fax goes, as the user wrote it.
        at: when it was accepted.
        zone: in which time zone that is told (an IANA name).
    """

    sender: str
    number: str
    destination: str
    at: datetime
    zone: str

    @property
    def local(self) -> datetime:
        """When it was accepted, in the zone; in UTC if nobody knows the zone."""
        try:
            return self.at.astimezone(ZoneInfo(self.zone))
        except (LookupError, ValueError, OSError):
            return self.at.astimezone(UTC)

    def on(self, page: Bilevel, number: int, of: int, y_dpi: int) -> Bilevel:
        """Put the line on top of a page: into its margin if that is empty, else above it; nothing is covered.

        Args:
            page: rows x WIDTH, True is black; it may be changed.
            number: of the page, from 1.
            of: how many pages there are.
            y_dpi: its rows an inch.
        """
        line = self._drawn(f"Page {number}/{of}", y_dpi)
        if len(page) >= len(line) and not page[: len(line)].any():
            page[: len(line)] = line
            return page
        return np.concatenate((line, page))

    def _drawn(self, count: str, y_dpi: int) -> Bilevel:
        image = self._same_on_all.copy()
        image.paste(_counted(count), (WIDTH - _COUNT_WIDTH, 0))
        return inked(image, y_dpi)

    @cached_property
    def _same_on_all(self) -> Image.Image:
        image = Image.new("L", (WIDTH, ROWS), PAPER_WHITE)
        room = WIDTH - 2 * _EDGE - width_of(_LONGEST_COUNT, _STYLE) - _GAP
        ImageDraw.Draw(image).text((_EDGE, _BASELINE), self._told(room), 0, font_of(_STYLE), anchor="ls")
        return image

    def _told(self, room: float) -> str:
        """Say who, when and to whom; of a long name and a long destination the end is left out."""
        sender, destination = settable(self.sender), settable(self.destination)
        when = f"{self.local:%Y-%m-%d %H:%M %Z}"  # read alike in every country
        for most in (200, 40, 32, 24, 18, 12):
            parts = (_short(sender, most), self.number, when, f"To {_short(destination, most)}")
            told = "    ".join(part for part in parts if part)
            if width_of(told, _STYLE) <= room:
                break
        return told


@lru_cache(maxsize=1024)
def _counted(count: str) -> Image.Image:
    """The right end of the line. Most faxes have few pages, so most counts were drawn before."""
    image = Image.new("L", (_COUNT_WIDTH, ROWS), PAPER_WHITE)
    ImageDraw.Draw(image).text((_COUNT_WIDTH - _EDGE, _BASELINE), count, 0, font_of(_STYLE), anchor="rs")
    return image


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + _CUT
