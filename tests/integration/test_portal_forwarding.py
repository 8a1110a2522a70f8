"""Forwarding a fax by mail on the portal's pages: who may, to whom, once, and what is published of it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from schemas.fax import EmailRequested
from services._runtime.database import transaction
from services.portal.handling import forwarding
from services.portal.inventory.forms import AddAccount, ChangeAccount, PrimaryUser
from services.portal.inventory.tables import AUDIT, OUTBOX
from services.portal.inventory.views import Saved
from tests.providers.faxes import NUMBER, received
from tests.providers.office import OWNER
from tests.providers.portal import DOMAIN, EMAILS, Portal, portal, post

PDF = received(b"%PDF-1.7 a page")
COLLEAGUE = "records@clinic.example"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as made:
        yield made


async def account(site: Portal, handling: str = "email-with-attachment", **settings: object) -> str:
    """The user's fax number."""
    form = AddAccount(
        DOMAIN, NUMBER, PrimaryUser(written="1003"), ("email", "portal"), handling, settings=dict(settings)
    )
    made = await site.services.inventory.accounts.add(OWNER, form)
    assert isinstance(made, Saved), made
    return made.account.account_id


async def requests(site: Portal) -> list[EmailRequested]:
    """The mails that wait to be published."""
    async with transaction(site.engine) as connection:
        chosen = select(OUTBOX.c.value).where(OUTBOX.c.topic == "email-requested").order_by(OUTBOX.c.id)
        return [EmailRequested.model_validate_json(value) for value in await connection.scalars(chosen)]


async def audited(site: Portal) -> list[tuple[str, str, str | None]]:
    async with transaction(site.engine) as connection:
        rows = await connection.execute(select(AUDIT).where(AUDIT.c.what == "fax.forwarded"))
        return [(row.name, row.subject, row.after) for row in rows]


def words(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def mail(client: httpx.AsyncClient, fax: UUID, to: str, form: UUID | None = None) -> httpx.Response:
    return await post(client, f"/fax/{fax}/mail", email=to, form=str(form or uuid4()))


async def test_a_fax_goes_to_a_colleague_once_however_often_the_form_is_sent(site: Portal) -> None:
    mine = await account(site)
    fax = await site.stored.put("ready", "routed", account_id=mine, pages=2, documents=PDF)
    user = await site.signed_in("user")
    assert f'href="/fax/{fax}/mail"' in (await user.get(f"/fax/{fax}")).text
    page = await user.get(f"/fax/{fax}/mail")
    assert "goes along as a PDF" in words(page)
    assert COLLEAGUE not in page.text, "a user isn't told who else is in the office"
    (form,) = re.findall(r'name="form" value="([0-9a-f-]+)"', page.text)
    for typed in (f" {COLLEAGUE} ", COLLEAGUE.upper(), COLLEAGUE):
        answer = await mail(user, fax, typed, UUID(form))
        assert answer.headers["location"] == f"/fax/{fax}?done=forwarded"
    (event,) = await requests(site)
    assert (event.fax_id, event.version, event.purpose, event.direction) == (fax, 3, "forwarded", "received")
    assert (event.recipient, event.policy, event.account_id, event.pages) == (COLLEAGUE, "attachment", mine, 2)
    assert event.document
    assert (event.document.key.rpartition("/")[2], event.document.size) == ("document.pdf", len(PDF["document.pdf"]))
    assert event.forward
    assert event.forward.by == "Ben Ruiz"
    told = f'{{"mailed_to": "{COLLEAGUE}", "as": "attachment"}}'
    assert await audited(site) == [("Ben Ruiz", str(fax), told)]
    assert (await mail(user, fax, COLLEAGUE)).status_code == 303, "another form is another mail, and meant"
    again = (await requests(site))[1]
    assert again.version == event.version + 1
    assert again.forward != event.forward


async def test_a_sent_fax_goes_as_a_link_where_the_account_has_its_faxes_mailed_so(site: Portal) -> None:
    mine = await account(site, "portal", link_access="sign-in")
    fax = await site.stored.put("accepted", "delivered", direction="sent", account_id=mine, documents=PDF)
    manager = await site.signed_in("manager")
    page = await manager.get(f"/fax/{fax}/mail")
    assert "has a link to the fax" in words(page)
    assert "after signing in" in words(page)
    assert f'<option value="{COLLEAGUE}">' in page.text
    assert (await mail(manager, fax, EMAILS["user"])).status_code == 303
    (event,) = await requests(site)
    assert (event.direction, event.policy, event.link_access) == ("sent", "link", "sign-in")


async def test_nobody_outside_gets_a_fax_unless_the_account_lists_them(site: Portal) -> None:
    mine = await account(site, notify=["night@desk.example"], forward_to=["court.example", "Ada@Law.example"])
    fax = await site.stored.put("ready", "routed", account_id=mine, documents=PDF)
    user = await site.signed_in("user")
    assert "court.example, Ada@Law.example" in words(await user.get(f"/fax/{fax}/mail"))
    outside = ("x@elsewhere.example", "x@sub.court.example", "x@law.example", "court.example", EMAILS["rival"], "x", "")
    for typed in outside:
        answer = await mail(user, fax, typed)
        assert answer.status_code == 422, typed
        assert "Nothing was sent" in words(answer)
        assert f'value="{typed}"' in answer.text, "nothing typed is lost"
    assert await requests(site) == []
    for typed in ("clerk@Court.example", "ada@law.example", "NIGHT@desk.example"):
        assert (await mail(user, fax, typed)).status_code == 303, typed
    assert [one.recipient for one in await requests(site)] == [
        "clerk@Court.example",
        "ada@law.example",
        "night@desk.example",
    ]


async def test_an_account_that_does_not_let_its_faxes_be_forwarded_offers_nothing(site: Portal) -> None:
    mine = await account(site)
    fax = await site.stored.put("ready", "routed", account_id=mine, documents=PDF)
    user = await site.signed_in("user")
    form = ChangeAccount(mine, 1, settings={"mail_forwarding": False})
    assert isinstance(await site.services.inventory.accounts.change(OWNER, form), Saved)
    assert "/mail" not in (await user.get(f"/fax/{fax}")).text
    assert (await user.get(f"/fax/{fax}/mail")).status_code == 404
    assert (await mail(user, fax, COLLEAGUE)).status_code == 404
    assert await requests(site) == []


@pytest.mark.parametrize("said", [{"account_id": "another"}, {"states": "junk"}, {"pages": None}, {"documents": {}}])
async def test_only_a_fax_of_theirs_that_has_pages_and_was_delivered(site: Portal, said: dict[str, Any]) -> None:
    given = {"account_id": await account(site), "documents": PDF, **said}
    fax = await site.stored.put("ready", given.pop("states", "routed"), **given)
    user = await site.signed_in("user")
    assert (await mail(user, fax, COLLEAGUE)).status_code == 404
    assert await requests(site) == []


@pytest.mark.parametrize("limit", ["PER_PERSON", "PER_DOMAIN"])
async def test_nobody_forwards_without_end(site: Portal, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, limit, 2)
    fax = await site.stored.put("ready", "routed", account_id=await account(site), documents=PDF)
    user, manager = await site.signed_in("user"), await site.signed_in("manager")
    assert [(await mail(user, fax, COLLEAGUE)).status_code for _ in range(3)] == [303, 303, 422]
    assert (await mail(manager, fax, COLLEAGUE)).status_code == (303 if limit == "PER_PERSON" else 422)
    assert "Too many faxes were forwarded" in words(await mail(user, fax, COLLEAGUE))
