"""The part of libspandsp 0.0.6 a fax call needs, declared for ctypes.

Source: the headers of Debian bookworm's libspandsp-dev 0.0.6+dfsg-2. The soname pins the layout:
``libspandsp.so.2`` is 0.0.6, and the incompatible later line is ``libspandsp.so.3``.
"""

import ctypes
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_float, c_int, c_int16, c_void_p

from deploy.local.errors import SetupError

SONAME = "libspandsp.so.2"
PACKAGE = "libspandsp2"

PhaseHandler = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
"""``t30_phase_b_handler_t`` and ``t30_phase_d_handler_t``: terminal, user data, event; answers 0 to go on."""

EndHandler = CFUNCTYPE(None, c_void_p, c_void_p, c_int)
"""``t30_phase_e_handler_t``: terminal, user data, completion code."""


class Statistics(ctypes.Structure):
    """``t30_stats_t`` (spandsp/t30.h)."""

    _fields_ = [
        ("bit_rate", c_int),
        ("error_correcting_mode", c_int),
        ("pages_tx", c_int),
        ("pages_rx", c_int),
        ("pages_in_file", c_int),
        ("x_resolution", c_int),
        ("y_resolution", c_int),
        ("width", c_int),
        ("length", c_int),
        ("image_size", c_int),
        ("encoding", c_int),
        ("bad_rows", c_int),
        ("longest_bad_row_run", c_int),
        ("error_correcting_mode_retries", c_int),
        ("current_status", c_int),
    ]


_SIGNATURES = {
    "fax_init": (c_void_p, [c_void_p, c_int]),
    "fax_free": (c_int, [c_void_p]),
    "fax_get_t30_state": (c_void_p, [c_void_p]),
    "fax_set_transmit_on_idle": (None, [c_void_p, c_int]),
    "fax_tx": (c_int, [c_void_p, POINTER(c_int16), c_int]),
    "fax_rx": (c_int, [c_void_p, POINTER(c_int16), c_int]),
    "t30_set_tx_ident": (c_int, [c_void_p, c_char_p]),
    "t30_set_tx_sub_address": (c_int, [c_void_p, c_char_p]),
    "t30_set_tx_page_header_info": (c_int, [c_void_p, c_char_p]),
    "t30_set_ecm_capability": (c_int, [c_void_p, c_int]),
    "t30_set_supported_modems": (c_int, [c_void_p, c_int]),
    "t30_set_supported_compressions": (c_int, [c_void_p, c_int]),
    "t30_set_supported_resolutions": (c_int, [c_void_p, c_int]),
    "t30_set_supported_image_sizes": (c_int, [c_void_p, c_int]),
    "t30_set_phase_b_handler": (None, [c_void_p, PhaseHandler, c_void_p]),
    "t30_set_phase_d_handler": (None, [c_void_p, PhaseHandler, c_void_p]),
    "t30_set_phase_e_handler": (None, [c_void_p, EndHandler, c_void_p]),
    "t30_set_tx_file": (None, [c_void_p, c_char_p, c_int, c_int]),
    "t30_set_rx_file": (None, [c_void_p, c_char_p, c_int]),
    "t30_set_rx_encoding": (c_int, [c_void_p, c_int]),
    "t30_get_rx_ident": (c_char_p, [c_void_p]),
    "t30_get_transfer_statistics": (None, [c_void_p, POINTER(Statistics)]),
    "t30_terminate": (None, [c_void_p]),
    "t30_completion_code_to_str": (c_char_p, [c_int]),
    "awgn_init_dbm0": (c_void_p, [c_void_p, c_int, c_float]),
    "awgn": (c_int16, [c_void_p]),
    "awgn_free": (c_int, [c_void_p]),
}


class SpandspMissingError(SetupError):
    """No libspandsp on this machine, so no real fax call can be placed."""

    def __init__(self) -> None:
        super().__init__(
            f"{SONAME} is not installed, so no real T.30 call can be placed.",
            cure=f"Install Debian's package: apt-get install -y {PACKAGE}",
        )


def installed() -> bool:
    """Whether libspandsp can be loaded here."""
    try:
        ctypes.CDLL(SONAME)
    except OSError:
        return False
    return True


def load() -> ctypes.CDLL:
    """Return libspandsp with the types of its functions declared.

    Raises:
        SpandspMissingError: It is not on this machine.
    """
    try:
        library = ctypes.CDLL(SONAME)
    except OSError as error:
        raise SpandspMissingError from error
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
