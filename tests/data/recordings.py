"""The calls whose received files are kept, and what each is kept for."""

from dataclasses import dataclass

from deploy.local.telephony.line import Hits, Line


@dataclass(frozen=True)
class Recording:
    """One call: the page file it sends, the line it goes over, and why its received file is kept."""

    name: str
    page: str
    line: Line
    why: str


MH = Line(coding="1d", written="1d", ecm=False)
MR = Line(coding="2d", written="2d", ecm=False)
MMR = Line(coding="t6", written="t6", ecm=True)


def _on(line: Line, hits: Hits | None = None, hang_up_after_s: float | None = None) -> Line:
    return Line(line.coding, line.written, line.ecm, hits=hits, hang_up_after_s=hang_up_after_s)


RECORDINGS = [
    Recording("g3-1d_standard_1p", "standard.tif", MH, "clean, standard resolution"),
    Recording("g3-2d_standard_1p", "standard.tif", MR, "clean, standard resolution"),
    Recording("g4_standard_1p_ecm", "standard.tif", MMR, "clean, standard resolution"),
    Recording("g3-1d_fine_1p", "itu1.tif", MH, "clean, a letter"),
    Recording("g3-2d_fine_1p", "itu1.tif", MR, "clean, a letter"),
    Recording("g4_fine_1p_ecm", "itu8.tif", MMR, "clean, large black areas"),
    Recording("g3-1d_superfine_1p", "superfine.tif", MH, "clean, superfine, short"),
    Recording("g3-2d_superfine_1p", "superfine.tif", MR, "clean, superfine, short"),
    Recording("g4_superfine_1p_ecm", "superfine.tif", MMR, "clean, superfine, short"),
    Recording("g3-1d_fine_1p_dense", "itu7.tif", MH, "clean, dense text"),
    Recording("g4_fine_1p_dense_ecm", "itu4.tif", MMR, "clean, dense text"),
    Recording("g3-1d_standard_3p", "three_pages.tif", MH, "clean, three pages, the third upside down"),
    Recording("g3-2d_standard_3p", "three_pages.tif", MR, "clean, three pages, the third upside down"),
    Recording("g4_standard_3p_ecm", "three_pages.tif", MMR, "clean, three pages, the third upside down"),
    Recording("g4_two_resolutions_2p_ecm", "two_resolutions.tif", MMR, "the second page is finer than the first"),
    Recording("g4_b4_1p_ecm", "b4.tif", MMR, "a B4 sender: 2048 pixels a row"),
    Recording("g3-1d_short_1p", "short.tif", MH, "a short page is legal"),
    Recording("g3-2d_short_1p", "short.tif", MR, "a short page is legal"),
    Recording(
        "g3-1d_fine_1p_linehits",
        "itu8.tif",
        _on(MH, Hits(start_s=8, every_s=1.5, length_ms=40)),
        "the call ended OK, but rows are bad and rows are missing",
    ),
    Recording(
        "g3-2d_standard_3p_linehits",
        "three_pages.tif",
        _on(MR, Hits(start_s=10.5, every_s=2.3, length_ms=60)),
        "the call ended OK, but each page has bad rows",
    ),
    Recording(
        "g4_written_linehits_1p",
        "standard.tif",
        Line(coding="1d", written="t6", ecm=False, hits=Hits(start_s=11, every_s=2, length_ms=50)),
        "bad rows on the line, yet coded soundly in the file: only the tags and the call result tell",
    ),
    Recording(
        "g4_fine_1p_linehits_ecm",
        "itu1.tif",
        _on(MMR, Hits(start_s=12, every_s=3.1, length_ms=40)),
        "line hits, all repaired by error correction",
    ),
    Recording(
        "g3-1d_standard_3p_hangup",
        "three_pages.tif",
        _on(MH, hang_up_after_s=50),
        "hung up on the third page: two pages, status 49",
    ),
    Recording(
        "g4_standard_3p_hangup_ecm",
        "three_pages.tif",
        _on(MMR, hang_up_after_s=26),
        "hung up on the second page: one page, status 49",
    ),
]
