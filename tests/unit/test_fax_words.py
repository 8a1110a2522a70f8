"""How a fax stands and what happened to it, in words; what an address asks a list for."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from schemas.failures import FaxFailure
from schemas.fax import FaxState, FaxStatusChanged
from services._runtime.history import Cursor, FaxRow
from services.portal.faxes.listing import TRAIL, Asked
from services.portal.faxes.shelves import states
from services.portal.faxes.told import missing, result, story
from services.portal.faxes.words import duration, moving, pages_of, status_of, step_words
from services.portal.web.domain_pages.deeds import deed_words
from tests.unit.test_fax_access import fax

AT = datetime(2026, 11, 24, 14, 40, tzinfo=UTC)
SENT: tuple[FaxState, ...] = (
    "accepted", "ready", "unreadable", "routed", "dialling", "waiting-to-redial", "delivered", "failed", "refused",
    "cancelled", "outcome-unknown", "expired",
)  # fmt: skip
STANDS = [("sent", one) for one in SENT] + [("received", one) for one in (*states("received"), "junk", "unclaimed")]


def step(state: FaxState, version: int = 1, direction: str = "sent", **more: object) -> FaxStatusChanged:
    given = {"stage": "dialer", "at": AT, "accepted_at": AT, "fax_id": UUID(int=1), **more}
    return FaxStatusChanged.model_validate({"state": state, "version": version, "direction": direction, **given})


@pytest.mark.parametrize(("direction", "state"), STANDS)
def test_every_state_has_words_of_its_own(direction: str, state: FaxState) -> None:
    words = status_of(direction, state).words  # type: ignore[arg-type]
    assert "-" not in words
    assert re.fullmatch(r"[A-Z][^.{}_]+[^.]", step_words(step(state, direction=direction)))


@pytest.mark.parametrize("reason", get_args(FaxFailure))
def test_a_fax_that_failed_says_why(reason: FaxFailure) -> None:
    sentences = result(fax("failed", direction="sent", reason=reason))
    assert sentences
    assert all(re.fullmatch(r"[A-Z].+\.", one) for one in sentences)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (fax("delivered", direction="sent"), "confirmed every page"),
        (fax("unreadable", reason="damaged-tiff"), "The original is kept"),
        (fax("unreadable", direction="sent", reason="password-protected"), "Remove the password"),
        (fax("outcome-unknown", direction="sent", reason="outcome-unknown"), "before you send it again"),
        (fax("mail-bounced", reason="mail-bounced"), "The fax is here"),
        (fax("junk", reason="caller-blocked"), "It is kept"),
        (fax("unclaimed", reason="number-removed"), "delivered to nobody"),
    ],
)
def test_how_it_stands_and_what_to_do(row: FaxRow, words: str) -> None:
    assert words in " ".join(result(row))


def test_which_faxes_will_change_by_themselves() -> None:
    assert {state for state in get_args(FaxState) if moving(fax(state))} == {
        "accepted", "ready", "at-device", "mail-deferred"
    }  # fmt: skip
    assert {state for state in get_args(FaxState) if moving(fax(state, direction="sent"))} == {
        "accepted", "ready", "routed", "dialling", "waiting-to-redial"
    }  # fmt: skip


def test_pages_and_line_time() -> None:
    assert pages_of(fax(pages=1)) == "1 page"  # type: ignore[arg-type]
    assert pages_of(fax(pages=2, pages_announced=5, partial=True)) == "2 of 5 pages"  # type: ignore[arg-type]
    assert pages_of(fax(pages=None)) == ""
    assert [duration(one) for one in (None, 0.0, 48.2, 185.0)] == ["", "", "48 s", "3 min 5 s"]


def test_what_is_missing_is_said_even_if_nobody_listed_it() -> None:
    assert missing(fax(), None) == ()
    assert missing(fax(partial=True, pages=2, pages_announced=3), None) == ("Page 3 of 3 was not received.",)  # type: ignore[arg-type]


def test_a_story_is_told_in_order_and_what_was_waited_for_has_come() -> None:
    redial = step("waiting-to-redial", 3, reason="busy", detail="busy; next call after 10:12")
    told = story([redial, step("dialling", 2), step("accepted")])
    assert [one.words for one in told] == [
        "It was submitted",
        "The number was called",
        "The call did not get through; it will be called again",
    ]
    assert [one.kind for one in told] == ["plain", "plain", "wait"]
    assert told[-1].more == "Busy; next call after 10:12."
    assert ("Reason", "busy") in told[-1].facts


def test_who_may_not_read_a_fax_is_told_no_names_of_files() -> None:
    named = [step("unreadable", 2, stage="ingest", detail="Report on Jo Wu.pdf"), step("failed", 3, detail="cut off")]
    assert [dict(one.facts).get("Detail") for one in story(named)] == ["Report on Jo Wu.pdf", "cut off"]
    assert [dict(one.facts).get("Detail") for one in story(named, reads=False)] == [None, "cut off"]


def test_what_an_address_asks_for_is_what_it_is_made_of() -> None:
    after = Cursor(AT + timedelta(microseconds=1), UUID(int=7))
    asked = Asked(
        "sent", "delivered", "0199", date(2026, 11, 1), date(2026, 11, 24), "a1", "", after, ("1-" + "0" * 32,)
    )
    pairs = dict(one.split("=") for one in asked.query().split("&"))
    assert Asked.of("sent", pairs) == asked
    assert Cursor.read(str(after)) == after
    for wrong in ("", "x", f"{'9' * 18}-{'0' * 32}", f"{'9' * 5000}-{'0' * 32}", f"01-{'0' * 32}", f"1-{'0' * 31}"):
        assert Asked.of("sent", {"after": wrong, "trail": wrong}) == Asked("sent")


def test_newer_leads_back_as_far_as_the_trail() -> None:
    cursors = [Cursor(AT - timedelta(days=one), UUID(int=one)) for one in range(1, TRAIL + 5)]
    asked = Asked("received")
    for one in cursors:
        asked = asked.older(one)
    for one in reversed(cursors[-TRAIL - 1 : -1]):
        asked = asked.newer()
        assert asked.after == one
    assert asked.newer() == Asked("received") == asked.newest()


def test_a_day_is_the_readers_own() -> None:
    asked, zone = Asked("received", since=date(2026, 11, 1), until=date(2026, 11, 1)), ZoneInfo("America/New_York")
    assert asked.begins(zone) == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert asked.ends(zone) == datetime(2026, 11, 2, 5, tzinfo=UTC), "the clocks went back that night"


def test_every_deed_of_the_audit_log_has_words() -> None:
    kinds = "account|number|domain|user|device|token|api-token|fax|hold|brand|device-type|operator|reseller"
    found = set()
    for file in (Path(__file__).parents[2] / "services" / "portal").rglob("*.py"):
        if file.name != "deeds.py":
            found |= set(re.findall(rf'"((?:{kinds})\.[a-z][a-z-]+)"', file.read_text()))
    found = {one for one in found if not one.endswith(".html")}
    assert len(found) > 20
    assert [one for one in sorted(found) if deed_words(one) == one.replace(".", " ").replace("-", " ")] == []
