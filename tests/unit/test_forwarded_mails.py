"""A fax that somebody forwards by mail: each mail once, told in the history as itself, also when it comes back."""

from dataclasses import replace
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import ValidationError

from schemas.decision import DELETED, Decision
from schemas.fax import EmailRequested, FaxState, FaxStatusChanged, Forward
from schemas.retention import DeletionRequested
from services._runtime.decision import decide_once
from services._runtime.expiry import expired_step
from services._runtime.links import Links
from services._runtime.outcomes import Done
from services.email_out.domain import message_id, way
from services.email_out.letters import Letter, Letters
from services.portal.faxes.words import step_words
from services.portal.history.domain import row_of
from tests.unit import bounces
from tests.unit.bounces import VERP, sample
from tests.unit.mails import AT, request
from tests.unit.test_email_out import World, step

JANE, RECORDS = "Jane Doe", "records@clinic.example"


def forwarded(number: int = 1, direction: Literal["received", "sent"] = "received", **more: Any) -> EmailRequested:
    forward = Forward(forward_id=UUID(int=number), by=JANE, direction=direction)
    return request(purpose="forwarded", forward=forward, **{"recipient": RECORDS, "version": 8, **more})


def letter(event: EmailRequested) -> Letter:
    return Letters(Links("s" * 40, 7, lambda: AT)).write(event, way(event, 20_000_000))


def sending() -> World:
    world = World()
    world.stage = replace(world.stage, verp=VERP)
    return world


async def test_one_mail_comes_of_one_form_and_another_of_another() -> None:
    world = sending()
    told = [step(await world.handle(forwarded(number))) for number in (1, 1, 2)]
    assert [one.forwarded_by for one in told] == [JANE] * 3
    assert told[0] == told[1]
    assert len(world.mailer.mails) == 2
    assert message_id(forwarded(1)) != message_id(forwarded(2))
    assert step(await world.handle(request(recipient=RECORDS))).forwarded_by is None, "beside the fax's own mail"
    assert len(world.mailer.mails) == 3


@pytest.mark.parametrize("policy", ["link", "attachment"])
async def test_a_fax_that_was_deleted_is_not_forwarded_and_leaves_nothing(policy: str) -> None:
    world, event = sending(), forwarded(policy=policy)
    gone = expired_step(event.fax_id, 9, event.accepted_at, AT, received=True)
    note = Decision(rule=DELETED, why="", account_id="acc-1", decided_at=AT, status=gone)
    await decide_once(world.blobs, AT, event.fax_id, note)
    outcome = await world.handle(event)
    assert isinstance(outcome, Done)
    told, again = outcome.events
    assert isinstance(told, FaxStatusChanged)
    assert told.state == "expired"
    assert isinstance(again, DeletionRequested), "what was kept of the mail goes too"
    assert world.mailer.mails == []


async def test_one_that_comes_back_is_told_as_what_it_was() -> None:
    """Though the router had the fax mailed to the same person, and its decision says so."""
    world, returned = sending(), bounces.World()
    await world.handle(forwarded())
    returned.decided(request(recipient=RECORDS))
    returned.blobs.objects |= world.blobs.objects | returned.blobs.objects
    for event in (forwarded(), request(recipient=RECORDS)):
        await returned.bounces.take([VERP.read(VERP.address(event))], sample("postfix-failed"), null_sender=True)
    mine, usual = returned.published.steps
    assert (mine.state, mine.forwarded_by, mine.recipient, mine.version) == ("mail-bounced", JANE, RECORDS, 10)
    assert (usual.forwarded_by, usual.recipient) == (None, RECORDS)
    assert step_words(mine) == f"The mail by which {JANE} forwarded it to {RECORDS} came back"


async def test_a_record_that_cannot_be_read_tells_of_nobody() -> None:
    returned = bounces.World()
    world = sending()
    await world.handle(forwarded())
    returned.blobs.objects |= {key: b"{}" for key in world.blobs.objects if "forwarded-" in key}
    await returned.bounces.take([VERP.read(VERP.address(forwarded()))], sample("postfix-failed"), null_sender=True)
    assert returned.published.steps[0].recipient is None


@pytest.mark.parametrize("state", ["emailed", "mail-failed", "mail-bounced"])
@pytest.mark.parametrize("direction", ["received", "sent"])
def test_how_it_fares_says_nothing_of_how_the_fax_stands(
    state: FaxState, direction: Literal["received", "sent"]
) -> None:
    whose: dict[str, Any] = {"fax_id": UUID(int=1), "direction": direction, "accepted_at": AT, "at": AT}
    own = expired_step(UUID(int=1), 3, AT, AT, received=direction == "received").model_copy(
        update={"state": "routed" if direction == "received" else "delivered", "reason": None, "account_id": "a"}
    )
    mail = own.model_copy(
        update={**whose, "state": state, "version": 9, "recipient": RECORDS, "forwarded_by": JANE, "stage": "email_out"}
    )
    row = row_of([own, mail])
    assert (row.state, row.version, row.account_id) == (own.state, 9, "a")
    assert row_of([mail]).state == state, "nothing else is known"


@pytest.mark.parametrize(("direction", "said"), [("received", "from"), ("sent", "to")])
def test_it_says_who_forwarded_what(direction: Literal["received", "sent"], said: str) -> None:
    written = letter(forwarded(direction=direction))
    assert dict(written.headers)["Subject"] == f"Forwarded: fax {said} +1 212-555-0199 (3 pages)"
    assert "Jane Doe forwarded this fax to you." in written.text
    assert "attached as a PDF" in written.text
    assert "You get this mail because Jane Doe forwarded a fax of +1 212-555-0100 to records@clinic.example." in (
        written.text
    )
    assert "is delivered" not in written.text
    assert ("Submitted" in written.text) == (direction == "sent")


def test_a_partial_one_says_so() -> None:
    assert "Part of this fax is missing" in letter(forwarded(partial=True, pages=2)).text


def test_who_forwards_is_given_if_and_only_if_it_is_forwarded() -> None:
    for wrong in ({"purpose": "forwarded"}, {"forward": Forward(forward_id=UUID(int=1), by=JANE, direction="sent")}):
        with pytest.raises(ValidationError, match="if and only if"):
            request(**wrong)
