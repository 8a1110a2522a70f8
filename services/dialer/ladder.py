"""The modes a call is tried in, each slower and surer than the one before: pure functions."""

from typing import Final

from schemas.telephony import DialMode
from services.dialer.codes import T30_ECM

_V29, _SLOWEST = 9600, 4800


def lower(mode: DialMode, result_code: int | None = None) -> DialMode:
    """The mode after one in which the line was too bad; the lowest is followed by itself.

    First without error correction if that was the trouble; then without V.17 at 9,600 bit/s (V.29), then without error
    correction at 4,800 bit/s (V.27ter), then with half the rows: a page is then on the line for half the time.
    """
    if result_code in T30_ECM and mode.ecm:
        return mode.model_copy(update={"ecm": False})
    if mode.v17:
        return mode.model_copy(update={"v17": False, "max_bit_rate": _V29})
    if mode.ecm or mode.max_bit_rate > _SLOWEST:
        return mode.model_copy(update={"ecm": False, "max_bit_rate": _SLOWEST})
    return coarser(mode)


def coarser(mode: DialMode) -> DialMode:
    """The same at standard resolution, 98 lines to the inch, which every machine takes."""
    return mode.model_copy(update={"resolution": COARSEST})


COARSEST: Final = "standard"
