"""`nativefax unclaimed`: received faxes whose number has no account, kept for the reseller, and their release."""

import asyncio
import getpass
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from schemas.decision import Decision
from schemas.fax import FaxStatusChanged, ReleaseRequested
from schemas.keys import DECISION, fax_prefix
from services._runtime.blobs import ObjectStore
from services._runtime.publisher import Publisher
from services._runtime.running import running
from services._runtime.settings import KafkaSettings, StoreSettings
from services.cli.account_records import account_of
from services.cli.errors import Refused
from services.cli.following import StatusReader
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console

app = typer.Typer(
    help="Unclaimed faxes: list them, and release one to a fax number.",
    invoke_without_command=True,
)


@app.callback()
def unclaimed(context: typer.Context) -> None:
    """List the received faxes that belong to no account, newest first; or release one."""
    if context.invoked_subcommand is not None:
        return
    adopt(ROOT)
    found = asyncio.run(_unclaimed())
    if not found:
        console().print("No unclaimed faxes.")
        return
    table = Table("Fax", "Received", "Number", "From", "Pages", "Why", "Reseller", box=None)
    for step, decision in found:
        when = f"{step.accepted_at:%Y-%m-%d %H:%M:%S}"
        owner = (decision and decision.reseller) or "operator"
        row = (str(step.fax_id), when, step.fax_number, step.other_party, str(step.pages), step.reason, owner)
        table.add_row(*(cell or "" for cell in row))
    console().print(table)


@app.command(
    epilog="Example:\n\n"
    "nativefax unclaimed release 7c9e6679-7425-50de-944b-e07fc1f90ae7 --to +12025550100\n\n"
    "It is delivered as that fax number's settings say, once, even if it is released again."
)
def release(
    fax: Annotated[UUID, typer.Argument(help="as `nativefax unclaimed` names it", metavar="FAX")],
    to: Annotated[str, typer.Option(help="the fax number that gets it, E.164")],
) -> None:
    """Deliver an unclaimed fax to a fax number."""
    adopt(ROOT)
    asyncio.run(_release(fax, to))
    console().print(f"Released to {to}. `nativefax trace {fax}` shows how it goes.")


async def _release(fax: UUID, to: str) -> None:
    step = next((step for step, _ in await _unclaimed() if step.fax_id == fax), None)
    if step is None:
        raise Refused(f"{fax} is no unclaimed fax. `nativefax unclaimed` lists them.")
    account = await account_of(to)
    request = ReleaseRequested(
        fax_id=fax,
        version=step.version + 1,
        accepted_at=step.accepted_at,
        account_id=account.account_id,
        fax_number=account.fax_number,
        by=getpass.getuser(),
        requested_at=datetime.now(UTC),
    )
    async with running(Publisher(KafkaSettings(), source="cli", confirm_seconds=20)) as publisher:
        await publisher.publish_events([request])


async def _unclaimed() -> list[tuple[FaxStatusChanged, Decision | None]]:
    newest: dict[UUID, FaxStatusChanged] = {}
    async with StatusReader.open(KafkaSettings(), from_start=True) as reader:
        async for step in reader.all_steps():
            known = newest.get(step.fax_id)
            if known is None or step.version >= known.version:
                newest[step.fax_id] = step
    blobs = ObjectStore(StoreSettings())
    steps = sorted((step for step in newest.values() if step.state == "unclaimed"), key=_when, reverse=True)
    raw = await asyncio.gather(*(blobs.get(fax_prefix(step.accepted_at, step.fax_id) + DECISION) for step in steps))
    return [(step, Decision.model_validate_json(one) if one else None) for step, one in zip(steps, raw, strict=True)]


def _when(step: FaxStatusChanged) -> float:
    return step.accepted_at.timestamp()
