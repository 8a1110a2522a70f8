"""Make every file under tests/data anew: ``python -m tests.data.make``.

Needs Debian's libspandsp2 (the calls) and libtiff-tools (tiffcp, tiffset), and takes about 10 s. The ITU charts in
`pages` are the source. The pixels of a call depend on nothing but the page and the line; what spandsp writes of
the clock and the host is pinned, so a second run writes the same octets. Where a host name is longer than three
letters the files of calls are longer by as much.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL.TiffImagePlugin import TiffImageFile

from deploy.local.telephony.line import CallResult
from deploy.local.telephony.t30 import place_call
from tests.data import hostile, pages, tiff
from tests.data.recordings import RECORDINGS, Recording
from tests.data.rewritten import REWRITES

FOLDER = Path(__file__).parent
RECEIVED, REWRITTEN, HOSTILE = FOLDER / "received", FOLDER / "rewritten", FOLDER / "hostile"
SOUND = "g3-1d_short_1p.tif"
"""The fax the hostile files are made of."""

DATE_TIME, FAX_RECEIVE_TIME, HOST_COMPUTER = 306, 34910, 316
PINNED_DATE, PINNED_HOST = b"2026/01/15 10:30:00", int.from_bytes(b"fax\0", "little")
T4_OPTIONS, COMPRESSION = 292, 259
CODINGS = {1: "none", 3: "g3-1d", 4: "g4", 5: "lzw", 32773: "packbits"}

Entry = dict[str, Any]


def main() -> None:
    """Write all files, then expected.json, which says what each is."""
    for folder in (RECEIVED, REWRITTEN, HOSTILE):
        folder.mkdir(exist_ok=True)
    pages.derive()
    entries = dict([*_calls(), *_rewrites(), *_hostile()])
    (FOLDER / "expected.json").write_text(json.dumps(entries, indent=1) + "\n")
    sys.stdout.write(f"{len(entries)} files\n")


def _calls() -> Iterator[tuple[str, Entry]]:
    for recording in RECORDINGS:
        file = RECEIVED / f"{recording.name}.tif"
        result = place_call(pages.FOLDER / recording.page, file, recording.line)
        file.write_bytes(pinned(file.read_bytes()))
        yield f"received/{file.name}", _call_entry(recording, file, result)


def _call_entry(recording: Recording, file: Path, result: CallResult) -> Entry:
    whole = result.pages_transferred == result.pages_total and not result.bad_rows
    return {
        **facts(file),
        "announced_pages": result.pages_total,
        "end": "delivered" if whole else "partial",
        "why": recording.why,
        "call": {"page": recording.page, "line": asdict(recording.line), "result": asdict(result)},
    }


def _rewrites() -> Iterator[tuple[str, Entry]]:
    for name, (source, rewrite, why) in REWRITES.items():
        file = REWRITTEN / name
        file.unlink(missing_ok=True)
        rewrite(RECEIVED / source, file)
        found = facts(file)
        made_of = {"made_of": f"received/{source}", "announced_pages": found["pages"]}
        yield f"rewritten/{name}", {**found, **made_of, "end": "delivered", "why": why}


def _hostile() -> Iterator[tuple[str, Entry]]:
    sound = (RECEIVED / SOUND).read_bytes()
    for name, (make, end, why) in hostile.STORED.items():
        (HOSTILE / name).write_bytes(make(sound))
        known = facts(HOSTILE / name) if end == "partial" else {"pages": 0, "dpi": [], "rows": [], "coding": None}
        yield f"hostile/{name}", {**known, "announced_pages": 1, "end": end, "why": why}


def facts(file: Path) -> Entry:
    """What a sound file says of itself: pages, coding, and per page rows and dots per inch."""
    found: Entry = {"pages": 0, "coding": "", "width": 0, "rows": [], "dpi": []}
    with TiffImageFile(file) as fax:
        for number in range(fax.n_frames):
            fax.seek(number)
            x, y = (round(float(value)) for value in fax.info["dpi"])
            found["rows"].append(fax.height)
            found["dpi"].append([x, y])
        two_dimensional = fax.tag_v2.get(T4_OPTIONS, 0) & 1
        coding = "g3-2d" if two_dimensional else CODINGS[fax.tag_v2[COMPRESSION]]
        return {**found, "pages": fax.n_frames, "coding": coding, "width": fax.width}


def pinned(data: bytes) -> bytes:
    """A received file without the clock and the host it was written on."""
    for page in list(tiff.directories(data)):
        date, host = page.fields[DATE_TIME], page.fields[HOST_COMPUTER]
        data = data[: date.value] + PINNED_DATE + data[date.value + len(PINNED_DATE) :]
        data = tiff.with_long(data, page.fields[FAX_RECEIVE_TIME].at + 8, 0)
        if host.count > 4:  # more octets than fit into the field itself
            data = data[: host.value] + bytes(host.count) + data[host.value + host.count :]
        data = tiff.with_long(tiff.with_long(data, host.at + 4, 4), host.at + 8, PINNED_HOST)
    return data


if __name__ == "__main__":
    main()
