"""The router decides a second time, once, when somebody releases a fax that was set aside."""

import json
from datetime import timedelta
from typing import Any

import pytest

from schemas.accounts import FaxAccount, RemovedAccount
from schemas.decision import DELETED, Decision
from schemas.fax import AtaRequested, EmailRequested, FaxStatusChanged, ReleaseRequested
from schemas.keys import DOCUMENT, ORIGINAL, RELEASE, fax_prefix
from services._runtime.decision import decide_once, was_deleted
from services._runtime.outcomes import Done
from services.router.domain import decide
from tests.fakes import MemoryBlobs
from tests.unit.test_router import KEY, Table, routed, router
from tests.unit.test_routing import ACCEPTED, ATA, CALLER, FAX_ID, NOW, NUMBER, account, fax, removed, unreadable

RELEASE_KEY = fax_prefix(ACCEPTED, FAX_ID) + RELEASE
ELSEWHERE = "+12025550177"
OTHERS = account(account_id="acc-9", fax_number=ELSEWHERE)


def request(to: FaxAccount = OTHERS, **changes: Any) -> ReleaseRequested:
    fields: dict[str, Any] = {
        "fax_id": FAX_ID,
        "version": 4,
        "accepted_at": ACCEPTED,
        "account_id": to.account_id,
        "fax_number": to.fax_number,
        "by": "Nora Wind",
        "requested_at": NOW,
    }
    return ReleaseRequested.model_validate(fields | changes)


async def set_aside(record: FaxAccount | RemovedAccount | None = None) -> MemoryBlobs:
    blobs = MemoryBlobs()
    await routed(Table(record), blobs)
    return blobs


async def released(blobs: MemoryBlobs, table: Table, asked: ReleaseRequested) -> tuple[Any, ...]:
    outcome = await router(table, blobs).handle(asked)
    assert isinstance(outcome, Done)
    return outcome.events


async def test_an_unclaimed_fax_goes_to_the_account_it_is_released_to() -> None:
    blobs = await set_aside()
    mail, step = await released(blobs, Table(OTHERS), request())
    assert isinstance(mail, EmailRequested)
    assert (mail.account_id, mail.fax_number, mail.version, mail.document) == ("acc-9", ELSEWHERE, 5, fax().document)
    assert (step.state, step.account_id, step.fax_number, step.version) == ("routed", "acc-9", ELSEWHERE, 4)
    assert step.rule == "released"
    assert (step.reseller, step.domain) == ("northwind", "clinic.example")
    decision = Decision.model_validate_json(blobs.objects[RELEASE_KEY])
    assert (decision.released_by, decision.account_id) == ("Nora Wind", "acc-9")
    assert "set aside" in decision.why


async def test_before_its_release_a_fax_names_no_account_and_after_it_the_first_decision_still_stands() -> None:
    blobs = await set_aside()
    before = blobs.objects[KEY]
    assert Decision.model_validate_json(before).account_id is None
    await released(blobs, Table(OTHERS), request())
    assert blobs.objects[KEY] == before


async def test_junk_is_delivered_though_its_caller_is_blocked() -> None:
    strict = account(blocked_callers=(CALLER,), ata=ATA, methods=("email", "ata"))
    blobs = await set_aside(strict)
    events = await released(blobs, Table(strict), request(strict))
    assert [type(one) for one in events] == [EmailRequested, AtaRequested, FaxStatusChanged]


@pytest.mark.parametrize("to", [OTHERS, account(blocked_callers=(CALLER,))])
async def test_what_was_set_aside_before_decisions_kept_the_fax_is_released_too(to: FaxAccount) -> None:
    blobs = await set_aside(None if to is OTHERS else to)
    stored = json.loads(blobs.objects[KEY])
    del stored["received"]
    prefix = fax_prefix(ACCEPTED, FAX_ID)
    blobs.objects |= {KEY: json.dumps(stored).encode(), prefix + DOCUMENT: b"%PDF", prefix + ORIGINAL: b"II"}
    mail, step = await released(blobs, Table(to), request(to))
    assert (mail.document.key, mail.document.size, mail.pages, mail.failure) == (prefix + DOCUMENT, 4, 2, None)
    assert (mail.purpose, mail.other_party, step.state, step.account_id) == (
        "received",
        CALLER,
        "routed",
        to.account_id,
    )
    assert await released(blobs, Table(to), request(to)) == (mail, step)


