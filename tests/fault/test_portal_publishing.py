"""From the portal's database to every table, on real Kafka: live when all have read it, whoever is killed meanwhile."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.accounts import FaxAccount, RemovedAccount
from schemas.base import Event
from schemas.envelope import decode
from schemas.topics import FAX_ACCOUNTS
from services._runtime.account_table import AccountTable
from services._runtime.kafka import client_options
from services._runtime.settings import KafkaSettings
from services.portal.inventory.live import LiveStates
from services.portal.inventory.views import Account
from tests.fault.api_process import history_url, make_history
from tests.fault.workers import workers
from tests.integration.inventory_world import NUMBERS, RESELLER, World, saved, world
from tests.providers.cluster import Cluster

RELAY = ["-m", "tests.fault.portal_relay"]
ROUTER = ["-m", "services", "router"]
TABLES = {"router": ROUTER, **{one: ["-m", "services", one] for one in ("api", "ata", "email_in")}}
"""The processes that decide by the accounts."""


@pytest.fixture
def portal_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/portal.sqlite"


@pytest.fixture
async def portal(portal_url: str) -> AsyncIterator[World]:
    async with world(portal_url) as made:
        yield made


@pytest.fixture
async def live(kafka: KafkaSettings) -> AsyncIterator[LiveStates]:
    states = LiveStates(kafka)
    await states.start()
    yield states
    await states.stop()


def environment(cluster: Cluster, portal_url: str, folder: Path) -> dict[str, str]:
    return {
        **cluster.environment,
        "PORTAL_DATABASE": portal_url,
        "NATIVEFAX_HISTORY_DATABASE": history_url(folder),
        "NATIVEFAX_ATA_DATABASE": f"sqlite:///{folder}/ata.sqlite",
        "NATIVEFAX_EMAIL_IN_DOMAINS": json.dumps(["fax.reseller.example"]),
        "NATIVEFAX_EMAIL_IN_PORT": "0",
        "NATIVEFAX_EMAIL_IN_REQUIRE_TLS": "false",
    }


async def until(what: str, check: Callable[[], bool], seconds: float = 60) -> float:
    """How long it took, in seconds, until `check` held."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(seconds):
            while not check():  # noqa: ASYNC110 - a poll with a bound
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"not within {seconds:.0f} s: {what}")
    return time.monotonic() - began


async def records_of(kafka: KafkaSettings, account: Account) -> list[FaxAccount | RemovedAccount]:
    """An account's records, as they lie on the topic."""
    found: list[Event] = []
    partition = TopicPartition(FAX_ACCOUNTS.name, 0)
    async with AIOKafkaConsumer(**client_options(kafka), auto_offset_reset="earliest") as consumer:
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        while await consumer.position(partition) < end:
            records = (await consumer.getmany(timeout_ms=500)).get(partition, ())
            found += [decode(FAX_ACCOUNTS, one.headers, one.value) for one in records]
    mine = [one for one in found if isinstance(one, FaxAccount | RemovedAccount)]
    return [one for one in mine if one.account_id == account.account_id]


async def test_an_account_becomes_live_when_the_router_has_read_it(
    cluster: Cluster, kafka: KafkaSettings, portal: World, portal_url: str, live: LiveStates, tmp_path: Path
) -> None:
    with workers(tmp_path, environment(cluster, portal_url, tmp_path), [ROUTER]) as (router,):
        account = (await portal.added()).account
        assert live.state(account) == "becoming live"
        with workers(tmp_path, environment(cluster, portal_url, tmp_path), [RELAY]):
            await until("the account is live", lambda: live.state(account) == "live")
            changed = saved(await portal.inventory.secrets.new_token(RESELLER, account.account_id, "t", ["faxes:send"]))
            assert live.state(changed.account) == "becoming live"
            await until("the change is live", lambda: live.state(changed.account) == "live")
            router.send(signal.SIGSTOP)
            gone = saved(await portal.inventory.accounts.remove(RESELLER, account.account_id, 2)).account
            await until(
                "the removal is published", lambda: live._publications.newest[gone.account_id].version == gone.version
            )
            assert live.state(gone) == "becoming live"
            router.send(signal.SIGCONT)
            await until("the removal is live", lambda: live.state(gone) == "live")
    first, second, last = await records_of(kafka, account)
    assert (first.version, second.version, last.version) == (1, 2, 3)
    assert isinstance(last, RemovedAccount)


