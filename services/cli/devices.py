"""Devices that this machine plays: their serial, secret, boot time and job counter, in a file of this user."""

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from deploy.local.programs import write_private
from services.cli.errors import Refused
from services.cli.surroundings import ROOT
from services.ingest.ata.client import AtaClient


@dataclass
class LocalDevice:
    """One device; `save` keeps what it knows."""

    serial: str
    url: str
    booted_at: datetime
    secret: str = ""
    job: int = 0
    root: Path = ROOT

    @classmethod
    def open(cls, serial: str, root: Path = ROOT) -> Self:
        """The device as it was saved, or a new one.

        Raises:
            Refused: The serial can't be a file's name, or no gateway is named.
        """
        if not re.fullmatch(r"[A-Za-z0-9._:-]{1,64}", serial):
            raise Refused(f"{serial!r} is no serial number.")
        url = os.environ.get("NATIVEFAX_ATA_URL", "")
        if not url:
            raise Refused("NATIVEFAX_ATA_URL names no ATA gateway.")
        file = _file(root, serial)
        known = json.loads(file.read_text()) if file.exists() else {"booted_at": datetime.now(UTC).isoformat()}
        known["booted_at"] = datetime.fromisoformat(known["booted_at"])
        return cls(**{"serial": serial, "url": url, "root": root} | known)

    def client(self) -> AtaClient:
        """Its connection."""
        return AtaClient(self.url, self.serial, self.secret)

    def next_job(self) -> str:
        """The number of its next job, remembered before it is used."""
        self.job += 1
        self.save()
        return str(self.job)

    def save(self) -> None:
        """Keep it, readable to this user only."""
        file = _file(self.root, self.serial)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = {"secret": self.secret, "booted_at": self.booted_at.isoformat(), "job": self.job}
        write_private(file, json.dumps(kept))


def _file(root: Path, serial: str) -> Path:
    return root / "devices" / f"{serial}.json"
