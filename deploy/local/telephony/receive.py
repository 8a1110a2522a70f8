"""The receiving end of a fax call: placed for real where libspandsp is installed, else taken from the shelf."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.local.telephony import scripted, t30
from deploy.local.telephony.line import CallResult, Line


@dataclass(frozen=True)
class ReceivedCall:
    """What telephony has in hand after a call.

    Attributes:
        file: The received TIFF; empty when no page arrived.
        result: What both ends report.
        real: Whether a T.30 call was placed just now, as opposed to a stored one handed over.
    """

    file: bytes
    result: CallResult
    real: bool


async def receive(page_file: Path, line: Line) -> ReceivedCall:
    """Have `page_file` sent over `line`.

    Without libspandsp, the stored call nearest to it is handed over as it was recorded.

    Raises:
        CallFailedError: The real call crashed or took too long.
        NotRecordedError: No libspandsp, and no stored call sent this page.
    """
    if t30.installed():
        return await _called(page_file, line)
    return await asyncio.to_thread(_scripted, page_file, line)


async def _called(page_file: Path, line: Line) -> ReceivedCall:
    with TemporaryDirectory(prefix="nativefax-call-") as folder:
        received = Path(folder) / "received.tif"
        result = await t30.call(page_file, received, line)
        return ReceivedCall(await asyncio.to_thread(_contents, received), result, real=True)


def _contents(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""


def _scripted(page_file: Path, line: Line) -> ReceivedCall:
    stored = scripted.nearest_call(page_file, line)
    return ReceivedCall(stored.received_file.read_bytes(), stored.result, real=False)
