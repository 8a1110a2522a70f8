"""The received-fax pipeline as processes that tests hurt, and what they check it by."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import boto3
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.mailbox import read_maildir
from deploy.local.mailbox.maildir import list_mails
from schemas.accounts import AtaDevice, Brand, FaxAccount, User
from schemas.telephony import TelephonyFaxReceived
from schemas.topics import Topic
from services._runtime.blobs import ObjectStore
from services._runtime.kafka import client_options
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings, StoreSettings
from services.cli.following import StatusReader
from services.cli.receiving import Incoming, Way, follow, hand_over
from tests.fault.workers import Worker, workers
from tests.providers.cluster import Cluster

STAGES = ("ingest", "router", "email_out")
DATA = Path(__file__).parents[1] / "data"
CLEAN = DATA / "received" / "g3-1d_standard_1p.tif"

NORTH = Brand(
    name="North Voice", colour="#0b6e4f", portal_host="portal.north.example", from_address="fax@north.example"
)
SOUTH = Brand(
    name="South Telecom", colour="#8a1c1c", portal_host="portal.south.example", from_address="fax@south.example"
)


def account(number: str, handling: str, brand: Brand, *, ata: AtaDevice | None = None) -> FaxAccount:
    """An account whose user has a mailbox of its own."""
    return FaxAccount.model_validate(
        {
            "account_id": f"account-{number}",
            "version": 1,
            "fax_number": number,
            "reseller": brand.name,
            "domain": "clinic.example",
            "brand": brand,
            "primary_user": User(name="Front desk", email=f"user{number[1:]}@clinic.example"),
            "methods": ("email", "portal", "ata") if ata else ("email", "portal"),
            "handling": handling,
            "ata": ata,
            "changed_at": datetime.now(UTC),
        }
    )


@dataclass
class Pipeline:
    """A cluster with topics, and faxes sent through whatever stages run."""

    cluster: Cluster
    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    blobs: ObjectStore = field(default_factory=lambda: ObjectStore(StoreSettings()))

    @contextmanager
    def stages(self, folder: Path, **numbers: int) -> Iterator[dict[str, list[Worker]]]:
        """Run the stages that are named, so many processes each; all of them once if none is named."""
        wanted = numbers or dict.fromkeys(STAGES, 1)
        commands = [["-m", "services", name] for name, number in wanted.items() for _ in range(number)]
        with workers(folder, self.cluster.environment, commands) as started:
            yield {name: [one for one in started if one.command[-1] == name] for name in wanted}

    async def publish_accounts(self, *accounts: FaxAccount) -> None:
        publisher = await self._publisher()
        await publisher.publish_events(accounts)
        await publisher.stop()

    async def hand_over(self, faxes: list[Incoming]) -> list[TelephonyFaxReceived]:
        publisher = await self._publisher()
        events = await hand_over(faxes, self.blobs, publisher)
        await publisher.stop()
        return events

    async def ways(self, events: list[TelephonyFaxReceived], reader: StatusReader, seconds: float = 90) -> list[Way]:
        """Every fax's way; fails if one hasn't ended in time."""
        found = [way async for way in follow(events, reader, self.blobs, seconds)]
        waiting = [way.line() for way in found if not way.ended]
        assert not waiting, f"{len(waiting)} of {len(found)} faxes haven't ended, for instance {waiting[0]}"
        return found

    def reader(self) -> AbstractAsyncContextManager[StatusReader]:
        return StatusReader.open(self.kafka, from_start=False)

    async def remove(self, key: str) -> None:
        """Take an object away, as somebody might by mistake."""
        settings = StoreSettings()
        store = boto3.client(
            "s3",
            endpoint_url=settings.endpoint,
            region_name=settings.region,
            aws_access_key_id=settings.access_key.get_secret_value(),
            aws_secret_access_key=settings.secret_key.get_secret_value(),
        )
        await asyncio.to_thread(store.delete_object, Bucket=settings.bucket, Key=key)

    def mails(self) -> Counter[str]:
        """How often each Message-ID lies in the mailbox."""
        return Counter(str(mail["Message-ID"]) for mail in read_maildir(self.cluster.maildir))

    def mailbox(self) -> int:
        """How many mails lie in the mailbox."""
        return len(list_mails(self.cluster.maildir))

    async def uncommitted(self, group: str, topic: Topic) -> int:
        """Messages of `topic` that `group` has not committed: being handled, or waiting."""
        admin = AIOKafkaAdminClient(**client_options(self.kafka))
        await admin.start()
        committed = await admin.list_consumer_group_offsets(group)
        await admin.close()
        mine = {partition: at.offset for partition, at in committed.items() if partition.topic == topic.name}
        async with AIOKafkaConsumer(**client_options(self.kafka)) as consumer:
            ends = await consumer.end_offsets(list(mine))
        return sum(ends[partition] - offset for partition, offset in mine.items())

    async def _publisher(self) -> Publisher:
        publisher = Publisher(self.kafka, source="tests", confirm_seconds=30)
        await publisher.start()
        return publisher
