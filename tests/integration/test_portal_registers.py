"""What the pages list beside fax accounts: users and what follows from them, removed accounts, the audit log."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from services._runtime.database import transaction
from services.portal.inventory.actors import Actor
from services.portal.inventory.audit import Sought
from services.portal.inventory.forms import UserForm
from services.portal.inventory.removed import RemovedAccount
from services.portal.inventory.seeding import DOMAIN
from services.portal.inventory.tables import USERS
from tests.integration.inventory_world import MANAGER, NUMBERS, RESELLER, World, form, move_number, saved, world
from tests.providers.portal import Portal, portal, post

OTHER = "second.example"


@pytest.fixture
async def data(database: str) -> AsyncIterator[World]:
    async with world(database) as made:
        await made.inventory.numbers.add_domain(RESELLER, OTHER, None)
        yield made


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as made:
        yield made


async def gone(data: World, number: str) -> None:
    account = (await data.added(number)).account
    saved(await data.inventory.accounts.remove(RESELLER, account.account_id, account.version))
    data.later(minutes=1)


async def fates(data: World, actor: Actor = MANAGER) -> dict[str, RemovedAccount]:
    return {one.account.number: one for one in await data.inventory.removed.accounts(actor, DOMAIN)}


async def test_what_became_of_the_number_of_a_removed_account(data: World) -> None:
    for number in NUMBERS[:4]:
        await gone(data, number)
    again = (await data.added(NUMBERS[0])).account
    await move_number(data.inventory, NUMBERS[1], OTHER)
    await data.inventory.numbers.set_treatment(RESELLER, NUMBERS[2], "queue")
    found = await fates(data)
    assert list(found) == [NUMBERS[3], NUMBERS[2], NUMBERS[1], NUMBERS[0]]
    assert [found[one].fate for one in NUMBERS[:4]] == ["fax", "moved", "used", "free"]
    assert (found[NUMBERS[0]].now, found[NUMBERS[0]].kept_until) == (again.account_id, None)
    assert {one.by for one in found.values()} == {"Rita Reseller"}
    kept = found[NUMBERS[3]]
    assert kept.kept_until == kept.account.changed_at + timedelta(days=30)
    data.later(days=31)
    assert (await fates(data))[NUMBERS[3]].kept_until is None


async def test_an_account_that_was_removed_twice_names_who_did_it_each_time(data: World) -> None:
    await gone(data, NUMBERS[0])
    await gone(data, NUMBERS[0])
    first, second = await data.inventory.removed.accounts(RESELLER, DOMAIN)
    assert first.account.account_id != second.account.account_id
    assert await data.inventory.removed.accounts(RESELLER, DOMAIN, before=first.account.changed_at) == (second,)


FOUND: tuple[tuple[Sought, list[str]], ...] = (
    (Sought(), ["max@x.example", NUMBERS[1], NUMBERS[0]]),
    (Sought(who="rita"), [NUMBERS[1], NUMBERS[0]]),
    (Sought(who="100%"), []),
    (Sought(kind="users"), ["max@x.example"]),
    (Sought(kind="nothing"), ["max@x.example", NUMBERS[1], NUMBERS[0]]),
    (Sought(subject="(202) 555-0101"), [NUMBERS[0]]),
    (Sought(subject="MAX@"), ["max@x.example"]),
    (Sought(subject="X_EXAMPLE"), []),
    (Sought(kind="accounts", who="Max"), []),
)


async def test_the_audit_log_is_found_by_who_what_when_and_of(data: World) -> None:
    for number in NUMBERS[:2]:
        saved(await data.inventory.accounts.add(RESELLER, form(number)))
        data.later(days=1)
    await data.inventory.users.add(MANAGER, DOMAIN, UserForm("Max", "max@x.example"))
    for sought, subjects in FOUND:
        found = await data.inventory.audit.entries(RESELLER, DOMAIN, sought)
        assert [one.subject for one in found] == subjects, sought
    since, until = data.at - timedelta(days=1), data.at
    (yesterday,) = await data.inventory.audit.entries(RESELLER, DOMAIN, Sought(since=since, until=until))
    assert yesterday.subject == NUMBERS[1]


async def test_a_user_is_changed_and_their_numbers_follow(site: Portal) -> None:
    reseller = await site.signed_in("reseller")
    fields = {"phone_number": "+12025550101", "primary_user": "1003", "methods": "email", "handling": "portal"}
    assert (await post(reseller, f"/domains/{DOMAIN}/accounts", **fields)).status_code == 303
    page = f"/domains/{DOMAIN}/users/{await user(site, '1003')}"
    shown = (await reseller.get(page)).text
    assert "+1 202-555-0101" in shown
    wrong = await post(reseller, page, name="Ben", email="ada.okafor@clinic.example", extension="1003", role="user")
    assert (wrong.status_code, "Ada Okafor has this email already" in wrong.text) == (422, True)
    new = {"name": "Ben Ruiz-Lind", "email": "ben@new.example", "extension": "1013", "role": "manager"}
    assert (await post(reseller, page, **new)).status_code == 303
    owner = Actor("owner", "Nora Wind", "reseller", "reseller")
    (account,) = await site.services.inventory.lists.accounts(owner, DOMAIN)
    assert account.user
    assert (account.user.email, account.user.role, account.version) == ("ben@new.example", "manager", 2)


async def user(site: Portal, extension: str) -> str:
    async with transaction(site.engine) as connection:
        return str(await connection.scalar(select(USERS.c.user_id).where(USERS.c.extension == extension)))


async def test_nobody_changes_their_own_role_and_nobody_is_changed_from_elsewhere(site: Portal) -> None:
    manager = await site.signed_in("manager")
    found = re.search(
        rf'/domains/{DOMAIN}/users/([^"/]+)"><strong>Ada', await text(manager, f"/domains/{DOMAIN}/users")
    )
    assert found
    page = f"/domains/{DOMAIN}/users/{found.group(1)}"
    fields = {"name": "Ada Okafor-Lind", "email": "ada.okafor@clinic.example", "extension": "1002"}
    assert (await post(manager, page, **fields, role="user")).status_code == 303
    assert (await manager.get(page)).status_code == 200  # still a manager
    assert (await (await site.signed_in("rival")).get(page)).status_code == 404
    assert (await manager.get(f"/domains/{DOMAIN}/users/owner")).status_code == 404


async def text(client: httpx.AsyncClient, path: str) -> str:
    return (await client.get(path)).text


async def test_the_audit_page_keeps_its_filters_and_its_pages(site: Portal) -> None:
    reseller = await site.signed_in("reseller")
    numbers = "\n".join(f"+1303555{one:04}" for one in range(60))
    assert (await post(reseller, f"/domains/{DOMAIN}/numbers", numbers=numbers)).status_code == 303
    page = f"/domains/{DOMAIN}/audit"
    shown = await text(reseller, f"{page}?kind=numbers&who=nora")
    assert shown.count("added the phone number") == 50
    older = re.search(r'href="\?([^"]+)">Show older', shown)
    assert older
    assert "who=nora&amp;kind=numbers&amp;before=" in older.group(1)
    assert (await text(reseller, f"{page}?{older.group(1).replace('&amp;', '&')}")).count(
        "added the phone number"
    ) == 10
    assert "No entry matches" in await text(reseller, f"{page}?since=2020-01-01&until=2020-01-02")
    assert "added the phone number" in await text(reseller, f"{page}?since=nonsense")
