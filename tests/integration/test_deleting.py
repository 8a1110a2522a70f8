"""A person deletes one fax, on the real object store, versioning off and on: exactly it goes, and it stays gone."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from schemas.base import Event
from schemas.fax import FaxStatusChanged
from schemas.keys import RELEASE, fax_prefix
from schemas.retention import DeletionRequested, FaxExpired, UploadRepeated
from schemas.telephony import TelephonyFaxReceived
from services._runtime.decision import was_deleted
from services._runtime.outcomes import DependencyAway, Done
from services._runtime.settings import StoreSettings
from services.ingest.documents.unreadable import UnreadableDocument
from services.ingest.domain import fax_id_of
from services.ingest.handlers import ReceivedFaxes
from services.retention.deleting import Deletions
from services.retention.sweep import Candidate
from services.retention.telling import Told
from tests.integration.stored_faxes import SECOND, StoredFaxes, empty, new_bucket
from tests.providers.cluster import Cluster

YOUNG = timedelta(hours=3)


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "versioned"])
def bucket(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[StoreSettings]:
    with new_bucket(cluster.environment, versioned=request.param) as settings:
        yield settings


@pytest.fixture
def stored(bucket: StoreSettings) -> Iterator[StoredFaxes]:
    yield StoredFaxes(bucket)
    empty(bucket)


async def delete(stored: StoredFaxes, fax_id: UUID, when: datetime, account: str = "north") -> tuple[FaxExpired, ...]:
    request = DeletionRequested(
        fax_id=fax_id, accepted_at=when, account_id=account, by="Ada Okafor", requested_at=stored.now
    )
    return await carried_out(stored, request)  # type: ignore[return-value]


async def carried_out(stored: StoredFaxes, event: DeletionRequested | UploadRepeated) -> Sequence[Event]:
    parts = stored.parts()
    outcome = await Deletions(parts.sweep, Told(CollectorRegistry())).handle(event)
    await parts.bucket.close()
    assert isinstance(outcome, Done)
    return outcome.events


async def test_exactly_the_fax_is_gone_and_what_stays_tells_nothing_of_it(stored: StoredFaxes) -> None:
    when = stored.now - YOUNG
    fax_id, other = await stored.put_fax(when), await stored.put_fax(when)
    await stored.blobs.put(f"{fax_prefix(when, fax_id)}original.tif", b"the original once more", "image/tiff")
    beside = stored.of(other)
    [told] = await delete(stored, fax_id, when)
    assert (told.fax_id, told.account_id, told.accepted_at, told.cause) == (fax_id, "north", when, "deleted-by-user")
    assert told.objects >= 3
    assert stored.of(other) == beside
    left = stored.of(fax_id)
    assert [key.split("/")[0] for key in left] == ["accepted", "claims", "fax"]
    assert left[2].endswith("/decision.json")
    note = json.loads(await stored.blobs.get(left[2]) or b"")
    assert note["rule"] == "deleted"
    assert note["emails"] == []
    assert not {"received", "ata", "dial"} & note.keys()
    assert not {"fax_number", "other_party", "pages"} & note["status"].keys()


async def test_asked_twice_it_is_told_twice_and_nothing_else_happens(stored: StoredFaxes) -> None:
    when = stored.now - YOUNG
    fax_id = await stored.put_fax(when)
    await delete(stored, fax_id, when)
    left = stored.of(fax_id)
    [again] = await delete(stored, fax_id, when)
    assert (again.fax_id, again.cause, again.objects) == (fax_id, "deleted-by-user", 0)
    assert stored.of(fax_id) == left


@pytest.mark.parametrize("scope", ["fax", "account:north", "domain:clinic.example", "account:later", "domain:later"])
async def test_a_hold_wins_also_of_whom_it_came_for_before_its_release(stored: StoredFaxes, scope: str) -> None:
    when = stored.now - YOUNG
    fax_id = await stored.put_fax(when)
    release = {"account_id": "later", "domain": "later", "status": {"accepted_at": when.isoformat()}}
    await stored.blobs.put(fax_prefix(when, fax_id) + RELEASE, json.dumps(release).encode(), "application/json")
    before = stored.of(fax_id)
    stored.holds.scopes = {f"fax:{fax_id}" if scope == "fax" else scope}
    assert await delete(stored, fax_id, when, "later") == ()
    assert stored.of(fax_id) == before
    stored.holds.scopes = set()
    assert len(await delete(stored, fax_id, when, "later")) == 1
    assert not [key for key in stored.of(fax_id) if key.endswith(RELEASE)]


async def test_nothing_is_deleted_while_holds_are_unknown(stored: StoredFaxes) -> None:
    when = stored.now - YOUNG
    fax_id = await stored.put_fax(when)
    before, stored.holds.away = stored.of(fax_id), True
    with pytest.raises(DependencyAway):
        await delete(stored, fax_id, when)
    assert stored.of(fax_id) == before


async def test_a_hold_set_while_the_store_does_not_answer_wins(
    stored: StoredFaxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read of the holds is good for a while only, by a person's deletion as by a sweep."""
    when = stored.now - YOUNG
    fax_id = await stored.put_fax(when)
    before, look, looks = stored.of(fax_id), Deletions._look, 0

    async def slow(deletions: Deletions, request: DeletionRequested) -> Sequence[Candidate]:
        nonlocal looks
        looks += 1
        if looks == 2:  # the note is written, and nothing is deleted yet
            stored.holds.scopes = {f"fax:{fax_id}"}
            monkeypatch.setattr("services.retention.holds.GOOD_SECONDS", 0.0)
        return await look(deletions, request)

    monkeypatch.setattr(Deletions, "_look", slow)
    with pytest.raises(DependencyAway, match="fax-holds"):
        await delete(stored, fax_id, when)
    assert await delete(stored, fax_id, when) == ()
    assert {key for key in before if key not in set(stored.of(fax_id))} == set()


