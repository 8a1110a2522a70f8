"""The parts of the portal that offer actions on the page of a fax."""

from collections.abc import Sequence
from typing import Final

from services._runtime.history import FaxRow
from services.portal.faxes.access import Sees
from services.portal.web.fax_pages.actions import Action, Offer
from services.portal.web.fax_pages.deleting import offered as deleting
from services.portal.web.fax_pages.holding import offered as holding
from services.portal.web.fax_pages.mailing import offered as mailing
from services.portal.web.fax_pages.releasing import offered as releasing
from services.portal.web.fax_pages.resending import offered as resending
from services.portal.web.gate import Visit

OFFERS: Final[tuple[Offer, ...]] = (releasing, resending, mailing, holding, deleting)
"""In the order in which their actions stand on the page, after the downloads."""


async def actions(visit: Visit, row: FaxRow, sees: Sees) -> Sequence[Action]:
    """What `visit`'s person can do with a fax of which they see `sees`."""
    return [action for offer in OFFERS for action in await offer(visit, row, sees)]
