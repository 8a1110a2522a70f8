"""`nativefax up`: the whole pipeline on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.local.signals import stoppable
from deploy.local.stack import Stack
from services.cli.errors import Refused
from services.cli.running import describe, start_pipeline
from services.cli.surroundings import ROOT
from services.cli.terminal import console
from services.stages import STAGES

app = typer.Typer(add_completion=False)


@app.command(epilog="Example:\n\nnativefax up --workers email_out=4 --workers ingest=2")
def up(
    workers: Annotated[
        list[str] | None, typer.Option(help="stage=n: run n processes of a stage", metavar="STAGE=N")
    ] = None,
    root: Annotated[Path, typer.Option(help="where data, logs and secrets are kept")] = ROOT,
) -> None:
    """Bring the whole pipeline up on this machine, until Ctrl-C."""
    told = console()
    stack = Stack(root)
    try:
        with stoppable():
            start_pipeline(stack, _workers(workers or []), told)
            describe(stack, told)
            stack.serve()
        told.print("Stopping…")
    finally:
        stack.stop()


def _workers(given: list[str]) -> dict[str, int]:
    workers = {}
    for one in given:
        name, _, number = one.partition("=")
        if name not in STAGES or not number.isdigit() or not 1 <= int(number) <= 64:  # noqa: PLR2004
            raise Refused(f"--workers {one}: write STAGE=N with N from 1 to 64. The stages are {', '.join(STAGES)}.")
        workers[name] = int(number)
    return workers
