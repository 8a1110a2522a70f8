"""A language that lacks no text."""

from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from services._runtime.languages import Languages
from services._runtime.translating import Language

TAG: Final = "ar"
"""Its letters and months are none of ours, it has six plurals, and is written from right to left."""


def pseudo(texts: Catalog, folder: Path) -> Language:
    """A language in which every text stands in ⟦ ⟧, read from a catalogue in `folder` as any other."""
    strange = Catalog(locale=TAG)
    for message in texts:
        if isinstance(message.id, str):
            strange.add(message.id, f"⟦{message.id}⟧", flags=message.flags)
        else:
            strange.add(message.id, _forms(message.id[1], strange.num_plurals), flags=message.flags)
    with (folder / f"{TAG}.po").open("wb") as file:
        write_po(file, strange)
    found = Languages.read(folder).find(TAG)
    assert found
    return found


def _forms(text: str, count: int) -> tuple[str, ...]:
    return tuple(f"⟦{text}⟧" for _ in range(count))
