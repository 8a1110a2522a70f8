"""Settings of retention, from `NATIVEFAX_RETENTION_…`."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class RetentionSettings(BaseSettings):
    """How fast and how often."""

    model_config = SettingsConfigDict(env_prefix="NATIVEFAX_RETENTION_", frozen=True, extra="ignore")

    objects_per_second: float = Field(
        default=500.0, ge=50, description="a process deletes no more, so that live traffic doesn't suffer"
    )
    at_once: int = Field(default=3, ge=1, le=8, description="tasks a process works on at the same time")
    faxes_per_task: int = Field(default=250, ge=1, le=300, description="how a day is divided among workers")
    hour: int = Field(default=2, ge=0, le=23, description="when the daily sweep is planned, UTC")
    incoming_days: int = Field(
        default=15, ge=15, description="telephony's uploads with a verified copy go after; topics replay for 14"
    )
    stranded_after_seconds: float = Field(
        default=3600.0, ge=0, description="after which an upload that no event told of is an alarm, and a fax"
    )
    call_seconds: float = Field(default=30.0, gt=0, description="hard limit of one request to the store")
    verify: bool = Field(default=True, description="count once a day what should be gone and isn't")
