"""`nativefax retention`: sweep by hand, and check that what should be gone is."""

import asyncio
import json
import os
import platform
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from services._runtime.claims import utc_now
from services._runtime.hold_table import HoldTable
from services._runtime.publisher import Publisher
from services._runtime.running import running
from services._runtime.settings import KafkaSettings, StoreSettings
from services.cli.errors import Refused
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console
from services.portal.retentions.app import count
from services.retention.app import Parts, assemble
from services.retention.by_hand import Report, Run
from services.retention.findings import Findings
from services.retention.settings import RetentionSettings

app = typer.Typer(help="Nothing older than 365 days stays, provably.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="print one line of JSON")]


@app.command(
    epilog="Examples:\n\nnativefax retention run --dry-run\n\nnativefax retention run --now --json\n\n"
    "It does in this process what the retention stage does every day, beside it if that runs. Exit status 1: the "
    "store refused to delete something."
)
def run(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would go")] = False,
    now: Annotated[bool, typer.Option("--now", help="delete what is due")] = False,
    as_json: AsJson = False,
) -> None:
    """Sweep now, with a progress bar and a report."""
    if dry_run == now:
        raise Refused("Say either --dry-run or --now.")
    adopt(ROOT)
    report = asyncio.run(_run(dry_run=dry_run))
    shorter = asyncio.run(count()) if dry_run else None
    if as_json:
        more = {} if shorter is None else {"past_shorter_retention": shorter}
        sys.stdout.write(json.dumps(report.line() | more) + "\n")
    else:
        _show_report(report)
        _show_shorter(shorter)
    sys.exit(1 if report.refused else 0)


@app.command(
    epilog="Examples:\n\nnativefax retention verify\n\nnativefax retention verify --grace-hours 0 --json\n\n"
    "Exit status 1: something is off. docs/runbooks/retention.md says what to do."
)
def verify(
    grace_hours: Annotated[
        float,
        typer.Option(
            help="what has been due for less may still be there: the stage sweeps once a day", min=0, max=8760
        ),
    ] = 26.0,
    as_json: AsJson = False,
) -> None:
    """Count what should be gone and isn't, and what should be there and isn't."""
    adopt(ROOT)
    findings = asyncio.run(_verify(timedelta(hours=grace_hours)))
    if as_json:
        sys.stdout.write(json.dumps(findings.line()) + "\n")
    else:
        _show_findings(findings)
    sys.exit(1 if findings.off else 0)


@asynccontextmanager
async def _parts() -> AsyncIterator[Parts]:
    async with running(HoldTable(KafkaSettings())) as holds:
        parts = assemble(StoreSettings(), RetentionSettings(), holds, f"{platform.node()}/{os.getpid()}", utc_now)
        try:
            yield parts
        finally:
            await parts.bucket.close()


async def _run(*, dry_run: bool) -> Report:
    publisher = Publisher(KafkaSettings(), source="retention", confirm_seconds=20)
    async with running(publisher), _parts() as parts:
        sweep = Run(parts.sweep, parts.uploads, parts.planner, publisher.publish_events, utc_now)
        bound, days = await sweep.count()
        with _progress() as progress:
            bar = progress.add_task("looking" if dry_run else "sweeping", total=sum(days.values()))
            return await sweep.go(bound, days, dry_run=dry_run, told=lambda faxes: progress.advance(bar, faxes))


async def _verify(grace: timedelta) -> Findings:
    async with _parts() as parts:
        return await parts.verification.run(grace)


class _Rate(ProgressColumn):
    """Faxes a second."""

    def render(self, task: Task) -> Text:
        """The rate of the last moments, or of all when it has ended."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.0f} faxes/s")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=console(stderr=True),
    )


def _show_report(report: Report) -> None:
    told = console()
    did = "would go" if report.dry_run else "gone"
    told.print(
        f"{report.faxes} faxes {did}: {report.objects} objects, {report.size / 1e6:.1f} MB, in {report.seconds:.1f} s "
        f"over {report.days} days."
    )
    told.print(f"{report.kept} faxes stay; {report.moved} {'would be ' if report.dry_run else ''}moved for holds.")
    told.print(f"{report.uploads} uploads and {report.unfinished_uploads} unfinished uploads {did}.")
    for key in report.refused[:20]:
        told.print(f"[red]not deleted:[/red] {key}")


def _show_shorter(faxes: int | None) -> None:
    if faxes is not None:
        console().print(
            f"{faxes} faxes are older than their accounts keep them: the portal has those deleted that are on no hold."
        )


def _show_findings(findings: Findings) -> None:
    told = console()
    table = Table("Counted", "", box=None)
    for name, number in findings.counts.items():
        table.add_row(name.replace("_", " "), str(number))
    told.print(table)
    for example in findings.examples:
        told.print(f"  [red]{example}[/red]")
    if findings.off:
        told.print("[red]Something is off.[/red] docs/runbooks/retention.md says what to do.")
    else:
        told.print("[green]All is as it should be.[/green]")
