"""Settings of the server for delivery reports, from `NATIVEFAX_BOUNCES_…`, and the domain that the mail stage uses."""

import ssl
from pathlib import Path
from typing import Self

from pydantic import AliasChoices, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services._runtime.verp import MailDomain


class BounceSettings(BaseSettings):
    """Where reports are taken, and how much of them."""

    model_config = SettingsConfigDict(
        env_prefix="NATIVEFAX_BOUNCES_", env_ignore_empty=True, frozen=True, extra="ignore", populate_by_name=True
    )

    domain: MailDomain | None = Field(
        default=None,
        validation_alias=AliasChoices("NATIVEFAX_SMTP_BOUNCE_DOMAIN"),
        description="below which the envelope senders are; without it nothing is taken",
    )
    host: str = Field(default="127.0.0.1", description="where to listen")
    port: int = Field(default=2525, ge=0, le=65535, description="0: a free one; the world looks for 25")
    name: str | None = Field(default=None, description="how we greet; this machine's name if not given")
    certificate: Path | None = Field(default=None, description="PEM with its chain; STARTTLS is offered if given")
    key: Path | None = Field(default=None, description="PEM")
    max_bytes: int = Field(default=1_000_000, ge=10_000, description="of one report")
    connections: int = Field(default=100, ge=1, description="open at most")
    connections_per_peer: int = Field(default=10, ge=1, description="open at most from one address")
    timeout_seconds: float = Field(default=120.0, gt=0, description="for one command, and for one report")

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("NATIVEFAX_BOUNCES_CERTIFICATE and NATIVEFAX_BOUNCES_KEY go together")
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
