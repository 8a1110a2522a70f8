"""`nativefax store`: the policies of the object store."""

import json
from typing import Annotated

import typer

from schemas.rights import PROCESSES, STORE, StoreRights
from services._runtime.access.policies import policy
from services.cli.errors import Refused
from services.cli.terminal import console

app = typer.Typer(no_args_is_help=True)


@app.callback()
def store() -> None:
    """The object store's policies: what each stage may do there."""


@app.command("policy", epilog="Example:\n\nnativefax store policy router --bucket nativefax > router.json")
def print_policy(
    process: Annotated[str, typer.Argument(help="which stage, or `switch`", metavar="STAGE")],
    bucket: Annotated[str, typer.Option(help="the bucket's name", envvar="NATIVEFAX_STORE_BUCKET")] = "nativefax",
    strict: Annotated[
        bool, typer.Option("--strict", help="for stores that answer 404 to whoever may not list, as SeaweedFS does")
    ] = False,
) -> None:
    """Print the policy (IAM, JSON) of a stage's identity: what it reads, writes, deletes and lists, and no more.

    A stage that needs nothing of the store has none: give it no identity.
    """
    if process not in PROCESSES:
        raise Refused(f"There is no stage {process!r}. There are {', '.join(PROCESSES)}.")
    if STORE[process] == StoreRights():
        raise Refused(f"{process} needs nothing of the object store: give it no identity there.")
    written = json.dumps(policy(process, bucket, names_when_missing=not strict), indent=2)
    console().print(written, highlight=False, soft_wrap=True, markup=False)
