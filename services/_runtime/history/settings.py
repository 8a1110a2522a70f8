"""Where the history is."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class HistorySettings(BaseSettings):
    """`NATIVEFAX_HISTORY_…`."""

    model_config = SettingsConfigDict(env_prefix="NATIVEFAX_HISTORY_", frozen=True, extra="ignore")

    database: SecretStr = Field(description="sqlite:///path or postgresql://user:password@host/database")
