"""What retention tells Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.retention.findings import Findings
from services.retention.sweep import Swept


class Told:
    """The metrics of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._faxes = Counter("nativefax_retention_expired_faxes", "Faxes that are gone", registry=registry)
        self._objects = Counter("nativefax_retention_deleted_objects", "Objects that were deleted", registry=registry)
        self._bytes = Counter("nativefax_retention_deleted_bytes", "Bytes that were deleted", registry=registry)
        self._moved = Counter("nativefax_retention_moved", "Faxes moved below held/ or back", registry=registry)
        self._refused = Counter("nativefax_retention_refused", "Objects the store won't delete", registry=registry)
        self._verified = Gauge("nativefax_retention_verified_seconds", "When it was last verified", registry=registry)
        self._findings = {
            name: Gauge(f"nativefax_retention_{name}", "See services/retention/findings.py", registry=registry)
            for name in Findings().counts
        }

    def swept(self, swept: Swept) -> None:
        """Count what a task did."""
        self._faxes.inc(len(swept.expired))
        self._objects.inc(sum(one.objects for one in swept.expired))
        self._bytes.inc(sum(one.size for one in swept.expired))
        self._moved.inc(swept.moved)
        self._refused.inc(sum(len(keys) for keys in swept.refused.values()))

    def uploads(self, deleted: int) -> None:
        """Count uploads that are gone since their copies are verified."""
        self._objects.inc(deleted)

    def waiting(self, uploads: int) -> None:
        """How many uploads wait for an event that should have come."""
        self._findings["uploads_without_fax"].set(uploads)

    def verified(self, findings: Findings, at: float) -> None:
        """Show what a verification found (`at`: seconds since the epoch)."""
        for name, number in findings.counts.items():
            self._findings[name].set(number)
        self._verified.set(at)
