"""One fax call inside this process: two spandsp terminals, and the line between them.

Run it through `t30`, which gives it a process of its own: a fault in libspandsp ends the process it happens in.
"""

import ctypes
import json
import math
import sys
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from deploy.local.telephony import spandsp
from deploy.local.telephony.course import Course
from deploy.local.telephony.line import CallResult, Hits, Line, result_of
from deploy.local.telephony.terminal import Terminal

BLOCK = 160
"""Samples exchanged at a time: 20 ms, as on a phone line."""
SAMPLE_RATE = 8000
"""Samples a second of telephone audio (ITU-T G.711)."""
LONGEST_CALL_S = 1200.0
"""A call that has not ended by then is cut; 60 dense pages take less."""
TAIL_BLOCKS = 25
"""Half a second of line after both ends have finished, so that their last tones go out."""
ALONE_BLOCKS = 500
"""Ten seconds after the caller has finished, the line is cut: it has hung up, whatever the callee still waits for."""
NOISE_SEED = 1234567
"""The same noise in every call, and the same as in the C program faxloop."""
LOUDEST, QUIETEST = 32767, -32768

AS_IT_COMES = Course()

Audio = ctypes.Array[ctypes.c_int16]


def exchange(page_file: Path, received_file: Path, line: Line, course: Course = AS_IT_COMES) -> CallResult:
    """Send `page_file` over `line` and let the other end write `received_file`.

    Args:
        page_file: A bilevel TIFF of 1728, 2048 or 2432 pixels a row at 204 x 98, 196 or 391 dpi.
        received_file: Written by the callee; replaced when there is one, absent afterwards when no page arrived.
        line: The line and both ends.
        course: What is sent, and what the far end makes of it.

    Raises:
        SpandspMissingError: libspandsp is not on this machine.
    """
    library = spandsp.load()
    received_file.unlink(missing_ok=True)
    caller = Terminal.calling(library, line, page_file, course)
    callee = Terminal.answering(library, line, received_file)
    noise = _Noise(library, line.hits) if line.hits else None
    samples = _talk(caller, callee, noise, line.hang_up_after_s or LONGEST_CALL_S, course)
    result = result_of(caller.report(), callee.report(), line_seconds=samples / SAMPLE_RATE)
    caller.free()
    callee.free()
    return result


def _talk(caller: Terminal, callee: Terminal, noise: "_Noise | None", longest_s: float, course: Course) -> int:
    """Carry audio both ways until both ends are done or the line is cut; returns the samples it took."""
    forth, back = (ctypes.c_int16 * BLOCK)(), (ctypes.c_int16 * BLOCK)()
    samples = tail = alone = 0
    while tail < TAIL_BLOCKS:
        caller.speak(forth)
        if not course.voice:
            callee.speak(back)
        if noise:
            noise.damage(forth, samples)
        if not course.voice:
            callee.hear(forth)
        caller.hear(back)
        samples += BLOCK
        alone += caller.done and not callee.done
        if samples > longest_s * SAMPLE_RATE or alone > ALONE_BLOCKS or _had_enough(caller, course):
            caller.hang_up()
            callee.hang_up()
            break
        tail += caller.done and (callee.done or course.voice)
    return samples


def _had_enough(caller: Terminal, course: Course) -> bool:
    """Whether the far end hangs up now, as the pages go that it has confirmed."""
    return caller.begun and course.hang_up_after_pages is not None and caller.pages >= course.hang_up_after_pages


class _Noise:
    """Bursts of white noise, always the same for the same hits."""

    def __init__(self, library: ctypes.CDLL, hits: Hits) -> None:
        self._next = library.awgn
        self._source = library.awgn_init_dbm0(None, NOISE_SEED, hits.level_dbm0)
        self._hits = hits

    def damage(self, audio: Audio, first: int) -> None:
        """Add the noise to a block of audio whose first sample is the line's sample number `first`."""
        for index in range(len(audio)):
            if self._hit((first + index) / SAMPLE_RATE):
                audio[index] = max(QUIETEST, min(LOUDEST, audio[index] + self._next(self._source)))

    def _hit(self, second: float) -> bool:
        since = second - self._hits.start_s
        return since >= 0 and math.fmod(since, self._hits.every_s) < self._hits.length_ms / 1000


if __name__ == "__main__":
    page, received, settings, plan = sys.argv[1:]
    over, how = TypeAdapter(Line).validate_json(settings), TypeAdapter(Course).validate_json(plan)
    outcome = exchange(Path(page), Path(received), over, how)
    sys.stdout.write(json.dumps(asdict(outcome)))
