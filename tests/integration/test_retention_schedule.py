"""The scheduler: one plan a day among many processes, caught up with after an outage, and what it sees to beside."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from prometheus_client import CollectorRegistry

from schemas.base import Event
from schemas.retention import RetentionRequested
from services._runtime.prepare import set_lifecycle
from services._runtime.publisher import PublishUnknown
from services._runtime.retention_report import REPORT, read_report
from services._runtime.settings import StoreSettings
from services.retention.domain import Now
from services.retention.scheduler import Scheduler
from services.retention.telling import Told
from tests.integration.stored_faxes import StoredFaxes, empty, new_bucket, s3_client
from tests.providers.cluster import Cluster

DAY = timedelta(days=1)


class Published:
    """Remembers what is published; `lost` has the broker not confirm."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.lost = False

    async def publish_events(self, events: Sequence[Event]) -> None:
        if self.lost:
            raise PublishUnknown("in a test")
        self.events += events


@pytest.fixture(scope="module")
def bucket(cluster: Cluster) -> Iterator[StoreSettings]:
    with new_bucket(cluster.environment, versioned=False) as settings:
        yield settings


@pytest.fixture
def stored(bucket: StoreSettings) -> Iterator[StoredFaxes]:
    yield StoredFaxes(bucket)
    empty(bucket)


def scheduler(
    stored: StoredFaxes, published: Published, registry: CollectorRegistry | None = None, *, behind: bool = False
) -> Scheduler:
    parts = stored.parts()
    now: Now = lambda: stored.now  # noqa: E731
    told = Told(registry or CollectorRegistry())

    async def ingest_is_behind() -> bool:
        return behind

    return Scheduler(
        bucket=parts.bucket,
        planner=parts.planner,
        claims=parts.claims,
        publisher=published,
        verification=parts.verification,
        uploads=parts.uploads,
        told=told,
        hour=2,
        now=now,
        ingest_is_behind=ingest_is_behind,
    )


async def test_of_many_processes_one_plans_a_day(stored: StoredFaxes) -> None:
    stored.now = stored.now.replace(hour=3) - DAY
    due = [stored.oldest - DAY * days for days in (0.9, 30, 200)]
    await stored.put_faxes(due)
    await stored.put_fax(stored.now)
    published = Published()
    schedulers = [scheduler(stored, published) for _ in range(3)]
    plans = await asyncio.gather(*(one.plan_once() for one in schedulers))
    assert sorted(plan is None for plan in plans) == [False, True, True]
    tasks = [event for event in published.events if isinstance(event, RetentionRequested)]
    days = {moment.date() for moment in due}
    assert days <= {task.day for task in tasks}
    assert all(task.fax_ids is None and task.due_before == stored.oldest for task in tasks)
    assert not {task.day for task in tasks} - days - {stored.oldest.date()}
    stored.now += timedelta(hours=20)
    assert [await one.plan_once() for one in schedulers] == [None, None, None]
    stored.now += timedelta(hours=4)
    assert await schedulers[0].plan_once() is not None


async def test_a_plan_that_was_not_confirmed_is_made_again_when_its_lease_has_ended(stored: StoredFaxes) -> None:
    await stored.put_fax(stored.oldest - 9 * DAY)
    published = Published()
    published.lost = True
    with pytest.raises(PublishUnknown):
        await scheduler(stored, published).plan_once()
    published.lost = False
    other = scheduler(stored, published)
    assert await other.plan_once() is None
    stored.now += timedelta(minutes=11)
    assert await other.plan_once() is not None
    assert published.events


async def test_the_loop_survives_errors_and_goes_on(stored: StoredFaxes) -> None:
    await stored.put_fax(stored.oldest - 9 * DAY)
    published = Published()
    published.lost = True
    rounds = 0

    async def wait() -> None:
        nonlocal rounds
        rounds += 1
        published.lost = False
        stored.now += timedelta(minutes=11)
        if rounds == 3:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await scheduler(stored, published).run(wait)
    assert published.events


async def test_what_is_overdue_and_waiting_is_shown_before_the_plan(stored: StoredFaxes) -> None:
    await stored.put_fax(stored.oldest - 2 * DAY)
    await stored.put_fax(stored.oldest - DAY / 2)
    stored.now += timedelta(hours=2)
    await stored.blobs.put(f"incoming/{stored.now:%Y/%m/%d}/lost.tif", b"lost", "image/tiff")
    await stored.blobs.put(f"incoming/{stored.now:%Y/%m/%d}/lost-too.tif", b"lost too", "image/tiff")
    await stored.a_second_later()
    registry = CollectorRegistry()
    one = scheduler(stored, Published(), registry)
    await one.plan_once()
    assert registry.get_sample_value("nativefax_retention_overdue_objects") == 5
    assert registry.get_sample_value("nativefax_retention_verified_seconds") == stored.now.timestamp()
    report = await read_report(stored.blobs)
    assert report is not None
    assert (report.at, report.verified, report.counts["overdue_objects"]) == (stored.now, True, 5)
    assert report.tasks >= 2, "the store lists emptied days for a while"
    assert report.off >= 5
    assert any("overdue_objects: fax/" in one for one in report.examples)
    await one.watch_uploads()
    assert registry.get_sample_value("nativefax_retention_uploads_without_fax") == 2


async def test_its_own_notes_go_after_a_week(stored: StoredFaxes) -> None:
    for key in ("retention/plans/2020-01-01/1", "retention/moves/x/1"):
        await stored.blobs.put(key, b"{}", "application/json")
    await scheduler(stored, Published()).plan_once()
    assert len(stored.keys("retention/")) == 4
    stored.now = datetime.now(UTC) + 8 * DAY
    await scheduler(stored, Published()).plan_once()
    assert stored.keys("retention/") == [REPORT], "its newest plan, of this test, is over a week old by that clock"


def rules(bucket: StoreSettings) -> dict[str, Any]:
    found = s3_client(bucket).get_bucket_lifecycle_configuration(Bucket=bucket.bucket)["Rules"]
    return {rule["ID"]: rule for rule in found}


def test_the_store_deletes_by_itself_after_400_days(bucket: StoreSettings) -> None:
    theirs = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 3}}
    client = s3_client(bucket)
    client.put_bucket_lifecycle_configuration(Bucket=bucket.bucket, LifecycleConfiguration={"Rules": [theirs]})
    assert set_lifecycle(bucket)
    assert set_lifecycle(bucket), "it can't be repeated"
    found = rules(bucket)
    assert set(found) == {"theirs", "nativefax-faxes", "nativefax-claims", "nativefax-drafts"}
    assert {found[name]["Filter"]["Prefix"]: found[name]["Expiration"]["Days"] for name in found} == {
        "logs/": 3,
        "fax/": 400,
        "claims/": 400,
        "drafts/": 2,
    }


def test_a_store_without_lifecycle_rules_is_put_up_with(bucket: StoreSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Without:
        def get_bucket_lifecycle_configuration(self, **_asked: str) -> None:
            raise ClientError({"Error": {"Code": "NotImplemented"}}, "GetBucketLifecycleConfiguration")

    monkeypatch.setattr("services._runtime.prepare._client", lambda _settings: Without())
    assert not set_lifecycle(bucket)
