"""Submitted faxes: who may send what where, and who is told why not."""

from typing import Any, get_args

import pytest

from schemas.accounts import FaxAccount, RemovedAccount
from schemas.base import StoredObject
from schemas.decision import Decision
from schemas.failures import FaxFailure
from schemas.fax import (
    AtaNoticeRequested,
    EmailRequested,
    FaxStatusChanged,
    FaxToDial,
    SubmissionMethod,
    SubmittedFaxReady,
)
from schemas.keys import DECISION, fax_prefix
from services._runtime.notices import ATA_DEADLINE
from services._runtime.outcomes import Done
from services.router.handlers import Router
from services.router.submitted import decide_submitted
from tests.fakes import MemoryBlobs
from tests.unit.test_router import Table
from tests.unit.test_routing import ACCEPTED, ATA, FAX_ID, NORTHWIND, NOW, NUMBER, account

DESTINATION = "+12025550177"
PAGES = StoredObject(key="fax/d/dialled.tif", size=2000, media_type="image/tiff")
PREVIEW = StoredObject(key="fax/d/document.pdf", size=2100, media_type="application/pdf")
DOCUMENT_FAILURES = ("password-protected", "damaged-document", "too-many-pages", "empty")


def submitted(**changes: Any) -> SubmittedFaxReady:
    fields: dict[str, Any] = {
        "fax_id": FAX_ID,
        "version": 2,
        "accepted_at": ACCEPTED,
        "account_id": "acc-1",
        "fax_number": NUMBER,
        "method": "email",
        "sender": "desk@clinic.example",
        "destination": "(202) 555-0177",
        "subaddress": "4711",
        "subject": "Referral for M. Jones",
        "reply_to": "desk@clinic.example",
        "document": PAGES,
        "preview": PREVIEW,
        "pages": 3,
    }
    return SubmittedFaxReady.model_validate(fields | changes)


def unreadable(**changes: Any) -> SubmittedFaxReady:
    return submitted(document=None, preview=None, pages=0, **changes)


def removed(**changes: Any) -> RemovedAccount:
    fields = {"account_id": "acc-1", "version": 4, "fax_number": NUMBER, "reseller": "northwind"}
    more = {"domain": "clinic.example", "removed_at": NOW, "quarantined_until": NOW}
    return RemovedAccount.model_validate(fields | more | changes)


def refusal(decision: Decision) -> str | None:
    assert decision.dial is None
    assert decision.status.state == "refused"
    assert decision.status.reason == decision.rule
    return decision.status.reason


def test_an_allowed_fax_is_dialled_with_all_that_its_receipt_needs() -> None:
    decision = decide_submitted(submitted(), account(time_zone="America/New_York"), NOW)
    assert [type(one) for one in decision.events] == [FaxToDial, FaxStatusChanged]
    assert decision.dial == FaxToDial(
        fax_id=FAX_ID,
        version=4,
        account_id="acc-1",
        fax_number=NUMBER,
        accepted_at=ACCEPTED,
        method="email",
        sender="desk@clinic.example",
        destination=DESTINATION,
        subaddress="4711",
        document=PAGES,
        preview=PREVIEW,
        pages=3,
        subject="Referral for M. Jones",
        reply_to="desk@clinic.example",
        policy="attachment",
        brand=NORTHWIND,
        time_zone="America/New_York",
    )
    assert decision.status.state == "routed"
    assert decision.status.direction == "sent"
    assert decision.status.other_party == DESTINATION
    assert (decision.account_id, decision.account_version, decision.reseller) == ("acc-1", 3, "northwind")


@pytest.mark.parametrize(
    ("handling", "policy"),
    [("email-with-attachment", "attachment"), ("email-without-attachment", "link"), ("portal", "link")],
)
def test_receipts_obey_the_attachment_policy(handling: str, policy: str) -> None:
    decision = decide_submitted(submitted(), account(handling=handling, link_access="sign-in"), NOW)
    assert decision.dial is not None
    assert decision.dial.policy == policy
    assert decision.dial.link_access == "sign-in"


@pytest.mark.parametrize("method", get_args(SubmissionMethod))
def test_only_enabled_methods_send(method: SubmissionMethod) -> None:
    others = tuple(one for one in get_args(SubmissionMethod) if one != method)
    fax = submitted(method=method)
    ata = {"ata": ATA}
    enabled = account(methods=(method,), **(ata if method == "ata" else {}))
    assert decide_submitted(fax, enabled, NOW).dial is not None
    assert refusal(decide_submitted(fax, account(methods=others, **(ata if method != "ata" else {})), NOW)) == (
        "method-not-enabled"
    )


@pytest.mark.parametrize(
    ("sender", "allowed"),
    [
        ("desk@clinic.example", True),
        ("Desk@Clinic.Example", True),
        ("NURSE@clinic.example", True),
        ("stranger@clinic.example", False),
        ("desk@clinic.example.evil.example", False),
    ],
)
def test_only_the_user_and_allowed_senders_send_by_email(sender: str, *, allowed: bool) -> None:
    decision = decide_submitted(submitted(sender=sender), account(allowed_senders=("nurse@clinic.example",)), NOW)
    assert (decision.rule == "allowed") == allowed
    if not allowed:
        assert refusal(decision) == "sender-not-allowed"


