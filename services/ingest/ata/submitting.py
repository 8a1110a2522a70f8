"""A device submits what was scanned on it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import Counter

from schemas.identity import ata_fax_id
from services._runtime.claims import utc_now
from services._runtime.destinations import NotDiallable, destination
from services._runtime.expiry import is_expired
from services.ingest.ata.devices import Device
from services.ingest.ata.problems import DESTINATIONS, Refused
from services.ingest.submission import File, Submission
from services.ingest.submissions import Submissions, Submitted

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Submitting:
    """Takes a device's documents; `reused` counts jobs under whose id another document had come before."""

    submissions: Submissions
    reused: Counter
    now: Callable[[], datetime] = utc_now

    def check(self, device: Device, to: str) -> None:
        """Whether the device's account may dial a number.

        Raises:
            Refused: It may not.
        """
        try:
            destination(to, device.account)
        except NotDiallable as error:
            detail = DESTINATIONS.get(error.failure, "")
            raise Refused("destination-refused", detail, failure=error.failure) from error

    async def submit(self, device: Device, to: str, booted_at: datetime, job: str, file: File) -> Submitted:
        """One fax for each job since a start of the device; another document as the same job is another fax.

        Raises:
            DependencyAway, PublishUnknown: Nothing is sure; the device may submit again.
            Refused: The job is from over 365 days ago.
        """
        fax_id = ata_fax_id(device.serial, booted_at.astimezone(UTC).isoformat(), job)
        submitted = await self.submissions.submit(
            Submission(
                fax_id=fax_id,
                account=device.account,
                method="ata",
                sender=device.serial,
                destination=to,
                files=(file,),
                reply_to=device.account.primary_user.email,
            )
        )
        if submitted.fax_id != fax_id:
            self.reused.inc()
            log.warning("job id reused", extra={"serial": device.serial, "fax_id": str(submitted.fax_id)})
        if is_expired(submitted.accepted_at, self.now()):
            raise Refused("job-expired")
        return submitted
