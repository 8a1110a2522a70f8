"""Settings of the email gateway, from `NATIVEFAX_EMAIL_IN_…`."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_settings import SettingsConfigDict

from services._runtime.verp import MailDomain
from services.ingest.email_in.relays import Relay
from services.ingest.smtp.settings import SmtpServerSettings

Domain = Annotated[MailDomain, StringConstraints(to_lower=True)]


class EmailInSettings(SmtpServerSettings):
    """Where faxes are taken by mail, for which domains, and from which relays."""

    model_config = SettingsConfigDict(
        env_prefix="NATIVEFAX_EMAIL_IN_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    domains: tuple[Domain, ...] = Field(default=(), description="fax domains, as JSON; without one nothing is taken")
    relays: tuple[Relay, ...] = Field(default=(), description="who may hand over mail, as JSON: see `Relay`")
    port: int = Field(default=2526, ge=0, le=65535, description="0: a free one")
    require_tls: bool = Field(default=True, description="if there is a certificate: take nothing before STARTTLS")
    connections_per_peer: int = Field(default=20, ge=1, description="open at most from one address")
    max_bytes: int = Field(default=70_000_000, ge=10_000, description="of one mail: 50 MB of files are 68 MB of base64")
    memory_bytes: int = Field(
        default=300_000_000, ge=10_000, description="of all mails that arrive at once; they take up to four times that"
    )
    recipients: int = Field(default=100, ge=1, le=1000, description="of one mail (RFC 5321, 4.5.3.1.8: at least 100)")
    mails_per_minute: int = Field(default=600, ge=1, description="from one address")
    timeout_seconds: float = Field(
        default=300.0, gt=0, description="for a command, a piece of a mail, and our answer to it (RFC 5321, 4.5.3.2)"
    )

    @model_validator(mode="after")
    def _secrets_need_tls(self) -> Self:
        if self.certificate is None and any(one.password_sha256 for one in self.relays):
            raise ValueError("a relay that signs in needs TLS: set NATIVEFAX_EMAIL_IN_CERTIFICATE and …_KEY")
        return self
