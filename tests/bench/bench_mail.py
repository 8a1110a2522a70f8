"""A mail with a 5 MB attachment, next to the standard library's way. Prints one line of JSON for each measurement.

python tests/bench/bench_mail.py
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from statistics import median
from uuid import UUID

from schemas.accounts import Brand
from schemas.base import StoredObject
from schemas.fax import EmailRequested
from services._runtime.links import Links
from services.email_out.domain import way
from services.email_out.letters import Letter, Letters
from services.email_out.mime import compose

SIZE = 5_000_000
ROUNDS = 7
BOUND = 0.05
AT = datetime(2026, 11, 24, 14, 40, tzinfo=UTC)


def measurements() -> Iterator[dict[str, object]]:
    """Median milliseconds of both ways, taken in turn."""
    letter, pdf = _letter(), os.urandom(SIZE)
    ours, theirs = [], []
    _milliseconds(lambda: compose(letter, pdf))
    for _ in range(ROUNDS):
        ours.append(_milliseconds(lambda: compose(letter, pdf)))
        theirs.append(_milliseconds(lambda: _standard(letter, pdf)))
    ratio = median(ours) / median(theirs)
    yield {
        "name": "mail with a 5 MB attachment",
        "value": round(median(ours), 2),
        "unit": "ms",
        "reference": "email.message.EmailMessage",
        "reference_value": round(median(theirs), 2),
        "ratio": round(ratio, 4),
        "bound": BOUND,
        "ok": ratio <= BOUND,
    }


def _standard(letter: Letter, pdf: bytes) -> bytes:
    message = EmailMessage(policy=SMTP)
    for name, value in letter.headers:
        message[name] = value
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    message.add_attachment(pdf, maintype="application", subtype="pdf", filename=letter.filename)
    return message.as_bytes()


def _letter() -> Letter:
    event = EmailRequested(
        fax_id=UUID(int=1),
        version=1,
        purpose="received",
        account_id="bench",
        accepted_at=AT,
        requested_at=AT,
        recipient="desk@clinic.example",
        policy="attachment",
        brand=Brand(name="Northwind Fax", portal_host="fax.northwind.example", from_address="fax@northwind.example"),
        fax_number="+12125550100",
        pages=100,
        document=StoredObject(key="fax/document.pdf", size=SIZE, media_type="application/pdf"),
    )
    return Letters(Links("s" * 40, 7)).write(event, way(event, 2 * SIZE))


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    for line in measurements():
        sys.stdout.write(json.dumps(line) + "\n")
