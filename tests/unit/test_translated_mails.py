"""Mails in the language of their brand, and the pages behind their links in that of the browser."""

import re
from itertools import product

import httpx
import pytest

from schemas.fax import EmailRequested, Missing
from services._runtime import endings
from services._runtime.languages import Languages
from services._runtime.links import Links, Shown
from services.cli.texts import extracted
from services.email_out.domain import way
from services.email_out.letters import Letters
from services.portal.pages import app
from services.portal.spoken import Spoken
from tests.fakes import MemoryBlobs
from tests.portal_texts import TAG, pseudo
from tests.unit.mails import AT, CONTOSO, FAX, KEY, NORTHWIND, PDF, request

LINKS = Links("s" * 40, 7, lambda: AT)
STRANGE = NORTHWIND.model_copy(update={"language": TAG})
NAMES = re.compile(r"Northwind Fax|\S+@(northwind|clinic)\.example|https://\S+|\((EST|UTC)\)|Invoice 12")


@pytest.fixture(scope="module")
def languages(tmp_path_factory: pytest.TempPathFactory) -> Languages:
    folder = tmp_path_factory.mktemp("languages")
    pseudo(extracted(), folder)
    return Languages.read(folder)


def left(text: str) -> list[str]:
    """What is said in our letters, and is no name."""
    text = NAMES.sub(" ", text)
    while "⟦" in text and (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = shorter
    return re.findall(r"[A-Za-z]{2}.*", text)


@pytest.mark.parametrize("purpose", ["received", "unreadable", "sent", "failed", "refused"])
def test_a_mail_is_in_the_language_of_its_brand(languages: Languages, purpose: str) -> None:
    letters = Letters(LINKS, languages)
    for failure, partial, limit in product((None, "busy", "outcome-unknown", "cancelled"), (False, True), (10**9, 1)):
        lost = (Missing(what="page 2 of 3 was not received"),) if partial else ()
        said = {"purpose": purpose, "partial": partial, "failure": failure, "missing": lost, "subject": "Invoice 12"}
        event = request(brand=STRANGE, **said)
        letter = letters.write(event, way(event, limit))
        assert left(letter.text) == []
        assert f'<html lang="{TAG}" dir="rtl">' in letter.html
        assert "&amp;lt;" not in letter.html


@pytest.mark.parametrize("brand", [NORTHWIND, CONTOSO, NORTHWIND.model_copy(update={"language": "tlh"})])
def test_other_brands_write_english(languages: Languages, brand: object) -> None:
    event = request(brand=brand)
    letter = Letters(LINKS, languages).write(event, way(event, 10**9))
    assert dict(letter.headers)["Subject"] == "Fax from +1 212-555-0199 (3 pages)"
    assert '<html lang="en" dir="ltr">' in letter.html
    assert heading_of(event) == "Not delivered: fax to +1 212-555-0199"


def heading_of(event: EmailRequested) -> str:
    return endings.heading(event.model_copy(update={"purpose": "failed"}))


@pytest.mark.parametrize("strange", [True, False])
async def test_the_page_of_a_link_is_in_the_browsers_language(languages: Languages, *, strange: bool) -> None:
    shown = Shown("received", "+12125550199", 3, "UTC", "Northwind Fax", "#ffd400")
    token = LINKS.token(FAX, "acc-1", AT, KEY, issued_at=AT, shown=shown)
    spoken = Spoken(app(MemoryBlobs({KEY: PDF}), LINKS), languages)
    headers = {"Accept-Language": TAG if strange else "fr, en"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(spoken), base_url="https://fax", headers=headers
    ) as client:
        for address in (f"/f/{token}", "/f/none"):
            page = (await client.get(address)).text
            words = re.sub(r"(?s)<style.*?</style>|<[^>]*>", "\n", page)
            assert (left(words) == []) is strange, left(words)
            assert f'lang="{TAG if strange else "en"}"' in page
