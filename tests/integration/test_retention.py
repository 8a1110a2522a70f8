"""Retention on the real object store, versioning off and on: what is due is gone, and nothing else."""

import asyncio
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from uuid import uuid4

import pytest
from botocore.exceptions import ConnectionClosedError

from schemas.base import Event
from schemas.keys import HELD, accepted_key, fax_prefix
from schemas.retention import RetentionRequested
from schemas.telephony import TelephonyFaxReceived
from services._runtime.outcomes import DependencyAway, Done
from services._runtime.settings import StoreSettings
from services.ingest.documents.unreadable import UnreadableDocument
from services.ingest.domain import fax_id_of
from services.ingest.handlers import ReceivedFaxes
from services.retention.by_hand import Run
from services.retention.pace import Pace
from services.retention.remains import Remains, remains
from tests.integration.stored_faxes import SECOND, YEAR, MemoryHolds, StoredFaxes, a_random_half, empty, new_bucket
from tests.providers.cluster import Cluster


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "versioned"])
def bucket(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[StoreSettings]:
    with new_bucket(cluster.environment, versioned=request.param) as settings:
        yield settings


@pytest.fixture
def stored(bucket: StoreSettings) -> Iterator[StoredFaxes]:
    yield StoredFaxes(bucket)
    empty(bucket)


@pytest.fixture
def fresh(cluster: Cluster, stored: StoredFaxes) -> Iterator[StoredFaxes]:
    """A bucket of its own: the store lists emptied folders for a while, and a verification looks into each."""
    with new_bucket(cluster.environment, versioned=stored.versioned) as settings:
        yield StoredFaxes(settings)


async def test_365_days_to_the_second(stored: StoredFaxes) -> None:
    older = await stored.put_fax(stored.oldest - SECOND)
    exact = await stored.put_fax(stored.oldest)
    younger = await stored.put_fax(stored.oldest + SECOND)
    assert not await stored.sweep_all()
    assert stored.faxes() == {exact, younger}
    assert not stored.of(older)
    assert [event.fax_id for event in stored.events] == [older]


async def test_the_tombstone_tells_whose_and_how_much_but_nothing_of_the_content(stored: StoredFaxes) -> None:
    when = stored.oldest - timedelta(days=3, seconds=7)
    fax_id = await stored.put_fax(when, account="south")
    await stored.sweep_all()
    [event] = stored.events
    assert (event.fax_id, event.account_id, event.accepted_at, event.expired_at) == (fax_id, "south", when, stored.now)
    assert event.objects == 5
    assert event.size > 100


async def test_the_day_of_a_fax_is_the_day_in_utc(stored: StoredFaxes) -> None:
    """The same instants, told by clocks far east and far west, lie on other dates than there."""
    east, west = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
    gone = [await stored.put_fax((stored.oldest - SECOND).astimezone(zone)) for zone in (east, west)]
    kept = [await stored.put_fax((stored.oldest + SECOND).astimezone(zone)) for zone in (east, west)]
    await stored.sweep_all()
    assert stored.faxes() == set(kept)
    assert {event.fax_id for event in stored.events} == set(gone)


async def test_our_date_counts_not_the_sources(stored: StoredFaxes) -> None:
    async def unreadable(*_given: object) -> None:
        raise UnreadableDocument("empty")

    yesterday = stored.now - timedelta(days=1)
    await stored.blobs.put("incoming/2019/01/01/old.tif", b"a fax", "image/tiff")
    event = TelephonyFaxReceived(
        switch_id="s",
        call_id=str(uuid4()),
        called_number="+15550100",
        received_at=datetime(2019, 1, 1, tzinfo=UTC),
        object_key="incoming/2019/01/01/old.tif",
    )
    ingest = ReceivedFaxes(stored.blobs, unreadable, lambda: yesterday)  # type: ignore[arg-type]
    outcome = await ingest.handle(event)
    assert isinstance(outcome, Done)
    await stored.sweep_all()
    assert len(stored.faxes()) == 1
    assert stored.events == []


async def test_older_versions_and_delete_markers_go_too(stored: StoredFaxes) -> None:
    fax_id = await stored.put_fax(stored.oldest - timedelta(days=2))
    when = stored.oldest - timedelta(days=2)
    for name in ("document.pdf", "thumbnail.png"):
        await stored.blobs.put(fax_prefix(when, fax_id) + name, b"again", "text/plain")
    stored.client.delete_object(Bucket=stored.store.bucket, Key=fax_prefix(when, fax_id) + "document.pdf")
    stored.client.delete_object(Bucket=stored.store.bucket, Key=accepted_key(fax_id))
    assert len(stored.of(fax_id)) == (10 if stored.versioned else 4)
    await stored.sweep_all()
    assert stored.of(fax_id) == []


async def test_a_clock_that_went_back_deletes_nothing_and_one_ahead_no_more_than_the_stores(
    stored: StoredFaxes,
) -> None:
    due, young = await stored.put_fax(stored.oldest - timedelta(days=2)), await stored.put_fax(stored.now)
    task = RetentionRequested(day=(stored.oldest - timedelta(days=2)).date(), due_before=stored.oldest)
    right = stored.now
    stored.now = right - timedelta(days=30)
    await stored.sweep(task)
    assert stored.faxes() == {due, young}
    stored.now = right + timedelta(days=500)
    await stored.sweep(RetentionRequested(day=right.date(), due_before=right + timedelta(days=135)), task)
    assert stored.faxes() == {young}


async def test_a_wrong_task_deletes_nothing_that_the_contract_keeps(stored: StoredFaxes) -> None:
    month_old, young = stored.now - timedelta(days=31), stored.now - timedelta(days=29)
    one, other = await stored.put_fax(month_old), await stored.put_fax(young)
    far = stored.now + YEAR
    await stored.sweep(*(RetentionRequested(day=when.date(), due_before=far) for when in (month_old, young)))
    assert stored.faxes() == {one, other}
    await stored.sweep(
        RetentionRequested(day=month_old.date(), due_before=far, fax_ids=(one,)),
        RetentionRequested(day=young.date(), due_before=far, fax_ids=(other,)),
    )
    assert stored.faxes() == {other}


async def test_a_task_that_names_a_fax_by_another_day_leaves_it_whole(stored: StoredFaxes) -> None:
    when = stored.oldest - timedelta(days=2)
    fax_id = await stored.put_fax(when)
    before = stored.of(fax_id)
    stored.holds.scopes = {"account:north"}
    for day in (when.date() - timedelta(days=1), when.date() + timedelta(days=200)):
        await stored.sweep(RetentionRequested(day=day, due_before=stored.now, fax_ids=(fax_id,)))
    assert stored.of(fax_id) == before
    assert stored.everything == []


async def test_a_shorter_retention_comes_as_a_task_of_faxes_and_leaves_their_neighbours(stored: StoredFaxes) -> None:
    when = stored.now - timedelta(days=40)
    faxes = sorted(await stored.put_faxes([when] * 30))
    named = tuple(faxes[::7])
    await stored.sweep(RetentionRequested(day=when.date(), due_before=stored.now - timedelta(days=35), fax_ids=named))
    assert stored.faxes() == set(faxes) - set(named)
    assert {event.fax_id for event in stored.events} == set(named)


async def test_any_choice_of_faxes_is_found_whatever_a_page_takes(stored: StoredFaxes) -> None:
    """One listing runs over neighbours and jumps over gaps; pages end within a fax and within an object's versions."""
    when = stored.oldest - timedelta(days=50)
    faxes = sorted(await stored.put_faxes([when] * 12))
    await stored.blobs.put(fax_prefix(when, faxes[5]) + "thumbnail.png", b"a second version", "image/png")
    by_fax, bucket = stored.by_fax(), stored.parts().bucket
    chance = random.Random(5)
    for page in (1, 2, 3, 7, 1000):
        chosen = chance.sample(faxes, chance.randint(1, 12))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("services.retention.adapters.LIMIT", page)
            found = await remains(bucket, when.date(), chosen, versions=stored.versioned)
        assert [one.fax_id for one in found] == chosen
        for one in found:
            keys = [file.key for file in one.in_place]
            assert set(keys) == by_fax[one.fax_id] - {accepted_key(one.fax_id)}
            assert len(keys) == 5 + (stored.versioned and one.fax_id == faxes[5])


@pytest.mark.parametrize("scope", ["fax", "account", "domain"])
async def test_a_held_fax_moves_aside_whole_and_comes_back_when_lifted(stored: StoredFaxes, scope: str) -> None:
    when = stored.oldest - timedelta(days=2)
    held = await stored.put_fax(when, account="south", domain="lawyers.example")
    due = await stored.put_fax(when)
    before = stored.of(held)
    stored.holds.scopes = {
        {"fax": f"fax:{held}", "account": "account:south", "domain": "domain:lawyers.example"}[scope]
    }
    await stored.sweep_all()
    assert stored.of(held) == [HELD + key for key in before]
    assert stored.of(due) == []
    await stored.sweep_all()
    assert stored.of(held) == [HELD + key for key in before], "a second sweep changed what is on hold"
    stored.holds.scopes = set()
    await stored.sweep_all()
    assert stored.of(held) == before
    assert {event.fax_id for event in stored.events} == {due}
    await stored.sweep_all()
    assert stored.of(held) == []
    assert {event.fax_id for event in stored.events} == {due, held}


async def test_a_fax_that_another_worker_moves_between_two_listings_is_not_told_to_be_gone(
    stored: StoredFaxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies below held/ was listed before the other copied it, its place after it was deleted there."""
    when = stored.oldest - timedelta(days=2)
    fax_id = await stored.put_fax(when)
    stored.holds.scopes = {"account:north"}
    task = RetentionRequested(day=when.date(), due_before=stored.oldest, fax_ids=(fax_id,))

    async def torn(*_listed: object, **_how: object) -> list[Remains]:
        monkeypatch.setattr("services.retention.sweep.remains", remains)
        await stored.sweep(task)  # by the other
        return [Remains(fax_id)]

    monkeypatch.setattr("services.retention.sweep.remains", torn)
    outcome = await stored.worker().handle(task)
    assert outcome == Done()
    assert len([key for key in stored.of(fax_id) if key.startswith(HELD)]) == 6


async def test_a_held_fax_that_is_not_due_stays_where_it_is(stored: StoredFaxes) -> None:
    fax_id = await stored.put_fax(stored.oldest + timedelta(days=2))
    before = stored.of(fax_id)
    stored.holds.scopes = {f"fax:{fax_id}"}
    await stored.sweep_all()
    assert stored.of(fax_id) == before


async def test_a_held_fax_that_only_its_account_keeps_no_longer_stays_where_it_is(stored: StoredFaxes) -> None:
    """Else nobody could read it for the rest of the 365 days. Lifted, it goes as soon as it is named again."""
    when = stored.now - timedelta(days=40)
    fax_id = await stored.put_fax(when)
    before = stored.of(fax_id)
    task = RetentionRequested(day=when.date(), due_before=stored.now - timedelta(days=35), fax_ids=(fax_id,))
    stored.holds.scopes = {"account:north"}
    await stored.sweep(task)
    assert stored.of(fax_id) == before
    stored.holds.scopes = set()
    await stored.sweep(task)
    assert stored.of(fax_id) == []


async def test_nothing_is_deleted_while_holds_are_unknown(stored: StoredFaxes) -> None:
    fax_id = await stored.put_fax(stored.oldest - timedelta(days=2))
    before = stored.keys()
    stored.holds.away = True
    with pytest.raises(DependencyAway, match="fax-holds"):
        await stored.sweep_all()
    assert stored.keys() == before
    assert stored.of(fax_id)


async def test_a_hold_set_between_two_batches_counts(stored: StoredFaxes) -> None:
    """Each fax here has as many objects as a batch takes, so the holds are read before each."""
    when = stored.oldest - timedelta(days=2)
    faxes = sorted(await stored.put_faxes([when] * 3))
    reads = 0

    def on_read() -> None:
        nonlocal reads
        reads += 1
        if reads == 2:
            stored.holds.scopes = {f"fax:{faxes[1]}"}

    stored.holds.on_read = on_read
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.retention.sweep.LIMIT", 3)
        await stored.sweep(stored.task(when.date()))
    assert reads == 3
    assert {event.fax_id for event in stored.events} == {faxes[0], faxes[2]}
    assert stored.of(faxes[1])


async def test_a_hold_set_while_a_batch_waits_for_its_turn_counts(
    stored: StoredFaxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rate limit may make it wait for long: what is held by its end stays."""
    when = stored.oldest - timedelta(days=2)
    faxes = sorted(await stored.put_faxes([when] * 2))
    waiting = Pace.spend

    async def waited(pace: Pace, objects: int) -> None:
        stored.holds.scopes = {f"fax:{faxes[0]}"}
        await waiting(pace, objects)

    monkeypatch.setattr(Pace, "spend", waited)
    await stored.sweep(stored.task(when.date()))
    assert {event.fax_id for event in stored.events} == {faxes[1]}
    assert stored.of(faxes[0])


async def test_a_hold_set_while_the_store_does_not_answer_counts(
    stored: StoredFaxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read of the holds is good for a while only: a request that is repeated for longer isn't made again."""
    when = stored.oldest - timedelta(days=2)
    held, other = sorted(await stored.put_faxes([when] * 2))
    parts, asked = stored.parts(), 0

    def drops_the_first(**_event: object) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            stored.holds.scopes = {f"fax:{held}"}
            monkeypatch.setattr("services.retention.holds.GOOD_SECONDS", 0.0)
            raise ConnectionClosedError(endpoint_url="the store's")

    parts.bucket._client.meta.events.register("before-send.s3.DeleteObjects", drops_the_first)
    with pytest.raises(DependencyAway, match="fax-holds"):
        await stored.sweep(stored.task(when.date()), worker=stored.worker(parts))
    assert asked == 1
    assert (len(stored.of(held)), len(stored.of(other))) == (6, 6)
    monkeypatch.undo()
    await stored.sweep(worker=stored.worker(parts))
    assert {event.fax_id for event in stored.events} == {other}
    assert all(key.startswith(HELD) for key in stored.of(held))


async def test_a_fax_whose_decision_cannot_be_read_stays_while_an_account_is_on_hold(stored: StoredFaxes) -> None:
    when = stored.oldest - timedelta(days=2)
    fax_id = await stored.put_fax(when)
    await stored.blobs.put(fax_prefix(when, fax_id) + "decision.json", b"not json", "application/json")
    stored.holds = MemoryHolds("account:somebody-else")
    await stored.sweep_all()
    assert stored.events == []
    assert [key for key in stored.of(fax_id) if key.startswith(HELD)], "kept, but not below held/"


async def test_uploads_go_when_their_copy_is_verified(stored: StoredFaxes) -> None:
    when = stored.now - timedelta(days=20)
    fax_id = await stored.put_fax(when)
    good = f"incoming/{when:%Y/%m/%d}/good.tif"
    await stored.blobs.put(good, f"original of {fax_id}".encode(), "image/tiff")
    await stored.blobs.put(f"incoming/{when:%Y/%m/%d}/lost.tif", f"original of {uuid4()}".encode(), "image/tiff")
    young = f"incoming/{stored.now:%Y/%m/%d}/young.tif"
    await stored.blobs.put(young, f"original of {fax_id}".encode(), "image/tiff")
    await stored.sweep_all()
    assert stored.keys("incoming/") == sorted([f"incoming/{when:%Y/%m/%d}/lost.tif", young])
    assert stored.faxes() == {fax_id}


async def test_an_upload_stays_for_15_days_also_by_a_clock_that_runs_ahead(stored: StoredFaxes) -> None:
    when = stored.now - timedelta(days=10)
    fax_id = await stored.put_fax(when)
    upload = f"incoming/{when:%Y/%m/%d}/good.tif"
    await stored.blobs.put(upload, f"original of {fax_id}".encode(), "image/tiff")
    stored.now += timedelta(days=30)
    await stored.sweep(stored.task(when.date()))
    assert stored.keys("incoming/") == [upload]


async def test_an_upload_in_pieces_is_compared_by_its_bytes(stored: StoredFaxes) -> None:
    when = stored.now - timedelta(days=20)
    data = random.Random(1).randbytes(6_000_000)
    fax_id = await stored.put_fax(when)
    await stored.blobs.put(fax_prefix(when, fax_id) + "original.tif", data, "image/tiff")
    for name, content in (("same", data), ("other", data[:-1] + bytes([data[-1] ^ 1]))):
        upload = {"Bucket": stored.store.bucket, "Key": f"incoming/{when:%Y/%m/%d}/{name}.tif"}
        number = stored.client.create_multipart_upload(**upload)["UploadId"]
        etags = [
            stored.client.upload_part(**upload, UploadId=number, PartNumber=part, Body=body)["ETag"]
            for part, body in ((1, content[:5_300_000]), (2, content[5_300_000:]))
        ]
        parts = [{"ETag": etag, "PartNumber": part} for part, etag in enumerate(etags, 1)]
        stored.client.complete_multipart_upload(**upload, UploadId=number, MultipartUpload={"Parts": parts})
    await stored.sweep_all()
    assert stored.keys("incoming/") == [f"incoming/{when:%Y/%m/%d}/other.tif"]


async def test_unfinished_uploads_go_after_a_day(stored: StoredFaxes) -> None:
    stored.client.create_multipart_upload(Bucket=stored.store.bucket, Key="incoming/2026/01/01/half.tif")
    planner = stored.parts().planner
    assert await planner.abort_unfinished(datetime.now(UTC)) == 0
    assert await planner.abort_unfinished(datetime.now(UTC) + timedelta(days=1, minutes=1)) == 1
    assert not stored.client.list_multipart_uploads(Bucket=stored.store.bucket).get("Uploads")


async def test_a_dry_run_says_what_a_run_does_and_changes_nothing(
    stored: StoredFaxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.retention.planning.UNFINISHED", -timedelta(days=1))
    when, lately = stored.oldest - timedelta(days=2), stored.now - timedelta(days=20)
    await stored.put_fax(when)
    stored.holds.scopes = {f"fax:{await stored.put_fax(when)}"}
    await stored.put_fax(when, above=HELD)
    copied = await stored.put_fax(lately)
    for name, data in (("good", f"original of {copied}"), ("lost", "lost")):
        await stored.blobs.put(f"incoming/{lately:%Y/%m/%d}/{name}.tif", data.encode(), "image/tiff")
    stored.client.create_multipart_upload(Bucket=stored.store.bucket, Key="incoming/2026/01/01/half.tif")
    before, parts = stored.keys(), stored.parts()

    async def told(_events: Sequence[Event]) -> None:
        return None

    run = Run(parts.sweep, parts.uploads, parts.planner, told, lambda: stored.now)
    looked = await run.go(*await run.count(), dry_run=True, told=lambda _faxes: None)
    assert stored.keys() == before
    done = await run.go(*await run.count(), dry_run=False, told=lambda _faxes: None)
    assert (done.objects, done.moved, done.uploads, done.unfinished_uploads) == (5, 2, 1, 1)
    assert replace(looked, dry_run=False, seconds=done.seconds) == done


async def test_two_workers_on_one_task_end_as_one(stored: StoredFaxes) -> None:
    when = stored.oldest - timedelta(days=2)
    faxes = await stored.put_faxes([when] * 20)
    kept = await stored.put_fax(stored.now)
    task = RetentionRequested(day=when.date(), due_before=stored.oldest, fax_ids=tuple(faxes))
    both = [StoredFaxes(stored.store), StoredFaxes(stored.store)]
    await asyncio.gather(*(one.sweep(task) for one in both))
    assert stored.faxes() == {kept}
    for one in both:
        assert {event.fax_id for event in one.everything} == set(faxes)
    assert {event.fax_id for one in both for event in one.events} == set(faxes)


async def test_a_day_is_divided_and_goes_on_where_it_stopped(stored: StoredFaxes) -> None:
    when = stored.oldest - timedelta(days=77)  # a day of its own: the store lists emptied folders for a while
    faxes = await stored.put_faxes([when] * 25)
    stored.settings = stored.settings.model_copy(update={"faxes_per_task": 4})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.retention.handlers.PARTS", 2)
        outcome = await stored.worker().handle(stored.task(when.date()))
        assert isinstance(outcome, Done)
        first = [event for event in outcome.events if isinstance(event, RetentionRequested)]
        assert [len(one.fax_ids or ()) for one in first] == [4, 4, 0]
        assert first[2].after == sorted(faxes)[7]
        assert len({one.part for one in first}) == 3
        await stored.sweep(*first)
    assert stored.faxes() == set()
    assert sorted(event.fax_id for event in stored.events) == sorted(faxes)


async def test_verify_finds_nothing_where_all_is_well(fresh: StoredFaxes) -> None:
    await fresh.put_faxes([fresh.now - timedelta(days=days) for days in (1, 30, 300)])
    held = await fresh.put_fax(fresh.oldest - timedelta(days=9))
    fresh.holds.scopes = {f"fax:{held}"}
    await fresh.sweep_all()
    findings = await fresh.parts().verification.run(timedelta(0))
    assert findings.line() == {
        "overdue_objects": 0,
        "records_without_objects": 0,
        "objects_without_records": 0,
        "uploads_without_fax": 0,
        "uploads_unfinished": 0,
        "holds": 1,
        "faxes_on_hold": 1,
        "faxes": 3,
        "examples": [],
        "ok": True,
    }


async def test_verify_counts_each_thing_that_is_off(fresh: StoredFaxes) -> None:
    due = await fresh.put_fax(fresh.oldest - SECOND)
    lately = fresh.now - timedelta(days=3)
    no_record, no_objects = await fresh.put_fax(lately), uuid4()
    fresh.client.delete_object(Bucket=fresh.store.bucket, Key=accepted_key(no_record))
    record = {"sha256": "", "accepted_at": lately.isoformat()}
    await fresh.blobs.put(accepted_key(no_objects), json.dumps(record).encode(), "application/json")
    for name in ("readme.txt", str(uuid4()), f"{str(uuid4()).upper()}/document.pdf"):
        await fresh.blobs.put(f"fax/2020/01/01/{name}", b"foreign", "text/plain")
    fresh.now += timedelta(hours=2)
    await fresh.blobs.put(f"incoming/{fresh.now:%Y/%m/%d}/lost.tif", b"lost", "image/tiff")
    await fresh.a_second_later()
    findings = await fresh.parts().verification.run(timedelta(hours=2))
    assert findings.counts == {
        "overdue_objects": 8,
        "records_without_objects": 1,
        "objects_without_records": 1,
        "uploads_without_fax": 1,
        "uploads_unfinished": 0,
        "holds": 0,
        "faxes_on_hold": 0,
        "faxes": 2,
    }
    assert findings.off == 11
    told = json.dumps(findings.line())
    assert all(str(one) in told for one in (due, no_record, no_objects))
    assert (await fresh.parts().verification.run(timedelta(days=1))).overdue_objects == 3


async def test_a_repeat_of_an_expired_fax_stores_nothing(stored: StoredFaxes) -> None:
    async def never(*_given: object) -> None:
        raise AssertionError("an expired fax was converted")

    await stored.blobs.put("incoming/late.tif", b"late", "image/tiff")
    event = TelephonyFaxReceived(
        switch_id="s", call_id="c", called_number="+15550100", received_at=stored.now, object_key="incoming/late.tif"
    )
    ingest = ReceivedFaxes(stored.blobs, never, lambda: stored.now)  # type: ignore[arg-type]
    record = {"sha256": sha256(b"late").hexdigest(), "accepted_at": (stored.oldest - SECOND).isoformat()}
    await stored.blobs.put(accepted_key(fax_id_of(event)), json.dumps(record).encode(), "application/json")
    before = stored.keys()
    outcome = await ingest.handle(event)
    assert isinstance(outcome, Done)
    assert [getattr(one, "state", None) for one in outcome.events] == ["expired"]
    assert stored.keys() == before


async def test_exactly_a_random_half(stored: StoredFaxes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over days, tasks and batches; with 20,000 objects it is a chaos test in tests/fault/test_retention_faults.py."""
    monkeypatch.setattr("services.retention.sweep.LIMIT", 30)
    stored.settings = stored.settings.model_copy(update={"faxes_per_task": 7})
    await a_random_half(stored, 120)
