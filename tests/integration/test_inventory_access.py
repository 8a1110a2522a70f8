"""Whoever asks the inventory sees and changes only what is theirs: every deed, for every role."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.portal.inventory import Inventory
from services.portal.inventory.actors import MAY, Actor, NotAllowed, NotThere
from services.portal.inventory.files import nobody_asks, nothing_more
from services.portal.inventory.forms import ChangeAccount, MoveForm, PrimaryUser, ReassignForm, UserForm
from services.portal.inventory.seeding import DOMAIN
from services.portal.inventory.views import Account
from tests.integration.inventory_world import MANAGER, NUMBERS, RESELLER, STRANGER, World, form, move_number, world

USER = Actor("ursula", "Ursula User", "user", "reseller", DOMAIN)
NEIGHBOUR = Actor("nora", "Nora Neighbour", "manager", "reseller", "next.example")
ROLES = {"reseller": RESELLER, "manager": MANAGER, "user": USER}

Ask = Callable[[Inventory, Actor, Account], Awaitable[Any]]


def change(account: Account) -> ChangeAccount:
    return ChangeAccount(account.account_id, account.version, handling="portal")


MOVE = MoveForm((), "next.example", goes_on=True)
REASSIGN = ReassignForm((), PrimaryUser(written="1001"))
PERSON = UserForm("New", "new@clinic.example")
BRAND = {"name": "N", "portal_host": "n.example", "from_address": "f@n.example"}
OF_DOMAIN: dict[str, tuple[str, Ask]] = {
    "lists.domain": ("see-domain", lambda i, a, _: i.lists.domain(a, DOMAIN)),
    "lists.numbers": ("see-numbers", lambda i, a, _: i.lists.numbers(a, DOMAIN)),
    "lists.users": ("see-users", lambda i, a, _: i.lists.users(a, DOMAIN)),
    "lists.user": ("see-users", lambda i, a, one: i.lists.user(a, one.user.user_id if one.user else "")),
    "lists.accounts": ("see-own-accounts", lambda i, a, _: i.lists.accounts(a, DOMAIN)),
    "lists.accounts_of": ("see-users", lambda i, a, one: i.lists.accounts_of(a, one.user.user_id if one.user else "")),
    "removed.accounts": ("see-numbers", lambda i, a, _: i.removed.accounts(a, DOMAIN)),
    "lists.devices": ("see-numbers", lambda i, a, _: i.lists.devices(a, DOMAIN)),
    "audit.entries": ("see-audit", lambda i, a, _: i.audit.entries(a, DOMAIN)),
    "lists.holds": ("change-holds", lambda i, a, _: i.lists.holds(a, DOMAIN)),
    "accounts.add": ("add-account", lambda i, a, _: i.accounts.add(a, form(NUMBERS[3]))),
    "accounts.change": ("change-account", lambda i, a, one: i.accounts.change(a, change(one))),
    "accounts.remove": ("remove-account", lambda i, a, one: i.accounts.remove(a, one.account_id, one.version)),
    "secrets.new_code": ("make-secrets", lambda i, a, one: i.secrets.new_code(a, one.account_id)),
    "secrets.new_codes": ("make-secrets", lambda i, a, one: i.secrets.new_codes(a, DOMAIN, [one.account_id])),
    "secrets.lock_out": ("make-secrets", lambda i, a, one: i.secrets.lock_out(a, one.account_id)),
    "secrets.new_token": ("make-secrets", lambda i, a, one: i.secrets.new_token(a, one.account_id, "t", [])),
    "secrets.revoke_token": ("make-secrets", lambda i, a, one: i.secrets.revoke_token(a, one.account_id, "t")),
    "numbers.set_maximum": ("change-domains", lambda i, a, _: i.numbers.set_maximum(a, DOMAIN, 7)),
    "numbers.add_numbers": ("change-numbers", lambda i, a, _: i.numbers.add_numbers(a, DOMAIN, ["+12025550190"])),
    "numbers.set_treatment": ("change-numbers", lambda i, a, _: i.numbers.set_treatment(a, NUMBERS[4], "queue")),
    "moves.try_move": ("change-numbers", lambda i, a, _: i.moves.try_move(a, DOMAIN, MOVE)),
    "moves.move": ("change-numbers", lambda i, a, _: i.moves.move(a, DOMAIN, MOVE, nobody_asks, nothing_more)),
    "moves.try_reassign": ("change-account", lambda i, a, _: i.moves.try_reassign(a, DOMAIN, REASSIGN)),
    "moves.reassign": (
        "change-account",
        lambda i, a, _: i.moves.reassign(a, DOMAIN, REASSIGN, nobody_asks, nothing_more),
    ),
    "jobs.ask": ("add-account", lambda i, a, _: i.jobs.ask(a, "import", DOMAIN, b"")),
    "users.add": ("change-users", lambda i, a, _: i.users.add(a, DOMAIN, PERSON)),
    "users.change": (
        "change-users",
        lambda i, a, one: i.users.change(a, one.user.user_id if one.user else "", PERSON),
    ),
    "users.remove": ("change-users", lambda i, a, one: i.users.remove(a, one.user.user_id if one.user else "")),
    "holds.set": ("change-holds", lambda i, a, _: i.holds.set(a, DOMAIN, f"domain:{DOMAIN}", "why")),
    "holds.lift_unlisted": ("change-holds", lambda i, a, _: i.holds.lift_unlisted(a, DOMAIN, "fax:unlisted")),
    "files.import_csv": ("add-account", lambda i, a, _: i.files.import_csv(a, DOMAIN, b"", "dry-run")),
    "files.export_csv": ("see-numbers", lambda i, a, _: i.files.export_csv(a, DOMAIN)),
}
"""What concerns one domain, with the deed that it is."""

OF_ANYBODY: dict[str, tuple[str, Ask]] = {
    "lists.domains": ("see-domain", lambda i, a, _: i.lists.domains(a)),
    "numbers.add_domain": ("change-domains", lambda i, a, _: i.numbers.add_domain(a, f"{a.user_id}.example", 1)),
    "brands.set": ("change-brand", lambda i, a, _: i.brands.set(a, BRAND)),
    "device_types.add": ("change-device-types", lambda i, a, _: i.device_types.add(a, a.user_id)),
    "device_types.remove": ("change-device-types", lambda i, a, _: i.device_types.remove(a, "none")),
}
OTHERS = {
    "lists.account",
    "lists.accounts_with",
    "holds.lift",
    "device_types.listed",
    "lists.brand",
    "lists.brand_of_host",
    "files.template",
}
"""Tested by name below, elsewhere, or for everybody."""

OTHERS |= {"accounts.on_one", "jobs.job", "jobs.recent", "jobs.take"}


@dataclass
class Asked:
    portal: World
    account: Account


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Asked]:
    async with world(f"sqlite:///{tmp_path}/portal.sqlite") as portal:
        await portal.inventory.numbers.add_domain(RESELLER, "next.example", 1)
        await portal.stranger()
        yield Asked(portal, (await portal.added()).account)


def test_every_method_is_asked_here() -> None:
    rooms = vars(Inventory(None, None)).items()  # type: ignore[arg-type]
    methods = {
        f"{room}.{method}"
        for room, thing in rooms
        if room != "_store"
        for method in dir(thing)
        if not method.startswith("_") and callable(getattr(thing, method)) and method not in {"store", "accounts_"}
    }
    methods -= {"secrets.accounts"}
    assert methods == set(OF_DOMAIN) | set(OF_ANYBODY) | OTHERS


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_may_do_what_its_list_says_and_nothing_else(asked: Asked, role: str) -> None:
    actor = ROLES[role]
    for deed, ask in (OF_DOMAIN | OF_ANYBODY).values():
        if deed in MAY[actor.role]:
            continue
        with pytest.raises(NotAllowed):
            await ask(asked.portal.inventory, actor, asked.account)


@pytest.mark.parametrize("actor", [STRANGER, NEIGHBOUR], ids=["another-reseller", "another-domain"])
async def test_nobody_reaches_what_is_somebody_elses(asked: Asked, actor: Actor) -> None:
    for deed, ask in OF_DOMAIN.values():
        expected = NotThere if deed in MAY[actor.role] else NotAllowed
        with pytest.raises(expected):
            await ask(asked.portal.inventory, actor, asked.account)
    with pytest.raises(NotThere):
        await asked.portal.inventory.lists.account(actor, asked.account.account_id)
    assert await asked.portal.inventory.lists.accounts_with(actor, asked.account.number) == ()
    assert DOMAIN not in {one.name for one in await asked.portal.inventory.lists.domains(actor)}
    assert await asked.portal.inventory.lists.account(RESELLER, asked.account.account_id) == asked.account


@pytest.mark.parametrize("role", ["reseller", "manager"])
async def test_each_role_can_do_what_its_list_says(asked: Asked, role: str) -> None:
    actor = ROLES[role]
    for deed, ask in OF_DOMAIN.values():
        if deed in MAY[actor.role]:
            await ask(asked.portal.inventory, actor, asked.account)


async def test_a_user_sees_only_their_own_accounts(asked: Asked) -> None:
    owner = asked.account.user
    assert owner is not None
    mine = Actor(owner.user_id, owner.name, "user", "reseller", DOMAIN)
    lists = asked.portal.inventory.lists
    assert await lists.accounts(mine, DOMAIN) == (asked.account,)
    assert await lists.account(mine, asked.account.account_id) == asked.account
    assert await lists.accounts(USER, DOMAIN) == ()
    with pytest.raises(NotThere):
        await lists.account(USER, asked.account.account_id)


async def test_a_number_moves_only_between_ones_own_domains(asked: Asked) -> None:
    with pytest.raises(NotThere):
        await move_number(asked.portal.inventory, NUMBERS[3], "other.example")
    with pytest.raises(NotThere):
        await move_number(asked.portal.inventory, NUMBERS[3], "other.example", actor=STRANGER)
    with pytest.raises(NotThere):
        await move_number(asked.portal.inventory, NUMBERS[3], "nowhere.example")


async def test_what_a_reseller_did_for_itself_is_no_managers_to_read(asked: Asked) -> None:
    await asked.portal.inventory.device_types.add(RESELLER, "New one")
    assert [one.what for one in await asked.portal.inventory.audit.entries(RESELLER, None)] == ["device-type.added"]
    assert await asked.portal.inventory.audit.entries(STRANGER, None) == ()
    with pytest.raises(NotThere):
        await asked.portal.inventory.audit.entries(MANAGER, None)
