"""The TIFF tags that say anything about a fax page (TIFF 6.0; RFC 2306 for 326, 327 and 328)."""

from typing import Final

NEW_SUBFILE_TYPE: Final = 254
IMAGE_WIDTH: Final = 256
IMAGE_LENGTH: Final = 257
BITS_PER_SAMPLE: Final = 258
COMPRESSION: Final = 259
PHOTOMETRIC: Final = 262
FILL_ORDER: Final = 266
IMAGE_DESCRIPTION: Final = 270
STRIP_OFFSETS: Final = 273
ORIENTATION: Final = 274
SAMPLES_PER_PIXEL: Final = 277
ROWS_PER_STRIP: Final = 278
STRIP_BYTE_COUNTS: Final = 279
X_RESOLUTION: Final = 282
Y_RESOLUTION: Final = 283
T4_OPTIONS: Final = 292
RESOLUTION_UNIT: Final = 296
PAGE_NUMBER: Final = 297
PREDICTOR: Final = 317
TILE_WIDTH: Final = 322
TILE_LENGTH: Final = 323
TILE_OFFSETS: Final = 324
TILE_BYTE_COUNTS: Final = 325
BAD_FAX_LINES: Final = 326
CLEAN_FAX_DATA: Final = 327
CONSECUTIVE_BAD_FAX_LINES: Final = 328

ESSENTIAL: Final = frozenset(
    {
        IMAGE_WIDTH,
        IMAGE_LENGTH,
        BITS_PER_SAMPLE,
        COMPRESSION,
        PHOTOMETRIC,
        FILL_ORDER,
        STRIP_OFFSETS,
        SAMPLES_PER_PIXEL,
        ROWS_PER_STRIP,
        STRIP_BYTE_COUNTS,
        T4_OPTIONS,
        PREDICTOR,
        TILE_WIDTH,
        TILE_LENGTH,
        TILE_OFFSETS,
        TILE_BYTE_COUNTS,
    }
)
"""Where the value of one of these is lost, the pixels cannot be read."""
DESCRIBING: Final = frozenset(
    {
        NEW_SUBFILE_TYPE,
        IMAGE_DESCRIPTION,
        ORIENTATION,
        X_RESOLUTION,
        Y_RESOLUTION,
        RESOLUTION_UNIT,
        PAGE_NUMBER,
        BAD_FAX_LINES,
        CLEAN_FAX_DATA,
        CONSECUTIVE_BAD_FAX_LINES,
    }
)
"""Without these a page is still a page."""
WANTED: Final = ESSENTIAL | DESCRIBING
"""All other tags are passed over unread."""
