"""Many numbers at once: into another domain, or to another primary user. All of them, or none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.accounts import FaxAccount, RemovedAccount
from services.portal.inventory.actors import NotAllowed, NotThere
from services.portal.inventory.files import nobody_asks
from services.portal.inventory.forms import MoveForm, PrimaryUser, ReassignForm, UserForm
from services.portal.inventory.jobs import JobResult, JobRow
from services.portal.inventory.refusals import Refused
from services.portal.inventory.seeding import DOMAIN
from services.portal.inventory.store import Change
from tests.integration.inventory_world import (
    ATA,
    MANAGER,
    NUMBERS,
    RESELLER,
    World,
    codes,
    of_number,
    world,
)

TARGET = "second.example"


@asynccontextmanager
async def two_domains(url: str) -> AsyncIterator[World]:
    async with world(url) as made:
        await made.inventory.numbers.add_domain(RESELLER, TARGET, 3)
        yield made


@pytest.fixture
async def data(tmp_path: Path) -> AsyncIterator[World]:
    async with two_domains(f"sqlite:///{tmp_path}/portal.sqlite") as made:
        yield made


@pytest.fixture
async def on_both(database: str) -> AsyncIterator[World]:
    async with two_domains(database) as made:
        yield made


async def nothing(_change: Change, _result: JobResult) -> None:
    """Nothing else belongs into the transaction."""


async def tried(data: World, *numbers: str, **more: Any) -> JobResult:
    answer = await data.inventory.moves.try_move(
        RESELLER, DOMAIN, MoveForm(numbers, TARGET, **{"goes_on": True} | more)
    )
    assert isinstance(answer, JobResult), answer
    return answer


async def moved(data: World, *numbers: str, **more: Any) -> JobResult:
    form = MoveForm(numbers, TARGET, **{"goes_on": True} | more)
    return await data.inventory.moves.move(RESELLER, DOMAIN, form, nobody_asks, nothing)


async def test_numbers_of_one_customer_go_on_with_all_that_they_had(on_both: World) -> None:
    data = on_both
    old = (
        await data.added(NUMBERS[0], **ATA, serial="A-1", settings={"retention_days": 90, "cover_page": True})
    ).account
    form = ("(202) 555-0101", NUMBERS[1], NUMBERS[0])
    assert await tried(data, *form) == JobResult(
        rows=2,
        good=2,
        told=(
            JobRow(line=1, number=NUMBERS[0], user="Front Desk", to="Front Desk", new_user=True, device="A-1"),
            JobRow(line=2, number=NUMBERS[1]),
        ),
    )
    before = len(await data.published())
    result = await moved(data, *form)
    (new,) = await data.inventory.lists.accounts(RESELLER, TARGET)
    assert (result.written, result.devices) == (True, (new.account_id,))
    assert new.account_id != old.account_id
    assert (new.number, new.methods, new.handling, new.settings) == (
        old.number,
        old.methods,
        old.handling,
        old.settings,
    )
    assert new.user
    assert (new.user.email, new.user.fax_only) == ("front.desk@clinic.example", True)
    assert new.device
    assert old.device
    assert (new.device.serial, new.device.enrolment_sha256 == old.device.enrolment_sha256) == ("A-1", False)
    removed, added = of_number((await data.published())[before:], new)
    assert isinstance(removed, RemovedAccount)
    assert isinstance(added, FaxAccount)
    assert (removed.account_id, added.account_id, added.domain) == (old.account_id, new.account_id, TARGET)
    (gone,) = await data.inventory.removed.accounts(RESELLER, DOMAIN)
    assert (gone.fate, gone.kept_until) == ("moved", None)
    assert [one.number for one in (await data.inventory.lists.numbers(RESELLER, TARGET)).numbers] == list(NUMBERS[:2])


async def test_numbers_for_another_customer_are_kept_back_there(on_both: World) -> None:
    data = on_both
    await data.added(NUMBERS[0])
    until = data.at + timedelta(days=30)
    (row,) = (await tried(data, NUMBERS[0], goes_on=False)).told
    assert row == JobRow(line=1, number=NUMBERS[0], user="Front Desk", kept_until=until)
    assert (await moved(data, NUMBERS[0], goes_on=False)).written
    (number,) = (await data.inventory.lists.numbers(RESELLER, TARGET)).numbers
    assert number.why_not
    assert number.why_not.code == "number-quarantined"
    data.later(days=30, seconds=1)
    (number,) = (await data.inventory.lists.numbers(RESELLER, TARGET)).numbers
    assert number.takeable


async def test_each_move_is_in_the_audit_log_of_both_domains(data: World) -> None:
    await data.added(NUMBERS[0])
    await moved(data, *NUMBERS[:2])
    for domain, added in ((DOMAIN, []), (TARGET, ["account.added"])):
        found = [one for one in await data.inventory.audit.entries(RESELLER, domain) if one.what == "number.moved"]
        assert [one.subject for one in found] == [NUMBERS[1], NUMBERS[0]]
        assert all(one.before == {"domain": DOMAIN} and one.after == {"domain": TARGET} for one in found)
        newest = (await data.inventory.audit.entries(RESELLER, domain))[0].what
        assert newest == (added or ["number.moved"])[0]


async def test_a_single_refused_number_keeps_all_where_they_are(data: World) -> None:
    for number in NUMBERS[:4]:
        await data.added(number)
    await data.inventory.numbers.set_treatment(RESELLER, NUMBERS[4], "queue")
    before = len(await data.published())
    result = await moved(data, *NUMBERS[:5], "+12025550199", "nonsense")
    assert [(one.number, one.why[0].split(".")[0]) for one in result.refused] == [
        (NUMBERS[3], "This domain uses 3 of 3 fax numbers"),
        (NUMBERS[4], f"{NUMBERS[4]} is in use: its treatment is queue"),
        ("+12025550199", "+12025550199 is not among this domain's phone numbers"),
        ("nonsense", "nonsense is not among this domain's phone numbers"),
    ]
    assert (result.good, result.written) == (3, False)
    assert len(await data.published()) == before
    assert (await data.inventory.lists.numbers(RESELLER, TARGET)).numbers == ()


async def test_whoever_has_the_email_there_is_the_primary_user_or_who_is_named(data: World) -> None:
    await data.added(NUMBERS[0])
    await data.added(NUMBERS[1])
    await data.inventory.users.add(RESELLER, TARGET, UserForm("Desk Two", "FRONT.desk@clinic.example", "7"))
    await data.inventory.users.add(RESELLER, TARGET, UserForm("Zoe", "zoe@second.example", "8"))
    assert (await tried(data, NUMBERS[0])).told[0].to == "Desk Two"
    assert (await tried(data, *NUMBERS[:2], user=PrimaryUser(written="8"))).told[1].to == "Zoe"
    form = MoveForm(NUMBERS[:1], TARGET, goes_on=True, user=PrimaryUser(written="9"))
    assert codes(await data.inventory.moves.try_move(RESELLER, DOMAIN, form)) == ("user-unknown",)


@pytest.mark.parametrize(
    ("numbers", "target", "code"),
    [
        ((), TARGET, "number-missing"),
        ((" ",), TARGET, "number-missing"),
        (tuple(f"+1303555{n:04}" for n in range(501)), TARGET, "numbers-too-many"),
        (NUMBERS[:1], DOMAIN, "target-missing"),
        (NUMBERS[:1], "", "target-missing"),
    ],
)
async def test_what_is_wrong_with_the_form_is_said_of_the_form(
    data: World, numbers: tuple[str, ...], target: str, code: str
) -> None:
    form = MoveForm(numbers, target, goes_on=True)
    assert codes(await data.inventory.moves.try_move(RESELLER, DOMAIN, form)) == (code,)


async def test_numbers_move_into_ones_own_domains_only(data: World) -> None:
    await data.stranger()
    form = MoveForm(NUMBERS[:1], "other.example", goes_on=True)
    for actor, error in ((RESELLER, NotThere), (MANAGER, NotAllowed)):
        with pytest.raises(error):
            await data.inventory.moves.try_move(actor, DOMAIN, form)


async def test_fax_numbers_get_another_primary_user_by_an_office_manager(data: World) -> None:
    for number in NUMBERS[:3]:
        await data.added(number)
    somebody = PrimaryUser(name="Night Shift", email="night@clinic.example")
    form = ReassignForm(NUMBERS[:3], somebody)
    answer = await data.inventory.moves.try_reassign(MANAGER, DOMAIN, form)
    assert isinstance(answer, JobResult)
    assert [(one.user, one.to, one.new_user) for one in answer.told] == [
        ("Front Desk", "Night Shift", True),
        ("Front Desk", "Night Shift", False),
        ("Front Desk", "Night Shift", False),
    ]
    assert (await data.inventory.moves.reassign(MANAGER, DOMAIN, form, nobody_asks, nothing)).written
    assert {(one.user.name, one.version) for one in await _accounts(data) if one.user} == {("Night Shift", 2)}
    changed = [one for one in await data.inventory.audit.entries(MANAGER, DOMAIN) if one.what == "account.changed"]
    assert {one.subject for one in changed} == set(NUMBERS[:3])


async def test_a_number_that_is_no_fax_number_keeps_all_as_they_are(data: World) -> None:
    await data.added(NUMBERS[0])
    form = ReassignForm(NUMBERS[:2], PrimaryUser(written="1003"))
    result = await data.inventory.moves.reassign(RESELLER, DOMAIN, form, nobody_asks, nothing)
    assert [one.number for one in result.refused] == [NUMBERS[1]]
    assert [one.version for one in await _accounts(data)] == [1]
    nobody = await data.inventory.moves.try_reassign(RESELLER, DOMAIN, ReassignForm(NUMBERS[:1], PrimaryUser()))
    assert isinstance(nobody, Refused)
    assert nobody.codes == ("user-missing",)


async def _accounts(data: World) -> Any:
    return await data.inventory.lists.accounts(RESELLER, DOMAIN)
