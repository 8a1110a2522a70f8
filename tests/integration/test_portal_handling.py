"""Release, delete and hold on the portal's pages: who may, what is published, what the audit log says."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import insert, select, update

from schemas.base import Event
from schemas.envelope import decode
from schemas.fax import ReleaseRequested
from schemas.retention import DeletionRequested, HoldChanged
from schemas.topics import TOPICS
from services._runtime.database import transaction
from services.portal.inventory.held import IN_FORCE_AFTER
from services.portal.inventory.tables import AUDIT, DOMAINS, HOLDS, NUMBERS, OUTBOX
from tests.providers.portal import DOMAIN, Portal, portal, post

NUMBER, SECOND, THIRD = "+12025550101", "+12025550102", "+12025550103"
GONE = "+12025550150"
ELSEWHERE = "second.example"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as made:
        yield made


async def accounts(site: Portal) -> dict[str, str]:
    """Two fax numbers in the office, one of the user and one of a colleague; one in another domain of the reseller."""
    reseller = await site.signed_in("reseller")
    async with transaction(site.engine) as connection:
        row = {"domain": ELSEWHERE, "reseller": "reseller", "maximum": None, "region": "US"}
        await connection.execute(insert(DOMAINS), row)
        number = {"number": "+12025550160", "domain": ELSEWHERE, "treatment": "available"}
        await connection.execute(insert(NUMBERS), number)
    found = {}
    for number_, user, domain in ((NUMBER, "1003", DOMAIN), (SECOND, "1004", DOMAIN), ("+12025550160", "", ELSEWHERE)):
        form: dict[str, Any] = {"phone_number": number_, "methods": ["portal"], "handling": "portal"}
        form |= {"primary_user": user} if user else {"name": "Else Where", "email": "else@second.example"}
        made = await post(reseller, f"/domains/{domain}/accounts", **form)
        assert made.status_code == 303, made.text
        found[number_] = made.headers["location"].rpartition("=")[2]
    return found


async def published(site: Portal) -> list[Event]:
    """What waits to be published of faxes and holds, in order."""
    kinds = {"fax-ready", "deletion-requested", "fax-holds"}
    topics = {topic.name: topic for topic in TOPICS}
    async with transaction(site.engine) as connection:
        rows = await connection.execute(select(OUTBOX).where(OUTBOX.c.topic.in_(kinds)).order_by(OUTBOX.c.id))
        return [
            decode(topics[row.topic], [(name, text.encode()) for name, text in json.loads(row.headers)], row.value)
            for row in rows
        ]


async def audited(site: Portal, what: str) -> list[tuple[str, str | None, str]]:
    async with transaction(site.engine) as connection:
        rows = await connection.execute(select(AUDIT).where(AUDIT.c.what == what))
        return [(row.name, row.domain, row.subject) for row in rows]


def words(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def unclaimed(site: Portal, **whose: Any) -> UUID:
    given = {"reseller": "reseller", "domain": None, "account_id": None, "fax_number": GONE, **whose}
    return await site.stored.put("ready", "unclaimed", **given)


async def test_a_reseller_releases_an_unclaimed_fax_to_any_of_its_numbers(site: Portal) -> None:
    ids = await accounts(site)
    fax, reseller = await unclaimed(site), await site.signed_in("reseller")
    page = await reseller.get(f"/fax/{fax}")
    assert f'href="/fax/{fax}/release"' in page.text
    form = await reseller.get(f"/fax/{fax}/release")
    assert form.text.count("<option") == 3
    for typed, wrong in (("", "Type the fax number"), ("911", "None of your fax numbers"), (GONE, "None of your")):
        answer = await post(reseller, f"/fax/{fax}/release", phone_number=typed)
        assert answer.status_code == 422
        assert wrong in words(answer)
    assert await published(site) == []
    answer = await post(reseller, f"/fax/{fax}/release", phone_number="(202) 555-0160")
    assert answer.headers["location"] == f"/fax/{fax}?done=released"
    (event,) = await published(site)
    assert isinstance(event, ReleaseRequested)
    assert (event.fax_id, event.version) == (fax, 3)
    assert (event.account_id, event.fax_number, event.by) == (ids["+12025550160"], "+12025550160", "Nora Wind")
    assert await audited(site, "fax.released") == [("Nora Wind", ELSEWHERE, str(fax))]


async def test_a_manager_releases_what_came_for_a_number_removed_from_their_domain_to_their_numbers(
    site: Portal,
) -> None:
    ids = await accounts(site)
    theirs, others = await unclaimed(site, domain=DOMAIN), await unclaimed(site)
    manager = await site.signed_in("manager")
    assert (await manager.get(f"/fax/{others}/release")).status_code == 404
    assert (await post(manager, f"/fax/{others}/release", phone_number=NUMBER)).status_code == 404
    assert (await manager.get(f"/fax/{theirs}/release")).text.count("<option") == 2
    elsewhere = await post(manager, f"/fax/{theirs}/release", phone_number="+12025550160")
    assert elsewhere.status_code == 422, "a number of another domain is none of theirs"
    assert (await post(manager, f"/fax/{theirs}/release", phone_number=SECOND)).status_code == 303
    (event,) = await published(site)
    assert isinstance(event, ReleaseRequested)
    assert event.account_id == ids[SECOND]


async def test_junk_goes_to_the_number_it_came_for_and_to_no_other(site: Portal) -> None:
    ids = await accounts(site)
    fax = await site.stored.put("ready", "junk", account_id=ids[SECOND], fax_number=SECOND)
    for role in ("reseller", "user", "rival"):
        client = await site.signed_in(role)
        assert (await client.get(f"/fax/{fax}/release")).status_code == 404, role
        assert (await post(client, f"/fax/{fax}/release", phone_number=NUMBER)).status_code == 404, role
    manager = await site.signed_in("manager")
    assert "The caller stays blocked" in words(await manager.get(f"/fax/{fax}/release"))
    assert (await post(manager, f"/fax/{fax}/release", phone_number=NUMBER)).status_code == 303
    (event,) = await published(site)
    assert isinstance(event, ReleaseRequested)
    assert (event.account_id, event.fax_number) == (ids[SECOND], SECOND), "whatever was typed"


async def test_junk_of_a_number_that_is_removed_has_nobody_to_go_to(site: Portal) -> None:
    await accounts(site)
    fax = await site.stored.put("ready", "junk", account_id="long-gone", fax_number=GONE)
    manager = await site.signed_in("manager")
    assert "There is nobody to deliver it to" in words(await manager.get(f"/fax/{fax}/release"))
    assert (await post(manager, f"/fax/{fax}/release")).status_code == 422
    assert await published(site) == []


async def test_what_was_delivered_cannot_be_released(site: Portal) -> None:
    ids = await accounts(site)
    fax = await site.stored.put("ready", "routed", account_id=ids[NUMBER])
    manager = await site.signed_in("manager")
    assert (await post(manager, f"/fax/{fax}/release", phone_number=NUMBER)).status_code == 404
    assert "Release" not in (await manager.get(f"/fax/{fax}")).text


@pytest.mark.parametrize("role", ["user", "manager"])
async def test_whose_it_is_deletes_it_after_reading_what_that_means(site: Portal, role: str) -> None:
    ids = await accounts(site)
    fax = await site.stored.put("ready", "routed", "emailed", account_id=ids[NUMBER])
    client = await site.signed_in(role)
    assert f'href="/fax/{fax}/delete"' in (await client.get(f"/fax/{fax}")).text
    page = words(await client.get(f"/fax/{fax}/delete"))
    assert "gone for good within a few minutes" in page
    assert await published(site) == [], "to look is not to delete"
    answer = await post(client, f"/fax/{fax}/delete")
    assert answer.headers["location"] == "/faxes/received?done=fax-deleted"
    (event,) = await published(site)
    assert isinstance(event, DeletionRequested)
    assert (event.fax_id, event.account_id) == (fax, ids[NUMBER])
    ((who, domain, subject),) = await audited(site, "fax.deleted")
    assert (who, domain, subject) == (event.by, DOMAIN, str(fax))


async def test_nobody_else_deletes(site: Portal) -> None:
    ids = await accounts(site)
    fax = await site.stored.put("ready", "routed", account_id=ids[SECOND])
    for role, status in (("user", 404), ("reseller", 403), ("rival", 403), ("operator", 403)):
        client = await site.signed_in(role)
        assert (await client.get(f"/fax/{fax}/delete")).status_code == status, role
        assert (await post(client, f"/fax/{fax}/delete")).status_code == status, role
    assert await published(site) == []


async def test_what_still_needs_its_pages_is_not_deleted(site: Portal) -> None:
    fax = await site.stored.put("accepted", "dialling", direction="sent", account_id="acc-1")
    manager = await site.signed_in("manager")
    assert "/delete" not in (await manager.get(f"/fax/{fax}")).text
    assert (await post(manager, f"/fax/{fax}/delete")).status_code == 404
    assert await published(site) == []


@pytest.mark.parametrize("scope", ["fax", "account", "domain"])
async def test_a_hold_keeps_a_fax_and_says_why(site: Portal, scope: str) -> None:
    ids = await accounts(site)
    fax = await site.stored.put("ready", "routed", account_id=ids[NUMBER])
    manager, user = await site.signed_in("manager"), await site.signed_in("user")
    at = f"/fax/{fax}/hold" if scope == "fax" else f"/domains/{DOMAIN}/holds"
    which = {"account": f"account:{ids[NUMBER]}", "domain": f"domain:{DOMAIN}"}.get(scope, f"fax:{fax}")
    assert (await post(manager, at, scope=which)).status_code == 422, "a reason is needed"
    made = await post(manager, at, scope=which, reason="Case 2026-114")
    assert made.headers["location"].endswith("?done=held")
    for client in (manager, user):
        assert "Case 2026-114" in (await client.get(f"/fax/{fax}/delete")).text
        refused = await post(client, f"/fax/{fax}/delete")
        assert refused.status_code == 409
        assert "It is on hold, and stays" in words(refused)
    assert "Case 2026-114" in (await manager.get(f"/domains/{DOMAIN}/holds")).text
    assert "On hold…" in (await manager.get(f"/fax/{fax}")).text
    lift = f"/fax/{fax}/hold/lift" if scope == "fax" else f"/domains/{DOMAIN}/holds/lift"
    assert (await post(manager, lift, scope=which)).status_code == 303
    assert (await post(user, f"/fax/{fax}/delete")).status_code == 303
    set_, lifted, deleted = await published(site)
    assert isinstance(set_, HoldChanged)
    assert isinstance(lifted, HoldChanged)
    assert isinstance(deleted, DeletionRequested)
    assert (set_.scope, set_.held, set_.reason, lifted.held) == (which, True, "Case 2026-114", False)
    assert [len(await audited(site, what)) for what in ("hold.set", "hold.lifted", "fax.deleted")] == [1, 1, 1]


async def drained(site: Portal) -> None:
    while await site.services.inventory.lists.store.outbox.drain():
        pass


async def aged(site: Portal) -> None:
    """A minute later, as far as holds are concerned."""
    async with transaction(site.engine) as connection:
        await connection.execute(update(HOLDS).values(at=datetime.now(UTC) - IN_FORCE_AFTER))


@pytest.mark.parametrize("steps", [(drained, aged), (aged, drained)])
@pytest.mark.parametrize("scope", ["fax", "domain"])
async def test_a_hold_is_in_force_a_minute_after_it_is_published(
    site: Portal, scope: str, steps: Sequence[Callable[[Portal], Awaitable[None]]]
) -> None:
    """Until then retention can't know of it, or may act on what it read before, and nobody is told otherwise."""
    ids = await accounts(site)
    fax = await site.stored.put("ready", "routed", account_id=ids[NUMBER])
    manager = await site.signed_in("manager")
    holds = f"/fax/{fax}/hold" if scope == "fax" else f"/domains/{DOMAIN}/holds"
    await post(manager, holds, reason="Case", **({} if scope == "fax" else {"scope": f"domain:{DOMAIN}"}))
    pages = {holds, f"/fax/{fax}/hold"}
    for step in steps:
        for at in pages:
            assert "Not in force yet" in words(await manager.get(at))
        await step(site)
    for at in pages:
        page = words(await manager.get(at))
        assert "Case" in page
        assert "Not in force yet" not in page


