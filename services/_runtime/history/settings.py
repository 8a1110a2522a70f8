"""Where the history is."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services._runtime.database_url import DatabaseUrl


class HistorySettings(BaseSettings):
    """`NATIVEFAX_HISTORY_…`."""

    model_config = SettingsConfigDict(env_prefix="NATIVEFAX_HISTORY_", frozen=True, extra="ignore")

    database: DatabaseUrl = Field(description="sqlite:///path or postgresql://user:password@host/database")
