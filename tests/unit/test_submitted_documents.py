"""Each kind of file becomes pages; what can't be faxed is refused by name, with the file it is about."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pillow_heif
import pypdfium2
import pytest
from PIL import Image, ImageDraw
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject

from services.ingest.documents.geometry import FINE, STANDARD, WIDTH, X_DPI
from services.ingest.documents.kinds import kind_of
from services.ingest.documents.sending import ALL, COVER, Pages, SentFile, convert_submitted
from tests.data import pages as charts
from tests.data.submissions import assembled, circle, encoded, locked, pdf, photo, text_pdf
from tests.unit.submitted_pages import (
    HEADER_ROWS,
    HEADING,
    below_header,
    bitmaps,
    inked_box,
    looks,
    outcome,
    picture,
    refusal,
    sent,
)

GREY = np.full((400, 600), 90, np.uint8)
COLOUR = np.dstack([GREY] * 3)


def heic() -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(COLOUR)).save(file)
    return file.getvalue()


def tiff(*images: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    images[0].save(file, "TIFF", save_all=True, append_images=images[1:], **options)
    return file.getvalue()


KINDS = {
    "pdf": (text_pdf(2), 2),
    "jpeg": (encoded(COLOUR, "JPEG"), 1),
    "png": (encoded(GREY, "PNG"), 1),
    "gif": (encoded(GREY, "GIF"), 1),
    "bmp": (encoded(COLOUR, "BMP"), 1),
    "webp": (encoded(COLOUR, "WEBP"), 1),
    "heic": (heic(), 1),
    "tiff": (tiff(Image.fromarray(GREY), Image.fromarray(COLOUR), Image.fromarray(GREY > 99)), 3),
    "html": (b"<!DOCTYPE html><p>Hello", 1),
    "text": (b"Hello\n\fWorld", 2),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_becomes_pages(kind: str) -> None:
    data, pages = KINDS[kind]
    assert kind_of(data, "application/octet-stream") == kind
    made = sent(data)
    assert made.pages == pages == len(bitmaps(made.fax)) == len(pypdfium2.PdfDocument(made.pdf))
    assert all(below_header(page).any() for page in bitmaps(made.fax))
    with Image.open(io.BytesIO(made.thumbnail)) as thumbnail:
        assert thumbnail.width == 216


def test_the_name_its_sender_gives_a_file_decides_only_what_bytes_cannot() -> None:
    assert kind_of(KINDS["pdf"][0], "text/html") == "pdf"
    assert kind_of(b"<p>Hello", "text/html") == "html"
    assert kind_of(b"<p>Hello", "text/plain") == "text"
    assert kind_of(b"a,b", "text/csv") == "csv"
    assert kind_of("Grüße".encode("utf-16"), "image/png") == "text"
    assert kind_of(b"BMI 31, blood pressure 120/80", "text/plain") == "text"
    assert kind_of(b'<?xml version="1.0"?>\n<html xmlns="x"><p>Hello', "x/y") == "html"
    assert kind_of(b"<!-- saved from url -->\r\n<html><p>Hello", "x/y") == "html"


def test_files_come_in_the_order_attached() -> None:
    black = [below_header(page).sum() for page in bitmaps(sent(text_pdf(1), encoded(GREY, "PNG"), b"Hello").fax)]
    alone = [below_header(bitmaps(sent(data).fax)[0]).sum() for data in (text_pdf(1), encoded(GREY, "PNG"), b"Hello")]
    assert black == alone


def test_the_same_files_give_the_same_bytes() -> None:
    files = [SentFile("x/y", data) for data, _ in KINDS.values()]
    assert convert_submitted(files, looks(cover="Hello")) == convert_submitted(files, looks(cover="Hello"))


@pytest.mark.parametrize("y_dpi", [FINE, STANDARD])
def test_the_fax_says_what_it_is(y_dpi: int) -> None:
    with picture(sent(text_pdf(2), pages=looks(y_dpi)).fax) as fax:
        for number in range(2):
            fax.seek(number)
            tags = fax.tag_v2  # type: ignore[attr-defined]
            assert (fax.width, tags[259], tags[262], tags[266], tags[278]) == (WIDTH, 4, 0, 1, fax.height)
            assert (tags[282], tags[283], tags[296], tags[297]) == (X_DPI, y_dpi, 2, (number, 2))
            assert len(tags[273]) == 1


def test_the_pdf_shows_the_pages_that_are_dialled() -> None:
    made = sent(text_pdf(1), pages=looks(STANDARD))
    page = pypdfium2.PdfDocument(made.pdf)[0]
    (fax,) = bitmaps(made.fax)
    drawn = np.asarray(page.render(scale=X_DPI / 72).to_pil().convert("L").resize(fax.shape[::-1]))
    assert np.mean((drawn < 128) == fax) > 0.98


def test_blank_pages_are_kept() -> None:
    assert sent(pdf(["", "", ""])).pages == 3


# --- the kinds, more closely


@pytest.mark.parametrize("name", ["itu1.tif", "standard.tif", "three_pages.tif", "two_resolutions.tif", "short.tif"])
def test_a_fax_is_taken_over_pixel_by_pixel(name: str) -> None:
    path = charts.FOLDER / name
    with Image.open(path) as original:
        dpi = [round(original.info["dpi"][1])]
    taken = bitmaps(sent(path.read_bytes()).fax)
    for page, white in zip(taken, charts.pixels(path), strict=True):
        before = ~white if white.dtype == np.bool_ else white == 0
        height = len(before)
        header = HEADER_ROWS if dpi[0] > 150 else HEADER_ROWS // 2
        if len(page) == height:  # the header is in the margin
            assert np.array_equal(page[HEADER_ROWS:], before[HEADER_ROWS:])
        else:
            assert len(page) - height in {header, HEADER_ROWS, HEADER_ROWS // 2}
            assert np.array_equal(page[len(page) - height :], before)


def test_a_fine_fax_sent_at_standard_loses_no_line() -> None:
    lines = np.ones((400, WIDTH), np.bool_)
    lines[101::20] = False
    file = tiff(Image.fromarray(lines), dpi=(204, 196), compression="group4")
    page = below_header(bitmaps(sent(file, pages=looks(STANDARD)).fax)[0], STANDARD)
    assert page.all(axis=1).sum() == len(range(101, 400, 20))


def test_a_phone_photo_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    lying = np.full((900, 1200, 3), 255, np.uint8)
    lying[:, :300] = 0  # the left edge as stored is the upper one as seen
    page = below_header(bitmaps(sent(encoded(lying, "JPEG", exif=exif)).fax)[0])
    assert page[: len(page) // 5].mean() > 0.5
    assert page[len(page) // 2 :].mean() < 0.01
    assert len(page) > 1.2 * WIDTH


@pytest.mark.parametrize("compression", ["jpeg", "tiff_lzw", "tiff_deflate", "group4"])
@pytest.mark.parametrize(("orientation", "back"), [(3, "ROTATE_180"), (6, "ROTATE_90"), (8, "ROTATE_270")])
def test_a_scan_is_turned_upright(compression: str, orientation: int, back: str) -> None:
    upright = np.full((400, 300), 255, np.uint8)
    upright[:100] = 0
    lying = Image.fromarray(upright).transpose(Image.Transpose[back]).convert("1" if compression == "group4" else "RGB")
    file = tiff(lying, compression=compression, dpi=(100, 100), tiffinfo={274: orientation})
    page = below_header(bitmaps(sent(file).fax)[0])
    assert page[: len(page) // 5].mean() > 0.3
    assert page[len(page) // 2 :].mean() < 0.01


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_standard_fax_stored_as_a_picture_is_not_stretched(kind: str) -> None:
    page = np.full((1078, WIDTH), 255, np.uint8)
    page[100:300, 200:616] = 0  # a square by 204 x 98 dots an inch
    across, down = inked_box(below_header(bitmaps(sent(encoded(page, kind, dpi=(204, 98))).fax)[0]))
    assert across / X_DPI == pytest.approx(down / FINE, rel=0.02)


def test_what_is_transparent_is_white() -> None:
    clear = np.zeros((300, 300, 4), np.uint8)
    clear[100:200, 100:200, 3] = 255
    page = below_header(bitmaps(sent(encoded(clear, "PNG")).fax)[0])
    assert page[:, page.any(axis=0)].mean() > 0.08
    assert page.sum() == pytest.approx((100 / 96 * X_DPI) * (100 / 96 * FINE), rel=0.05)


def test_deep_grey_is_read() -> None:
    ramp = np.linspace(0, 65535, 800).astype(np.uint16)[np.newaxis].repeat(400, axis=0)
    page = below_header(bitmaps(sent(encoded(ramp, "PNG")).fax)[0])  # type: ignore[arg-type]
    columns = np.flatnonzero(page.any(axis=0))
    left, right = np.array_split(page[:, columns[0] : columns[-1]], 2, axis=1)
    assert left.mean() > 0.6
    assert 0.03 < right.mean() < 0.35


def test_a_photo_keeps_its_shades() -> None:
    grey = Image.fromarray(photo(1600, 1200)).convert("L")
    page = below_header(bitmaps(sent(encoded(np.asarray(grey), "PNG")).fax)[0])
    tiles = page[: len(page) // 32 * 32].reshape(-1, 32, WIDTH // 32, 32).mean(axis=(1, 3))
    between = (tiles > 0.1) & (tiles < 0.9)
    assert between.mean() > 0.5


def test_text_stays_sharp_beside_a_photo() -> None:
    letters = bitmaps(sent(text_pdf(1)).fax)[0]
    runs = np.diff(letters[HEADER_ROWS:].astype(np.int8), axis=1) > 0
    assert runs.sum() < letters[HEADER_ROWS:].sum() / 3  # strokes, no dots


def test_the_paper_of_a_photographed_page_is_white() -> None:
    image = Image.new("L", (1200, 1600), 196)
    ImageDraw.Draw(image).text((100, 100), "Some writing\non grey paper", 50, font_size=60)
    noisy = np.asarray(image) + np.random.default_rng(1).normal(0, 3, (1600, 1200))
    page = below_header(bitmaps(sent(encoded(noisy.clip(0, 255).astype(np.uint8), "JPEG")).fax)[0])
    assert 0.001 < page.mean() < 0.05


def test_a_filled_form_is_drawn_as_filled() -> None:
    field = (
        b"<</Type/Annot/Subtype/Widget/FT/Btn/T(box)/Rect[100 500 300 600]/P 3 0 R/F 4/AS/On/V/On"
        b"/AP<</N<</On 6 0 R>>>>>>"
    )
    look = b"<</Type/XObject/Subtype/Form/BBox[0 0 200 100]/Length 18>>stream\n0 0 200 100 re f\nendstream"
    form = assembled(
        [
            b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]>>>>",
            b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Annots[5 0 R]/Contents 4 0 R>>",
            b"<</Length 0>>stream\n\nendstream",
            field,
            look,
        ]
    )
    assert below_header(bitmaps(sent(form).fax)[0]).sum() > 100_000


def test_text_is_wrapped_at_the_margins_and_broken_into_pages() -> None:
    made = bitmaps(sent(("word " * 5000).encode()).fax)
    assert len(made) > 2
    for page in made:
        columns = np.flatnonzero(below_header(page).any(axis=0))
        assert columns[0] > 100
        assert columns[-1] < WIDTH - 100


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_text_is_read_in_its_encoding(encoding: str) -> None:
    text = "Größe, café, naïve"
    assert np.array_equal(bitmaps(sent(text.encode(encoding)).fax)[0], bitmaps(sent(text.encode()).fax)[0])


def test_greek_and_cyrillic_are_set() -> None:
    assert sent("Здравствуйте, Καλημέρα".encode()).pages == 1


def test_columns_stay_aligned() -> None:
    table = "Item           Price\nGloves            24\nStethoscope      119\n"
    page = below_header(bitmaps(sent(table.encode()).fax)[0])
    lines = np.split(page, np.flatnonzero(np.diff(page.any(axis=1).astype(np.int8)) > 0))[1:]
    right = [np.flatnonzero(line.any(axis=0))[-1] for line in lines if line.any()]
    assert np.ptp(right) < 12


def test_html_shows_what_a_reader_sees() -> None:
    hidden = b"<html><head><title>T</title><style>p{}</style></head><body><div style='display: none'>no</div>"
    seen = b"<h1>Title</h1><p>Some <b>bold</b> text<ul><li>one<li>two</ul><img src=http://x/y.png>"
    alone = bitmaps(sent(b"<html>" + seen, media_type="text/html").fax)[0]
    assert np.array_equal(bitmaps(sent(hidden + seen + b"<script>x()</script>").fax)[0], alone)


def test_html_is_read_in_the_charset_that_it_names() -> None:
    page = '<html><meta http-equiv="Content-Type" content="text/html; charset={}"><p>Привет'
    told = page.format("windows-1251").encode("cp1251")
    assert np.array_equal(bitmaps(sent(told).fax)[0], bitmaps(sent(page.format("utf-8").encode()).fax)[0])
    assert sent(page.format("punycode").encode("cp1251")).pages == 1


def test_the_cells_of_an_html_table_stand_below_each_other() -> None:
    rows = b"<tr><td>Gloves<td>X</tr><tr><td>A much longer name of an article<td>X</tr>"
    page = below_header(bitmaps(sent(b"<html><table>" + rows + b"</table>").fax)[0])
    lines = np.split(page, np.flatnonzero(np.diff(page.any(axis=1).astype(np.int8)) > 0))[1:]
    last = [np.flatnonzero(line.any(axis=0))[-1] for line in lines if line.any()]
    assert len(last) == 2
    assert np.ptp(last) <= 1


# --- what is refused


def docx_like(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "<xml/>")
    return file.getvalue()


def xfa() -> bytes:
    template = (
        b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template xmlns="http://www.xfa.org/schema/xfa-template/3.3/">'
        b"<subform/></template></xdp:xdp>"
    )
    return assembled(
        [
            b"<</Type/Catalog/Pages 2 0 R/NeedsRendering true/AcroForm<</Fields[]/XFA 5 0 R>>>>",
            b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R>>",
            b"<</Length 0>>stream\n\nendstream",
            b"<</Length %d>>stream\n%s\nendstream" % (len(template), template),
        ]
    )


def portfolio() -> bytes:
    file, writer = io.BytesIO(), PdfWriter(clone_from=PdfReader(io.BytesIO(text_pdf(1))))
    writer.add_attachment("inside.pdf", text_pdf(1))
    writer.root_object[NameObject("/Collection")] = DictionaryObject()
    writer.write(file)
    return file.getvalue()


def damaged_fax() -> bytes:
    """A fax whose rows from some point on can't be read; its directory is sound."""
    data = bytearray((charts.FOLDER / "itu1.tif").read_bytes())
    data[4000:4400] = bytes(400)
    return bytes(data)


