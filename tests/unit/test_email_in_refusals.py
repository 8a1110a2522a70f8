"""Everything that the gateway refuses, and everything it doesn't."""

import asyncio
import base64
import quopri
import re
from pathlib import Path
from typing import Any

import pytest

from schemas.identity import mail_fax_id
from services.ingest.email_in import refusals
from services.ingest.email_in.memory import Arriving, Memory
from services.ingest.email_in.reading import read_mail
from services.ingest.email_in.refusals import REFUSALS, Refusal
from services.ingest.email_in.relays import Relay
from services.ingest.email_in.settings import EmailInSettings
from tests.unit.email_in import (
    CHECKING,
    DESK,
    DOMAIN,
    FAX,
    JPEG,
    PDF,
    PROVEN,
    SECRET,
    VOUCHING,
    World,
    attached,
    clinic,
    mail,
    multipart,
    other,
    plain,
)

DOC = Path(__file__).parents[2] / "docs" / "refusals" / "email.md"
WITH_PDF = multipart("mixed", plain(), attached(PDF, "application/pdf", "a.pdf"))
MAIL = mail(*WITH_PDF)
TAKEN = "250 2.0.0 Taken"


async def refused(world: World, content: bytes = MAIL, *recipients: str, **how: Any) -> Refusal:
    """Why a mail was refused; nothing of it may be left."""
    answer = await world.answer(content, *recipients, **how)
    assert not world.topics.messages
    assert not world.blobs.objects
    return next(one for one in REFUSALS.values() if one.answer == answer)


def test_the_document_lists_every_refusal_in_these_words() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in DOC.read_text().splitlines()
        if re.match(r"\| `[a-z-]+` \|", line)
    ]
    listed = {row[0].strip("`"): tuple(row[1:]) for row in rows}
    assert listed == {name: (one.code, one.words, one.cause, one.cure) for name, one in REFUSALS.items()}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_an_answer_is_one_short_line_of_ascii(refusal: Refusal) -> None:
    assert re.fullmatch(r"[45]\d\d [45]\.\d\.\d{1,2} [ -~]+", refusal.answer)
    assert refusal.code[0] == refusal.code[4]
    assert len(refusal.answer) < 200  # RFC 5321, 4.5.3.1.5: 512 octets


async def test_a_stranger_is_refused_whatever_it_claims() -> None:
    assert await refused(World(), peer="192.0.2.1") is refusals.NOT_A_RELAY
    assert await refused(World(relays=())) is refusals.NOT_A_RELAY


@pytest.mark.parametrize("proven", [None, PROVEN.replace("pass", "fail"), PROVEN.replace("mx.north", "mx.south")])
async def test_an_unproven_from_is_never_believed(proven: str | None) -> None:
    assert await refused(World(), mail(*WITH_PDF, proven=proven)) is refusals.SENDER_UNPROVEN


async def test_there_is_one_from() -> None:
    assert await refused(World(), mail(*WITH_PDF, From=None)) is refusals.FROM_UNREADABLE
    assert await refused(World(), f"From: {DESK}\r\n".encode() + MAIL) is refusals.FROM_UNREADABLE


async def test_who_may_send() -> None:
    assert await refused(World(other("+12025550122", "x@y.example"))) is refusals.SENDER_NOT_ALLOWED
    assert await refused(World(clinic(methods=("portal",)))) is refusals.EMAIL_NOT_ENABLED
    assert await World(other("+12025550122", "x@y.example", allowed_senders=(DESK.upper(),))).answer(MAIL) == TAKEN


@pytest.mark.parametrize(
    ("number", "refusal"),
    [
        ("+1202555", refusals.DESTINATION_INVALID),
        ("5550177", refusals.DESTINATION_INVALID),
        ("911", refusals.DESTINATION_EMERGENCY),
        ("+19005550177", refusals.DESTINATION_PREMIUM),
        ("+442079460123", refusals.DESTINATION_BLOCKED),
    ],
)
async def test_numbers_that_cannot_be_dialled(number: str, refusal: Refusal) -> None:
    world = World(clinic(blocked_destinations=("+44",)))
    assert await refused(world, MAIL, f"{number}@{DOMAIN}") is refusal


