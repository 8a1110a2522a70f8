"""Sentences that another process wrote in English, said anew in the chosen language.

Events, decisions and results of jobs carry sentences for people, made where the facts are known. As gettext does, this
takes the English text for the name of the sentence; and it finds again the values that were put into it.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from services._runtime.display import clock
from services._runtime.translating import ENGLISH, gettext, language

SENTENCES: Final = frozenset({"what", "problem", "then", "treatment"})
"""Places whose value is a phrase itself."""

MOMENTS: Final = frozenset({"moment"})
"""Places whose value is a moment, as `display.when` writes it in English."""

_PLACE: Final = re.compile(r"\{(\w+)\}")
_MOMENT: Final = re.compile(r"(\d{1,2} [A-Z][a-z]+ \d{4}), (\d\d:\d\d) \(([^()]+)\)")
_DEEPEST: Final = 3


class Phrases:
    """Templates with places in braces, marked with `N_` where they are written."""

    def __init__(self, templates: Iterable[str]) -> None:
        every = sorted(set(templates), key=lambda one: len(_PLACE.sub("", one)), reverse=True)
        self._whole = frozenset(every)
        self._shapes = tuple((one, _shape(one)) for one in every if _PLACE.search(one))

    def say(self, text: str) -> str:
        """`text` in the chosen language; as it is, if it is none of these."""
        return text if language() is ENGLISH else self._say(text, _DEEPEST)

    def _say(self, text: str, deep: int) -> str:
        if text in self._whole:
            return gettext(text)
        for template, shape in self._shapes:
            if found := shape.fullmatch(text):
                values = {name: self._value(name, value, deep) for name, value in found.groupdict().items()}
                return gettext(template).format(**values)
        return text

    def _value(self, name: str, value: str, deep: int) -> str:
        if name in MOMENTS:
            return _moment(value)
        return self._say(value, deep - 1) if name in SENTENCES and deep else value


def _shape(template: str) -> re.Pattern[str]:
    """What a sentence made of `template` looks like; a place that is there twice has the same value both times."""
    known: set[str] = set()
    parts = _PLACE.split(template)
    made = [re.escape(parts[0])]
    for name, literal in zip(parts[1::2], parts[2::2], strict=True):
        made += [f"(?P={name})" if name in known else f"(?P<{name}>.+?)", re.escape(literal)]
        known.add(name)
    return re.compile("".join(made), re.DOTALL)


def _moment(text: str) -> str:
    found = _MOMENT.fullmatch(text)
    try:
        at = datetime.strptime(f"{found[1]} {found[2]}", "%d %B %Y %H:%M").replace(tzinfo=UTC) if found else None
    except ValueError:
        at = None
    return clock(at, found[3]) if at and found else text
