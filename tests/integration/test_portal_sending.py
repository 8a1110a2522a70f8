"""Sending from the portal: drafts that lose nothing, the very pages, one fax however often it is sent, and cancelling.

The API behind it is the real one on fakes, so what the portal takes it for is what it is.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from schemas.fax import FaxSubmitted
from schemas.identity import api_fax_id
from schemas.keys import SUBMISSION, fax_prefix
from services._runtime.database import transaction
from services.portal.inventory.forms import AddAccount, PrimaryUser
from services.portal.inventory.tables import AUDIT
from services.portal.inventory.views import Account, Saved
from services.portal.sending.domain import BYTES, DRAFTS, FILES, KEPT, Draft
from services.portal.sending.drafts import Drafts
from services.portal.sending.refusals import Refused
from services.portal.sending.sending import Sender, Sending
from services.portal.web.send_pages import sending_away
from tests.fakes import MemoryBlobs
from tests.providers.faxes import received
from tests.providers.faxes import sent as documents_of
from tests.providers.portal import DOMAIN, EMAILS, Portal, form_token, portal, post

SAMPLES = Path(__file__).parents[1] / "data" / "submitted"
LETTER, LOCKED = ((SAMPLES / name).read_bytes() for name in ("letter.pdf", "locked.pdf"))
TO = "+12025550177"
TEXT = b"Please call me back."
File = tuple[str, bytes]


@dataclass
class Desk:
    """A fax user at their desk, with a fax number that may send."""

    site: Portal
    client: httpx.AsyncClient
    account: Account

    async def press(
        self, address: str = "/send", do: str = "preview", files: tuple[File, ...] = (), **fields: Any
    ) -> httpx.Response:
        """Press a button of the form."""
        token = form_token((await self.client.get("/password")).text)
        data = {"form_token": token, "do": do, "account": self.account.account_id, "to": TO, **fields}
        parts: list[tuple[str, Any]] = [("files", (name, content, "application/pdf")) for name, content in files]
        return await self.client.post(address, data=data, files=parts or {"files": ("", b"")})

    async def draft(self, *files: File, **fields: Any) -> str:
        """The address of a draft."""
        answer = await self.press(do="save", files=files or (("letter.pdf", LETTER),), **fields)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].removesuffix("#files")

    async def send(self, draft: str, clicks: int = 1) -> httpx.Response:
        """Look at its pages, and send it; the answer to the last click."""
        page = (await self.client.get(f"{draft}/preview")).text
        found = re.search(r'name="version" value="(\d+)"', page)
        assert found, page
        fields = {"form_token": form_token(page), "version": found.group(1)}
        clicked = (self.client.post(f"{draft}/now", data=fields) for _ in range(clicks))
        answers = await asyncio.gather(*clicked)
        assert len({one.headers.get("location") for one in answers}) == 1
        return answers[-1]

    @property
    def submitted(self) -> list[FaxSubmitted]:
        return self.site.api.world.submitted

    @property
    def sending(self) -> Sending:
        assert self.site.services.sending
        return self.site.services.sending

    @property
    def blobs(self) -> MemoryBlobs:
        return self.site.stored.blobs


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as made:
        yield made


async def account(site: Portal, number: str, user: str = "1003", *methods: str) -> Account:
    (owner,) = await site.services.people.known_by(EMAILS["reseller"])
    form = AddAccount(DOMAIN, number, PrimaryUser(written=user), methods or ("email", "portal"), "portal")
    made = await site.services.inventory.accounts.add(owner.actor(), form)
    assert isinstance(made, Saved), made
    return made.account


@pytest.fixture
async def desk(site: Portal) -> Desk:
    mine = await account(site, "+12025550101")
    site.api.knows(mine)
    return Desk(site, await site.signed_in("user"), mine)


async def test_a_fax_is_prepared_seen_and_sent(desk: Desk) -> None:
    typed = {"to": "(202) 555-0177", "subject": "Results", "cover_text": "For Dr Adams"}
    draft = await desk.draft(("a.pdf", LETTER), ("b.txt", TEXT), **typed)
    page = await desk.client.get(f"{draft}/preview")
    assert page.status_code == 200
    assert "4 pages" in page.text
    assert "+1 202-555-0177" in page.text, "the number that will be called"
    picture = await desk.client.get(f"{draft}/pages/1")
    assert (picture.headers["content-type"], picture.content[:4]) == ("image/png", b"\x89PNG")
    assert "sandbox" in picture.headers["content-security-policy"]
    assert (await desk.client.get(f"{draft}/pages/5")).status_code == 404
    assert not desk.submitted
    answer = await desk.send(draft)
    assert answer.headers["location"] == f"{draft}/sent"
    (fax,) = desk.submitted
    assert (fax.method, fax.sender, fax.reply_to) == ("portal", EMAILS["user"], EMAILS["user"])
    assert (fax.destination, fax.subject) == ("(202) 555-0177", "Results")
    assert [one.filename for one in fax.attachments] == ["a.pdf", "b.txt"]
    assert await _audited(desk, "fax.submitted") == [str(fax.fax_id)]
    left = [key for key in desk.blobs.objects if key.startswith("drafts/")]
    assert left
    assert all("/versions/" in key for key in left), "the documents are the fax's now"


async def _audited(desk: Desk, what: str) -> list[str]:
    async with transaction(desk.site.engine) as connection:
        return list(await connection.scalars(select(AUDIT.c.subject).where(AUDIT.c.what == what)))


async def test_what_is_shown_is_what_is_dialled(desk: Desk) -> None:
    draft = await desk.draft(("a.pdf", LETTER), cover="yes", resolution="standard")
    await desk.client.get(f"{draft}/preview")
    (shown,) = [data for key, data in desk.blobs.objects.items() if "/preview/" in key]
    await desk.send(draft)
    assert await desk.site.api.dialled() == shown


async def test_two_clicks_send_one_fax(desk: Desk) -> None:
    draft = await desk.draft()
    assert (await desk.send(draft, clicks=5)).headers["location"] == f"{draft}/sent"
    again = await desk.press(f"{draft}/now")
    assert again.headers["location"] == f"{draft}/sent"
    assert len({one.fax_id for one in desk.submitted}) == 1
    assert desk.submitted[0].fax_id == api_fax_id(desk.account.account_id, draft.rpartition("/")[2])


async def test_the_page_of_a_fax_opens_as_soon_as_it_is_known(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending_away, "_LOOKS", 1)
    draft = await desk.draft()
    await desk.send(draft)
    waiting = await desk.client.get(f"{draft}/sent")
    assert (waiting.status_code, waiting.headers["refresh"]) == (200, "3")
    assert "The fax was taken" in waiting.text
    fax = desk.submitted[0]
    stored = await desk.site.stored.put("accepted", direction="sent", account_id=fax.account_id)
    history = desk.site.stored.faxes.history
    history.fax = _always(await history.fax(stored))  # type: ignore[method-assign]
    there = await desk.client.get(f"{draft}/sent")
    assert there.headers["location"] == f"/fax/{fax.fax_id}?done=submitted"
    assert (await desk.client.get(draft)).headers["location"] == f"/fax/{fax.fax_id}"


def _always(row: Any) -> Any:
    async def fax(_: UUID) -> Any:
        return row

    return fax


async def test_a_draft_that_was_changed_meanwhile_is_seen_again_first(desk: Desk) -> None:
    draft = await desk.draft()
    page = (await desk.client.get(f"{draft}/preview")).text
    await desk.press(draft, do="save", subject="Another")
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    answer = await desk.client.post(f"{draft}/now", data={"form_token": form_token(page), "version": version.group(1)})
    assert answer.headers["location"] == f"{draft}/preview?done=changed-meanwhile"
    assert not desk.submitted


async def test_what_is_missing_is_told_and_what_is_there_is_kept(desk: Desk) -> None:
    answer = await desk.press(to="", files=(("a.pdf", LETTER),), subject="Results", cover_text="Dear  colleague")
    assert answer.status_code == 422
    assert "Type the fax number to call." in answer.text
    assert "a.pdf" in answer.text
    assert 'value="Results"' in answer.text
    assert "Dear  colleague</textarea>" in answer.text
    (draft,) = await desk.sending.drafts.of((await _person(desk)).user_id)
    assert len(draft.files) == 1
    answer = await desk.press(f"/send/{draft.draft_id}", files=())
    assert answer.headers["location"] == f"/send/{draft.draft_id}/preview"


async def _person(desk: Desk) -> Any:
    return (await desk.site.services.people.known_by(EMAILS["user"]))[0]


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"to": "911"}, "This is an emergency number. Faxes are never sent to those."),
    ({"to": "fax me"}, "is not a valid fax number. Check the number;"),
    ({"to": "+4930123456"}, "Faxes to this number are blocked for your account."),
    ({"files": (("a.pdf", LETTER), ("locked.pdf", LOCKED))}, "“locked.pdf”: It is protected by a password"),
    ({"cover_text": "שלום"}, "It is of a kind that can"),
    ({"subject": "x" * 300}, "A subject has 200 characters at most."),
)


async def test_what_the_api_refuses_is_marked_in_words_that_say_what_to_do(desk: Desk) -> None:
    for fields, words in WRONG:
        answer = await desk.press(**{"files": (("a.txt", TEXT),), **fields})
        page = await desk.client.get(answer.headers["location"])
        assert page.status_code == 422
        assert words in page.text
        assert re.search(r'aria-invalid="true"|class="marked"', page.text)
    assert not desk.submitted


async def test_files_are_put_in_order_and_removed(desk: Desk) -> None:
    draft = await desk.draft(("a.txt", TEXT), ("b.txt", TEXT), ("c.txt", TEXT))
    ids = await _ids(desk, draft)
    await desk.press(draft, do=f"down {ids['a.txt']}", file_order=list(ids.values()))
    assert list(await _ids(desk, draft)) == ["b.txt", "a.txt", "c.txt"]
    await desk.press(draft, do="save", file_order=[ids["c.txt"], ids["a.txt"], ids["b.txt"]])
    assert list(await _ids(desk, draft)) == ["c.txt", "a.txt", "b.txt"]
    await desk.press(draft, do=f"remove {ids['a.txt']}")
    await desk.press(draft, do=f"up {ids['c.txt']}")
    assert list(await _ids(desk, draft)) == ["c.txt", "b.txt"]
    await desk.send(draft)
    assert [one.filename for one in desk.submitted[0].attachments] == ["c.txt", "b.txt"]


async def _ids(desk: Desk, draft: str) -> dict[str, str]:
    return {one.name: one.file_id for one in (await _found(desk, draft)).files}


async def test_a_fax_has_bounds_and_what_fits_is_kept(desk: Desk) -> None:
    many = tuple((f"{number}.txt", TEXT) for number in range(FILES + 1))
    answer = await desk.press(do="save", files=(*many, ("empty.txt", b"")))
    assert answer.status_code == 422
    assert f"“{FILES}.txt” was left out" in answer.text
    assert "“empty.txt” is empty." in answer.text
    large = b"%PDF" + bytes(BYTES // 2)
    draft = await desk.draft(("one.pdf", large))
    answer = await desk.press(draft, do="save", files=(("two.pdf", large), ("note.txt", TEXT)))
    assert "“two.pdf” was left out: a fax has 50 MB at most." in answer.text
    assert list(await _ids(desk, draft)) == ["one.pdf", "note.txt"]


async def test_uploads_at_once_lose_nothing(desk: Desk) -> None:
    draft = await desk.draft()
    await asyncio.gather(*(desk.press(draft, do="save", files=((f"{one}.txt", TEXT),)) for one in range(5)))
    assert sorted(await _ids(desk, draft)) == ["0.txt", "1.txt", "2.txt", "3.txt", "4.txt", "letter.pdf"]


@pytest.mark.parametrize("out", [httpx.ReadTimeout("slow"), httpx.Response(502, text="<p>")])
async def test_while_the_api_is_away_nothing_is_lost_and_the_next_try_makes_one_fax(desk: Desk, out: Any) -> None:
    draft = await desk.draft()
    await desk.client.get(f"{draft}/preview")
    desk.site.api.out = out
    answer = await desk.send(draft)
    assert answer.status_code == 503
    assert "However often you do, it is one fax." in answer.text
    desk.site.api.out = None
    assert (await desk.send(draft)).headers["location"] == f"{draft}/sent"
    assert len(desk.submitted) == 1


async def test_what_may_be_under_way_from_one_number_is_not_sent_from_another(desk: Desk) -> None:
    other = await account(desk.site, "+12025550102")
    desk.site.api.knows(other)
    draft = await desk.draft(to="112")
    assert isinstance(await desk.sending.send(await _sender(desk), await _found(desk, draft)), Refused)
    await desk.press(draft, do="save", account=other.account_id)
    desk.site.api.out = httpx.ReadTimeout("slow")
    assert (await desk.send(draft)).status_code == 503
    desk.site.api.out = None
    await desk.press(draft, do="save")
    answer = await desk.send(draft)
    assert answer.status_code == 422
    assert "may be on its way already" in answer.text
    await desk.press(draft, do="save", account=other.account_id)
    assert (await desk.send(draft)).status_code == 303
    assert [one.account_id for one in desk.submitted] == [other.account_id]


async def test_without_a_preview_it_can_still_be_sent(desk: Desk) -> None:
    draft = await desk.draft()
    busy = {"type": "/problems/busy", "title": "", "status": 503, "detail": "", "request_id": ""}
    desk.site.api.out = httpx.Response(503, json=busy)
    page = await desk.client.get(f"{draft}/preview")
    assert page.status_code == 503
    assert "Send without a preview" in page.text
    assert "Many faxes are being prepared" in page.text
    desk.site.api.out = None
    fields = {"form_token": form_token(page.text), "version": re.findall(r'name="version" value="(\d+)"', page.text)[0]}
    assert (await desk.client.post(f"{draft}/now", data=fields)).status_code == 303
    assert len(desk.submitted) == 1


async def test_a_draft_that_was_taken_before_it_was_changed_says_so(desk: Desk) -> None:
    """The answer was lost on its way; the changed one would be another fax under the same key."""
    draft = await desk.draft()
    person = (await _person(desk)).user_id
    fax = await desk.sending.send(await _sender(desk), await _found(desk, draft))
    assert isinstance(fax, UUID)
    await desk.sending.drafts.change(person, _id(draft), lambda one: one.model_copy(update={"sent": None, "files": ()}))
    await desk.press(draft, do="save", files=(("b.txt", TEXT),))
    answer = await desk.send(draft)
    assert answer.status_code == 422
    assert "This fax was taken already, before it was changed." in answer.text
    assert len({one.fax_id for one in desk.submitted}) == 1


def _id(draft: str) -> UUID:
    return UUID(draft.rpartition("/")[2])


async def _found(desk: Desk, draft: str) -> Draft:
    found = await desk.sending.drafts.find((await _person(desk)).user_id, _id(draft))
    assert found
    return found


async def _sender(desk: Desk) -> Sender:
    return Sender((await _person(desk)).user_id, EMAILS["user"], desk.account)


async def test_drafts_are_few_and_are_thrown_away_after_a_day(desk: Desk) -> None:
    drafts, person = desk.sending.drafts, (await _person(desk)).user_id
    addresses = [await desk.draft() for _ in range(DRAFTS + 1)]
    page = (await desk.client.get("/send")).text
    assert page.count('href="/send/') == DRAFTS
    assert (await desk.client.get(addresses[0])).status_code == 404
    assert await drafts.sweep() == 0
    later = drafts.now() + KEPT + timedelta(seconds=1)
    object.__setattr__(drafts, "now", lambda: later)
    assert await drafts.sweep() == DRAFTS
    assert not [key for key in desk.blobs.objects if key.startswith("drafts/")]
    assert not await drafts.of(person)


async def test_a_draft_is_thrown_away(desk: Desk) -> None:
    draft = await desk.draft()
    assert (await post(desk.client, f"{draft}/discard")).headers["location"] == "/send?done=discarded"
    assert (await desk.client.get(draft)).status_code == 404
    assert not [key for key in desk.blobs.objects if key.startswith("drafts/")]


async def test_a_draft_is_nobody_elses(desk: Desk) -> None:
    draft = await desk.draft()
    manager = await desk.site.signed_in("manager")
    for part in ("", "/preview", "/pages/1", "/sent"):
        assert (await manager.get(f"{draft}{part}")).status_code == 404
    for part in ("", "/now", "/discard"):
        assert (await post(manager, f"{draft}{part}")).status_code == 404
    assert (await desk.client.get(f"{draft}/preview")).status_code == 200


async def test_only_numbers_with_the_method_portal_and_only_ones_own(desk: Desk) -> None:
    others, mailed = (
        await account(desk.site, "+12025550102", "1001"),
        await account(desk.site, "+12025550103", "1003", "email"),
    )
    for one in (others, mailed):
        desk.site.api.knows(one, methods=("email", "portal"))
        answer = await desk.press(account=one.account_id, files=(("a.txt", TEXT),))
        assert answer.status_code == 422
        assert "Choose a fax number from which you may send." in answer.text
        draft = await desk.draft(account=one.account_id)
        assert (await desk.client.get(f"{draft}/preview")).status_code == 422
        version = {"version": "2", "form_token": form_token((await desk.client.get("/password")).text)}
        assert (await desk.client.post(f"{draft}/now", data=version)).status_code == 422
    assert not desk.submitted
    assert "/v1/faxes" not in desk.site.api.asked


async def test_a_manager_sends_from_any_number_of_the_domain_and_is_told_here(desk: Desk) -> None:
    manager = Desk(desk.site, await desk.site.signed_in("manager"), desk.account)
    draft = await manager.draft()
    page = (await manager.client.get(f"{draft}/preview")).text
    assert "is told to you here" in page
    assert "by a mail" not in page
    await manager.send(draft)
    assert (manager.submitted[0].sender, manager.submitted[0].reply_to) == (EMAILS["manager"], None)


async def test_without_a_number_it_says_whom_to_ask(site: Portal) -> None:
    page = await (await site.signed_in("user")).get("/send")
    assert "No fax number of yours may send from here" in page.text


async def test_a_portal_without_an_api_says_so(site: Portal) -> None:
    object.__setattr__(site.services, "sending", None)
    page = await (await site.signed_in("user")).get("/send")
    assert page.status_code == 503
    assert "Faxes can&#39;t be sent from here yet" in page.text


async def _kept(desk: Desk, *states: Any, **fields: Any) -> UUID:
    """A fax that was sent from the portal, as everything about it is kept."""
    draft = await desk.draft(("a.pdf", LETTER), ("b.txt", TEXT), subject="Results", cover_text="Hello", **fields)
    await desk.send(draft)
    fax = desk.submitted[-1]
    world = desk.site.api.world.blobs.objects
    desk.blobs.objects.update({key: data for key, data in world.items() if str(fax.fax_id) in key})
    documents = documents_of(await desk.site.api.dialled(), b"II*\0")
    stored = await desk.site.stored.put(
        *states, direction="sent", at=fax.accepted_at, documents=documents, account_id=fax.account_id, other_party=TO
    )
    prefix = fax_prefix(fax.accepted_at, stored)
    desk.blobs.objects[prefix + SUBMISSION] = desk.blobs.objects[fax_prefix(fax.accepted_at, fax.fax_id) + SUBMISSION]
    return stored


async def test_a_failed_fax_is_sent_again_as_it_was(desk: Desk) -> None:
    fax = await _kept(desk, "accepted", "ready", "failed", resolution="standard")
    page = (await desk.client.get(f"/fax/{fax}")).text
    assert f'action="/fax/{fax}/again"' in page
    answer = await post(desk.client, f"/fax/{fax}/again")
    draft = (await desk.client.get(answer.headers["location"])).text
    for said in (f'value="{TO}"', 'value="Results"', "Hello</textarea>", "a.pdf", "b.txt"):
        assert said in draft
    await desk.send(answer.headers["location"])
    first, second = desk.submitted[0], desk.submitted[-1]
    assert first.fax_id != second.fax_id
    same = ("destination", "subject", "resolution", "account_id")
    assert all(getattr(first, name) == getattr(second, name) for name in same)
    assert [one.document.size for one in first.attachments] == [one.document.size for one in second.attachments]


async def test_without_what_was_submitted_its_pages_are_sent_again(desk: Desk) -> None:
    fax = await _kept(desk, "accepted", "ready", "delivered")
    for key in [key for key in desk.blobs.objects if "/attachments/" in key]:
        del desk.blobs.objects[key]
    answer = await post(desk.client, f"/fax/{fax}/again")
    assert len(await _ids(desk, answer.headers["location"])) == 1


async def test_a_received_fax_is_forwarded(desk: Desk) -> None:

    fax = await desk.site.stored.put(
        "accepted", "routed", account_id=desk.account.account_id, documents=received(LETTER)
    )
    assert f'action="/fax/{fax}/forward"' in (await desk.client.get(f"/fax/{fax}")).text
    answer = await post(desk.client, f"/fax/{fax}/forward")
    page = (await desk.client.get(answer.headers["location"])).text
    assert re.search(r"fax-\d{4}-\d{2}-\d{2}-\d{4}-12025550177\.pdf", page)
    assert 'name="to" type="tel" value=""' in page
    await desk.press(answer.headers["location"], do="save", to="+12025550178")
    await desk.send(answer.headers["location"])
    assert desk.submitted[0].destination == "+12025550178"


async def test_a_reseller_forwards_and_cancels_nothing(desk: Desk) -> None:
    fax = await _kept(desk, "accepted", "ready")
    reseller = await desk.site.signed_in("reseller")
    assert "/cancel" not in (await reseller.get(f"/fax/{fax}")).text
    for part in ("again", "forward", "cancel"):
        assert (await post(reseller, f"/fax/{fax}/{part}")).status_code == 403


async def test_somebody_elses_fax_is_not_there(desk: Desk) -> None:
    theirs = await account(desk.site, "+12025550102", "1001")
    fax = await desk.site.stored.put("accepted", "ready", direction="sent", account_id=theirs.account_id)
    for part in ("again", "forward", "cancel"):
        assert (await post(desk.client, f"/fax/{fax}/{part}")).status_code == 404
    assert not desk.site.api.asked


async def test_a_fax_is_cancelled_while_it_can_be(desk: Desk) -> None:
    draft = await desk.draft()
    await desk.send(draft)
    fax = desk.submitted[0]
    row = await desk.site.stored.put("accepted", direction="sent", at=fax.accepted_at, account_id=fax.account_id)
    history = desk.site.stored.faxes.history
    known = await history.fax(row)
    assert known
    history.fax = _always(replace(known, fax_id=fax.fax_id))  # type: ignore[method-assign]
    assert f'action="/fax/{fax.fax_id}/cancel"' in (await desk.client.get(f"/fax/{fax.fax_id}")).text
    answer = await post(desk.client, f"/fax/{fax.fax_id}/cancel")
    assert answer.headers["location"] == f"/fax/{fax.fax_id}?done=cancelled"
    assert "It was not called, and will not be." in (await desk.client.get(answer.headers["location"])).text
    assert await _audited(desk, "fax.cancelled") == [str(fax.fax_id)]


async def test_a_fax_that_has_ended_is_not_cancelled(desk: Desk) -> None:
    fax = await _kept(desk, "accepted", "ready", "delivered")
    assert f"/fax/{fax}/cancel" not in (await desk.client.get(f"/fax/{fax}")).text
    answer = await post(desk.client, f"/fax/{fax}/cancel")
    assert answer.headers["location"].endswith(("?done=not-cancellable", "?done=not-reached"))


async def test_a_draft_of_a_newer_release_is_left_to_it() -> None:
    """Two releases run at once while one is put in place of the other."""
    blobs, person = MemoryBlobs(), "p"
    drafts = Drafts(blobs)
    draft = await drafts.begin(person)
    (key,) = blobs.objects
    blobs.objects[key] = blobs.objects[key].replace(b"{", b'{"new": 1, ', 1)
    assert await drafts.sweep() == 0
    assert await drafts.find(person, draft.draft_id) is None
    blobs.objects = {key.replace("versions/000001.json", "files/left"): b"of a draft that went half"}
    assert await drafts.sweep() == 1
    assert blobs.objects == {}
