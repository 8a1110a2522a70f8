"""`nativefax accounts`, `operators` and `resellers` as a person at a shell runs them, against a served portal."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from services.cli import account_changes, operators
from services.cli.errors import Refused
from tests.integration.shell_world import Shell, at_a_shell

NUMBER, SEEDED = "+12025550188", "+12025550101"
USER = ("--name", "Ward 3", "--email", "ward.3@new.example")


@pytest.fixture
async def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shell]:
    async with at_a_shell(tmp_path, monkeypatch) as made:
        yield made


async def test_one_command_makes_what_is_missing(shell: Shell) -> None:
    told = await shell.run("add", NUMBER, *USER, "--domain", "new.example", "--notify", "more@new.example")
    assert "new.example is a domain now." in told
    assert re.search(rf"\{NUMBER} is a fax account now \([0-9a-f-]+, version 1\)\. It is live\.", told)
    again = await shell.run("add", NUMBER, *USER, "--domain", "new.example", "--handling", "portal")
    assert re.search(r"is changed \([0-9a-f-]+, version 2\)", again)
    shown = await shell.run("show", NUMBER)
    assert '"notify": [' in shown, "what isn't named stays"
    assert '"handling": "portal"' in shown
    await shell.run("remove", NUMBER)
    assert f"{NUMBER}" in await shell.run("list")
    assert "removed, kept until" in await shell.run("list")
    back = await shell.run("add", "+1 (202) 555-0188", *USER, "--domain", "new.example")
    assert f"{NUMBER} is a fax account now" in back
    assert '"version": 1' in await shell.run("show", NUMBER), "another account, not the one that was removed"


async def test_an_adapter_is_given_its_code_and_a_program_its_token(shell: Shell) -> None:
    device = ("--method", "ata", "--ata-type", "Grandstream HT801", "--ata-serial", "00-AB")
    told = await shell.run("add", SEEDED, "--name", "Front Desk", "--email", "front.desk@clinic.example", *device)
    code = re.findall(r"^  ([A-Z2-9]{16})$", told, re.MULTILINE)
    assert len(code) == 1
    other = re.findall(r"^  ([A-Z2-9]{16})$", await shell.run("enrol", SEEDED), re.MULTILINE)
    assert len(other) == 1
    assert other != code
    assert re.search(r"nfx_ehr_\w{64}", await shell.run("token", SEEDED, "--name", "ehr", "--days", "9"))
    with pytest.raises(Refused, match=r"has no token 'other'\. It has: ehr"):
        await shell.run("revoke", SEEDED, "--name", "other")
    assert "is revoked" in await shell.run("revoke", SEEDED, "--name", "ehr")
    await shell.run("change", SEEDED, "--method", "email")
    with pytest.raises(Refused, match="has no ATA"):
        await shell.run("enrol", SEEDED)


async def test_a_user_with_an_extension_is_found_or_made(shell: Shell) -> None:
    await shell.run("add", SEEDED, "--name", "Any", "--email", "ben.ruiz@clinic.example", "--extension", "1003")
    assert "Ben Ruiz" in await shell.run("list")
    with pytest.raises(Refused, match="1001 is Front Desk's"):
        await shell.run("change", SEEDED, "--email", "somebody@clinic.example", "--extension", "1001")
    await shell.run("change", SEEDED, "--name", "New", "--email", "new@clinic.example", "--extension", "2001")
    assert '"extension": "2001"' in await shell.run("show", SEEDED)


async def test_what_is_refused_is_said_with_what_to_do(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    device = ("--method", "ata", "--ata-type", "Typewriter", "--ata-serial", "1")
    cases: list[tuple[tuple[str, ...], str]] = [
        (("add", SEEDED, *USER, *device), "“Typewriter” is not among the device types.*The list: .*Grandstream HT801"),
        (("add", "+12025550111", *USER), "its treatment is user"),
        (("add", SEEDED, *USER, "--time-zone", "Mars"), "[Tt]ime zone"),
        (("show", "+12025550103"), "is no fax account"),
        (("add", "2025550101", *USER), "with its country code"),
    ]
    for arguments, words in cases:
        with pytest.raises(Refused, match=words):
            await shell.run(*arguments)
    monkeypatch.setenv("NATIVEFAX_PORTAL_TOKEN", "nfp_cli_" + "0" * 64)
    with pytest.raises(Refused, match="This token is not known"):
        await shell.run("list")
    monkeypatch.delenv("NATIVEFAX_PORTAL_TOKEN")
    with pytest.raises(Refused, match="Make a token on the portal's page API tokens"):
        await shell.run("list")
    monkeypatch.setenv("NATIVEFAX_PORTAL_TOKEN", "nfp_cli_" + "0" * 64)
    monkeypatch.setenv("NATIVEFAX_PORTAL_URL", "http://127.0.0.1:1")
    with pytest.raises(Refused, match="can't be reached"):
        await shell.run("list")


async def test_an_account_that_no_stage_knows_is_not_called_live(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_changes, "LIVE_SECONDS", 0.3)
    shell.live = "becoming live"
    assert "It isn't live yet" in await shell.run("add", SEEDED, *USER)


async def test_operators_and_resellers_are_made_where_the_database_is(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NATIVEFAX_PORTAL_DATABASE", f"sqlite:///{make_url(str(shell.world.engine.url)).database}")

    def of(command: Any) -> Callable[..., Any]:
        return lambda *arguments: shell.run(*arguments, command=command)

    operator, reseller = of(operators.operators), of(operators.resellers)
    told = await operator("add", "new@isp.example", "--name", "New One")
    password = re.findall(r"^  ([0-9a-f-]{27})$", told, re.MULTILINE)[0]
    who = await shell.world.services.people.recognise("new@isp.example", password)
    assert who is not None
    assert who.must_change
    assert "the first one" in await operator("list")
    assert "is no operator any more" in await operator("remove", "new@isp.example")
    with pytest.raises(Refused, match="is no operator"):
        await operator("remove", "new@isp.example")
    with pytest.raises(Refused, match="is no email address"):
        await operator("add", "nobody", "--name", "N")
    assert "shown again" in await reseller("add", "third", "--email", "owner@third.example", "--name", "Tia")
    with pytest.raises(Refused, match="signs in for third already"):
        await reseller("add", "third", "--email", "owner@third.example", "--name", "Tia")
    assert "owner@third.example" in await reseller("list")
    monkeypatch.setenv("NATIVEFAX_PORTAL_DATABASE", "")
    with pytest.raises(Refused, match="names no database"):
        await operator("list")
