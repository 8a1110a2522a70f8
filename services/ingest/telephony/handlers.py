"""A switch's request in; `TelephonyFaxReceived` or `TelephonyDialResult` out."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from schemas.base import Event
from schemas.identity import received_fax_id
from schemas.telephony import TelephonyDialResult, TelephonyFaxReceived
from services._runtime.blobs import Blobs
from services._runtime.claims import utc_now
from services._runtime.problems import Wrong
from services._runtime.publisher import Publishes, message_of
from services.ingest.telephony.domain import Told, completed, merged, told_by
from services.ingest.telephony.problems import Refused
from services.ingest.telephony.requests import ReceivedFax
from services.ingest.telephony.upload_keys import upload_day, upload_key

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""How a TIFF begins, in either byte order, classic (TIFF 6.0, section 2) or with 64-bit offsets (BigTIFF)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reception:
    """Hands over what switches post. When a method returns, Kafka has confirmed the event."""

    blobs: Blobs
    publisher: Publishes
    now: Callable[[], datetime] = utc_now

    async def received(
        self, switch_id: str, fax: ReceivedFax, variables: Mapping[str, str | int] | None, data: bytes
    ) -> tuple[UUID, tuple[str, ...]]:
        """Upload a received fax, then publish its event; all of it again, to the same end, for a repeat.

        Returns:
            The fax's id, and the variables that made no sense.

        Raises:
            Refused: The file is no TIFF, or the variables are of no fax engine.
            DependencyAway: The store doesn't answer. The switch may post again.
            PublishUnknown: Kafka didn't confirm. The switch may post again.
        """
        if not data.startswith(MAGIC):
            raise Refused("not-a-tiff")
        told = _told(variables)
        day = upload_day(fax.received_at, self.now())
        key = upload_key(switch_id, fax.call_id, fax.fax_ordinal, day, sha256(data).hexdigest())
        event = _event(switch_id, fax, told, key)
        message_of(event, source="telephony", at=self.now())  # what can't be announced is not uploaded either
        await self.blobs.put(key, data, "image/tiff")
        await self._publish(event)
        fax_id = received_fax_id(switch_id, fax.call_id, fax.fax_ordinal)
        log.info("received", extra={"fax_id": str(fax_id), "switch": switch_id, "bytes": len(data)})
        return fax_id, told.unread if told else ()

    async def result(
        self, switch_id: str, result: TelephonyDialResult, variables: Mapping[str, str | int] | None
    ) -> tuple[str, ...]:
        """Publish the result of an attempt; the variables that made no sense.

        Raises:
            Refused: The variables are of no fax engine.
            PublishUnknown: Kafka didn't confirm. The switch may post again.
        """
        told = _told(variables)
        await self._publish(completed(result, told))
        log.info("result", extra={"fax_id": str(result.fax_id), "switch": switch_id})
        return told.unread if told else ()

    async def _publish(self, event: Event) -> None:
        await self.publisher.publish([message_of(event, source="telephony", at=self.now())])


def _told(variables: Mapping[str, str | int] | None) -> Told | None:
    if variables is None:
        return None
    told = told_by(variables)
    if told is None:
        raise Refused("invalid-request", errors=(Wrong("variables", "none of them is of a fax engine we know"),))
    return told


def _event(switch_id: str, fax: ReceivedFax, told: Told | None, key: str) -> TelephonyFaxReceived:
    announced = fax.pages_announced
    return TelephonyFaxReceived(
        switch_id=switch_id,
        call_id=fax.call_id,
        fax_ordinal=fax.fax_ordinal,
        called_number=fax.called_number,
        caller_number=fax.caller_number,
        received_at=fax.received_at,
        object_key=key,
        pages_announced=announced if announced is not None or told is None else told.pages_total,
        call=merged(fax.call, told),
    )
