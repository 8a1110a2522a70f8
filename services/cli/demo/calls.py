"""The calls of the demo: every coding and resolution, one page and three, noise and a hang-up."""

from dataclasses import dataclass, replace

from deploy.local.telephony.line import CallResult, Hits, Line
from schemas.telephony import CallReport
from services.cli.demo.customers import BLOCKED_CALLER, FORMER, UNKNOWN

MH = Line(coding="1d", written="1d", ecm=False)
MR = Line(coding="2d", written="2d", ecm=False)
MMR = Line(coding="t6", written="t6", ecm=True)

NORTHWIND_MAIL, NORTHWIND_LINK, NORTHWIND_PORTAL, NORTHWIND_ATA = (f"+1202555011{last}" for last in (5, 6, 7, 8))
HARBOR_MAIL, HARBOR_LINK, HARBOR_PORTAL = (f"+1202555012{last}" for last in (1, 2, 3))
CALLER = "+12025550150"


@dataclass(frozen=True)
class Planned:
    """One call.

    Attributes:
        page: The file in tests/data/pages that the caller sends.
        line: The line, less who calls whom.
        to: The called number.
        what: For people.
        caller: The calling number.
        times: How often telephony tells of it.
    """

    page: str
    line: Line
    to: str
    what: str
    caller: str = CALLER
    times: int = 1


CALLS = (
    Planned("standard.tif", MH, NORTHWIND_MAIL, "1 page, standard, G3 1D"),
    Planned("standard.tif", MR, HARBOR_MAIL, "1 page, standard, G3 2D"),
    Planned("standard.tif", MMR, NORTHWIND_LINK, "1 page, standard, G4"),
    Planned("itu1.tif", MH, HARBOR_LINK, "1 page, fine, G3 1D"),
    Planned("itu1.tif", MR, NORTHWIND_PORTAL, "1 page, fine, G3 2D"),
    Planned("itu4.tif", MMR, HARBOR_PORTAL, "1 page, fine, G4"),
    Planned("superfine.tif", MH, NORTHWIND_MAIL, "1 page, superfine, G3 1D"),
    Planned("superfine.tif", MR, NORTHWIND_ATA, "1 page, superfine, G3 2D"),
    Planned("superfine.tif", MMR, HARBOR_MAIL, "1 page, superfine, G4"),
    Planned("three_pages.tif", MH, NORTHWIND_LINK, "3 pages, standard, G3 1D"),
    Planned("three_pages.tif", MR, HARBOR_LINK, "3 pages, standard, G3 2D"),
    Planned("three_pages.tif", MMR, NORTHWIND_MAIL, "3 pages, standard, G4, told of twice", times=2),
    Planned("two_resolutions.tif", MMR, HARBOR_PORTAL, "2 pages of two resolutions"),
    Planned("itu1.tif", replace(MMR, hits=Hits(12, 3.1, 40)), HARBOR_MAIL, "line hits, all repaired"),
    Planned("itu8.tif", replace(MH, hits=Hits(8, 1.5, 40)), NORTHWIND_MAIL, "line hits: damaged rows"),
    Planned("three_pages.tif", replace(MR, hits=Hits(10.5, 2.3, 60)), HARBOR_LINK, "line hits on 3 pages"),
    Planned("three_pages.tif", replace(MH, hang_up_after_s=50), NORTHWIND_LINK, "hung up on the third page"),
    Planned("three_pages.tif", replace(MMR, hang_up_after_s=26), NORTHWIND_ATA, "hung up on the second page"),
    Planned("short.tif", MH, NORTHWIND_MAIL, "from a blocked caller", caller=BLOCKED_CALLER),
    Planned("short.tif", MR, UNKNOWN, "to a number nobody has"),
    Planned("b4.tif", MMR, FORMER.number, "to a number that was removed"),
)


def dialled(call: Planned, header: str) -> Line:
    """The line of one call, with who calls whom, and `header` printed above each page."""
    return replace(call.line, caller=_spaced(call.caller), callee=_spaced(call.to), header=header)


def report(result: CallResult) -> CallReport:
    """What telephony tells of a call: the receiving end's view."""
    return CallReport(
        result_code=result.callee.code,
        result_text=result.callee.text,
        station_id=result.remote_station_id or None,
        pages_transferred=result.pages_transferred,
        bad_rows=result.bad_rows,
        ecm=result.ecm_used,
        bit_rate=result.bit_rate,
        seconds=result.line_seconds,
    )


def came_in_part(result: CallResult) -> bool:
    """Whether the callee took fewer pages than announced or counted bad rows, whatever the status says."""
    return result.pages_transferred < result.pages_total or result.bad_rows > 0


def _spaced(number: str) -> str:
    return f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:]}"
