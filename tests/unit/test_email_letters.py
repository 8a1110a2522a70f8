"""What the mails say: the facts a front desk needs, in the reseller's name and nobody else's."""

import re
from datetime import timedelta
from itertools import product
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.failures import FaxFailure
from schemas.fax import EmailRequested, Missing
from services._runtime.display import contrast, count, fax_filename, party, text_on, when
from services._runtime.links import Links
from services._runtime.reasons import reason
from services.email_out.domain import Way, message_id, way
from services.email_out.letters import Letter, Letters
from tests.unit.mails import AT, CONTOSO, NORTHWIND, request

LINKS = Links("s" * 40, 7, lambda: AT)
LETTERS = Letters(LINKS)
PURPOSES = ("received", "unreadable", "sent", "failed", "refused")


def write(event: EmailRequested, limit: int = 20_000_000) -> Letter:
    return LETTERS.write(event, way(event, limit))


def subject(letter: Letter) -> str:
    return dict(letter.headers)["Subject"]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "Fax from +1 212-555-0199 (3 pages)"),
        ({"pages": 1, "pages_announced": 1}, "Fax from +1 212-555-0199 (1 page)"),
        ({"other_party": None}, "Fax from an unknown number (3 pages)"),
        ({"other_party": "ANONYMOUS"}, "Fax from ANONYMOUS (3 pages)"),
        ({"partial": True, "pages": 2}, "Incomplete fax from +1 212-555-0199 (2 of 3 pages)"),
        ({"purpose": "unreadable"}, "A fax from +1 212-555-0199 could not be read"),
        ({"purpose": "sent"}, "Delivered: fax to +1 212-555-0199 (3 pages)"),
        ({"purpose": "failed"}, "Not delivered: fax to +1 212-555-0199"),
        ({"purpose": "refused", "other_party": None}, "Not sent: your fax"),
        (
            {"purpose": "failed", "failure": "outcome-unknown"},
            "Not known whether it arrived: fax to +1 212-555-0199",
        ),
        ({"purpose": "failed", "failure": "cancelled"}, "Cancelled: fax to +1 212-555-0199"),
    ],
)
def test_the_subject_says_it_all(changed: dict[str, Any], expected: str) -> None:
    letter = write(request(**changed))
    assert subject(letter) == expected
    assert expected in letter.text
    assert f"{expected}</h1>" in letter.html


@pytest.mark.parametrize("policy", ["attachment", "link"])
def test_a_received_fax_has_its_facts_in_both_forms(policy: str) -> None:
    letter = write(request(policy=policy, station_id="ST MARY"))
    for form in (letter.text, letter.html):
        for fact in (
            "+1 212-555-0199",
            "+1 212-555-0100",
            "24 November 2026, 09:40 (EST)",
            "ST MARY",
            "help@northwind",
        ):
            assert fact in form
    assert ("attached as a PDF" in letter.text) == (policy == "attachment")


def test_a_link_works_when_it_says_and_opens_the_document_of_the_event() -> None:
    event = request(policy="link")
    letter = write(event)
    (address,) = set(re.findall(r"https://fax\.northwind\.example/f/(\S+?)(?=[\s\"])", letter.html + letter.text))
    assert event.document is not None
    assert LINKS.read(address).key == event.document.key
    assert "The link works until 1 December 2026." in letter.text
    assert "Open the fax</a>" in letter.html


def test_why_there_is_a_link_instead() -> None:
    assert "too large to attach, so here is a link instead" in write(request(), limit=10).text
    told = LETTERS.write(request(), Way(delivery="link", why="too-large-for-server")).text
    assert "too large for your mail server, so here is a link instead" in told


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        ({"pages": 2}, ["Page 3 of 3 was not received."]),
        ({"pages": 1, "pages_announced": 4}, ["Pages 2 to 4 of 4 were not received."]),
        ({"missing": (Missing(page=3, what="was not received"),)}, ["Page 3 of 3 was not received."]),
        ({"missing": (Missing(page=1, what="14 lines were damaged."),)}, ["Page 1 of 3: 14 lines were damaged."]),
        ({"missing": (Missing(page=2, what="Page 2 is blank"),)}, ["Page 2 is blank."]),
        ({"missing": (Missing(what="the call broke off"),)}, ["The call broke off."]),
        ({"pages_announced": None}, ["Some lines of it were damaged on the way."]),
    ],
)
def test_a_partial_fax_says_what_is_missing_before_all_else(changed: dict[str, Any], lines: list[str]) -> None:
    letter = write(request(partial=True, **changed))
    for line in (*lines, "Part of this fax is missing", "Ask the sender to send it again if you need it."):
        assert line in letter.html
        assert letter.text.index(line) < letter.text.index("attached as a PDF")


def test_an_unreadable_fax_says_what_to_do() -> None:
    letter = write(request(purpose="unreadable", failure="damaged-tiff", document=None, pages=0))
    for line in ("What arrived was damaged", "The original is kept.", "Please ask the sender to send it again."):
        assert line in letter.text
    assert "/f/" not in letter.html


@pytest.mark.parametrize("failure", get_args(FaxFailure))
def test_every_failure_has_words(failure: FaxFailure) -> None:
    assert reason(failure).endswith(".")
    assert reason(failure) in write(request(purpose="refused", failure=failure)).text


