"""Reads a translation: a gettext catalogue, `de.po`, of which only what can be said safely is taken.

A translated text that lacks a place for a value, or has one that nobody fills, would break a page long after it was
written. Such texts are left out, so they stay English, and are named by `nativefax languages check`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from services._runtime.translating import Language

SUFFIX: Final = ".po"

_PLACE: Final = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
_STRAY: Final = re.compile(r"[%{}]")


class CatalogueUnreadable(ValueError):  # noqa: N818 - it says what is the matter
    """A file isn't a catalogue of a language. The message says why, and what to do."""


@dataclass(frozen=True)
class Fault:
    """A translated text that is left out."""

    text: str
    what: str


@dataclass(frozen=True)
class Catalogue:
    """A language as its file has it. `texts` are those that it translates; `faults` are not among them."""

    language: Language
    texts: frozenset[str]
    faults: tuple[Fault, ...]


def read_catalogue(file: Path) -> Catalogue:
    """The language of a file called by its tag, as `de.po` or `pt-BR.po`.

    Raises:
        CatalogueUnreadable: It is none.
    """
    locale = locale_of(file)
    try:
        with file.open("rb") as opened:
            found = read_po(opened, locale=locale, abort_invalid=True)
        faults = tuple(_leave_out_faulty(found))
        translations = _compiled(found)
    except (PoFileError, ValueError, OSError) as error:
        raise CatalogueUnreadable(f"{file} can't be read as a gettext catalogue: {error}") from error
    texts = frozenset(source_of(one) for one in found if one.id and _is_said(one))
    return Catalogue(Language(str(locale).replace("_", "-"), locale, translations), texts, faults)


def source_of(message: Message) -> str:
    """The English text of a message, or of its singular."""
    return message.id if isinstance(message.id, str) else message.id[0]


def locale_of(file: Path) -> Locale:
    """The language that a file is called by.

    Raises:
        CatalogueUnreadable: There is none.
    """
    try:
        return Locale.parse(file.stem.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise CatalogueUnreadable(
            f"{file}: no language is called “{file.stem}”. Name the file by its tag, as in de.po or pt-BR.po."
        ) from error


def _is_said(message: Message) -> bool:
    """Whether it has a translation that counts: one that a tool guessed (`fuzzy`) doesn't."""
    return not message.fuzzy and all(_texts(message.string))


def _leave_out_faulty(catalogue: Catalog) -> Iterable[Fault]:
    for message in list(catalogue):
        if message.id and _is_said(message) and (what := _fault(message)):
            catalogue.delete(message.id)
            yield Fault(source_of(message), what)


def _fault(message: Message) -> str:
    """Why a translation can't be said; empty if it can. A singular may leave its number out."""
    forms = [Counter(_PLACE.findall(one)) for one in _texts(message.id)]
    most, least = forms[-1], forms[-1].keys() if len(forms) == 1 else forms[0].keys() & forms[-1].keys() - {"%(num)d"}
    for text in _texts(message.string):
        places = Counter(_PLACE.findall(text))
        if unknown := places.keys() - most.keys():
            return f"“{text}” has {', '.join(sorted(unknown))}, which the English text has not."
        if missing := least - places.keys():
            return f"“{text}” lacks {', '.join(sorted(missing))}."
        if _STRAY.search(_PLACE.sub("", text)):
            return f"“{text}” has a %, a {{ or a }} that is no place for a value."
    return ""


def _texts(of: str | Sequence[str | None] | None) -> Sequence[str]:
    return [of or ""] if isinstance(of, str) or of is None else [one or "" for one in of]


def _compiled(catalogue: Catalog) -> GNUTranslations:
    file = BytesIO()
    write_mo(file, catalogue)
    file.seek(0)
    return GNUTranslations(file)
