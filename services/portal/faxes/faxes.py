"""What the pages of faxes ask."""

from dataclasses import dataclass, field

from services._runtime.blobs import Blobs
from services._runtime.history import History
from services.portal.faxes.pictures import Pictures
from services.portal.faxes.viewings import Viewings


@dataclass(frozen=True)
class Faxes:
    """The faxes of a portal.

    Attributes:
        history: A row for each fax, and its steps.
        blobs: Their documents.
        pictures: Of their pages.
        viewings: Who read which of late.
    """

    history: History
    blobs: Blobs
    pictures: Pictures
    viewings: Viewings = field(default_factory=Viewings)
