"""Settings of the telephony simulator, from `NATIVEFAX_SIMULATOR_…`."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class SimulatorSettings(BaseSettings):
    """How calls are placed."""

    model_config = SettingsConfigDict(env_prefix="NATIVEFAX_SIMULATOR_", frozen=True, extra="ignore")

    folder: Path = Field(description="attempts, the far ends' files and log")
    lines: int = Field(default=4, ge=1, le=64, description="calls at once")
    scripted: bool = Field(default=False, description="place no real T.30 call although libspandsp is there")
    pace: float = Field(
        default=0.0, ge=0, le=1, description="our time for a call as a part of its line time; 0: as fast as it can"
    )
