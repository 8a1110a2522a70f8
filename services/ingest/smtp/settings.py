"""What the settings of every SMTP server of ours begin with."""

import ssl
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings


class SmtpServerSettings(BaseSettings):
    """Where a server listens, how it is named, and for how many there is room."""

    host: str = Field(default="127.0.0.1", description="where to listen")
    name: str | None = Field(default=None, description="how we greet; this machine's name if not given")
    certificate: Path | None = Field(default=None, description="PEM with its chain; STARTTLS is offered if given")
    key: Path | None = Field(default=None, description="PEM")
    connections: int = Field(default=100, ge=1, description="open at most")
    connections_per_peer: int = Field(default=10, ge=1, description="open at most from one address")

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            prefix = self.model_config.get("env_prefix", "")
            raise ValueError(f"{prefix}CERTIFICATE and {prefix}KEY go together")
        return self

    def tls(self) -> ssl.SSLContext | None:
        """For STARTTLS, if there is a certificate.

        Raises:
            OSError, ssl.SSLError: It can't be read.
        """
        if self.certificate is None or self.key is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context