async def test_a_reseller_holds_a_fax_it_cannot_read_and_a_user_holds_nothing(site: Portal) -> None:
    ids = await accounts(site)
    fax = await site.stored.put("ready", "routed", account_id=ids[NUMBER])
    reseller, user, rival = [await site.signed_in(role) for role in ("reseller", "user", "rival")]
    assert (await post(reseller, f"/fax/{fax}/hold", reason="A court asked")).status_code == 303
    assert (await post(user, f"/fax/{fax}/hold", reason="Mine")).status_code == 403
    assert (await user.get(f"/domains/{DOMAIN}/holds")).status_code == 403
    assert (await post(rival, f"/fax/{fax}/hold/lift")).status_code == 404
    assert (await post(rival, f"/domains/{DOMAIN}/holds/lift", scope=f"fax:{fax}")).status_code == 404
    assert len(await published(site)) == 1


async def test_the_form_of_a_domain_holds_nothing_of_another(site: Portal) -> None:
    ids = await accounts(site)
    manager = await site.signed_in("manager")
    for scope in (f"domain:{ELSEWHERE}", f"account:{ids['+12025550160']}", "fax:x", "account:", "all:x", ""):
        answer = await post(manager, f"/domains/{DOMAIN}/holds", scope=scope, reason="Case")
        assert answer.status_code == 404, scope
    assert await published(site) == []


async def test_without_a_history_the_pages_say_so(site: Portal, tmp_path: Path) -> None:
    reseller = await site.signed_in("reseller")
    site.services.__dict__["faxes"] = None
    for path in (f"/fax/{UUID(int=1)}/release", "/usage", f"/domains/{DOMAIN}/usage"):
        answer = await reseller.get(path)
        assert answer.status_code == 503
        assert "isn't connected to the faxes yet" in words(answer).replace("&#39;", "'")


async def test_a_fax_of_no_domain_is_not_held_here(site: Portal) -> None:
    fax, reseller = await unclaimed(site), await site.signed_in("reseller")
    assert (await reseller.get(f"/fax/{fax}/hold")).status_code == 404
