"""What a verification counts."""

from dataclasses import asdict, dataclass, field, fields

SAMPLES = 10
"""Of each kind: one that is off by thousands hides no other."""


@dataclass
class Findings:
    """What was counted; `examples` names some of what is off.

    Attributes:
        overdue_objects: Objects that should be gone.
        records_without_objects: Acceptances of faxes of which nothing is stored.
        objects_without_records: Faxes that are stored without an acceptance.
        uploads_without_fax: Telephony's uploads of which no fax was made within an hour.
        uploads_unfinished: Uploads in pieces that were begun over a day ago.
        holds: Holds that are set.
        faxes_on_hold: Acceptances below ``held/``.
        faxes: Acceptances where they were written.
        examples: Some of what is off, each with its key.
    """

    overdue_objects: int = 0
    records_without_objects: int = 0
    objects_without_records: int = 0
    uploads_without_fax: int = 0
    uploads_unfinished: int = 0
    holds: int = 0
    faxes_on_hold: int = 0
    faxes: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """Every count by its name, as metrics and tables show it."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "examples"}

    @property
    def off(self) -> int:
        """How much isn't as it should be."""
        fine = {"holds", "faxes_on_hold", "faxes"}
        return sum(number for name, number in self.counts.items() if name not in fine)

    def add(self, name: str, key: str, number: int = 1) -> None:
        """Count something that is off."""
        setattr(self, name, getattr(self, name) + number)
        if sum(one.startswith(f"{name}: ") for one in self.examples) < SAMPLES:
            self.examples.append(f"{name}: {key}")

    def line(self) -> dict[str, object]:
        """For a script."""
        return asdict(self) | {"ok": not self.off}
