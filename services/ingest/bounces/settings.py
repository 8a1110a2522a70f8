"""Settings of the server for delivery reports, from `NATIVEFAX_BOUNCES_…`, and the domain that the mail stage uses."""

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from services._runtime.verp import MailDomain
from services.ingest.smtp.settings import SmtpServerSettings


class BounceSettings(SmtpServerSettings):
    """Where reports are taken, and how much of them."""

    model_config = SettingsConfigDict(
        env_prefix="NATIVEFAX_BOUNCES_", env_ignore_empty=True, frozen=True, extra="ignore", populate_by_name=True
    )

    domain: MailDomain | None = Field(
        default=None,
        validation_alias=AliasChoices("NATIVEFAX_SMTP_BOUNCE_DOMAIN"),
        description="below which the envelope senders are; without it nothing is taken",
    )
    port: int = Field(default=2525, ge=0, le=65535, description="0: a free one; the world looks for 25")
    max_bytes: int = Field(default=5_000_000, ge=10_000, description="of one report; some have the whole mail in them")
    timeout_seconds: float = Field(default=120.0, gt=0, description="for one command, and for one report")