async def test_relays_that_are_killed_publish_every_version_in_order(
    cluster: Cluster, kafka: KafkaSettings, portal: World, portal_url: str, tmp_path: Path
) -> None:
    await changed_while_relays_die(cluster, kafka, portal, portal_url, tmp_path, kills=2)


@pytest.mark.chaos
async def test_relays_that_are_killed_over_and_over(
    cluster: Cluster, kafka: KafkaSettings, portal: World, portal_url: str, tmp_path: Path
) -> None:
    await changed_while_relays_die(cluster, kafka, portal, portal_url, tmp_path, kills=20)


async def changed_while_relays_die(
    cluster: Cluster, kafka: KafkaSettings, portal: World, portal_url: str, folder: Path, *, kills: int
) -> None:
    """Two relay; one after the other is killed at any moment while accounts change."""
    accounts = [(await portal.added(one)).account for one in NUMBERS[:3]]
    table = AccountTable(kafka)
    await table.start()
    with workers(folder, environment(cluster, portal_url, folder), [RELAY] * 2) as relays:
        for kill in range(kills):
            for _ in range(8):
                for one in accounts:
                    await portal.inventory.secrets.new_token(RESELLER, one.account_id, "t", ["faxes:send"])
            victim = relays[kill % 2]
            victim.kill()
            victim.ready()  # starts it anew
        newest = [(await portal.inventory.lists.account(RESELLER, one.account_id)).version for one in accounts]
        await until("all is published", lambda: versions(table, accounts) == newest)
    await table.stop()
    for one, last in zip(accounts, newest, strict=True):
        published = [record.version for record in await records_of(kafka, one)]
        assert list(dict.fromkeys(published)) == list(range(1, last + 1))


def versions(table: AccountTable, accounts: list[Account]) -> list[int]:
    """What the table knows of them."""
    known = {one.account_id: one.version for one in table.records}
    return [known.get(one.account_id, 0) for one in accounts]


async def test_what_a_stopped_relay_had_under_way_never_lands_behind_newer_words(
    cluster: Cluster, kafka: KafkaSettings, portal: World, portal_url: str, tmp_path: Path
) -> None:
    """Only the last word of a key outlives compaction: it must be the newest."""
    stopped = tmp_path / "stopped"
    account = (await portal.added()).account
    surroundings = environment(cluster, portal_url, tmp_path)
    with workers(tmp_path, {**surroundings, "PORTAL_STOPS": str(stopped)}, [RELAY]) as (first,):
        await until("it stands before its publish", stopped.exists)
        saved(await portal.inventory.secrets.new_token(RESELLER, account.account_id, "t", ["faxes:send"]))
        table = AccountTable(kafka)
        await table.start()
        with workers(tmp_path, surroundings, [RELAY]):
            await until("another published", lambda: versions(table, [account]) == [2])
            first.send(signal.SIGCONT)
            await until("the first was answered", stopped.with_suffix(".answered").exists)
            assert [one.version for one in await records_of(kafka, account)] == [1, 2]
        await table.stop()


@pytest.mark.chaos
async def test_every_process_that_decides_by_the_accounts_tells_its_position(
    cluster: Cluster, portal_url: str, live: LiveStates, tmp_path: Path
) -> None:
    await make_history(tmp_path)
    with workers(tmp_path, environment(cluster, portal_url, tmp_path), list(TABLES.values())):
        await until(
            "all are heard of", lambda: {one.partition("/")[0] for one in live._tables._heard} >= set(TABLES), 60
        )