REFUSED = {
    "empty": (b"", "empty"),
    "a password": (locked(text_pdf(1), "secret"), "password-protected"),
    "no page": (pdf([]), "empty"),
    "a dynamic form": (xfa(), "unsupported-format"),
    "a portfolio": (portfolio(), "unsupported-format"),
    "RTF": (b"{\\rtf1\\ansi Hello}", "unsupported-format"),
    "PostScript": (b"%!PS-Adobe-3.0\nshowpage", "unsupported-format"),
    "SVG": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "unsupported-format"),
    "a program": (b"\x7fELF" + bytes(200), "unsupported-format"),
    "an archive": (docx_like("photo.raw"), "unsupported-format"),
    "a film": (b"\0\0\0\x18ftypisom" + bytes(100), "unsupported-format"),
    "a cut PDF": (text_pdf(3)[:900], "damaged-document"),
    "a cut JPEG": (encoded(photo(640, 480), "JPEG")[:4000], "damaged-document"),
    "a cut PNG": (encoded(photo(640, 480), "PNG")[:4000], "damaged-document"),
    "a cut fax": ((charts.FOLDER / "itu1.tif").read_bytes()[:9000], "damaged-document"),
    "a damaged fax": (damaged_fax(), "damaged-document"),
    "a chain of pages that breaks": (KINDS["tiff"][0][:4], "damaged-document"),
    "351 pages": (pdf([""] * 351), "too-many-pages"),
    "an endless page": (pdf(["0 0 m"], (600, 14_000)), "page-too-large"),
    "an endless picture": (encoded(np.zeros((40_000, 200), np.uint8), "PNG", dpi=(200, 200)), "page-too-large"),
    "a gigapixel": (encoded(np.zeros((9000, 9000), np.uint8), "PNG"), "page-too-large"),
    "a script we can't set": ("こんにちは、世界".encode(), "unsupported-format"),
    "Hebrew, which would come out reversed": ("שלום עולם".encode(), "unsupported-format"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_faxed_is_refused_by_name(name: str) -> None:
    data, reason = REFUSED[name]
    assert refusal(data) == (reason, 0)
    assert refusal(b"A good letter", data, b"Another") == (reason, 1)


def test_a_pdf_with_a_file_attached_is_no_portfolio() -> None:
    file, writer = io.BytesIO(), PdfWriter(clone_from=PdfReader(io.BytesIO(text_pdf(1))))
    writer.add_attachment("invoice.xml", b"<x/>")
    writer.write(file)
    assert sent(file.getvalue()).pages == 1


def test_a_pdf_that_opens_without_a_password_is_fine() -> None:
    assert sent(locked(text_pdf(2), "")).pages == 2


def test_too_many_pages_together_are_no_one_files_fault() -> None:
    assert refusal(pdf([""] * 200), pdf([""] * 200)) == ("too-many-pages", ALL)
    assert sent(pdf([""] * 175), pdf([""] * 175)).pages == 350


def test_too_many_bytes_are_refused() -> None:
    assert refusal(text_pdf(1), b"%PDF-" + bytes(50_000_000)) == ("too-large", ALL)


def test_a_text_without_a_letter_adds_no_page_and_alone_is_nothing() -> None:
    assert refusal(b" \r\n\t\n") == ("nothing-to-fax", ALL)
    assert refusal(b"<html><body><p>&nbsp;</p></body></html>") == ("nothing-to-fax", ALL)
    assert sent(b"\n \n", text_pdf(1)).pages == 1
    assert sent(b"\n", pages=looks(cover="See you tomorrow.")).pages == 1
    assert refusal(b"\n", pages=looks(cover=" ")) == ("nothing-to-fax", ALL)


def test_a_cover_text_that_cannot_be_set_is_refused() -> None:
    assert refusal(b"Hello", pages=looks(cover="こんにちは")) == ("unsupported-format", COVER)


def test_a_form_of_layers_is_flattened_once() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf([circle(306, 396, 100)]))))
    writer.pages[0].rotate(90)
    file = io.BytesIO()
    writer.write(file)
    turned, plain = bitmaps(sent(file.getvalue()).fax)[0], bitmaps(sent(pdf([circle(306, 396, 100)])).fax)[0]
    assert turned.shape == plain.shape  # a page turned by its own rotation lies wide, and is turned back


