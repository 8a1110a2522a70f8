"""The loop, built of the portal's resources, and a look at what it would name."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.base import Event
from services._runtime.claims import Claims, utc_now
from services._runtime.database import connect
from services._runtime.history import History
from services._runtime.service import Resources
from services.portal.faxes.settings import FaxesSettings
from services.portal.retentions.adapters import Accounts
from services.portal.retentions.asking import LEASE, Asking
from services.portal.retentions.naming import Naming
from services.portal.retentions.telling import Told
from services.portal.web.settings import PortalSettings


def start(resources: Resources, engine: AsyncEngine, history: History) -> None:
    """Name faxes to retention for as long as the process runs; `engine` is the portal's database."""
    told = Told(resources.registry)
    naming = Naming(Accounts(engine), history, resources.publisher, told)
    claims = Claims(resources.blobs(), resources.owner, LEASE)
    resources.supervise("retentions", Asking(naming, claims, told).run)


class Nobody:
    """`Publishes` to nobody: whoever looks only counts."""

    async def publish_events(self, events: Sequence[Event]) -> None:
        """Tell nobody."""


async def count() -> int | None:
    """How many faxes would be named now, those on hold too; None where the settings don't name both databases.

    Raises:
        DependencyAway: A database doesn't answer.
    """
    portal, history = PortalSettings().database, FaxesSettings().database
    if portal is None or history is None:
        return None
    async with AsyncExitStack() as stack:
        engine, reading = connect(portal.get_secret_value()), connect(history.get_secret_value(), reading=True)
        for one in (engine, reading):
            stack.push_async_callback(one.dispose)
        naming = Naming(Accounts(engine), History(reading), Nobody(), Told(CollectorRegistry()))
        return await naming.name(utc_now())
