"""Holds: what retention must not delete, until they are lifted."""

from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import delete, insert, select

from schemas.base import Text
from schemas.retention import HoldChanged
from services._runtime.texts import turns
from services.portal.inventory.actors import Actor, NotThere
from services.portal.inventory.refusals import Refused, refused
from services.portal.inventory.store import Change, Entry, Store
from services.portal.inventory.tables import ACCOUNTS, HOLDS
from services.portal.inventory.views import Held

_LINE: TypeAdapter[str] = TypeAdapter(Text)


@dataclass(frozen=True)
class Holds:
    """Sets and lifts. Raises `NotAllowed`, `NotThere` and `DependencyAway`.

    `by` names who decided, where that is somebody else than the actor; the audit log names the actor all the same.
    """

    store: Store

    async def set(self, actor: Actor, domain: str, scope: str, reason: str, by: str = "") -> Held | Refused:
        """Keep a fax, an account's faxes or a domain's, whatever their age. Whose a fax is, the caller has checked."""
        actor.must("change-holds")
        if not reason.strip() or not fits_a_line(reason, by):
            return refused("hold-invalid")
        return await self._write(actor, domain, _Word(scope, reason.strip(), by.strip(), held=True))

    async def lift(self, actor: Actor, domain: str, scope: str, reason: str = "", by: str = "") -> Held | Refused:
        """Keep it no longer than its retention says."""
        actor.must("change-holds")
        if not fits_a_line(reason, by):
            return refused("hold-invalid")
        return await self._write(actor, domain, _Word(scope, reason.strip(), by.strip(), held=False))

    async def lift_unlisted(
        self, actor: Actor, domain: str | None, scope: str, reason: str = "", by: str = ""
    ) -> Held | Refused:
        """Lift what was put on hold before the portal kept holds; whose it is, the caller has checked.

        `domain` is None for a fax of none.
        """
        actor.must("change-holds")
        if not fits_a_line(reason, by):
            return refused("hold-invalid")
        word = _Word(scope, reason.strip(), by.strip(), held=False)

        async def work(change: Change) -> Held:
            if domain is not None:
                await change.lock(domain)
            elif not actor.reaches(actor.reseller, None):
                raise NotThere("fax")
            chosen = select(HOLDS.c.scope).where(HOLDS.c.scope == scope, HOLDS.c.held)
            if (await change.connection.execute(chosen)).one_or_none() is not None:
                raise NotThere("hold")  # it is listed, and lifted by `lift`
            return await _tell(change, word, domain, None)

        return await self.store.change(actor, work)

    async def _write(self, actor: Actor, domain: str, word: "_Word") -> Held:
        async def work(change: Change) -> Held:
            row = await change.lock(domain)
            before = await _within(change, domain, word.scope, held=word.held)
            kept = {name: value for name, value in vars(word.by_whom(domain, change)).items() if name != "in_force"}
            await change.connection.execute(delete(HOLDS).where(HOLDS.c.scope == word.scope))
            await change.connection.execute(insert(HOLDS).values(**kept, reseller=row.reseller, held=word.held))
            return await _tell(change, word, domain, before)

        return await self.store.change(actor, work)


@dataclass(frozen=True)
class _Word:
    """What somebody says of a scope. A lifted hold may have no reason."""

    scope: str
    reason: str
    by: str
    held: bool

    def by_whom(self, domain: str | None, change: Change) -> Held:
        """As it is listed until it is published; one of no domain is listed nowhere."""
        return Held(self.scope, domain or "", self.reason, self.by or change.actor.name, change.at, in_force=False)


def fits_a_line(*lines: str) -> bool:
    """Whether the contract takes each of them as one line, and it reads as it is written."""
    try:
        for one in lines:
            _LINE.validate_python(one.strip())
    except ValidationError:
        return False
    return not any(map(turns, lines))


async def _tell(change: Change, word: _Word, domain: str | None, before: dict[str, str] | None) -> Held:
    now = word.by_whom(domain, change)
    told = {name: text for name, text in (("reason", word.reason), ("by", word.by)) if text}
    await change.record(Entry("hold.set" if word.held else "hold.lifted", word.scope, domain, before, told or None))
    await change.publish([HoldChanged(scope=word.scope, held=word.held, reason=word.reason, by=now.by, at=change.at)])
    return now


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
