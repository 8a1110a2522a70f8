"""Holds: what retention keeps, whatever its age, until somebody lifts the hold."""

from uuid import UUID

from services._runtime.history import FaxRow
from services.portal.api import given, told
from services.portal.api.describing import addresses
from services.portal.api.doors import Caller, Office
from services.portal.api.problems import Refused, done
from services.portal.faxes.access import Viewer, visible
from services.portal.inventory.actors import NotThere

router = addresses("holds")


@router.get("/holds", operation_id="listHolds")
async def holds(caller: Office, domain: str | None = None) -> told.Holds:
    """The holds that are set, of one domain or of all that are the caller's; newest first."""
    found = await caller.inventory.lists.holds(caller.actor, domain)
    return told.Holds(holds=[told.Hold.model_validate(one) for one in found])


@router.post("/holds", status_code=201, operation_id="setHold")
async def set_hold(caller: Office, wanted: given.NewHold) -> told.Hold:
    """Keep a fax, or all faxes of a fax account or a domain. A hold that is set gets the new reason."""
    domain = await _domain(caller, wanted.scope)
    if domain is None:
        raise NotThere("fax")  # of no domain: the operator's to hold
    made = await caller.inventory.holds.set(caller.actor, domain, wanted.scope, wanted.reason, wanted.by)
    return told.Hold.model_validate(done(made))


@router.post("/holds/lift", operation_id="liftHold")
async def lift_hold(caller: Office, wanted: given.LiftedHold) -> told.Hold:
    """Keep something no longer than its retention says."""
    actor, rooms = caller.actor, caller.inventory
    word = (wanted.scope, wanted.reason, wanted.by)
    listed = [one.domain for one in await rooms.lists.holds(actor) if one.scope == wanted.scope]
    if listed:
        made = await rooms.holds.lift(actor, listed[0], *word)
    elif wanted.unlisted:
        made = await rooms.holds.lift_unlisted(actor, await _domain(caller, wanted.scope), *word)
    else:
        raise NotThere("hold")
    return told.Hold.model_validate(done(made))


async def _domain(caller: Caller, scope: str) -> str | None:
    """Whose a scope is; None: a fax of no domain.

    Raises:
        NotThere: There is no such thing, or it is nobody's whom the caller looks after.
        Refused: This portal has no history to ask about a fax.
    """
    kind, _, which = scope.partition(":")
    lists, actor = caller.inventory.lists, caller.actor
    if kind == "domain":
        return (await lists.domain(actor, which)).name
    if kind == "account":
        return (await lists.account(actor, which)).domain
    return (await _fax(caller, which)).domain


async def _fax(caller: Caller, which: str) -> FaxRow:
    if caller.services.faxes is None:
        raise Refused("unavailable")
    fax_id = _id(which)
    row = await caller.services.faxes.history.fax(fax_id)
    person = caller.person
    sees = visible(Viewer(person.role, person.reseller, person.domain), row) if row else None
    if row is None or sees is None or not sees.row:
        raise NotThere("fax")
    return row


def _id(text: str) -> UUID:
    """Of a fax, written as scopes have it: no other spelling is a hold on it."""
    try:
        fax_id = UUID(text)
    except ValueError:
        raise NotThere("fax") from None
    if str(fax_id) != text:
        raise NotThere("fax")
    return fax_id
