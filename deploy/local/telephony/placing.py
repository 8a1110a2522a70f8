"""One call from the document to its end: by T.30 where libspandsp is installed, else by the script."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageSequence

from deploy.local.telephony import t30
from deploy.local.telephony.course import Course
from deploy.local.telephony.ends import Ended, answered, hits_of, modem_of, scripted, told_by_script, unanswered
from deploy.local.telephony.far_ends import BUSY, Machine, far_end
from deploy.local.telephony.line import Line
from schemas.telephony import DialRequested

LINE_SECONDS_A_SECOND = 100
"""Line time that a real call gets through in a second of ours, on a machine that has other things to do."""


@dataclass(frozen=True)
class Lines:
    """Places calls.

    Attributes:
        scratch: For the files of calls under way.
        scripted: Place no real call although it could.
    """

    scratch: Path
    scripted: bool = False

    async def call(self, request: DialRequested, document: bytes, *, number: int, engaged: bool) -> Ended:
        """Place the `number`-th call of a fax to its destination, which is busy if it is `engaged` already.

        Raises:
            CallFailedError: The call's process crashed or took too long: nothing is known of the call.
        """
        machine = BUSY if engaged else far_end(request.destination).call(number)
        if not isinstance(machine, Machine):
            return unanswered(machine)
        with TemporaryDirectory(dir=self.scratch) as folder:
            sent, received = Path(folder) / "sent.tif", Path(folder) / "received.tif"
            await asyncio.to_thread(sent.write_bytes, document)
            if self.scripted or not t30.installed():
                return await asyncio.to_thread(_by_script, request, machine, sent, received)
            return await _by_t30(request, machine, sent, received)


async def _by_t30(request: DialRequested, machine: Machine, sent: Path, received: Path) -> Ended:
    course = Course(request.first_page, request.subaddress or "", machine.hang_up_after_pages, machine.voice)
    limit = t30.TIME_LIMIT_S + request.longest_call_seconds / LINE_SECONDS_A_SECOND
    result = await t30.call(sent, received, line_to(request, machine), course, time_limit_s=limit)
    return answered(result, await asyncio.to_thread(_contents, received))


def line_to(request: DialRequested, machine: Machine) -> Line:
    """The line to `machine`, on which both ends do what the request's mode and the machine allow."""
    modem = min(modem_of(request.mode), machine.modem, key=("v27", "v29", "v17").index)
    ecm = machine.ecm and request.mode.ecm
    return Line(
        coding=machine.coding,
        written=machine.coding,
        ecm=ecm,
        modem=modem,
        resolution=machine.resolution,
        hits=hits_of(machine, modem),
        hang_up_after_s=request.longest_call_seconds,
        caller=request.caller_number,
        callee=request.destination,
    )


def _by_script(request: DialRequested, machine: Machine, sent: Path, received: Path) -> Ended:
    _, pages = scripted(request, machine)
    if pages:
        _copy_pages(sent, received, request.first_page, pages)
    return told_by_script(request, machine, _contents(received))


def _copy_pages(source: Path, target: Path, first: int, pages: int) -> None:
    """Write `pages` pages of a TIFF from number `first` on: the same pixels, as large on paper."""
    with Image.open(source) as image:
        frames = [frame.copy() for frame in ImageSequence.Iterator(image)][first - 1 : first - 1 + pages]
    for frame in frames:
        frame.encoderinfo = {"compression": "group4", "dpi": frame.info["dpi"]}  # else all get the first one's
    if frames:
        frames[0].save(target, "TIFF", save_all=True, append_images=frames[1:], **frames[0].encoderinfo)


def _contents(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""
