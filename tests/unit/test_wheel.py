"""The wheel, of which the image is made, has every file that the stages need, and none of what only developers do."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deploy.checks.helm import HERE

PACKAGES = ("schemas", "services", "deploy/local")
LEFT_OUT = ("deploy/chart", "deploy/checks", "deploy/dashboards", "tests")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=HERE, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        return set(files.namelist())


def in_the_tree(package: str) -> set[str]:
    files = (one for one in (HERE / package).rglob("*") if one.is_file() and "__pycache__" not in one.parts)
    return {one.relative_to(HERE).as_posix() for one in files}


@pytest.mark.parametrize("package", PACKAGES)
def test_it_has_all_of_a_package(package: str, packed: set[str]) -> None:
    wanted = in_the_tree(package)
    assert wanted <= packed
    assert {Path(one).suffix for one in wanted} >= {".py"}


def test_it_has_templates_styles_and_migrations(packed: set[str]) -> None:
    for sign in ("/templates/", "/static/", "/migrations/"):
        assert [one for one in packed if sign in one and one.startswith("services/")]


def test_it_has_nothing_of_developers(packed: set[str]) -> None:
    assert not [one for one in packed if one.startswith(LEFT_OUT) or one.endswith(".env")]
