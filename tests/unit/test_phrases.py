"""Sentences that other stages wrote are said in the reader's language; none of theirs is unknown to the portal."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

import services
from schemas.fax import Missing
from services._runtime.display import when
from services._runtime.incomplete import what_is_missing
from services._runtime.phrases import Phrases
from services._runtime.translating import Language, speaking
from services.cli.texts import extracted
from services.dialer import codes
from services.dialer.codes import Class
from services.email_out.domain import _TOLD, Way
from services.ingest.documents.inspection import Inspector, Reported
from services.portal.faxes.phrases import CALLS, DETAILS, PHRASES, WHYS
from services.portal.inventory.phrases import PHRASES as ROWS
from services.portal.inventory.refusals import refuse
from services.router.submitted import _WAYS
from tests.portal_texts import pseudo

WHOLE: Final = re.compile(r"⟦.*⟧")


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Language:
    return pseudo(extracted(), tmp_path_factory.mktemp("languages"))


ROOT: Final = Path(services.__path__[0])
WRITERS: Final = (
    *(Path(services.__path__[0]) / "router").glob("*.py"),
    *(
        Path(services.__path__[0]) / one
        for one in ("retention/deleting.py", "ingest/api/domain.py", "ingest/domain.py")
    ),
    *(Path(services.__path__[0]) / "dialer" / one for one in ("steps.py", "domain.py", "telling.py", "rendering.py")),
    Path(services.__path__[0]) / "ingest/ata/domain.py",
)
"""Where steps and decisions get their sentences."""


def written(file: Path) -> Iterator[str]:
    """Every sentence of a file; what is put into one is a 7."""
    tree = ast.parse(file.read_text())
    documenting = {one.value for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    raised = {inner for one in ast.walk(tree) if _is_for_us(one) for inner in ast.walk(one)}
    parts = {inner for one in ast.walk(tree) if isinstance(one, ast.JoinedStr) for inner in one.values}
    for one in ast.walk(tree):
        if one in documenting | raised | parts or not isinstance(one, ast.Constant | ast.JoinedStr):
            continue
        values = one.values if isinstance(one, ast.JoinedStr) else [one]
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in values)
        if re.fullmatch(r"[A-Z7].* .*\.", text):
            yield from (text.replace(" faxes 7.", f" faxes {way}.") for way in _WAYS.values())


def _is_for_us(one: ast.AST) -> bool:
    """What is raised for us to read."""
    raised = one.exc if isinstance(one, ast.Raise) else None
    return isinstance(raised, ast.Call) and isinstance(raised.func, ast.Name) and raised.func.id in BUILT_IN


BUILT_IN: Final = {"ValueError", "RuntimeError", "TypeError"}


@pytest.mark.parametrize("file", WRITERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_sentence_of_a_stage_is_known(file: Path, strange: Language) -> None:
    with speaking(strange):
        assert [text for text in written(file) if not WHOLE.fullmatch(PHRASES.say(text))] == []


def test_a_call_that_is_made_again_is_told_with_its_moment(strange: Language) -> None:
    ends = [one for one in vars(codes).values() if isinstance(one, Class)]
    assert len(ends) > 10
    moment = datetime(2026, 11, 24, 14, 40, tzinfo=UTC)
    told = [f"{one.name}; next call after {when(moment, 'America/New_York')}" for one in ends]
    with speaking(strange):
        for text in told:
            said = PHRASES.say(text)
            assert re.fullmatch(r"⟦⟦.*⟧; next call after ⟦24 نوفمبر 2026, 9:40 ص \(EST\)⟧⟧", said), said


def test_how_a_mail_went_is_told(strange: Language) -> None:
    with speaking(strange):
        for way in (*(Way(delivery=one, why=why) for one, why in _TOLD), Way(delivery="none")):
            assert WHOLE.fullmatch(PHRASES.say(way.told)), way


def test_what_a_partial_fax_lacks_is_told(strange: Language) -> None:
    looked = Inspector(Reported(pages=4, bad_rows=9), None)
    looked.unreadable("page-too-large")
    looked.unreadable("damaged-tiff")
    found = [*looked.ended(damaged=True, pages_stated=4).missing, "page 1: 24 rows damaged, 3 in a row", "and 7 more"]
    with speaking(strange):
        told = what_is_missing([Missing(what=one) for one in found], 2, 4)
        assert [one for one in told if not WHOLE.fullmatch(one)] == []
        assert what_is_missing([Missing(what="the cat ate it")], 2, 4) == ("The cat ate it.",), "as telephony says"


def test_why_a_row_was_refused_is_told_in_another_language_than_it_was_written_in(strange: Language) -> None:
    why = refuse("number-not-available", number="+12025550101", treatment="forward").words
    unreadable = refuse("file-unreadable", problem="it is not UTF-8").words
    with speaking(strange):
        assert "⟦forward⟧" in ROWS.say(why)
        assert WHOLE.fullmatch(ROWS.say(why))
        assert "⟦it is not UTF-8⟧" in ROWS.say(unreadable)


def test_what_is_no_phrase_stays_as_it_is(strange: Language) -> None:
    some = Phrases(("{what}; and {what}", "a {number} b"))
    with speaking(strange):
        assert some.say("550 5.1.1 no such user") == "550 5.1.1 no such user"
        assert some.say("x; and y") == "x; and y", "a place that is there twice has one value"
        assert some.say("x; and x") == "x; and x", "no catalogue has it"
        assert PHRASES.say("busy; next call after 99 Smarch 2026, 09:40 (EST)").endswith("99 Smarch 2026, 09:40 (EST)⟧")


def test_in_english_nothing_is_looked_for() -> None:
    assert [PHRASES.say(one) for one in (*WHYS, *DETAILS, *CALLS)] == [*WHYS, *DETAILS, *CALLS]
