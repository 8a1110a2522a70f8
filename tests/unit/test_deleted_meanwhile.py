"""A person deletes a fax while a stage is at it: the stage asks for the deletion again, and what follows ends."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from schemas.accounts import FaxAccount
from schemas.decision import DELETED, Decision
from schemas.fax import FaxStatusChanged
from schemas.keys import DECISION, SUBMISSION, fax_prefix
from schemas.retention import DeletionRequested, UploadRepeated
from schemas.telephony import TelephonyFaxReceived
from services._runtime.claims import JSON
from services._runtime.outcomes import Done, Outcome
from services.ingest.documents.conversion import Converted
from services.ingest.documents.inspection import Inspection
from services.ingest.documents.sending import Pages, Refused, Sent, SentFile
from services.ingest.domain import fax_id_of
from services.ingest.handlers import ReceivedFaxes
from services.ingest.submitted import SubmittedFaxes
from services.router.domain import decide
from services.router.handlers import Router
from tests.fakes import MemoryBlobs
from tests.unit.submitted_pages import AT
from tests.unit.test_releasing_router import request, set_aside
from tests.unit.test_router import Table
from tests.unit.test_routing import ACCEPTED, FAX_ID, NOW, account, fax, unreadable
from tests.unit.test_submitted_faxes import FAX, anew, converted_here, event

UPLOAD = "incoming/2026/11/24/call.tif"
CALL = TelephonyFaxReceived(switch_id="s", call_id="c", called_number="+15550100", received_at=AT, object_key=UPLOAD)


async def delete(blobs: MemoryBlobs, accepted_at: datetime = AT, fax_id: UUID = FAX) -> None:
    """As retention does first."""
    gone = FaxStatusChanged(
        fax_id=fax_id, version=9, state="expired", stage="retention", at=AT, direction="sent", accepted_at=accepted_at
    )
    note = Decision(rule=DELETED, why="", account_id="acc-1", decided_at=AT, status=gone)
    await blobs.put(fax_prefix(accepted_at, fax_id) + DECISION, note.model_dump_json().encode(), JSON)


def asked_again(outcome: Outcome, *, told: bool = True) -> DeletionRequested:
    """The request to delete it again; before it, if it is `told`, that the fax is gone, and nothing else."""
    assert isinstance(outcome, Done)
    *steps, again = outcome.events
    assert [getattr(one, "state", None) for one in steps] == (["expired"] if told else [])
    assert isinstance(again, DeletionRequested)
    assert again.account_id == "acc-1"
    return again


@pytest.mark.parametrize("again", [False, True], ids=["made", "made anew"])
async def test_pages_of_a_sent_fax_that_are_made_while_it_is_deleted_go_too(again: bool) -> None:
    submitted, blobs = event(b"Hello")
    prefix = fax_prefix(AT, FAX)
    blobs.objects[prefix + SUBMISSION] = submitted.model_dump_json().encode()

    async def convert(files: tuple[SentFile, ...], pages: Pages) -> Sent | Refused:
        await delete(blobs)
        return await converted_here(files, pages)

    stage = SubmittedFaxes(blobs, convert, now=lambda: AT)
    assert asked_again(await stage.handle(anew(submitted) if again else submitted)).fax_id == FAX


async def test_a_deleted_fax_that_can_not_be_made_into_pages_is_told_of_as_gone() -> None:
    submitted, blobs = event(b"Hello")

    async def convert(_files: tuple[SentFile, ...], _pages: Pages) -> Sent | Refused:
        await delete(blobs)
        return Refused("unsupported-format", 0)

    asked_again(await SubmittedFaxes(blobs, convert, now=lambda: AT).handle(submitted))


async def test_a_received_fax_told_of_again_while_it_is_deleted_leaves_nothing() -> None:
    blobs = MemoryBlobs({UPLOAD: b"a fax"})
    fax_id = fax_id_of(CALL)

    async def convert(data: bytes, pages_announced: int | None, bad_rows_reported: int) -> Converted:
        await delete(blobs, AT, fax_id)
        return await _converted(data, pages_announced, bad_rows_reported)

    await ReceivedFaxes(blobs, _converted, lambda: AT).handle(CALL)
    assert asked_again(await ReceivedFaxes(blobs, convert, lambda: AT).handle(CALL)).fax_id == fax_id


async def test_what_telephony_uploads_once_more_of_a_deleted_fax_goes_too() -> None:
    """Else it would be found without a fax an hour later, and become one."""
    blobs = MemoryBlobs({UPLOAD: b"a fax"})
    stage = ReceivedFaxes(blobs, _converted, lambda: AT)
    await stage.handle(CALL)
    await delete(blobs, AT, fax_id_of(CALL))
    elsewhere = CALL.model_copy(update={"object_key": "incoming/2026/11/25/call.tif"})
    for once_more in (CALL, elsewhere):
        blobs.objects[once_more.object_key] = b"a fax"
        before = dict(blobs.objects)
        assert asked_again(await stage.handle(once_more)).upload == once_more.object_key
        assert blobs.objects == before, "nothing of it is stored again"


@pytest.mark.parametrize(
    "record", [None, account(), account(handling="portal"), account(blocked_callers=(fax().caller_number,))]
)
def test_every_decision_about_a_received_fax_names_its_upload_which_is_deleted_with_it(
    record: FaxAccount | None,
) -> None:
    for received in (fax(upload=UPLOAD), unreadable().model_copy(update={"upload": UPLOAD})):
        assert decide(received, record, NOW).upload == UPLOAD


async def test_a_second_upload_of_a_fax_is_told_of_for_its_decision_names_the_first() -> None:
    first, second = "incoming/2026/03/02/a.tif", "incoming/2026/03/03/a.tif"
    stage = Router(Table(account()), MemoryBlobs(), now=lambda: NOW)
    told = await stage.handle(fax(upload=first))
    assert isinstance(told, Done)
    again = await stage.handle(fax(upload=second))
    repeated = UploadRepeated(fax_id=FAX_ID, accepted_at=ACCEPTED, upload=second)
    assert again == Done((*told.events, repeated))
    assert await stage.handle(fax(upload=first)) == told


async def test_a_fax_that_is_deleted_while_it_is_released_goes_to_nobody() -> None:
    class Meanwhile(Table):
        async def look_up(self, fax_number: str) -> Any:
            await delete(blobs, ACCEPTED, FAX_ID)
            return await super().look_up(fax_number)

    mine: FaxAccount = account(blocked_callers=("+13125550142",))
    blobs = await set_aside(account(blocked_callers=(fax().caller_number,)))
    outcome = await Router(Meanwhile(mine), blobs, now=lambda: NOW).handle(request(mine))
    assert asked_again(outcome, told=False).fax_id == FAX_ID


async def _converted(data: bytes, pages_announced: int | None, bad_rows_reported: int) -> Converted:
    found = Inspection(
        pages=pages_announced or 1,
        rows=1,
        bad_rows=bad_rows_reported,
        lost_rows=0,
        partial=False,
        missing=(),
        transcoded=0,
        sender=None,
    )
    return Converted(inspection=found, pdf=data, thumbnail=data)
