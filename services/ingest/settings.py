"""Settings of the document worker, from `NATIVEFAX_DOCUMENTS_…`."""

import os

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class DocumentSettings(BaseSettings):
    """How documents are converted."""

    model_config = SettingsConfigDict(env_prefix="NATIVEFAX_DOCUMENTS_", frozen=True, extra="ignore")

    workers: int = Field(default=os.cpu_count() or 1, ge=1, le=64, description="guarded processes")
    timeout_seconds: float = Field(default=30.0, gt=0, le=30, description="of CPU for one document")
