"""`nativefax trace`: every step of one fax, with times, and why it was routed so."""

import asyncio
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from schemas.decision import Decision
from schemas.fax import FaxStatusChanged
from schemas.keys import DECISION, fax_prefix
from services._runtime.blobs import ObjectStore
from services._runtime.settings import KafkaSettings, StoreSettings
from services.cli.errors import Refused
from services.cli.following import StatusReader
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console

app = typer.Typer(add_completion=False)

EXAMPLES = "Example:\n\nnativefax trace 7c9e6679-7425-50de-944b-e07fc1f90ae7"


@app.command(epilog=EXAMPLES)
def trace(fax: Annotated[str, typer.Argument(help="the fax's id", metavar="FAX")]) -> None:
    """Show every step of one fax with its time."""
    try:
        fax_id = str(UUID(fax))
    except ValueError as error:
        raise Refused(f"{fax!r} is no fax id; it looks like 7c9e6679-7425-50de-944b-e07fc1f90ae7.") from error
    adopt(ROOT)
    steps, decision = asyncio.run(_history(fax_id))
    if not steps:
        raise Refused(f"Nothing is known of {fax_id}: no such fax, or its steps are older than the topic keeps them.")
    show(steps, decision, console())


def show(steps: list[FaxStatusChanged], decision: Decision | None, console: Console) -> None:
    """Print a fax's way: each step with its time and the seconds since the fax was accepted."""
    first = steps[0]
    pages = "" if first.pages is None else f", {first.pages} page{'' if first.pages == 1 else 's'}"
    partial = ", [yellow]incomplete[/yellow]" if first.partial else ""
    parties = [first.other_party or "unknown", str(first.fax_number)]
    way = " → ".join(parties if first.direction == "received" else reversed(parties))
    console.print(f"[bold]{first.fax_id}[/bold]  {way}{pages}{partial}")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    if first.state != "accepted":  # a received fax has no such step
        table.add_row(f"{first.accepted_at:%Y-%m-%d %H:%M:%S.%f}"[:-3], "", "accepted", "ingest", "")
    for step in steps:
        after = f"+{(step.at - first.accepted_at).total_seconds():.3f} s"
        told = " ".join(filter(None, (step.rule, step.recipient, step.reason, step.detail)))
        table.add_row(f"{step.at:%Y-%m-%d %H:%M:%S.%f}"[:-3], after, step.state, step.stage, told)
    console.print(table)
    if decision is not None:
        console.print(f"  Why: {decision.why}")


async def _history(fax_id: str) -> tuple[list[FaxStatusChanged], Decision | None]:
    async with StatusReader.open(KafkaSettings(), from_start=True) as reader:
        steps = await reader.history(fax_id)
    if not steps:
        return [], None
    raw = await ObjectStore(StoreSettings()).get(fax_prefix(steps[0].accepted_at, steps[0].fax_id) + DECISION)
    return steps, Decision.model_validate_json(raw) if raw else None