# --- header and cover


@pytest.mark.parametrize("y_dpi", [FINE, STANDARD])
def test_the_header_is_in_an_empty_margin(y_dpi: int) -> None:
    plain, headed = pdf([circle(306, 396, 100)]), looks(y_dpi)
    page = bitmaps(sent(plain, pages=headed).fax)[0]
    rows = HEADER_ROWS * y_dpi // FINE
    assert 0.05 < page[:rows, 40:900].mean() < 0.5
    assert page[:rows, -200:].any()  # page x/y
    assert len(page) == round(11 * 8.47059 / 8.5 * y_dpi)


def test_the_header_covers_nothing() -> None:
    full = np.tile(np.array([[0, 255], [255, 0]], np.uint8).repeat(40, axis=0).repeat(40, axis=1), (20, 20))
    made = bitmaps(sent(encoded(full, "PNG", dpi=(204, 196))).fax)[0]
    other = bitmaps(sent(encoded(full, "PNG", dpi=(204, 196)), pages=looks(heading=replace(HEADING, sender=""))).fax)[0]
    assert np.array_equal(made[HEADER_ROWS:], other[HEADER_ROWS:])
    assert len(made) == 1600 + HEADER_ROWS


def test_the_header_tells_pages_apart() -> None:
    first, second = bitmaps(sent(pdf(["", ""])).fax)
    assert np.array_equal(first[:HEADER_ROWS, :1400], second[:HEADER_ROWS, :1400])
    assert not np.array_equal(first[:HEADER_ROWS, 1400:], second[:HEADER_ROWS, 1400:])


