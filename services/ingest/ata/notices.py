"""A page that tells how a sent fax ended: drawn, and stored beside the fax."""

import asyncio

from schemas.base import StoredObject
from schemas.fax import AtaNoticeRequested, EmailRequested
from schemas.keys import NOTICE, fax_prefix
from services._runtime import endings
from services._runtime.blobs import Blobs
from services.ingest.documents.notice import Notice, notice_page


async def stored_page(request: AtaNoticeRequested, blobs: Blobs) -> StoredObject:
    """Draw the page and store it; the same again for a repeat. A thumbnail that is gone is left out.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    picture = await blobs.get(request.thumbnail.key) if request.thumbnail else None
    page = await asyncio.to_thread(notice_page, said(request.mail), picture)
    key = f"{fax_prefix(request.accepted_at, request.fax_id)}{NOTICE}{request.version}.tif"
    await blobs.put(key, page, "image/tiff")
    return StoredObject(key=key, size=len(page), media_type="image/tiff")


def said(mail: EmailRequested) -> Notice:
    """What the page says: the words of the mail."""
    return Notice(
        brand=mail.brand.name,
        heading=endings.heading(mail),
        lead=endings.lead(mail),
        facts=endings.facts(mail),
        support=mail.brand.support,
    )
