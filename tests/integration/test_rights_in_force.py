"""Every process on the real broker and store as its own user: it may what the contract says, and no more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from uuid import uuid4

import obstore
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from obstore.exceptions import BaseError
from obstore.store import S3Store
from pydantic import SecretStr

from schemas.keys import CLAIMS, DRAFTS, FAXES, HELD
from schemas.rights import PROCESSES, STORE, kafka_rights
from schemas.topics import FAX_ACCOUNTS, FAX_READY, FAX_TO_DIAL
from services._runtime import topic_admin
from services._runtime.access import acls
from services._runtime.access.acls import Acl, Operation, Resource
from services._runtime.access.applying import NotAdministrator, grant
from services._runtime.access.client import asking
from services._runtime.access.missing import KNOWN, Rights, RightsMissing, check_rights
from services._runtime.access.refusals import is_refusal, lately
from services._runtime.access.requests import CreateAcls, DeleteAcls, DescribeTopics
from services._runtime.access.settings import AccessSettings
from services._runtime.access.users import set_passwords
from services._runtime.kafka import client_options
from services._runtime.outcomes import DependencyAway
from services._runtime.settings import KafkaSettings, StoreSettings
from services.retention.adapters import Bucket
from services.retention.files import File
from tests.providers.cluster import Cluster
from tests.providers.local import kafka_settings

DAY = "2001/02/03"
KEYS = (
    *(f"{FAXES}{DAY}/{{}}/{name}" for name in ("document.pdf", "dialled.tif", "original.tif", "decision.json")),
    *(f"{FAXES}{DAY}/{{}}/{name}" for name in ("record.json", "attachments/01", "submission.json", "notice-3.tif")),
    f"{HELD}{FAXES}{DAY}/{{}}/record.json",
    f"{CLAIMS}{DAY}/{{}}/1",
    f"{DRAFTS}{{}}/a",
    "accepted/{}",
    "incoming/2001/02/03/{}.tif",
    "retention/moves/{}",
    "retention/named/{}",
    "logos/{}.png",
)


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
    options = client_options(kafka_of(cluster, "email_out"))
    with pytest.raises(TopicAuthorizationFailedError):
        async with AIOKafkaConsumer(FAX_READY.name, **options) as consumer:
            await asyncio.wait_for(consumer.getmany(timeout_ms=10_000), 30)
    with pytest.raises(GroupAuthorizationFailedError):
        async with AIOKafkaConsumer("email-requested", group_id="router", **options) as consumer:
            await asyncio.wait_for(consumer.getmany(timeout_ms=10_000), 30)


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


def store_of(environment: Mapping[str, str]) -> S3Store:
    told = {name.removeprefix("NATIVEFAX_STORE_").lower(): value for name, value in environment.items()}
    return S3Store(
        told["bucket"],
        endpoint=told["endpoint"],
        region=told["region"],
        access_key_id=told["access_key"],
        secret_access_key=told["secret_key"],
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )


async def lets(request: Awaitable[object]) -> bool:
    """Whether the store does not refuse it; that there is no such object is no refusal."""
    try:
        await request
    except FileNotFoundError:
        return True
    except BaseError as error:
        return not is_refusal(error)
    return True


@pytest.mark.parametrize("process", PROCESSES)
async def test_an_identity_reads_writes_deletes_and_lists_what_its_process_needs_and_nothing_else(
    cluster: Cluster, process: str
) -> None:
    store = store_of({**cluster.environment, **cluster.settings_of(process)})
    everything, rights = store_of(cluster.environment), STORE[process]
    keys = [key.format(uuid4()) for key in KEYS]
    try:
        for key in keys:
            told = (
                await lets(obstore.get_async(store, key)),
                await lets(obstore.put_async(store, key, b"x", use_multipart=False)),
                await lets(obstore.delete_async(store, key)),
            )
            expected = [matches(key, patterns) for patterns in (rights.reads, rights.writes, rights.deletes)]
            assert told == tuple(expected), key
        for prefix in (f"{FAXES}{DAY}", f"{CLAIMS}{DAY}", "drafts/somebody", "incoming/2001", "logos/2001"):
            listing = obstore.list_with_delimiter_async(store, prefix)
            assert await lets(listing) == any(f"{prefix}/".startswith(one) for one in rights.lists), prefix
    finally:
        await obstore.delete_async(everything, keys)


def matches(key: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(key, pattern) for pattern in patterns)


async def test_a_large_object_is_written_in_parts_by_whoever_may_write_it(cluster: Cluster) -> None:
    key = f"incoming/2001/02/03/{uuid4()}.tif"
    store = store_of({**cluster.environment, **cluster.settings_of("telephony")})
    try:
        assert await lets(obstore.put_async(store, key, b"x" * 6_000_000, chunk_size=5_500_000))
        assert (await obstore.head_async(store_of(cluster.environment), key))["size"] == 6_000_000
    finally:
        await obstore.delete_async(store_of(cluster.environment), key)


async def test_retention_does_all_of_its_work_as_itself_and_the_router_can_move_and_delete_nothing(
    cluster: Cluster,
) -> None:
    fax = f"{FAXES}{DAY}/{uuid4()}/document.pdf"
    await obstore.put_async(store_of(cluster.environment), fax, b"pages")
    async with bucket_of(cluster, "router") as bucket:
        for refused in (bucket.copy(fax, HELD + fax), bucket.clock()):
            with pytest.raises(DependencyAway):
                await refused
        assert await bucket.delete([File(fax, 5, "")]) == [File(fax, 5, "")]
        assert any("refuses" in told for told in lately())
    async with bucket_of(cluster, "retention") as bucket:
        assert await bucket.clock()
        assert not await bucket.versioned()
        assert await bucket.copy(fax, HELD + fax)
        [kept] = await bucket.all_of([HELD + fax])
        assert kept.key in {file.key async for files in bucket.objects(HELD, versions=True) for file in files}
        assert await bucket.folders(FAXES)
        assert [page async for page in bucket.uploads()]
        assert await bucket.delete([kept, *await bucket.all_of([fax])]) == []
        assert await bucket.find(fax) is None


@asynccontextmanager
async def bucket_of(cluster: Cluster, process: str) -> AsyncIterator[Bucket]:
    environment = {**cluster.environment, **cluster.settings_of(process)}
    told = {name.removeprefix("NATIVEFAX_STORE_").lower(): value for name, value in environment.items()}
    bucket = Bucket(StoreSettings.model_validate(told))
    try:
        yield bucket
    finally:
        await bucket.close()
