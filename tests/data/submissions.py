"""Documents as people submit them, made in code: letters, forms, photos, scans, and what nobody should send."""

import io
from collections.abc import Sequence
from functools import cache
from textwrap import wrap

import img2pdf
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pypdf import PdfReader, PdfWriter

LETTER = (612.0, 792.0)
A4 = (595.276, 841.89)
_SENTENCES = (
    "The patient was seen on 12 November in our clinic for follow-up of the left knee. Examination shows free "
    "movement, no effusion and a stable ligament. We recommend physiotherapy twice a week for six weeks and a further "
    "visit in January. Please find the laboratory values enclosed; the next appointment is confirmed by telephone. "
)


def pdf(contents: Sequence[str], size: tuple[float, float] = LETTER) -> bytes:
    """A PDF whose pages have these content streams; /F is Helvetica."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for content in contents:
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content.encode("latin-1")))
        kids.append(b"%d 0 R" % (len(objects) + 1))
        box = b"[0 0 %.3f %.3f]" % size
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox%s/Resources<</Font<</F 3 0 R>>>>/Contents %d 0 R>>"
            % (box, len(objects))
        )
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    return assembled(objects)


def assembled(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A PDF file of objects numbered from 1, the first of which is the catalogue."""
    file = bytearray(b"%PDF-1.7\n")
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj" % number + one + b"\nendobj\n"
    start = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(file)


def text_page(lines: int = 46, points: float = 11) -> str:
    """The content of a page full of text."""
    shown = " ".join(f"({line}) '" for line in wrap(_SENTENCES * (lines // 3 + 1), int(950 / points))[:lines])
    return f"BT /F {points} Tf {points * 1.3:.1f} TL 60 740 Td {shown} ET"


def text_pdf(pages: int) -> bytes:
    """A letter of so many pages."""
    return pdf([text_page()] * pages)


def circle(x: float, y: float, radius: float) -> str:
    """The content that draws a filled black circle."""
    k = radius * 0.5522847498
    r = radius
    return (
        f"{x + r} {y} m {x + r} {y + k} {x + k} {y + r} {x} {y + r} c {x - k} {y + r} {x - r} {y + k} {x - r} {y} c "
        f"{x - r} {y - k} {x - k} {y - r} {x} {y - r} c {x + k} {y - r} {x + r} {y - k} {x + r} {y} c f"
    )


@cache
def photo(width: int = 3300, height: int = 2550) -> NDArray[np.uint8]:
    """A landscape with the shades and edges of a photo, rows x width x 3; always the same.

    On a whole Letter page it has 300 pixels an inch.
    """
    noise = np.random.default_rng(7)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    light = 265 - 160 * y
    for octave in range(2, 9):
        small = noise.normal(0, 1, (2**octave, 2**octave)).astype(np.float32)
        cloud = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
        light += np.asarray(cloud) * 90 / 2.0**octave
    hills = y > 0.55 + 0.12 * np.sin(x * 7) + 0.05 * np.sin(x * 23)
    light[hills] *= 0.4
    sphere = ((x - 0.3) * width / height) ** 2 + (y - 0.62) ** 2
    inside = sphere < 0.04
    light[inside] = 40 + 190 * (1 - np.sqrt(sphere[inside] / 0.04)) * (0.4 + x[inside])
    colours = np.stack((light * 1.02, light, light * 0.94), axis=2)
    return colours.clip(0, 255).astype(np.uint8)


def encoded(pixels: NDArray[np.uint8] | NDArray[np.bool_], kind: str, **options: object) -> bytes:
    """Pixels as a file of a kind of Pillow's."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def photo_pdf(pages: int) -> bytes:
    """A PDF of full-page photos."""
    jpeg = encoded(np.ascontiguousarray(np.rot90(photo())), "JPEG", quality=88)
    layout = img2pdf.get_layout_fun((LETTER[0], LETTER[1]))
    return bytes(img2pdf.convert([jpeg] * pages, layout_fun=layout, nodate=True))


def locked(data: bytes, password: str, owner: str = "owner") -> bytes:
    """A PDF that asks for a password; with an empty one it opens without."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt(password, owner, algorithm="AES-256")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()