def test_the_header_tells_the_time_of_the_accounts_zone() -> None:
    def told(zone: str) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        return bitmaps(sent(b"x", pages=looks(heading=replace(HEADING, zone=zone))).fax)[0][:HEADER_ROWS]

    assert f"{HEADING.local:%H:%M %Z}" == "12:30 CST"
    assert not np.array_equal(told("America/Chicago"), told("Europe/Berlin"))
    assert np.array_equal(told("No/Such_Place"), told("UTC"))


def test_a_long_sender_does_not_run_into_the_page_number() -> None:
    long = replace(HEADING, sender="The Riverside Clinic of Orthopaedics, Physiotherapy and Sports Medicine " * 2)
    line = bitmaps(sent(b"x", pages=looks(heading=long)).fax)[0][:HEADER_ROWS]
    gaps = np.flatnonzero(np.diff(np.flatnonzero(line.any(axis=0))) > 30)
    assert gaps.size


def test_the_cover_page_comes_first_and_runs_on() -> None:
    made = sent(text_pdf(1), pages=looks(cover="A line of text.\n" * 120))
    assert made.pages == 4
    assert below_header(bitmaps(made.fax)[0])[:300].any()


def test_nothing_of_a_fax_shows_in_a_refusal() -> None:
    pages: Pages = looks(cover="こ secret")
    assert "secret" not in repr(outcome(b"x", pages=pages))
