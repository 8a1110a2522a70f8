"""In a browser: an unclaimed fax released, one held, kept and deleted, usage, and the operator's pages."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect
from sqlalchemy import func, select

from services._runtime.database import transaction
from services._runtime.lag import Lag
from services._runtime.retention_report import RetentionReport
from services.portal.inventory.tables import OUTBOX
from tests.e2e.browser import Tour
from tests.integration.test_portal_handling import NUMBER, SECOND, accounts, unclaimed
from tests.providers.operations import letter
from tests.providers.portal import DOMAIN

pytestmark = pytest.mark.needs("chromium", "libatomic1")


async def asked_for(seen: Tour, topic: str) -> int:
    async with transaction(seen.site.engine) as connection:
        count = select(func.count()).select_from(OUTBOX).where(OUTBOX.c.topic == topic)
        return await connection.scalar(count) or 0


async def test_an_unclaimed_fax_is_released_by_the_reseller_and_junk_by_the_office(seen: Tour) -> None:
    page = seen.page
    ids = await accounts(seen.site)
    await unclaimed(seen.site)
    await seen.site.stored.put("ready", "junk", account_id=ids[SECOND], fax_number=SECOND)
    await seen.sign_in("reseller")
    await seen.go("/faxes/unclaimed")
    await page.get_by_role("row").filter(has_text="unclaimed").get_by_role("link").last.click()
    await page.get_by_role("link", name="Release…").click()
    await page.get_by_role("button", name="Release").click()
    await expect(page.get_by_text("Type the fax number that is to get this fax.")).to_be_visible()
    await expect(page.get_by_label("Fax number")).to_be_focused()
    await seen.look("release-refused")
    await page.get_by_label("Fax number").fill("202-555-0101")
    await page.get_by_role("button", name="Release").click()
    await expect(page.get_by_text("Released. It is delivered within seconds")).to_be_visible()
    assert await asked_for(seen, "fax-ready") == 1
    await seen.sign_in("manager")
    await seen.go("/faxes/junk")
    await page.get_by_role("row").filter(has_text="junk").get_by_role("link").last.click()
    await page.get_by_role("link", name="Release…").click()
    await expect(page.get_by_text("The caller stays blocked.")).to_be_visible()
    await seen.look("release-junk")
    await page.get_by_role("button", name="Release").click()
    await expect(page.get_by_text("Released. It is delivered within seconds")).to_be_visible()
    assert await asked_for(seen, "fax-ready") == 2


async def test_a_fax_is_held_kept_and_deleted(seen: Tour) -> None:
    page = seen.page
    ids = await accounts(seen.site)
    fax = await seen.site.stored.put("ready", "routed", account_id=ids[NUMBER])
    await seen.sign_in("manager")
    await seen.go(f"/domains/{DOMAIN}/holds")
    await seen.look("holds-empty")
    await seen.go(f"/fax/{fax}")
    await page.get_by_role("link", name="Hold…").click()
    await page.get_by_label("Why").fill("Case 2026-114")
    await seen.look("hold-fax")
    await page.get_by_role("button", name="Hold").click()
    await expect(page.get_by_text("On hold. It stays")).to_be_visible()
    await page.get_by_role("link", name="Delete…").click()
    await expect(page.get_by_role("heading", name="It is on hold, and stays")).to_be_visible()
    await seen.look("delete-on-hold")
    await seen.go(f"/domains/{DOMAIN}/holds")
    await page.get_by_label("What to keep").select_option(label="+1 202-555-0102 · Records")
    await page.get_by_label("Why").fill("Audit")
    await page.get_by_role("button", name="Hold", exact=True).click()
    await expect(page.get_by_role("row")).to_have_count(3)
    await seen.look("holds")
    page.on("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("row").filter(has_text="One fax").get_by_role("button").click()
    await expect(page.get_by_text("The hold is lifted.")).to_be_visible()
    await seen.go(f"/fax/{fax}")
    await page.get_by_role("link", name="Delete…").click()
    await page.wait_for_url("**/delete")
    await seen.look("delete")
    await page.get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_text("It is being deleted.")).to_be_visible()
    assert await asked_for(seen, "deletion-requested") == 1


async def test_usage_of_a_reseller_and_of_a_domain(seen: Tour) -> None:
    page, now = seen.page, datetime.now(UTC)
    ids = await accounts(seen.site)
    for number in range(3):
        await seen.site.stored.put(
            "routed", account_id=ids[NUMBER], at=now.replace(day=1), pages=number + 1, seconds=61.0
        )
    await seen.site.stored.put("delivered", direction="sent", account_id=ids[SECOND], at=now, pages=4, seconds=90.0)
    await unclaimed(seen.site)
    await seen.sign_in("reseller")
    await seen.go("/")
    await page.get_by_role("link", name="Usage").click()
    await expect(page.get_by_role("row").filter(has_text="0101")).to_contain_text("6 pages")
    await seen.look("usage")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download CSV").click()
    file = await download.value
    assert re.fullmatch(r"usage-\d{4}-\d\d-to-\d{4}-\d\d\.csv", file.suggested_filename)
    await seen.sign_in("manager")
    await seen.go(f"/domains/{DOMAIN}/usage")
    await expect(page.get_by_text("unclaimed")).to_have_count(0)
    await seen.look("usage-of-a-domain")


async def test_what_is_stuck_and_what_is_done_about_it(seen: Tour) -> None:
    page, pipeline, now = seen.page, seen.site.pipeline, datetime.now(UTC)
    pipeline.behind = [
        Lag("ingest", "telephony-fax-received", 0, None, 2),
        Lag("router", "fax-ready", 3, now - timedelta(seconds=20), 1),
        Lag("email_out", "email-requested", 1204, now - timedelta(hours=3), 4),
        Lag("email_out-retries", "email-requested-retry-15m", 7, now - timedelta(minutes=9), 4),
        Lag("dialer", "fax-to-dial", 2, now - timedelta(minutes=1), 0),
    ]
    pipeline.dead = [letter(17), letter(18, reason="object-missing"), letter(3, topic="fax-ready")]
    counts = {"overdue_objects": 0, "records_without_objects": 0, "faxes_on_hold": 4, "faxes": 120_345}
    pipeline.last = RetentionReport(at=now - timedelta(hours=5), tasks=2, verified=True, counts=counts)
    await seen.sign_in("operator")
    await expect(page.get_by_text("The oldest message that waits")).to_be_visible()
    await seen.look("operations")
    await page.get_by_role("link", name="Dead letters").click()
    await page.wait_for_url("**/dead-letters")
    await seen.look("dead-letters")
    await page.get_by_role("link", name="fax-ready/3").click()
    await page.wait_for_url("**/dead-letters/fax-ready/3")
    await seen.look("dead-letter")
    await page.get_by_role("button", name="Replay").click()
    await expect(page.get_by_text("Replayed.")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("checkbox", name="email-requested/18").check()
    await page.get_by_role("button", name="Drop the chosen").click()
    await expect(page.get_by_text("Dropped.")).to_be_visible()
    assert [(name, how) for name, how, _ in pipeline.resolved] == [
        ("fax-ready/3", "replayed"),
        ("email-requested/18", "dropped"),
    ]
    await page.get_by_role("link", name="Retention").click()
    await page.wait_for_url("**/operations/retention")
    await seen.look("retention-report")
    pipeline.away = True
    await seen.go("/operations")
    await expect(page.get_by_text("Kafka does not answer.")).to_be_visible()
    await seen.look("operations-away")