@pytest.mark.parametrize(
    ("destination", "changes", "failure"),
    [
        ("911", {}, "destination-emergency"),
        ("112", {"region": "DE"}, "destination-emergency"),
        ("12", {}, "destination-invalid"),
        ("call me", {}, "destination-invalid"),
        ("+1 900 555 0123", {}, "destination-premium"),
        ("+44 20 7946 0018", {"blocked_destinations": ("+44",)}, "destination-blocked"),
    ],
)
def test_where_no_fax_goes(destination: str, changes: dict[str, Any], failure: str) -> None:
    decision = decide_submitted(submitted(destination=destination), account(**changes), NOW)
    assert refusal(decision) == failure
    (mail,) = decision.emails
    assert (mail.purpose, mail.failure, mail.recipient) == ("refused", failure, "desk@clinic.example")
    assert (mail.subject, mail.other_party) == ("Referral for M. Jones", destination)
    assert mail.document is None


def test_nobody_is_told_of_a_refusal_whom_nobody_named() -> None:
    decision = decide_submitted(submitted(destination="911", reply_to=None), account(), NOW)
    assert refusal(decision) == "destination-emergency"
    assert decision.emails == ()


@pytest.mark.parametrize("failure", DOCUMENT_FAILURES)
def test_a_document_that_makes_no_pages_is_told_by_name(failure: FaxFailure) -> None:
    decision = decide_submitted(unreadable(failure=failure, failed_file="scan.pdf"), account(), NOW)
    assert refusal(decision) == failure
    assert decision.status.detail == "scan.pdf"
    assert [(mail.failure, mail.failed_file) for mail in decision.emails] == [(failure, "scan.pdf")]


def test_a_refusal_for_another_reason_names_no_file() -> None:
    fax = unreadable(failure="empty", failed_file="scan.pdf", destination="911")
    (mail,) = decide_submitted(fax, account(), NOW).emails
    assert (mail.failure, mail.failed_file) == ("destination-emergency", "")


@pytest.mark.parametrize(
    ("record", "failure"),
    [
        (None, "number-unknown"),
        (removed(), "number-removed"),
        (account(account_id="acc-of-somebody-else"), "number-removed"),
    ],
)
def test_an_account_that_is_gone_sends_nothing_and_its_number_tells_nobody(
    record: FaxAccount | RemovedAccount | None, failure: str
) -> None:
    decision = decide_submitted(submitted(), record, NOW)
    assert refusal(decision) == failure
    assert [type(one) for one in decision.events] == [FaxStatusChanged]
    assert decision.status.account_id == "acc-1"


async def test_the_router_decides_once() -> None:
    blobs, table = MemoryBlobs(), Table(account())
    router = Router(table, blobs, now=lambda: NOW)
    first = await router.handle(submitted())
    table.record = account(methods=("portal",), version=4)
    assert await router.handle(submitted()) == first
    assert isinstance(first, Done)
    assert any(isinstance(one, FaxToDial) for one in first.events)
    stored = Decision.model_validate_json(blobs.objects[fax_prefix(ACCEPTED, FAX_ID) + DECISION])
    assert stored.events == first.events


async def test_a_fax_that_was_cancelled_before_it_was_routed_is_never_dialled() -> None:
    """The HTTP API cancels by deciding first."""
    blobs = MemoryBlobs()
    refused = decide_submitted(submitted(destination="911"), account(), NOW)
    blobs.objects[fax_prefix(ACCEPTED, FAX_ID) + DECISION] = refused.model_dump_json(exclude_none=True).encode()
    outcome = await Router(Table(account()), blobs, now=lambda: NOW).handle(submitted())
    assert outcome == Done(refused.events)
    assert not any(isinstance(one, FaxToDial) for one in outcome.events)
    assert any(isinstance(one, EmailRequested) for one in outcome.events)


def test_a_fax_from_a_fax_machine_is_refused_by_a_page_there() -> None:
    fax = unreadable(method="ata", sender=ATA.serial, failure="damaged-document", thumbnail=PREVIEW)
    mine = account(methods=("portal", "ata"), handling="portal", ata=ATA)
    decision = decide_submitted(fax, mine, NOW)
    assert [type(one) for one in decision.events] == [AtaNoticeRequested, FaxStatusChanged]
    assert decision.notice is not None
    notice = decision.notice
    assert (notice.serial, notice.deadline, notice.thumbnail) == (ATA.serial, NOW + ATA_DEADLINE, PREVIEW)
    assert (notice.mail.purpose, notice.mail.failure, notice.mail.recipient) == (
        "refused",
        "damaged-document",
        "desk@clinic.example",
    )
    other = mine.model_copy(update={"ata": ATA.model_copy(update={"serial": "another"})})
    assert [type(one) for one in decide_submitted(fax, other, NOW).events] == [EmailRequested, FaxStatusChanged], (
        "the machine is no longer the account's"
    )
