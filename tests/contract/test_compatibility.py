"""Each rule of schemas/compatibility.py on the released contract with one thing changed."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from schemas.compatibility import RELEASED, breaking_changes, read_contract

Contract = dict[str, Any]
Change = Callable[[Contract], object]


def schema(contract: Contract, event: str, definition: str | None = None) -> dict[str, Any]:
    whole = contract[f"{event}.json"]
    found: dict[str, Any] = whole["$defs"][definition] if definition else whole
    return found


def fields(contract: Contract, event: str, definition: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = schema(contract, event, definition)["properties"]
    return found


def changed(change: Change) -> list[str]:
    old = read_contract(RELEASED)
    new = deepcopy(old)
    change(new)
    assert new != old, "the mutation changed nothing"
    return breaking_changes(old, new)


def invert(change: Change) -> list[str]:
    """The same change, undone: as if the mutated contract had been released."""
    new = read_contract(RELEASED)
    old = deepcopy(new)
    change(old)
    return breaking_changes(old, new)


BREAKING: dict[str, tuple[Change, str]] = {
    "a removed optional field": (lambda c: fields(c, "FaxExpired").pop("cause"), "FaxExpired.cause was removed"),
    "a removed field of a part": (
        lambda c: fields(c, "ReceivedFaxReady", "CallReport").pop("bad_rows"),
        "ReceivedFaxReady.call.bad_rows was removed",
    ),
    "an optional field that became required": (
        lambda c: schema(c, "FaxExpired")["required"].append("cause"),
        "FaxExpired.cause became required",
    ),
    "a new required field": (
        lambda c: (
            fields(c, "FaxExpired").update(by={"type": "string"}),
            schema(c, "FaxExpired")["required"].append("by"),
        ),
        "FaxExpired.by is new and required",
    ),
    "another type": (
        lambda c: fields(c, "FaxExpired").update(objects={"type": "string"}),
        "FaxExpired.objects: the type was integer and is string",
    ),
    "a number that must be an integer": (
        lambda c: fields(c, "ReceivedFaxReady", "CallReport").update(
            seconds={"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]}
        ),
        "ReceivedFaxReady.call.seconds: the type was number and is integer",
    ),
    "a value that may no longer be absent": (
        lambda c: fields(c, "FaxExpired").update(account_id={"type": "string"}),
        "FaxExpired.account_id: the type was null and is string",
    ),
    "a member less": (
        lambda c: fields(c, "FaxExpired")["cause"]["enum"].remove("retention"),
        "FaxExpired.cause: ['retention'] was allowed and is refused",
    ),
    "a set where any value was allowed": (
        lambda c: fields(c, "HoldChanged")["by"].update(enum=["a", "b"]),
        "HoldChanged.by: any value was allowed, only ['a', 'b'] is now",
    ),
    "another constant": (
        lambda c: fields(c, "FaxAccount")["state"].update(const="live"),
        "FaxAccount.state: ['active'] was allowed and is refused",
    ),
    "a higher minimum": (
        lambda c: fields(c, "FaxExpired")["size"].update(minimum=1),
        "FaxExpired.size: minimum was 0 and is 1",
    ),
    "a new maximum": (
        lambda c: fields(c, "FaxExpired")["size"].update(maximum=5),
        "FaxExpired.size: maximum was not given and is 5",
    ),
    "a shorter text": (
        lambda c: fields(c, "HoldChanged")["reason"].update(maxLength=100),
        "HoldChanged.reason: maxLength was 200 and is 100",
    ),
    "a shorter list": (
        lambda c: fields(c, "FaxAccount")["blocked_callers"].update(maxItems=10),
        "FaxAccount.blocked_callers: maxItems was 100 and is 10",
    ),
    "stricter members of a list": (
        lambda c: fields(c, "FaxAccount")["blocked_callers"]["items"].update(maxLength=10),
        "FaxAccount.blocked_callers[]: maxLength was 64 and is 10",
    ),
    "another pattern": (
        lambda c: fields(c, "FaxAccount")["fax_number"].update(pattern="^[0-9]+$"),
        r"FaxAccount.fax_number: pattern was ^\+[1-9][0-9]{1,14}$ and is ^[0-9]+$",
    ),
    "a new format": (
        lambda c: fields(c, "FaxAccount")["fax_number"].update(format="phone"),
        "FaxAccount.fax_number: format was not given and is phone",
    ),
    "a stricter free field": (
        lambda c: fields(c, "TablePositionReported")["positions"]["additionalProperties"].update(minimum=0),
        "TablePositionReported.positions{}: minimum was not given and is 0",
    ),
    "no free fields any more": (
        lambda c: fields(c, "TablePositionReported")["positions"].update(additionalProperties=False),
        "TablePositionReported.positions: further fields were allowed and are refused",
    ),
    "an event removed": (lambda c: c.pop("FaxExpired.json"), "event FaxExpired was removed"),
    "a topic removed": (lambda c: c["asyncapi.json"]["channels"].pop("fax-holds"), "topic fax-holds was removed"),
    "another key": (
        lambda c: c["asyncapi.json"]["channels"]["fax-ready"].update({"x-key": "account_id"}),
        "topic fax-ready: the key was fax_id and is account_id",
    ),
    "an event moved away": (
        lambda c: c["asyncapi.json"]["channels"]["fax-ready"]["messages"].pop("SubmittedFaxReady"),
        "topic fax-ready carries SubmittedFaxReady no more",
    ),
    "an event type renamed": (
        lambda c: c["asyncapi.json"]["components"]["messages"]["FaxExpired"].update(name="nativefax.FaxExpired.v2"),
        "FaxExpired: the type was nativefax.FaxExpired.v1 and is nativefax.FaxExpired.v2",
    ),
    "a failure less": (
        lambda c: c["failures.json"]["FaxFailure"].remove("mail-refused"),
        "FaxFailure lost mail-refused",
    ),
    "a retry reason less": (
        lambda c: c["failures.json"]["RetryReason"].remove("claim-held"),
        "RetryReason lost claim-held",
    ),
    "a closed set less": (
        lambda c: c["failures.json"].update(DeadLetterReason=[]),
        "DeadLetterReason lost unexpected-error",
    ),
}

FINE: dict[str, Change] = {
    "a new optional field": lambda c: fields(c, "FaxExpired").update(by={"type": "string", "default": ""}),
    "a new event": lambda c: c.update({"FaxPrinted.json": {"type": "object"}}),
    "a new topic": lambda c: c["asyncapi.json"]["channels"].update(
        {"fax-printed": {"x-key": "fax_id", "messages": {}}}
    ),
    "one member more": lambda c: fields(c, "FaxExpired")["cause"]["enum"].append("moved"),
    "one failure more": lambda c: c["failures.json"]["FaxFailure"].append("paper-jam"),
    "a required field that became optional": lambda c: schema(c, "FaxExpired")["required"].remove("size"),
    "an integer that may be any number": lambda c: fields(c, "FaxExpired")["size"].update(type="number"),
    "a value that may be absent": lambda c: fields(c, "HoldChanged").update(
        by={"anyOf": [fields(c, "HoldChanged")["by"], {"type": "null"}]}
    ),
    "a lower minimum": lambda c: fields(c, "FaxAccount")["retention_days"].update(minimum=1),
    "no maximum": lambda c: fields(c, "FaxAccount")["retention_days"].pop("maximum"),
    "no pattern": lambda c: fields(c, "FaxAccount")["fax_number"].pop("pattern"),
    "a longer text": lambda c: fields(c, "HoldChanged")["reason"].update(maxLength=400),
    "another description": lambda c: fields(c, "FaxExpired")["size"].update(description="octets"),
}


@pytest.mark.parametrize("name", BREAKING)
def test_breaking(name: str) -> None:
    change, told = BREAKING[name]
    assert told in changed(change)


@pytest.mark.parametrize("name", FINE)
def test_fine(name: str) -> None:
    assert changed(FINE[name]) == []


@pytest.mark.parametrize("name", ["one member more", "a longer text", "a lower minimum", "a new optional field"])
def test_what_is_fine_cannot_be_taken_back(name: str) -> None:
    assert invert(FINE[name])


def test_nothing_changed() -> None:
    assert breaking_changes(read_contract(RELEASED), read_contract(RELEASED)) == []
