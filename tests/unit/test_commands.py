"""What `nativefax --help` says of a command without importing it is what the command says of itself."""

import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from services._runtime.history.settings import HistorySettings
from services._runtime.outcomes import DependencyAway
from services.cli import main
from services.cli.commands import COMMANDS
from services.cli.surroundings import explain
from services.cli.terminal import tell_warnings
from services.ingest.email_in.settings import EmailInSettings
from services.retention.settings import RetentionSettings


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


@pytest.mark.parametrize(
    ("settings", "name", "value"),
    [
        (RetentionSettings, "NATIVEFAX_RETENTION_OBJECTS_PER_SECOND", "10"),
        (EmailInSettings, "NATIVEFAX_EMAIL_IN_PORT", "a"),
        *(
            (HistorySettings, "NATIVEFAX_HISTORY_DATABASE", address)
            for address in ("nonsense", "mysql://a:b@host/db", "postgresql://a:b@host:port/db", "")
        ),
    ],
)
def test_a_setting_that_is_wrong_is_told_by_the_name_that_a_person_sets(
    settings: type[BaseSettings], name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as wrong:
        settings()
    assert f" {name}: " in str(explain(wrong.value))


def test_what_is_away_is_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away() -> None:
        raise DependencyAway("object-store", "EndpointConnectionError")

    monkeypatch.setattr(main, "app", away)
    with pytest.raises(SystemExit):
        main.main()
    told = capsys.readouterr().err
    assert "object-store is away: EndpointConnectionError" in told
    assert "`nativefax doctor`" in told


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    quiet = {name: logging.getLogger(name).level for name in ("aiokafka", "asyncio")}
    yield
    root.handlers[:], root.level = handlers, level
    for name, was in quiet.items():
        logging.getLogger(name).setLevel(was)


@pytest.mark.usefixtures("logging_as_before")
def test_a_warning_is_told_with_what_it_is_of(capsys: pytest.CaptureFixture[str]) -> None:
    tell_warnings()
    log = logging.getLogger("services.retention.incoming")
    log.error("uploads without a fax are kept", extra={"day": "2026-11-28", "uploads": 3})
    log.info("nothing to tell")
    logging.getLogger("aiokafka.client").error("Unable connect to node")
    assert capsys.readouterr().err == "uploads without a fax are kept: day 2026-11-28, uploads 3\n"
