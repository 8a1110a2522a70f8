"""Completion codes of T.30 calls as spandsp numbers them, by the words that fax engines have for them."""

from typing import Final

OK: Final = 0

TEXTS: Final = (
    "OK",
    "The CED tone exceeded 5s",
    "Timed out waiting for initial communication",
    "Timed out waiting for the first message",
    "Timed out waiting for procedural interrupt",
    "The HDLC carrier did not stop in a timely manner",
    "Failed to train with any of the compatible modems",
    "Operator intervention failed",
    "Far end is not compatible",
    "Far end is not able to receive",
    "Far end is not able to transmit",
    "Far end cannot receive at the resolution of the image",
    "Far end cannot receive at the size of image",
    "Unexpected message received",
    "Received bad response to DCS or training",
    "Received a DCN from remote after sending a page",
    "Invalid ECM response received from receiver",
    "Received a DCN while waiting for a DIS",
    "Invalid response after sending a page",
    "Received other than DIS while waiting for DIS",
    "Received no response to DCS or TCF",
    "No response after sending a page",
    "Timed out waiting for receiver ready (ECM mode)",
    "Invalid ECM response received from transmitter",
    "DCS received while waiting for DTC",
    "Unexpected command after page received",
    "Carrier lost during fax receive",
    "Timed out while waiting for EOL (end Of line)",
    "Timed out while waiting for first line",
    "Timer T2 expired while waiting for DCN",
    "Timer T2 expired while waiting for phase D",
    "Timer T2 expired while waiting for fax page",
    "Timer T2 expired while waiting for next fax page",
    "Timer T2 expired while waiting for RR command",
    "Timer T2 expired while waiting for NSS, DCS or MCF",
    "Unexpected DCN while waiting for DCS or DIS",
    "Unexpected DCN while waiting for image data",
    "Unexpected DCN while waiting for EOM, EOP or MPS",
    "Unexpected DCN after EOM or MPS sequence",
    "Unexpected DCN after RR/RNR sequence",
    "Unexpected DCN after requested retransmission",
    "TIFF/F file cannot be opened",
    "TIFF/F page not found",
    "TIFF/F format is not compatible",
    "TIFF/F page number tag missing",
    "Incorrect values for TIFF/F tags",
    "Bad TIFF/F header - incorrect values in fields",
    "Cannot allocate memory for more pages",
    "Disconnected after permitted retries",
    "The call dropped prematurely",
    "Poll not accepted",
    "Ident not accepted",
    "Sub-address not accepted",
    "Selective polling address not accepted",
    "Polled sub-address not accepted",
    "Sender identification not accepted",
    "Password not accepted",
    "Transmitting subscriber internet address not accepted",
    "Internet routing address not accepted",
    "Calling subscriber internet address not accepted",
    "Internet selective polling address not accepted",
    "Called subscriber internet address not accepted",
)
"""By code: what spandsp 0.0.6 answers to ``t30_completion_code_to_str``; a test compares them with it.

FreeSWITCH tells code and text, Asterisk the text alone.
"""

CODE_OF_TEXT: Final = {text.lower(): code for code, text in enumerate(TEXTS)}

CODE_OF_ERROR: Final = {
    "TIMEOUT": 3,
    "HANGUP": 49,
    "T38_NEG_ERROR": 6,
    "FILE_ERROR": 41,
    "INVALID_ARGUMENTS": 41,
    "INIT_ERROR": 47,
    "MEMORY_ERROR": 47,
}
"""Asterisk's FAXERROR (res_fax) → the code that says most nearly the same, for a FAXSTATUSSTRING that we don't know."""

CAUSE_OF_DIALSTATUS: Final = {
    "BUSY": 17,
    "NOANSWER": 19,
    "CONGESTION": 34,
    "CHANUNAVAIL": 20,
}
"""Asterisk's DIALSTATUS → Q.850 cause, where HANGUPCAUSE is missing."""
