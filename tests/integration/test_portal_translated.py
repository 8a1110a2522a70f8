"""In another language every page is in that language wholly: a pseudo-language puts every text it knows in ⟦ ⟧."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from schemas.decision import Decision
from schemas.fax import FaxState, FaxStatusChanged, Missing
from services._runtime.lag import Lag
from services._runtime.languages import Languages
from services._runtime.retention_report import RetentionReport
from services._runtime.translating import ENGLISH, Language, speaking
from services.cli.texts import extracted
from services.portal.inventory.forms import AddAccount, PrimaryUser
from services.portal.inventory.refusals import SAID
from services.portal.inventory.views import Account, Saved
from services.portal.web.routes import PAGES
from services.portal.web.showing import DONE
from services.portal.web.signing_in.people import ROLE_NAMES
from tests.portal_texts import TAG, pseudo
from tests.providers.faxes import received
from tests.providers.portal import BRAND, DOMAIN, EMAILS, HOST, Portal, form_token, portal, post
from tests.unit.test_translations import READ_ALOUD

D = f"/domains/{DOMAIN}"
OF_EACH = {"/fax/{fax}", "/domains/{domain}/jobs/{job}", "/domains/{domain}/accounts/{account}"}
NEXT = "second.example"
NUMBERS = ("+12025550101", "+12025550102", "+12025550103")
LETTER = (Path(__file__).parents[1] / "data" / "submitted" / "letter.pdf").read_bytes()
HEADER = "Phone Number,Primary User,Enabled Methods,Inbound Fax Handling,Device Type,Serial Number"
GOOD = f"{HEADER}\n+12025550104,1001,Email,Portal,,\n+12025550105,1001,ATA,Portal,Grandstream HT801,A-1\n"
BAD = f"{GOOD}+12025550101,9999,Letter,Portal,,\nx,1001,Email,Portal,Nothing,9\n"

SAID_TEXT = re.compile(r"⟦[^⟦⟧]*⟧")
LETTERS = re.compile("[A-Za-z]{2}")
"""Ours. What Babel says, as the names of months, is in the letters of the other language."""

AS_NAMED = re.compile(r'(?s)<(\w+)(?=[^>]*\sclass="[^"]*\bcode\b)[^>]*>.*?</\1>|<td data-label="⟦Change⟧">.*?</td>')
"""Ids and serial numbers, names of the log and of the runbooks, and fields of the audit log."""

TERM = re.compile(r"(?s)<dd\b.*?</dd>")
"""In a step's technical detail: stage, state and reason as the log and the API name them."""

MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|\bUTC\b|\b[A-Z][A-Za-z]+/[A-Z][\w/ -]+")
"""An exact instant, and names of zones."""

ID = re.compile(r"(account:|fax:)?\b[0-9a-f]{8}-[0-9a-f-]{27}|fax-[0-9-]+\.pdf|nativefax\.\w+\.v1")

AS_THEY_ARE = {
    *("Ada Okafor", "Ben Ruiz", "Nora Wind", "Olu Per", "Front Desk", "front.desk", "Records", "records", "program"),
    *(BRAND.name, BRAND.support, BRAND.from_address, HOST, DOMAIN, NEXT, *EMAILS.values()),
    *("Grandstream", "HT801", "HT802", "HT812", "Cisco ATA", "Poly OBi300", "Poly OBi302", "acc-1", "letter.pdf", "US"),
    *("English", "Case 17", "email_out", "email-requested", "attempts-exhausted", "claim-held"),
}
"""Names, and what is the same in every language."""

KNOWN = re.compile("|".join(sorted(map(re.escape, AS_THEY_ARE), key=len, reverse=True)))


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Language:
    return pseudo(extracted(), tmp_path_factory.mktemp("languages"))


@pytest.fixture
async def site(tmp_path: Path, strange: Language) -> AsyncIterator[Portal]:
    async with portal(tmp_path, languages=Languages((ENGLISH, strange))) as made:
        yield made


def untranslated(html: str) -> Iterator[str]:
    """What a page says in our letters that no catalogue gave it, nor a name or a moment."""
    html = re.sub(r'(?s)(?<=<details class="more">).*?</details>', lambda found: TERM.sub(" ", found.group()), html)
    html = AS_NAMED.sub(" ", re.sub(r"(?s)<(style|script|svg|template)\b.*?</\1>|<!DOCTYPE html>", " ", html))
    told = [value for name in READ_ALOUD for value in re.findall(rf'\s{name}="([^"]*)"', html)]
    for text in (re.sub(r"<[^>]*>", "\n", html), *told):
        left = ID.sub(" ", MOMENT.sub(" ", unescape(text)))
        while SAID_TEXT.search(left):
            left = SAID_TEXT.sub(" ", left)
        for line in left.split("\n"):
            if LETTERS.search(KNOWN.sub(" ", line)):
                yield line.strip()


