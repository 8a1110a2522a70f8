"""How our clients speak to Kafka: the one place that turns settings into connections."""

import ssl
from typing import Any

from aiokafka.helpers import create_ssl_context
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from services._runtime.header_names import read_any_header_name
from services._runtime.settings import KafkaSettings


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Keyword arguments for any aiokafka client."""
    read_any_header_name()
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap.split(","),
        "security_protocol": settings.security_protocol,
        "ssl_context": _ssl_context(settings),
    }
    if settings.security_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.username,
            "sasl_plain_password": settings.password and settings.password.get_secret_value(),
        }
    return options


def faststream_security(settings: KafkaSettings) -> BaseSecurity:
    """The same for FastStream's broker."""
    read_any_header_name()
    context = _ssl_context(settings)
    if not settings.security_protocol.startswith("SASL"):
        return BaseSecurity(ssl_context=context)
    secured = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
    return secured[settings.sasl_mechanism](
        username=settings.username or "",
        password=settings.password.get_secret_value() if settings.password else "",
        ssl_context=context,
    )


def _ssl_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    if not settings.security_protocol.endswith("SSL"):
        return None
    context: ssl.SSLContext = create_ssl_context(cafile=settings.ca_file and str(settings.ca_file))
    return context
