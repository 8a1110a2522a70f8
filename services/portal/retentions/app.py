"""The loop, built of the portal's resources."""

from sqlalchemy.ext.asyncio import AsyncEngine

from services._runtime.claims import Claims
from services._runtime.history import History
from services._runtime.service import Resources
from services.portal.retentions.adapters import Accounts
from services.portal.retentions.asking import LEASE, Asking
from services.portal.retentions.telling import Told


def start(resources: Resources, engine: AsyncEngine, history: History) -> None:
    """Name faxes to retention for as long as the process runs; `engine` is the portal's database."""
    told = Told(resources.registry)
    resources.stack.callback(told.close)
    claims = Claims(resources.blobs(), resources.owner, LEASE)
    asking = Asking(Accounts(engine), history, resources.publisher, claims, told)
    resources.supervise("retentions", asking.run)
