"""The `nativefax` command: its commands, and how their errors are told."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from deploy.local.errors import SetupError
from deploy.local.signals import stoppable
from deploy.local.stack import Stack
from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import PublishUnknown
from services.cli import (
    accounts,
    ata,
    dlq,
    doctor,
    history,
    holds,
    lag,
    operators,
    receive,
    retention,
    send,
    topics,
    trace,
    unclaimed,
)
from services.cli.demo import command as demo
from services.cli.errors import Refused
from services.cli.running import describe, start_pipeline
from services.cli.surroundings import ROOT, explain
from services.cli.terminal import console
from services.stages import STAGES

app = typer.Typer(
    help="Native Fax: an event-driven fax pipeline.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(accounts.app, name="accounts")
app.add_typer(ata.app, name="ata")
app.add_typer(operators.operators, name="operators")
app.add_typer(operators.resellers, name="resellers")
app.add_typer(topics.app, name="topics")
app.add_typer(dlq.app, name="dlq")
app.add_typer(retention.app, name="retention")
app.add_typer(holds.app, name="holds")
app.add_typer(history.app, name="history")
app.add_typer(unclaimed.app, name="unclaimed")
app.command("send", epilog=send.EXAMPLES)(send.send)
app.command("receive", epilog=receive.EXAMPLES)(receive.receive)
app.command("trace", epilog=trace.EXAMPLES)(trace.trace)
app.command("demo", epilog=demo.EXAMPLES)(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("lag")(lag.lag)


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


@app.command(epilog="Stages:\n\n" + "\n\n".join(f"{stage.name}: {stage.does}" for stage in STAGES.values()))
def stage(name: Annotated[str, typer.Argument(help="which stage", metavar="NAME")]) -> None:
    """Run one stage in this process, until SIGTERM. Its settings come from NATIVEFAX_…."""
    if name not in STAGES:
        raise Refused(f"There is no stage {name!r}. The stages are {', '.join(STAGES)}.")
    STAGES[name].run()


def _workers(given: list[str]) -> dict[str, int]:
    workers = {}
    for one in given:
        name, _, number = one.partition("=")
        if name not in STAGES or not number.isdigit() or not 1 <= int(number) <= 64:  # noqa: PLR2004
            raise Refused(f"--workers {one}: write STAGE=N with N from 1 to 64. The stages are {', '.join(STAGES)}.")
        workers[name] = int(number)
    return workers


def main() -> None:
    """Run a command; a person reads sentences, not stack traces."""
    told = console(stderr=True)
    try:
        app()
    except ValidationError as error:
        problem = explain(error)
        told.print(f"[red]{problem}[/red]\n{problem.cure}")
    except SetupError as error:
        told.print(f"[red]{error}[/red]\n{error.cure}")
    except (Refused, DependencyAway) as error:
        told.print(f"[red]{error}[/red]")
    except (KafkaError, PublishUnknown) as error:
        told.print(
            f"[red]Kafka did not answer ({type(error).__name__}).[/red]\n`nativefax doctor` shows what is reachable."
        )
    else:
        return
    sys.exit(1)
