"""Adds the demo's customers through the portal, or changes them back to what they should be."""

import asyncio
import getpass
import time
from dataclasses import dataclass
from typing import Final

from rich.console import Console

from schemas.accounts import Brand, FaxAccount
from services.cli.account_records import records
from services.cli.demo.customers import CUSTOMERS, FORMER, RESELLERS, Customer, Reseller
from services.cli.errors import Refused
from services.cli.portal import Portal, PortalAccess
from services.portal.api import told
from services.portal.provisioning import Provisioning, provisioning
from services.portal.web.settings import PortalSettings
from services.portal.web.signing_in.tokens import MadeToken

TOKEN: Final = "demo"  # noqa: S105 - its name

PUBLISHED_SECONDS: Final = 30.0
"""For the portal's changes to be on the topic."""


@dataclass(frozen=True)
class Added:
    """What the demo goes on with.

    Attributes:
        accounts: Number → account, as the stages know it.
        code: With which the device of whoever has one enrols.
    """

    accounts: dict[str, FaxAccount]
    code: str


async def add_customers(password: str) -> Added:
    """Add what isn't there. Whoever couldn't sign in signs in with `password`.

    Raises:
        Refused: The portal refuses, isn't there, or doesn't publish in time.
        DependencyAway: Its database is away.
    """
    url, database = PortalAccess().url, PortalSettings().database
    if url is None or database is None:
        raise Refused("The demo adds its customers through the portal: it needs NATIVEFAX_PORTAL_URL and _DATABASE.")
    versions: dict[str, int] = {}
    codes: list[str] = []
    async with provisioning(database.get_secret_value(), getpass.getuser()) as one:
        for reseller in RESELLERS:
            portal = Portal(url, await _token_of(one, reseller, password))
            managers = await asyncio.to_thread(_set_up, portal, reseller, versions, codes)
            await _let_in(one, managers, password)
    return Added(await _published(versions), codes[0])


async def _token_of(one: Provisioning, reseller: Reseller, password: str) -> str:
    await one.add_reseller(reseller.name, reseller.owner, "Owner", password)
    (owner,) = (person for person in await one.people.known_by(reseller.owner) if person.reseller == reseller.name)
    for token in await one.tokens.of(owner):
        if token.name == TOKEN:
            await one.tokens.revoke(owner, token.token_id)
    made = await one.tokens.make(owner, TOKEN, days=1)
    if not isinstance(made, MadeToken):
        raise Refused(f"The demo got no token of {reseller.owner}: {made}.")
    return made.text


async def _let_in(one: Provisioning, managers: list[told.User], password: str) -> None:
    for manager in managers:
        if not manager.signs_in:
            await one.people.set_password(manager.user_id, password)


def _set_up(portal: Portal, reseller: Reseller, versions: dict[str, int], codes: list[str]) -> list[told.User]:
    """Everything of a reseller; its managers."""
    portal.put(Brand, "brand", **reseller.brand.model_dump())
    if all(one.name != reseller.domain for one in portal.get(told.Domains, "domains").domains):
        portal.post(told.Domain, "domains", name=reseller.domain)
    _device_types(portal)
    theirs = [one for one in (*CUSTOMERS.values(), FORMER) if one.reseller is reseller]
    listed = portal.get(told.PhoneNumbers, "domains", reseller.domain, "numbers").numbers
    missing = [one.number for one in theirs if one.number not in {known.number for known in listed}]
    if missing:
        portal.post(told.Added, "domains", reseller.domain, "numbers", numbers=missing)
    for customer in theirs:
        account = _account(portal, customer, codes)
        versions[account.fax_number] = account.version
    return _managers(portal, reseller)


def _device_types(portal: Portal) -> None:
    known = portal.get(told.DeviceTypes, "device-types").device_types
    for customer in CUSTOMERS.values():
        if customer.ata and customer.ata["device_type"] not in known:
            portal.post(told.DeviceTypes, "device-types", device_type=customer.ata["device_type"])


def _managers(portal: Portal, reseller: Reseller) -> list[told.User]:
    found = portal.get(told.Users, "domains", reseller.domain, "users", query=reseller.manager).users
    if not found:
        fields = {"name": "Office manager", "email": reseller.manager, "role": "manager"}
        found = [portal.post(told.User, "domains", reseller.domain, "users", **fields)]
    return found


def _account(portal: Portal, customer: Customer, codes: list[str]) -> told.Account:
    """The account as it should be; the former one is removed again."""
    known = portal.accounts_with(customer.number)
    active = next((one for one in known if one.state == "active"), None)
    if customer is FORMER:
        return _former(portal, active, known)
    if active is None:
        fields = {"domain": customer.reseller.domain, "fax_number": customer.number, **customer.fields()}
        saved = portal.post(told.SavedAccount, "accounts", **fields)
    else:
        path = ("accounts", active.account_id)
        saved = portal.patch(told.SavedAccount, *path, version=active.version, **customer.fields())
        if customer.ata:
            saved = portal.post(told.SavedAccount, *path, "enrolment-code", days=1)
    if saved.secret:
        codes.append(saved.secret.text)
    return saved.account


def _former(portal: Portal, active: told.Account | None, known: list[told.Account]) -> told.Account:
    if active is None and not known:
        fields = {"domain": FORMER.reseller.domain, "fax_number": FORMER.number, **FORMER.fields()}
        active = portal.post(told.SavedAccount, "accounts", **fields).account
    if active is not None:
        portal.delete("accounts", active.account_id, version=active.version)
    return portal.accounts_with(FORMER.number)[-1]


async def _published(versions: dict[str, int]) -> dict[str, FaxAccount]:
    """The accounts on the topic, once all are there as the portal has them."""
    deadline = time.monotonic() + PUBLISHED_SECONDS
    while True:
        known = {one.fax_number: one for one in await records() if one.fax_number in versions}
        if all(number in known and known[number].version >= wanted for number, wanted in versions.items()):
            return {number: one for number, one in known.items() if isinstance(one, FaxAccount)}
        if time.monotonic() > deadline:
            raise Refused("The portal took the demo's customers, but did not publish them. Read its log.")
        await asyncio.sleep(0.2)


def say_where(password: str, console: Console) -> None:
    """Who may look at the faxes in the portal, while the pipeline runs."""
    url = PortalAccess().url
    console.print(f"\nThe faxes are in the portal: `nativefax up` (or `make run`) shows it at {url}. Sign in with")
    console.print(f"the password {password} (until that is changed) as\n")
    for one in RESELLERS:
        console.print(f"  {one.manager:<42} [dim]office manager of {one.domain}: its faxes[/dim]")
    for one in RESELLERS:
        console.print(f"  {one.owner:<42} [dim]reseller: what became of them, and faxes nobody has claimed[/dim]")