async def test_another_accounts_fax_and_one_that_is_not_decided_stay(stored: StoredFaxes) -> None:
    when = stored.now - YOUNG
    fax_id, undecided = await stored.put_fax(when), await stored.put_fax(when)
    stored.client.delete_object(Bucket=stored.store.bucket, Key=f"{fax_prefix(when, undecided)}decision.json")
    before = stored.of(fax_id)
    assert await delete(stored, fax_id, when, "south") == ()
    assert await delete(stored, undecided, when) == ()
    assert stored.of(fax_id) == before
    assert [key for key in stored.of(undecided) if key.endswith("original.tif")]


async def test_telephonys_upload_goes_too_and_the_call_told_again_brings_nothing_back(stored: StoredFaxes) -> None:
    event = TelephonyFaxReceived(
        switch_id="s",
        call_id="c-1",
        called_number="+15550100",
        received_at=stored.now,
        object_key=f"incoming/{stored.now:%Y/%m/%d}/c-1.tif",
    )
    await stored.blobs.put(event.object_key, b"a fax", "image/tiff")
    ingest = ReceivedFaxes(stored.blobs, _unreadable, lambda: stored.now)
    await ingest.handle(event)
    fax_id = fax_id_of(event)
    decision = {
        "account_id": "north",
        "upload": event.object_key,
        "status": {"accepted_at": stored.now.isoformat(), "version": 3, "direction": "received"},
    }
    key = fax_prefix(stored.now, fax_id) + "decision.json"
    await stored.blobs.put(key, json.dumps(decision).encode(), "application/json")
    await delete(stored, fax_id, stored.now)
    assert stored.keys("incoming/") == []
    assert await was_deleted(stored.blobs, stored.now, fax_id)
    for again in (None, b"a fax"):  # the upload is gone; or telephony uploaded it once more
        if again:
            await stored.blobs.put(event.object_key, again, "image/tiff")
        outcome = await ingest.handle(event)
        assert isinstance(outcome, Done)
        step, *asked = outcome.events
        assert isinstance(step, FaxStatusChanged)
        assert (step.fax_id, step.state) == (fax_id, "expired")
        for one in asked:
            assert isinstance(one, DeletionRequested)
            await carried_out(stored, one)
    assert not [key for key in stored.of(fax_id) if key.endswith("original.tif")]
    assert stored.keys("incoming/") == []


@pytest.mark.parametrize("gone", [False, True], ids=["kept", "deleted"])
async def test_a_second_upload_goes_if_it_is_this_fax_and_no_other(stored: StoredFaxes, *, gone: bool) -> None:
    """Telephony may have used the key again, for a fax that nobody has taken yet."""
    when = stored.now - YOUNG
    fax_id = await stored.put_fax(when)
    original = await stored.blobs.get(f"{fax_prefix(when, fax_id)}original.tif") or b""
    if gone:
        await delete(stored, fax_id, when)
    for number, data in enumerate((original, b"another" + original[7:])):
        key = f"incoming/2026/11/24/{number}.tif"
        await stored.blobs.put(key, data, "image/tiff")
        await carried_out(stored, UploadRepeated(fax_id=fax_id, accepted_at=when, upload=key))
    assert stored.keys("incoming/") == ["incoming/2026/11/24/1.tif"]


async def test_an_upload_that_is_another_fax_by_now_stays(stored: StoredFaxes) -> None:
    key, when = "incoming/2026/11/24/again.tif", stored.now - YOUNG
    fax_id = await stored.put_fax(when)
    decision = {"account_id": "north", "upload": key, "status": {"accepted_at": when.isoformat()}}
    await stored.blobs.put(
        f"{fax_prefix(when, fax_id)}decision.json", json.dumps(decision).encode(), "application/json"
    )
    await stored.blobs.put(key, b"what another call brought", "image/tiff")
    await delete(stored, fax_id, when)
    assert stored.keys("incoming/") == [key]


async def test_what_is_written_between_the_looking_and_the_note_goes_too(
    stored: StoredFaxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its writer looked before the note was there, so it is for the deletion to find it."""
    when = stored.now - YOUNG
    fax_id = await stored.put_fax(when)
    noting = Deletions._note

    async def note(deletions: Deletions, request: DeletionRequested) -> str | None:
        await stored.blobs.put(f"{fax_prefix(when, fax_id)}dialled-standard.tif", b"pages", "image/tiff")
        return await noting(deletions, request)

    monkeypatch.setattr(Deletions, "_note", note)
    await delete(stored, fax_id, when)
    assert [key.rpartition("/")[2] for key in stored.of(fax_id) if key.startswith("fax/")] == ["decision.json"]


async def test_what_is_left_is_as_it_should_be_and_goes_with_its_day(stored: StoredFaxes) -> None:
    when = stored.oldest + SECOND
    fax_id = await stored.put_fax(when)
    await delete(stored, fax_id, when)
    findings = await stored.parts().verification.run(timedelta(0))
    assert not findings.off, findings.line()
    stored.now += 2 * SECOND
    await stored.sweep_all()
    assert stored.of(fax_id) == []


async def _unreadable(data: bytes, pages_announced: int | None, bad_rows_reported: int) -> NoReturn:
    raise UnreadableDocument("empty")
