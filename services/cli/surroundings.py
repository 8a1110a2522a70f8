"""Which pipeline a command speaks to: the one the environment names, or the one `nativefax up` runs here."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from deploy.local.errors import SetupError
from deploy.local.programs import write_private

ROOT = Path(os.environ.get("NATIVEFAX_ROOT", ".local"))
"""Where the local stack keeps everything."""


def remember(environment: dict[str, str], root: Path) -> None:
    """Leave the settings of the running stack for other commands, readable to this user only."""
    write_private(root / "run" / "environment.json", json.dumps(environment))


def ready_dir(root: Path) -> Path:
    """Where each ready process leaves its file."""
    return root / "run" / "ready"


def ready_processes(root: Path) -> list[dict[str, str]]:
    """The processes that are ready now: stage, pid, address of /live, /ready and /metrics."""
    found = [json.loads(file.read_text()) for file in sorted(ready_dir(root).glob("*.json"))]
    return [one for one in found if Path(f"/proc/{one['pid']}").exists()]


def adopt(root: Path) -> None:
    """Take over the settings of the stack below `root`, where this process's environment has none of its own.

    Raises:
        SetupError: No pipeline is named and none was started here.
    """
    if "NATIVEFAX_KAFKA_BOOTSTRAP" in os.environ:
        return
    file = root / "run" / "environment.json"
    if not file.exists():
        raise SetupError(
            f"No pipeline is named by NATIVEFAX_KAFKA_BOOTSTRAP, and none was started in {root.absolute()}.",
            cure="Start one with `make run` (or `nativefax up`) in another terminal, or set NATIVEFAX_… for a cluster.",
        )
    for name, value in json.loads(file.read_text()).items():
        os.environ.setdefault(name, value)


def _below(settings: type[BaseSettings]) -> Iterator[type[BaseSettings]]:
    for one in settings.__subclasses__():
        yield one
        yield from _below(one)


def explain(error: ValidationError) -> SetupError:
    """Settings that are missing or wrong, as a sentence with names a person can set."""
    prefixes = {one.__name__: str(one.model_config.get("env_prefix", "")) for one in _below(BaseSettings)}
    prefix = prefixes.get(error.title, "NATIVEFAX_")
    wrong = [
        f"{prefix}{str(one['loc'][0]).upper()}: {one['msg'].removeprefix('Value error, ')}"
        for one in error.errors(include_input=False)
        if one["loc"]
    ]
    return SetupError(
        "Settings are missing or wrong. " + "; ".join(wrong) + ".",
        cure="`nativefax doctor` shows what is set; the README lists every setting.",
    )
