"""The `nativefax` command: how it starts, and how its errors are told."""

import sys
from importlib.metadata import version
from typing import Annotated, Final

import typer
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from deploy.local.errors import SetupError
from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import PublishUnknown
from services.cli.commands import OnDemand
from services.cli.errors import Refused
from services.cli.surroundings import explain
from services.cli.terminal import console, tell_warnings

REACHABLE: Final = "`nativefax doctor` shows what is reachable."

app = typer.Typer(
    cls=OnDemand,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _say(wanted: bool) -> None:
    if wanted:
        console().print(f"nativefax {version('nativefax')}")
        raise typer.Exit


@app.callback()
def nativefax(
    version: Annotated[
        bool, typer.Option("--version", callback=_say, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Native Fax: an event-driven fax pipeline."""


def main() -> None:
    """Run a command; a person reads sentences, not stack traces."""
    told = console(stderr=True)
    tell_warnings()
    try:
        app()
    except ValidationError as error:
        problem = explain(error)
        told.print(f"[red]{problem}[/red]\n{problem.cure}")
    except SetupError as error:
        told.print(f"[red]{error}[/red]\n{error.cure}")
    except ModuleNotFoundError as missing:
        told.print(
            f"[red]This command needs the local stack's packages ({missing.name} is missing).[/red]\n"
            "`pip install 'nativefax\\[local]'` brings them."
        )
    except Refused as error:
        told.print(f"[red]{error}[/red]")
    except DependencyAway as error:
        told.print(f"[red]{error}[/red]\n{REACHABLE}")
    except (KafkaError, PublishUnknown) as error:
        told.print(f"[red]Kafka did not answer ({type(error).__name__}).[/red]\n{REACHABLE}")
    else:
        return
    sys.exit(1)
