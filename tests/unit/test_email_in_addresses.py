"""Addresses of fax machines, and who a mail is from."""

import pytest

from services.ingest.email_in.addresses import Destination, fax_destination
from services.ingest.email_in.refusals import (
    FROM_UNREADABLE,
    NO_POSTMASTER,
    NO_SUCH_ADDRESS,
    RELAYING_DENIED,
    SENDER_DIFFERS,
    SENDER_UNPROVEN,
    Refusal,
    Refused,
)
from services.ingest.email_in.relays import Relay
from services.ingest.email_in.results import proves, read
from services.ingest.email_in.sender import from_address, proven_sender
from tests.unit.email_in import CHECKING, DESK, VOUCHING

DOMAINS = ("fax.example",)
CHECKS, VOUCHES = Relay.model_validate(CHECKING), Relay.model_validate(VOUCHING)


@pytest.mark.parametrize(
    ("address", "number", "subaddress"),
    [
        ("+12025550177@fax.example", "+12025550177", None),
        ("12025550177@FAX.example.", "12025550177", None),
        ("2025550177@fax.example", "2025550177", None),
        ("FAX=+1-202-555-0177@fax.example", "+12025550177", None),
        ("fax=+1.202.555.0177@fax.example", "+12025550177", None),
        ("FAX=+12025550177/T33S=6377@fax.example", "+12025550177", "6377"),
        ("/FAX=+1-202-555-0177/t33s=12-34/@fax.example", "+12025550177", "1234"),
        ("+12025550177/T33S=*9#@fax.example", "+12025550177", "*9#"),
        ('"+1 (202) 555-0177"@fax.example', "+12025550177", None),
    ],
)
def test_numbers(address: str, number: str, subaddress: str | None) -> None:
    assert fax_destination(address, DOMAINS) == Destination(number, subaddress)


