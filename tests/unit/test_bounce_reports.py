"""What mails to a bounce address say, in the forms that mail servers write them."""

import time
from datetime import UTC, datetime

import pytest

from services.ingest.bounces.report import Report, read
from tests.unit.bounces import sample


def report(name: str) -> Report:
    return read(sample(name), null_sender=True)


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("postfix-failed", "5.1.1 550 5.1.1 <front.desk@clinic.example>: user unknown in the mailbox table"),
        ("exim-failed", "5.0.0 552 5.2.2 The mailbox of front.desk is full"),
        ("office365-failed", "5.1.10 550 5.1.10 RESOLVER.ADR.RecipientNotFound;"),
        ("gmail-failed", "5.1.1 550-5.1.1 The email account that you tried to reach does not exist. 550 5.1.1"),
        ("sendmail-failed", "5.7.1 554 5.7.1 Refused by policy"),
        ("utf8-base64-failed", "5.1.1 550 5.1.1 Empf"),
    ],
)
def test_a_report_of_failure(name: str, detail: str) -> None:
    assert report(name).outcome == "bounced"
    assert report(name).detail.startswith(detail)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("postfix-delayed", "delayed"),
        ("sendmail-delivered", "relayed"),
        ("read-receipt", "a report about something else"),
        ("exchange-out-of-office", "an automatic reply"),
        ("sieve-vacation", "an automatic reply"),
        ("old-exim-warning-in-own-words", "a warning"),
    ],
)
def test_what_changes_nothing(name: str, why: str) -> None:
    assert (report(name).outcome, report(name).detail) == ("ignored", why)


def test_a_system_that_says_it_is_automatic_is_still_believed() -> None:
    assert (report("old-exim-failed-in-own-words").outcome, report("qmail-in-own-words").outcome) == ("bounced",) * 2


def test_a_server_that_uses_its_own_words() -> None:
    told = report("qmail-in-own-words")
    assert (told.outcome, told.detail) == ("bounced", "undetermined")
    assert told.dated == datetime(2026, 11, 24, 14, 45, 12, tzinfo=UTC)


def test_a_persons_answer_is_no_bounce() -> None:
    assert read(sample("qmail-in-own-words"), null_sender=False).outcome == "ignored"


def test_a_report_counts_whoever_sent_it() -> None:
    assert read(sample("postfix-failed"), null_sender=False) == report("postfix-failed")


def test_it_is_dated_by_its_own_clock_in_utc() -> None:
    assert report("gmail-failed").dated == datetime(2026, 11, 24, 14, 44, 2, tzinfo=UTC)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_line_ends_do_not_matter(line_end: bytes) -> None:
    content = sample("postfix-failed").replace(b"\r\n", line_end)
    assert read(content, null_sender=True) == report("postfix-failed")


def group(*lines: str) -> bytes:
    head = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    body = "\n".join(("Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n", *lines))
    return f"{head}--b\n{body}\n--b--\n".encode()


@pytest.mark.parametrize(
    ("lines", "outcome", "detail"),
    [
        (["Action: failed", "Status: 4.4.7"], "bounced", "4.4.7"),
        (["Action: failed"], "bounced", "5.0.0"),
        (["Action: FAILED (gave up)", "Status: 5.1.1 (unknown)"], "bounced", "5.1.1"),
        (["Status: 5.1.1"], "bounced", "5.1.1"),
        (["Status: 4.2.2"], "ignored", "not failed"),
        (["Action: failed", "Diagnostic-Code: smtp; 550 5.7.1 no"], "bounced", "5.7.1 550 5.7.1 no"),
        (["Action: failed", "Diagnostic-Code: smtp; [5.9.12.4] 550 5.1.1"], "bounced", "5.1.1 [5.9.12.4] 550 5.1.1"),
        (["Action: failed", "Diagnostic-Code: =?utf-8?Q?550_5.2.1_gone?="], "bounced", "5.2.1 550 5.2.1 gone"),
        (["Action: delivered", "", "Action: failed", "Status: 5.2.2"], "bounced", "5.2.2"),
        (["Action: delayed", " ", "Action: failed", "Status: 5.2.2"], "bounced", "5.2.2"),
        (["Action: delayed", "Status: 5.0.0"], "ignored", "delayed"),
        (["Something: else"], "bounced", "undetermined"),
    ],
)
def test_groups_of_recipients(lines: list[str], outcome: str, detail: str) -> None:
    told = read(group(*lines), null_sender=True)
    assert (told.outcome, told.detail) == (outcome, detail)


