"""The commands of `nativefax`, each imported when it is run: `nativefax lag` needs no database library."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True)
class Command:
    """A command, the module that has its `app`, and what `nativefax --help` says of it."""

    name: str
    does: str
    module: str = ""
    app: str = "app"

    def load(self) -> Any:
        """The command itself."""
        module = import_module(self.module or f"services.cli.{self.name}")
        group = getattr(module, self.app)
        group._add_completion = False  # noqa: SLF001 - said once for all of them; a shell completes `nativefax` alone
        command = typer.main.get_command(group)
        command.name = self.name
        return command


COMMANDS = {
    one.name: one
    for one in (
        Command("send", "Send files as faxes from an account, wait, and print a JSON line for each fax."),
        Command("receive", "Hand files over exactly as telephony does, wait, and print a JSON line for each."),
        Command("trace", "Show every step of one fax with its time."),
        Command(
            "demo",
            "Send real faxes through the whole pipeline, show their way, and check what arrived.",
            "services.cli.demo.command",
        ),
        Command(
            "doctor",
            "Show settings (secrets masked), whether each part answers, and versions. Exit status 1 if a part doesn't.",
        ),
        Command(
            "lag",
            "Show how many messages wait for each stage, how old the oldest is, and how many processes work at it.",
        ),
        Command("up", "Bring the whole pipeline up on this machine, until Ctrl-C."),
        Command("stage", "Run one stage in this process, until SIGTERM. Its settings come from NATIVEFAX_…."),
        Command("accounts", "Fax accounts: add, change, show, list and remove; tokens and devices."),
        Command("ata", "Act as an ATA: enrol, send, and take received faxes."),
        Command(
            "operators",
            "Operators: who runs the service, and signs in to see how it does.",
            "services.cli.operators",
            "operators",
        ),
        Command("resellers", "Resellers: who may add domains and fax accounts.", "services.cli.operators", "resellers"),
        Command("topics", "The topics of the pipeline, and who may read and write them."),
        Command("credentials", "Make a user and keys for each stage, as files for compose or a cluster's secrets."),
        Command("store", "The object store's policies: what each stage may do there."),
        Command("dlq", "Dead letters: list, show, replay and drop."),
        Command("retention", "Nothing older than 365 days stays, provably."),
        Command("holds", "Holds: faxes that stay however old they are."),
        Command("history", "The history of faxes, as the API and the portal show it."),
        Command("unclaimed", "Unclaimed faxes: list them, and release one to a fax number."),
        Command("languages", "Translations of the portal and the mails."),
    )
}


class OnDemand(TyperGroup):
    """Knows its commands by name and by what they do; whichever is asked for is imported then."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for one in COMMANDS.values():
            self.add_command(TyperCommand(one.name, help=one.does))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Typer's answer, with the command itself in the place of its name."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, COMMANDS[name].load() if name in COMMANDS else command, rest
