"""A bucket of faxes on the real object store, retention at work on it, and a listing of its own to judge by."""

import asyncio
import json
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import boto3
from botocore.config import Config
from prometheus_client import CollectorRegistry

from schemas.keys import HELD, accepted_key, claim_prefix, fax_prefix
from schemas.retention import FaxExpired, HoldChanged, RetentionRequested
from services._runtime.acceptance import Accepted
from services._runtime.blobs import ObjectStore
from services._runtime.outcomes import DependencyAway, Done, Outcome
from services._runtime.settings import StoreSettings
from services.retention.app import Parts, assemble
from services.retention.handlers import Retention
from services.retention.settings import RetentionSettings
from services.retention.telling import Told

YEAR = timedelta(days=365)
SECOND = timedelta(seconds=1)
UNHURRIED = RetentionSettings(objects_per_second=1_000_000)


class MemoryHolds:
    """`Holds` that a test sets; `away` makes them unknown, `on_read` runs at each reading."""

    def __init__(self, *scopes: str) -> None:
        self.scopes = set(scopes)
        self.away = False
        self.on_read: Callable[[], None] = lambda: None

    @property
    def held(self) -> Sequence[HoldChanged]:
        at = datetime.now(UTC)
        return [HoldChanged(scope=one, held=True, reason="", by="", at=at) for one in sorted(self.scopes)]

    async def read_to_end(self) -> None:
        self.on_read()
        if self.away:
            raise DependencyAway("fax-holds", "switched off in a test")


def s3_client(settings: StoreSettings) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key.get_secret_value(),
        aws_secret_access_key=settings.secret_key.get_secret_value(),
        config=Config(retries={"total_max_attempts": 1}, read_timeout=300, proxies={}),
    )


@contextmanager
def new_bucket(environment: dict[str, str], *, versioned: bool) -> Iterator[StoreSettings]:
    """A bucket of its own, which goes with the block: each takes volumes of the store's."""
    given = {name.removeprefix("NATIVEFAX_STORE_").lower(): value for name, value in environment.items()}
    known = {name: given[name] for name in ("endpoint", "region", "access_key", "secret_key")}
    settings = StoreSettings.model_validate(known | {"bucket": f"retention-{uuid4().hex[:12]}"})
    client = s3_client(settings)
    client.create_bucket(Bucket=settings.bucket)
    if versioned:
        client.put_bucket_versioning(Bucket=settings.bucket, VersioningConfiguration={"Status": "Enabled"})
    try:
        yield settings
    finally:
        empty(settings)
        client.delete_bucket(Bucket=settings.bucket)


def empty(settings: StoreSettings) -> None:
    """Delete everything, every version of it."""
    client = s3_client(settings)
    while True:
        answer = client.list_object_versions(Bucket=settings.bucket)
        every = answer.get("Versions", []) + answer.get("DeleteMarkers", [])
        if not every:
            return
        gone = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in every]
        client.delete_objects(Bucket=settings.bucket, Delete={"Objects": gone, "Quiet": True})