async def speaker(site: Portal, role: str) -> httpx.AsyncClient:
    """A browser in the pseudo-language."""
    client = site.client() if role == "nobody" else await site.signed_in(role)
    client.headers["Accept-Language"] = f"{TAG}-EG, en;q=0.5"
    return client


async def account(site: Portal, number: str, user: str, *, device: bool = False) -> Account:
    (owner,) = await site.services.people.known_by(EMAILS["reseller"])
    which: dict[str, Any] = {"device_type": "Grandstream HT801", "serial": f"S{number}"} if device else {}
    methods = ("email", "portal", "ata") if device else ("email", "portal")
    form = AddAccount(DOMAIN, number, PrimaryUser(written=user), methods, "email-with-attachment", **which)
    made = await site.services.inventory.accounts.add(owner.actor(), form)
    assert isinstance(made, Saved), made
    site.api.knows(made.account)
    return made.account


RECEIVED: tuple[FaxState, ...] = (
    *("ready", "routed", "emailed", "printed", "mail-deferred", "mail-bounced", "unreadable", "junk"),
)
SENT: tuple[FaxState, ...] = (
    *("ready", "dialling", "waiting-to-redial", "delivered", "failed", "refused", "outcome-unknown"),
)


@dataclass
class World:
    """A portal with something on each of its pages. `there` are the things in addresses."""

    site: Portal
    there: dict[str, list[str]] = field(default_factory=dict)

    async def fill(self) -> None:
        """Put something everywhere."""
        mine = await account(self.site, NUMBERS[0], "1003")
        office = await account(self.site, NUMBERS[1], "1002", device=True)
        gone = await account(self.site, NUMBERS[2], "1001")
        reseller, manager = await speaker(self.site, "reseller"), await speaker(self.site, "manager")
        await self.done(post(reseller, f"{D}/accounts/{gone.account_id}/remove", version=str(gone.version)))
        await self.done(post(reseller, "/domains", name=NEXT, maximum="", region="US"))
        await self.done(post(manager, f"{D}/holds", scope=f"account:{office.account_id}", reason="Case 17"))
        (person,) = await self.site.services.people.known_by(EMAILS["manager"])
        await self.site.services.tokens.make(person, "program", 30)
        self.there = {
            "domain": [DOMAIN, NEXT],
            "account": [mine.account_id, office.account_id, gone.account_id],
            "fax": [str(one) for one in await self.faxes(mine.account_id)],
            "user": [str(gone.user.user_id if gone.user else "")],
            "job": [one async for one in self.jobs(reseller)],
            "topic": ["email-requested"],
            "offset": ["17"],
            "draft": [await self.draft()],
        }
        self.site.live.add(mine.account_id)
        now, stage = datetime.now(UTC), "email_out"
        lags = [(0, 1, None), (3, 1, now), (3, 0, now), (2, 1, now - timedelta(hours=1)), (0, 0, None)]
        self.site.pipeline.behind = [Lag(stage, "email-requested", count, at, busy) for count, busy, at in lags]
        self.site.pipeline.last = RetentionReport(at=now, tasks=3, off=1, verified=True, counts={"overdue_faxes": 1})

    async def done(self, asked: Any) -> None:
        answer = await asked
        assert answer.status_code == 303, answer.text

    async def faxes(self, mine: str) -> list[UUID]:
        """One in each state, the received ones first."""
        stored = self.site.stored
        found: list[UUID] = []
        documents = received(LETTER)
        lost = (Missing(what="page 1: 24 rows damaged, 3 in a row"), Missing(what="page 2 of 3 was not received"))
        for state in RECEIVED:
            reason = {"mail-bounced": "mail-bounced", "unreadable": "damaged-tiff", "junk": "caller-blocked"}.get(state)
            said: dict[str, Any] = {"reason": reason, "account_id": mine, "partial": True, "pages_announced": 3}
            at = datetime.now(UTC) - timedelta(minutes=len(found))
            found.append(await stored.put("accepted", state, at=at, documents=documents, **said))
            status = FaxStatusChanged.model_validate_json(await self.step(found[-1]))
            why = "It had been set aside, and was released. The account wants its faxes in the portal only."
            decision = Decision(rule="portal", why=why, decided_at=at, status=status, missing=lost, account_version=2)
            stored.decide(at, found[-1], decision)
        aside: dict[str, Any] = {"reason": "number-unknown", "account_id": None, "domain": None}
        found.append(await stored.put("accepted", "unclaimed", documents=documents, **aside))
        for state in SENT:
            said = {"account_id": mine, "direction": "sent", "pages": 2, "seconds": 70.0}
            said |= {"waiting-to-redial": {"detail": WAITS}, "failed": {"reason": "busy"}}.get(state, {})
            found.append(await stored.put("accepted", state, **said))
        return found

    async def step(self, fax: UUID) -> bytes:
        steps = await self.site.stored.faxes.history.steps(fax)
        return steps[-1].model_dump_json().encode()

    async def jobs(self, reseller: httpx.AsyncClient) -> AsyncIterator[str]:
        """An import that waits, one with refused rows and one that is done; a move; a change of user."""
        worker = self.site.services.inventory.worker()
        for data, mode in ((BAD, ""), ("\xff", ""), (GOOD, "good-rows")):
            token = form_token((await reseller.get("/password")).text)
            file = {"file": ("n.csv", data.encode("latin-1"), "text/csv")}
            page = await reseller.post(f"{D}/import", data={"form_token": token}, files=file)
            assert await worker.step()
            if mode:
                await self.done(post(reseller, page.headers["location"], mode=mode))
                assert await worker.step()
            yield page.headers["location"].rpartition("/")[2]
        numbers = "\n".join(NUMBERS[:2])
        for path, chosen in (("move", {"target": NEXT, "goes_on": "yes"}), ("reassign", {"primary_user": "1001"})):
            made = await post(reseller, f"{D}/{path}", numbers=numbers, **chosen)
            assert made.status_code == 303, list(untranslated(made.text))
            yield made.headers["location"].rpartition("/")[2]

    async def draft(self) -> str:
        """Of the user: a fax to send, with a file."""
        user = await speaker(self.site, "user")
        token = form_token((await user.get("/password")).text)
        data = {"form_token": token, "do": "save", "to": "+12025550177", "subject": "Case 17"}
        made = await user.post("/send", data=data, files={"files": ("letter.pdf", LETTER, "application/pdf")})
        return made.headers["location"].removesuffix("#files").rpartition("/")[2]

    def addresses(self, path: str, role: str) -> list[str]:
        """Of a page, for what it can be of: a manager looks at every fax and job, the others at one."""
        found = [path]
        for name in re.findall(r"{(\w+)}", path):
            things = self.there.get(name, [])
            few = things if role == "manager" and path in OF_EACH else things[:1]
            found = [one.replace(f"{{{name}}}", thing) for one in found for thing in few]
        return found


