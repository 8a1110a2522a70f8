"""How a device comes to its secret, and what the secret is good for. On both databases."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from schemas.accounts import AtaDevice
from services._runtime.database import transaction
from services.ingest.ata.devices import revoke
from services.ingest.ata.problems import Refused
from services.ingest.ata.tables import DEVICES
from tests.integration.ata_world import AT, CODE, SERIAL, World, enrolment, with_ata

OTHER = "ZZ3DEFGH2JKLMN4P"


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    world = await World.on(database)
    yield world
    await world.engine.dispose()


async def status(world: World, secret: str, serial: str = SERIAL) -> int:
    return (await world.ask("GET", "/v1/ata/received", auth=(serial, secret))).status_code


async def row(world: World) -> dict[str, object]:
    async with transaction(world.engine) as connection:
        return dict((await connection.execute(select(DEVICES))).one()._mapping)


async def test_a_code_gives_a_secret_once(world: World) -> None:
    assert (await world.enrol()).status_code == 201
    assert await status(world, world.secret) == 200
    again = await world.enrol()
    assert (again.status_code, again.json()["type"]) == (409, "/problems/code-used")
    assert await status(world, world.secret) == 200


async def test_the_secret_is_kept_as_a_hash_only(world: World) -> None:
    await world.enrol()
    assert world.secret not in str(await row(world))


@pytest.mark.parametrize("written", ["ab3d efgh 2jkl mn4p", "AB3D-EFGH-2JKL-MN4P"])
async def test_a_code_may_be_typed_in_groups(world: World, written: str) -> None:
    assert (await world.enrol(written)).status_code == 201


async def test_of_many_who_show_one_code_one_gets_a_secret(world: World) -> None:
    answers = await asyncio.gather(*(world.enrol() for _ in range(8)))
    assert sorted(one.status_code for one in answers) == [201] + [409] * 7
    (secret,) = [one.json()["secret"] for one in answers if one.is_success]
    assert await status(world, secret) == 200


def told(answer: httpx.Response) -> dict[str, Any]:
    """An answer without the name of its request."""
    return {name: value for name, value in answer.json().items() if name != "request_id"}


async def test_an_unknown_serial_and_a_wrong_code_are_answered_alike(world: World) -> None:
    unknown, wrong = await world.enrol(serial="nobody"), await world.enrol(OTHER)
    assert unknown.status_code == wrong.status_code == 403
    assert told(unknown) == told(wrong)


async def test_a_device_without_a_code_cannot_enrol(world: World) -> None:
    world.accounts.known = [with_ata(AtaDevice(device_type="HT801", serial=SERIAL))]
    assert (await world.enrol()).json()["type"] == "/problems/enrolment-refused"


async def test_a_code_ends_at_its_moment(world: World) -> None:
    world.now = AT + timedelta(days=7)
    assert (await world.enrol()).json()["type"] == "/problems/code-expired"
    world.now -= timedelta(microseconds=1)
    assert (await world.enrol()).status_code == 201


async def test_guessing_runs_out_of_attempts(world: World) -> None:
    answers = [await world.enrol(OTHER) for _ in range(11)]
    assert [one.status_code for one in answers] == [403] * 10 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    serials = [await world.enrol(OTHER, serial=f"serial-{number}") for number in range(30)]
    assert {one.status_code for one in serials} == {403, 429}


async def test_who_guesses_elsewhere_does_not_keep_the_device_from_enrolling(world: World) -> None:
    for _ in range(11):
        with pytest.raises(Refused):
            await world.devices.enrol(SERIAL, OTHER, "192.0.2.66")
    assert (await world.enrol()).status_code == 201


async def test_the_serial_alone_proves_nothing(world: World) -> None:
    await world.enrol()
    for secret in ("", SERIAL, CODE, world.secret[:-1], f"{world.secret}x"):
        assert await status(world, secret) == 401


async def test_unknown_wrong_replaced_and_revoked_are_answered_alike(world: World) -> None:
    await world.enrol()
    old = world.secret
    answers = [await world.ask("GET", "/v1/ata/received", auth=one) for one in (("nobody", old), (SERIAL, "wrong"))]
    world.accounts.known = [with_ata(enrolment(OTHER))]
    answers.append(await world.ask("GET", "/v1/ata/received"))
    await world.enrol(OTHER)
    answers.append(await world.ask("GET", "/v1/ata/received", auth=(SERIAL, old)))
    await revoke(world.engine, SERIAL)
    answers.append(await world.ask("GET", "/v1/ata/received"))
    assert [one.status_code for one in answers] == [401] * 5
    assert all(told(one) == told(answers[0]) for one in answers)
    assert all(one.headers["WWW-Authenticate"].startswith("Basic ") for one in answers)


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic !", "Basic bm9jb2xvbg==", "Basic /////w==", "Bearer x", "Basic AHg6eA=="]
)
async def test_headers_that_are_no_credentials_are_refused(world: World, header: str) -> None:
    answer = await world.ask("GET", "/v1/ata/received", auth=None, headers={"Authorization": header})
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-authenticated")


async def test_a_new_code_ends_the_secret_and_allows_to_enrol_anew(world: World) -> None:
    await world.enrol()
    old = world.secret
    world.accounts.known = [with_ata(enrolment(OTHER))]
    assert await status(world, old) == 401
    assert (await world.enrol()).status_code == 403
    assert (await world.enrol(OTHER)).status_code == 201
    assert [await status(world, old), await status(world, world.secret)] == [401, 200]


async def test_a_code_that_was_cleared_away_ends_nothing(world: World) -> None:
    await world.enrol()
    world.accounts.known = [with_ata(AtaDevice(device_type="HT801", serial=SERIAL))]
    assert await status(world, world.secret) == 200


async def test_a_device_that_was_taken_from_its_account_may_nothing(world: World) -> None:
    await world.enrol()
    for known in ([], [with_ata(enrolment(serial="other"))], [with_ata(enrolment(), account_id="acc-2")]):
        world.accounts.known = known
        answer = await world.ask("GET", "/v1/ata/received")
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/device-not-allowed")


async def test_an_operator_revokes_and_the_code_stays_used(world: World) -> None:
    await world.enrol()
    assert await revoke(world.engine, SERIAL)
    assert not await revoke(world.engine, "nobody")
    assert await status(world, world.secret) == 401
    assert (await world.enrol()).status_code == 409


async def test_the_old_secret_works_until_the_new_one_is_used(world: World) -> None:
    await world.enrol()
    old = world.secret
    new = (await world.ask("POST", "/v1/ata/rotate")).json()["secret"]
    assert [await status(world, old), await status(world, old)] == [200, 200]
    assert [await status(world, new), await status(world, old)] == [200, 401]


async def test_a_rotation_whose_answer_was_lost_is_repeated(world: World) -> None:
    await world.enrol()
    old = world.secret
    lost = (await world.ask("POST", "/v1/ata/rotate")).json()["secret"]
    new = (await world.ask("POST", "/v1/ata/rotate")).json()["secret"]
    assert [await status(world, lost), await status(world, old), await status(world, new)] == [401, 200, 200]
    assert await status(world, old) == 401


async def test_of_secrets_rotated_at_once_the_last_one_works(world: World) -> None:
    await world.enrol()
    answers = await asyncio.gather(*(world.ask("POST", "/v1/ata/rotate") for _ in range(6)))
    assert {one.status_code for one in answers} == {200}
    working = [one.json()["secret"] for one in answers if await status(world, one.json()["secret"]) == 200]
    assert len(working) == 1


async def test_when_a_device_was_last_in_touch_is_known_to_the_minute(world: World) -> None:
    await world.enrol()
    world.now = AT + timedelta(seconds=59)
    await world.received()
    assert (await row(world))["seen_at"] == AT
    world.now = AT + timedelta(seconds=60)
    await world.received()
    assert (await row(world))["seen_at"] == world.now
