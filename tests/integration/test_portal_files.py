"""Fax accounts from a file into the portal's database, and back. On both kinds."""

import csv
import io
from collections.abc import AsyncIterator

import pytest

from services.portal.inventory.actors import NotThere
from services.portal.inventory.seeding import DOMAIN
from tests.integration.inventory_world import NUMBERS, RESELLER, STRANGER, World, world

HEADER = "Phone Number,Primary User,Name,Email,Enabled Methods,Inbound Fax Handling,Device Type,Serial Number"
GOOD = (
    f"{NUMBERS[0]},1001,,,Email,Email w/ Attachment,,",
    "(202) 555-0102,,Bo,bo@elsewhere.example,Email; ATA,email w/o attachment,Grandstream HT801,20AB",
    f"{NUMBERS[2]},,,BO@elsewhere.example,portal,Portal,,",
)
BAD = (
    f"{NUMBERS[0]},1001,,,Email,Portal,,",
    "nothing,9999,,,Fax,by pigeon,,",
    f"{NUMBERS[3]},1001,,,Email; ATA,Portal,Grandstream HT801,20-ab",
    f"{NUMBERS[4]},1001,,,Email,Portal,,,too,much",
)


@pytest.fixture
async def portal(database: str) -> AsyncIterator[World]:
    async with world(database) as made:
        yield made


def file(*rows: str) -> bytes:
    return "\r\n".join((HEADER, *rows, "")).encode()


async def accounts(portal: World) -> list[str]:
    return [one.number for one in await portal.inventory.lists.accounts(RESELLER, DOMAIN)]


async def test_good_rows_are_added_in_one_go(portal: World) -> None:
    steps: list[tuple[int, int]] = []
    done = await portal.inventory.files.import_csv(
        RESELLER, DOMAIN, file(*GOOD), "all-or-nothing", lambda *step: steps.append(step)
    )
    assert (done.rows, len(done.added), done.refused, done.written) == (3, 3, (), True)
    assert await accounts(portal) == list(NUMBERS[:3])
    assert [bool(one.secret) for one in done.added] == [False, True, False]
    assert len(await portal.published()) == 3
    assert len(await portal.inventory.audit.entries(RESELLER, DOMAIN)) == 3
    assert len(await portal.inventory.lists.users(RESELLER, DOMAIN, "bo")) == 1
    assert steps[-1] == (6, 6)


async def test_each_refused_row_has_its_line_and_all_its_reasons(portal: World) -> None:
    done = await portal.inventory.files.import_csv(RESELLER, DOMAIN, file(*GOOD, *BAD), "dry-run")
    found = {one.line: tuple(each.code for each in one.refusals) for one in done.refused}
    assert found == {
        5: ("number-in-use",),
        6: ("number-invalid", "user-unknown", "method-unknown", "handling-unknown"),
        7: ("serial-taken",),
        8: ("row-too-long",),
    }
    assert (done.rows, len(done.added), done.written) == (7, 3, False)
    assert all(one.secret is None for one in done.added)
    assert await accounts(portal) == []
    assert await portal.published() == []


async def test_all_or_nothing_is_nothing_when_a_row_is_refused(portal: World) -> None:
    done = await portal.inventory.files.import_csv(RESELLER, DOMAIN, file(*GOOD, BAD[0]), "all-or-nothing")
    assert (done.added, len(done.refused), done.written) == ((), 1, False)
    assert await accounts(portal) == []


async def test_the_good_rows_are_added_when_so_chosen(portal: World) -> None:
    done = await portal.inventory.files.import_csv(RESELLER, DOMAIN, file(BAD[1], *GOOD, BAD[3]), "good-rows")
    assert (len(done.added), len(done.refused), done.written) == (3, 2, True)
    assert await accounts(portal) == list(NUMBERS[:3])


async def test_the_maximum_holds_within_a_file(portal: World) -> None:
    rows = [f"{one},1001,,,Email,Portal,," for one in NUMBERS[:8]]
    done = await portal.inventory.files.import_csv(RESELLER, DOMAIN, file(*rows), "good-rows")
    assert len(done.added) == 5
    assert {one.refusals[0].code for one in done.refused} == {"maximum-reached"}


async def test_a_file_that_cannot_be_read_says_why(portal: World) -> None:
    for data, code in (
        (b"\xff\x00\xfe", "file-unreadable"),
        (b"Number\r\n", "columns-unknown"),
        (b"", "columns-missing"),
    ):
        done = await portal.inventory.files.import_csv(RESELLER, DOMAIN, data, "good-rows")
        assert ([one.refusals[0].code for one in done.refused], done.written) == ([code], False)


async def test_what_is_exported_can_be_imported(portal: World) -> None:
    await portal.inventory.files.import_csv(RESELLER, DOMAIN, file(*GOOD), "good-rows")
    before = await portal.inventory.lists.accounts(RESELLER, DOMAIN)
    out = await portal.inventory.files.export_csv(RESELLER, DOMAIN)
    for one in before:
        await portal.inventory.accounts.remove(RESELLER, one.account_id, one.version)
    done = await portal.inventory.files.import_csv(RESELLER, DOMAIN, out, "all-or-nothing")
    assert done.refused == ()
    after = await portal.inventory.lists.accounts(RESELLER, DOMAIN)
    same = [(one.number, one.user, one.methods, one.handling, one.settings) for one in before]
    assert [(one.number, one.user, one.methods, one.handling, one.settings) for one in after] == same


async def test_the_template_is_a_file_that_can_be_imported(portal: World) -> None:
    template = portal.inventory.files.template()
    done = await portal.inventory.files.import_csv(RESELLER, DOMAIN, template, "dry-run")
    assert (done.rows, done.refused) == (1, ())
    assert next(csv.reader(io.StringIO(template.decode("utf-8-sig"))))[:2] == ["Phone Number", "Primary User"]


async def test_a_file_is_for_ones_own_domain(portal: World) -> None:
    await portal.stranger()
    with pytest.raises(NotThere):
        await portal.inventory.files.import_csv(STRANGER, DOMAIN, file(*GOOD), "good-rows")


async def test_a_thousand_rows(portal: World) -> None:
    await import_many(portal, 1_000)


@pytest.mark.chaos
async def test_ten_thousand_rows(portal: World) -> None:
    await import_many(portal, 10_000)


async def import_many(portal: World, count: int) -> None:
    numbers = [f"+1303{5550000 + one}" for one in range(count)]
    await portal.inventory.numbers.add_domain(RESELLER, "big.example", None)
    await portal.inventory.numbers.add_numbers(RESELLER, "big.example", numbers)
    rows = [f"{one},,P{one},p{one[1:]}@big.example,Email,Portal,," for one in numbers]
    done = await portal.inventory.files.import_csv(RESELLER, "big.example", file(*rows), "all-or-nothing")
    assert (len(done.added), done.refused) == (count, ())
    assert len(await portal.published()) == count
