"""The demo's fax machine prints the page that says how a fax sent from it ended."""

from pathlib import Path
from uuid import UUID

from schemas.accounts import FaxAccount
from schemas.fax import FaxStatusChanged
from schemas.identity import notice_id
from services.cli.devices import LocalDevice


def page_of(fax_id: UUID, folder: Path) -> Path:
    """Where the page about a fax lies once it is printed."""
    return folder / f"{fax_id}.tif"


def print_page(step: FaxStatusChanged, account: FaxAccount, folder: Path) -> None:
    """Take the page that `step` says is waiting at the account's device, and acknowledge it.

    Raises:
        GatewayRefused: The gateway has no such page.
    """
    if account.ata is None:
        return
    page = notice_id(step.fax_id, step.version)
    folder.mkdir(parents=True, exist_ok=True)
    with LocalDevice.open(account.ata.serial).client() as device:
        page_of(step.fax_id, folder).write_bytes(device.document(page))
        device.acknowledge(page)
