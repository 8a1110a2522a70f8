"""Several people at once, each on connections of their own: one wins, the others are told why. On both databases."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from services._runtime.database import connect
from services._runtime.outbox import Outbox
from services.portal.inventory import Inventory
from services.portal.inventory.forms import ChangeAccount, PrimaryUser
from services.portal.inventory.refusals import Refused
from services.portal.inventory.seeding import DOMAIN
from services.portal.inventory.tables import OUTBOX
from services.portal.inventory.views import Account, Saved
from tests.integration.inventory_world import (
    ATA,
    NUMBERS,
    RESELLER,
    STRANGER,
    Topics,
    World,
    form,
    move_number,
    saved,
    world,
)

PEOPLE = 4


@pytest.fixture
async def portal(database: str) -> AsyncIterator[World]:
    async with world(database) as made:
        yield made


@pytest.fixture
async def desks(database: str, portal: World) -> AsyncIterator[list[Inventory]]:
    """The same database, opened by several processes' worth of engines."""
    async with AsyncExitStack() as stack:
        engines = [connect(database) for _ in range(PEOPLE)]
        for one in engines:
            stack.push_async_callback(one.dispose)
        yield [Inventory(one, Outbox(one, OUTBOX, Topics(), source="portal"), portal.now) for one in engines]


def outcomes(answers: Sequence[Any]) -> Counter[str]:
    return Counter("done" if isinstance(one, Saved) else one.codes[0] for one in answers)


async def test_of_those_who_add_the_last_allowed_number_one_wins(portal: World, desks: list[Inventory]) -> None:
    for maximum in (1, 2):
        await portal.inventory.numbers.set_maximum(RESELLER, DOMAIN, maximum)
        wanted = [form(number) for number in NUMBERS[(maximum - 1) * PEOPLE : maximum * PEOPLE]]
        answers = await asyncio.gather(
            *(desk.accounts.add(RESELLER, one) for desk, one in zip(desks, wanted, strict=True))
        )
        assert outcomes(answers)["done"] == 1, answers
        assert len(await portal.inventory.lists.accounts(RESELLER, DOMAIN)) == maximum
        refused = [one for one in answers if isinstance(one, Refused)]
        assert all("maximum-reached" in one.codes for one in refused)
        assert f"uses {maximum} of {maximum} fax numbers" in refused[0].of("phone_number")[0].words


async def test_of_those_who_add_the_same_number_one_wins(portal: World, desks: list[Inventory]) -> None:
    answers = await asyncio.gather(*(desk.accounts.add(RESELLER, form()) for desk in desks))
    assert outcomes(answers) == {"done": 1, "number-in-use": PEOPLE - 1}
    assert len(await portal.published()) == 1


async def test_of_two_domains_that_name_one_serial_number_one_wins(portal: World, desks: list[Inventory]) -> None:
    """They don't wait for one another's lock: here the unique index decides."""
    await portal.stranger()
    other = form("+12025550150", domain="other.example", user=PrimaryUser(name="O", email="o@other.example"))
    for serial in ("A", "B", "C"):
        mine = form(NUMBERS[ord(serial) - ord("A")], serial=serial, **ATA)
        theirs = form(other.number, domain=other.domain, user=other.user, serial=serial.lower(), **ATA)
        answers = await asyncio.gather(desks[0].accounts.add(RESELLER, mine), desks[1].accounts.add(STRANGER, theirs))
        assert outcomes(answers) == {"done": 1, "serial-taken": 1}
        for one in answers:
            if isinstance(one, Saved) and one.account.domain == "other.example":
                saved(await portal.inventory.accounts.remove(STRANGER, one.account.account_id, 1))


async def test_one_new_email_makes_one_user(portal: World, desks: list[Inventory]) -> None:
    somebody = PrimaryUser(name="Bo Chen", email="bo@elsewhere.example")
    answers = await asyncio.gather(
        *(desk.accounts.add(RESELLER, form(one, user=somebody)) for desk, one in zip(desks, NUMBERS, strict=False))
    )
    assert outcomes(answers) == {"done": PEOPLE}
    assert len({one.account.user for one in answers if isinstance(one, Saved)}) == 1


async def test_of_those_who_change_one_account_one_wins(portal: World, desks: list[Inventory]) -> None:
    account = (await portal.added()).account
    change = ChangeAccount(account.account_id, account.version, handling="portal")
    answers = await asyncio.gather(
        *(desk.accounts.change(RESELLER, change) for desk in desks[1:]),
        desks[0].accounts.remove(RESELLER, account.account_id, account.version),
    )
    assert outcomes(answers)["done"] == 1, answers
    assert [one.version for one in await portal.published()] == [1, 2]


async def test_a_number_that_moves_while_it_is_taken_is_in_one_place(portal: World, desks: list[Inventory]) -> None:
    await portal.inventory.numbers.add_domain(RESELLER, "law.example", None)
    for number in NUMBERS[:3]:
        await asyncio.gather(
            move_number(desks[0], number, "law.example"), desks[1].accounts.add(RESELLER, form(number))
        )
        accounts = {one.number for one in await portal.inventory.lists.accounts(RESELLER, DOMAIN)}
        here = {one.number for one in (await portal.inventory.lists.numbers(RESELLER, DOMAIN)).numbers}
        there = {one.number for one in (await portal.inventory.lists.numbers(RESELLER, "law.example")).numbers}
        assert (number in here) == (number in accounts)
        assert (number in there) == (number not in here)


async def test_many_who_do_anything_leave_versions_in_order(portal: World, desks: list[Inventory]) -> None:
    """Each number's records are published in the order of its versions, whoever wrote them."""
    accounts = [(await portal.added(one)).account for one in NUMBERS[:3]]

    async def work(desk: Inventory) -> None:
        for one in accounts * 2:
            await desk.secrets.new_token(RESELLER, one.account_id, "t", ["faxes:send"])

    await asyncio.gather(*(work(one) for one in desks))
    events = await portal.published()
    for account in accounts:
        versions = [one.version for one in events if one.fax_number == account.number]
        assert versions == list(range(1, 2 + 2 * PEOPLE))


async def test_a_brand_that_changes_meanwhile_reaches_every_account(portal: World, desks: list[Inventory]) -> None:
    """None is published with the old one after the new one, and no version twice."""
    accounts = [(await portal.added(one)).account for one in NUMBERS[:2]]
    face = {"portal_host": "p.example", "from_address": "f@p.example"}

    async def rebrand(desk: Inventory) -> None:
        for count in range(4):
            await desk.brands.set(RESELLER, face | {"name": f"Brand {count}"})

    async def change(desk: Inventory, account: Account) -> None:
        for _ in range(4):
            saved(await desk.secrets.new_token(RESELLER, account.account_id, "t", ["faxes:send"]))

    async def add(desk: Inventory) -> None:
        for number in NUMBERS[2:5]:
            saved(await desk.accounts.add(RESELLER, form(number)))

    await asyncio.gather(rebrand(desks[0]), change(desks[1], accounts[0]), change(desks[2], accounts[1]), add(desks[3]))
    events = await portal.published()
    for account in await portal.inventory.lists.accounts(RESELLER, DOMAIN):
        records = [one for one in events if one.fax_number == account.number]
        assert [one.version for one in records] == list(range(1, account.version + 1))
        assert records[-1].brand.name == "Brand 3"
