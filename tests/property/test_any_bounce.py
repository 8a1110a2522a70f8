"""Whatever bytes come as a report, the answer is 250 and the step it causes, if any, is one that can be published."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.bounces.gateway import TAKEN
from tests.unit.bounces import World

SAMPLES = [file.read_bytes() for file in sorted((Path(__file__).parents[1] / "data" / "dsn").glob("*.eml"))]
PIECES = [
    b"Content-Type: multipart/report; boundary=b\r\n",
    b"Content-Type: message/delivery-status\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"--b\r\n",
    b"--b--\r\n",
    b"\r\n",
    b"Action: failed\r\n",
    b"Status: 5.1.1\r\n",
    b"Diagnostic-Code: smtp; 550 no\r\n",
    b"Date: Tue, 24 Nov 2026 14:41:07 +0000\r\n",
    b"From: MAILER-DAEMON@x.example\r\n",
]
ASSEMBLED = st.lists(st.sampled_from(PIECES) | st.binary(max_size=30), max_size=25).map(b"".join)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good report with some of it replaced."""
    content = draw(st.sampled_from(SAMPLES))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(content)))
        content = content[:start] + draw(st.binary(max_size=20)) + content[start + draw(st.integers(0, 60)) :]
    return content


REPORTS = (st.binary(max_size=500) | ASSEMBLED | damaged(), st.sampled_from(["", "<>", "person@clinic.example"]))


async def is_answered(content: bytes, sender: str) -> None:
    world = World()
    assert await world.answer(content, sender=sender) == TAKEN
    assert len(world.published.messages) == len(world.published.steps) <= 1
    assert all(step.state == "mail-bounced" and step.detail for step in world.published.steps)


@settings(max_examples=100, deadline=None)
@given(*REPORTS)
async def test_any_bytes_are_answered(content: bytes, sender: str) -> None:
    await is_answered(content, sender)


@pytest.mark.chaos
@settings(max_examples=3000, deadline=None)
@given(*REPORTS)
async def test_many_more_bytes_are_answered(content: bytes, sender: str) -> None:
    await is_answered(content, sender)
