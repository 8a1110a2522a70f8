"""What a document may be at most; more is refused before anything is done with it."""

from typing import Final

MAX_BYTES: Final = 50 * 1000 * 1000
"""The largest document taken, in bytes (design §5)."""
MAX_PAGES: Final = 350
"""The most pages a fax may have (design §5)."""
MAX_VALUES: Final = 1 << 16
"""The most values one tag may carry. A strip holds a row at least, and the longest page admitted has fewer rows."""
MAX_PIXELS: Final = 1 << 26
"""The most pixels a page may have: 67,108,864, which is 2432 x 27,594.

T.4's widest page (A3, 2432 px) at its finest (391 rows an inch) then may be 70 inches (1.8 m) long, four times A3.
A decoded page takes a byte a pixel: 64 MiB, which with the copies made of it stays below a worker's 1 GiB.
"""
MAX_WIDTH: Final = 1 << 14
"""The most pixels a row may have; T.4 knows 2432, and 4864 at 408 dots an inch."""
