"""A fax number that was removed and given to another customer shows nothing of the old one, to anybody of the new."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from services._runtime.claims import utc_now
from services._runtime.history import History, Whose
from services._runtime.outbox import Outbox
from services.portal.inventory import Inventory
from services.portal.inventory.actors import Actor
from services.portal.inventory.forms import AddAccount, PrimaryUser, UserForm
from services.portal.inventory.refusals import Refused
from services.portal.inventory.tables import OUTBOX
from services.portal.inventory.views import Saved, User
from tests.integration.inventory_world import move_number
from tests.providers.faxes import CALLER, received
from tests.providers.portal import DOMAIN, Portal, portal, post
from tests.unit.bounces import Published

RESELLER = Actor("owner", "Nora Wind", "reseller", "reseller")
NUMBER, NEXT = "+12025550101", "next.example"
PDF = b"%PDF-1.7 of the old customer"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as made:
        yield made


def inventory(site: Portal, days: int = 0) -> Inventory:
    """As it is so many days from now."""

    def now() -> datetime:
        return utc_now() + timedelta(days=days)

    return Inventory(site.engine, Outbox(site.engine, OUTBOX, Published(), source="portal"), now)


async def taken(asked: Inventory, domain: str, user: PrimaryUser) -> Saved | Refused:
    return await asked.accounts.add(RESELLER, AddAccount(domain, NUMBER, user, ("email", "portal"), "portal"))


async def handed_on(site: Portal) -> tuple[UUID, str, str]:
    """The old customer's fax, and the accounts that had and have the number."""
    today, later = inventory(site), inventory(site, days=31)
    old = await taken(today, DOMAIN, PrimaryUser(written="1003"))
    assert isinstance(old, Saved)
    account = old.account.account_id
    fax = await site.stored.put("accepted", "routed", account_id=account, fax_number=NUMBER, documents=received(PDF))
    await today.accounts.remove(RESELLER, account, old.account.version)
    await today.numbers.add_domain(RESELLER, NEXT, None)
    await move_number(today, NUMBER, NEXT)
    early = await taken(today, NEXT, PrimaryUser(name="Nell", email="nell@next.example"))
    assert isinstance(early, Refused)
    assert early.codes == ("number-quarantined",)
    new = await taken(later, NEXT, PrimaryUser(name="Nell", email="nell@next.example"))
    assert isinstance(new, Saved)
    return fax, account, new.account.account_id


async def signed_in(site: Portal, email: str) -> httpx.AsyncClient:
    (user,) = [one for one in await inventory(site).lists.users(RESELLER, NEXT) if one.email == email]
    await site.services.people.set_password(user.user_id, "a long password")
    client = site.client()
    assert (await post(client, "/sign-in", email=email, password="a long password")).status_code == 303
    return client


async def test_the_new_customer_sees_nothing_of_the_old(site: Portal) -> None:
    fax, old, new = await handed_on(site)
    manager = await inventory(site).users.add(RESELLER, NEXT, UserForm("Mia", "mia@next.example", role="manager"))
    assert isinstance(manager, User)
    mine = await site.stored.put(
        "accepted", "routed", account_id=new, fax_number=NUMBER, domain=NEXT, documents=received(b"%PDF-1.7 of the new")
    )
    for email in ("nell@next.example", "mia@next.example"):
        client = await signed_in(site, email)
        page = (await client.get("/faxes/received")).text
        assert str(mine) in page
        assert str(fax) not in page
        searched = (await client.get("/faxes/received", params={"number": CALLER})).text
        assert str(fax) not in searched
        for address in (f"/fax/{fax}", f"/fax/{fax}/fax.pdf", f"/fax/{fax}/fax.tif", f"/fax/{fax}/thumbnail"):
            assert (await client.get(address)).status_code == 404, address
        assert (await client.get(f"/fax/{mine}")).status_code == 200
    of_next = Actor(manager.user_id, "Mia", "manager", "reseller", NEXT)
    known = await inventory(site).lists.accounts_with(of_next, NUMBER)
    assert [one.account_id for one in known] == [new]
    await history_tells_them_apart(site.stored.faxes.history, (fax, old), (mine, new))


async def history_tells_them_apart(history: History, old: tuple[UUID, str], new: tuple[UUID, str]) -> None:
    for fax, account, domain in ((*old, DOMAIN), (*new, NEXT)):
        for whose in (Whose(accounts=(account,)), Whose(domain=domain)):
            assert [row.fax_id for row in (await history.faxes(whose)).rows] == [fax]
            assert [row.fax_id for row in (await history.faxes(whose, number=CALLER)).rows] == [fax]


async def test_the_old_customer_keeps_what_was_theirs(site: Portal) -> None:
    fax, _, _ = await handed_on(site)
    manager = await site.signed_in("manager")
    assert (await manager.get(f"/fax/{fax}")).status_code == 200
    assert (await manager.get(f"/fax/{fax}/fax.pdf")).content == PDF
