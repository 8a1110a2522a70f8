"""`nativefax holds` as a person at a shell runs it: the portal keeps holds, and what others wrote is still found."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from schemas.envelope import encode
from schemas.retention import HoldChanged
from schemas.topics import FAX_HOLDS
from services._runtime import topic_admin
from services._runtime.database import transaction
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings
from services.cli import holds, stray_holds
from services.cli.errors import Refused
from services.portal.inventory.tables import AUDIT, DOMAINS, OUTBOX
from tests.integration.shell_world import Shell, at_a_shell
from tests.providers.cluster import Cluster
from tests.providers.portal import DOMAIN, OTHER

WHY = ("--reason", "Case 2026-114")


@dataclass
class Written:
    """A record of the topic, as `services._runtime.records.Record` has it."""

    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes | None]]
    topic: str = FAX_HOLDS.name
    partition: int = 0
    offset: int = 0
    timestamp: int = 0


@dataclass
class AtHolds:
    """A shell, and the topic: what others wrote to it first, then all that the portal publishes."""

    shell: Shell
    others: list[Written] = field(default_factory=list)

    async def run(self, *arguments: str) -> str:
        return await self.shell.run(*arguments, command=holds.app)

    def held_by_others(self, scope: str) -> None:
        event = HoldChanged(scope=scope, held=True, reason="Old", by="root", at=datetime(2026, 1, 2, tzinfo=UTC))
        value, headers = encode(event, source="cli", at=event.at)
        self.others.append(Written(scope.encode(), value, headers))

    async def published(self) -> list[Written]:
        chosen = select(OUTBOX).where(OUTBOX.c.topic == FAX_HOLDS.name).order_by(OUTBOX.c.id)
        async with transaction(self.shell.world.engine) as connection:
            rows = (await connection.execute(chosen)).all()
        return [
            Written(row.key, row.value, [(name, text.encode()) for name, text in json.loads(row.headers)])
            for row in rows
        ]

    async def topic(self) -> Sequence[HoldChanged]:
        """What the command finds in the topic."""
        table = holds.Unlisted(KafkaSettings(bootstrap="unused:1"))
        for record in [*self.others, *await self.published()]:
            table.take(record)
        return table.held


@pytest.fixture
async def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AtHolds]:
    async with at_a_shell(tmp_path, monkeypatch) as shell:
        made = AtHolds(shell)
        monkeypatch.setattr(holds, "_read", made.topic)
        yield made


async def said(at: AtHolds) -> list[dict[str, Any]]:
    return [json.loads(one.value) for one in await at.published()]


async def test_a_hold_of_each_kind_is_the_portals(at: AtHolds) -> None:
    told = await at.shell.run("add", "+12025550101", "--name", "A", "--email", "a@clinic.example", "--domain", DOMAIN)
    account = told.partition("(")[2].partition(",")[0]
    fax = await at.shell.world.stored.put("ready", "routed", account_id=account)
    scopes = (f"fax:{fax}", f"account:{account}", f"domain:{DOMAIN}")
    for scope in scopes:
        assert f"{scope} is on hold" in await at.run("set", scope, *WHY)
    listed = await at.run("list")
    assert all(scope in listed for scope in scopes)
    assert "Nora Wind" in listed, "whose token it is"
    for scope in scopes:
        assert f"The hold on {scope} is lifted." in await at.run("lift", scope, "--reason", "Over", "--by", "A judge")
    assert "There are no holds." in await at.run("list")
    assert [(one["scope"], one["held"]) for one in await said(at)] == [
        (scope, held) for held in (True, False) for scope in scopes
    ]
    assert {(one["reason"], one["by"]) for one in await said(at) if not one["held"]} == {("Over", "A judge")}
    async with transaction(at.shell.world.engine) as connection:
        lines = (await connection.execute(select(AUDIT).where(AUDIT.c.what == "hold.lifted"))).all()
    assert {(one.name, one.domain) for one in lines} == {("Nora Wind", DOMAIN)}, "whoever decided"


async def test_what_was_held_before_the_portal_kept_holds_is_listed_and_lifted(at: AtHolds) -> None:
    unclaimed = await at.shell.world.stored.put("ready", "unclaimed", account_id=None, domain=None)
    scopes = (f"domain:{DOMAIN}", f"fax:{unclaimed}")
    for scope in scopes:
        at.held_by_others(scope)
    listed = await at.run("list")
    assert all(scope in listed for scope in scopes)
    assert "no" in listed.splitlines()[1].split(), "marked"
    for scope in scopes:
        assert "is lifted" in await at.run("lift", scope, "--reason", "Over")
    assert "There are no holds." in await at.run("list")
    assert [(one["scope"], one["held"]) for one in await said(at)] == [(scope, False) for scope in scopes]
    with pytest.raises(Refused, match="There is no hold on"):
        await at.run("lift", scopes[0], "--reason", "Over")


async def test_a_hold_that_is_set_again_becomes_the_portals(at: AtHolds) -> None:
    at.held_by_others(f"domain:{DOMAIN}")
    await at.run("set", f"domain:{DOMAIN}", *WHY)
    listed = await at.run("list")
    assert "Case 2026-114" in listed
    assert "Old" not in listed


async def test_nobody_holds_or_lifts_what_is_anothers(at: AtHolds) -> None:
    fax = await at.shell.world.stored.put("ready", "routed", account_id="a", reseller="rival", domain=OTHER)
    async with transaction(at.shell.world.engine) as connection:
        row = {"domain": "empty.example", "reseller": "reseller", "maximum": None, "region": "US"}
        await connection.execute(insert(DOMAINS), row)
    for scope in (f"domain:{OTHER}", f"fax:{fax}", f"fax:{UUID(int=1)}", "account:a", "domain:none.example"):
        at.held_by_others(scope)
        for command in ("set", "lift"):
            with pytest.raises(Refused, match=f"The portal knows no {scope} of"):
                await at.run(command, scope, *WHY)
    assert await said(at) == []


async def test_what_is_no_scope_or_has_no_reason_is_refused(at: AtHolds) -> None:
    for scope in ("clinic.example", "fax:7C9E", "all:x", "domain:"):
        with pytest.raises(Refused, match="is no scope"):
            await at.run("set", scope, *WHY)
    with pytest.raises(Refused, match="Give a reason"):
        await at.run("set", f"domain:{DOMAIN}", "--reason", " ")
    with pytest.raises(Refused, match="at most 200 characters"):
        await at.run("set", f"domain:{DOMAIN}", "--reason", "x" * 201)
    assert await said(at) == []


async def test_the_topic_tells_who_wrote_a_hold(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    await asyncio.to_thread(topic_admin.apply_now, KafkaSettings())
    portals, others = f"fax:{uuid4()}", f"fax:{uuid4()}"
    await write("portal", portals, held=True)
    await write("cli", others, held=True)
    held = {one.scope for one in await holds._read()}
    assert others in held
    assert portals not in held
    for scope in (portals, others):
        await write("portal", scope, held=False)
    assert others not in {one.scope for one in await holds._read()}


async def write(source: str, scope: str, *, held: bool) -> None:
    publisher = Publisher(KafkaSettings(), source=source, confirm_seconds=30)
    await publisher.start()
    await publisher.publish_events([HoldChanged(scope=scope, held=held, reason="r", by="b", at=datetime.now(UTC))])
    await publisher.stop()


async def test_a_stray_hold_is_lifted_where_the_portals_database_is(
    at: AtHolds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for scope in ("domain:gone.example", f"domain:{DOMAIN}"):
        at.held_by_others(scope)
    monkeypatch.setattr(stray_holds, "holds_now", lambda _kafka: at.topic())
    with pytest.raises(Refused, match="NATIVEFAX_HISTORY_DATABASE"):
        await at.run("strays")
    monkeypatch.setenv("NATIVEFAX_PORTAL_DATABASE", f"sqlite:///{tmp_path}/portal.sqlite")
    monkeypatch.setenv("NATIVEFAX_HISTORY_DATABASE", f"sqlite:///{tmp_path}/history.sqlite")
    assert [line.split()[0] for line in (await at.run("strays")).splitlines()[1:]] == ["domain:gone.example"]
    with pytest.raises(Refused, match="no stray hold"):
        await at.run("lift-stray", f"domain:{DOMAIN}", *WHY)
    assert "is lifted" in await at.run("lift-stray", "domain:gone.example", *WHY)
    assert "There are no stray holds." in await at.run("strays")
    (word,) = await said(at)
    assert (word["scope"], word["held"]) == ("domain:gone.example", False)
    assert word["by"].endswith("at the command line")
