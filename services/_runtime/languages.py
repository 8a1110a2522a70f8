"""The languages that are offered: English, and those whose catalogues lie in a folder; and which of them is meant."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from services._runtime.catalogues import SUFFIX, CatalogueUnreadable, read_catalogue
from services._runtime.translating import ENGLISH, Language

log = logging.getLogger(__name__)

_MOST: Final = 20
"""Languages of a browser that are looked at: the header is anybody's."""


@dataclass(frozen=True)
class Languages:
    """What can be spoken: at least English, by name."""

    offered: tuple[Language, ...] = (ENGLISH,)

    @classmethod
    def read(cls, folder: Path | None) -> Self:
        """English, and every `<tag>.po` in `folder`. Texts that would break a page are left in English, and logged.

        Raises:
            CatalogueUnreadable: There is no such folder, or a file in it is no catalogue.
        """
        if folder is None:
            return cls()
        if not folder.is_dir():
            raise CatalogueUnreadable(f"NATIVEFAX_LANGUAGES: {folder} is no folder. Put catalogues like de.po there.")
        found = {ENGLISH.tag: ENGLISH}
        for file in sorted(folder.glob(f"*{SUFFIX}")):
            catalogue = read_catalogue(file)
            found[catalogue.language.tag] = catalogue.language
            if catalogue.faults:
                log.warning("texts stay English", extra={"file": file.name, "texts": len(catalogue.faults)})
        return cls(tuple(sorted(found.values(), key=lambda one: one.name.casefold())))

    @property
    def several(self) -> bool:
        """Whether there is a choice."""
        return len(self.offered) > 1

    def find(self, tag: str | None) -> Language | None:
        """The language of a tag; None, if it isn't offered (any more)."""
        return next((one for one in self.offered if one.tag == tag), None)

    def of_browser(self, accept: str) -> Language | None:
        """The first that a browser asks for (`Accept-Language`) and that is offered, in some variety."""
        return next((found for tag in _asked(accept) if (found := self._like(tag))), None)

    def _like(self, tag: str) -> Language | None:
        """``de-AT`` is served by ``de``, and ``pt`` or ``pt-PT`` by ``pt-BR`` (RFC 4647, 3.4, and a step beyond)."""
        known = {one.tag.lower(): one for one in self.offered}
        parts = tag.split("-")
        for end in range(len(parts), 0, -1):
            if found := known.get("-".join(parts[:end])):
                return found
        return next((one for name, one in known.items() if name.startswith(f"{parts[0]}-")), None)


def _asked(accept: str) -> Iterable[str]:
    """The tags of an `Accept-Language`, the most wanted first (RFC 9110, 12.5.4)."""
    wanted = []
    for at, part in enumerate(accept.lower().split(",")[:_MOST]):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            quality = 0.0
        if tag.strip() and quality > 0:
            wanted.append((-quality, at, tag.strip()))
    return [tag for _, _, tag in sorted(wanted)]
