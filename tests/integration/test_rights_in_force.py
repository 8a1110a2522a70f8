"""Every process on a real broker as its own user: it may what the contract says, and no more."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from pydantic import SecretStr

from schemas.rights import PROCESSES, kafka_rights
from schemas.topics import FAX_ACCOUNTS, FAX_READY, FAX_TO_DIAL
from services._runtime import topic_admin
from services._runtime.access import acls
from services._runtime.access.acls import Acl, Operation, Resource
from services._runtime.access.applying import NotAdministrator, grant
from services._runtime.access.client import asking
from services._runtime.access.missing import KNOWN, Rights, RightsMissing, check_rights
from services._runtime.access.requests import CreateAcls, DeleteAcls, DescribeTopics
from services._runtime.access.settings import AccessSettings
from services._runtime.access.users import set_passwords
from services._runtime.kafka import client_options
from services._runtime.settings import KafkaSettings
from tests.providers.cluster import Cluster
from tests.providers.local import kafka_settings


@pytest.fixture(scope="module")
def admin(cluster: Cluster) -> KafkaSettings:
    settings = kafka_settings(cluster.environment)
    topic_admin.apply_now(settings)
    return settings


def kafka_of(cluster: Cluster, process: str) -> KafkaSettings:
    return kafka_settings({**cluster.environment, **cluster.settings_of(process)})


async def granted(settings: KafkaSettings, operation: Operation) -> set[str]:
    """The topics, of all, to which this user may do that: the broker says so by what it would let it do."""
    async with asking(settings) as ask:
        answer = await ask(DescribeTopics(KNOWN))
    return {name for code, name, _, _, operations in answer.topics if not code and operations & 1 << operation}


@pytest.mark.parametrize("process", PROCESSES)
async def test_a_user_may_read_and_write_the_topics_of_its_process_and_no_others(
    cluster: Cluster, admin: KafkaSettings, process: str
) -> None:
    settings, rights = kafka_of(cluster, process), kafka_rights(process)
    topics = set(KNOWN) & await granted(admin, Operation.READ)
    for operation, patterns in ((Operation.READ, rights.reads), (Operation.WRITE, rights.writes)):
        expected = {name for name in topics if any(fnmatchcase(name, pattern) for pattern in patterns)}
        assert await granted(settings, operation) == expected
    await check_rights(settings, process)


@pytest.mark.parametrize("topic", [FAX_TO_DIAL.name, FAX_ACCOUNTS.name])
async def test_the_mail_stage_can_write_neither_calls_nor_accounts(
    cluster: Cluster, admin: KafkaSettings, topic: str
) -> None:
    async with AIOKafkaProducer(**client_options(kafka_of(cluster, "email_out"))) as producer:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(topic, b"forged")


async def test_the_mail_stage_can_neither_read_another_topic_nor_join_another_group(
    cluster: Cluster, admin: KafkaSettings
) -> None:
    settings = kafka_of(cluster, "email_out")
    with pytest.raises(TopicAuthorizationFailedError):
        await read(AIOKafkaConsumer(FAX_READY.name, **client_options(settings)))
    with pytest.raises(GroupAuthorizationFailedError):
        await read(AIOKafkaConsumer("email-requested", group_id="router", **client_options(settings)))


async def read(consumer: AIOKafkaConsumer) -> None:
    try:
        async with asyncio.timeout(60):
            await consumer.start()
            await consumer.getmany(timeout_ms=30_000)
    finally:
        await consumer.stop()


async def test_a_process_with_anothers_credentials_says_what_it_may_not_and_what_to_do(
    cluster: Cluster, admin: KafkaSettings
) -> None:
    with pytest.raises(RightsMissing, match=r"nativefax-router may not .*email-requested.*nativefax topics apply"):
        await check_rights(kafka_of(cluster, "router"), "email_out")


async def test_who_is_no_administrator_is_told_so(cluster: Cluster, admin: KafkaSettings) -> None:
    with pytest.raises(NotAdministrator, match=r"nativefax-router may not .*super\.users"):
        await grant(kafka_of(cluster, "router"), AccessSettings())


@asynccontextmanager
async def another_user(admin: KafkaSettings) -> AsyncIterator[tuple[KafkaSettings, str]]:
    """A user of this test's own with no rights yet, and what its name begins with; its rights go with the block."""
    prefix = f"test-{uuid4().hex[:8]}-"
    await set_passwords(admin, {f"{prefix}bounces": "a long password"})
    try:
        yield (
            admin.model_copy(update={"username": f"{prefix}bounces", "password": SecretStr("a long password")}),
            prefix,
        )
    finally:
        async with asking(admin) as ask:
            await ask(DeleteAcls([one.row for one in acls.wanted(prefix)]))


async def test_rights_that_are_taken_away_are_told_and_come_back_when_they_are_applied(
    admin: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acls, "PROCESSES", ("bounces",))
    async with another_user(admin) as (settings, prefix):
        await acls.apply(admin, prefix)
        rights = Rights(settings, "bounces", again_seconds=0.05)
        checking = asyncio.create_task(rights.keep_checking())
        try:
            async with asking(admin) as ask:
                await ask(DeleteAcls([Acl(settings.username or "", Operation.WRITE, Resource.TOPIC, "fax-status").row]))
            await until(lambda: any("write fax-status" in one for one in rights.waits()))
            await acls.apply(admin, prefix)
            await until(lambda: not rights.waits())
        finally:
            checking.cancel()
            await asyncio.gather(checking, return_exceptions=True)


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not check():  # noqa: ASYNC110 - a process makes it true
            await asyncio.sleep(0.05)


async def test_a_dry_run_changes_nothing_and_rights_of_others_are_left_alone(
    admin: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acls, "PROCESSES", ("bounces",))
    foreign = Acl(f"somebody-{uuid4()}", Operation.READ, Resource.TOPIC, FAX_READY.name)
    async with another_user(admin) as (settings, prefix), asking(admin) as ask:
        stray = Acl(settings.username or "", Operation.READ, Resource.TOPIC, FAX_READY.name)
        await ask(CreateAcls([foreign.row, stray.row]))
        await until_present(admin, prefix, stray)
        wanted = acls.wanted(prefix)
        for _ in range(2):
            planned = await acls.apply(admin, prefix, dry_run=True)
            assert (set(planned.missing), set(planned.extra)) == (wanted, {stray})
        await acls.apply(admin, prefix)
        assert await acls.apply(admin, prefix) == acls.Difference((), ())
        kept = await acls.apply(admin, foreign.user, dry_run=True)
        assert foreign in kept.extra, "it was there before, and is"
        await ask(DeleteAcls([foreign.row]))


async def until_present(admin: KafkaSettings, prefix: str, acl: Acl) -> None:
    async with asyncio.timeout(30):
        while acl not in (await acls.apply(admin, prefix, dry_run=True)).extra:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
