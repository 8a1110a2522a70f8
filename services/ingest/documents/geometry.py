"""Where a page of any size lies on a fax page: fitted, turned where that shows it larger, never stretched."""

from dataclasses import dataclass
from typing import Final, Literal

from services.ingest.documents.refusals import RefusedFile

WIDTH: Final = 1728
"""Pixels a row, of A4, Letter and Legal alike (T.4 section 2.2)."""
X_DPI: Final = 204
"""Dots an inch across: 1728 of them on 215 mm. A fax page is 8.47 inches wide, and Letter's 8.5 inches don't fit."""
FINE: Final = 196
"""Rows an inch: T.4's 7.7 rows a millimetre."""
STANDARD: Final = 98
"""Rows an inch: T.4's 3.85 rows a millimetre."""
ACROSS: Final = WIDTH / X_DPI
"""Inches across."""

Paper = Literal["letter", "a4"]
PAPERS: Final[dict[Paper, tuple[float, float]]] = {"letter": (8.5, 11.0), "a4": (210 / 25.4, 297 / 25.4)}
"""Paper → inches across and down."""
TALLEST_SHEET: Final = 14.0
"""Inches down of Legal, the longest sheet fax machines hold."""
LONGEST: Final = 70.0
"""The longest page sent, in inches: as long as the longest received (`limits.MAX_PIXELS`)."""

_SHRUNK_AT_MOST: Final = 0.7
"""A page a little too tall is made smaller; one that this would make illegible becomes a long page."""
_OVERLONG_SHRUNK: Final = 0.5
_WORTH_TURNING: Final = 1.05
"""A page is turned only if that shows it so much larger."""


@dataclass(frozen=True, slots=True)
class Placement:
    """How a page lies on the fax page, whose rows are `down`.

    Attributes:
        across: pixels it takes across, as it lies.
        down: rows it takes.
        turned: whether it is turned by 90 degrees against the clock.
    """

    across: int
    down: int
    turned: bool

    @property
    def left(self) -> int:
        """White pixels left of it: it lies in the middle."""
        return (WIDTH - self.across) // 2


def placed(width: float, height: float, y_dpi: int, tallest: float = TALLEST_SHEET) -> Placement:
    """Place a page on the fax page. It is never made larger than it is.

    Args:
        width: inches across.
        height: inches down.
        y_dpi: rows an inch of the fax page.
        tallest: inches of the sheet that it should fit on, if that costs little.

    Raises:
        RefusedFile: "page-too-large" (longer than LONGEST even at half its size), "damaged-document" (no size).
    """
    if not (width > 0 and height > 0):
        raise RefusedFile("damaged-document")
    turned = min(1.0, ACROSS / height, tallest / width)
    if width > height and turned > _WORTH_TURNING * min(1.0, ACROSS / width):
        return _sized(height * turned, width * turned, y_dpi, turned=True)
    scale = _upright(width, height, tallest)
    return _sized(width * scale, height * scale, y_dpi, turned=False)


def _upright(width: float, height: float, tallest: float) -> float:
    scale = min(1.0, ACROSS / width)
    tall = height * scale
    if tall * _OVERLONG_SHRUNK > LONGEST:
        raise RefusedFile("page-too-large")
    if tall > LONGEST:
        return scale * LONGEST / tall
    if tall > tallest > tall * _SHRUNK_AT_MOST:
        return scale * tallest / tall
    return scale


def _sized(width: float, height: float, y_dpi: int, *, turned: bool) -> Placement:
    across = min(WIDTH, max(1, round(width * X_DPI)))
    return Placement(across, max(1, round(height * y_dpi)), turned)
