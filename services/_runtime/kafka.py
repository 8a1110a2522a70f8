"""How our clients speak to Kafka: the one place that turns settings into connections."""

import ssl
from typing import Any

from aiokafka.helpers import create_ssl_context

from services._runtime.header_names import read_any_header_name
from services._runtime.settings import KafkaSettings


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Keyword arguments for any aiokafka client."""
    read_any_header_name()
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap.split(","),
        "security_protocol": settings.security_protocol,
        "ssl_context": ssl_context(settings),
    }
    if settings.security_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.username,
            "sasl_plain_password": settings.password and settings.password.get_secret_value(),
        }
    return options


def ssl_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """Whom we trust; nothing where the connection isn't TLS."""
    if not settings.security_protocol.endswith("SSL"):
        return None
    context: ssl.SSLContext = create_ssl_context(cafile=settings.ca_file and str(settings.ca_file))
    return context
