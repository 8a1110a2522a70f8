"""`nativefax send`: submit files as a user would, and wait for their ends."""

import asyncio
import json
import sys
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from schemas.accounts import FaxAccount
from services._runtime.settings import KafkaSettings
from services.cli.account_records import account_of
from services.cli.devices import LocalDevice
from services.cli.errors import Refused
from services.cli.following import StatusReader
from services.cli.sent_way import follow_sent
from services.cli.submitting import Outgoing, SubmitSettings, by_api, by_ata, by_email
from services.cli.surroundings import ROOT, adopt

app = typer.Typer(add_completion=False)

EXAMPLES = (
    "Examples:\n\nnativefax send letter.pdf --from +12025550100 --to +12025550177\n\n"
    "nativefax send a.pdf photo.jpg --together --from +12025550100 --to 2025550177 --by email --subject Referral\n\n"
    "Each line of its output is one fax as JSON: files, fax_id, state, reason, pages, detail. "
    "Exit status 1: a fax was refused, failed, or hasn't ended in time."
)


class By(StrEnum):
    """The ways in."""

    EMAIL = "email"
    API = "api"
    ATA = "ata"


@app.command(epilog=EXAMPLES)
def send(  # noqa: PLR0913, PLR0917 - a command's options are its arguments
    files: Annotated[list[Path], typer.Argument(help="PDF, TIFF, JPEG, PNG, text …", metavar="FILE...")],
    sender: Annotated[str, typer.Option("--from", help="the account's fax number", metavar="NUMBER")],
    to: Annotated[str, typer.Option("--to", help="the number to dial", metavar="NUMBER")],
    by: Annotated[By, typer.Option(help="how it is submitted")] = By.API,
    subject: Annotated[str, typer.Option(help="for the cover page and receipts")] = "",
    text: Annotated[str, typer.Option(help="for the cover page")] = "",
    together: Annotated[bool, typer.Option("--together", help="all files as one fax, not each as its own")] = False,
    wait: Annotated[float, typer.Option(help="seconds to wait for the end; 0: don't wait")] = 300.0,
) -> None:
    """Send files as faxes from an account, wait, and print a JSON line for each fax."""
    faxes = [Outgoing(one, to, subject, text) for one in ([tuple(files)] if together else [(file,) for file in files])]
    for fax in faxes:
        fax.read()
    adopt(ROOT)
    sys.exit(asyncio.run(_send(faxes, sender, by, wait)))


async def _send(faxes: list[Outgoing], sender: str, by: By, wait: float) -> int:
    account = await account_of(sender)
    submit = submitter(by, account)
    failed = 0
    async with StatusReader.open(KafkaSettings(), from_start=False) as reader:
        ways: dict[UUID, Outgoing] = {}
        for fax in faxes:
            try:
                ways[await asyncio.to_thread(submit, fax)] = fax
            except Refused as refused:
                failed += 1
                _tell(fax, {"fax_id": None, "state": "refused", "detail": str(refused)})
        async for way in follow_sent(ways, reader, wait):
            failed += way.state != "delivered" and wait > 0
            _tell(ways[way.fax_id], way.line())
    return 1 if failed else 0


def submitter(by: By, account: FaxAccount) -> Callable[[Outgoing], UUID]:
    """What submits a fax of `account` one way.

    Raises:
        Refused: The account has no ATA, or it hasn't enrolled on this machine.
    """
    if by is By.ATA:
        if account.ata is None:
            raise Refused(f"{account.fax_number} has no ATA.")
        device = LocalDevice.open(account.ata.serial)
        if not device.secret:
            raise Refused(f"The device {device.serial} isn't enrolled here: `nativefax accounts enrol`, `ata enrol`.")
        return partial(by_ata, device=device)
    return partial(by_email if by is By.EMAIL else by_api, account=account, settings=SubmitSettings())


def _tell(fax: Outgoing, line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps({"files": [str(one) for one in fax.files], **line}) + "\n")
    sys.stdout.flush()
