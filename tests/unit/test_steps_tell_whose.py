"""What stages tell with a step so that the history can list it, and bill it: reseller, domain, line time."""

from typing import Any
from uuid import uuid4

import pytest

from schemas.fax import FaxStatusChanged
from schemas.telephony import CallReport
from services.ingest.api.domain import cancellation
from services.ingest.domain import status
from services.router.domain import decide
from services.router.submitted import decide_submitted
from tests.unit.test_dialer import One
from tests.unit.test_routing import NOW, account, fax, removed
from tests.unit.test_routing_submitted import submitted
from tests.unit.test_submission import World, submission

KNOWN = ("northwind", "clinic.example")
REMOVED = removed(quarantined_until=NOW)


@pytest.mark.parametrize(
    ("record", "known"),
    [
        (account(), KNOWN),
        (account(blocked_callers=("+12025550150",)), KNOWN),
        (REMOVED, KNOWN),
        (None, (None, None)),
    ],
)
def test_a_received_fax_is_its_domains_also_if_it_is_nobodys(record: Any, known: tuple[str | None, str | None]) -> None:
    decision = decide(fax(), record, NOW)
    assert (decision.status.reseller, decision.status.domain) == (decision.reseller, decision.domain) == known


def test_a_sent_fax_is_its_accounts_from_the_first_step_on() -> None:
    decided = decide_submitted(submitted(), account(), NOW).status
    refused = decide_submitted(submitted(method="ata"), account(), NOW).status
    assert {(one.reseller, one.domain) for one in (decided, refused)} == {KNOWN}


async def test_a_gateway_tells_whose_fax_it_took_and_whose_was_cancelled() -> None:
    world = World()
    await world.submissions.submit(submission())
    (accepted,) = world.topics.steps()
    (fax_submitted,) = world.topics.submitted()
    cancelled = cancellation(fax_submitted, account(), NOW).status
    assert {(one.reseller, one.domain) for one in (accepted, cancelled)} == {KNOWN}


def test_line_time_is_told_with_the_step_that_a_call_ends_in() -> None:
    one = One()
    one.call()
    one.answer(hangup_cause=17, seconds=12.5)
    one.call()
    one.answer(pages_transferred=3, result_code=0, seconds=61.0)
    told = [(step.state, step.seconds) for step in one.told if isinstance(step, FaxStatusChanged)]
    assert told == [("dialling", None), ("waiting-to-redial", 12.5), ("dialling", None), ("delivered", 61.0)]


def test_line_time_of_a_received_call() -> None:
    received = fax(fax_id=uuid4(), call=CallReport(seconds=41.5))
    assert status(received, NOW, collided=False).seconds == 41.5
