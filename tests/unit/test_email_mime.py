"""Whatever a letter says, the message parses back to it, and no value becomes a header of its own."""

import email
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from schemas.accounts import Brand
from schemas.base import CallerId, EmailAddress, Name, Text
from services._runtime.links import Links
from services.email_out.domain import way
from services.email_out.headers import one_line
from services.email_out.letters import Letter, Letters
from services.email_out.mime import LONGEST_LINE, compose
from tests.unit.mails import NORTHWIND, PDF, request

HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Content-Type",
]
LETTERS = Letters(Links("s" * 40, 7))


def allowed(kind: Any, text: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """What the contract lets through, and nothing else."""
    adapter = TypeAdapter(kind)

    def fits(value: str) -> bool:
        try:
            adapter.validate_python(value)
        except ValueError:
            return False
        return True

    return text.filter(fits)


anything = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=100)
nasty = st.sampled_from(
    ["a\u2028Bcc: x@y.example", "a\u0085Bcc: x@y.example", "=?utf-8?q?a=0ABcc=3A_x?=", '"', "Ünï, Ltd. <a@b>", "." * 90]
)
names = allowed(Name, anything | nasty)
texts = allowed(Text, anything | nasty)
callers = allowed(CallerId, st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60) | nasty)
local = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=30)
addresses = allowed(EmailAddress, local.filter(lambda one: "=?" not in one).map(lambda one: f"{one}@clinic.example"))


def parsed(message: bytes) -> EmailMessage:
    made = email.message_from_bytes(message, policy=policy.default)
    assert isinstance(made, EmailMessage)
    return made


def letter(text: str = "hello\n", html: str = "<p>hello</p>\n") -> Letter:
    headers = (("From", "<fax@northwind.example>"), ("Subject", "A fax"))
    return Letter(headers, text, html, "fax.pdf")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=2000) | st.integers(0, 400).map(bytes))
def test_the_document_comes_back_octet_by_octet(pdf: bytes) -> None:
    (attached,) = parsed(compose(letter(), pdf)).iter_attachments()
    assert attached.get_payload(decode=True) == pdf


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 85_499, 85_500, 85_501, 85_557, 300_000])
def test_the_document_comes_back_at_every_edge(size: int) -> None:
    pdf = (bytes(range(256)) * 1200)[:size]
    message = compose(letter(), pdf)
    (attached,) = parsed(message).iter_attachments()
    assert attached.get_payload(decode=True) == pdf
    assert max(map(len, message.split(b"\r\n"))) <= LONGEST_LINE
    assert b"\n" not in message.replace(b"\r\n", b"")
    assert message.endswith(b"--\r\n")


@settings(max_examples=60, deadline=None)
@example("\u00e9" * 200)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n.=-")))
def test_the_words_come_back_and_every_line_is_short(text: str) -> None:
    message = compose(letter(f"{text}\n", f"<p>{text}</p>\n"), PDF)
    body = parsed(message).get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == f"{text}\n"
    assert max(map(len, message.split(b"\r\n"))) <= LONGEST_LINE
    assert message.isascii()
    assert b"\n" not in message.replace(b"\r\n", b"")


@settings(max_examples=200, deadline=None)
@given(names, texts, callers, callers, texts, addresses)
def test_no_value_becomes_a_header(
    brand: str, support: str, caller: str, station: str, subject: str, recipient: str
) -> None:
    event = request(
        purpose="sent",
        brand=Brand(name=brand, portal_host="p.example", from_address="fax@brand.example", support=support),
        other_party=caller,
        station_id=station,
        subject=subject,
        recipient=recipient,
    )
    raw = compose(LETTERS.write(event, way(event, 10**9)), PDF)
    message = parsed(raw)
    assert message.keys() == HEADERS
    assert message.defects == []
    assert message["From"].addresses[0].addr_spec == "fax@brand.example"
    assert len(message["From"].addresses) == len(message["To"].addresses) == 1
    assert raw.isascii() or not recipient.isascii()


@pytest.mark.parametrize("recipient", ["=??Q?=0ABcc=3Ax@clinic.example", "=?utf-8?b?DQpCY2M6?=@clinic.example"])
def test_an_address_that_looks_encoded_is_left_as_it_is(recipient: str) -> None:
    raw = compose(LETTERS.write(request(recipient=recipient), way(request(), 10**9)))
    assert f"\r\nTo: <{recipient}>\r\nSubject: ".encode() in raw


def test_a_line_end_in_a_header_is_an_error() -> None:
    with pytest.raises(ValueError, match="Subject has a line end"):
        compose(Letter((("Subject", "a\r\nBcc: x@y.example"),), "", "", "fax.pdf"))


@settings(max_examples=150, deadline=None)
@given(names)
def test_the_brand_is_read_as_it_is_written(name: str) -> None:
    brand = NORTHWIND.model_copy(update={"name": name})
    message = email.message_from_bytes(compose(LETTERS.write(request(brand=brand), way(request(), 10**9)), PDF))
    shown, address = parseaddr(message["From"])
    assert str(make_header(decode_header(shown))) == one_line(name)
    assert address == "fax@northwind.example"


def test_the_same_request_is_the_same_message() -> None:
    once, again = (compose(LETTERS.write(request(), way(request(), 10**9)), PDF) for _ in range(2))
    assert once == again
