"""Import, moves and changes of user through the pages: tried out, done by a worker, counted, mended, and looked at."""

import csv
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from services._runtime.database import transaction
from services.portal.inventory.actors import Actor
from services.portal.inventory.seeding import DOMAIN
from services.portal.inventory.tables import ACCOUNTS, DOMAINS, JOBS
from tests.providers.portal import Portal, form_token, portal, post

OWNER = Actor("owner", "Nora Wind", "reseller", "reseller")
HEADER = "Phone Number,Primary User,Enabled Methods,Inbound Fax Handling,Device Type,Serial Number"
GOOD = f"{HEADER}\n+12025550101,1001,Email,Portal,,\n+12025550102,1001,ATA,Portal,Grandstream HT801,A-1\n"
BAD = f"{GOOD}+12025550103,=9999,Email,Portal,,\n"
D = f"/domains/{DOMAIN}"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as made:
        yield made


async def uploaded(client: httpx.AsyncClient, data: str | bytes, domain: str = D) -> httpx.Response:
    token = form_token((await client.get("/password")).text)
    return await client.post(
        f"{domain}/import", data={"form_token": token}, files={"file": ("n.csv", data, "text/csv")}
    )


async def job_page(client: httpx.AsyncClient, data: str) -> str:
    answer = await uploaded(client, data)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def text(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def work(site: Portal) -> None:
    assert await site.services.inventory.worker().step()


async def test_an_import_from_the_file_to_its_codes(site: Portal) -> None:
    reseller = await site.signed_in("reseller")
    page = await job_page(reseller, BAD)
    going = await text(reseller, page)
    assert "It begins in a moment." in going
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in going
    assert (await reseller.get(f"{page}/progress")).json()["going"] is True
    await work(site)
    tried = await text(reseller, page)
    assert "Of 3 rows, 2 can be added and 1 is refused." in tried
    assert "no user “=9999”" in tried
    assert "http-equiv" not in tried
    assert (await reseller.get(f"{page}/progress")).json()["going"] is False
    assert (await post(reseller, page)).status_code == 422
    assert (await post(reseller, page, mode="good-rows")).headers["location"] == page
    await work(site)
    done = await text(reseller, page)
    assert "2 fax accounts added." in done
    shown = (await post(reseller, f"{page}/codes", **{"from": "0"})).text
    found = re.search(r'id="codes">\+12025550102\s+A-1\s+([A-Z2-9]{16})', shown)
    assert found
    assert found.group(1) not in await text(reseller, page)
    assert "2 added" in await text(reseller, f"{D}/import")


async def test_refused_rows_come_as_they_were_with_why_and_can_be_imported_once_mended(site: Portal) -> None:
    reseller = await site.signed_in("reseller")
    page = await job_page(reseller, BAD)
    await work(site)
    answer = await reseller.get(f"{page}/refused.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="refused-clinic-example.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["Phone Number"], row["Primary User"]) == ("'+12025550103", "'=9999")
    assert "no user “=9999”" in row["Refused Because"]
    page = await job_page(reseller, answer.content.decode("utf-8-sig").replace("'=9999", "1003"))
    await work(site)
    assert "Of 1 row, 1 can be added." in await text(reseller, page)


@pytest.mark.parametrize(
    ("data", "words"),
    [("", "The header row lacks Phone Number"), ("x" * (10 * 1024 * 1024 + 1), "at most 10 MB")],
    ids=["nothing", "too-much"],
)
async def test_a_file_that_cannot_be_taken_says_why(site: Portal, data: str, words: str) -> None:
    reseller = await site.signed_in("reseller")
    answer = await uploaded(reseller, data)
    if answer.status_code == 303:
        await work(site)
        assert words in await text(reseller, answer.headers["location"])
    else:
        assert (answer.status_code, words in answer.text) == (422, True)


async def test_progress_is_counted_in_rows(site: Portal) -> None:
    reseller = await site.signed_in("reseller")
    page = await job_page(reseller, GOOD)
    for mode, done, words in (
        ("dry-run", 1_234, "1,234 of 20,000 rows checked"),
        ("good-rows", 1_234, "1,234 of 10,000 rows checked"),
        ("good-rows", 11_234, "1,234 of 10,000 rows added"),
    ):
        async with transaction(site.engine) as connection:
            running = {"state": "running", "mode": mode, "done": done, "steps": 20_000}
            await connection.execute(update(JOBS).values(running))
        assert f'<progress class="wide" max="20000" value="{done}"' in await text(reseller, page)
        assert (await reseller.get(f"{page}/progress")).json()["words"] == words


async def test_numbers_move_with_what_they_are(site: Portal) -> None:
    reseller = await site.signed_in("reseller")
    await added(reseller, "+12025550101", methods=["ata"], device_type="Grandstream HT801", serial="A-1")
    await post(reseller, "/domains", name="second.example", maximum="", region="US")
    wrong = await post(reseller, f"{D}/move", target="second.example", numbers="", goes_on="yes")
    assert (wrong.status_code, "Choose a phone number." in wrong.text) == (422, True)
    fields: dict[str, Any] = {"target": "second.example", "number": ["+12025550101"], "numbers": "(202) 555-0102"}
    page = (await post(reseller, f"{D}/move", **fields)).headers["location"]
    tried = await text(reseller, page)
    assert "Of 2 numbers, 2 can be moved." in tried
    assert "The adapter A-1 needs a new enrolment code." in tried
    await post(reseller, page)
    await work(site)
    assert "2 numbers moved." in await text(reseller, page)
    assert "A-1" in (await post(reseller, f"{page}/codes", **{"from": "0"})).text
    assert "in another domain" in await text(reseller, f"{D}/removed")
    assert "+1 202-555-0102" in await text(reseller, "/domains/second.example/numbers")


async def test_a_move_with_a_refused_number_is_not_offered(site: Portal) -> None:
    reseller = await site.signed_in("reseller")
    await post(reseller, "/domains", name="second.example", maximum="", region="US")
    fields = {"target": "second.example", "numbers": "+12025550101\n+12025550112"}
    page = (await post(reseller, f"{D}/move", **fields)).headers["location"]
    shown = await text(reseller, page)
    assert "its treatment is queue" in shown
    assert "Move 1 number" not in shown
    refused = (await reseller.get(f"{page}/refused.csv")).content.decode("utf-8-sig")
    assert refused.startswith("Line,Phone Number,Refused Because\r\n2,'+12025550112,")


async def test_an_office_manager_gives_numbers_another_user_and_moves_none(site: Portal) -> None:
    reseller, manager = await site.signed_in("reseller"), await site.signed_in("manager")
    for number in ("+12025550101", "+12025550102"):
        await added(reseller, number)
    wrong = await post(manager, f"{D}/reassign", number="+12025550101", primary_user="Nobody Here")
    assert (wrong.status_code, 'id="wrong-primary_user-1"' in wrong.text) == (422, True)
    assert 'value="+12025550101" checked' in wrong.text
    numbers = ["+12025550101", "+12025550102"]
    page = (await post(manager, f"{D}/reassign", number=numbers, primary_user="1003")).headers["location"]
    assert "fax number of Ben Ruiz" in await text(manager, page)
    await post(manager, page)
    await work(site)
    assert "2 numbers changed." in await text(manager, page)
    found = await site.services.inventory.lists.accounts(OWNER, DOMAIN)
    assert {one.user.name for one in found if one.user} == {"Ben Ruiz"}
    imported = await job_page(reseller, GOOD)
    assert (await manager.get(imported)).status_code == 403


async def added(client: httpx.AsyncClient, number: str, **more: Any) -> None:
    fields = {"phone_number": number, "primary_user": "1002", "methods": ["email"], "handling": "portal"} | more
    assert (await post(client, f"{D}/accounts", **fields)).status_code in {200, 303}


async def test_five_hundred_rows_through_the_page(site: Portal) -> None:
    await many(site, 500)


@pytest.mark.chaos
async def test_ten_thousand_rows_through_the_page(database: str, tmp_path: Path) -> None:
    async with portal(tmp_path, database=database) as site:
        await many(site, 10_000)


async def many(site: Portal, count: int) -> None:
    numbers = [f"+1303{5550000 + one}" for one in range(count - 1)]
    await site.services.inventory.numbers.add_numbers(OWNER, DOMAIN, numbers)
    async with transaction(site.engine) as connection:
        await connection.execute(update(DOMAINS).where(DOMAINS.c.domain == DOMAIN).values(maximum=None))
    rows = [f"{one},,P{one},p{one[1:]}@clinic.example,Email,Portal" for one in numbers]
    header = "Phone Number,Primary User,Name,Email,Enabled Methods,Inbound Fax Handling"
    reseller = await site.signed_in("reseller")
    page = await job_page(reseller, "\n".join((header, *rows, "nothing,,,,Email,Portal")))
    await work(site)
    assert f"Of {count:,} rows, {count - 1:,} can be added and 1 is refused." in await text(reseller, page)
    await post(reseller, page, mode="good-rows")
    await work(site)
    assert f"{count - 1:,} fax accounts added." in await text(reseller, page)
    async with transaction(site.engine) as connection:
        assert await connection.scalar(select(func.count()).select_from(ACCOUNTS)) == count - 1
