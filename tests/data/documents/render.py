"""PDF pages rendered at the resolution of the fax, by two programs that share no code: pdfium and poppler."""

import subprocess
from pathlib import Path

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from numpy.typing import NDArray
from PIL import Image

Shades = NDArray[np.uint8]


def by_pdfium(pdf: bytes, page: int, x_dpi: float, y_dpi: float) -> Shades:
    """Rows x width as the page's own size and the resolution make it; 0 is black."""
    document = pypdfium2.PdfDocument(pdf)
    leaf = document[page]
    across, down = leaf.get_size()
    width, rows = round(across * x_dpi / 72), round(down * y_dpi / 72)
    bitmap = pypdfium2.PdfBitmap.new_native(width, rows, pdfium.FPDFBitmap_Gray)
    pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, rows, 0xFFFFFFFF)
    pdfium.FPDF_RenderPageBitmap(bitmap, leaf, 0, 0, width, rows, 0, pdfium.FPDF_GRAYSCALE)
    shades: Shades = bitmap.to_numpy().reshape(rows, -1)[:, :width].copy()
    document.close()
    return shades


def by_poppler(pdf: bytes, page: int, x_dpi: float, y_dpi: float, folder: Path) -> Shades:
    """The same by Debian's pdftoppm, which must have nothing to complain of."""
    (folder / "fax.pdf").write_bytes(pdf)
    options = ["-gray", "-singlefile", "-f", str(page + 1), "-rx", str(x_dpi), "-ry", str(y_dpi)]
    done = subprocess.run(
        ["pdftoppm", *options, "fax.pdf", "page"], cwd=folder, check=True, capture_output=True, text=True
    )
    assert not done.stderr, done.stderr
    with Image.open(folder / "page.pgm") as image:
        return np.asarray(image)
