"""The audit log: who did what, when, found by each of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services._runtime.translating import N_
from services.portal.inventory import rows
from services.portal.inventory.actors import Actor, NotThere
from services.portal.inventory.reading import LIMIT, theirs
from services.portal.inventory.store import Store
from services.portal.inventory.tables import AUDIT
from services.portal.inventory.views import Audited

KINDS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "accounts": (N_("Fax accounts"), ("account.",)),
    "numbers": (N_("Phone numbers and maximum"), ("number.", "domain.")),
    "users": (N_("Users"), ("user.",)),
    "sign-in": (N_("Signing in"), ("sign", "password-")),
    "secrets": (N_("Codes and tokens"), ("device.", "token.", "api-token.")),
    "faxes": (N_("Faxes"), ("fax.",)),
    "holds": (N_("Holds"), ("hold.",)),
    "brand": (N_("Brand and device types"), ("brand.", "device-type.")),
}
"""What can be looked for: its words, and how an entry's `what` then begins."""

_NUMBER: Final = frozenset("+0123456789 ()-./")


@dataclass(frozen=True)
class Sought:
    """Which entries; what is empty restricts nothing.

    Attributes:
        who: A part of the name of whoever did it.
        kind: A key of `KINDS`.
        subject: A part of what it was done to: a number in any form, an email, a serial.
        since: Not before this moment.
        until: Before this moment.
    """

    who: str = ""
    kind: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING: Final = Sought()


@dataclass(frozen=True)
class Audit:
    """Reads the log; nothing alters it. Raises `NotAllowed`, `NotThere` and `DependencyAway`."""

    store: Store

    async def entries(
        self,
        actor: Actor,
        domain: str | None,
        sought: Sought = EVERYTHING,
        *,
        before: int | None = None,
        limit: int = LIMIT,
    ) -> tuple[Audited, ...]:
        """The newest first, before an entry; of a domain, or (None) of the reseller itself."""
        actor.must("see-audit")
        if domain is None and actor.role != "reseller":
            raise NotThere("domain")
        conditions = [AUDIT.c.reseller == actor.reseller, *_conditions(sought)]
        conditions.append(AUDIT.c.domain.is_(None) if domain is None else AUDIT.c.domain == domain)
        if before is not None:
            conditions.append(AUDIT.c.id < before)
        chosen = select(AUDIT).where(*conditions).order_by(AUDIT.c.id.desc()).limit(limit)

        async def work(connection: AsyncConnection) -> tuple[Audited, ...]:
            if domain is not None:
                await theirs(connection, actor, domain)
            return tuple(rows.audited_of(row) for row in await connection.execute(chosen))

        return await self.store.read(work)


def _conditions(sought: Sought) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if sought.who.strip():
        found.append(AUDIT.c.name.icontains(sought.who.strip(), autoescape=True))
    if sought.kind in KINDS:
        found.append(or_(*(AUDIT.c.what.startswith(one, autoescape=True) for one in KINDS[sought.kind][1])))
    if subject := sought.subject.strip():
        digits = "".join(one for one in subject if one.isdigit())
        text = digits if digits and set(subject) <= _NUMBER else subject
        found.append(AUDIT.c.subject.icontains(text, autoescape=True))
    if sought.since is not None:
        found.append(AUDIT.c.at >= sought.since)
    if sought.until is not None:
        found.append(AUDIT.c.at < sought.until)
    return found