@dataclass
class StoredFaxes:
    """The world of one test. Its clock stands still, ten minutes behind the store's, which thus never decides."""

    store: StoreSettings
    holds: MemoryHolds = field(default_factory=MemoryHolds)
    settings: RetentionSettings = UNHURRIED
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10))

    def __post_init__(self) -> None:
        self.client = s3_client(self.store)
        self.blobs = ObjectStore(self.store)
        self.events: list[FaxExpired] = []
        self.everything: list[FaxExpired] = []
        self.tasks: deque[RetentionRequested] = deque()
        self.versioned = bool(self.client.get_bucket_versioning(Bucket=self.store.bucket).get("Status"))

    @property
    def oldest(self) -> datetime:
        """The instant of the oldest fax that stays."""
        return self.now - YEAR

    async def a_second_later(self) -> None:
        """What was stored before is older than now by the store's clock, which counts seconds; patience is none."""
        self.settings = self.settings.model_copy(update={"stranded_after_seconds": 0.0})
        bucket = self.parts().bucket
        began = await bucket.clock()
        async with asyncio.timeout(20):
            while await bucket.clock() <= began + SECOND:  # noqa: ASYNC110 - the store's clock
                await asyncio.sleep(0.1)
        await bucket.close()

    def parts(self) -> Parts:
        return assemble(self.store, self.settings, self.holds, f"test-{uuid4()}", lambda: self.now)

    def worker(self, parts: Parts | None = None) -> Retention:
        made = parts or self.parts()
        told = Told(CollectorRegistry())
        return Retention(made.bucket, made.sweep, made.uploads, self.settings.faxes_per_task, told, lambda: self.now)

    async def put_fax(
        self, accepted_at: datetime, *, account: str = "north", domain: str = "clinic.example", above: str = ""
    ) -> UUID:
        """Everything that the stages leave of a received fax with one mail."""
        fax_id = uuid4()
        prefix = fax_prefix(accepted_at, fax_id)
        decision = {"account_id": account, "domain": domain, "status": {"accepted_at": accepted_at.isoformat()}}
        original = f"original of {fax_id}".encode()
        accepted = Accepted(sha256=sha256(original).hexdigest(), accepted_at=accepted_at)
        objects = {
            accepted_key(fax_id): accepted.model_dump_json().encode(),
            f"{prefix}original.tif": original,
            f"{prefix}document.pdf": b"%PDF",
            f"{prefix}thumbnail.png": b"PNG",
            f"{prefix}decision.json": json.dumps(decision).encode(),
            f"{claim_prefix(accepted_at, fax_id, 'email-received', 'a@clinic.example')}1": b"{}",
        }
        await asyncio.gather(*(self.blobs.put(above + key, data, "text/plain") for key, data in objects.items()))
        return fax_id

    async def put_faxes(self, moments: Iterable[datetime]) -> list[UUID]:
        limit = asyncio.Semaphore(10)

        async def put(moment: datetime) -> UUID:
            async with limit:
                return await self.put_fax(moment)

        return list(await asyncio.gather(*(put(moment) for moment in moments)))

    def keys(self, prefix: str = "") -> list[str]:
        """Every key of which anything is left: a version, a delete marker."""
        pages = self.client.get_paginator("list_object_versions").paginate(Bucket=self.store.bucket, Prefix=prefix)
        return sorted(one["Key"] for page in pages for one in page.get("Versions", []) + page.get("DeleteMarkers", []))

    def by_fax(self) -> dict[UUID, set[str]]:
        """The keys of what is left of each fax, wherever it lies; retention's own notes don't count."""
        found: dict[UUID, set[str]] = {}
        for key in self.keys():
            parts = key.removeprefix(HELD).split("/")
            if parts[0] in {"accepted", "fax", "claims"}:
                found.setdefault(UUID(parts[1] if parts[0] == "accepted" else parts[4]), set()).add(key)
        return found

    def faxes(self) -> set[UUID]:
        """The faxes of which anything is left where it was written."""
        return {fax_id for fax_id, keys in self.by_fax().items() if not all(key.startswith(HELD) for key in keys)}

    def of(self, fax_id: UUID) -> list[str]:
        """The keys of what is stored of a fax; retention's own notes name it too."""
        return [key for key in self.keys() if str(fax_id) in key and not key.startswith("retention/")]

    def task(self, day: date) -> RetentionRequested:
        return RetentionRequested(day=day, due_before=self.oldest)

    async def sweep(self, *tasks: RetentionRequested, worker: Retention | None = None) -> Sequence[Outcome]:
        """Handle `tasks` and all that they cause; the answer is what isn't done.

        Tombstones are collected in `events`, but for those of folders that the store lists although they are empty.
        """
        worker, undone = worker or self.worker(), []
        self.tasks += tasks
        while self.tasks:
            outcome = await worker.handle(self.tasks[0])
            self.tasks.popleft()  # as a commit: what wasn't handled to its end comes again
            if isinstance(outcome, Done):
                told = [event for event in outcome.events if isinstance(event, FaxExpired)]
                self.everything += told
                self.events += [event for event in told if event.objects]
                self.tasks += [event for event in outcome.events if isinstance(event, RetentionRequested)]
            else:
                undone.append(outcome)
        return undone

    async def sweep_all(self) -> Sequence[Outcome]:
        """What the scheduler would ask for, done."""
        parts = self.parts()
        return await self.sweep(*await parts.planner.tasks(self.now), worker=self.worker(parts))


async def a_random_half(stored: StoredFaxes, number: int) -> None:
    """Fill with `number` faxes around the bound and sweep: exactly the due ones are gone, by a listing of its own."""
    chance = random.Random(number)
    span = timedelta(days=4).total_seconds()
    moments = [stored.oldest + timedelta(seconds=chance.uniform(-span, span)) for _ in range(number)]
    faxes = dict(zip(await stored.put_faxes(moments), moments, strict=True))
    kept = {fax_id for fax_id, moment in faxes.items() if moment >= stored.oldest}
    objects = len(stored.keys())
    assert number * 0.35 < len(kept) < number * 0.65
    assert not await stored.sweep_all()
    left = stored.keys()
    assert stored.faxes() == kept
    assert len(left) == objects // number * len(kept), "a fax was kept in part"
    assert {event.fax_id for event in stored.events} == set(faxes) - kept
    assert len(stored.events) == number - len(kept)
