"""A connection for the few requests of this package."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.client import AIOKafkaClient

from services._runtime.kafka import client_options
from services._runtime.settings import KafkaSettings


class Asking:
    """Asks any broker: those that don't answer a request themselves pass it on to the controller."""

    def __init__(self, client: AIOKafkaClient) -> None:
        self._client = client

    async def __call__(self, request: Any) -> Any:
        """The answer.

        Raises:
            KafkaError: The broker doesn't answer.
        """
        return await self._client.send(self._client.get_random_node(), request)


@asynccontextmanager
async def asking(settings: KafkaSettings) -> AsyncIterator[Asking]:
    """Connected while the block runs.

    Raises:
        KafkaError: No broker answers, or not to this user.
    """
    client = AIOKafkaClient(**client_options(settings))
    try:
        await client.bootstrap()
        yield Asking(client)
    finally:
        await client.close()
