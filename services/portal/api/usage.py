"""Usage by domain, fax number and month."""

from datetime import date
from typing import Annotated

from fastapi import Query

from services._runtime.history import Whose
from services._runtime.problems import Wrong
from services.portal.api.describing import addresses
from services.portal.api.doors import Caller, Office
from services.portal.api.problems import Refused
from services.portal.api.told import Told
from services.portal.handling import usage as handled
from services.portal.handling.usage import MOST_MONTHS, Period

router = addresses("usage")


class Came(Told):
    """Faxes, their pages, and the line time of all calls in seconds."""

    faxes: int
    pages: int
    seconds: float


class UsageLine(Told):
    """One fax number in one month, named by its first day. Of unclaimed faxes `account_id` is null."""

    month: date
    domain: str
    account_id: str | None
    fax_number: str
    received: Came
    sent: Came

    @classmethod
    def of(cls, one: handled.UsageLine) -> "UsageLine":
        """As it was added up."""
        received, sent = Came.model_validate(one.received), Came.model_validate(one.sent)
        return cls(
            month=one.month,
            domain=one.domain,
            account_id=one.account_id,
            fax_number=one.number,
            received=received,
            sent=sent,
        )


class AllUsage(Told):
    """The newest month first, then by domain and number."""

    usage: list[UsageLine]


Month = Annotated[str, Query(pattern=r"^[0-9]{4}-[0-9]{2}$", description="as 2026-11; left out: this month")]


@router.get("/usage", operation_id="usage")
async def all_usage(
    caller: Office, first: Month | None = None, last: Month | None = None, domain: str | None = None
) -> AllUsage:
    """What each fax number's faxes came to in whole months (UTC), of one domain or of all that are the caller's.

    A sent fax counts in when it was delivered; the seconds of its calls count always.
    """
    history, store = caller.services.faxes, caller.inventory.lists.store
    if history is None:
        raise Refused("unavailable")
    period = Period.of(first or "", last or first or "", store.now().date())
    if period is None:
        raise Refused(
            "invalid-request", errors=(Wrong("query.last", f"at most {MOST_MONTHS} months, the first one first"),)
        )
    lines = await handled.usage(history.history, store, await _whose(caller, domain), period)
    return AllUsage(usage=[UsageLine.of(one) for one in lines])


async def _whose(caller: Caller, domain: str | None) -> Whose:
    wanted = domain or caller.actor.domain
    if wanted is None:
        return Whose(reseller=caller.actor.reseller)
    return Whose(domain=(await caller.inventory.lists.domain(caller.actor, wanted)).name)
