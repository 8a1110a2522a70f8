"""What the history tells Prometheus."""

from prometheus_client import CollectorRegistry, Gauge


class Told:
    """The metrics of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._waiting = Gauge(
            "nativefax_history_records_waiting",
            "Records to be brought up to date",
            registry=registry,
        )
        self._registry = registry

    def close(self) -> None:
        """Show nothing more, so that a process that starts anew can show it all again."""
        self._registry.unregister(self._waiting)

    def waiting(self, records: int) -> None:
        """So many records wait to be brought up to date."""
        self._waiting.set(records)
