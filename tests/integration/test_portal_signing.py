"""Signing in on both databases: sessions, tokens, operators, and failures that all processes count together."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services._runtime.database import connect, migrate, transaction
from services.portal.inventory.tables import AUDIT, DOMAINS, USERS
from services.portal.inventory.views import User
from services.portal.inventory.writing import user_row
from services.portal.provisioning import Provisioning, Unfit
from services.portal.web.signing_in.browsers import AT_MOST, Browsers
from services.portal.web.signing_in.passwords import Passwords
from services.portal.web.signing_in.people import People
from services.portal.web.signing_in.recording import network_of
from services.portal.web.signing_in.sessions import Sessions
from services.portal.web.signing_in.throttle import PER_EMAIL, PER_NETWORK, PER_PAIR, Attempt, Throttle
from services.portal.web.signing_in.tokens import MadeToken, Tokens
from tests.providers.portal import EMAILS, PASSWORD, Clock, Portal, portal, post

EMAIL = "ada@clinic.example"


@dataclass
class Doors:
    """What two processes have: engines of their own on one database."""

    engines: tuple[AsyncEngine, AsyncEngine]
    clock: Clock

    def people(self, which: int = 0) -> People:
        return People(self.engines[which], Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))

    def provisioning(self) -> Provisioning:
        return Provisioning(self.engines[0], self.people(), "olu")

    def throttle(self, which: int = 0) -> Throttle:
        return Throttle(self.engines[which], self.clock)

    async def told(self) -> list[tuple[str, str]]:
        async with transaction(self.engines[0]) as connection:
            return [(row.name, row.what) for row in await connection.execute(select(AUDIT).order_by(AUDIT.c.id))]


@pytest.fixture
async def doors(database: str) -> AsyncIterator[Doors]:
    engines = (connect(database), connect(database))
    await migrate(engines[0], "services.portal")
    yield Doors(engines, Clock())
    for one in engines:
        await one.dispose()


async def test_an_operator_is_made_signs_in_and_is_removed(doors: Doors) -> None:
    making = doors.provisioning()
    password = await making.add_operator("Ops@ISP.example", "Olu Per")
    (listed,) = await making.operators()
    assert (listed.email, listed.chose_password, listed.seen_at) == ("ops@isp.example", False, None)
    with pytest.raises(Unfit, match="already"):
        await making.add_operator("ops@isp.example", "Again")
    who = await doors.people(1).recognise("ops@isp.example", password)
    assert who is not None
    assert (who.role, who.must_change) == ("operator", True)
    sessions = [Sessions(one, timedelta(minutes=60), timedelta(hours=12), doors.clock) for one in doors.engines]
    cookie = await sessions[0].begin(who.user_id)
    assert await sessions[1].find(cookie) is not None
    await doors.people(1).set_password(who.user_id, "another password")
    assert await sessions[0].find(cookie) is None, "a new password ends every session, in every process"
    await making.remove_operator("ops@isp.example")
    assert await making.operators() == ()
    assert await doors.people().recognise("ops@isp.example", "another password") is None
    with pytest.raises(Unfit, match="no operator"):
        await making.remove_operator("ops@isp.example")
    by = "olu, at the command line"
    assert await doors.told() == [(by, "operator.added"), (by, "operator.removed")]


async def test_a_reseller_with_somebodys_email_in_many_domains_locks_nobody_else_out(doors: Doors) -> None:
    making, people = doors.provisioning(), doors.people()
    await making.add_reseller("contoso", "owner@contoso.example", "Eve")
    await making.add_reseller("northwind", EMAIL, "Ada", "hers of northwind")
    password = await making.add_operator(EMAIL, "Ada")
    names = [f"d{number}.example" for number in range(7)]
    async with transaction(doors.engines[0]) as connection:
        own = {"reseller": "contoso", "region": "US"}
        await connection.execute(insert(DOMAINS), [own | {"domain": name} for name in names])
        for name in names:
            user = User(f"user of {name}", "contoso", name, None, "Eve", EMAIL, "user", fax_only=False)
            await connection.execute(insert(USERS).values(**user_row(user, doors.clock())))
    for name in names:
        await people.set_password(f"user of {name}", "known to eve")
    await people.set_password(
        next(one.user_id for one in await people.known_by(EMAIL) if one.reseller == "northwind"), "hers of northwind"
    )  # written last
    hers, operator = await people.recognise(EMAIL, "hers of northwind"), await people.recognise(EMAIL, password)
    assert (hers and hers.reseller, operator and operator.role) == ("northwind", "operator")


async def test_a_reseller_is_made_once_and_its_token_acts_in_every_process(doors: Doors) -> None:
    making = doors.provisioning()
    password = await making.add_reseller("northwind", EMAIL, "Ada")
    assert password
    assert await making.add_reseller("northwind", EMAIL, "Ada") is None
    assert await making.add_reseller("northwind", "ben@clinic.example", "Ben", "a chosen one") == "a chosen one"
    assert [(one.name, one.emails) for one in await making.resellers()] == [
        ("northwind", (EMAIL, "ben@clinic.example"))
    ]
    (ada,) = await doors.people().known_by(EMAIL)
    made = await Tokens(doors.engines[0], doors.clock).make(ada, "ehr", days=1)
    assert isinstance(made, MadeToken)
    elsewhere = Tokens(doors.engines[1], doors.clock)
    found = await elsewhere.find(made.text)
    assert found is not None
    assert (found.person.user_id, found.person.reseller) == (ada.user_id, "northwind")
    assert [await elsewhere.make(ada, name, days) for name, days in (("ehr", None), ("a b", None), ("x", 0))] == [
        "name-taken",
        "name-invalid",
        "days-invalid",
    ]
    await doors.people().forget_password(ada.user_id)
    assert await elsewhere.find(made.text) is None
    await doors.people().set_password(ada.user_id, "she is back again")
    assert await elsewhere.find(made.text) is None, "what was revoked doesn't come back with a password"


async def test_guesses_at_the_same_moment_are_all_counted(doors: Doors) -> None:
    """By both processes together, whatever the database shows of what isn't committed."""
    attempt = Attempt.at_email(EMAIL, "192.0.2.1")
    standings = await asyncio.gather(*(doors.throttle(one % 2).admits(attempt) for one in range(PER_PAIR * 3)))
    assert standings.count("open") == PER_PAIR
    assert standings.count("closing") == 1, "who has the email is told of it once"
    doors.clock.pass_(minutes=16)
    assert await doors.throttle().admits(attempt) == "open"


