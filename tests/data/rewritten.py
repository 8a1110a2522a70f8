"""Sound faxes with the other traits a telephony stack may write, made by libtiff's own tools and Pillow."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

SHORT, THREE_PAGES = "g3-2d_short_1p.tif", "g4_standard_3p_ecm.tif"
INCH_TAGS, UNIT_CM = ("282", "283"), ("-s", "296", "3")

Rewrite = Callable[[Path, Path], None]


def _copied(*options: str) -> Rewrite:
    """Through tiffcp, with `options`."""
    return lambda source, target: _run("tiffcp", *options, str(source), str(target))


def _tagged(*changes: tuple[str, ...]) -> Rewrite:
    """Copied, then changed by one tiffset after another."""

    def rewrite(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes())
        for change in changes:
            _run("tiffset", *change, str(target))

    return rewrite


def _black_is_zero(source: Path, target: Path) -> None:
    # The pixels alone: Pillow 13 writes noise for the page number of an image that brings its own tags.
    with Image.open(source) as page:
        Image.fromarray(np.asarray(page)).save(target, compression="group4", dpi=page.info["dpi"])


def _run(tool: str, *arguments: str) -> None:
    subprocess.run([tool, *arguments], check=True, capture_output=True)


def _page_number(page: int) -> tuple[str, ...]:
    return ("-d", str(page), "-s", "297", str(page + 1), "3")


REWRITES: Mapping[str, tuple[str, Rewrite, str]] = {
    "big_endian.tif": (SHORT, _copied("-B"), "big-endian"),
    "msb_to_lsb.tif": (SHORT, _copied("-f", "msb2lsb"), "FillOrder 1"),
    "many_strips.tif": (SHORT, _copied("-c", "g4", "-r", "32"), "G4 in strips of 32 rows"),
    "g3_many_strips.tif": (SHORT, _copied("-c", "g3:1d", "-r", "100"), "G3 1D in strips of 100 rows"),
    "black_is_zero.tif": (SHORT, _black_is_zero, "photometric 1: the bits mean the opposite"),
    "lzw.tif": (SHORT, _copied("-c", "lzw"), "LZW"),
    "packbits.tif": (SHORT, _copied("-c", "packbits"), "PackBits"),
    "uncompressed.tif": (SHORT, _copied("-c", "none"), "not compressed"),
    "tiled.tif": (SHORT, _copied("-t", "-w", "256", "-l", "256", "-c", "g4"), "tiles instead of strips"),
    "per_centimetre.tif": (
        SHORT,
        _tagged(UNIT_CM, ("-s", "282", "80.31"), ("-s", "283", "38.58")),
        "resolution in dots per centimetre",
    ),
    "pages_from_1.tif": (
        THREE_PAGES,
        _tagged(*(_page_number(page) for page in range(3))),
        "PageNumber counts from 1",
    ),
    "no_page_numbers.tif": (
        THREE_PAGES,
        _tagged(*(("-d", str(page), "-u", "297") for page in range(3))),
        "no PageNumber",
    ),
}
"""File name: the received file it is made of, how, and the trait it has."""
