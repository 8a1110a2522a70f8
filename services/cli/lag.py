"""`nativefax lag`: how far behind each stage is, and since when."""

import asyncio
from datetime import UTC, datetime

import typer
from rich.table import Table

from services._runtime.lag import measure
from services._runtime.settings import KafkaSettings
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console

app = typer.Typer(add_completion=False)


@app.command()
def lag() -> None:
    """Show how many messages wait for each stage, how old the oldest is, and how many processes work at it."""
    adopt(ROOT)
    table = Table("Stage", "Topic", "Messages", "Oldest", "Processes", box=None)
    for one in asyncio.run(measure(KafkaSettings())):
        age = "" if one.oldest is None else f"{(datetime.now(UTC) - one.oldest).total_seconds():,.0f} s"
        table.add_row(one.stage, one.topic, f"{one.messages:,}", age, str(one.processes))
    console().print(table)
