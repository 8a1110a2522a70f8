"""The cover page: the reseller's name, who writes to whom about what, and the text."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.ingest.documents.fonts import Style
from services.ingest.documents.from_text import ALIGNED, PROSE, check_settable, is_aligned
from services.ingest.documents.geometry import FINE, X_DPI
from services.ingest.documents.heading import Heading
from services.ingest.documents.typesetting import Block, Run

_BRAND: Final = Style(22, bold=True)
_FAX: Final = Style(15, bold=True)
_LABEL: Final = Style(11, bold=True)
_COLUMN: Final = round(1.0 * X_DPI)
_TAB: Final = 8


@dataclass(frozen=True)
class Cover:
    """What a cover page says.

    Attributes:
        brand: the reseller's name.
        heading: who writes from where to whom, and when.
        subject: may be empty.
        text: what is written below; may be empty.
    """

    brand: str
    heading: Heading
    subject: str
    text: str

    def blocks(self, pages: int) -> Iterator[Block]:
        """Lay the page out.

        Args:
            pages: of the whole fax, with the cover's.

        Raises:
            RefusedFile: "unsupported-format" (its text is of a script that we can't set).
        """
        check_settable(self.text)
        yield Block((Run(self.brand, _BRAND),))
        yield Block((Run("Fax", _FAX),), before=_inch(0.1))
        yield Block(before=_inch(0.12))
        for number, (label, value) in enumerate(self._lines(pages)):
            yield _row(label, value, before=_inch(0.05 if number else 0.15))
        yield Block(before=_inch(0.18))
        style = ALIGNED if is_aligned(self.text) else PROSE
        for number, line in enumerate(self.text.strip("\ufeff").rstrip().splitlines()):
            yield Block((Run(line.expandtabs(_TAB), style),), before=0 if number else _inch(0.2))

    def _lines(self, pages: int) -> Iterator[tuple[str, str]]:
        heading = self.heading
        yield "To", heading.destination
        yield "From", ", ".join(part for part in (heading.sender, heading.number) if part)
        if self.subject:
            yield "Subject", self.subject
        yield "Date", f"{heading.local.day} {heading.local:%B %Y, %H:%M %Z}"
        yield "Pages", f"{pages}, with this one"


def _row(label: str, value: str, before: int) -> Block:
    return Block((Run(value, PROSE),), indent=_COLUMN, before=before, label=Run(label, _LABEL))


def _inch(inches: float) -> int:
    return round(inches * FINE)
