"""The email gateway as a process that tests talk to and hurt, and what it announced."""

import asyncio
import json
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.certificate import make_certificate
from schemas.accounts import FaxAccount, User
from schemas.envelope import InvalidMessage, decode
from schemas.fax import FaxSubmitted
from schemas.topics import FAX_SUBMITTED
from services._runtime.kafka import client_options
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings
from tests.fault.workers import Worker, workers
from tests.providers.cluster import Cluster
from tests.unit.email_in import DOMAIN, VOUCHING
from tests.unit.test_routing import account

COMMAND = ["-m", "services", "email_in"]
VIA_NETWORK = {"name": "local", "networks": ["127.0.0.0/8"], "vouches_for": "envelope-sender"}


@contextmanager
def gateway(cluster: Cluster, folder: Path) -> Iterator[Worker]:
    """The gateway; a relay may sign in over TLS, and one on this machine needn't."""
    make_certificate(folder / "certificate.pem", folder / "key.pem")
    own = {
        "NATIVEFAX_EMAIL_IN_PORT": "0",
        "NATIVEFAX_EMAIL_IN_DOMAINS": json.dumps([DOMAIN]),
        "NATIVEFAX_EMAIL_IN_RELAYS": json.dumps([VOUCHING, VIA_NETWORK]),
        "NATIVEFAX_EMAIL_IN_CERTIFICATE": str(folder / "certificate.pem"),
        "NATIVEFAX_EMAIL_IN_KEY": str(folder / "key.pem"),
        "NATIVEFAX_EMAIL_IN_REQUIRE_TLS": "false",
        "NATIVEFAX_EMAIL_IN_CONNECTIONS": "200",
        "NATIVEFAX_EMAIL_IN_CONNECTIONS_PER_PEER": "200",
        "NATIVEFAX_STAGE_CONFIRM_SECONDS": "3",
    }
    with workers(folder, {**cluster.environment, **own}, [COMMAND]) as (worker,):
        yield worker


def port_of(worker: Worker) -> int:
    """Where it listens since it was started last."""
    lines = [json.loads(line) for line in (worker.folder / "log").read_text().splitlines() if line.startswith("{")]
    ports = [
        int(line["port"]) for line in lines if line["message"] == "takes faxes by mail" and line["pid"] == worker.pid
    ]
    return ports[-1]


def secured(smtp: smtplib.SMTP, folder: Path) -> None:
    context = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    context.check_hostname = False
    smtp.starttls(context=context)


def clinic(number: str) -> FaxAccount:
    """An account whose user is named after its number."""
    user = User(name="Front desk", email=f"desk{number[1:]}@clinic.example")
    return account(account_id=f"account-{number}", fax_number=number, primary_user=user)


async def publish(*accounts: FaxAccount) -> None:
    publisher = Publisher(KafkaSettings(), source="tests", confirm_seconds=30)
    await publisher.start()
    await publisher.publish_events(accounts)
    await publisher.stop()


async def announced(account_id: str) -> list[FaxSubmitted]:
    """Every announcement of an account's faxes, repeats and all."""
    async with AIOKafkaConsumer(**client_options(KafkaSettings()), auto_offset_reset="earliest") as consumer:
        partitions = [TopicPartition(FAX_SUBMITTED.name, one) for one in range(FAX_SUBMITTED.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        events = []
        while any([await consumer.position(one) < ends[one] for one in partitions]):
            batches = await asyncio.wait_for(consumer.getmany(timeout_ms=500), 30)
            for record in (one for batch in batches.values() for one in batch):
                with suppress(InvalidMessage):  # other tests put bad messages there
                    events.append(decode(FAX_SUBMITTED, record.headers, record.value))
    return [one for one in events if isinstance(one, FaxSubmitted) and one.account_id == account_id]
