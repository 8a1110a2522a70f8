"""The draft that an address names, and the fax numbers from which somebody may send."""

from uuid import UUID

from services.portal.inventory.actors import NotThere
from services.portal.inventory.views import Account
from services.portal.sending.domain import Draft
from services.portal.sending.sending import Sender, Sending
from services.portal.web.gate import Visit

NUMBERS = 500
"""Fax numbers to choose from."""


class CannotSend(Exception):  # noqa: N818 - it says what is the matter
    """This portal isn't connected to the HTTP API. 503."""


def draft_page(draft: Draft, part: str = "") -> str:
    """The address of a draft's page, or of a part of it."""
    return f"/send/{draft.draft_id}/{part}" if part else f"/send/{draft.draft_id}"


def sending_of(visit: Visit) -> Sending:
    """What sends faxes here.

    Raises:
        CannotSend: Nothing does.
    """
    if visit.services.sending is None:
        raise CannotSend
    return visit.services.sending


async def draft_of(visit: Visit) -> Draft:
    """The person's draft that the address names by ``{draft}``.

    Raises:
        NotThere: They have none of that id.
        CannotSend: As `sending_of`.
        DependencyAway: The store doesn't answer.
    """
    try:
        draft_id = UUID(visit.request.path_params["draft"])
    except ValueError:
        raise NotThere("draft") from None
    return there(await sending_of(visit).drafts.find(visit.person.user_id, draft_id))


def there(draft: Draft | None) -> Draft:
    """`draft`, if it is there.

    Raises:
        NotThere: It was thrown away meanwhile.
    """
    if draft is None:
        raise NotThere("draft")
    return draft


async def numbers(visit: Visit) -> tuple[Account, ...]:
    """The accounts from which the person may send, their own first.

    Raises:
        DependencyAway: The database doesn't answer.
    """
    found = await visit.services.inventory.lists.accounts(visit.actor, visit.actor.domain or "", limit=NUMBERS)
    allowed = [one for one in found if "portal" in one.methods]
    return tuple(sorted(allowed, key=lambda one: one.user is None or one.user.user_id != visit.person.user_id))


async def sender_of(visit: Visit, draft: Draft) -> Sender | None:
    """Who sends a draft, from the account that it names; None if they may not send from there."""
    account = next((one for one in await numbers(visit) if one.account_id == draft.account_id), None)
    return Sender(visit.person.user_id, visit.person.email, account) if account else None
