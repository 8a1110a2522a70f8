"""Reading and cancelling over HTTP: one's own faxes only, just submitted ones too; cancelled is never dialled."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from schemas.decision import Decision
from schemas.fax import CancelRequested, FaxStatusChanged, FaxToDial
from schemas.keys import DIALLED, DOCUMENT, ORIGINAL, fax_prefix
from services._runtime.decision import decide_once, decision_key
from services._runtime.history import Cursor
from services.ingest.api.domain import ENDED
from services.router.handlers import Router
from services.router.submitted import decide_submitted
from tests.unit.api_world import AT, World, problem, ready_of

PRIVATE_PATHS = ("", "/document", "/document?format=tiff")


async def test_the_list_is_newest_first_in_pages() -> None:
    world = World()
    rows = [world.row(number) for number in range(1, 8)]
    seen: list[str] = []
    page = (await world.get("/v1/faxes", limit="3")).json()
    while page["next"]:
        seen += [one["id"] for one in page["faxes"]]
        world.row(len(rows) + len(seen))  # newer ones don't shift the pages
        page = (await world.get("/v1/faxes", limit="3", cursor=page["next"])).json()
    seen += [one["id"] for one in page["faxes"]]
    assert seen == [str(row.fax_id) for row in reversed(rows)]


async def test_filters() -> None:
    world = World()
    world.row(1), world.row(2, direction="sent", state="delivered"), world.row(3, direction="sent", state="failed")

    async def found(**query: Any) -> list[int]:
        return [UUID(one["id"]).int for one in (await world.get("/v1/faxes", **query)).json()["faxes"]]

    assert await found() == [3, 2, 1]
    assert await found(direction="sent") == [3, 2]
    assert await found(state="failed") == [3]
    assert await found(state=["failed", "routed"]) == [3, 1]
    assert await found(since=(AT + timedelta(minutes=2)).isoformat()) == [3, 2]
    assert await found(until=(AT + timedelta(minutes=2)).isoformat()) == [1]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"state": "lost"},
        {"since": "2026-11-24T09:30:00"},
        {"since": "0001-01-01T00:00:00+14:00"},  # the year 0 in UTC
        {"until": "9999-12-31T23:59:59-14:00"},
        {"stat": "failed"},
    ],
)
async def test_filters_that_nobody_knows_are_refused(query: dict[str, Any]) -> None:
    assert problem(await World().get("/v1/faxes", **query)) == (422, "invalid-request")


@pytest.mark.parametrize("cursor", ["", "ä", "eA", "MjAyNi0xMS0yNHx4", "A" * 200])
async def test_a_cursor_of_somebody_else_is_refused(cursor: str) -> None:
    assert problem(await World().get("/v1/faxes", cursor=cursor)) == (422, "invalid-cursor")


def test_a_cursor_comes_back_as_it_was() -> None:
    cursor = Cursor(AT, uuid4())
    assert Cursor.read(str(cursor)) == cursor


async def test_a_fax_shows_how_it_stands_and_how_it_came_there() -> None:
    world = World()
    row = world.row(1, state="failed", direction="sent", reason="busy")
    step = FaxStatusChanged(
        fax_id=row.fax_id,
        version=1,
        state="failed",
        stage="dialer",
        at=AT,
        direction="sent",
        accepted_at=AT,
        reason="busy",
    )
    world.history.told[row.fax_id] = [step]
    told = (await world.get(f"/v1/faxes/{row.fax_id}")).json()
    assert (told["state"], told["reason"], told["other_party"], told["pages"]) == ("failed", "busy", "+12025550199", 2)
    assert [(one["state"], one["stage"], one["reason"]) for one in told["steps"]] == [("failed", "dialer", "busy")]


async def test_the_document_is_a_pdf_or_the_tiff_and_runs_nothing() -> None:
    world = World()
    received, sent = world.row(1), world.row(2, direction="sent")
    for row, tiff in ((received, ORIGINAL), (sent, DIALLED)):
        prefix = fax_prefix(row.accepted_at, row.fax_id)
        world.blobs.objects |= {prefix + DOCUMENT: b"%PDF", prefix + tiff: b"II*"}
        pdf = await world.get(f"/v1/faxes/{row.fax_id}/document")
        raw = await world.get(f"/v1/faxes/{row.fax_id}/document", format="tiff")
        assert (pdf.content, pdf.headers["content-type"]) == (b"%PDF", "application/pdf")
        assert (raw.content, raw.headers["content-type"]) == (b"II*", "image/tiff")
        assert raw.headers["content-disposition"].endswith('-12025550199.tif"')
        for answer in (pdf, raw):
            assert answer.headers["content-disposition"].startswith("attachment; ")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", PRIVATE_PATHS)
async def test_anothers_fax_is_as_unknown_as_none(path: str) -> None:
    world = World()
    row = world.row(1)
    world.blobs.objects[fax_prefix(row.accepted_at, row.fax_id) + DOCUMENT] = b"%PDF"
    just = (await world.send(token=world.mine)).json()["id"]
    nobodys = world.row(2, account_id=None)
    answers = [
        await world.get(f"/v1/faxes/{fax_id}{path}", world.theirs)
        for fax_id in (row.fax_id, just, nobodys.fax_id, uuid4())
    ]
    assert {problem(one) for one in answers} == {(404, "no-such-fax")}
    bodies = [{key: value for key, value in one.json().items() if key != "request_id"} for one in answers]
    assert all(one == bodies[0] for one in bodies)
    assert problem(await world.cancel(just, world.theirs)) == (404, "no-such-fax")
    assert problem(await world.cancel(just, world.portal, account_id="acc-2")) == (404, "no-such-fax")


async def test_a_fax_submitted_a_moment_ago_is_there_at_once() -> None:
    world = World()
    fax_id = (await world.send()).json()["id"]
    told = (await world.get(f"/v1/faxes/{fax_id}")).json()
    assert (told["state"], told["direction"], told["accepted_at"]) == ("accepted", "sent", "2026-11-24T09:30:00Z")
    assert [one["state"] for one in told["steps"]] == ["accepted"]
    world.clock += timedelta(days=366)
    assert problem(await world.get(f"/v1/faxes/{fax_id}")) == (404, "no-such-fax")


async def test_when_the_history_is_away_it_says_so_and_faxes_are_still_taken() -> None:
    world = World()
    world.history.away = True
    assert problem(await world.get("/v1/faxes")) == (503, "unavailable")
    assert problem(await world.get(f"/v1/faxes/{uuid4()}")) == (503, "unavailable")
    assert (await world.send()).status_code == 202


class Numbers:
    """The router's accounts."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def look_up(self, fax_number: str) -> object:
        return next(one for one in self.world.accounts.known.values() if one.fax_number == fax_number)