async def test_released_twice_by_two_people_to_two_accounts_the_first_counts() -> None:
    blobs = await set_aside()
    first = await released(blobs, Table(OTHERS), request())
    mine = account()
    assert await released(blobs, Table(mine), request(mine, by="Somebody else", version=5)) == first
    assert await released(blobs, Table(None), request(mine, version=6)) == first, "even if that account is gone"


async def test_a_number_that_is_no_longer_the_accounts_gets_nothing_and_the_fax_says_so() -> None:
    given_up = removed(account_id="acc-9", fax_number=ELSEWHERE, domain="d", quarantined_until=NOW)
    for record in (None, given_up, account(account_id="acc-10", fax_number=ELSEWHERE)):
        blobs = await set_aside()
        [step] = await released(blobs, Table(record), request())
        assert (step.state, step.account_id, step.version) == ("unclaimed", None, 4)
        assert "not released" in step.detail
        assert RELEASE_KEY not in blobs.objects, "it can be released to another account"


async def test_a_fax_that_is_known_to_a_reseller_goes_to_no_account_of_another() -> None:
    blobs = await set_aside(removed(reseller="contoso", domain="d", quarantined_until=NOW))
    [step] = await released(blobs, Table(OTHERS), request())
    assert (step.state, step.reseller, "not released" in step.detail) == ("unclaimed", "contoso", True)
    own = account(account_id="acc-9", fax_number=ELSEWHERE, reseller="contoso")
    assert (await released(blobs, Table(own), request(version=5)))[-1].state == "routed"


async def test_junk_goes_to_no_other_account() -> None:
    blobs = await set_aside(account(blocked_callers=(CALLER,)))
    assert await released(blobs, Table(OTHERS), request()) == ()


async def test_what_was_delivered_or_is_unknown_is_not_released() -> None:
    assert await released(await set_aside(account()), Table(OTHERS), request()) == ()
    assert await released(MemoryBlobs(), Table(OTHERS), request()) == ()


async def test_an_unreadable_fax_is_told_of() -> None:
    blobs = MemoryBlobs()
    await router(Table(None), blobs).handle(unreadable())
    mail, step = await released(blobs, Table(OTHERS), request())
    assert (mail.purpose, step.state, step.reason) == ("unreadable", "unreadable", "damaged-tiff")


async def test_a_fax_that_was_deleted_is_not_released_and_its_late_events_end() -> None:
    blobs = MemoryBlobs()
    gone = FaxStatusChanged(
        fax_id=FAX_ID, version=9, state="expired", stage="retention", at=NOW, direction="received", accepted_at=ACCEPTED
    )
    note = Decision(rule=DELETED, why="", decided_at=NOW, status=gone)
    await decide_once(blobs, ACCEPTED, FAX_ID, note)
    assert await was_deleted(blobs, ACCEPTED, FAX_ID)
    assert await released(blobs, Table(OTHERS), request()) == ()
    assert (await routed(Table(account()), blobs)).events == (gone,)


async def test_a_fax_that_is_delivered_keeps_no_second_copy_of_what_is_known() -> None:
    assert decide(fax(), account(), NOW).received is None
    kept = decide(fax(upload="incoming/2026/03/02/a.tif"), None, NOW + timedelta(seconds=1))
    assert kept.received is not None
    assert kept.upload == kept.received.upload == "incoming/2026/03/02/a.tif"


@pytest.mark.parametrize("handling", ["portal", "email-without-attachment"])
async def test_what_the_account_says_now_counts(handling: str) -> None:
    blobs = await set_aside()
    events = await released(blobs, Table(account(handling=handling)), request(account()))
    assert [one.policy for one in events[:-1]] == ([] if handling == "portal" else ["link"])
    assert events[-1].fax_number == NUMBER
