"""What ends with a password, and who is told: sessions always, API tokens when it was somebody else who set it."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services._runtime.database import transaction
from services.portal.inventory.actors import NotAllowed
from services.portal.inventory.tables import AUDIT
from services.portal.web.signing_in.people import Person
from services.portal.web.signing_in.tokens import MadeToken
from tests.providers.portal import DOMAIN, EMAILS, PASSWORD, Portal, portal, post

USERS = f"/domains/{DOMAIN}/users"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as made:
        yield made


async def _manager(site: Portal) -> tuple[Person, str]:
    (person,) = await site.services.people.known_by(EMAILS["manager"])
    made = await site.services.tokens.make(person, "program")
    assert isinstance(made, MadeToken)
    return person, made.text


async def _told(site: Portal, what: str) -> list[dict[str, Any] | None]:
    async with transaction(site.engine) as connection:
        found = await connection.scalars(select(AUDIT.c.after).where(AUDIT.c.what == what))
        return [json.loads(one) if one else None for one in found]


async def test_who_is_given_a_password_by_somebody_else_has_no_session_and_no_token_left(site: Portal) -> None:
    person, token = await _manager(site)
    theirs, reseller = await site.signed_in("manager"), await site.signed_in("reseller")
    given = await post(reseller, f"{USERS}/{person.user_id}/password", page=USERS)
    assert "signed out everywhere" in given.text
    assert "API tokens ended" in given.text
    assert (await theirs.get("/faxes/received")).headers["location"].startswith("/sign-in")
    assert await site.services.tokens.find(token) is None
    assert await _told(site, "user.sign-in-given") == [{"sessions_ended": 1, "tokens_ended": 1}]
    again = await post(reseller, f"{USERS}/{person.user_id}/password", page=USERS)
    assert "API tokens ended" not in again.text, "there was none"
    first = re.search(r'id="secret">([0-9a-f-]+)<', again.text)
    assert first
    client = site.client()
    await post(client, "/sign-in", email=EMAILS["manager"], password=first.group(1))
    await post(client, "/password", old=first.group(1), password=PASSWORD, again=PASSWORD)
    assert await site.services.tokens.find(token) is None, "nor does it come back"


async def test_who_changes_their_own_password_keeps_this_session_and_the_tokens(site: Portal) -> None:
    _, token = await _manager(site)
    here, elsewhere = await site.signed_in("manager"), await site.signed_in("manager")
    assert "API tokens go on" in (await here.get("/password")).text
    await post(here, "/password", old=PASSWORD, password="another password", again="another password")
    assert (await here.get("/faxes/received")).status_code == 200
    assert (await elsewhere.get("/faxes/received")).headers["location"].startswith("/sign-in")
    assert await site.services.tokens.find(token) is not None
    assert len(await _told(site, "password-changed")) == 1


async def test_no_token_is_made_by_a_session_that_ends_meanwhile(site: Portal) -> None:
    person, _ = await _manager(site)
    await site.services.people.set_password(person.user_id, "by somebody else", must_change=True)
    with pytest.raises(NotAllowed):
        await site.services.tokens.make(person, "late")
    await site.services.people.forget_password(person.user_id)
    with pytest.raises(NotAllowed):
        await site.services.tokens.make(person, "later")
