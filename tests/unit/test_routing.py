"""Every account setting routed: the pure decisions of the router."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from schemas.accounts import AtaDevice, Brand, FaxAccount, RemovedAccount, User
from schemas.base import StoredObject
from schemas.decision import Decision
from schemas.envelope import encode
from schemas.fax import AtaRequested, EmailRequested, FaxStatusChanged, Missing, ReceivedFaxReady
from schemas.telephony import CallReport
from services._runtime.notices import ATA_DEADLINE
from services.router.domain import decide

NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
ACCEPTED = NOW - timedelta(seconds=3)
FAX_ID = UUID("7c9e6679-7425-50de-944b-e07fc1f90ae7")
NUMBER, CALLER = "+12025550111", "+12025550150"
NORTHWIND = Brand(name="Northwind", portal_host="portal.northwind.example", from_address="fax@northwind.example")
HARBOR = Brand(name="Harbor", portal_host="fax.harbor.example", from_address="faxes@harbor.example")
ATA = AtaDevice(device_type="HT801", serial="20ABCD")
PDF = StoredObject(key="fax/d/document.pdf", size=1000, media_type="application/pdf")
TIFF = StoredObject(key="fax/d/original.tif", size=2000, media_type="image/tiff")

HANDLINGS = ["email-with-attachment", "email-without-attachment", "portal"]


def account(**changes: Any) -> FaxAccount:
    fields: dict[str, Any] = {
        "account_id": "acc-1",
        "version": 3,
        "fax_number": NUMBER,
        "reseller": "northwind",
        "domain": "clinic.example",
        "brand": NORTHWIND,
        "primary_user": User(name="Front desk", email="desk@clinic.example"),
        "methods": ("email", "portal"),
        "handling": "email-with-attachment",
        "changed_at": NOW,
    }
    return FaxAccount.model_validate(fields | changes)


def removed(**changes: Any) -> RemovedAccount:
    """The account that had the number."""
    fields: dict[str, Any] = {
        "account_id": "acc-1",
        "version": 4,
        "fax_number": NUMBER,
        "reseller": "northwind",
        "domain": "clinic.example",
        "removed_at": NOW,
        "quarantined_until": NOW + timedelta(days=30),
    }
    return RemovedAccount(**(fields | changes))


def fax(**changes: Any) -> ReceivedFaxReady:
    fields: dict[str, Any] = {
        "fax_id": FAX_ID,
        "version": 2,
        "accepted_at": ACCEPTED,
        "called_number": NUMBER,
        "caller_number": CALLER,
        "received_at": ACCEPTED,
        "original": TIFF,
        "document": PDF,
        "pages": 2,
        "call": CallReport(station_id="+1 202 555 0150"),
    }
    return ReceivedFaxReady.model_validate(fields | changes)


def unreadable() -> ReceivedFaxReady:
    return fax(document=None, pages=0, failure="damaged-tiff")


def emails(decision: Decision) -> tuple[EmailRequested, ...]:
    return tuple(event for event in decision.events if isinstance(event, EmailRequested))


@pytest.mark.parametrize(
    ("handling", "policies"),
    [("email-with-attachment", ["attachment"]), ("email-without-attachment", ["link"]), ("portal", [])],
)
def test_each_handling(handling: str, policies: list[str]) -> None:
    decision = decide(fax(), account(handling=handling), NOW)
    assert [email.policy for email in emails(decision)] == policies
    assert decision.rule == handling
    assert decision.status.state == "routed"
    assert decision.status.rule == handling
    assert (decision.account_id, decision.account_version) == ("acc-1", 3)
    assert (decision.reseller, decision.domain) == ("northwind", "clinic.example")
    assert decision.why


@pytest.mark.parametrize("access", ["token", "sign-in"])
def test_the_mail_says_how_its_link_opens(access: str) -> None:
    by_mail = decide(fax(), account(link_access=access), NOW)
    fallback = decide(fax(), account(link_access=access, handling="portal", methods=("ata",), ata=ATA), NOW).ata
    assert fallback
    assert [one.link_access for one in (*emails(by_mail), *fallback.fallback)] == [access, access]


@pytest.mark.parametrize("methods", [("email",), ("portal",), ("email", "portal")])
def test_methods_say_how_faxes_are_sent_not_how_they_come(methods: tuple[str, ...]) -> None:
    assert len(emails(decide(fax(), account(methods=methods), NOW))) == 1


@pytest.mark.parametrize("handling", HANDLINGS)
def test_status_is_the_last_event_and_always_there(handling: str) -> None:
    events = decide(fax(), account(handling=handling, methods=("ata",), ata=ATA), NOW).events
    assert isinstance(events[-1], FaxStatusChanged)
    assert sum(isinstance(event, FaxStatusChanged) for event in events) == 1


def test_the_mail_carries_all_that_it_will_say() -> None:
    lost = (Missing(page=2, what="was not received"),)
    event = fax(pages=1, pages_announced=2, partial=True, missing=lost)
    (email,) = emails(decide(event, account(time_zone="America/New_York"), NOW))
    assert email == EmailRequested(
        fax_id=FAX_ID,
        version=4,
        purpose="received",
        account_id="acc-1",
        accepted_at=ACCEPTED,
        requested_at=NOW,
        recipient="desk@clinic.example",
        policy="attachment",
        brand=NORTHWIND,
        fax_number=NUMBER,
        other_party=CALLER,
        station_id="+1 202 555 0150",
        time_zone="America/New_York",
        pages=1,
        pages_announced=2,
        partial=True,
        missing=lost,
        document=PDF,
    )


def test_each_recipient_gets_one_mail() -> None:
    notify = ("boss@clinic.example", "DESK@clinic.example", "boss@CLINIC.example", "nurse@clinic.example")
    decision = decide(fax(), account(notify=notify), NOW)
    assert [email.recipient.lower() for email in emails(decision)] == [
        "desk@clinic.example",
        "boss@clinic.example",
        "nurse@clinic.example",
    ]


def test_notify_gets_nothing_of_a_portal_account() -> None:
    assert emails(decide(fax(), account(handling="portal", notify=("boss@clinic.example",)), NOW)) == ()


@pytest.mark.parametrize(("handling", "brand"), list(product(HANDLINGS, [NORTHWIND, HARBOR])))
def test_two_brands_never_mix(handling: str, brand: Brand) -> None:
    other = HARBOR if brand is NORTHWIND else NORTHWIND
    decision = decide(fax(), account(handling=handling, brand=brand, methods=("ata", "email"), ata=ATA), NOW)
    written = b"".join(encode(event, source="router", at=NOW)[0] for event in decision.events)
    assert other.name.encode() not in written
    assert other.portal_host.encode() not in written
    assert other.from_address.encode() not in written
    for email in (*emails(decision), *(decision.ata.fallback if decision.ata else ())):
        assert email.brand == brand


def test_a_blocked_caller() -> None:
    decision = decide(fax(), account(blocked_callers=(CALLER,), methods=("ata",), ata=ATA), NOW)
    assert decision.events == (decision.status,)
    assert (decision.status.state, decision.status.rule) == ("junk", "caller-blocked")
    assert decision.account_id == decision.status.account_id == "acc-1"


@pytest.mark.parametrize(
    ("caller", "blocked"),
    [
        ("12025550150", CALLER),
        ("2025550150", CALLER),
        ("(202) 555-0150", CALLER),
        ("442079460958", "+442079460958"),
        ("anonymous", "Anonymous"),
    ],
)
def test_a_blocked_caller_however_the_network_writes_it(caller: str, blocked: str) -> None:
    assert decide(fax(caller_number=caller), account(blocked_callers=(blocked,)), NOW).rule == "caller-blocked"


@pytest.mark.parametrize("caller", ["+12025550151", "2025550151", "5550150", "anonymous", None])
def test_a_caller_who_is_not_blocked(caller: str | None) -> None:
    assert emails(decide(fax(caller_number=caller), account(blocked_callers=(CALLER,)), NOW))


def test_an_unknown_number() -> None:
    decision = decide(fax(), None, NOW)
    assert decision.events == (decision.status,)
    assert (decision.rule, decision.status.state, decision.status.reason) == (
        "number-unknown",
        "unclaimed",
        "number-unknown",
    )
    assert decision.account_id is decision.reseller is decision.status.account_id is None


def test_a_removed_number_keeps_reseller_and_domain_and_no_account() -> None:
    decision = decide(fax(), removed(), NOW)
    assert decision.events == (decision.status,)
    assert (decision.rule, decision.status.state) == ("number-removed", "unclaimed")
    assert (decision.reseller, decision.domain) == ("northwind", "clinic.example")
    assert decision.account_id is decision.status.account_id is None


@pytest.mark.parametrize("handling", HANDLINGS)
def test_an_ata_gets_every_fax(handling: str) -> None:
    decision = decide(fax(), account(handling=handling, methods=("ata",), ata=ATA), NOW)
    assert decision.ata is not None
    assert decision.ata in decision.events
    assert (decision.ata.serial, decision.ata.document, decision.ata.pages) == ("20ABCD", TIFF, 2)
    assert decision.ata.deadline == NOW + ATA_DEADLINE


def test_only_who_gets_no_mail_anyway_has_one_to_fall_back_on() -> None:
    portal = decide(fax(), account(handling="portal", methods=("ata",), ata=ATA), NOW).ata
    mailed = decide(fax(), account(methods=("ata",), ata=ATA), NOW).ata
    assert portal is not None
    assert mailed is not None
    assert [(one.recipient, one.policy) for one in portal.fallback] == [("desk@clinic.example", "link")]
    assert mailed.fallback == ()


def test_no_ata_without_a_device() -> None:
    assert not any(isinstance(event, AtaRequested) for event in decide(fax(), account(), NOW).events)


@pytest.mark.parametrize(
    ("handling", "mails"), [("email-with-attachment", 1), ("email-without-attachment", 1), ("portal", 0)]
)
def test_an_unreadable_fax(handling: str, mails: int) -> None:
    decision = decide(unreadable(), account(handling=handling, methods=("ata",), ata=ATA), NOW)
    assert decision.ata is None
    assert (decision.rule, decision.status.state, decision.status.reason) == (
        "unreadable",
        "unreadable",
        "damaged-tiff",
    )
    told = emails(decision)
    assert [(one.purpose, one.policy, one.document, one.failure) for one in told] == [
        ("unreadable", "link", None, "damaged-tiff")
    ] * mails


def test_an_unreadable_fax_of_a_blocked_caller_is_junk() -> None:
    assert decide(unreadable(), account(blocked_callers=(CALLER,)), NOW).status.state == "junk"


@pytest.mark.parametrize("record", [account(handling="portal"), None])
def test_what_is_missing_is_known_where_no_mail_tells_of_it(record: FaxAccount | None) -> None:
    lost = (Missing(page=2, what="was not received"),)
    assert decide(fax(pages=1, pages_announced=2, partial=True, missing=lost), record, NOW).missing == lost


@pytest.mark.parametrize("partial", [True, False])
def test_a_partial_fax_is_delivered_and_marked(partial: bool) -> None:
    decision = decide(fax(partial=partial, pages_announced=5), account(), NOW)
    assert decision.status.partial is partial
    assert [email.partial for email in emails(decision)] == [partial]


def test_versions_grow_with_each_step() -> None:
    decision = decide(fax(version=7), account(methods=("ata",), ata=ATA), NOW)
    assert decision.status.version == 8
    assert {email.version for email in emails(decision)} == {9}
    assert decision.ata is not None
    assert decision.ata.version == 9


def test_a_decision_comes_back_from_the_store_as_it_was() -> None:
    decision = decide(fax(), account(handling="portal", methods=("ata",), ata=ATA), NOW)
    assert Decision.model_validate_json(decision.model_dump_json(exclude_none=True)) == decision
