"""Forwarding a fax by mail: asked for once, by whom the account lets, to whom it lets, and not without end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, delete, func, insert, select

from schemas.base import StoredObject
from schemas.fax import EmailRequested, Forward, Missing
from services._runtime.history import FaxRow
from services.portal.handling.accounts import account_in
from services.portal.handling.domain import reachable, way_of
from services.portal.inventory.actors import Actor, NotThere
from services.portal.inventory.checking import email_of, folded
from services.portal.inventory.refusals import Refused, refused
from services.portal.inventory.store import Change, Entry, Store
from services.portal.inventory.tables import FORWARDS, USERS
from services.portal.inventory.views import Account

REMEMBERED: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
PER_PERSON: Final = 30
"""Mails in an hour."""
PER_DOMAIN: Final = 300
"""Mails in a day, of everybody in an office together."""


@dataclass(frozen=True)
class Forwarding:
    """A fax to be forwarded.

    Attributes:
        form: Of the form that asks for it: one mail comes of it for each address, however often it is sent.
        written: The address as typed.
        document: What is attached, or linked to.
        missing: What its first mail said was missing.
    """

    form: UUID
    written: str
    document: StoredObject
    missing: Sequence[Missing] = ()

    @property
    def forward_id(self) -> UUID:
        """Of the mail."""
        return uuid5(self.form, folded(self.written))


async def forward(store: Store, actor: Actor, row: FaxRow, wanted: Forwarding) -> Refused | None:
    """Have a fax mailed; the caller has checked that the actor may read it. The reasons if it isn't.

    Raises:
        DependencyAway: The database doesn't answer; whether it counted is unknown, and asking again makes it once.
        NotThere: The fax is of no account of the actor's, or of one that doesn't let faxes be forwarded.
    """
    domain = actor.domain
    if domain is None:
        raise NotThere("fax")

    async def work(change: Change) -> Refused | None:
        await change.lock(domain)  # mails of an office are counted one at a time
        account = await account_in(change.connection, actor, row)
        if account is None or not account.settings.mail_forwarding:
            raise NotThere("fax")
        if await _count(change, FORWARDS.c.mail_id == str(wanted.forward_id)):
            return None
        recipient = await _recipient(change, account, wanted.written)
        if isinstance(recipient, Refused):
            return recipient
        if await _too_often(change, account):
            return refused("forwarded-too-often")
        await _ask(change, account, row, wanted, recipient)
        return None

    return await store.change(actor, work)


async def _recipient(change: Change, account: Account, written: str) -> str | Refused:
    address = email_of(written)
    if address is None:
        return refused("email-invalid")
    office = select(USERS.c.email).where(USERS.c.domain == account.domain, USERS.c.email_folded == folded(address))
    known = await change.connection.scalars(office)
    return reachable(address, known.all(), account.settings) or refused("recipient-not-allowed", written=address)


async def _too_often(change: Change, account: Account) -> bool:
    await change.connection.execute(delete(FORWARDS).where(FORWARDS.c.at <= change.at - REMEMBERED))
    office = FORWARDS.c.domain == account.domain
    own = (office, FORWARDS.c.user_id == change.actor.user_id, FORWARDS.c.at > change.at - HOUR)
    return await _count(change, office) >= PER_DOMAIN or await _count(change, *own) >= PER_PERSON


async def _count(change: Change, *which: ColumnElement[bool]) -> int:
    return await change.connection.scalar(select(func.count()).select_from(FORWARDS).where(*which)) or 0


async def _ask(change: Change, account: Account, row: FaxRow, wanted: Forwarding, recipient: str) -> None:
    last = select(func.max(FORWARDS.c.version)).where(
        FORWARDS.c.domain == account.domain, FORWARDS.c.fax_id == str(row.fax_id)
    )
    request = EmailRequested(
        fax_id=row.fax_id,
        version=max(row.version, await change.connection.scalar(last) or 0) + 1,
        purpose="forwarded",
        account_id=account.account_id,
        accepted_at=row.accepted_at,
        requested_at=change.at,
        recipient=recipient,
        policy=way_of(account),
        brand=await change.brand(account.reseller),
        fax_number=row.fax_number or account.number,
        other_party=row.other_party,
        time_zone=account.settings.time_zone,
        pages=row.pages or 0,
        pages_announced=row.pages_announced,
        partial=row.partial,
        missing=tuple(wanted.missing),
        document=wanted.document,
        link_access=account.settings.link_access,
        forward=Forward(forward_id=wanted.forward_id, by=change.actor.name, direction=row.direction),
    )
    line = {
        "mail_id": str(wanted.forward_id),
        "fax_id": str(row.fax_id),
        "version": request.version,
        "user_id": change.actor.user_id,
        "domain": account.domain,
        "at": change.at,
    }
    await change.connection.execute(insert(FORWARDS), line)
    told = {"mailed_to": recipient, "as": request.policy}
    await change.record(Entry("fax.forwarded", str(row.fax_id), account.domain, None, told))
    await change.publish([request])
