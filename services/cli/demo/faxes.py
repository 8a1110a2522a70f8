"""The demo's faxes, one after another: calls placed now, then the files of tests/data."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from deploy.local.checker.manifest import HandedOver
from deploy.local.telephony.receive import receive
from deploy.local.telephony.scripted import SHELF, stored_calls
from schemas.identity import received_fax_id
from schemas.telephony import CallReport
from services.cli.demo import calls
from services.cli.demo.calls import CALLS, Planned, came_in_part, dialled, report
from services.cli.demo.customers import CUSTOMERS, Customer
from services.cli.receiving import Incoming

SWITCH = "nativefax-demo"
WAYS: dict[str, Literal["attachment", "link", "portal"]] = {
    "email-with-attachment": "attachment",
    "email-without-attachment": "link",
    "portal": "portal",
}
TAKES_FILES = (
    calls.NORTHWIND_MAIL,
    calls.HARBOR_LINK,
    calls.NORTHWIND_PORTAL,
    calls.HARBOR_MAIL,
    calls.NORTHWIND_LINK,
    calls.HARBOR_PORTAL,
)
"""The files go round these accounts, so every kind of file meets every handling of both brands sooner or later."""
TAKES_PARTIAL_FILES = (calls.NORTHWIND_MAIL, calls.HARBOR_LINK)
"""Those get mails, in which the checker sees whether a partial fax is marked."""


@dataclass(frozen=True)
class DemoFax:
    """A fax in telephony's hand, and what should become of it."""

    incoming: Incoming
    expected: HandedOver
    why: str = ""
    times: int = 1

    @property
    def fax_id(self) -> UUID:
        """The id it will have."""
        return received_fax_id(self.incoming.switch_id, self.incoming.call_id, 0)


def data_files() -> list[str]:
    """The files of tests/data that are faxes, or pretend to be."""
    return list(_entries())


async def called(folder: Path, run: str) -> AsyncIterator[DemoFax]:
    """Place each call, or take it from the shelf, and keep the received file in `folder`.

    Raises:
        CallFailedError: A call crashed.
    """
    for number, call in enumerate(CALLS, 1):
        header = f"Demo {number} of {len(CALLS)}"
        received = await receive(SHELF / "pages" / call.page, dialled(call, header))
        file = folder / f"{number:02}.tif"
        file.write_bytes(received.file)
        expected = _expectation(call.to, call.caller).model_copy(
            update={
                "name": f"Call {number} of {len(CALLS)}: {call.what}",
                "file": file,
                "end": "partial" if came_in_part(received.result) else "delivered",
                "call": "t30" if received.real else "scripted",
            }
        )
        told = report(received.result)
        yield DemoFax(
            _incoming(received.file, call, told, received.result.pages_total, f"{run}-call-{number}"),
            expected,
            times=call.times,
        )


def _incoming(data: bytes, call: Planned, told: CallReport, pages: int, call_id: str) -> Incoming:
    return Incoming(data, call.to, call.caller, pages, told, switch_id=SWITCH, call_id=call_id)


def filed(run: str) -> Iterator[DemoFax]:
    """Each file of tests/data, with the end that its expected.json tells."""
    reports = {call.received_file: report(call.result) for call in stored_calls()}
    round_all, round_partial = cycle(TAKES_FILES), cycle(TAKES_PARTIAL_FILES)
    for name, entry in _entries().items():
        file = SHELF / name
        to = next(round_partial if entry["end"] == "partial" else round_all)
        call = Planned(name, calls.MH, to, name)
        told = reports.get(file, CallReport())
        yield DemoFax(
            _incoming(file.read_bytes(), call, told, entry["announced_pages"], f"{run}-{name}"),
            _expectation(to, call.caller).model_copy(update={"name": name, "file": file, "end": entry["end"]}),
            entry["why"],
        )


def _expectation(to: str, caller: str) -> HandedOver:
    account = CUSTOMERS.get(to)
    if account is None or caller in account.blocked:
        return HandedOver(name="", file=Path(), called_number=to, way="kept")
    way = WAYS[account.handling]
    recipients = () if way == "portal" else _recipients(account)
    return HandedOver(name="", file=Path(), called_number=to, recipients=recipients, way=way)


def _recipients(account: Customer) -> tuple[str, ...]:
    return (account.email, *account.notify)


def _entries() -> dict[str, dict[str, Any]]:
    entries: dict[str, dict[str, Any]] = json.loads((SHELF / "expected.json").read_text())
    return entries
