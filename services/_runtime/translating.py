"""Words that can be translated: marked where they are written, translated where they are said.

`N_("…")` marks a text of a table and leaves it as it is; `gettext` and `ngettext` say a text in the language that was
chosen. Values are put in after that, by name. There is no other language yet, so every text stands for itself;
`pybabel extract` writes what there is to translate (docs/portal.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations
from typing import Final, LiteralString

_CHOSEN: Final[ContextVar[NullTranslations]] = ContextVar("translations", default=NullTranslations())  # noqa: B039


def N_(text: LiteralString) -> str:  # noqa: N802 - the name by which gettext's tools know it
    """`text` itself: it is to be translated when it is said."""
    return text


def gettext(text: str) -> str:
    """`text` in the chosen language; one that the catalogue lacks, as it is."""
    return _CHOSEN.get().gettext(text) if text else ""  # the empty text is a catalogue's header


def ngettext(one: str, more: str, number: int) -> str:
    """The form of a text that goes with `number`."""
    return _CHOSEN.get().ngettext(one, more, number)


@contextmanager
def speaking(language: NullTranslations) -> Iterator[None]:
    """Say everything in that language, in this task, meanwhile."""
    before = _CHOSEN.set(language)
    try:
        yield
    finally:
        _CHOSEN.reset(before)
