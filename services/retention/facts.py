"""What a fax's own records say of it: whose it is and when it was accepted."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from schemas.keys import accepted_key
from services._runtime.blobs import Blobs
from services.retention.domain import Facts
from services.retention.remains import Remains

AT_ONCE = 16


class Status(BaseModel):
    """The part of a decision's step that retention needs."""

    model_config = ConfigDict(extra="ignore")

    accepted_at: AwareDatetime
    version: int = 1
    direction: Literal["received", "sent"] = "received"


class Record(BaseModel):
    """The part of a decision, or of an acceptance, that retention needs."""

    model_config = ConfigDict(extra="ignore")

    account_id: str | None = None
    domain: str | None = None
    rule: str | None = None
    upload: str | None = None
    status: Status | None = None
    accepted_at: AwareDatetime | None = None

    @classmethod
    def read(cls, raw: bytes | None) -> Self | None:
        """What `raw` says, or None if it says nothing that can be read."""
        try:
            return None if raw is None else cls.model_validate_json(raw)
        except ValidationError:
            return None


async def facts(blobs: Blobs, faxes: Sequence[Remains]) -> list[Facts]:
    """What is known of each fax, in their order.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    limit = asyncio.Semaphore(AT_ONCE)

    async def of(fax: Remains) -> Facts:
        async with limit:
            return await _facts(blobs, fax)

    return list(await asyncio.gather(*(of(fax) for fax in faxes)))


def accepted_at(raw: bytes | None) -> datetime | None:
    """The fax's date, from the bytes of its acceptance."""
    record = Record.read(raw)
    return record.accepted_at if record else None


async def _facts(blobs: Blobs, fax: Remains) -> Facts:
    decided = Record.read(await blobs.get(fax.decision)) if fax.decision else None
    if decided is not None and decided.status is not None:
        first = Facts(fax.fax_id, decided.status.accepted_at, decided.account_id, decided.domain)
        return _released(first, Record.read(await blobs.get(fax.release))) if fax.release else first
    when = accepted_at(await blobs.get(accepted_key(fax.fax_id)))
    return Facts(fax.fax_id, when, owner_known=fax.decision is None)


def _released(first: Facts, record: Record | None) -> Facts:
    """It is now whose it was released to; holds of whom it came for count as before."""
    if record is None:
        return replace(first, owner_known=False)
    earlier = first.scopes - {f"fax:{first.fax_id}"}
    return replace(first, account_id=record.account_id, domain=record.domain, also=earlier)
