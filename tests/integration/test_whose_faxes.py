"""Whose faxes the pages show: every page of a fax for every role and every kind of fax, lists, documents, the log."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from schemas.fax import FaxStatusChanged
from services._runtime.database import transaction
from services._runtime.outcomes import DependencyAway
from services.portal.inventory.store import Store
from services.portal.inventory.tables import AUDIT
from services.portal.web.routes import PAGES
from services.portal.web.site import site as site_of
from tests.providers.faxes import received
from tests.providers.office import account, documents
from tests.providers.portal import HOST, Portal, portal, post

PDF = (Path(__file__).parents[1] / "data" / "submitted" / "letter.pdf").read_bytes()
PICTURE = b"\x89PNG\r\n\x1a\n"
ROW, READ = ("",), ("thumbnail", "page/1", "small/1", "fax.pdf", "fax.tif")

SEES: dict[str, dict[str, str]] = {
    "mine": {"user": "all", "manager": "all", "reseller": "row"},
    "colleagues": {"manager": "all", "reseller": "row"},
    "junk": {"manager": "all", "reseller": "row"},
    "of a removed number": {"manager": "all", "reseller": "all"},
    "of nobody's number": {"reseller": "all"},
    "next door": {"reseller": "row"},
    "a rival's": {"rival": "row"},
    "a rival's unclaimed": {"rival": "all"},
    "nobody's yet": {},
    "there is none": {},
}
"""Written down a second time: who sees how much of which fax. Who is not named sees nothing."""

LISTS = {
    ("user", "received"): {"mine"},
    ("user", "sent"): set(),
    ("manager", "received"): {"mine", "colleagues"},
    ("manager", "unclaimed"): {"of a removed number"},
    ("manager", "junk"): {"junk"},
    ("reseller", "received"): {"mine", "colleagues", "next door"},
    ("reseller", "unclaimed"): {"of a removed number", "of nobody's number"},
    ("rival", "received"): {"a rival's"},
    ("rival", "unclaimed"): {"a rival's unclaimed"},
}


@dataclass
class World:
    """A portal with a fax of each kind."""

    site: Portal
    faxes: dict[str, UUID]
    account: str

    async def asked(self, role: str, path: str) -> httpx.Response:
        return await (await self.site.signed_in(role)).get(path)

    async def lines(self, *faxes: UUID) -> list[tuple[str, str, str | None]]:
        """What the audit log says of these faxes: what, whose name, domain."""
        theirs = AUDIT.c.subject.in_([str(one) for one in faxes])
        chosen = select(AUDIT.c.what, AUDIT.c.name, AUDIT.c.domain).where(theirs)
        async with transaction(self.site.engine) as connection:
            return [(row.what, row.name, row.domain) for row in await connection.execute(chosen.order_by(AUDIT.c.id))]


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with portal(tmp_path_factory.mktemp("portal")) as site:
        mine, theirs = await account(site), await account(site, "+12025550102", "1001")
        put, docs = site.stored.put, received(PDF, b"II*\0", PICTURE)
        rival: dict[str, Any] = {"reseller": "rival", "domain": "rival.example", "documents": docs}
        nobodys: dict[str, Any] = {"domain": None, "fax_number": "+12025550999", "documents": docs}
        faxes = {
            "mine": await put("accepted", "routed", account_id=mine, documents=docs),
            "colleagues": await put("accepted", "routed", account_id=theirs, documents=docs),
            "junk": await put("accepted", "junk", account_id=mine, documents=docs),
            "of a removed number": await put("accepted", "unclaimed", documents=docs),
            "of nobody's number": await put("accepted", "unclaimed", **nobodys),
            "next door": await put("accepted", "routed", account_id="n", domain="next.example", documents=docs),
            "a rival's": await put("accepted", "routed", account_id="r", **rival),
            "a rival's unclaimed": await put("accepted", "unclaimed", **rival),
            "nobody's yet": await put("accepted", reseller=None, **nobodys),
            "there is none": uuid4(),
        }
        yield World(site, faxes, mine)


@pytest.mark.parametrize("role", ["user", "manager", "reseller", "rival"])
async def test_every_page_of_a_fax_shows_no_more_than_the_role_sees(world: World, role: str) -> None:
    client, wrong = await world.site.signed_in(role), []
    for kind, fax in world.faxes.items():
        sees = SEES[kind].get(role, "")
        for parts, seen in ((ROW, bool(sees)), (READ, sees == "all")):
            for part in parts:
                answer = await client.get(f"/fax/{fax}/{part}".rstrip("/"))
                if answer.status_code != (200 if seen else 404):
                    wrong.append((kind, part, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("role", ["user", "manager", "reseller"])
async def test_no_page_and_no_form_is_there_for_a_fax_that_is_not_theirs(world: World, role: str) -> None:
    """Also those of other parts of the portal, whatever they do."""
    client, wrong, foreign = await world.site.signed_in(role), [], ("a rival's", "nobody's yet", "there is none")
    before = await world.lines(*(world.faxes[kind] for kind in foreign))
    for page in PAGES:
        if not page.path.startswith("/fax/{fax}") or page.rule is None or role not in page.rule:
            continue
        for kind in foreign:
            path = page.path.format(fax=world.faxes[kind], page=1)
            answer = await (client.get(path) if page.method == "GET" else post(client, path))
            if answer.status_code != 404:
                wrong.append((page.method, page.path, kind, answer.status_code))
    assert wrong == []
    assert await world.lines(*(world.faxes[kind] for kind in foreign)) == before


async def test_an_operator_sees_nobodys_faxes(world: World) -> None:
    client = await world.site.signed_in("operator")
    for path in ("/faxes/received", *(f"/fax/{one}" for one in world.faxes.values())):
        assert (await client.get(path)).status_code == 403


@pytest.mark.parametrize(("role", "shelf"), LISTS)
async def test_a_list_has_what_is_theirs(world: World, role: str, shelf: str) -> None:
    answer = await world.asked(role, f"/faxes/{shelf}")
    names = {str(fax): kind for kind, fax in world.faxes.items()}
    assert {names[one] for one in _rows(answer) if one in names} == LISTS[role, shelf]


async def test_what_is_asked_for_by_account_or_domain_is_theirs(world: World) -> None:
    assert (await world.asked("user", f"/faxes/received?account={world.account}")).status_code == 200
    assert (await world.asked("user", "/faxes/received?account=r")).status_code == 404
    assert (await world.asked("rival", f"/faxes/received?account={world.account}")).status_code == 404
    assert (await world.asked("rival", "/faxes/received?domain=clinic.example")).status_code == 404
    theirs = await world.asked("manager", "/faxes/received?domain=rival.example")
    assert str(world.faxes["a rival's"]) not in theirs.text


async def test_documents_run_nothing_and_are_kept_nowhere(world: World) -> None:
    client, fax = await world.site.signed_in("user"), world.faxes["mine"]
    for part, kind, way in (
        ("fax.pdf", "application/pdf", r"inline; filename=\"fax-[\d-]+-12025550177\.pdf\""),
        ("fax.pdf?download", "application/pdf", r"attachment; filename=\"fax-[\d-]+-12025550177\.pdf\""),
        ("fax.tif", "image/tiff", r"attachment; filename=\"fax-[\d-]+-12025550177\.tif\""),
        ("thumbnail", "image/png", ""),
        ("page/1", "image/png", ""),
        ("small/1", "image/png", ""),
    ):
        headers = (await client.get(f"/fax/{fax}/{part}")).headers
        assert headers["Content-Type"] == kind
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert ("sandbox" in headers["Content-Security-Policy"]) == (not way.startswith("inline"))
        assert re.fullmatch(way, headers.get("Content-Disposition", "")), part
    for part in ("page/0", "page/3", "page/351", "page/9999", "page/x", "page/-1", "small/\u0661"):
        assert (await client.get(f"/fax/{fax}/{part}")).status_code == 404


async def test_who_reads_a_fax_is_in_the_log(world: World) -> None:
    kept = received(PDF, b"II*\0", PICTURE)
    fax = await world.site.stored.put("accepted", "routed", account_id=world.account, documents=kept)
    nobodys = await world.site.stored.put("accepted", "unclaimed", domain=None, documents=kept)
    user, reseller = await world.site.signed_in("user"), await world.site.signed_in("reseller")
    for part in ("", "/page/1", "/page/1", "/small/2", "/thumbnail"):
        assert (await user.get(f"/fax/{fax}{part}")).status_code == 200
    for part in ("fax.pdf?download", "fax.pdf?download", "fax.tif"):
        await user.get(f"/fax/{fax}/{part}")
    await reseller.get(f"/fax/{fax}")
    told = "Ben Ruiz", "clinic.example"
    assert await world.lines(fax) == [("fax.viewed", *told), *[("fax.downloaded", *told)] * 3]
    await reseller.get(f"/fax/{nobodys}/page/1")
    assert await world.lines(nobodys) == [("fax.viewed", "Nora Wind", None)]
    manager = await world.site.signed_in("manager")
    page = await manager.get("/domains/clinic.example/audit?kind=faxes")
    assert "looked at the fax" in page.text
    assert "downloaded the fax" in page.text


async def test_what_can_not_be_written_down_is_not_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await world.site.signed_in("user")
    fax = await world.site.stored.put("accepted", "routed", account_id=world.account, documents=received(PDF))

    async def away(*_: object) -> None:
        raise DependencyAway("database")

    monkeypatch.setattr(Store, "change", away)
    for part in ("", "/page/1", "/fax.pdf", "/fax.tif"):
        answer = await client.get(f"/fax/{fax}{part}")
        assert answer.status_code == 503
        assert "One moment" in answer.text


async def test_a_store_that_is_away_hides_pages_and_no_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await world.site.signed_in("user")
    fax = await world.site.stored.put("accepted", "routed", account_id=world.account, documents=received(PDF))
    monkeypatch.setattr(world.site.stored.blobs, "away", True)
    assert (await client.get("/faxes/received")).status_code == 200
    for part in ("", "/page/2", "/fax.pdf", "/thumbnail"):
        answer = await client.get(f"/fax/{fax}{part}")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "15")


async def test_without_a_history_the_portal_says_so(world: World) -> None:
    client = await world.site.signed_in("user")
    app = site_of(replace(world.site.services, faxes=None))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=f"https://{HOST}", cookies=client.cookies
    ) as bare:
        for path in ("/faxes/received", "/faxes/sent", f"/fax/{world.faxes['mine']}", f"/fax/{uuid4()}/page/1"):
            answer = await bare.get(path)
            assert answer.status_code == 503
            assert "Faxes can&#39;t be shown here yet" in answer.text
        assert (await bare.get("/numbers")).status_code == 200


async def test_pages_of_a_list(world: World) -> None:
    """A page has fifty rows; newer leads back the same way; a number is found by its end, a fax by its day."""
    began = datetime.now(UTC) - timedelta(days=40)
    await world.site.stored.projection.write(
        [_routed(world.account, began + timedelta(minutes=number), f"+1202555{number:04d}") for number in range(120)]
    )
    client, query = await world.site.signed_in("user"), f"?to={began + timedelta(days=1):%Y-%m-%d}"
    pages = [await client.get(f"/faxes/received{query}")]
    while link := re.search(r'rel="next" href="([^"]+)"', pages[-1].text):
        pages.append(await client.get(link.group(1).replace("&amp;", "&")))
    assert [len(_rows(one)) for one in pages] == [50, 50, 20]
    assert len({row for one in pages for row in _rows(one)}) == 120
    back = pages[-1]
    for before in reversed(pages[:-1]):
        link = re.search(r'rel="prev" href="([^"]+)"', back.text)
        assert link
        back = await client.get(link.group(1).replace("&amp;", "&"))
        assert _rows(back) == _rows(before)
    assert not re.search(r'rel="prev"', back.text)
    assert len(_rows(await client.get("/faxes/received?number=555-0042"))) == 1
    assert len(_rows(await client.get("/faxes/received?number=7&state=arrived&to=" + query[4:]))) == 12
    assert _rows(await client.get("/faxes/received?number=7&state=not+readable")) == []
    assert _rows(await client.get("/faxes/sent?number=7")) == []
    nonsense = await client.get("/faxes/received?after=x&trail=y.z&from=yesterday&state=%3Cscript%3E&number=%22%3E")
    assert nonsense.status_code == 200
    assert "<script>" not in nonsense.text.partition("<main")[2]


def _routed(account_id: str, at: datetime, caller: str) -> FaxStatusChanged:
    return FaxStatusChanged(
        fax_id=uuid4(), version=1, state="routed", stage="router", at=at, accepted_at=at, direction="received",
        account_id=account_id, other_party=caller, reseller="reseller", domain="clinic.example",
    )  # fmt: skip


def _rows(page: httpx.Response) -> list[str]:
    return re.findall(r'data-fax="([^"]+)"', page.text)


async def test_what_a_stranger_says_of_itself_runs_nowhere(world: World) -> None:
    bad = "<script>alert(1)</script>\"'>"
    fax = await world.site.stored.put("accepted", "routed", account_id=world.account, other_party=bad, detail=bad)
    client = await world.site.signed_in("user")
    for path in ("/faxes/received", f"/fax/{fax}"):
        answer = await client.get(path)
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;alert" in answer.text


async def test_the_pages_of_a_sent_fax_are_those_dialled(world: World) -> None:
    """The PDF beside them shows the same, but a person wants to see what went over the line."""
    kept = documents("g3-1d_short_1p")
    tiff, pdf = kept["original.tif"], kept["document.pdf"]
    fax = await world.site.stored.put(
        "accepted", "delivered", direction="sent", account_id=world.account,
        documents={"dialled.tif": tiff, "document.pdf": b"%PDF- damaged"},
    )  # fmt: skip
    came = await world.site.stored.put(
        "accepted", "routed", account_id=world.account, documents={"original.tif": b"damaged", "document.pdf": pdf}
    )
    client = await world.site.signed_in("user")
    for one in (fax, came):
        assert (await client.get(f"/fax/{one}/page/1")).content.startswith(PICTURE)
