"""A logo drawn anew, so that nothing of the file that came is shown. Runs in a confined process: see `logos`."""

from io import BytesIO
from typing import Final

from PIL import Image

LARGEST: Final = (640, 128)
"""Pixels of a logo, so that it is sharp on any screen: mails show it 32 high, pages 26."""

MOST_PIXELS: Final = 16_000_000
FORMATS: Final = ("PNG", "JPEG")


class NoLogo(Exception):  # noqa: N818 - it says what it is
    """This is no picture, or not of a kind or size that is taken."""


def redraw(data: bytes) -> bytes:
    """A PNG of the picture, at most `LARGEST`, with nothing but its pixels.

    Raises:
        NoLogo: It can't be read.
    """
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise NoLogo("pixels")
            picture.draft("RGB", LARGEST)  # a JPEG is read no larger than needed
            drawn = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise NoLogo(type(error).__name__) from error
    drawn.thumbnail(LARGEST, Image.Resampling.LANCZOS)
    clean = Image.new(drawn.mode, drawn.size)
    clean.paste(drawn)
    out = BytesIO()
    clean.save(out, "PNG", optimize=True)
    return out.getvalue()
