"""What the history tells Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from schemas.fax import FaxStatusChanged


class Told:
    """The metrics of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._waiting = Gauge(
            "nativefax_history_records_waiting",
            "Records to be brought up to date",
            registry=registry,
        )
        self._steps = Counter(
            "nativefax_fax_steps", "Steps of faxes, repeats too", ("stage", "state", "reason"), registry=registry
        )

    def step(self, event: FaxStatusChanged) -> None:
        """A stage said what became of a fax."""
        self._steps.labels(event.stage, event.state, event.reason or "").inc()

    def waiting(self, records: int) -> None:
        """So many records wait to be brought up to date."""
        self._waiting.set(records)
