"""Fax accounts from a file, and into one: CSV with a header row in the words of the dialog."""

from collections.abc import Callable
from dataclasses import dataclass

from services.portal.inventory.actors import Actor
from services.portal.inventory.forms import ImportMode
from services.portal.inventory.store import Store
from services.portal.inventory.views import Imported

Progress = Callable[[int, int], None]
"""Told of rows done, of how many."""


def nobody_asks(_done: int, _rows: int) -> None:
    """Progress that nobody wants."""


@dataclass(frozen=True)
class Files:
    """Mass import and export. Raises `NotAllowed`, `NotThere` and `DependencyAway`."""

    store: Store

    def template(self) -> bytes:
        """A file to begin with: the header row, and a row as an example."""
        raise NotImplementedError

    async def import_csv(
        self, actor: Actor, domain: str, data: bytes, mode: ImportMode, progress: Progress = nobody_asks
    ) -> Imported:
        """Add the accounts of a file to a domain: try only, all or none, or those that can be added."""
        raise NotImplementedError

    async def export_csv(self, actor: Actor, domain: str) -> bytes:
        """A domain's active accounts, as a file that can be imported."""
        raise NotImplementedError
