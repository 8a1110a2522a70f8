"""Device types are a reseller's own, but for those that come with the portal: no other sees, takes or removes them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from services._runtime.database import connect, migrate, transaction
from services.portal.inventory import device_types
from services.portal.inventory.device_types import SHIPPED
from tests.integration.inventory_world import ATA, NUMBERS, RESELLER, STRANGER, World, codes, form, world

OWN: dict[str, Any] = {**ATA, "device_type": "Northwind One", "serial": "A1"}


@pytest.fixture
async def portal(tmp_path: Path) -> AsyncIterator[World]:
    async with world(f"sqlite:///{tmp_path}/portal.sqlite") as made:
        await made.stranger()
        yield made


async def test_a_resellers_own_type_is_nobody_elses(portal: World) -> None:
    types = portal.inventory.device_types
    assert await types.add(RESELLER, "Northwind One") == "Northwind One"
    assert (await types.listed(RESELLER)).own == ("Northwind One",)
    assert (await types.listed(STRANGER)).all == tuple(sorted(SHIPPED))
    await portal.added(NUMBERS[0], **OWN)
    theirs = form("+12025550150", **{**OWN, "serial": "B1", "domain": "other.example"})
    assert "device-type-unknown" in codes(await portal.inventory.accounts.add(STRANGER, theirs))
    assert codes(await types.remove(STRANGER, "Northwind One")) == ("device-type-unknown",)
    assert await types.add(STRANGER, "Northwind One") == "Northwind One", "a name is nobody's"
    assert await types.remove(STRANGER, "Northwind One") == "Northwind One"
    assert (await types.listed(RESELLER)).own == ("Northwind One",)


async def test_what_comes_with_the_portal_stays(portal: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_types, "MOST", 3)
    types = portal.inventory.device_types
    assert codes(await types.remove(RESELLER, SHIPPED[0])) == ("device-type-unknown",)
    assert codes(await types.add(RESELLER, SHIPPED[0])) == ("device-type-known",)
    for number in range(3):
        await types.add(RESELLER, f"Type {number}")
    assert codes(await types.add(RESELLER, "One more")) == ("too-many-device-types",)


async def test_a_list_of_all_becomes_lists_of_each(database: str) -> None:
    engine = connect(database)
    async with transaction(engine) as connection:
        await connection.run_sync(_before)
        for one in ("a", "b"):
            await connection.execute(text(f"INSERT INTO resellers VALUES ('{one}', true)"))
        for one in ("added by a", "of nobody", SHIPPED[0]):
            await connection.execute(text(f"INSERT INTO device_types VALUES ('{one}')"))
        await connection.execute(
            text(
                "INSERT INTO audit (at, user_id, name, reseller, what, subject) "
                "VALUES ('2026-01-01 00:00', 'u', 'n', 'a', 'device-type.added', 'added by a')"
            )
        )
    await migrate(engine, "services.portal")
    async with transaction(engine) as connection:
        rows = await connection.execute(text("SELECT reseller, device_type FROM device_types ORDER BY 1, 2"))
        assert [tuple(one) for one in rows] == [("a", "added by a"), ("a", "of nobody"), ("b", "of nobody")]
    await engine.dispose()


def _before(connection: Connection) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "services._runtime:migrating")
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "services.portal:migrations")
    command.upgrade(config, "portal_0040")
