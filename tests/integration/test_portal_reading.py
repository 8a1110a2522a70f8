"""How many documents one person may open: counted for all processes together, told in words, written down once."""

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
from sqlalchemy import func, select

from services._runtime.database import transaction
from services._runtime.outbox import Outbox
from services._runtime.rates import Buckets
from services.portal.faxes.reading import ReadingLimits
from services.portal.inventory.actors import Actor
from services.portal.inventory.store import Change, Entry, Store
from services.portal.inventory.tables import AUDIT, OUTBOX
from services.portal.web.site import site
from tests.integration.inventory_world import world
from tests.providers.faxes import received
from tests.providers.portal import Portal, portal
from tests.unit.bounces import Published

PDF = Path(__file__).parents[1] / "data" / "submitted" / "letter.pdf"


def _limited(made: Portal, most: int, **other: object) -> Portal:
    services = replace(made.services, reading=ReadingLimits(per_hour=most, per_day=most + 1), **other)  # type: ignore[arg-type]
    return replace(made, services=services, app=site(services))


async def _faxes(made: Portal, count: int) -> list[str]:
    return [
        f"/fax/{await made.stored.put('ready', 'routed', documents=received(PDF.read_bytes()))}" for _ in range(count)
    ]


async def _audited(made: Portal, what: str) -> int:
    async with transaction(made.engine) as connection:
        return await connection.scalar(select(func.count()).select_from(AUDIT).where(AUDIT.c.what == what)) or 0


async def test_who_opens_too_many_is_held_back_and_reads_on_what_they_opened(tmp_path: Path) -> None:
    async with portal(tmp_path) as made:
        limited, other = _limited(made, 2), _limited(made, 2)  # two processes
        one, two, three = await _faxes(made, 3)
        manager, elsewhere = await limited.signed_in("manager"), await other.signed_in("manager")
        assert [(await manager.get(f"{one}/fax.pdf")).status_code, (await elsewhere.get(two)).status_code] == [200, 200]
        for client in (manager, elsewhere):
            for part in ("", "/fax.pdf", "/fax.tif", "/page/1"):
                held = await client.get(three + part)
                assert held.status_code == 429, part
                assert 0 < int(held.headers["Retry-After"]) <= 3600
                assert b"%PDF" not in held.content
            assert "opened many faxes" in held.text
            assert [(await client.get(at + "/fax.pdf")).status_code for at in (one, two)] == [200, 200], (
                "looked at again"
            )
            assert (await client.get(one + "/fax.pdf?download")).status_code == 429, "to keep it is one more"
        assert (await _audited(made, "fax.viewed"), await _audited(made, "fax.held-back")) == (2, 1)
        reseller = await limited.signed_in("reseller")
        assert (await reseller.get(three)).status_code == 200, "others read on"
        assert "held back from opening" in (await manager.get("/domains/clinic.example/audit")).text


async def test_a_hour_later_they_read_on_until_the_day_is_full(tmp_path: Path) -> None:
    async with world(f"sqlite:///{tmp_path}/portal.sqlite") as made:
        limits = ReadingLimits(per_hour=2, per_day=3)
        store = Store(made.engine, made.outbox, made.now)
        assert [await _read(store, limits, fax) for fax in "aab"] == [0, 0, 0]
        assert await _read(store, limits, "c") == 3600
        made.later(minutes=61)
        assert await _read(store, limits, "c") == 0
        assert await _read(store, limits, "d") == 23 * 3600 - 60
        made.later(hours=23)
        assert await _read(store, limits, "d") == 0


async def test_documents_that_are_asked_for_at_once_all_count(database: str) -> None:
    async with world(database) as made:
        store = Store(made.engine, Outbox(made.engine, OUTBOX, Published(), source="portal"), made.now)
        limits = ReadingLimits(per_hour=5)
        answers = await asyncio.gather(*(_read(store, limits, f"fax {one}") for one in range(12)))
        assert sum(not one for one in answers) == 5


async def _read(store: Store, limits: ReadingLimits, fax: str) -> int:
    async def work(change: Change) -> int:
        return await limits.read(change, Entry("fax.viewed", fax, "clinic.example"))

    return await store.change(Actor("ada", "Ada", "manager", "reseller", "clinic.example"), work)


async def test_small_pictures_have_a_limit_of_their_own(tmp_path: Path) -> None:
    async with portal(tmp_path) as made:
        limited = _limited(made, 2, thumbnails=Buckets(per_second=1 / 60, burst=2))
        (fax,) = await _faxes(made, 1)
        client = await limited.signed_in("manager")
        answers: list[httpx.Response] = [await client.get(f"{fax}/thumbnail") for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        assert int(answers[2].headers["Retry-After"]) in range(1, 61)
