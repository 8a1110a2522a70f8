"""JPEG, PNG, GIF, BMP, WebP and HEIC → a page each, by Pillow."""

import io
from collections.abc import Callable
from typing import Final, TypeVar

import numpy as np
from PIL import ExifTags, Image, ImageFilter

from services.ingest.documents.geometry import PAPERS, Placement, placed
from services.ingest.documents.halftone import Grey
from services.ingest.documents.kinds import Kind
from services.ingest.documents.limits import MAX_PIXELS
from services.ingest.documents.refusals import RefusedFile
from services.ingest.documents.sheet import Opened, Setup, Sheet, on_sheet

LEAST_DPI: Final = 96.0
"""A picture that names no resolution is taken for a screen's (CSS: 96 pixels an inch), so that no logo fills a page."""
_CREDIBLE_DPI: Final = (100.0, 1300.0)
"""What scanners write. Cameras and screens write 72 or 96 whatever they show."""
_LEAST_FAX_DPI: Final = 90.0
_SQUARE: Final = 0.05
"""Pixels that are no squares are told as such only of pages: a fax has 98 rows an inch."""
_BAND: Final = 512
"""Rows of a picture made grey at a time: colours take up to 16 bytes a pixel."""
_JPEG_PIXELS: Final = 4 * MAX_PIXELS
"""A JPEG is decoded at a half or less of its size where that suffices; phones make 200 million pixels."""
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Exif's orientation (tag 274) → how to turn the picture upright."""
_FIRST_LYING: Final = 5
_SHARPENED: Final = ImageFilter.UnsharpMask(radius=2, percent=80, threshold=3)
"""A halftone blurs what it shows; edges are strengthened before."""
_CLIPPED: Final = 0.005
"""So small a share of a picture may become pure black, and pure white."""
_DARKEST_PAPER: Final = 140
"""What is white is not photographed darker than this, of 255."""
_LIGHTEST_INK: Final = 70
"""Writing photographed in bright light is not lighter."""
_LIGHTEST_BLACK: Final = 32
"""In a photo that shows no page, the shadows have shades of their own."""
_PAPER_NOISE: Final = 14
_PAPER_SHARE: Final = 0.4
"""A picture of which so much is of one bright shade or brighter shows a page."""
_T = TypeVar("_T")


def open_picture(data: bytes, kind: Kind, setup: Setup) -> Opened:
    """Look at a picture's header; of an animation the first picture is the page.

    Raises:
        RefusedFile: "damaged-document" or "page-too-large".
    """
    image = opened(data, kind)
    return Opened(1, lambda: iter([picture_sheet(image, setup)]))


def opened(data: bytes, kind: Kind) -> Image.Image:
    """Open a picture without decoding it, with no other decoder than its kind's.

    Raises:
        RefusedFile: "damaged-document" or "page-too-large".
    """
    if kind == "heic":
        import pillow_heif  # noqa: PLC0415  # 10 MB of code that few documents need

        pillow_heif.register_heif_opener(thumbnails=False)
    Image.MAX_IMAGE_PIXELS = None  # measured below, for each kind by itself
    image = _guarded(lambda: Image.open(io.BytesIO(data), formats=[_FORMATS[kind]]))
    check_size(image, _JPEG_PIXELS if kind == "jpeg" else MAX_PIXELS)
    return image


_FORMATS: Final[dict[str, str]] = {
    "jpeg": "JPEG",
    "png": "PNG",
    "gif": "GIF",
    "bmp": "BMP",
    "webp": "WEBP",
    "heic": "HEIF",
    "tiff": "TIFF",
}


def check_size(image: Image.Image, most: int = MAX_PIXELS) -> None:
    """Refuse a picture of more pixels than a worker can hold.

    Raises:
        RefusedFile: "page-too-large".
    """
    if image.width * image.height > most:
        raise RefusedFile("page-too-large")


def picture_sheet(image: Image.Image, setup: Setup) -> Sheet:
    """Draw a picture on a page of its own.

    Raises:
        RefusedFile: "damaged-document".
    """
    return _guarded(lambda: Sheet(_drawn(image, setup), setup.y_dpi))


