"""Holds: what retention must not delete, until they are lifted."""

from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import delete, insert, select

from schemas.base import Text
from schemas.retention import HoldChanged
from services.portal.inventory.actors import Actor, NotThere
from services.portal.inventory.refusals import Refused, refused
from services.portal.inventory.store import Change, Entry, Store
from services.portal.inventory.tables import ACCOUNTS, HOLDS
from services.portal.inventory.views import Held

_REASON: TypeAdapter[str] = TypeAdapter(Text)


@dataclass(frozen=True)
class Holds:
    """Sets and lifts. Raises `NotAllowed`, `NotThere` and `DependencyAway`."""

    store: Store

    async def set(self, actor: Actor, domain: str, scope: str, reason: str) -> Held | Refused:
        """Keep a fax, an account's faxes or a domain's, whatever their age. Whose a fax is, the caller has checked."""
        actor.must("change-holds")
        try:
            why = _REASON.validate_python(reason.strip())
        except ValidationError:
            why = ""
        if not why:
            return refused("hold-invalid")
        return await self._write(actor, domain, scope, why, held=True)

    async def lift(self, actor: Actor, domain: str, scope: str) -> Held | Refused:
        """Keep it no longer than its retention says."""
        actor.must("change-holds")
        return await self._write(actor, domain, scope, "", held=False)

    async def _write(self, actor: Actor, domain: str, scope: str, reason: str, *, held: bool) -> Held:
        async def work(change: Change) -> Held:
            row = await change.lock(domain)
            before = await _within(change, domain, scope, held=held)
            now = Held(scope, domain, reason, actor.name, change.at)
            await change.connection.execute(delete(HOLDS).where(HOLDS.c.scope == scope))
            await change.connection.execute(insert(HOLDS).values(**vars(now), reseller=row.reseller, held=held))
            what = "hold.set" if held else "hold.lifted"
            await change.record(Entry(what, scope, domain, before, {"reason": reason} if held else None))
            await change.publish([HoldChanged(scope=scope, held=held, reason=reason, by=actor.name, at=change.at)])
            return now

        return await self.store.change(actor, work)


async def _within(change: Change, domain: str, scope: str, *, held: bool) -> dict[str, str] | None:
    """The reason of the hold as it is; raises `NotThere` if the scope isn't this domain's."""
    known = (await change.connection.execute(select(HOLDS).where(HOLDS.c.scope == scope))).one_or_none()
    if known is not None and known.domain != domain:
        raise NotThere("hold")
    if not held and (known is None or not known.held):
        raise NotThere("hold")
    kind, _, which = scope.partition(":")
    if kind == "account":
        owner = await change.connection.scalar(select(ACCOUNTS.c.domain).where(ACCOUNTS.c.account_id == which))
        if owner != domain:
            raise NotThere("account")
    elif kind == "domain":
        if which != domain:
            raise NotThere("domain")
    elif kind != "fax":
        raise NotThere("hold")
    return {"reason": known.reason} if known is not None and known.held else None
