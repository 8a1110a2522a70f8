"""`nativefax unclaimed`: received faxes whose number has no account, kept for the reseller."""

import asyncio

from rich.table import Table

from schemas.decision import Decision
from schemas.fax import FaxStatusChanged
from schemas.keys import DECISION, fax_prefix
from services._runtime.blobs import ObjectStore
from services._runtime.settings import KafkaSettings, StoreSettings
from services.cli.following import StatusReader
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console


def unclaimed() -> None:
    """List the received faxes that belong to no account, newest first."""
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


async def _unclaimed() -> list[tuple[FaxStatusChanged, Decision | None]]:
    newest: dict[str, FaxStatusChanged] = {}
    async with StatusReader.open(KafkaSettings(), from_start=True) as reader:
        async for step in reader.all_steps():
            known = newest.get(str(step.fax_id))
            if known is None or step.version >= known.version:
                newest[str(step.fax_id)] = step
    blobs = ObjectStore(StoreSettings())
    steps = sorted((step for step in newest.values() if step.state == "unclaimed"), key=_when, reverse=True)
    raw = await asyncio.gather(*(blobs.get(fax_prefix(step.accepted_at, step.fax_id) + DECISION) for step in steps))
    return [(step, Decision.model_validate_json(one) if one else None) for step, one in zip(steps, raw, strict=True)]


def _when(step: FaxStatusChanged) -> float:
    return step.accepted_at.timestamp()
