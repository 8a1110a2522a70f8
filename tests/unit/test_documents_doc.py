"""docs/documents.md says what a sender is told."""

from pathlib import Path
from typing import get_args

from schemas.failures import FAX_FAILURES
from services._runtime.reasons import cure, reason
from services.ingest.documents.refusals import Refusal

DOC = Path(__file__).parents[2] / "docs" / "documents.md"


def test_the_table_of_refusals_is_that_of_the_mails() -> None:
    rows = [line.strip("|").split("|") for line in DOC.read_text().splitlines() if line.startswith("| `")]
    told = {row[0].strip(" `"): (row[2].strip(), row[3].strip()) for row in rows if len(row) == 4}
    assert told == {failure: (reason(failure), cure(failure)) for failure in get_args(Refusal)}
    assert set(get_args(Refusal)) <= FAX_FAILURES
