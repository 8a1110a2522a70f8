"""Settings of the ATA gateway, from `NATIVEFAX_ATA_…`. Secrets print as stars."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services._runtime.database_url import DatabaseUrl


class AtaSettings(BaseSettings):
    """Where its database is, and how much may arrive at once."""

    model_config = SettingsConfigDict(env_prefix="NATIVEFAX_ATA_", frozen=True, extra="ignore")

    database: DatabaseUrl = Field(description="sqlite:///path or postgresql://user:password@host/database, its own")
    upload_bytes: int = Field(default=256_000_000, ge=50_000_000, description="of documents arriving at once")
    upload_seconds: float = Field(default=300.0, gt=0, description="for one document to arrive")
