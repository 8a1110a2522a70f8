"""Real T.30 fax calls, without a phone line and without a compiler.

Each call runs in a process of its own with a time limit: a fault in libspandsp costs that call and nothing else.
A 30 s call takes about 0.2 s of our time.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from pydantic import TypeAdapter

from deploy.local.errors import SetupError
from deploy.local.telephony.course import Course
from deploy.local.telephony.exchange import AS_IT_COMES
from deploy.local.telephony.line import CallResult, Coding, Hits, Line, Modem, Resolution
from deploy.local.telephony.spandsp import SpandspMissingError, installed

__all__ = ["CallFailedError", "CallResult", "Hits", "Line", "call", "installed", "place_call"]

TIME_LIMIT_S = 60.0
"""For one call, in seconds of our time; the longest call admitted (20 minutes of line time) needs about 3."""

_REPOSITORY = Path(__file__).parents[3]

EXAMPLES = """
examples:
  a clean call with error correction:
    python -m deploy.local.telephony.t30 tests/data/pages/itu1.tif received.tif
  Group 3, fine resolution, with 40 ms of noise every 1.5 s from the eighth second:
    python -m deploy.local.telephony.t30 tests/data/pages/itu1.tif received.tif \\
      --coding 1d --written 1d --no-ecm --hits 8:1.5:40:-10
  hung up after 15 s of line time, with a header line above each page:
    python -m deploy.local.telephony.t30 tests/data/pages/itu1.tif received.tif --hang-up 15 --header "RIVERSIDE CLINIC"

It prints one line of JSON: what both ends report of the call. Needs Debian's libspandsp2.
"""


class CallFailedError(Exception):
    """The call's own process crashed or was stopped at the time limit; nothing is known of the call."""


async def call(
    page_file: Path,
    received_file: Path,
    line: Line,
    course: Course = AS_IT_COMES,
    *,
    time_limit_s: float = TIME_LIMIT_S,
) -> CallResult:
    """Send `page_file` over `line` in a child process and wait for both ends' report.

    Args:
        page_file: A bilevel TIFF of 1728, 2048 or 2432 pixels a row at 204 x 98, 196 or 391 dpi.
        received_file: Written by the receiving end as telephony would hand it over, replacing what is there;
            absent afterwards when no page arrived.
        line: The line and both ends.
        course: What is sent, and what the far end makes of it.
        time_limit_s: Seconds after which the child is killed.

    Returns:
        The report. A call that fails as fax calls do (no carrier, hung up, unreadable page file) is a report, too.

    Raises:
        SpandspMissingError: libspandsp is not on this machine.
        CallFailedError: The child crashed or did not end in time.
    """
    if not installed():
        raise SpandspMissingError
    child = await _start(page_file, received_file, line, course)
    try:
        async with asyncio.timeout(time_limit_s):
            output, errors = await child.communicate()
    except TimeoutError as error:
        raise CallFailedError(f"the call of {page_file} did not end within {time_limit_s:g} s") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise CallFailedError(f"the call of {page_file} {_end_of(child.returncode)}: {errors.decode()[-500:]}")
    return TypeAdapter(CallResult).validate_json(output)


def place_call(page_file: Path, received_file: Path, line: Line) -> CallResult:
    """`call` for callers without an event loop."""
    return asyncio.run(call(page_file, received_file, line))


async def _start(page_file: Path, received_file: Path, line: Line, course: Course) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local.telephony.exchange"),
        *(str(page_file), str(received_file), json.dumps(asdict(line)), json.dumps(asdict(course))),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{_REPOSITORY}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
    )


def _end_of(returncode: int) -> str:
    return f"died of {signal.Signals(-returncode).name}" if returncode < 0 else f"ended with {returncode}"


def _hits(text: str) -> Hits:
    return Hits(*(float(part) for part in text.split(":")))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local.telephony.t30",
        description="Place a real T.30 fax call in this machine.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("page_file", type=Path, help="the TIFF to send")
    parser.add_argument("received_file", type=Path, help="where the receiver writes")
    parser.add_argument("--coding", choices=get_args(Coding), default="t6", help="best coding on the line")
    parser.add_argument("--written", choices=get_args(Coding), default="t6", help="coding of the received file")
    parser.add_argument("--ecm", action=argparse.BooleanOptionalAction, default=True, help="error correction")
    parser.add_argument("--modem", choices=get_args(Modem), default="v17", help="fastest modem")
    parser.add_argument("--resolution", choices=get_args(Resolution), default="superfine", help="highest resolution")
    parser.add_argument("--hits", type=_hits, metavar="START_S:EVERY_S:MS:DBM0", help="noise toward the receiver")
    parser.add_argument("--hang-up", type=float, metavar="S", dest="hang_up_after_s", help="cut the call after S s")
    parser.add_argument("--caller", default=Line.caller, help="caller's station identification")
    parser.add_argument("--callee", default=Line.callee, help="callee's station identification")
    parser.add_argument("--header", default="", help="header text above each page")
    return parser.parse_args()


def main() -> None:
    """Place the call the command line asks for and print its report."""
    options = vars(_arguments())
    page_file, received_file = options.pop("page_file"), options.pop("received_file")
    try:
        result = place_call(page_file, received_file, Line(**options))
    except SetupError as error:
        sys.exit(f"{error}\n{error.cure}")
    except (CallFailedError, ValueError) as error:
        sys.exit(str(error))
    sys.stdout.write(json.dumps(asdict(result)) + "\n")


if __name__ == "__main__":
    main()
