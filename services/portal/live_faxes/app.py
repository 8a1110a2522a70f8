"""The wiring of live faxes, for a process that serves pages."""

from schemas.fax import FaxStatusChanged
from schemas.retention import FaxExpired
from schemas.topics import FAX_EXPIRED, FAX_STATUS
from services._runtime.service import Resources
from services.portal.live_faxes.stream import FaxStream, Rows
from services.portal.tail import Tail


async def build(resources: Resources, history: Rows) -> FaxStream:
    """Hear every step from now on, and tell it until the process is told to end.

    Raises:
        KafkaError: No broker answers.
    """
    stream = FaxStream(history)
    for topic, kind in ((FAX_STATUS, FaxStatusChanged), (FAX_EXPIRED, FaxExpired)):
        tail = Tail(resources.kafka, topic, kind, stream.hear)
        resources.stack.push_async_callback(tail.stop)
        await tail.start()
    resources.supervise("live faxes", stream.work)
    resources.before_end(stream.close)
    return stream
