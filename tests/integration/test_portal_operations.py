"""The operator's pages, and usage: what they show, what they don't, and what they do."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from schemas.retention import FaxExpired, HoldChanged
from services._runtime.database import transaction
from services._runtime.history import Usage
from services._runtime.lag import Lag
from services._runtime.retention_report import RetentionReport
from services.portal.faxes.reading import ReadingLimits
from services.portal.handling.usage import Period, Sum, lines
from services.portal.inventory.tables import AUDIT, OUTBOX
from services.portal.web.site import site as web_site
from tests.integration.test_portal_api import Machines
from tests.providers.operations import SECRET, letter
from tests.providers.portal import DOMAIN, Portal, portal, post

LETTERS = "/operations/dead-letters"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as made:
        yield made


def words(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def test_stages_that_need_somebody_are_told_first(site: Portal) -> None:
    operator = await site.signed_in("operator")
    assert "No stage has begun yet" in words(await operator.get("/operations"))
    old = datetime.now(UTC) - timedelta(hours=3)
    site.pipeline.behind = [
        Lag("router", "fax-ready", 0, None, 2),
        Lag("email_out", "email-requested", 1204, old, 4),
        Lag("dialer", "fax-to-dial", 3, None, 0),
    ]
    page = words(await operator.get("/operations"))
    assert "The oldest message that waits : email_out, 3 hours ago" in page
    for shown in ("1,204", "behind", "nobody works at it", "up to date", "Fax accounts, all domains"):
        assert shown in page


async def test_dead_letters_are_listed_chosen_and_dealt_with_and_it_is_known_by_whom(site: Portal) -> None:
    site.pipeline.dead = [letter(1), letter(2, reason="object-missing"), letter(3, topic="fax-ready")]
    operator = await site.signed_in("operator")
    page = await operator.get(LETTERS)
    assert all(name in page.text for name in ("email-requested/1", "email-requested/2", "fax-ready/3"))
    chosen = await operator.get(f"{LETTERS}?topic=email-requested&reason=object-missing")
    assert re.findall(r'name="letter" value="([^"]+)"', chosen.text) == ["email-requested/2"]
    answer = await post(operator, LETTERS, how="replay", letter=["email-requested/1", "fax-ready/3", "gone/9"])
    assert answer.headers["location"] == f"{LETTERS}?done=replayed"
    assert (await post(operator, LETTERS, how="drop", letter="email-requested/2")).status_code == 303
    assert site.pipeline.resolved == [
        ("email-requested/1", "replayed", "Olu Per"),
        ("fax-ready/3", "replayed", "Olu Per"),
        ("email-requested/2", "dropped", "Olu Per"),
    ]
    again = await post(operator, LETTERS, how="replay", letter="email-requested/1")
    assert again.headers["location"].endswith("none-chosen"), "what was dealt with is not sent again"
    assert "There are no dead letters" in words(await operator.get(LETTERS))
    async with transaction(site.engine) as connection:
        rows = await connection.execute(select(AUDIT).where(AUDIT.c.what.startswith("dead-letter.")))
        assert [(row.what, row.subject, row.reseller) for row in rows] == [
            ("dead-letter.replayed", "email-requested/1", ""),
            ("dead-letter.replayed", "fax-ready/3", ""),
            ("dead-letter.dropped", "email-requested/2", ""),
        ]


async def test_no_page_shows_who_wrote_to_whom(site: Portal) -> None:
    operator = await site.signed_in("operator")
    for path in (LETTERS, f"{LETTERS}/email-requested/17"):
        page = await operator.get(path)
        assert page.status_code == 200
        assert "attempts-exhausted" in page.text
        assert "Jones" not in page.text
        assert SECRET[-11:] not in page.text
    assert (await operator.get(f"{LETTERS}/email-requested/18")).status_code == 404
    assert (await operator.get(f"{LETTERS}/no-such-topic/17")).status_code == 404


@pytest.mark.parametrize("path", ["/operations", LETTERS, f"{LETTERS}/email-requested/17", "/operations/retention"])
async def test_while_kafka_is_away_the_pages_say_so(site: Portal, path: str) -> None:
    operator = await site.signed_in("operator")
    site.pipeline.away = True
    answer = await operator.get(path)
    assert answer.status_code == 503
    assert "Kafka does not answer." in words(answer)
    assert ("Fax accounts, all domains" in words(answer)) == (path == "/operations")


async def test_an_answer_that_is_not_known_is_not_called_done(site: Portal) -> None:
    operator = await site.signed_in("operator")
    token_page = await operator.get(LETTERS)
    site.pipeline.away = True
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', token_page.text)
    assert token
    form = {"form_token": token.group(1), "how": "replay", "letter": "email-requested/17"}
    answer = await operator.post(LETTERS, data=form)
    assert answer.status_code == 503
    assert "is not known" in words(answer)


async def test_what_retention_found(site: Portal) -> None:
    operator = await site.signed_in("operator")
    assert "Nothing was planned yet" in words(await operator.get("/operations/retention"))
    counts = {"overdue_objects": 3, "faxes": 1_234_567}
    site.pipeline.last = RetentionReport(
        at=datetime.now(UTC), tasks=4, verified=True, off=3, counts=counts, examples=("overdue_objects: fax/2024/x",)
    )
    page = words(await operator.get("/operations/retention"))
    for shown in ("Something is off.", "1,234,567", "overdue_objects: fax/2024/x"):
        assert shown in page


async def fill(site: Portal) -> dict[str, str]:
    """A number of the user, and faxes of two months: two received, one sent, one unclaimed, one deleted since."""
    reseller = await site.signed_in("reseller")
    form = {"primary_user": "1003", "methods": ["portal"], "handling": "portal", "phone_number": "+12025550101"}
    made = await post(reseller, f"/domains/{DOMAIN}/accounts", **form)  # type: ignore[arg-type]
    account = str(made.headers["location"].rpartition("=")[2])
    now = datetime.now(UTC)
    this, before = now.replace(day=2), (now.replace(day=1) - timedelta(days=3))
    await site.stored.put("routed", account_id=account, at=this, pages=3, seconds=40.5)
    await site.stored.put("routed", account_id=account, at=before, pages=5, seconds=60.0)
    await site.stored.put("delivered", direction="sent", account_id=account, at=this, pages=2, seconds=30.0)
    await site.stored.put("failed", direction="sent", account_id=account, at=this, pages=9, seconds=10.0)
    await site.stored.put("unclaimed", account_id=None, domain=None, at=this, pages=1)
    gone = await site.stored.put("routed", account_id=account, at=this, pages=7)
    expired = FaxExpired(
        fax_id=gone, account_id=account, accepted_at=this, expired_at=now, cause="deleted-by-user", objects=1, size=1
    )
    await site.stored.projection.remove([expired])
    return {"account": account, "this": f"{this:%Y-%m}", "before": f"{before:%Y-%m}"}


async def test_usage_of_all_domains_and_of_one(site: Portal) -> None:
    known = await fill(site)
    reseller, manager = await site.signed_in("reseller"), await site.signed_in("manager")
    page = words(await reseller.get("/usage"))
    assert "+1 202-555-0101" in page
    assert "unclaimed" in page
    both = f"from={known['before']}&to={known['this']}"
    text = (await manager.get(f"/domains/{DOMAIN}/usage.csv?{both}")).content.decode("utf-8-sig")
    this, before = csv.DictReader(io.StringIO(text))
    assert this == {
        "Month": known["this"],
        "Domain": DOMAIN,
        "Fax Number": "'+12025550101",
        "Primary User": "Ben Ruiz",
        "Received Faxes": "2",
        "Received Pages": "10",
        "Sent Faxes": "1",
        "Sent Pages": "2",
        "Call Seconds": this["Call Seconds"],
    }
    assert int(this["Call Seconds"]) in {80, 81}
    assert (before["Month"], before["Received Pages"]) == (known["before"], "5")
    every = (await reseller.get(f"/usage.csv?{both}")).content.decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(every)))) == 3
    rival = await site.signed_in("rival")
    assert "0101" not in (await rival.get("/usage")).text
    assert (await rival.get(f"/domains/{DOMAIN}/usage.csv")).status_code == 404


async def test_months_that_cannot_be_read_are_said_to_be(site: Portal) -> None:
    reseller = await site.signed_in("reseller")
    for query in ("from=november", "from=2026-11&to=2026-01", "from=2020-01&to=2026-11", "from=2026-13"):
        for path in ("/usage", "/usage.csv"):
            answer = await reseller.get(f"{path}?{query}")
            assert answer.status_code == 422
            assert "this month is shown" in words(answer)


async def test_usage_by_the_api_is_of_whoever_made_the_token(site: Portal) -> None:
    known = await fill(site)
    told, machines = {}, Machines(site)
    for role in ("reseller", "manager", "rival"):
        client = await machines.of(role)
        months = {"first": known["before"], "last": known["this"]}
        told[role] = (await client.get("/api/v1/usage", params=months)).json()["usage"]
        theirs = await client.get("/api/v1/usage", params={"domain": DOMAIN})
        assert theirs.status_code == (404 if role == "rival" else 200)
        assert (await client.get("/api/v1/usage", params={"first": "2020-01"})).status_code == 200
        assert (await client.get("/api/v1/usage", params={"first": "2026-02", "last": "2026-01"})).status_code == 422
    assert [len(told[role]) for role in ("reseller", "manager", "rival")] == [3, 2, 0]
    mine = told["manager"][0]
    assert (mine["fax_number"], mine["account_id"]) == ("+12025550101", known["account"])
    assert (mine["received"]["pages"], mine["sent"]["faxes"]) == (10, 1)


def test_a_month_is_whole() -> None:
    today = date(2026, 11, 24)
    period = Period.of("2025-12", "2026-02", today)
    assert period is not None
    assert (period.since, period.until) == (datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    this = Period.of("", "", today)
    assert this is not None
    assert this.until == datetime(2026, 12, 1, tzinfo=UTC)
    assert Period.of("2024-01", "2026-12", today) is not None, "three years"
    assert Period.of("2023-12", "2026-12", today) is None


def test_directions_of_one_number_and_month_are_one_line() -> None:
    month = date(2026, 11, 1)
    (one,) = lines(
        [Usage("d", "a", month, "received", 1, 2, 3.0), Usage("d", "a", month, "sent", 4, 5, 6.0)], accounts={}
    )
    assert (one.received, one.sent, one.seconds) == (Sum(1, 2, 3.0), Sum(4, 5, 6.0), 9)


async def test_a_hold_of_what_the_portal_does_not_know_is_lifted_by_an_operator(site: Portal) -> None:
    manager, operator = await site.signed_in("manager"), await site.signed_in("operator")
    await post(manager, f"/domains/{DOMAIN}/holds", scope=f"domain:{DOMAIN}", reason="Case 7")
    fax, gone = await site.stored.put("accepted", "routed"), uuid4()
    at = datetime(2026, 11, 1, tzinfo=UTC)
    scopes = (f"domain:{DOMAIN}", f"fax:{fax}", "domain:gone.example", "account:none", f"fax:{gone}")
    site.pipeline.held = [HoldChanged(scope=one, held=True, reason="Old", by="Olga", at=at) for one in scopes]
    page = await operator.get("/operations/holds")
    assert re.findall(r'name="scope" value="([^"]+)"', page.text) == [
        "domain:gone.example",
        "account:none",
        f"fax:{gone}",
    ]
    unsaid = await post(operator, "/operations/holds", scope="account:none", reason=" ")
    assert (unsaid.status_code, "why this is kept" in unsaid.text) == (422, True)
    known = await post(operator, "/operations/holds", scope=f"domain:{DOMAIN}", reason="Over")
    assert known.status_code == 404, "whose it is lifts it"
    lifting = {"scope": "domain:gone.example", "reason": "The domain is gone"}
    statuses = [(await post(operator, "/operations/holds", **lifting)).status_code for _ in range(2)]
    assert statuses == [303, 404], "once"
    assert "gone.example" not in (await operator.get("/operations/holds")).text, "though the topic has it still"
    async with transaction(site.engine) as connection:
        words = [json.loads(one) for one in await connection.scalars(select(OUTBOX.c.value).order_by(OUTBOX.c.id))]
        line = (await connection.execute(select(AUDIT).where(AUDIT.c.what == "hold.lifted"))).one()
    assert [(one["scope"], one["held"]) for one in words] == [(scopes[0], True), ("domain:gone.example", False)]
    assert (line.name, line.subject, line.reseller) == ("Olu Per", "domain:gone.example", "")
    site.pipeline.away = True
    away = await operator.get("/operations/holds")
    assert (away.status_code, "No fax is lost" in away.text) == (503, True)


async def test_an_operator_sees_who_was_held_back_and_nothing_they_read(site: Portal) -> None:
    operator = await site.signed_in("operator")
    assert "Nobody was held back" in (await operator.get("/operations/held-back")).text
    manager = await replace(site, app=web_site(replace(site.services, reading=ReadingLimits(1)))).signed_in("manager")
    for _ in range(2):
        fax = await site.stored.put("accepted", "routed")
        await manager.get(f"/fax/{fax}")
    page = words(await operator.get("/operations/held-back"))
    assert "Ada Okafor was held back from opening many faxes reseller clinic.example" in page
    assert str(fax) not in page
