"""How FastStream's broker speaks to Kafka. Apart from kafka.py, for what only publishes needs no FastStream."""

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from services._runtime.header_names import read_any_header_name
from services._runtime.kafka import ssl_context
from services._runtime.settings import KafkaSettings


def faststream_security(settings: KafkaSettings) -> BaseSecurity:
    """What `client_options` says, for FastStream's broker."""
    read_any_header_name()
    context = ssl_context(settings)
    if not settings.security_protocol.startswith("SASL"):
        return BaseSecurity(ssl_context=context)
    secured = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
    return secured[settings.sasl_mechanism](
        username=settings.username or "",
        password=settings.password.get_secret_value() if settings.password else "",
        ssl_context=context,
    )
