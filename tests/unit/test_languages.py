"""Which language is meant, what a catalogue may say, and the command that looks after catalogues."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from typer.testing import CliRunner

from services._runtime.catalogues import CatalogueUnreadable, read_catalogue
from services._runtime.display import when
from services._runtime.languages import Languages
from services._runtime.translating import ENGLISH, Language, gettext, ngettext, number, speak, speaking
from services.cli.languages import app

GERMAN = Language("de", Locale("de"))
BRAZILIAN = Language("pt-BR", Locale("pt", "BR"))
OFFERED = Languages((GERMAN, ENGLISH, BRAZILIAN))


@pytest.mark.parametrize(
    ("accept", "spoken"),
    [
        ("de", "de"),
        ("de-AT, en;q=0.8", "de"),
        ("DE-ch", "de"),
        ("fr, en;q=0.8, de;q=0.9", "de"),
        ("pt-PT", "pt-BR"),
        ("pt", "pt-BR"),
        ("en-US,en;q=0.9", "en"),
        ("de;q=0, en;q=0.1", "en"),
        ("fr", None),
        ("*", None),
        ("", None),
        ("de;q=much", None),
        (";;,,=", None),
        (f"{'x,' * 50}de", None),
    ],
)
def test_the_language_of_a_browser(accept: str, spoken: str | None) -> None:
    found = OFFERED.of_browser(accept)
    assert (found.tag if found else None) == spoken


def test_a_language_says_what_it_is() -> None:
    assert [one.name for one in (GERMAN, ENGLISH, BRAZILIAN)] == ["Deutsch", "English", "Português (Brasil)"]
    assert [GERMAN.direction, Language("he", Locale("he")).direction] == ["ltr", "rtl"]


def test_dates_and_numbers_are_written_as_in_that_language() -> None:
    moment = datetime(2026, 12, 24, 14, 40, tzinfo=UTC)
    assert when(moment, "America/New_York") == "24 December 2026, 09:40 (EST)"
    with speaking(BRAZILIAN):
        assert when(moment, "America/Sao_Paulo") == "24 de dezembro de 2026, 11:40 (UTC-03:00)"
        assert number(1234567) == "1.234.567"
        speak(GERMAN)
        assert when(moment, "Europe/Berlin") == "24. Dezember 2026, 15:40 (CET)"
    assert number(1234567) == "1,234,567"


def catalogue(folder: Path, name: str = "de.po") -> Path:
    """Of a few texts, some of which would break a page."""
    made = Catalog(locale="de")
    made.add("Saved.", "Gespeichert.")
    made.add("Removed", "Entfernt <b>&", flags=["fuzzy"])
    made.add("Untranslated", "")
    made.add("%(num)d page", None)
    made.add(("%(num)d fax", "%(num)d faxes"), ("ein Fax", "%(num)d Faxe"))
    made.add("Remove %(name)s?", "Entfernen?")
    made.add("Add %(name)s", "%(nmae)s hinzufügen")
    made.add("{rows} rows", "{rows} Zeilen, 100 %")
    made.add("{used} of {maximum}", "{used} von {maximum")
    file = folder / name
    with file.open("wb") as opened:
        write_po(opened, made)
    return file


def test_a_text_that_would_break_a_page_stays_english(tmp_path: Path) -> None:
    found = read_catalogue(catalogue(tmp_path))
    assert sorted(one.text for one in found.faults) == [
        "Add %(name)s",
        "Remove %(name)s?",
        "{rows} rows",
        "{used} of {maximum}",
    ]
    assert found.texts == {"Saved.", "%(num)d fax"}
    with speaking(found.language):
        assert gettext("Saved.") == "Gespeichert."
        assert gettext("Remove %(name)s?") == "Remove %(name)s?"
        assert gettext("Removed") == "Removed", "a guess"
        assert [ngettext("%(num)d fax", "%(num)d faxes", one) for one in (1, 3)] == ["ein Fax", "%(num)d Faxe"]
        assert gettext("") == ""


def test_catalogues_of_a_folder_are_offered(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    catalogue(tmp_path)
    catalogue(tmp_path, "pt_BR.po")
    (tmp_path / "README.txt").write_text("of no language")
    found = Languages.read(tmp_path)
    assert [one.tag for one in found.offered] == ["de", "en", "pt-BR"]
    assert found.several
    assert not Languages.read(None).several
    assert [one.message for one in caplog.records] == ["texts stay English"] * 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("klingon.po", b"", "no language is called"),
        ("de.po", b"Gespeichert.\n", "can't be read as a gettext catalogue"),
        ("de.po", b'msgid "\xff"\nmsgstr ""\n', "can't be read as a gettext catalogue"),
    ],
)
def test_a_file_that_is_no_catalogue_is_named(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CatalogueUnreadable, match=words) as told:
        Languages.read(tmp_path)
    assert name in str(told.value)


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueUnreadable, match="NATIVEFAX_LANGUAGES"):
        Languages.read(tmp_path / "nowhere")


def test_the_command_begins_updates_and_judges_catalogues(tmp_path: Path) -> None:
    run, file = CliRunner(), tmp_path / "languages" / "de.po"
    assert run.invoke(app, ["update", str(file)]).exit_code == 0
    with file.open("rb") as opened:
        begun = read_po(opened)
    assert len(begun) > 1000
    begun["Saved."].string = "Gespeichert."
    begun["Remove %(name)s?"].string = "Entfernen?"
    begun.add("Nobody says this", "Niemand")
    with file.open("wb") as opened:
        write_po(opened, begun)
    judged = run.invoke(app, ["check", str(file.parent)])
    assert judged.exit_code == 1
    assert f"de (Deutsch): 1 of {len(begun) - 1} texts, 0 %" in judged.output
    assert "can't be used: 'Remove %(name)s?': “Entfernen?” lacks %(name)s." in judged.output
    assert "--all names them" in judged.output
    assert run.invoke(app, ["update", str(file)]).exit_code == 0
    assert "Nobody says this" not in file.read_text()
    assert 'msgstr "Gespeichert."' in file.read_text()
    assert run.invoke(app, ["extract", str(tmp_path / "a.pot")]).exit_code == 0
    assert 'msgid "Saved."' in (tmp_path / "a.pot").read_text()
