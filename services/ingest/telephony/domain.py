"""From the words of fax engines to a report of ours: pure functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from schemas.base import one_line
from schemas.telephony import CallReport, TelephonyDialResult
from services.ingest.telephony.codes import CAUSE_OF_DIALSTATUS, CODE_OF_ERROR, CODE_OF_TEXT, OK

PAGES_TOTAL: Final = "pages_total"
SUCCESS: Final = {
    "1": True,
    "true": True,
    "success": True,
    "0": False,
    "false": False,
    "failed": False,
    "failure": False,
}
SWITCHED: Final = {
    "on": True,
    "off": False,
    "true": True,
    "false": False,
    "1": True,
    "0": False,
    "yes": True,
    "no": False,
}
_PREFIX: Final = "variable_"
_LONGEST_NUMBER: Final = 9

Readers = Mapping[str, tuple[str, Callable[[str], object]]]


def _number(text: str) -> int:
    """A number, of at most nine digits."""
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise ValueError(text)
    return int(text)


def _line(text: str) -> str:
    """FreeSWITCH's event socket percent-encodes values."""
    return one_line(unquote(text))


def _switched(text: str) -> bool:
    return SWITCHED[text.lower()]


FREESWITCH: Final[Readers] = {
    "fax_result_code": ("result_code", _number),
    "fax_result_text": ("result_text", _line),
    "fax_ecm_used": ("ecm", _switched),
    "fax_remote_station_id": ("station_id", _line),
    "fax_document_transferred_pages": ("pages_transferred", _number),
    "fax_document_total_pages": (PAGES_TOTAL, _number),
    "fax_bad_rows": ("bad_rows", _number),
    "fax_transfer_rate": ("bit_rate", _number),
    "hangup_cause_q850": ("hangup_cause", _number),
    "sip_term_status": ("sip_status", _number),
    "billsec": ("seconds", _number),
}
"""Channel variables of mod_spandsp, and of the call around it."""

ASTERISK: Final[Readers] = {
    "FAXSTATUSSTRING": ("result_text", _line),
    "REMOTESTATIONID": ("station_id", _line),
    "FAXPAGES": ("pages_transferred", _number),
    "FAXBITRATE": ("bit_rate", _number),
    "HANGUPCAUSE": ("hangup_cause", _number),
}
"""Channel variables of res_fax, and of the call around it."""

VERDICTS: Final = frozenset({"fax_success", "FAXSTATUS", "FAXERROR", "DIALSTATUS"})
"""Variables from which a code or a cause is concluded where none is told."""


@dataclass(frozen=True)
class Told:
    """What the variables of a fax engine tell.

    Attributes:
        report: Of the call.
        pages_total: Pages in the file that was sent, or that the far end meant to send.
        unread: Variables that we know, but whose values make no sense; they are left out.
    """

    report: CallReport
    pages_total: int | None
    unread: tuple[str, ...]


def told_by(variables: Mapping[str, str | int]) -> Told | None:
    """What the variables of FreeSWITCH or Asterisk tell; others are passed over. None: none of them is known."""
    given = {name.removeprefix(_PREFIX): str(value).strip() for name, value in variables.items()}
    readers = {**FREESWITCH, **ASTERISK}
    known = {name: value for name, value in given.items() if name in readers or name in VERDICTS}
    if not known:
        return None
    fields: dict[str, Any] = {}
    unread: list[str] = []
    for name, value in known.items():
        if name in readers and value:
            to, read = readers[name]
            try:
                fields |= _checked(to, read(value))
            except (ValueError, KeyError):
                unread.append(name)
    total = fields.pop(PAGES_TOTAL, None)
    concluded = {"result_code": _code(known, fields), "hangup_cause": _cause(known, fields)}
    report = CallReport(**{**fields, **{name: value for name, value in concluded.items() if value is not None}})
    return Told(report, total, tuple(unread))


def _checked(name: str, value: object) -> dict[str, Any]:
    """The field, if a call can have it."""
    given = float(value) if name == "seconds" and isinstance(value, int) else value
    if name != PAGES_TOTAL and isinstance(given, int | float) and _impossible(name, given):
        raise ValueError(name)
    return {name: given}


def _impossible(name: str, number: float) -> bool:
    return getattr(CallReport.model_validate({name: number}), name) is None


def _code(known: Mapping[str, str], fields: Mapping[str, Any]) -> int | None:
    """The code that is told, or that the engine's other words amount to."""
    if "result_code" in fields:
        return int(fields["result_code"])
    verdict = SUCCESS.get(known.get("fax_success", "").lower(), SUCCESS.get(known.get("FAXSTATUS", "").lower()))
    if verdict:
        return OK
    text = str(fields.get("result_text", "")).lower()
    if (code := CODE_OF_TEXT.get(text)) is not None and code != OK:
        return code
    return CODE_OF_ERROR.get(known.get("FAXERROR", "").upper())


def _cause(known: Mapping[str, str], fields: Mapping[str, Any]) -> int | None:
    """The cause that is told, or what the dial plan called it."""
    if fields.get("hangup_cause"):  # 0 is Asterisk's "none"
        return int(fields["hangup_cause"])
    return CAUSE_OF_DIALSTATUS.get(known.get("DIALSTATUS", "").upper(), fields.get("hangup_cause"))


def merged(report: CallReport, told: Told | None) -> CallReport:
    """`report`, completed by what an engine's variables tell; what both tell, the report tells."""
    if told is None:
        return report
    return told.report.model_copy(update=report.model_dump(exclude_none=True))


def completed(result: TelephonyDialResult, told: Told | None) -> TelephonyDialResult:
    """A result, completed in the same way."""
    total = result.pages_total if result.pages_total is not None or told is None else told.pages_total
    return result.model_copy(update={"call": merged(result.call, told), "pages_total": total})
