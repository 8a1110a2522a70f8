"""Any bytes are a mail: the gateway answers, and never with a fault of its own."""

import contextlib
import re
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.email_in.addresses import fax_destination
from services.ingest.email_in.reading import read_mail
from services.ingest.email_in.refusals import LATER, REFUSALS, Refused
from services.ingest.email_in.results import proves, read
from services.ingest.email_in.sender import from_address
from services.ingest.email_in.words import filename, page_text, text
from tests.unit.email_in import CARD, LOGO, PDF, World, attached, mail, multipart, page, plain, winmail

ANSWERS = {one.answer for one in REFUSALS.values()} - {LATER.answer} | {"250 2.0.0 Taken"}
MANY = settings(max_examples=60, deadline=None)

words = st.sampled_from(
    ["Content-Type: ", "multipart/mixed", "; boundary=", '"b"', "\r\n", "\r\n\r\n", "--b", "--b--", "text/plain",
     "message/rfc822", "Content-Transfer-Encoding: base64", "filename*=", "=?utf-8?B?", "?=", "From: ", "a@b.example",
     "charset=", "\xff", "\n", "application/ms-tnef", "Content-Disposition: attachment", "name*0*="]
)  # fmt: skip
soup = st.lists(words | st.text(max_size=8), max_size=80).map(lambda pieces: "".join(pieces).encode("utf-8", "replace"))
SHAPE = mail(
    *multipart(
        "mixed",
        multipart("alternative", plain(), page('<img src="cid:x">')),
        attached(PDF, "application/pdf", "a.pdf"),
        attached(LOGO, "image/png", "b.png", "Content-ID: <x>", disposition="inline"),
        attached(winmail(("c.pdf", PDF)), "application/ms-tnef", "winmail.dat"),
        attached(CARD, "text/vcard", "d.vcf"),
        ["Content-Type: message/rfc822", "", mail(*plain("Inner."))],
    )
)


@MANY
@given(content=st.binary(max_size=2000) | soup)
async def test_any_bytes_are_answered(content: bytes) -> None:
    assert await World().answer(content) in ANSWERS


@MANY
@given(
    at=st.integers(0, len(SHAPE) - 1), cut=st.integers(0, 200), put=st.binary(max_size=40) | soup.map(lambda s: s[:40])
)
async def test_a_mail_that_was_damaged_is_answered(at: int, cut: int, put: bytes) -> None:
    world = World()
    answer = await world.answer(SHAPE[:at] + put + SHAPE[at + cut :])
    assert answer in ANSWERS
    assert bool(world.topics.submitted()) == answer.startswith("250")


@MANY
@given(value=st.text(max_size=200))
def test_any_words_are_read(value: str) -> None:
    proves(read(value)[1], "a@b.example")
    filename({"content-disposition": f"attachment; {value}", "content-type": value})
    page_text(value)
    text(value.encode("utf-8", "replace"), value)
    for reading in (lambda: from_address([value]), lambda: fax_destination(value, ("b",))):
        try:
            reading()
        except Refused as refused:
            assert refused.refusal in REFUSALS.values()  # noqa: PT017 - most words are refused, some may not be


def test_no_shape_takes_long() -> None:
    size = 3_000_000
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(19))
    evil = [
        b"\n" * size,
        b"a:\n" * (size // 3),
        b" \n" * (size // 2),
        b"X: " + b"(" * size,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 400 + b"--bb\n" * (size // 5),
        nested + b"--b0\n" * (size // 5),
        b"Content-Type: text/html\n\n" + b"<" * size,
        b"Content-Type: text/html\n\n" + b"&" * size,
        b"Content-Type: text/plain; charset=utf-7\n\n" + b"+" * size,
        b"Content-Transfer-Encoding: base64\nContent-Type: image/png\n\n" + b"=" * size,
        b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=\n" * (size // 2),
        b"Content-Disposition: attachment; " + b"filename*0*=x;" * 10_000 + b"\n\nx",
        b"Content-Disposition: attachment; filename=" + b"=?x?q?" * 10_000 + b"\n\nx",
        b"Subject: " + b"=?utf-8?q?a?= " * 10_000 + b"\n\nx",
        b"From: " + b'"\\' * 100_000 + b"\n\nx",
    ]
    slow = []
    for one in evil:
        began = time.process_time()
        with contextlib.suppress(Refused):
            read_mail(one)
        if time.process_time() - began > 5:  # a quadratic one takes minutes
            slow.append(one[:60])
    assert not slow


def test_the_names_of_answers_are_their_own() -> None:
    assert all(re.fullmatch(r"[a-z][a-z-]+", name) for name in REFUSALS)