@pytest.mark.parametrize(
    ("head", "outcome"),
    [
        ("From: Jane <j@c.example>\nSubject: Out of Office AutoReply: Fax from +1 212-555-0199", "ignored"),
        ("From: Jane Doe/Clinic <j@c.example>\nSubject: Jane Doe is out of the office.", "ignored"),
        ("From: j@c.example\nSubject: =?utf-8?Q?R=C3=A9ponse_automatique_:_Fax?=", "ignored"),
        ("From: j@c.example (via the vacation program)\nSubject: away from my mail\nPrecedence: bulk", "ignored"),
        ("From: j@c.example\nSubject: Re: Fax\nPrecedence: junk", "ignored"),
        ("From: MAILER-DAEMON@c.example\nSubject: =?utf-8?B?RGVsYXllZCBtYWls?=", "ignored"),
        ("From: MAILER-DAEMON@c.example\nSubject: failure notice\nPrecedence: bulk", "bounced"),
        ("From: Mail Service <noreply@c.example>\nSubject: Zustellung fehlgeschlagen", "bounced"),
    ],
)
def test_people_who_are_away_and_systems_in_their_own_words(head: str, outcome: str) -> None:
    assert read(f"{head}\n\nText\n".encode(), null_sender=True).outcome == outcome


def test_a_servers_words_are_one_safe_line() -> None:
    hostile = "Diagnostic-Code: smtp; 550 \x1b[31m\x00<script>\u202e" + "é x" * 500
    told = read(group("Action: failed", "Status: 5.1.1", hostile), null_sender=True)
    assert told.detail.isascii()
    assert told.detail.isprintable()
    assert 140 < len(told.detail) <= 150


def test_what_we_wrote_ourselves_is_not_read_as_the_report() -> None:
    """The fixture returns our header with `Action: delivered` in it."""
    assert b"Action: delivered" in sample("postfix-failed")
    assert report("postfix-failed").outcome == "bounced"


def test_a_boundary_that_begins_like_another() -> None:
    content = (
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=bb\n\n"
        b"--bb\n\ntext\n--bb--\n--b\nContent-Type: message/delivery-status\n\nAction: failed\nStatus: 5.1.1\n--b--\n"
    )
    assert read(content, null_sender=True).detail == "5.1.1"


def test_a_report_that_was_cut_off() -> None:
    content = sample("postfix-failed")
    cut = content[: content.index(b"Remote-MTA")]
    assert read(cut, null_sender=True).detail == "5.1.1"


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Tue, 99 Nov 2026 14:41:07 +0000", "Tue, 24 Nov 99999999 14:41:07 +9999"]
)
def test_a_date_that_is_none(date: str) -> None:
    assert read(f"Date: {date}\n\n".encode(), null_sender=True).dated is None


NESTED = b"".join(
    b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (number, number) for number in range(20_000)
)
HOSTILE = {
    "parameters": b"Content-Type: multipart/report; " + b'";' * 500_000,
    "one long word": b"a" * 1_000_000,
    "folds": b"Subject: x" + b"\n " * 500_000,
    "empty lines": b"\n" * 1_000_000,
    "fields": b"a: b\n" * 200_000,
    "nested parts": NESTED,
    "many parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 250_000,
    "spaces after a boundary": b"Content-Type: multipart/mixed; boundary=b\n\n--b" + b" " * 1_000_000 + b"x",
    "groups": group("Action: delayed\n\n" * 60_000),
    "spaces between groups": group("\n" + " " * 900_000 + "x"),
    "encoded words": b"Subject: " + b"=?utf-8?q?=20?= " * 60_000 + b"\nFrom: postmaster@x.example\n\n",
    "quoted-printable": group("x").replace(
        b"status\n\n", b"status\nContent-Transfer-Encoding: quoted-printable\n\n" + b"=\n=4" * 250_000
    ),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_megabyte_takes_no_time(content: bytes) -> None:
    started = time.process_time()
    read(content, null_sender=True)
    assert time.process_time() - started < 1.0
