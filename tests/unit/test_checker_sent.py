"""The checker on faxes that users submitted: it sees what is lost, doubled, wrong or untold."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.local.checker.mails import Mail
from deploy.local.checker.manifest import Submitted
from deploy.local.checker.sent import Sent, judge_sent
from deploy.local.telephony.ends import Ended, result
from deploy.local.telephony.journal import Journal
from deploy.local.telephony.kept import keep
from schemas.base import StoredObject
from schemas.telephony import CallReport, DialRequested

PAGES = Path(__file__).parents[1] / "data" / "pages"
ONE, OTHER = (PAGES / "itu1.tif").read_bytes(), (PAGES / "itu4.tif").read_bytes()
SENDER = "desk@clinic.example"
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass
class World:
    folder: Path
    faxes: list[Submitted] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    dialled: dict[UUID, bytes] = field(default_factory=dict)

    def submit(self, **changes: Any) -> UUID:
        fields = {"name": "a fax", "fax_id": uuid4(), "way": "api", "destination": "+12025550177", "pages": 1}
        fax = Submitted.model_validate(fields | {"told": SENDER} | changes)
        self.faxes.append(fax)
        self.dialled[fax.fax_id] = ONE
        return fax.fax_id

    def call(self, fax_id: UUID, received: bytes) -> DialRequested:
        request = DialRequested(
            fax_id=fax_id,
            version=5,
            attempt_id=uuid4(),
            attempt=1,
            destination="+12025550177",
            caller_number="+12025550111",
            document=StoredObject(key="fax/x", size=1, media_type="image/tiff"),
            pages=1,
            not_after=NOW,
            longest_call_seconds=1200,
        )
        ended = Ended(CallReport(), 20.0, received)
        keep(self.folder, request, ended, result(request, ended, NOW))
        return request

    def tell(self, fax_id: UUID, subject: str, to: str = SENDER) -> None:
        self.mails.append(Mail(to, fax_id, subject))

    def verdict(self) -> Sent:
        return judge_sent(self.faxes, self.folder, self.mails, self.dialled.get)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A fax that arrived, one that failed, one that was refused, and who was told."""
    world = World(tmp_path)
    arrived, failed, refused = world.submit(), world.submit(end="failed"), world.submit(end="refused", destination=None)
    world.call(arrived, ONE)
    world.call(failed, b"")
    for fax_id, subject in ((arrived, "Delivered: f"), (failed, "Not delivered: f"), (refused, "Not sent: f")):
        world.tell(fax_id, subject)
    return world


def test_all_is_well(world: World) -> None:
    assert world.verdict() == Sent(dialled=2, sent=1, failed=1, refused=1)


def test_other_pixels_are_no_copy(world: World) -> None:
    world.dialled[world.faxes[0].fax_id] = OTHER
    verdict = world.verdict()
    assert (verdict.sent, verdict.lost) == (0, 1)
    assert "no far end has all" in verdict.problems[0]


def test_another_number_of_pages_is_not_what_was_submitted(world: World) -> None:
    world.faxes[0] = world.faxes[0].model_copy(update={"pages": 2})
    assert (world.verdict().sent, world.verdict().lost) == (0, 1)


def test_two_whole_copies_are_a_fax_too_many(world: World) -> None:
    world.call(world.faxes[0].fax_id, ONE)
    verdict = world.verdict()
    assert (verdict.sent, verdict.duplicates) == (1, 1)
    assert verdict.problems


def test_a_copy_of_what_should_fail_or_be_refused_is_wrong(world: World) -> None:
    for fax in world.faxes[1:]:
        world.call(fax.fax_id, ONE)
    verdict = world.verdict()
    assert (verdict.failed, verdict.refused) == (0, 0)
    assert len(verdict.problems) == 2


def test_a_sender_who_is_not_told_has_lost_a_fax(world: World) -> None:
    world.mails.pop(0)
    assert (world.verdict().lost, world.verdict().sent) == (1, 1)


@pytest.mark.parametrize(("subject", "to"), [("Delivered: f", SENDER), ("Delivered: f", "other@clinic.example")])
def test_a_mail_too_many(world: World, subject: str, to: str) -> None:
    world.tell(world.faxes[0].fax_id, subject, to)
    (problem,) = world.verdict().problems
    assert "too many" in problem


def test_the_wrong_news_is_wrong(world: World) -> None:
    world.mails[1] = Mail(SENDER, world.faxes[1].fax_id, "Delivered: f")
    assert world.verdict().lost == 1


def test_a_second_call_to_a_number_in_a_call(world: World) -> None:
    log = Journal(world.folder / "calls.jsonl")
    for _ in range(2):
        log.began(world.call(uuid4(), b""))
    assert any("while it was in a call" in problem for problem in world.verdict().problems)


def test_a_page_at_the_fax_machine_in_place_of_a_mail(world: World, tmp_path: Path) -> None:
    page = tmp_path / "page.tif"
    world.submit(end="failed", told=None, page=page, way="ata")
    verdict = world.verdict()
    assert (verdict.lost, len(verdict.problems)) == (1, 1)
    page.write_bytes(ONE)
    assert world.verdict().problems == []
    world.tell(world.faxes[-1].fax_id, "Not delivered: f")
    assert len(world.verdict().problems) == 1, "a mail as well"
