"""An account's shorter retention, on real parts: the portal, retention and the history, each a process."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.fax import FaxStatusChanged
from schemas.retention import HoldChanged
from services._runtime.database import connect, migrate
from services._runtime.history import History
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings, StoreSettings
from services.portal.history.adapters import Projection
from services.portal.inventory.views import Account
from tests.fault.api_process import history_url, make_history
from tests.fault.workers import workers
from tests.integration.inventory_world import NUMBERS, RESELLER, saved, world
from tests.integration.stored_faxes import StoredFaxes, empty, new_bucket
from tests.providers.cluster import Cluster

pytestmark = pytest.mark.timeout(240)

STAGES = ("history", "retention", "portal")


@pytest.fixture
def bucket(cluster: Cluster) -> Iterator[StoreSettings]:
    with new_bucket(cluster.environment, versioned=False) as settings:
        yield settings
        empty(settings)


@dataclass
class Office:
    """Faxes in the store and in the history."""

    stored: StoredFaxes
    engine: AsyncEngine

    async def fax(self, account: Account, days: int) -> UUID:
        when = self.stored.now - timedelta(days=days)
        fax_id = await self.stored.put_fax(when, account=account.account_id, domain=account.domain)
        step = FaxStatusChanged(
            fax_id=fax_id,
            version=2,
            state="routed",
            stage="router",
            at=when,
            direction="received",
            accepted_at=when,
            account_id=account.account_id,
        )
        await Projection(self.engine).write([step])
        return fax_id


@pytest.fixture
async def office(bucket: StoreSettings, tmp_path: Path) -> AsyncIterator[Office]:
    await make_history(tmp_path)
    engine = connect(history_url(tmp_path))
    yield Office(StoredFaxes(bucket), engine)
    await engine.dispose()


async def accounts(url: str) -> tuple[Account, Account]:
    """One that keeps its faxes for 30 days, and one that did so for 45 and is removed.

    With numbers that no other test on these topics has: the router would find these accounts.
    """
    engine = connect(url)
    await migrate(engine, "services.portal")
    await engine.dispose()
    async with world(url) as portal:
        month, gone = [
            (await portal.added(NUMBERS[number], settings={"retention_days": days})).account
            for number, days in ((8, 30), (9, 45))
        ]
        return month, saved(await portal.inventory.accounts.remove(RESELLER, gone.account_id, gone.version)).account


async def hold(kafka: KafkaSettings, fax_id: UUID, *, held: bool) -> None:
    publisher = Publisher(kafka, source="portal", confirm_seconds=30)
    await publisher.start()
    scope = f"fax:{fax_id}"
    await publisher.publish_events(
        [HoldChanged(scope=scope, held=held, reason="a lawsuit", by="tests", at=datetime.now(UTC))]
    )
    await publisher.stop()


async def test_what_an_account_no_longer_keeps_goes_with_objects_and_row(
    cluster: Cluster, kafka: KafkaSettings, office: Office, tmp_path: Path
) -> None:
    portal_url = f"sqlite:///{tmp_path}/portal.sqlite"
    month, removed = await accounts(portal_url)
    due, of_removed = await office.fax(month, 31), await office.fax(removed, 46)
    young, younger = await office.fax(month, 29), await office.fax(removed, 44)
    on_hold = await office.fax(month, 31)
    before = {fax_id: set(office.stored.of(fax_id)) for fax_id in (young, younger, on_hold)}
    await hold(kafka, on_hold, held=True)
    environment = {
        **cluster.environment,
        "NATIVEFAX_STORE_BUCKET": office.stored.store.bucket,
        "NATIVEFAX_HISTORY_DATABASE": history_url(tmp_path),
        "NATIVEFAX_PORTAL_DATABASE": portal_url,
        "NATIVEFAX_PORTAL_URL": "http://127.0.0.1",
        "NATIVEFAX_LINKS_SECRET": "s" * 40,
    }
    with workers(tmp_path, environment, [["-m", "services", one] for one in STAGES]) as (*_, portal):
        await until_gone(office, {due, of_removed})
        assert portal.metric("nativefax_retention_named_faxes_total") == 3
    for fax_id, keys in before.items():
        assert keys <= set(office.stored.of(fax_id)), "kept whole, and where it was"
        assert await History(office.engine).fax(fax_id) is not None
    await hold(kafka, on_hold, held=False)


async def until_gone(office: Office, fax_ids: set[UUID]) -> None:
    """Nothing of them is stored, and their tombstones have taken them out of the history."""
    async with asyncio.timeout(60):
        while any([await History(office.engine).fax(one) or office.stored.of(one) for one in fax_ids]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
