"""A page that tells how a sent fax ended: drawn, stored beside the fax, and held for the device like a received one."""

import asyncio
from datetime import datetime

from schemas.base import StoredObject
from schemas.fax import AtaNoticeRequested, EmailRequested
from schemas.identity import notice_id
from schemas.keys import NOTICE, fax_prefix
from services._runtime import endings
from services._runtime.blobs import Blobs
from services.ingest.ata.domain import HeldFax, Transition, held
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


def hold(request: AtaNoticeRequested, page: StoredObject, now: datetime) -> Transition:
    """Begin to wait. The page has an id of its own: a fax whose end is corrected has two."""
    fax = HeldFax(
        fax_id=notice_id(request.fax_id, request.version),
        sent_fax_id=request.fax_id,
        account_id=request.account_id,
        serial=request.serial,
        state="waiting",
        version=1,
        request_version=request.version,
        accepted_at=request.accepted_at,
        due_at=request.deadline,
        pages=1,
        document=page,
        fallback=(request.mail,),
        changed_at=now,
    )
    return held(fax, now)
