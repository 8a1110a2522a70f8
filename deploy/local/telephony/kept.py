"""What the far ends took: `<folder>/far-end/<destination>/<attempt id>.tif`, and what is known of it beside as JSON."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from deploy.local.telephony.ends import Ended
from schemas.telephony import DialRequested, TelephonyDialResult


@dataclass(frozen=True)
class Kept:
    """One call as its far end remembers it.

    Attributes:
        attempt_id: Of the call.
        fax_id: Whose pages they are.
        destination: Who took them.
        file: The TIFF as the far machine wrote it; None when no page arrived.
        result: What telephony tells.
        both: What both ends report (`line.CallResult` as JSON); None where no real T.30 call was placed.
    """

    attempt_id: UUID
    fax_id: UUID
    destination: str
    file: Path | None
    result: TelephonyDialResult
    both: dict[str, Any] | None


def keep(folder: Path, request: DialRequested, ended: Ended, result: TelephonyDialResult) -> None:
    """Keep a call; the JSON comes last, so that what is listed is whole."""
    place = folder / "far-end" / request.destination
    place.mkdir(parents=True, exist_ok=True)
    if ended.received:
        _write(place / f"{request.attempt_id}.tif", ended.received)
    known = {
        "fax_id": str(request.fax_id),
        "attempt_id": str(request.attempt_id),
        "attempt": request.attempt,
        "destination": request.destination,
        "result": result.model_dump(mode="json", exclude_none=True),
        "both": asdict(ended.both) if ended.both else None,
    }
    _write(place / f"{request.attempt_id}.json", json.dumps(known, indent=1).encode())


def calls(folder: Path, destination: str = "*") -> Iterator[Kept]:
    """The calls that were kept below the simulator's `folder`, in the order in which they ended."""
    files = sorted((folder / "far-end").glob(f"{destination}/*.json"), key=lambda file: file.stat().st_mtime_ns)
    for file in files:
        known = json.loads(file.read_text())
        pages = file.with_suffix(".tif")
        yield Kept(
            UUID(known["attempt_id"]),
            UUID(known["fax_id"]),
            known["destination"],
            pages if pages.exists() else None,
            TelephonyDialResult.model_validate_json(json.dumps(known["result"])),
            known["both"],
        )


def _write(file: Path, data: bytes) -> None:
    partial = file.with_suffix(".new")
    partial.write_bytes(data)
    partial.replace(file)
