"""The faxes of the portal, built of the process's resources."""

from services._runtime.database import connect
from services._runtime.history import History
from services._runtime.service import Resources
from services.portal.faxes.faxes import Faxes
from services.portal.faxes.pictures import Pictures, drawing_pool
from services.portal.faxes.settings import FaxesSettings


async def build(resources: Resources) -> Faxes | None:
    """What the pages of faxes ask; None where the settings name no history."""
    database = FaxesSettings().database
    if database is None:
        return None
    engine = connect(database.get_secret_value(), reading=True)
    resources.stack.push_async_callback(engine.dispose)
    drawing = await resources.stack.enter_async_context(drawing_pool())
    blobs = resources.blobs()
    return Faxes(History(engine), blobs, Pictures(blobs, drawing))
