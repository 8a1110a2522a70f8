"""In another language, a page of faxes is in that language wholly: a pseudo-locale puts every text it knows in ⟦ ⟧."""

import re
from collections.abc import AsyncIterator, Iterator
from gettext import GNUTranslations
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from services._runtime.translating import speaking
from services.portal.inventory.refusals import SAID
from services.portal.web.showing import DONE
from services.portal.web.signing_in.people import ROLE_NAMES
from tests.portal_texts import extracted
from tests.providers.faxes import received
from tests.providers.portal import BRAND, DOMAIN, Portal, portal, post
from tests.unit.test_translations import READ_ALOUD

NUMBER = "+12025550101"
SAID_TEXT = re.compile(r"⟦[^⟦⟧]*⟧")
MOMENT = re.compile(r"(\d{1,2} [A-Z][a-z]+ \d{4}(, \d\d:\d\d \([A-Z]+\))?|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC)")
"""Months are in English still: `strftime` knows no other language here."""

TERM = re.compile(r"(?s)<dd\b.*?</dd>")
"""In a step's technical detail: stage, state and reason as the log and the API name them."""

AS_THEY_ARE = {BRAND.name, BRAND.support, "Ada Okafor", "ada.okafor@clinic.example", DOMAIN, "ATA"}
"""Names, and what is the same in every language."""


@pytest.fixture(scope="module")
def pseudo(tmp_path_factory: pytest.TempPathFactory) -> GNUTranslations:
    catalogue = extracted(tmp_path_factory.mktemp("texts"))
    strange = Catalog(locale="de")
    for message in catalogue:
        if isinstance(message.id, str):
            if message.id:
                strange.add(message.id, f"⟦{message.id}⟧")
        else:
            strange.add(message.id, tuple(f"⟦{one}⟧" for one in message.id))
    file = BytesIO()
    write_mo(file, strange)
    file.seek(0)
    return GNUTranslations(file)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as made:
        yield made


def untranslated(html: str) -> Iterator[str]:
    """What a page says in letters that no catalogue gave it, nor a name or a moment."""
    html = re.sub(r'(?s)(?<=<details class="more">).*?</details>', lambda found: TERM.sub(" ", found.group()), html)
    html = re.sub(r"<(style|script|svg|template)\b.*?</\1>", " ", html, flags=re.DOTALL)
    texts = re.sub(r"<[^>]*>", "\n", html).split("\n")
    for name in READ_ALOUD:
        texts += re.findall(rf'\s{name}="([^"]*)"', html)
    for text in map(unescape, texts):
        left = text
        while SAID_TEXT.search(left):
            left = SAID_TEXT.sub(" ", left)
        for known in sorted(AS_THEY_ARE, key=len, reverse=True):
            left = left.replace(known, " ")
        if re.search("[^\\W\\d_]{2}", MOMENT.sub(" ", left)):
            yield text.strip()


async def test_the_page_of_a_received_fax(site: Portal, pseudo: GNUTranslations) -> None:
    documents = received(b"%PDF-1.7")
    fax = await site.stored.put("accepted", "ready", "routed", "mail-deferred", documents=documents, account_id="a")
    manager = await site.signed_in("manager")
    english = await manager.get(f"/fax/{fax}")
    assert {"What happened", "It arrived", "Received"} <= set(untranslated(english.text))
    with speaking(pseudo):
        page = await manager.get(f"/fax/{fax}")
    assert page.status_code == 200
    assert "⟦arrived, mail delayed⟧" in page.text
    assert list(untranslated(page.text)) == []


@pytest.mark.parametrize("state", ["emailed", "mail-bounced", "unreadable", "junk", "unclaimed", "printed"])
async def test_however_it_stands(site: Portal, pseudo: GNUTranslations, state: str) -> None:
    reason = {"mail-bounced": "mail-bounced", "unreadable": "damaged-tiff", "junk": "caller-blocked"}.get(state)
    fax = await site.stored.put("accepted", "ready", state, reason=reason, partial=True, pages_announced=3)  # type: ignore[arg-type]
    manager = await site.signed_in("manager")
    with speaking(pseudo):
        page = await manager.get(f"/fax/{fax}?done=released")
        shelf = await manager.get("/faxes/received")
    assert list(untranslated(page.text)) == []
    assert list(untranslated(shelf.text)) == []


async def test_what_is_refused(site: Portal, pseudo: GNUTranslations) -> None:
    fax = await site.stored.put("accepted", "ready", "routed", account_id="a")
    manager = await site.signed_in("manager")
    with speaking(pseudo):
        refused = await post(manager, f"/fax/{fax}/hold", reason=" ")
        nothing = await manager.get("/fax/none")
    assert refused.status_code == 422
    assert f"⟦{SAID['hold-invalid'][1]}⟧" in unescape(refused.text)
    for page in (refused, nothing):
        assert list(untranslated(page.text)) == []


def test_every_text_of_a_table_is_found(pseudo: GNUTranslations) -> None:
    texts = [words for _, words in SAID.values()] + [one.words for one in DONE.values()] + [*ROLE_NAMES.values()]
    assert [one for one in texts if pseudo.gettext(one) == one] == []
