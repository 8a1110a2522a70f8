"""PDF files of pages no fax machine coded: grey ones, and any in the same document. Here img2pdf serves.

It embeds a single-strip G4 TIFF and a plain grey PNG without decoding them (docs/adr/0005).
"""

from collections.abc import Iterable

import img2pdf
import numpy as np

from services.ingest.documents.libtiff import encode_g4_file
from services.ingest.documents.pdf import POINTS
from services.ingest.documents.png import encode_png
from services.ingest.documents.raster import Raster


def write_picture_pdf(rasters: Iterable[Raster]) -> bytes:
    """Write a PDF of decoded pages, bilevel ones as G4, grey ones packed without loss.

    Args:
        rasters: at least one page; each is let go of before the next is asked for.
    """
    images: list[bytes] = []
    sizes: list[tuple[float, float]] = []
    for raster in rasters:
        rows, width = raster.pixels.shape
        images.append(encode_g4_file(raster.pixels) if raster.pixels.dtype == np.bool_ else encode_png(raster.pixels))
        sizes.append((width / raster.x_dpi * POINTS, rows / raster.y_dpi * POINTS))
    each = iter(sizes)

    def layout(*_: object) -> tuple[float, float, float, float]:
        size = next(each)
        return *size, *size

    return bytes(img2pdf.convert(images, layout_fun=layout, engine=img2pdf.Engine.internal, nodate=True))
