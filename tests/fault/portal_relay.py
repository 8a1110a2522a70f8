"""A process that relays the portal's outbox to Kafka. PORTAL_DATABASE names the database."""

import asyncio
import os
from pathlib import Path

from services._runtime.database import connect
from services._runtime.outbox import Outbox
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings
from services.portal.inventory.tables import OUTBOX


async def main() -> None:
    publisher = Publisher(KafkaSettings(), source="portal", confirm_seconds=10)
    await publisher.start()
    with Path(os.environ["NATIVEFAX_STAGE_RUN_DIR"], f"relay-{os.getpid()}.json").open("w") as ready:  # noqa: ASYNC230 - a local file
        ready.write('{"address": ""}')
    await Outbox(connect(os.environ["PORTAL_DATABASE"]), OUTBOX, publisher, source="portal").relay()


if __name__ == "__main__":
    asyncio.run(main())