def _guarded(work: Callable[[], _T]) -> _T:
    """Take whatever a decoder raises as damage: Pillow's raise almost anything."""
    try:
        return work()
    except (RefusedFile, MemoryError):
        raise
    except Exception as error:
        raise RefusedFile("damaged-document") from error


def _drawn(image: Image.Image, setup: Setup) -> Grey:
    orientation = _orientation(image)
    lying = orientation >= _FIRST_LYING
    x_dpi, y_dpi = _dpi(image)
    inches = (image.width / x_dpi, image.height / y_dpi)
    place = placed(*(inches[::-1] if lying else inches), setup.y_dpi, PAPERS[setup.paper][1])
    grey = _sized(image, place, lying=lying != place.turned)
    if orientation in _UPRIGHT:
        grey = grey.transpose(_UPRIGHT[orientation])
    if place.turned:
        grey = grey.transpose(Image.Transpose.ROTATE_90)
    return on_sheet(np.asarray(levelled(grey).filter(_SHARPENED)), place)


def _sized(image: Image.Image, place: Placement, *, lying: bool) -> Image.Image:
    """Resample once, as the picture is stored: by the mean of what a fax pixel covers, which also keeps thin lines."""
    size = (place.down, place.across) if lying else (place.across, place.down)
    if image.format == "JPEG":
        image.draft("L", size)
    return greyed(image).resize(size, Image.Resampling.BICUBIC)


def greyed(image: Image.Image) -> Image.Image:
    """Make a picture grey, on white where it is transparent."""
    image.load()
    if image.mode == "L" and not image.has_transparency_data:
        return image
    if image.mode.startswith(("I", "F")):
        return _deep(image)
    grey = Image.new("L", image.size)
    for top in range(0, image.height, _BAND):
        band = image.crop((0, top, image.width, min(top + _BAND, image.height)))
        grey.paste(_on_white(band) if image.has_transparency_data else band.convert("L"), (0, top))
    return grey


def _on_white(band: Image.Image) -> Image.Image:
    white = Image.new("RGBA", band.size, "white")
    return Image.alpha_composite(white, band.convert("RGBA")).convert("L")


def _deep(image: Image.Image) -> Image.Image:
    """Reduce more than 8 bits a pixel to 8: 16 as they are, others by the brightest there is."""
    values = np.asarray(image)
    brightest = 0xFFFF if image.mode.startswith("I;16") else float(values.max()) or 1.0
    return Image.fromarray((values.clip(0) * (255 / brightest)).astype(np.uint8))


def levelled(grey: Image.Image) -> Image.Image:
    """Spread the shades of a photo over what a fax can show, and make the paper of a photographed page white."""
    counts = np.array(grey.histogram())
    share = counts.cumsum() / counts.sum()
    paper = _paper(counts)
    black = min(int(np.searchsorted(share, _CLIPPED)), _LIGHTEST_INK if paper else _LIGHTEST_BLACK)
    white = paper or max(int(np.searchsorted(share, 1 - _CLIPPED)), _DARKEST_PAPER)
    return grey.point([round(max(0, min(255, (shade - black) * 255 / (white - black)))) for shade in range(256)])


def _paper(counts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int | None:
    """Find the shade above which all is paper; None if the picture shows no page."""
    peak = _DARKEST_PAPER + int(counts[_DARKEST_PAPER:].argmax())
    level = peak - _PAPER_NOISE
    return level if counts[level:].sum() > _PAPER_SHARE * counts.sum() else None


def _orientation(image: Image.Image) -> int:
    if image.format == "TIFF":  # Pillow turns it upright itself
        return 1
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001  # damage beside the picture is no damage of the picture
        return 1


def _dpi(image: Image.Image) -> tuple[float, float]:
    try:
        x_dpi, y_dpi = (float(number) for number in image.info.get("dpi", ()))
    except (TypeError, ValueError, ZeroDivisionError):
        return LEAST_DPI, LEAST_DPI
    least, most = _CREDIBLE_DPI
    if y_dpi > 0 and abs(x_dpi / y_dpi - 1) > _SQUARE:
        least = _LEAST_FAX_DPI
    credible = least <= x_dpi <= most and least <= y_dpi <= most
    return (x_dpi, y_dpi) if credible else (LEAST_DPI, LEAST_DPI)
