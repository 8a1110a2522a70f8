"""The letters that text, header lines and cover pages are set in: Arimo and Roboto Mono (OFL), from PyPI packages.

Both have Latin, Greek and Cyrillic; Arimo has Arial's measures, so that a text breaks where its writer saw it break.
"""

import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from PIL import ImageFont

from services.ingest.documents.geometry import X_DPI
from services.ingest.documents.pdf import POINTS

_FILES: Final = {
    False: ("fontpkg_arimo", "Arimo[wght].ttf"),
    True: ("fontpkg_roboto_mono", "RobotoMono[wght].ttf"),
}
_NORMAL: Final = 400
_BOLD: Final = 700
_MISSING: Final = "\N{WHITE SQUARE}"
_NO_LETTER: Final = "\uffff"
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "RLE", "RLO", "RLI"})
"""Scripts that we can't set: their letters would stand in the wrong order (Unicode annex 9)."""


@dataclass(frozen=True, slots=True)
class Style:
    """How letters look.

    Attributes:
        points: their size.
        bold: whether they are bold.
        mono: whether all are of one width.
    """

    points: float
    bold: bool = False
    mono: bool = False


@cache
def font_of(style: Style) -> ImageFont.FreeTypeFont:
    """The font of a style, for a page of X_DPI by FINE: letters become 4 % taller than drawn, which nobody sees."""
    package, name = _FILES[style.mono]
    path = Path(str(files(package))) / "files" / name
    font = ImageFont.truetype(path, round(style.points / POINTS * X_DPI), layout_engine=ImageFont.Layout.BASIC)
    font.set_variation_by_axes([_BOLD if style.bold else _NORMAL])
    return font


@lru_cache(maxsize=1 << 16)
def width_of(text: str, style: Style) -> float:
    """Pixels that a text takes."""
    return font_of(style).getlength(text)


@cache
def has_letter(letter: str, *, mono: bool) -> bool:
    """Whether the font can show a letter, and in its place."""
    if unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT:
        return False
    font = font_of(Style(12, mono=mono))
    return letter.isspace() or bytes(font.getmask(letter)) != bytes(font.getmask(_NO_LETTER))


def settable(text: str, *, mono: bool = False) -> str:
    """Compose letters with their accents, drop what has no look, and put a square for what the font has not."""
    if text.isascii() and text.isprintable():
        return text
    seen = (letter for letter in unicodedata.normalize("NFC", text) if _visible(letter))
    return "".join(letter if has_letter(letter, mono=mono) else _MISSING for letter in seen)


def unsettable(text: str) -> float:
    """The share of a text's visible characters that can't be shown."""
    counts = Counter(text if text.isascii() else unicodedata.normalize("NFC", text))
    letters = {one: count for one, count in counts.items() if _visible(one) and not one.isspace()}
    missing = sum(count for one, count in letters.items() if not has_letter(one, mono=False))
    return missing / sum(letters.values()) if letters else 0.0


def _visible(letter: str) -> bool:
    return unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Mn", "Me"} or letter in "\t\n"
