"""A process that relays the portal's outbox to Kafka. PORTAL_DATABASE names the database.

It stops itself (SIGSTOP) where PORTAL_STOPS names a file, with the request to publish made and not yet sent: who runs
it makes it go on. When that request was answered, `<file>.answered` is there. It is silent after two seconds.
"""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.produce import ProduceRequest

from services._runtime.database import connect
from services._runtime.fenced import FencedPublisher
from services._runtime.outbox import Outbox
from services._runtime.publisher import Publisher
from services._runtime.relaying import Relay
from services._runtime.settings import KafkaSettings
from services.portal.inventory.tables import OUTBOX


def stop_before_publishing(file: Path) -> None:
    """Once, before a produce request is sent."""
    send, answered = AIOKafkaClient.send, file.with_suffix(".answered")

    async def stopped(client: AIOKafkaClient, node_id: int, request: Any, **group: Any) -> Any:
        if not isinstance(request, ProduceRequest) or file.exists():  # noqa: ASYNC240 - local files
            return await send(client, node_id, request, **group)
        file.touch()  # noqa: ASYNC240
        os.kill(os.getpid(), signal.SIGSTOP)
        try:
            return await send(client, node_id, request, **group)
        finally:
            answered.touch()

    AIOKafkaClient.send = stopped


async def main() -> None:
    shared = Publisher(KafkaSettings(), source="portal", confirm_seconds=10)
    await shared.start()
    if "PORTAL_STOPS" in os.environ:
        stop_before_publishing(Path(os.environ["PORTAL_STOPS"]))
    with Path(os.environ["NATIVEFAX_STAGE_RUN_DIR"], f"relay-{os.getpid()}.json").open("w") as ready:  # noqa: ASYNC230 - a local file
        ready.write('{"address": ""}')
    publisher = FencedPublisher(KafkaSettings(), shared, name="portal", confirm_seconds=10)
    outbox = Outbox(connect(os.environ["PORTAL_DATABASE"]), OUTBOX, publisher, source="portal")
    await Relay(outbox, publisher, silent_seconds=2).run()


if __name__ == "__main__":
    asyncio.run(main())