def test_a_refusal_names_the_file_and_the_cure() -> None:
    letter = write(request(purpose="refused", failure="password-protected", failed_file="scan 7.pdf", document=None))
    for form in (letter.text, letter.html):
        told = [form.index(one) for one in ("“scan 7.pdf”", "protected by a password", "Remove the password")]
        assert told == sorted(told)
    assert "trouble" not in write(request(purpose="refused", failure="busy", document=None)).text


def test_what_strangers_write_reads_as_it_is_written() -> None:
    turned = "\u202efdp.exe\u202c"
    said = {"failed_file": turned, "subject": turned, "station_id": turned}
    letter = write(request(purpose="refused", failure="too-large", **said))
    assert (letter.text.count("fdp.exe"), letter.html.count("<bdi>fdp.exe</bdi>")) == (3, 2)
    assert "\u202e" not in letter.text + letter.html


def test_a_number_reads_from_the_left_beside_a_name_from_the_right() -> None:
    brand = NORTHWIND.model_copy(update={"name": "פקס הצפון", "support": "+972 3-123-4567"})
    assert "<bdi>+972 3-123-4567</bdi>" in write(request(brand=brand)).html


@pytest.mark.parametrize(("purpose", "policy", "brands"), list(product(PURPOSES, ("attachment", "link"), (0, 1))))
def test_two_brands_never_mix(purpose: str, policy: str, brands: int) -> None:
    ours, theirs = (NORTHWIND, CONTOSO) if brands else (CONTOSO, NORTHWIND)
    letter = write(request(purpose=purpose, policy=policy, brand=ours))
    everything = f"{letter}".lower()
    for word in (theirs.name, theirs.from_address, theirs.portal_host, theirs.support, theirs.colour, "native fax"):
        assert word.lower() not in everything
    assert ours.name in letter.text
    assert dict(letter.headers)["From"] == f'"{ours.name}" <{ours.from_address}>'


def test_what_comes_from_outside_is_only_text() -> None:
    letter = write(request(purpose="sent", subject="<img src=x>", station_id="<b>BOLD</b>", other_party="</title><hr>"))
    for tag in ("<img src=x>", "<b>BOLD", "<hr>"):
        assert tag not in letter.html


def test_no_remote_picture_but_the_brands_own() -> None:
    assert "<img" not in write(request()).html
    logo = NORTHWIND.model_copy(update={"logo_url": "https://cdn.northwind.example/logo.png"})
    assert re.findall(r'(?:src|href)="(https://[^"]+)"', write(request(brand=logo)).html) == [logo.logo_url]


def test_the_headers_keep_other_machines_quiet() -> None:
    headers = dict(write(request()).headers)
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-Auto-Response-Suppress"] == "All"
    assert headers["Date"] == "Tue, 24 Nov 2026 14:40:00 +0000"
    assert not {"Reply-To", "List-Id", "List-Unsubscribe"} & headers.keys()


def test_a_message_id_is_one_per_fax_purpose_and_recipient() -> None:
    events = [request(purpose=purpose, recipient=to) for purpose in PURPOSES for to in ("a@x.example", "b@x.example")]
    assert len({message_id(event) for event in events}) == len(events)
    assert message_id(request(requested_at=AT + timedelta(days=1))) == message_id(request())
    doubt = request(purpose="failed", failure="outcome-unknown")
    assert message_id(doubt) != message_id(request(purpose="failed", failure="busy"))
    assert message_id(request()).endswith("@northwind.example>")


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_text_on_any_brand_colour_can_be_read(colour: str) -> None:
    assert contrast(text_on(colour), colour) >= 4.5


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("America/New_York", "24 November 2026, 09:40 (EST)"),
        ("Asia/Kolkata", "24 November 2026, 20:10 (IST)"),
        ("America/Sao_Paulo", "24 November 2026, 11:40 (UTC-03:00)"),
        ("No/Such", "24 November 2026, 14:40 (UTC)"),
        ("", "24 November 2026, 14:40 (UTC)"),
    ],
)
def test_moments_are_absolute_and_name_their_zone(zone: str, shown: str) -> None:
    assert when(AT, zone) == shown


def test_numbers_names_and_files() -> None:
    assert party("+442079460958") == "+44 20 7946 0958"
    assert party("  FRONT   DESK ") == "FRONT DESK"
    assert party("12345") == "12345"
    assert (count(1), count(2)) == ("1 page", "2 pages")
    assert fax_filename(AT, "UTC", "../étoile \\ +1/2") == "fax-2026-11-24-1440-toile-1-2.pdf"
    assert fax_filename(AT, "UTC", None) == "fax-2026-11-24-1440.pdf"


@given(st.text(max_size=80))
def test_a_file_name_is_safe_whatever_a_caller_calls_itself(name: str) -> None:
    assert re.fullmatch(r"fax-2026-11-24-1440(-[a-z0-9-]{1,40})?\.pdf", fax_filename(AT, "UTC", name))


@pytest.mark.parametrize("size", [1000, 30_000_000])
def test_an_account_that_wants_a_sign_in_gets_a_link_that_opens_nothing_by_itself(size: int) -> None:
    usual = request(policy="link" if size == 1000 else "attachment")
    assert usual.document
    document = usual.document.model_copy(update={"size": size})
    letter = write(usual.model_copy(update={"document": document, "link_access": "sign-in"}))
    link = f"https://{NORTHWIND.portal_host}/fax/{usual.fax_id}"
    assert f"\n{link}\n" in letter.text
    assert f'href="{link}"' in letter.html
    assert "/f/" not in letter.text + letter.html
    assert "You are asked to sign in to your portal first." in letter.text
    assert "works until" not in letter.text
