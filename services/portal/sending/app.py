"""Sending's wiring."""

import asyncio
import logging
from typing import Final

from services._runtime.outcomes import DependencyAway
from services._runtime.service import Resources
from services.portal.sending.api import FaxApi
from services.portal.sending.drafts import Drafts
from services.portal.sending.sending import Draws, Sending
from services.portal.sending.settings import SendingSettings

log = logging.getLogger("nativefax.portal")

SWEPT_EVERY: Final = 1800.0
"""Seconds between two looks for drafts that nobody touches any more."""


def build(resources: Resources, pictures: Draws) -> Sending | None:
    """What sends faxes, if the settings say where the API is; its drafts are swept while the process runs."""
    settings = SendingSettings()
    if settings.api_url is None or settings.portal_api_token is None:
        return None
    api = FaxApi.of(settings.api_url, settings.portal_api_token.get_secret_value())
    resources.stack.push_async_callback(api.client.aclose)
    drafts = Drafts(resources.blobs())
    resources.supervise("drafts", lambda: sweeping(drafts))
    return Sending(drafts, api, pictures)


async def sweeping(drafts: Drafts, every: float = SWEPT_EVERY) -> None:
    """Throw away stale drafts, for ever; several processes may do so at once."""
    while True:
        try:
            if dropped := await drafts.sweep():
                log.info("drafts swept", extra={"count": dropped})
        except DependencyAway as away:
            log.warning("drafts not swept", extra={"dependency": away.dependency})
        await asyncio.sleep(every)
