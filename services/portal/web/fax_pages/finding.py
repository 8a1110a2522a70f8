"""The fax that an address names, for whoever asks: every page of one fax begins here."""

from dataclasses import dataclass
from uuid import UUID

from services._runtime.history import FaxRow
from services.portal.faxes.access import Sees, Viewer, visible
from services.portal.faxes.faxes import Faxes
from services.portal.faxes.owned import own_accounts
from services.portal.inventory.actors import NotThere
from services.portal.web.gate import Visit


class NotConnected(Exception):  # noqa: N818 - it says what it is
    """This portal has no history of faxes. 503."""


@dataclass(frozen=True)
class Found:
    """A fax of which somebody sees at least the row."""

    row: FaxRow
    sees: Sees

    @property
    def address(self) -> str:
        """Of its page."""
        return fax_page(self.row.fax_id)


def fax_page(fax_id: UUID, part: str = "") -> str:
    """The address of a fax's page, or of a part of it."""
    return f"/fax/{fax_id}/{part}" if part else f"/fax/{fax_id}"


def faxes_of(visit: Visit) -> Faxes:
    """The faxes of this portal.

    Raises:
        NotConnected: It has none.
    """
    if visit.services.faxes is None:
        raise NotConnected
    return visit.services.faxes


async def viewer_of(visit: Visit) -> Viewer:
    """Who asks, with what decides about the faxes they see.

    Raises:
        DependencyAway: The portal's database doesn't answer.
    """
    person = visit.person
    own = person.role == "user"
    accounts = await own_accounts(visit.services.inventory.lists.store, person.user_id) if own else frozenset[str]()
    return Viewer(person.role, person.reseller, person.domain, accounts)


async def found(visit: Visit) -> Found:
    """The fax that the address names by ``{fax}``.

    Raises:
        NotThere: There is none, or the person sees nothing of it; the two are not told apart.
        NotConnected: This portal has no history.
        DependencyAway: A database doesn't answer.
    """
    fax_id = _id(visit.request.path_params["fax"])
    row = await faxes_of(visit).history.fax(fax_id)
    sees = visible(await viewer_of(visit), row) if row else Sees()
    if row is None or not sees.row:
        raise NotThere("fax")
    return Found(row, sees)


async def readable(visit: Visit) -> Found:
    """The same, for what shows pages.

    Raises:
        NotThere: As `found`; and the person may not read it.
        NotConnected: As `found`.
        DependencyAway: As `found`.
    """
    fax = await found(visit)
    if not fax.sees.pages:
        raise NotThere("pages")
    return fax


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotThere("fax") from None