async def test_foreign_domains_and_what_is_no_number() -> None:
    assert await refused(World(), MAIL, "+12025550177@elsewhere.example") is refusals.RELAYING_DENIED
    assert await refused(World(), MAIL, f"desk@{DOMAIN}") is refusals.NO_SUCH_ADDRESS
    assert await refused(World(), MAIL, f"postmaster@{DOMAIN}") is refusals.NO_POSTMASTER


@pytest.mark.parametrize(
    "fields",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "Auto-Replied (vacation); x=y"},
        {"Precedence": "Bulk"},
        {"Precedence": "auto_reply"},
        {"List_Id": "<news.bank.example>"},
        {"X_Autoreply": "yes"},
    ],
)
async def test_what_nobody_wrote_is_not_faxed(fields: dict[str, str]) -> None:
    assert await refused(World(), mail(*WITH_PDF, **fields)) is refusals.AUTOMATIC


async def test_a_report_is_not_faxed() -> None:
    seen: list[str | bytes] = ["Content-Type: message/disposition-notification", "", "Disposition: displayed"]
    assert await refused(World(), mail(*multipart("report", plain("It was read."), seen))) is refusals.AUTOMATIC


async def test_no_sender_in_the_envelope_is_no_sender() -> None:
    assert await refused(World(), sender="") is refusals.AUTOMATIC
    assert await refused(World(), sender="<>") is refusals.AUTOMATIC


async def test_a_mail_that_could_not_be_told_from_its_repeat() -> None:
    assert await refused(World(), mail(*WITH_PDF, Message_ID=None, Date=None)) is refusals.NO_IDENTITY
    assert await World().answer(mail(*WITH_PDF, Message_ID=None)) == TAKEN
    assert await World().answer(mail(*WITH_PDF, Date=None)) == TAKEN


async def test_nothing_to_fax() -> None:
    assert await refused(World(), mail(*plain(" \r\n \r\n"))) is refusals.NOTHING_TO_FAX
    card = attached(b"BEGIN:VCARD", "text/vcard", "me.vcf")
    assert await refused(World(), mail(*multipart("mixed", plain(""), card))) is refusals.NOTHING_TO_FAX
    assert await refused(World(), mail()) is refusals.NOTHING_TO_FAX


async def test_thirty_files_are_the_most() -> None:
    files = [attached(PDF + bytes([n]), "application/pdf", f"{n}.pdf") for n in range(31)]
    assert await refused(World(), mail(*multipart("mixed", *files))) is refusals.TOO_MANY_FILES
    assert await World().answer(mail(*multipart("mixed", *files[:30]))) == TAKEN
    covered = World(clinic(cover_page=True))
    long = mail(*multipart("mixed", plain("x" * 5000), *files[:30]))
    assert await refused(covered, long) is refusals.TOO_MANY_FILES


async def test_fifty_megabytes_are_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.ingest.email_in.reading.FILE_BYTES", 1000)
    two = multipart("mixed", *(attached(PDF[:501], "application/pdf", f"{n}.pdf") for n in "ab"))
    assert await refused(World(), mail(*two)) is refusals.FILES_TOO_LARGE


async def test_what_is_built_to_be_hard_to_read() -> None:
    deep = plain()
    for _ in range(30):
        deep = multipart("mixed", deep)
    wide = multipart("mixed", *([plain()] * 600))
    for lines in (deep, wide, [f"X-{n}: y" for n in range(3000)], ["X: " + "y" * 600_000]):
        assert await refused(World(), mail(*lines)) is refusals.TOO_COMPLEX


async def test_what_is_away_has_the_relay_come_again_and_one_fax_comes_of_it() -> None:
    world = World()
    world.accounts.away = True
    assert await world.answer(MAIL) == refusals.LATER.answer
    world.accounts.away, world.blobs.away = False, True
    assert await world.answer(MAIL) == refusals.LATER.answer
    world.blobs.away, world.topics.away = False, True
    assert await world.answer(MAIL) == refusals.LATER.answer
    world.topics.away = False
    assert await world.answer(MAIL) == TAKEN
    assert len(world.topics.submitted()) == 1
    assert len([key for key in world.blobs.objects if key.startswith("accepted/")]) == 1


