"""What is told to Prometheus of shorter retentions."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Told:
    """The metrics of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._named = Counter(
            "nativefax_retention_named_faxes",
            "Faxes named to retention since their account keeps them no longer; one on hold is named every day",
            registry=registry,
        )
        self._asked = Gauge(
            "nativefax_retention_named_seconds",
            "When this process last named all that was due",
            registry=registry,
        )

    def named(self, faxes: int) -> None:
        """So many more were named, and Kafka has confirmed it."""
        self._named.inc(faxes)

    def asked(self, at: float) -> None:
        """All was named (`at`: seconds since the epoch)."""
        self._asked.set(at)