WAITS = "busy; next call after 24 November 2026, 09:40 (EST)"
NOT_READ = (
    *("/thumbnail", "/page/{page}", "/small/{page}", "/pages/{number}", ".pdf", ".tif", ".csv", ".png"),
    *("/live", "/find", "/progress", "/sign-out", "/language", "/discard", "/now"),
)
"""Pictures, files, and what scripts ask; the forms that end a session or a draft."""

LEAD_ON = {("GET", "/"), ("GET", "/faxes"), ("GET", "/domains/{domain}")}
"""To another page."""


async def test_every_page_is_in_that_language_wholly(site: Portal) -> None:
    """Walk every page as everybody who may see it; then send every form with nothing in it."""
    world = World(site)
    await world.fill()
    roles = ("reseller", "manager", "user", "operator", "nobody")
    clients = {role: await speaker(site, role) for role in roles}
    forms = {role: await one.get("/password", follow_redirects=True) for role, one in clients.items()}
    left: dict[str, set[str]] = {}
    seen = set()
    for page in sorted(PAGES, key=lambda one: (one.method, one.path.endswith("/remove"))):
        if page.path.endswith(NOT_READ):
            continue
        who = [role for role in roles if page.rule is None or role in page.rule]
        for role in who if page.method == "GET" else who[:1]:
            for address in world.addresses(page.path, role)[: None if page.method == "GET" else 1]:
                data = None if page.method == "GET" else {"form_token": form_token(forms[role].text)}
                answer = await clients[role].request(page.method, address, data=data)
                if answer.headers.get("content-type", "").startswith("text/html"):
                    seen.add((page.method, page.path))
                    assert f'<html lang="{TAG}" dir="rtl">' in answer.text, address
                    for text in untranslated(answer.text):
                        left.setdefault(text, set()).add(f"{role} {page.method} {page.path}")

    assert left == {}
    to_read = {(one.method, one.path) for one in PAGES if one.method == "GET" and not one.path.endswith(NOT_READ)}
    assert to_read - seen == LEAD_ON


async def test_english_is_what_is_found_otherwise(site: Portal) -> None:
    """The walk above can fail."""
    fax = await site.stored.put("accepted", "routed", account_id="a")
    english = await (await site.signed_in("manager")).get(f"/fax/{fax}")
    assert '<html lang="en" dir="ltr">' in english.text
    assert {"What happened", "It arrived", "Received"} <= set(untranslated(english.text))


def test_every_text_of_a_table_is_found(strange: Language) -> None:
    texts = [words for _, words in SAID.values()] + [one.words for one in DONE.values()] + [*ROLE_NAMES.values()]
    with speaking(strange):
        assert [one for one in texts if strange.translations.gettext(one) == one] == []
    assert json.dumps(texts)