@pytest.mark.parametrize(
    ("address", "refusal"),
    [
        ("+12025550177@elsewhere.example", RELAYING_DENIED),
        ("+12025550177@sub.fax.example", RELAYING_DENIED),
        ("+12025550177%elsewhere.example@fax.example", NO_SUCH_ADDRESS),
        ("+12025550177", RELAYING_DENIED),
        ("postmaster@fax.example", NO_POSTMASTER),
        ("Postmaster", NO_POSTMASTER),
        ("postmaster@elsewhere.example", RELAYING_DENIED),
        ("desk@fax.example", NO_SUCH_ADDRESS),
        ("VOICE=+12025550177@fax.example", NO_SUCH_ADDRESS),
        ("12@fax.example", NO_SUCH_ADDRESS),
        ("+1202+5550177@fax.example", NO_SUCH_ADDRESS),
        ("+12025550177x5@fax.example", NO_SUCH_ADDRESS),
        ("FAX=+12025550177/ISUB=12@fax.example", NO_SUCH_ADDRESS),
        ("FAX=+12025550177/T33S=@fax.example", NO_SUCH_ADDRESS),
        ("FAX=+12025550177/T33S=1/POSTD=2@fax.example", NO_SUCH_ADDRESS),
        ("FAX=+12025550177/T33S=123456789012345678901@fax.example", NO_SUCH_ADDRESS),
        ("@fax.example", NO_SUCH_ADDRESS),
        ("", RELAYING_DENIED),
    ],
)
def test_what_is_no_number_of_ours(address: str, refusal: Refusal) -> None:
    with pytest.raises(Refused) as refused:
        fax_destination(address, DOMAINS)
    assert refused.value.refusal is refusal


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("desk@clinic.example", "desk@clinic.example"),
        ("Front Desk <Desk@Clinic.Example>", "desk@clinic.example"),
        ('"ceo@bank.example" <desk@clinic.example>', "desk@clinic.example"),
        ('"a \\" <ceo@bank.example>" <desk@clinic.example>', "desk@clinic.example"),
        ("(ceo@bank.example (nested)) desk@clinic.example", "desk@clinic.example"),
        ('(a " b) desk@clinic.example (c " d)', "desk@clinic.example"),
        ("Smith, Jane <desk@clinic.example>", "desk@clinic.example"),
        ("=?utf-8?q?J=2E?= <desk@clinic.example>", "desk@clinic.example"),
        ("desk@klinik-münchen.example", "desk@xn--klinik-mnchen-3ob.example"),
    ],
)
def test_the_address_in_from(value: str, address: str) -> None:
    assert from_address([value]) == address


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ["desk@clinic.example", "desk@clinic.example"],
        ["desk@clinic.example, ceo@bank.example"],
        ["ceo@bank.example <desk@clinic.example>"],
        ["<ceo@bank.example> <desk@clinic.example>"],
        ["Desk: desk@clinic.example;"],
        ["undisclosed-recipients:;"],
        ["desk"],
        ["<@relay.example:desk@clinic.example>"],
        ['"desk"@clinic.example'],
        ["desk@clinic.example (unended"],
        ["desk@clinic.example\x00"],
        ["x" * 1990 + "@clinic.example"],
        ["(" * 1900 + "desk@clinic.example"],
    ],
)
def test_a_from_that_is_not_one_address(values: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        from_address(values)
    assert refused.value.refusal is FROM_UNREADABLE


@pytest.mark.parametrize(
    "results",
    [
        "dmarc=pass (p=none dis=none) header.from=clinic.example",
        "spf=fail smtp.mailfrom=x.example; dkim=pass header.d=clinic.example header.s=s1 header.b=AbCd",
        "dkim=fail header.d=clinic.example; dkim=pass (2048-bit key) header.i=@Clinic.Example",
        "spf=pass smtp.mailfrom=bounce@clinic.example",
        "auth=pass (login) smtp.auth=desk@clinic.example",
        'dmarc=pass reason="fine; really" header.from=clinic.example',
    ],
)
def test_results_that_prove_a_sender(results: str) -> None:
    server, found = read(f"mx.example 1; {results}")
    assert server == "mx.example"
    assert proves(found, DESK)


@pytest.mark.parametrize(
    "results",
    [
        "none",
        "",
        "dmarc=fail header.from=clinic.example",
        "dmarc=pass header.from=bank.example",
        "dmarc=pass",
        "dkim=pass header.d=bank.example",
        "dkim=pass header.d=example",
        "dkim=pass header.d=mail.clinic.example",
        "dkim=neutral header.d=clinic.example",
        "spf=softfail smtp.mailfrom=desk@clinic.example",
        "spf=pass smtp.helo=clinic.example",
        'spf=pass smtp.mailfrom="desk@clinic.example"@bank.example',
        'spf=pass smtp.mailfrom="a\\" smtp.mailfrom=desk@clinic.example "@bank.example',
        'spf=pass reason="smtp.mailfrom=desk@clinic.example" smtp.helo=bank.example',
        'spf=fail reason="; dmarc=pass header.from=clinic.example"',
        "spf=fail (; dmarc=pass header.from=clinic.example",
        "spf=fail (a (b) ; dmarc=pass header.from=clinic.example)",
        "dmarc=pass header.from=bank.example header.from=clinic.example",
        "auth=pass smtp.auth=other@clinic.example",
        "arc=pass header.from=clinic.example",
    ],
)
def test_results_that_prove_nothing(results: str) -> None:
    assert not proves(read(f"mx.example; {results}")[1], DESK)


def test_a_signature_of_the_domain_above_proves_its_subdomains() -> None:
    assert proves(read("mx; dkim=pass header.d=clinic.example")[1], "desk@mail.clinic.example")
    assert not proves(read("mx; dkim=pass header.d=clinic.example")[1], "desk@evilclinic.example")


FROM, PASS = ("from", DESK), "dmarc=pass header.from=clinic.example"


def test_only_the_topmost_results_count_and_only_the_relays_own() -> None:
    own, none = (
        ("authentication-results", f"mx.north.example; {PASS}"),
        ("authentication-results", "mx.north.example; none"),
    )
    foreign = ("authentication-results", f"mx.bank.example; {PASS}")
    assert proven_sender([("received", "x"), own, foreign, FROM], CHECKS, "x@y.example") == DESK
    for header in ([FROM], [none, own, FROM], [foreign, FROM], [foreign, own, FROM]):
        with pytest.raises(Refused) as refused:
            proven_sender(header, CHECKS, DESK)
        assert refused.value.refusal is SENDER_UNPROVEN


def test_a_relay_that_vouches_for_its_envelopes_sender_vouches_for_no_other() -> None:
    assert proven_sender([("from", "Desk@Clinic.Example")], VOUCHES, DESK) == DESK
    with pytest.raises(Refused) as refused:
        proven_sender([("authentication-results", f"mx.north.example; {PASS}"), FROM], VOUCHES, "x@clinic.example")
    assert refused.value.refusal is SENDER_DIFFERS
