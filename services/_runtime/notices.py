"""Telling a sender at a fax machine how a fax ended: a page at the machine, or a mail if nobody takes it."""

from datetime import timedelta
from typing import Final

from schemas.base import StoredObject
from schemas.fax import AtaNoticeRequested, EmailRequested

ATA_DEADLINE: Final = timedelta(minutes=30)
"""How long a device may take to fetch what waits for it before its user gets a mail instead."""


def notice(mail: EmailRequested, serial: str, thumbnail: StoredObject | None) -> AtaNoticeRequested:
    """The page at a device that says what `mail` says, and `mail` itself for when it isn't taken."""
    return AtaNoticeRequested(
        fax_id=mail.fax_id,
        version=mail.version,
        account_id=mail.account_id,
        serial=serial,
        accepted_at=mail.accepted_at,
        mail=mail,
        thumbnail=thumbnail,
        deadline=mail.requested_at + ATA_DEADLINE,
    )
