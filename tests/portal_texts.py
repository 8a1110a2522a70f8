"""What there is to translate in the portal, found as docs/portal.md says."""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
SOURCES = ("services/portal", "services/_runtime")


def extracted(folder: Path) -> Catalog:
    """What `pybabel extract` finds, written to a file in `folder` and read again."""
    written = folder / "portal.pot"
    command = ["pybabel", "-q", "extract", "-F", str(ROOT / "pyproject.toml"), "-o", str(written)]
    CommandLineInterface().run([*command, *(str(ROOT / one) for one in SOURCES)])  # type: ignore[no-untyped-call]
    with written.open("rb") as file:
        return read_po(file)
