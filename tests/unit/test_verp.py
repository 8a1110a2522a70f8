"""Envelope senders: they tell which mail it was, and nobody else can make one."""

from base64 import b32decode, b32encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.base import EmailAddress
from services._runtime.verp import LOCAL_PART, MailDomain, NotOurs, Verp, digest
from tests.unit.mails import AT, FAX, request

DOMAIN = "bounces.north.example"
VERP = Verp("s" * 40, DOMAIN)


def test_it_tells_which_mail_it_was() -> None:
    mail = VERP.read(VERP.address(request()))
    assert (mail.fax_id, mail.accepted_at, mail.version, mail.received) == (FAX, AT, 3, True)
    assert mail.recipient_digest == digest("front.desk@clinic.example")


@pytest.mark.parametrize(
    ("purpose", "received"),
    [("received", True), ("unreadable", True), ("sent", False), ("failed", False), ("refused", False)],
)
def test_it_tells_the_direction(purpose: str, received: bool) -> None:
    assert VERP.read(VERP.address(request(purpose=purpose))).received is received


@given(st.integers(0, 7_000_000_000_000_000), st.uuids(), st.integers(1, 32_767))
def test_whatever_fax_it_is_the_address_can_be_sent_and_read(microseconds: int, fax_id: object, version: int) -> None:
    accepted_at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    event = request(fax_id=fax_id, accepted_at=accepted_at, version=version)
    address = VERP.address(event)
    TypeAdapter(EmailAddress).validate_python(address)
    assert len(address.split("@")[0]) <= 64
    assert address == address.lower()
    mail = VERP.read(address)
    assert (mail.fax_id, mail.accepted_at, mail.version) == (event.fax_id, event.accepted_at, version)


def test_a_mail_sent_again_has_the_same_one_and_another_recipient_another() -> None:
    assert VERP.address(request()) == VERP.address(request())
    assert VERP.address(request()) != VERP.address(request(recipient="other@clinic.example"))


def test_a_version_beyond_the_bits_does_not_stop_the_mail() -> None:
    assert VERP.read(VERP.address(request(version=40_000))).version == 32_767


def test_servers_may_change_its_case() -> None:
    assert VERP.read(VERP.address(request()).upper()) == VERP.read(VERP.address(request()))


@given(st.integers(0, 8 * 40 - 1))
def test_one_altered_bit_is_refused(bit: int) -> None:
    local, domain = VERP.address(request()).split("@")
    octets = bytearray(b32decode(local.upper()))
    octets[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotOurs):
        VERP.read(f"{b32encode(octets).decode().lower()}@{domain}")


def test_another_installations_is_refused() -> None:
    with pytest.raises(NotOurs):
        VERP.read(Verp("t" * 40, DOMAIN).address(request()))
    with pytest.raises(NotOurs):
        VERP.read(Verp("s" * 40, "bounces.south.example").address(request()))


@pytest.mark.parametrize("local", ["", "a", "a" * 63, "a" * 64, "a" * 65, "a" * 72, "1" * 64, "é" * 64, "=" * 64])
def test_foreign_ones_are_refused(local: str) -> None:
    with pytest.raises(NotOurs):
        VERP.read(f"{local}@{DOMAIN}")


def test_a_longer_one_is_refused_though_it_begins_well() -> None:
    local = VERP.address(request()).split("@")[0]
    for longer in (f"{local}a", f"{local}{'a' * 8}", f"{local}+x", f"x{local}"):
        with pytest.raises(NotOurs):
            VERP.read(f"{longer}@{DOMAIN}")


@given(st.text(max_size=80))
def test_any_text_is_refused(text: str) -> None:
    for address in (text, f"{text}@{DOMAIN}"):
        with pytest.raises(NotOurs):
            VERP.read(address)


def test_the_longest_domain_leaves_room_for_the_address() -> None:
    domain = ".".join(["d" * 37] * 5)[:189]
    TypeAdapter(MailDomain).validate_python(domain)
    assert len(Verp("s" * 40, domain).address(request())) == LOCAL_PART + 1 + 189 == 254


@pytest.mark.parametrize("domain", ["", "-a.example", "a b", "a@b.example", "a.example>", "d" * 190])
def test_what_is_no_domain_is_refused(domain: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(MailDomain).validate_python(domain)
