"""The one list of topics, in pipeline order: follow a fax from top to bottom.

A cluster's topics are created from it (`nativefax topics apply`), the README's table is made of it, and so are the
rights of every process on Kafka (`schemas.rights`): what isn't said here, nobody may.
"""

from dataclasses import dataclass
from functools import cache

from schemas import accounts, fax, retention, telephony
from schemas.base import Event

DAY_MS = 24 * 60 * 60 * 1000
MESSAGE_LIMIT = 16 * 1024
"""Bytes a message may have; documents travel as object keys (claim check)."""

BROKER_LIMIT = 1024 * 1024
"""Bytes of a batch the broker takes; a message over our limit arrives and is set aside with a reason."""

SWITCH = "switch"
"""Telephony that speaks to Kafka itself: takes dial requests, tells results and received faxes."""

RETRY_DELAYS = {"10s": 10, "2m": 120, "15m": 900}
"""Retry tiers: suffix → fixed delay in seconds. One delay a topic, so a long wait never blocks a short one."""


@dataclass(frozen=True)
class Topic:
    """One topic: who writes it, who reads it, and how it is kept.

    Attributes:
        key: The event's field that is the message key, "a or b" where its events differ: one key stays in order.
        producers: The processes that write it: our stages by name, and `SWITCH`.
        consumers: The processes whose groups read it; of a compacted topic, those that keep a table of it.
        observers: The processes that also read it, in no group of their own and settling nothing.
        retries: Whether its consumers may defer messages, which makes the retry tiers and the dead-letter topic.
    """

    name: str
    key: str
    events: tuple[type[Event], ...]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    observers: tuple[str, ...] = ()
    partitions: int = 12
    retention_days: int = 14
    compacted: bool = False
    retries: bool = True

    @property
    def readers(self) -> tuple[str, ...]:
        """Everybody who reads it."""
        return (*self.consumers, *(one for one in self.observers if one not in self.consumers))

    @property
    def retention_ms(self) -> int:
        """How long the broker keeps a message, in milliseconds."""
        return self.retention_days * DAY_MS

    @property
    def dead_letters(self) -> str:
        """The topic for messages that were set aside."""
        return f"{self.name}-dlq"

    @property
    def tiers(self) -> dict[str, int]:
        """Retry topic → its delay in seconds, shortest first."""
        return {f"{self.name}-retry-{suffix}": delay for suffix, delay in RETRY_DELAYS.items()} if self.retries else {}

    def key_of(self, event: Event) -> bytes:
        """The message key of `event`."""
        return str(getattr(event, _key_field(self.key, type(event)))).encode()


@cache
def _key_field(key: str, event_type: type[Event]) -> str:
    return next(name for name in key.split(" or ") if name in event_type.model_fields or hasattr(event_type, name))


TELEPHONY_FAX_RECEIVED = Topic(
    "telephony-fax-received",
    "call_id or object_key",
    (telephony.TelephonyFaxReceived, telephony.StrandedUpload),
    (SWITCH, "telephony", "retention"),
    ("ingest",),
    observers=("retention",),
)
FAX_SUBMITTED = Topic(
    "fax-submitted",
    "fax_id",
    (fax.FaxSubmitted, fax.RenderRequested),
    ("email_in", "api", "ata", "dialer"),
    ("ingest",),
)
FAX_READY = Topic(
    "fax-ready",
    "fax_id",
    (fax.ReceivedFaxReady, fax.SubmittedFaxReady, fax.ReleaseRequested),
    ("ingest", "portal"),
    ("router",),
)
EMAIL_REQUESTED = Topic(
    "email-requested", "fax_id", (fax.EmailRequested,), ("router", "dialer", "ata", "portal"), ("email_out",)
)
ATA_REQUESTED = Topic(
    "ata-requested", "serial", (fax.AtaRequested, fax.AtaNoticeRequested), ("router", "dialer"), ("ata",)
)
FAX_TO_DIAL = Topic(
    "fax-to-dial",
    "destination",
    (fax.FaxToDial, fax.CancelRequested, fax.FaxRendered),
    ("router", "api", "ingest"),
    ("dialer",),
)
DIAL_REQUESTED = Topic("dial-requested", "destination", (telephony.DialRequested,), ("dialer",), (SWITCH,))
TELEPHONY_DIAL_RESULT = Topic(
    "telephony-dial-result", "fax_id", (telephony.TelephonyDialResult,), (SWITCH, "telephony"), ("dialer",)
)
FAX_STATUS = Topic(
    "fax-status",
    "fax_id or instance",
    (fax.FaxStatusChanged, fax.TablePositionReported),
    ("email_in", "api", "ata", "ingest", "router", "dialer", "email_out", "bounces", "retention"),
    ("history",),
    observers=("portal",),
)
FAX_ACCOUNTS = Topic(
    "fax-accounts",
    "fax_number",
    (accounts.FaxAccount, accounts.RemovedAccount),
    ("portal",),
    ("email_in", "api", "ata", "router", "portal"),
    partitions=1,
    compacted=True,
    retries=False,
)
FAX_HOLDS = Topic(
    "fax-holds",
    "scope",
    (retention.HoldChanged,),
    ("portal",),
    ("retention",),
    observers=("portal",),
    partitions=1,
    compacted=True,
    retries=False,
)
RETENTION_REQUESTED = Topic(
    "retention-requested", "part", (retention.RetentionRequested,), ("retention", "portal"), ("retention",)
)
DELETION_REQUESTED = Topic(
    "deletion-requested",
    "fax_id",
    (retention.DeletionRequested, retention.UploadRepeated),
    ("portal", "ingest", "ata", "router", "email_out"),
    ("retention",),
    partitions=3,
)
"""Few, and apart from the sweep: whoever deletes a fax doesn't wait until the day's are gone."""
FAX_EXPIRED = Topic(
    "fax-expired", "fax_id", (retention.FaxExpired,), ("retention",), ("history",), observers=("portal",)
)

TOPICS = (
    TELEPHONY_FAX_RECEIVED,
    FAX_SUBMITTED,
    FAX_READY,
    EMAIL_REQUESTED,
    ATA_REQUESTED,
    FAX_TO_DIAL,
    DIAL_REQUESTED,
    TELEPHONY_DIAL_RESULT,
    FAX_STATUS,
    FAX_ACCOUNTS,
    FAX_HOLDS,
    RETENTION_REQUESTED,
    DELETION_REQUESTED,
    FAX_EXPIRED,
)


@cache
def topic_of(event_type: type[Event]) -> Topic:
    """The topic that carries `event_type`.

    Raises:
        LookupError: No topic carries it.
    """
    for topic in TOPICS:
        if event_type in topic.events:
            return topic
    raise LookupError(f"{event_type.__name__} belongs to no topic in schemas/topics.py")