async def test_a_stranger_locks_nobody_out_but_their_own_network(doors: Doors) -> None:
    throttle = doors.throttle()
    for _ in range(PER_EMAIL):
        await throttle.admits(Attempt.at_email(EMAIL, "192.0.2.1"))
    assert await throttle.admits(Attempt.at_email(EMAIL, "192.0.2.99")) == "closed", "the same network"
    assert await throttle.admits(Attempt.at_email(EMAIL, "198.51.100.1")) == "open", "the owner, elsewhere"


async def test_many_networks_hold_an_email_back_and_known_browsers_go_on(doors: Doors) -> None:
    throttle = doors.throttle()
    for one in range(PER_EMAIL):
        assert await throttle.admits(Attempt.at_email(EMAIL, f"10.0.{one // 5}.1")) == "open"
    assert await throttle.admits(Attempt.at_email(EMAIL, "198.51.100.1")) != "open"
    assert await throttle.admits(Attempt.by_browser("known")) == "open"
    assert await throttle.admits(Attempt.at_email("other@clinic.example", "198.51.100.1")) == "open"


async def test_whoever_gets_in_counts_for_nobody(doors: Doors) -> None:
    """An office of many people shares a network, and all of them sign in at nine."""
    throttle = doors.throttle()
    for one in range(PER_NETWORK * 2):
        attempt = Attempt.at_email(f"user{one}@clinic.example", "192.0.2.1")
        assert await throttle.admits(attempt) == "open"
        await throttle.forgive(attempt)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("a socket", ""),
    ],
)
def test_of_an_address_only_the_network_is_kept(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_browser_is_known_for_the_emails_that_signed_in_there_last() -> None:
    browsers, others = Browsers("s" * 40), Browsers("t" * 40)
    cookie = None
    for one in range(AT_MOST + 1):
        cookie = browsers.remember(cookie, f"user{one}@clinic.example")
    assert browsers.id_of(cookie, "user0@clinic.example") is None
    mine = browsers.id_of(cookie, "user5@clinic.example")
    assert mine
    assert browsers.id_of(browsers.remember(cookie, "user5@clinic.example"), "user5@clinic.example") == mine
    assert [one.id_of(cookie, "user5@clinic.example") for one in (browsers, others)] == [mine, None]
    assert browsers.id_of("nonsense", EMAIL) is browsers.id_of(None, EMAIL) is None


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as made:
        yield made


async def test_an_owner_under_attack_signs_in_with_the_browser_that_is_known(site: Portal) -> None:
    known = await site.signed_in("manager")
    await post(known, "/sign-out")
    email = EMAILS["manager"]
    for one in range(PER_EMAIL):
        await site.services.throttle.admits(Attempt.at_email(email, f"10.0.{one // 5}.1"))
    strange = await post(site.client("198.51.100.1"), "/sign-in", page="/sign-in", email=email, password=PASSWORD)
    assert strange.status_code == 401
    assert (await post(known, "/sign-in", page="/sign-in", email=email, password=PASSWORD)).status_code == 303
    other = EMAILS["user"]
    guessing = [
        (await post(known, "/sign-in", page="/sign-in", email=other, password=f"wrong {one}")).status_code
        for one in range(2)
    ]
    assert guessing == [401, 401], "the browser is known for its own email only"


async def test_signing_in_is_in_the_audit_log_without_the_address(site: Portal) -> None:
    email = EMAILS["manager"]
    client = site.client("192.0.2.77")
    for password in [*(f"wrong {one}" for one in range(PER_PAIR + 2)), PASSWORD]:
        await post(client, "/sign-in", page="/sign-in", email=email, password=password)
    await post(client, "/sign-in", page="/sign-in", email="stranger@clinic.example", password=PASSWORD)
    site.ticking.pass_(minutes=16)
    await post(client, "/sign-in", page="/sign-in", email=email, password=PASSWORD)
    changed = {"password": "a longer password", "again": "a longer password"}
    await post(client, "/password", old="wrong", **changed)
    await post(client, "/password", old=PASSWORD, **changed)
    await post(client, "/sign-out")
    async with transaction(site.engine) as connection:
        lines = (await connection.execute(select(AUDIT).order_by(AUDIT.c.id))).all()
    who = ("Ada Okafor", "clinic.example")
    nobody = ("Somebody", "clinic.example")
    assert [((one.name, one.domain), one.what) for one in lines] == [
        *[(nobody, "sign-in-failed")] * PER_PAIR,
        (nobody, "sign-in-held-back"),
        (who, "signed-in"),
        (who, "password-change-failed"),
        (who, "password-changed"),
        (who, "signed-out"),
    ]
    assert {one.subject for one in lines} == {email}
    assert [json.loads(one.after) for one in lines] == [{"network": "192.0.2.0/24"}] * len(lines)
    manager = await site.signed_in("reseller")
    page = (await manager.get("/domains/clinic.example/audit")).text
    assert "was held back from signing in" in page
    assert "192.0.2.77" not in page
