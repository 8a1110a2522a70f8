"""`nativefax up`: the local parts and every stage under one supervisor, until a signal."""

import os
import shlex
import shutil
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console

from deploy.local.errors import SetupError
from deploy.local.gateways import FAX_DOMAIN, FIRST_EMAIL, PORTS, RELAY
from deploy.local.rights import grant_rights
from deploy.local.stack import Program, Stack
from schemas.rights import SWITCH
from services._runtime import topic_admin
from services._runtime.prepare import set_lifecycle
from services._runtime.settings import KafkaSettings, StoreSettings
from services.cli.surroundings import ready_dir, ready_processes, remember
from services.stages import STAGES

READY_SECONDS = 180.0


def stage_programs(stack: Stack, workers: Mapping[str, int]) -> list[Program]:
    """The supervisor's programs of all stages; `workers` says how many processes a stage gets, 1 if not named."""
    return [
        Program(
            name=name,
            command=(sys.executable, "-m", "services", name),  # not our own command: it would import all others
            env={
                "NATIVEFAX_STAGE_RUN_DIR": str(ready_dir(stack.root)),
                **_port(name, stack),
                **stack.settings_of(name),
            },
            processes=workers.get(name, 1),
            stop_seconds=30,
        )
        for name in STAGES
    ]


def _port(name: str, stack: Stack) -> dict[str, str]:
    served = name in PORTS and name != "email_in"
    return {"NATIVEFAX_STAGE_PORT": str(stack.ports[name])} if served else {}


def simulator(stack: Stack) -> Program:
    """The telephony of this machine: places the calls that the dialer asks for."""
    return Program(
        name="simulator",
        command=(sys.executable, "-m", "deploy.local.telephony"),
        env={"NATIVEFAX_STAGE_RUN_DIR": str(ready_dir(stack.root)), **stack.settings_of(SWITCH)},
        stop_seconds=30,
    )


def start_pipeline(stack: Stack, workers: Mapping[str, int], console: Console) -> None:
    """Start the parts, apply the topics, start the stages and wait until each process is ready.

    Raises:
        SetupError: Something stands in the way; the stack is to be stopped.
    """
    stack.start(lambda part, doing: tell(part, doing, console))
    os.environ.update(stack.environment)
    remember(stack.environment, stack.root)
    for stale in ready_dir(stack.root).glob("*.json"):
        stale.unlink()
    programs = [*stage_programs(stack, workers), simulator(stack)]
    with ThreadPoolExecutor() as threads:
        kept = threads.submit(set_lifecycle, StoreSettings())
        granted = threads.submit(grant_rights, KafkaSettings(), stack.settings_of)
        applied = topic_admin.apply_now(KafkaSettings())
        console.print(f"  {'topics':<10} {len(applied.created)} made, {len(applied.configured)} there", highlight=False)
        granted.result()
        stack.run(programs)
        kept.result()
    await_stages(stack, sum(program.processes for program in programs), console)


def tell(part: str, doing: str, console: Console) -> None:
    """One line for each step of a part; a count that moves stays on its line, and is left out of files and pipes."""
    moves = doing.startswith("jars ")
    if console.is_terminal or not moves:
        console.print(f"  {part:<10} {doing:<40}", end="\r" if moves else "\n", highlight=False)


def await_stages(stack: Stack, processes: int, console: Console) -> None:
    """Wait until `processes` processes are ready.

    Raises:
        SetupError: They are not in time; with where the logs are.
    """
    deadline = time.monotonic() + READY_SECONDS
    told: set[str] = set()
    while len(told) < processes:
        ready = ready_processes(stack.root)
        for one in ready:
            if one["pid"] not in told:
                console.print(f"  {one['stage']:<10} ready", highlight=False)
        told = {one["pid"] for one in ready}
        if time.monotonic() > deadline:
            missing = ", ".join(sorted(set(STAGES) - {one["stage"] for one in ready})) or "some processes"
            raise SetupError(f"Not ready within {READY_SECONDS:.0f} s: {missing}.", cure=f"Read {stack.root}/logs.")
        time.sleep(0.1)


def describe(stack: Stack, console: Console) -> None:
    """Say where to look."""
    console.print("\n[bold]Native Fax is up.[/bold]  Ctrl-C stops everything; nothing is lost by that.\n")
    places = {
        "Portal": f"{stack.environment['NATIVEFAX_PORTAL_URL']}  sign in as {FIRST_EMAIL} with "
        f"{stack.environment['NATIVEFAX_PORTAL_FIRST_PASSWORD']} (until that is changed)",
        "Mailbox": stack.mailbox_url,
        "API": stack.environment["NATIVEFAX_API_URL"],
        "ATAs": stack.environment["NATIVEFAX_ATA_URL"],
        "Switches": stack.environment["NATIVEFAX_TELEPHONY_URL"],
        "Faxes by mail": f"127.0.0.1:{stack.ports['email_in']}, as +12025550100@{FAX_DOMAIN}, for the relay {RELAY!r}",
        "Data": str(stack.root),
        "Logs": str(stack.root / "logs"),
    }
    for name, where in places.items():
        if where:
            console.print(f"  {name:<13} {where}", highlight=False)
    console.print("\nTry, in another terminal:\n")
    if shutil.which("nativefax") is None:
        console.print(f"  . {shlex.quote(str(Path(sys.prefix) / 'bin' / 'activate'))}", highlight=False)
    console.print(
        '  nativefax accounts add +12025550100 --name "Front desk" --email front.desk@clinic.example', highlight=False
    )
    console.print("  nativefax receive tests/data/pages/itu1.tif --to +12025550100", highlight=False)
    console.print(
        "  nativefax send tests/data/submitted/letter.pdf --from +12025550100 --to +12025550177\n", highlight=False
    )
