"""What `nativefax --help` says of a command without importing it is what the command says of itself."""

import subprocess
import sys

import pytest

from services.cli.commands import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_what_its_list_says(name: str) -> None:
    command = COMMANDS[name].load()
    assert (command.help or "").strip() == COMMANDS[name].does
    assert not [one.name for one in command.params if "completion" in (one.name or "")]


def test_a_group_of_one_command_is_a_group() -> None:
    assert list(COMMANDS["store"].load().commands) == ["policy"]


def test_a_command_imports_only_its_own_libraries() -> None:
    asked = (
        "import sys; from services.cli.commands import COMMANDS; COMMANDS['lag'].load(); "
        "print([one for one in ('boto3', 'fastapi', 'faststream', 'numpy', 'sqlalchemy') if one in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout == "[]\n"
