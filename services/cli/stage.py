"""`nativefax stage`: one stage in this process."""

from typing import Annotated

import typer

from services.cli.errors import Refused
from services.stages import STAGES

app = typer.Typer(add_completion=False)


@app.command(epilog="Stages:\n\n" + "\n\n".join(f"{stage.name}: {stage.does}" for stage in STAGES.values()))
def stage(name: Annotated[str, typer.Argument(help="which stage", metavar="NAME")]) -> None:
    """Run one stage in this process, until SIGTERM. Its settings come from NATIVEFAX_…."""
    if name not in STAGES:
        raise Refused(f"There is no stage {name!r}. The stages are {', '.join(STAGES)}.")
    STAGES[name].run()
