"""Words that can be translated: marked where they are written, translated where they are said.

`N_("…")` marks a text of a table and leaves it as it is; `gettext` and `ngettext` say a text in the language that was
chosen. Values are put in after that, by name. English is the language of the texts themselves, so it has no catalogue;
others come from files (`services._runtime.languages`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from gettext import NullTranslations
from typing import Final, Literal, LiteralString

from babel import Locale
from babel.numbers import format_decimal


@dataclass(frozen=True)
class Language:
    """A language to say things in.

    Attributes:
        tag: As in HTML and in mails (BCP 47): ``de``, ``pt-BR``.
        locale: How it writes dates and numbers.
        translations: Its texts; one that is missing is said in English.
    """

    tag: str
    locale: Locale
    translations: NullTranslations = field(default_factory=NullTranslations, repr=False, compare=False)

    @property
    def name(self) -> str:
        """What it calls itself: ``Deutsch``."""
        name = Locale.parse(self.tag, sep="-").display_name or self.tag
        return name[:1].upper() + name[1:]

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """Which way it is written."""
        return "rtl" if self.locale.text_direction == "rtl" else "ltr"


ENGLISH: Final = Language("en", Locale("en", "GB"))
"""Dates with the day first and 24 hours, which nobody anywhere reads as another day."""

_CHOSEN: Final[ContextVar[Language]] = ContextVar("language", default=ENGLISH)


def N_(text: LiteralString) -> str:  # noqa: N802 - the name by which gettext's tools know it
    """`text` itself: it is to be translated when it is said."""
    return text


def gettext(text: str) -> str:
    """`text` in the chosen language; one that the catalogue lacks, as it is."""
    return language().translations.gettext(text) if text else ""  # the empty text is a catalogue's header


def ngettext(one: str, more: str, number: int) -> str:
    """The form of a text that goes with `number`."""
    return language().translations.ngettext(one, more, number)


def number(value: float) -> str:
    """A number as the chosen language writes it: ``1,234``."""
    return format_decimal(value, locale=language().locale)


def language() -> Language:
    """The chosen language."""
    return _CHOSEN.get()


@contextmanager
def speaking(chosen: Language) -> Iterator[None]:
    """Say everything in that language, in this task, meanwhile."""
    before = _CHOSEN.set(chosen)
    try:
        yield
    finally:
        _CHOSEN.reset(before)


def speak(chosen: Language) -> None:
    """Say everything in that language from here on, to the end of the `speaking` around it."""
    _CHOSEN.set(chosen)