async def test_a_fault_of_ours_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_content: bytes) -> None:
        raise RuntimeError("secret contents")

    monkeypatch.setattr("services.ingest.email_in.handlers.read_mail", fail)
    assert await refused(World()) is refusals.LATER


async def test_the_same_mail_twice_is_the_same_fax_whatever_changed_on_the_way() -> None:
    world = World()
    assert await world.answer(MAIL) == TAKEN
    world.accounts.known = [clinic(cover_page=True, version=9)]
    repeat = b"Received: from elsewhere\r\nX-Spam: no\r\n" + MAIL.replace(b"Referral", b"[EXTERNAL] Referral", 1)
    repeat = PROVEN.encode() + b"\r\n" + repeat
    assert await world.answer(repeat, "FAX=+1-202-555-0177@" + DOMAIN) == TAKEN
    first, second = world.topics.submitted()
    assert first == second
    assert first.fax_id == mail_fax_id(
        "acc-1", "<1@clinic.example>", "Tue, 24 Nov 2026 10:00:00 -0500", "+12025550177", read_mail(MAIL).sha256
    )


async def test_a_relay_may_encode_the_parts_anew() -> None:
    world = World()
    text = "Grüße,\r\nzweite Zeile.\r\n".encode()
    encoded = {
        "8bit": text,
        "base64": base64.b64encode(text),
        "quoted-printable": quopri.encodestring(text.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n"),
    }
    for name, data in encoded.items():
        kind = "Content-Type: text/plain; charset=utf-8"
        assert await world.answer(mail(kind, f"Content-Transfer-Encoding: {name}", "", data)) == TAKEN
    assert len({one.fax_id for one in world.topics.submitted()}) == 1


async def test_two_gateways_at_once_make_one_fax_of_a_mail() -> None:
    first = World()
    second = World(beside=first)
    assert {*await asyncio.gather(first.answer(MAIL), second.answer(MAIL))} == {TAKEN}
    assert len(set(first.topics.submitted())) == 1
    assert len([key for key in first.blobs.objects if key.startswith("accepted/")]) == 1


@pytest.mark.parametrize("again", [{"Message_ID": "<2@clinic.example>"}, {"Date": "Tue, 24 Nov 2026 10:00:01 -0500"}])
async def test_another_mail_is_another_fax(again: dict[str, str]) -> None:
    world = World()
    for content in (MAIL, mail(*WITH_PDF, **again), mail(*plain(), **again)):
        assert await world.answer(content) == TAKEN
    assert len({one.fax_id for one in world.topics.submitted()}) == 3


async def test_one_fax_for_each_destination() -> None:
    world = World()
    others = (FAX, f"2025550177@{DOMAIN}", f"FAX=+12025550177/T33S=12@{DOMAIN}", f"+12025550178@{DOMAIN}")
    assert await world.answer(MAIL, *others) == TAKEN
    sent = [(one.destination, one.subaddress) for one in world.topics.submitted()]
    assert sent == [("+12025550177", None), ("+12025550177", "12"), ("+12025550178", None)]


async def test_a_destination_among_others_that_cannot_be_dialled_is_left_to_the_router() -> None:
    world = World()
    assert await world.answer(MAIL, FAX, f"911@{DOMAIN}") == TAKEN
    assert [one.destination for one in world.topics.submitted()] == ["+12025550177", "911"]
    assert await refused(World(), MAIL, f"911@{DOMAIN}", f"5550177@{DOMAIN}") is refusals.DESTINATION_EMERGENCY


async def test_of_several_accounts_the_senders_own_then_the_lowest_number_is_used() -> None:
    low = other("+12025550100", "x@clinic.example", allowed_senders=(DESK,))
    off = other("+12025550099", "y@clinic.example", allowed_senders=(DESK,), methods=("portal",))
    world = World(off, low, clinic())
    assert await world.answer(MAIL) == TAKEN
    assert world.topics.submitted()[-1].fax_number == "+12025550111"
    world = World(off, low, other("+12025550120", "z@clinic.example", allowed_senders=(DESK,)))
    assert await world.answer(MAIL) == TAKEN
    assert world.topics.submitted()[-1].fax_number == "+12025550100"


async def test_a_relay_that_vouches_for_the_envelope_is_told_early() -> None:
    relay = {"name": "office", "networks": ["127.0.0.0/8"], "vouches_for": "envelope-sender"}
    world = World(relays=(relay,))
    assert await refused(world, b"", sender="x@clinic.example") is refusals.SENDER_NOT_ALLOWED
    assert await refused(world, b"", f"911@{DOMAIN}") is refusals.DESTINATION_EMERGENCY
    assert await refused(world, mail(*WITH_PDF, From="x@clinic.example")) is refusals.SENDER_DIFFERS
    assert await world.answer(mail(*WITH_PDF, proven=None)) == TAKEN
    assert await world.answer(mail(*WITH_PDF, proven=None), sender=DESK.title()) == TAKEN


async def test_too_many_recipients_and_too_many_mails_come_again() -> None:
    world = World(recipients=2)
    assert await refused(world, MAIL, *[f"+1202555017{n}@{DOMAIN}" for n in range(3)]) is refusals.TOO_MANY_RECIPIENTS
    busy = World(mails_per_minute=1)
    busy.gateway.rate.clock = lambda: 0.0
    assert await busy.answer(MAIL) == TAKEN
    assert await busy.answer(MAIL) == refusals.TOO_MANY_MAILS.answer
    busy.gateway.rate.clock = lambda: 60.0
    assert await busy.answer(MAIL) == TAKEN


def test_a_relay_signs_in_with_its_name_and_a_long_secret_from_its_network() -> None:
    world = World(relays=(VOUCHING | {"networks": ["10.0.0.0/8", "::1/128"]},), **tls())
    assert world.sign_in("office", SECRET, "10.1.2.3")
    assert world.sign_in("office", SECRET, "::ffff:10.1.2.3")
    assert not world.sign_in("office", SECRET)
    assert not world.sign_in("other", SECRET, "10.1.2.3")
    assert not world.sign_in("office", SECRET[:-1], "10.1.2.3")
    short = Relay.model_validate(VOUCHING | {"password_sha256": "0" * 64})
    assert short.is_at("anything")


def test_a_short_secret_is_refused_even_if_it_is_right() -> None:
    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    world = World(relays=(VOUCHING | {"password_sha256": digest},), **tls())
    assert not world.sign_in("office", "test")


def tls() -> dict[str, Any]:
    return {"certificate": "certificate.pem", "key": "key.pem"}


@pytest.mark.parametrize(
    "settings",
    [
        {"relays": ({"name": "x", "authserv_id": "mx"},)},
        {"relays": ({"name": "x", "networks": ["10.0.0.0/8"]},)},
        {"relays": (VOUCHING,)},
        {"relays": (CHECKING | {"password": "x"},)},
        {"certificate": "certificate.pem"},
        {"domains": ("not a domain",)},
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"relay|go together|needs TLS|password|domains"):
        EmailInSettings.model_validate(settings)


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NATIVEFAX_EMAIL_IN_DOMAINS", '["FAX.Example"]')
    monkeypatch.setenv(
        "NATIVEFAX_EMAIL_IN_RELAYS", '[{"name": "mx", "networks": ["10.0.0.0/8"], "authserv_id": "MX.x"}]'
    )
    settings = EmailInSettings()
    assert settings.domains == ("fax.example",)
    assert settings.relays[0].authserv_id == "mx.x"


def test_memory_is_shared_and_given_back() -> None:
    memory = Memory(100)
    with Arriving(memory, 80) as first, Arriving(memory, 80) as second:
        first.take(b"x" * 60)
        second.take(b"x" * 60)
        assert (first.crowded, second.crowded, memory.taken) == (False, True, 60)
        second.take(b"x" * 30)
        assert (second.too_large, memory.taken) == (True, 60)
        assert first.content() == b"x" * 60
        assert memory.taken == 60
    assert memory.taken == 0


async def test_photos_are_kept_whole() -> None:
    world = World()
    assert await world.answer(mail(*multipart("mixed", attached(JPEG, "image/jpeg", "p.jpg")))) == TAKEN
    assert world.files() == [("p.jpg", JPEG)]
