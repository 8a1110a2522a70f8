"""A shell whose environment names a served portal, and a token of its reseller."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from typer.testing import CliRunner

from services._runtime.wrapping import HttpMetrics, Wrapping
from services.cli import accounts
from services.cli.errors import Refused
from services.portal.api.application import api
from services.portal.api.problems import broken
from services.portal.inventory.views import Account, LiveState
from services.portal.web.signing_in.tokens import MadeToken
from tests.providers.portal import EMAILS, Portal, portal, served


@dataclass
class Shell:
    """Somebody at a shell, with a token of the reseller in the environment."""

    world: Portal
    live: LiveState = "live"

    async def run(self, *arguments: str, command: Any = accounts.app) -> str:
        """What it prints, if it succeeds; raises `Refused` as the command's main would catch it."""
        ended = await asyncio.to_thread(CliRunner().invoke, command, list(arguments))
        if isinstance(ended.exception, Refused):
            raise ended.exception
        assert ended.exit_code == 0, (ended.output, ended.exception)
        return ended.output


@asynccontextmanager
async def at_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shell]:
    """With the portal behind it."""
    async with portal(tmp_path) as world:
        made = Shell(world)

        def state(_: Account) -> LiveState:
            return made.live

        web = Wrapping(api(replace(world.services, live=state)), HttpMetrics(CollectorRegistry(), "portal_api"), broken)
        (owner,) = await world.services.people.known_by(EMAILS["reseller"])
        token = await world.services.tokens.make(owner, "cli")
        assert isinstance(token, MadeToken)
        async with served(web) as url:
            monkeypatch.setenv("NATIVEFAX_KAFKA_BOOTSTRAP", "unused:1")
            monkeypatch.setenv("NATIVEFAX_PORTAL_URL", url)
            monkeypatch.setenv("NATIVEFAX_PORTAL_TOKEN", token.text)
            monkeypatch.setenv("COLUMNS", "200")
            yield made
