"""One fax machine: a spandsp T.30 terminal and what it tells during a call."""

import ctypes
import os
from pathlib import Path
from typing import Self

from deploy.local.telephony import spandsp
from deploy.local.telephony.course import Course
from deploy.local.telephony.line import Coding, End, Line, Modem, Resolution, Transfer

# The numbers are those of the enums in spandsp/t30.h and spandsp/t4_rx.h, 0.0.6.
_V27TER, _V29, _V17 = 0x01, 0x02, 0x04
_MODEMS: dict[Modem, int] = {"v27": _V27TER, "v29": _V27TER | _V29, "v17": _V27TER | _V29 | _V17}
_T4_1D, _T4_2D, _T6 = 0x02, 0x04, 0x08
_CODINGS: dict[Coding, int] = {"1d": _T4_1D, "2d": _T4_1D | _T4_2D, "t6": _T4_1D | _T4_2D | _T6}
_WRITTEN: dict[Coding, int] = {"1d": 1, "2d": 2, "t6": 3}
_STANDARD, _FINE, _SUPERFINE, _R8, _R16 = 0x01, 0x02, 0x04, 0x20000, 0x40000
_RESOLUTIONS: dict[Resolution, int] = {
    "standard": _STANDARD | _R8,
    "fine": _STANDARD | _FINE | _R8,
    "superfine": _STANDARD | _FINE | _SUPERFINE | _R8 | _R16,
}
_WIDTHS = 0x01 | 0x02 | 0x04
"""215, 255 and 303 mm: 1728, 2048 and 2432 pixels."""
_LENGTHS = 0x10000 | 0x20000 | 0x80000 | 0x100000
"""Unlimited, A4, US Letter, US Legal."""
_ALL_PAGES = -1
_CARRY_ON = 0
_NOT_ENDED = -1
_PATH_LIMIT = 255
"""Octets of a file name; spandsp 0.0.6 keeps it in a ``char[256]``."""


class Terminal:
    """A fax terminal at one end of a line. Feed it audio block by block, then ask it for its report."""

    def __init__(self, library: ctypes.CDLL, line: Line, *, calling: bool) -> None:
        self._library = library
        self._fax = library.fax_init(None, calling)
        self._t30 = library.fax_get_t30_state(self._fax)
        self._code = _NOT_ENDED
        self._remote = ""
        self._begun = False
        self._pages: list[Transfer] = []
        self._final: Transfer | None = None
        self._configure(line, ident=line.caller if calling else line.callee)
        self._listen()

    @classmethod
    def calling(cls, library: ctypes.CDLL, line: Line, page_file: Path, course: Course) -> Self:
        """The end that calls and sends `page_file`."""
        terminal = cls(library, line, calling=True)
        library.t30_set_tx_file(terminal._t30, _name(page_file), course.first_page - 1, _ALL_PAGES)
        if course.subaddress:
            library.t30_set_tx_sub_address(terminal._t30, course.subaddress.encode("ascii"))
        return terminal

    @classmethod
    def answering(cls, library: ctypes.CDLL, line: Line, received_file: Path) -> Self:
        """The end that answers and writes `received_file`."""
        terminal = cls(library, line, calling=False)
        library.t30_set_rx_file(terminal._t30, _name(received_file), _ALL_PAGES)
        library.t30_set_rx_encoding(terminal._t30, _WRITTEN[line.written])
        return terminal

    @property
    def done(self) -> bool:
        """Whether this end has finished its call."""
        return self._final is not None

    @property
    def begun(self) -> bool:
        """Whether both ends have said what they can do."""
        return self._begun

    @property
    def pages(self) -> int:
        """Pages that are through, as far as this end knows."""
        return self._pages[-1].pages_sent if self._pages else 0

    def speak(self, audio: ctypes.Array[ctypes.c_int16]) -> None:
        """Fill `audio` with what this end sends, silence where it has nothing to say."""
        spoken = self._library.fax_tx(self._fax, audio, len(audio))
        audio[spoken:] = [0] * (len(audio) - spoken)

    def hear(self, audio: ctypes.Array[ctypes.c_int16]) -> None:
        """Take in what arrived from the line."""
        self._library.fax_rx(self._fax, audio, len(audio))

    def hang_up(self) -> None:
        """End the call here and now."""
        self._library.t30_terminate(self._t30)

    def report(self) -> End:
        """What this end knows of the call. Ask before `free`."""
        text = self._library.t30_completion_code_to_str(self._code)
        return End(self._code, text.decode(), self._remote, tuple(self._pages), self._final or self._counters())

    def free(self) -> None:
        """Give the terminal back; the received file is complete only now."""
        self._library.fax_free(self._fax)

    def _configure(self, line: Line, *, ident: str) -> None:
        library, t30 = self._library, self._t30
        library.fax_set_transmit_on_idle(self._fax, True)
        library.t30_set_tx_ident(t30, ident.encode("ascii"))
        if line.header:
            library.t30_set_tx_page_header_info(t30, line.header.encode("ascii"))
        library.t30_set_ecm_capability(t30, line.ecm)
        library.t30_set_supported_modems(t30, _MODEMS[line.modem])
        library.t30_set_supported_compressions(t30, _CODINGS[line.coding])
        library.t30_set_supported_resolutions(t30, _RESOLUTIONS[line.resolution])
        library.t30_set_supported_image_sizes(t30, _WIDTHS | _LENGTHS)

    def _listen(self) -> None:
        # ctypes does not keep a callback alive for C: these must live as long as the terminal.
        self._on_start = spandsp.PhaseHandler(self._started)
        self._on_page = spandsp.PhaseHandler(self._page_ended)
        self._on_end = spandsp.EndHandler(self._ended)
        self._library.t30_set_phase_b_handler(self._t30, self._on_start, None)
        self._library.t30_set_phase_d_handler(self._t30, self._on_page, None)
        self._library.t30_set_phase_e_handler(self._t30, self._on_end, None)

    def _started(self, _t30: int, _user: int, _event: int) -> int:
        self._begun = True
        self._remote = (self._library.t30_get_rx_ident(self._t30) or b"").decode("ascii", "replace")
        return _CARRY_ON

    def _page_ended(self, _t30: int, _user: int, _event: int) -> int:
        self._pages.append(self._counters())
        return _CARRY_ON

    def _ended(self, _t30: int, _user: int, code: int) -> None:
        self._code, self._final = code, self._counters()

    def _counters(self) -> Transfer:
        now = spandsp.Statistics()
        self._library.t30_get_transfer_statistics(self._t30, ctypes.byref(now))
        return Transfer(
            bit_rate=now.bit_rate,
            ecm=bool(now.error_correcting_mode),
            pages_sent=now.pages_tx,
            pages_received=now.pages_rx,
            pages_in_file=now.pages_in_file,
            x_per_metre=now.x_resolution,
            y_per_metre=now.y_resolution,
            width=now.width,
            rows=now.length,
            octets=now.image_size,
            encoding=now.encoding,
            bad_rows=now.bad_rows,
            longest_bad_run=now.longest_bad_row_run,
            ecm_retries=now.error_correcting_mode_retries,
            status=now.current_status,
        )


def _name(file: Path) -> bytes:
    name = os.fsencode(file)
    if len(name) > _PATH_LIMIT:
        raise ValueError(f"{file} is longer than the {_PATH_LIMIT} octets spandsp can open")
    return name