async def test_cancelled_before_it_is_routed_it_is_never_dialled() -> None:
    world = World()
    fax_id = (await world.send()).json()["id"]
    answers = [await world.cancel(fax_id) for _ in range(2)]
    assert {(one.status_code, one.json()["state"]) for one in answers} == {(200, "cancelled")}
    outcome = await Router(Numbers(world), world.blobs, world.now).handle(ready_of(world.submitted[-1]))  # type: ignore[arg-type]
    assert not [one for one in outcome.events if isinstance(one, FaxToDial)]  # type: ignore[union-attr]
    steps = [one for one in world.kafka.events if isinstance(one, FaxStatusChanged) and one.state == "cancelled"]
    assert len(steps) == 2
    assert steps[0] == steps[1]
    assert (steps[0].reason, steps[0].account_id, steps[0].version) == ("cancelled", "acc-1", 3)
    told = (await world.get(f"/v1/faxes/{fax_id}")).json()
    assert (told["state"], [one["state"] for one in told["steps"]]) == ("cancelled", ["accepted", "cancelled"])


async def test_cancelled_after_it_was_routed_the_dialer_is_asked() -> None:
    world = World()
    fax_id = (await world.send()).json()["id"]
    await Router(Numbers(world), world.blobs, world.now).handle(ready_of(world.submitted[-1]))  # type: ignore[arg-type]
    answers = [await world.cancel(fax_id) for _ in range(2)]
    assert {(one.status_code, one.json()["state"]) for one in answers} == {(202, "cancelling")}
    requests = [one for one in world.kafka.events if isinstance(one, CancelRequested)]
    assert {(str(one.fax_id), one.destination, one.account_id) for one in requests} == {
        (fax_id, "+12025550177", "acc-1")
    }
    assert {one.key for one in world.kafka.messages if one.topic == "fax-to-dial"} == {b"+12025550177"}
    world.row(1, fax_id=UUID(fax_id), direction="sent", state="cancelled", accepted_at=AT)
    assert (await world.cancel(fax_id)).json()["state"] == "cancelled"


async def test_refused_by_the_router_it_can_not_be_cancelled() -> None:
    world = World()
    fax_id = (await world.send()).json()["id"]
    world.change("acc-1", methods=("email",))
    await Router(Numbers(world), world.blobs, world.now).handle(ready_of(world.submitted[-1]))  # type: ignore[arg-type]
    answer = await world.cancel(fax_id)
    assert problem(answer) == (409, "not-cancellable")
    assert "refused" in answer.json()["detail"]


@pytest.mark.parametrize("state", sorted(ENDED - {"cancelled"}))
async def test_what_has_ended_can_not_be_cancelled(state: str) -> None:
    world = World()
    fax_id = (await world.send()).json()["id"]
    world.row(1, fax_id=UUID(fax_id), direction="sent", state=state, accepted_at=AT)
    assert problem(await world.cancel(fax_id)) == (409, "not-cancellable")
    assert decision_key(AT, UUID(fax_id)) not in world.blobs.objects


async def test_a_received_fax_can_not_be_cancelled() -> None:
    world = World()
    assert problem(await world.cancel(str(world.row(1).fax_id))) == (409, "not-cancellable")


async def test_when_the_cancellation_is_not_confirmed_asking_again_tells_of_it() -> None:
    world = World()
    fax_id = (await world.send()).json()["id"]
    world.kafka.away = True
    assert problem(await world.cancel(fax_id)) == (503, "unconfirmed")
    world.kafka.away = False
    assert (await world.cancel(fax_id)).json()["state"] == "cancelled"
    assert [one.state for one in world.kafka.events if isinstance(one, FaxStatusChanged)] == ["accepted", "cancelled"]


@pytest.mark.parametrize("router_first", [True, False])
async def test_whoever_decides_first_counts_for_both(router_first: bool) -> None:
    world = World()
    fax_id = (await world.send()).json()["id"]
    account = world.accounts.known["acc-1"]
    theirs = decide_submitted(ready_of(world.submitted[-1]), account, AT)
    if router_first:
        await decide_once(world.blobs, AT, UUID(fax_id), theirs)
    answer = await world.cancel(fax_id)
    counted = await decide_once(world.blobs, AT, UUID(fax_id), theirs)
    assert isinstance(counted, Decision)
    assert (counted.dial is not None) == router_first
    assert answer.json()["state"] == ("cancelling" if router_first else "cancelled")
