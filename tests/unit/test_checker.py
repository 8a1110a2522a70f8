"""The checker can fail: each test tampers with one thing in a world where all is well, and sees it counted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.checker.bitmaps import UnreadableError, pdf_pages, tiff_pages
from deploy.local.checker.links import alterations
from deploy.local.checker.mails import mails_since
from deploy.local.mailbox.maildir import deliver
from tests.unit.checked_world import HOSTILE, RECEIVED, Checked, message, pdf_of

CLEAN, OTHER, THREE, HUNG_UP = (
    "g3-1d_short_1p.tif",
    "g3-2d_standard_1p.tif",
    "g4_standard_3p_ecm.tif",
    "g3-1d_standard_3p_hangup.tif",
)
DESK, BOSS = "desk@clinic.example", "boss@clinic.example"


def mailed(name: str = CLEAN, *recipients: str) -> Checked:
    world = Checked()
    fax_id = world.hand_over(name, "attachment", *(recipients or (DESK,)))
    for recipient in recipients or (DESK,):
        world.attach(fax_id, recipient, pdf_of(name))
    return world


def linked(name: str = CLEAN) -> Checked:
    world = Checked()
    world.link(world.hand_over(name, "link", DESK), DESK, pdf_of(name))
    return world


def test_a_world_where_all_is_well() -> None:
    world = Checked()
    world.attach(world.hand_over(THREE, "attachment", DESK), DESK, pdf_of(THREE))
    world.link(world.hand_over(CLEAN, "link", BOSS), BOSS, pdf_of(CLEAN))
    world.hand_over(OTHER, "portal")
    partial = world.hand_over(HUNG_UP, "attachment", DESK, end="partial")
    world.attach(partial, DESK, pdf_of(HUNG_UP), subject="Incomplete fax from 1")
    world.hand_over("g4_b4_1p_ecm.tif", "kept")
    unreadable = world.hand_over("wrong_magic.tif", "attachment", DESK, end="set-aside", folder=HOSTILE)
    world.attach(unreadable, DESK, subject="A fax could not be read")
    verdict = world.verdict()
    assert verdict.problems == []
    assert verdict.line() == {
        "ok": True,
        "received": 6,
        "emailed": 2,
        "linked": 1,
        "portal_only": 1,
        "partial": 1,
        "lost": 0,
        "duplicates": 0,
        "t30_calls": 6,
        "scripted_calls": 0,
        "submitted": 0,
        "dialled": 0,
        "sent": 0,
        "sent_by_t30": 0,
        "failed": 0,
        "refused": 0,
    }


def test_one_wrong_pixel_is_no_email() -> None:
    world = mailed(OTHER)
    world.mails.clear()
    world.attach(world.stored[0].fax_id, DESK, pdf_of("g3-1d_standard_1p.tif"))
    sound = world.verdict()
    assert (sound.ok, sound.emailed) == (True, 1)  # the same page, sent in another coding, has the same pixels
    world.mails.clear()
    world.attach(world.stored[0].fax_id, DESK, pdf_of("g4_written_linehits_1p.tif"))
    verdict = world.verdict()
    assert (verdict.ok, verdict.emailed, verdict.lost) == (False, 0, 0)
    assert "page 1 of the PDF differs" in verdict.problems[0]


def test_a_missing_page_is_no_email() -> None:
    world = mailed(THREE)
    world.mails[0] = replace(world.mails[0], pdfs=(pdf_of(OTHER),))
    verdict = world.verdict()
    assert (verdict.ok, verdict.emailed) == (False, 0)
    assert "1 pages instead of 3" in verdict.problems[0]


@pytest.mark.parametrize("pdf", [b"", b"%PDF-1.7 and nothing more"])
def test_a_broken_pdf_is_no_email(pdf: bytes) -> None:
    world = mailed()
    world.mails[0] = replace(world.mails[0], pdfs=(pdf,))
    assert (world.verdict().ok, world.verdict().emailed) == (False, 0)


def test_a_mail_without_its_attachment_is_no_email() -> None:
    world = mailed()
    world.mails[0] = replace(world.mails[0], pdfs=())
    assert (world.verdict().ok, world.verdict().emailed) == (False, 0)


def test_a_second_mail_is_a_duplicate() -> None:
    world = mailed()
    world.mails.append(world.mails[0])
    verdict = world.verdict()
    assert (verdict.ok, verdict.emailed, verdict.duplicates, verdict.lost) == (False, 1, 1, 0)


def test_a_fax_stored_under_two_ids_is_a_duplicate() -> None:
    world = mailed()
    world.attach(world.store(world.faxes[0]), DESK, pdf_of(CLEAN))
    assert (world.verdict().ok, world.verdict().duplicates) == (False, 2)  # one more in the store, one more mail


def test_the_same_file_to_two_customers_is_no_duplicate() -> None:
    world = mailed()
    world.attach(world.hand_over(CLEAN, "attachment", BOSS), BOSS, pdf_of(CLEAN))
    assert (world.verdict().ok, world.verdict().emailed, world.verdict().duplicates) == (True, 2, 0)


def test_an_absent_mail_is_a_lost_fax() -> None:
    world = mailed(CLEAN, DESK, BOSS)
    world.mails.pop()
    verdict = world.verdict()
    assert (verdict.ok, verdict.lost, verdict.emailed) == (False, 1, 1)
    world.mails.clear()
    assert world.verdict().lost == 1  # one fax, however many recipients


def test_a_fax_that_is_not_stored_is_lost() -> None:
    world = mailed()
    world.stored.clear()
    verdict = world.verdict()
    assert (verdict.ok, verdict.lost) == (False, 1)


@pytest.mark.parametrize("name", ["document.pdf", "thumbnail.png"])
def test_a_missing_object_is_a_lost_fax(name: str) -> None:
    world = Checked()
    world.hand_over(CLEAN, "portal")
    world.without(0, name)
    assert (world.verdict().ok, world.verdict().lost, world.verdict().portal_only) == (False, 1, 0)


def test_a_wrong_stored_document_is_no_portal_fax() -> None:
    world = Checked()
    world.hand_over(CLEAN, "portal")
    world.stored[0] = replace(world.stored[0], document=lambda: pdf_of(OTHER))
    assert (world.verdict().ok, world.verdict().portal_only) == (False, 0)


@pytest.mark.parametrize("way", ["portal", "kept"])
def test_a_mail_that_nobody_should_get(way: str) -> None:
    world = Checked()
    world.attach(world.hand_over(CLEAN, way), DESK, pdf_of(CLEAN))
    assert (world.verdict().ok, world.verdict().portal_only) == (False, 0)


def test_a_mail_about_no_fax_of_ours() -> None:
    world = mailed()
    world.mails.append(replace(world.mails[0], fax_id=None))
    assert not world.verdict().ok


def test_a_mail_about_somebody_elses_fax_is_not_our_business() -> None:
    world = mailed()
    world.mails.append(replace(world.mails[0], fax_id=None, recipient="stranger@example.org"))
    assert world.verdict().ok


def test_an_unmarked_partial_fax() -> None:
    world = Checked()
    world.attach(world.hand_over(HUNG_UP, "attachment", DESK, end="partial"), DESK, pdf_of(HUNG_UP))
    assert (world.verdict().ok, world.verdict().partial) == (False, 0)


def test_a_whole_fax_marked_as_partial() -> None:
    world = mailed()
    world.mails[0] = replace(world.mails[0], subject="Incomplete fax")
    assert not world.verdict().ok


def test_a_partial_fax_with_a_page_too_few() -> None:
    world = Checked()
    fax_id = world.hand_over(HUNG_UP, "attachment", DESK, end="partial")
    world.attach(fax_id, DESK, pdf_of(OTHER), subject="Incomplete fax")
    assert (world.verdict().ok, world.verdict().partial, world.verdict().emailed) == (False, 0, 0)


def test_a_document_of_an_unreadable_fax() -> None:
    world = Checked()
    fax_id = world.hand_over("wrong_magic.tif", "attachment", DESK, end="set-aside", folder=HOSTILE)
    world.attach(fax_id, DESK, pdf_of(CLEAN))
    assert not world.verdict().ok


def test_a_link_to_another_fax() -> None:
    world = linked()
    world.served = dict.fromkeys(world.served, pdf_of(OTHER))
    assert (world.verdict().ok, world.verdict().linked) == (False, 0)


def test_a_dead_link() -> None:
    world = linked()
    world.get = lambda _address: (0, b"nobody answers")
    assert (world.verdict().ok, world.verdict().linked) == (False, 0)


def test_an_attachment_where_a_link_should_be() -> None:
    world = mailed()
    world.faxes[0] = world.faxes[0].model_copy(update={"way": "link"})
    assert (world.verdict().ok, world.verdict().linked) == (False, 0)


@pytest.mark.parametrize("refusal", [404, 410])
def test_a_portal_that_serves_what_it_should_refuse(refusal: int) -> None:
    world = linked()
    document = pdf_of(CLEAN)

    def careless(address: str) -> tuple[int, bytes]:
        status, _ = world.portal(address)
        return (200 if status == refusal else status), document

    world.get = careless
    verdict = world.verdict()
    assert not verdict.ok
    told = {404: "an altered link", 410: "an expired link"}[refusal]
    assert all(told in problem for problem in verdict.problems)


def test_every_alteration_differs() -> None:
    link = "http://127.0.0.1:1/f/ABCDEFGHIJKLMNOP"
    assert len({link, *alterations(link)}) == 5


def test_pages_of_the_wrong_shape_are_seen() -> None:
    fax, squashed = tiff_pages((RECEIVED / OTHER).read_bytes())[0], pdf_pages(pdf_of(OTHER))[0]
    assert fax.same_as(squashed)
    assert not fax.same_as(replace(squashed, proportion=squashed.proportion * 2))


def test_what_cannot_be_decoded_is_told() -> None:
    with pytest.raises(UnreadableError):
        tiff_pages(b"XX")


def test_mails_are_read_as_they_lie_in_the_mailbox(tmp_path: Path) -> None:
    world = linked()
    folder = tmp_path / "mail"
    fax_id = world.stored[0].fax_id
    deliver(folder, message(fax_id, DESK, "Fax", pdf_of(CLEAN), link="http://h/f/a&b").as_bytes())
    now = datetime.now(UTC)
    assert mails_since(folder, now + timedelta(minutes=1)) == []
    (mail,) = mails_since(folder, now - timedelta(minutes=1))
    assert (mail.recipient, mail.fax_id, mail.links, mail.pdfs) == (DESK, fax_id, ("http://h/f/a&b",), (pdf_of(CLEAN),))
