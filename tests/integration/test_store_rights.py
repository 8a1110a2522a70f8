"""Every process at a real store as its own identity: it may what the contract says, and no more."""

from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from uuid import uuid4

import obstore
import pytest
from obstore.exceptions import BaseError
from obstore.store import S3Store

from schemas.keys import CLAIMS, DRAFTS, FAXES, HELD
from schemas.rights import PROCESSES, STORE
from services._runtime.access.refusals import is_refusal, lately
from services._runtime.outcomes import DependencyAway
from services._runtime.settings import StoreSettings
from services.retention.adapters import Bucket
from services.retention.files import File
from tests.providers.cluster import Cluster

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
